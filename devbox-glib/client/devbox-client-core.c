/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client-core-private.h"

#include "devbox-call-core-private.h"

typedef struct
{
  gulong id;
  GFunc func;
  gpointer data;
} CloseFunc;

struct _DevboxClientCore
{
  guint ref_count;
  DevboxIoThread *thread;
  DevboxPoolState *pool_state;
  DevboxClientSettings *settings;
  char *user_agent;
  DevboxConnectionSet *connections;
  GQueue calls;
  gboolean is_closed;

  GMutex mutex;
  GArray *close_funcs;
  gulong last_id;
  gboolean has_told; /* that it is closed */
};

DevboxClientCore *
devbox_client_core_new (DevboxIoThread *thread,
                        DevboxPoolState *state,
                        DevboxClientSettings *settings,
                        const char *user_agent)
{
  DevboxClientCore *self = g_new0 (DevboxClientCore, 1);

  self->ref_count = 1;
  self->thread = devbox_io_thread_ref (thread);
  self->pool_state = devbox_pool_state_ref (state);
  self->settings = devbox_client_settings_ref (settings);
  self->user_agent = g_strdup (user_agent);
  self->connections = devbox_connection_set_new (thread, state, user_agent);
  g_queue_init (&self->calls);
  g_mutex_init (&self->mutex);
  self->close_funcs = g_array_new (FALSE, FALSE, sizeof (CloseFunc));

  return self;
}

DevboxClientCore *
devbox_client_core_ref (DevboxClientCore *self)
{
  self->ref_count++;

  return self;
}

void
devbox_client_core_unref (DevboxClientCore *self)
{
  if (--self->ref_count > 0)
    return;

  g_assert (self->calls.length == 0);

  devbox_connection_set_free (self->connections);
  g_free (self->user_agent);
  devbox_pool_state_unref (self->pool_state);
  devbox_client_settings_unref (self->settings);
  g_array_unref (self->close_funcs);
  g_mutex_clear (&self->mutex);
  devbox_io_thread_unref (self->thread);
  g_free (self);
}

DevboxIoThread *
devbox_client_core_get_thread (DevboxClientCore *self)
{
  return self->thread;
}

DevboxPoolState *
devbox_client_core_get_pool_state (DevboxClientCore *self)
{
  return self->pool_state;
}

DevboxConnectionSet *
devbox_client_core_get_connections (DevboxClientCore *self)
{
  return self->connections;
}

SoupSession *
devbox_client_core_new_session (DevboxClientCore *self)
{
  return devbox_session_new (self->user_agent);
}

DevboxClientSettings *
devbox_client_core_get_settings (DevboxClientCore *self)
{
  return self->settings;
}

void
devbox_client_core_add_call (DevboxClientCore *self, GList *link)
{
  g_queue_push_tail_link (&self->calls, link);
}

void
devbox_client_core_remove_call (DevboxClientCore *self, GList *link)
{
  g_queue_unlink (&self->calls, link);
}

/* Takes the oldest entry out, or the one of that id. */
static gboolean
take_close_func (DevboxClientCore *self, gulong id, CloseFunc *taken)
{
  gboolean found = FALSE;

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->close_funcs->len && !found; i++)
    {
      *taken = g_array_index (self->close_funcs, CloseFunc, i);
      found = id == 0 || taken->id == id;
      if (found)
        g_array_remove_index (self->close_funcs, i);
    }
  if (!found && id == 0)
    self->has_told = TRUE;
  g_mutex_unlock (&self->mutex);

  return found;
}

gboolean
devbox_client_core_close_once (gpointer core)
{
  DevboxClientCore *self = core;
  CloseFunc close_func;

  self->is_closed = TRUE;
  while (self->calls.length > 0)
    devbox_call_fail_closed (self->calls.head->data);
  devbox_connection_set_close (self->connections);

  while (take_close_func (self, 0, &close_func))
    close_func.func (close_func.data, NULL);

  return G_SOURCE_REMOVE;
}

gboolean
devbox_client_core_is_closed (DevboxClientCore *self)
{
  return self->is_closed;
}

typedef struct
{
  DevboxClientCore *core; /* outlives what is invoked in its thread */
  gulong id;
} LateCall;

static gboolean
call_late (gpointer data)
{
  LateCall *late = data;
  CloseFunc close_func;

  if (take_close_func (late->core, late->id, &close_func))
    close_func.func (close_func.data, NULL);

  return G_SOURCE_REMOVE;
}

gulong
devbox_client_core_add_close_func (DevboxClientCore *self, GFunc func, gpointer data)
{
  CloseFunc close_func = { .func = func, .data = data };
  gboolean is_late;

  g_mutex_lock (&self->mutex);
  close_func.id = ++self->last_id;
  g_array_append_val (self->close_funcs, close_func);
  is_late = self->has_told;
  g_mutex_unlock (&self->mutex);

  if (is_late)
    {
      LateCall *late = g_new0 (LateCall, 1);

      late->core = self;
      late->id = close_func.id;
      devbox_io_thread_invoke (self->thread, call_late, late, g_free);
    }

  return close_func.id;
}

void
devbox_client_core_remove_close_func (DevboxClientCore *self, gulong id)
{
  CloseFunc close_func;

  take_close_func (self, id, &close_func);
}
