/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-session-table-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-suspend-clock-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

#define DEFAULT_MAX_SESSIONS 100
#define DEFAULT_RETENTION_MS (4 * 60 * 60 * 1000)

struct _DevboxSessionTable
{
  DevboxLauncher *launcher;
  GMainContext *context;
  guint max_sessions;
  guint retention_ms;

  GHashTable *sessions; /* by id; owns a reference to each */
  GQueue created;       /* the newest first */
  GQueue ended;         /* the oldest first */
  GSource *expiry;
};

DevboxSessionTable *
devbox_session_table_new (DevboxLauncher *launcher)
{
  DevboxSessionTable *self = g_rc_box_new0 (DevboxSessionTable);

  self->launcher = launcher;
  self->context = g_main_context_ref_thread_default ();
  self->max_sessions = DEFAULT_MAX_SESSIONS;
  self->retention_ms = DEFAULT_RETENTION_MS;
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) devbox_shell_session_unref);
  g_queue_init (&self->created);
  g_queue_init (&self->ended);

  return self;
}

static void
table_clear (gpointer data)
{
  DevboxSessionTable *self = data;

  g_main_context_unref (self->context);
}

static void
table_unref (gpointer self)
{
  g_rc_box_release_full (self, table_clear);
}

void
devbox_session_table_free (DevboxSessionTable *self)
{
  GHashTable *sessions = g_steal_pointer (&self->sessions);
  GHashTableIter iter;
  gpointer session;

  devbox_clear_source (&self->expiry);
  g_queue_clear (&self->created);
  g_queue_clear (&self->ended);
  g_hash_table_iter_init (&iter, sessions);
  while (g_hash_table_iter_next (&iter, NULL, &session))
    devbox_shell_session_close (session);
  g_hash_table_unref (sessions);
  table_unref (self);
}

void
devbox_session_table_forget (DevboxSessionTable *self, DevboxShellSession *session)
{
  g_queue_remove (&self->created, session);
  g_queue_remove (&self->ended, session);
  g_hash_table_remove (self->sessions, devbox_shell_session_get_id (session));
}

static gboolean on_expiry (gpointer user_data);

/* One timer, for the one that ended first. */
static void
arm_expiry (DevboxSessionTable *self)
{
  DevboxShellSession *oldest = g_queue_peek_head (&self->ended);
  gint64 remaining;

  devbox_clear_source (&self->expiry);
  if (oldest == NULL)
    return;

  remaining
      = (devbox_shell_session_get_ended (oldest) - devbox_suspend_clock_get_time ()) / 1000 + self->retention_ms + 1;
  self->expiry = devbox_suspend_timeout_new (CLAMP (remaining, 0, self->retention_ms));
  g_source_set_callback (self->expiry, on_expiry, self, NULL);
  g_source_attach (self->expiry, self->context);
}

static gboolean
on_expiry (gpointer user_data)
{
  DevboxSessionTable *self = user_data;
  gint64 limit = devbox_suspend_clock_get_time () - (gint64) self->retention_ms * 1000;
  DevboxShellSession *oldest;

  while ((oldest = g_queue_peek_head (&self->ended)) != NULL && devbox_shell_session_get_ended (oldest) <= limit)
    devbox_session_table_forget (self, oldest);
  arm_expiry (self);

  return G_SOURCE_REMOVE;
}

static void
on_ended (DevboxShellSession *session, gpointer user_data)
{
  DevboxSessionTable *self = user_data;

  if (self->sessions == NULL || devbox_session_table_lookup (self, devbox_shell_session_get_id (session)) != session)
    return;

  g_queue_push_tail (&self->ended, session);
  if (g_queue_get_length (&self->ended) > self->max_sessions)
    devbox_session_table_forget (self, g_queue_peek_head (&self->ended));
  arm_expiry (self);
}

void
devbox_session_table_set_max_sessions (DevboxSessionTable *self, guint sessions)
{
  self->max_sessions = sessions;
}

void
devbox_session_table_set_retention (DevboxSessionTable *self, guint milliseconds)
{
  self->retention_ms = milliseconds;
  arm_expiry (self);
}

DevboxShellSession *
devbox_session_table_create (DevboxSessionTable *self,
                             const char *program,
                             const DevboxCommandSpec *spec,
                             JsonObject *variables,
                             DevboxShellFunc ready,
                             gpointer user_data,
                             GDestroyNotify destroy,
                             GError **error)
{
  DevboxShellSession *session;

  if (g_hash_table_size (self->sessions) - g_queue_get_length (&self->ended) >= self->max_sessions)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                   _ ("%u sessions are active, as many as are allowed"), self->max_sessions);
      if (destroy != NULL)
        destroy (user_data);
      return NULL;
    }

  session = devbox_shell_session_new (self->launcher, program, spec, variables, ready, user_data, destroy);
  g_hash_table_insert (self->sessions, (gpointer) devbox_shell_session_get_id (session), session);
  g_queue_push_head (&self->created, session);
  devbox_shell_session_add_ended_func (session, on_ended, g_rc_box_acquire (self), table_unref);

  return session;
}

DevboxShellSession *
devbox_session_table_lookup (DevboxSessionTable *self, const char *id)
{
  return g_hash_table_lookup (self->sessions, id);
}

void
devbox_session_table_foreach (DevboxSessionTable *self, DevboxShellEndedFunc func, gpointer user_data)
{
  for (GList *l = self->created.head; l != NULL; l = l->next)
    func (l->data, user_data);
}
