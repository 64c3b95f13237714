/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-table-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/random.h>

#define DEFAULT_RETENTION_MS 30000
#define DEFAULT_MAX_PROCESSES 1000
#define MAX_KEPT_OUTPUT (64 * 1024 * 1024) /* of all that ended; the oldest lose theirs first */
#define ID_LENGTH 8

struct _DevboxProcessTable
{
  DevboxLauncher *launcher;
  GMainContext *context;
  guint retention_ms;
  guint max_processes;

  GHashTable *entries; /* by id; owns a reference to each */
  GQueue started;      /* the newest first */
  GQueue ended;        /* the oldest first */
  gsize kept_output;
  GSource *expiry;
};

/* Shared between the table and the command's callback, which may outlive it. */
typedef struct
{
  DevboxProcessTable *table; /* NULL: forgotten */
  DevboxServerCommand *command;
  char id[ID_LENGTH + 1];
  GList started_link;
  GList ended_link;
  gboolean has_ended;
  gint64 ended;
  gsize kept_output;

  DevboxCommandFunc done;
  gpointer user_data;
  GDestroyNotify destroy;
} Entry;

static void
entry_clear (gpointer data)
{
  Entry *entry = data;

  if (entry->command != NULL)
    devbox_server_command_unref (entry->command);
}

static void
entry_unref (gpointer entry)
{
  g_rc_box_release_full (entry, entry_clear);
}

DevboxProcessTable *
devbox_process_table_new (DevboxLauncher *launcher)
{
  DevboxProcessTable *self = g_new0 (DevboxProcessTable, 1);

  self->launcher = launcher;
  self->context = g_main_context_ref_thread_default ();
  self->retention_ms = DEFAULT_RETENTION_MS;
  self->max_processes = DEFAULT_MAX_PROCESSES;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_unref);
  g_queue_init (&self->started);
  g_queue_init (&self->ended);

  return self;
}

static void
forget (Entry *entry)
{
  DevboxProcessTable *self = g_steal_pointer (&entry->table);

  g_queue_unlink (&self->started, &entry->started_link);
  if (entry->has_ended)
    g_queue_unlink (&self->ended, &entry->ended_link);
  self->kept_output -= entry->kept_output;
  g_hash_table_remove (self->entries, entry->id);
}

void
devbox_process_table_free (DevboxProcessTable *self)
{
  devbox_clear_source (&self->expiry);
  while (!g_queue_is_empty (&self->started))
    forget (self->started.head->data);

  g_hash_table_unref (self->entries);
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean on_expiry (gpointer user_data);

/* One timer, for the one that ended first. */
static void
arm_expiry (DevboxProcessTable *self)
{
  Entry *oldest = g_queue_peek_head (&self->ended);
  gint64 remaining;

  devbox_clear_source (&self->expiry);
  if (oldest == NULL)
    return;

  remaining = (oldest->ended - g_get_monotonic_time ()) / 1000 + self->retention_ms + 1;
  self->expiry = g_timeout_source_new (CLAMP (remaining, 0, G_MAXINT));
  g_source_set_callback (self->expiry, on_expiry, self, NULL);
  g_source_attach (self->expiry, self->context);
}

static gboolean
on_expiry (gpointer user_data)
{
  DevboxProcessTable *self = user_data;
  gint64 limit = g_get_monotonic_time () - (gint64) self->retention_ms * 1000;
  Entry *oldest;

  while ((oldest = g_queue_peek_head (&self->ended)) != NULL && oldest->ended <= limit)
    forget (oldest);
  arm_expiry (self);

  return G_SOURCE_REMOVE;
}

static void
drop_output (Entry *entry)
{
  devbox_server_command_discard_output (entry->command);
  entry->table->kept_output -= entry->kept_output;
  entry->kept_output = 0;
}

/* The newest keeps its output whatever its size: someone is about to send it. */
static void
enforce_limits (DevboxProcessTable *self)
{
  while (g_queue_get_length (&self->ended) > self->max_processes)
    forget (g_queue_peek_head (&self->ended));

  for (GList *l = self->ended.head; l != NULL && l->next != NULL && self->kept_output > MAX_KEPT_OUTPUT; l = l->next)
    {
      Entry *entry = l->data;

      if (entry->kept_output > 0)
        drop_output (entry);
    }
}

void
devbox_process_table_set_retention (DevboxProcessTable *self, guint milliseconds)
{
  self->retention_ms = milliseconds;
  arm_expiry (self);
}

void
devbox_process_table_set_max_processes (DevboxProcessTable *self, guint processes)
{
  g_return_if_fail (processes > 0);

  self->max_processes = processes;
  enforce_limits (self);
}

static void
note_end (Entry *entry)
{
  DevboxProcessTable *self = entry->table;

  entry->has_ended = TRUE;
  entry->ended = g_get_monotonic_time ();
  entry->kept_output
      = devbox_server_command_get_stdout (entry->command)->len + devbox_server_command_get_stderr (entry->command)->len;
  self->kept_output += entry->kept_output;
  g_queue_push_tail_link (&self->ended, &entry->ended_link);
  enforce_limits (self);
  if (self->expiry == NULL)
    arm_expiry (self);
}

static void
on_done (DevboxServerCommand *command, gpointer user_data)
{
  Entry *entry = user_data;

  if (entry->table != NULL)
    note_end (entry);
  entry->done (command, entry->user_data);
}

static void
on_destroy (gpointer user_data)
{
  Entry *entry = user_data;

  if (entry->destroy != NULL)
    entry->destroy (entry->user_data);
  entry_unref (entry);
}

static void
make_id (char *id)
{
  static const char alphabet[] = "-_0123456789abcdefghijklmnopqrstuvwxyz";
  const guint n_letters = sizeof alphabet - 1;
  guint length = 0;

  while (length < ID_LENGTH)
    {
      guint8 bytes[2 * ID_LENGTH];

      /* A request this small is neither interrupted nor short. */
      if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
        g_error ("The kernel has no random bytes");

      for (guint i = 0; i < sizeof bytes && length < ID_LENGTH; i++)
        {
          if (bytes[i] < G_MAXUINT8 / n_letters * n_letters) /* the rest would favour the first letters */
            id[length++] = alphabet[bytes[i] % n_letters];
        }
    }

  id[length] = '\0';
}

DevboxServerCommand *
devbox_process_table_start (DevboxProcessTable *self,
                            const DevboxCommandSpec *spec,
                            DevboxCommandFunc done,
                            gpointer user_data,
                            GDestroyNotify destroy,
                            GError **error)
{
  Entry *entry;

  if (devbox_launcher_get_n_commands (self->launcher) >= self->max_processes)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                   _ ("Cannot start “%s”: %u commands are running, as many as are allowed"), spec->argv[0],
                   self->max_processes);
      if (destroy != NULL)
        destroy (user_data);
      return NULL;
    }

  entry = g_rc_box_new0 (Entry);
  entry->table = self;
  entry->started_link.data = entry;
  entry->ended_link.data = entry;
  entry->done = done;
  entry->user_data = user_data;
  entry->destroy = destroy;
  do
    make_id (entry->id);
  while (g_hash_table_contains (self->entries, entry->id));

  entry->command = devbox_launcher_start (self->launcher, spec, on_done, g_rc_box_acquire (entry), on_destroy);
  g_hash_table_insert (self->entries, entry->id, entry);
  g_queue_push_head_link (&self->started, &entry->started_link);

  return devbox_server_command_ref (entry->command);
}

/* A command learns its pid after it was entered here, so that an index would have to be told; a thousand comparisons
 * cost a microsecond. */
DevboxServerCommand *
devbox_process_table_lookup_pid (DevboxProcessTable *self, GPid pid)
{
  for (GList *l = self->started.head; l != NULL && pid > 0; l = l->next)
    {
      Entry *entry = l->data;

      if (devbox_server_command_get_pid (entry->command) == pid)
        return entry->command;
    }

  return NULL;
}

DevboxServerCommand *
devbox_process_table_lookup_id (DevboxProcessTable *self, const char *id)
{
  Entry *entry = g_hash_table_lookup (self->entries, id);

  return entry != NULL ? entry->command : NULL;
}

const char *
devbox_process_table_get_id (DevboxProcessTable *self, DevboxServerCommand *command)
{
  for (GList *l = self->started.head; l != NULL; l = l->next)
    {
      Entry *entry = l->data;

      if (entry->command == command)
        return entry->id;
    }

  return NULL;
}

void
devbox_process_table_foreach (DevboxProcessTable *self, DevboxCommandFunc func, gpointer user_data)
{
  for (GList *l = self->started.head; l != NULL; l = l->next)
    {
      Entry *entry = l->data;

      func (entry->command, user_data);
    }
}
