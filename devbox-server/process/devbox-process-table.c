/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-table-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-random-private.h"
#include "devbox-suspend-clock-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define DEFAULT_MAX_PROCESSES 1000
#define MAX_ENDED_MEMORY (8 * 1024 * 1024)
#define MAX_ENDED_FILE (512 * 1024 * 1024)

static const guint default_retention_ms[DEVBOX_PROCESS_N_ORIGINS] = {
  [DEVBOX_PROCESS_FOREGROUND] = 30 * 1000,
  [DEVBOX_PROCESS_BACKGROUND] = 4 * 60 * 60 * 1000,
};

/* The output of commands that have ended, the oldest first. */
typedef struct
{
  GQueue in_memory;
  GQueue in_file; /* or it is so far as it went there */
  gsize memory;
  guint64 file_size;
  gsize max_memory;
  guint64 max_file_size;
} EndedOutput;

struct _DevboxProcessTable
{
  DevboxLauncher *launcher;
  GMainContext *context;
  guint retention_ms[DEVBOX_PROCESS_N_ORIGINS];
  guint max_processes;

  GHashTable *entries;                    /* by id; owns a reference to each */
  GQueue started;                         /* the newest first */
  GQueue ended[DEVBOX_PROCESS_N_ORIGINS]; /* the oldest first */
  EndedOutput output;
  GSource *expiry;
};

/* Shared between the table and the command's callback, which may outlive it. */
typedef struct
{
  DevboxProcessTable *table; /* NULL: forgotten */
  DevboxServerCommand *command;
  DevboxProcessOrigin origin;
  char id[DEVBOX_ID_LENGTH + 1];
  GList started_link;
  GList ended_link;
  gboolean has_ended;
  gint64 ended; /* of the suspend clock */

  GList output_link;
  GQueue *output_queue; /* of the table's output; NULL: there is none, or it was dropped */
  gsize memory;
  guint64 file_size;

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
  memcpy (self->retention_ms, default_retention_ms, sizeof self->retention_ms);
  self->max_processes = DEFAULT_MAX_PROCESSES;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_unref);
  g_queue_init (&self->started);
  for (guint i = 0; i < DEVBOX_PROCESS_N_ORIGINS; i++)
    g_queue_init (&self->ended[i]);
  g_queue_init (&self->output.in_memory);
  g_queue_init (&self->output.in_file);
  self->output.max_memory = MAX_ENDED_MEMORY;
  self->output.max_file_size = MAX_ENDED_FILE;

  return self;
}

/* Puts what is left of its output at the end of a queue, or of none. */
static void
move_output (Entry *entry, GQueue *queue)
{
  EndedOutput *output = &entry->table->output;
  DevboxOutputLog *log = devbox_server_command_get_log (entry->command);

  if (entry->output_queue != NULL)
    g_queue_unlink (entry->output_queue, &entry->output_link);
  output->memory -= entry->memory;
  output->file_size -= entry->file_size;

  entry->memory = queue != NULL ? devbox_output_log_get_memory (log) : 0;
  entry->file_size = queue != NULL ? devbox_output_log_get_size_in_file (log) : 0;

  output->memory += entry->memory;
  output->file_size += entry->file_size;
  entry->output_queue = queue;
  if (queue != NULL)
    g_queue_push_tail_link (queue, &entry->output_link);
}

static void
limit_output (EndedOutput *self)
{
  while (self->memory > self->max_memory && !g_queue_is_empty (&self->in_memory))
    {
      Entry *oldest = g_queue_peek_head (&self->in_memory);

      devbox_output_log_spill (devbox_server_command_get_log (oldest->command));
      move_output (oldest, &self->in_file);
    }

  while ((self->memory > self->max_memory || self->file_size > self->max_file_size)
         && !g_queue_is_empty (&self->in_file))
    {
      Entry *oldest = g_queue_peek_head (&self->in_file);

      devbox_output_log_discard (devbox_server_command_get_log (oldest->command));
      move_output (oldest, NULL);
    }
}

static void
forget (Entry *entry)
{
  DevboxProcessTable *self = entry->table;

  g_queue_unlink (&self->started, &entry->started_link);
  if (entry->has_ended)
    {
      g_queue_unlink (&self->ended[entry->origin], &entry->ended_link);
      move_output (entry, NULL);
    }
  entry->table = NULL;
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

/* When the oldest of an origin is to be forgotten; G_MAXINT64: there is none. */
static gint64
get_expiry (DevboxProcessTable *self, DevboxProcessOrigin origin)
{
  const Entry *oldest = g_queue_peek_head (&self->ended[origin]);

  return oldest != NULL ? oldest->ended + (gint64) self->retention_ms[origin] * 1000 : G_MAXINT64;
}

/* One timer, for what expires first. */
static void
arm_expiry (DevboxProcessTable *self)
{
  gint64 first = G_MAXINT64;

  devbox_clear_source (&self->expiry);
  for (guint i = 0; i < DEVBOX_PROCESS_N_ORIGINS; i++)
    first = MIN (first, get_expiry (self, i));
  if (first == G_MAXINT64)
    return;

  self->expiry
      = devbox_suspend_timeout_new (CLAMP ((first - devbox_suspend_clock_get_time ()) / 1000 + 1, 0, G_MAXINT));
  g_source_set_callback (self->expiry, on_expiry, self, NULL);
  g_source_attach (self->expiry, self->context);
}

static gboolean
on_expiry (gpointer user_data)
{
  DevboxProcessTable *self = user_data;
  gint64 now = devbox_suspend_clock_get_time ();

  for (guint i = 0; i < DEVBOX_PROCESS_N_ORIGINS; i++)
    {
      while (get_expiry (self, i) <= now)
        forget (g_queue_peek_head (&self->ended[i]));
    }
  arm_expiry (self);

  return G_SOURCE_REMOVE;
}

static void
limit_ended (DevboxProcessTable *self, DevboxProcessOrigin origin)
{
  while (g_queue_get_length (&self->ended[origin]) > self->max_processes)
    forget (g_queue_peek_head (&self->ended[origin]));
}

void
devbox_process_table_set_retention (DevboxProcessTable *self, DevboxProcessOrigin origin, guint milliseconds)
{
  self->retention_ms[origin] = milliseconds;
  arm_expiry (self);
}

void
devbox_process_table_set_max_processes (DevboxProcessTable *self, guint processes)
{
  g_return_if_fail (processes > 0);

  self->max_processes = processes;
  for (guint i = 0; i < DEVBOX_PROCESS_N_ORIGINS; i++)
    limit_ended (self, i);
}

void
devbox_process_table_set_max_ended_output (DevboxProcessTable *self, gsize in_memory, guint64 in_file)
{
  self->output.max_memory = in_memory;
  self->output.max_file_size = in_file;
  limit_output (&self->output);
}

/* Its own output is safe until the next one ends: someone is about to send it. */
static void
note_end (Entry *entry)
{
  DevboxProcessTable *self = entry->table;

  limit_output (&self->output);
  entry->has_ended = TRUE;
  entry->ended = devbox_suspend_clock_get_time ();
  g_queue_push_tail_link (&self->ended[entry->origin], &entry->ended_link);
  move_output (entry, &self->output.in_memory);
  limit_ended (self, entry->origin);
  if (self->expiry == NULL || g_queue_get_length (&self->ended[entry->origin]) == 1)
    arm_expiry (self);
}

static void
on_done (DevboxServerCommand *command, gpointer user_data)
{
  Entry *entry = user_data;

  /* Nobody will ask for what never was. */
  if (entry->table != NULL && devbox_server_command_get_state (command) == DEVBOX_COMMAND_FAILED_TO_START)
    forget (entry);
  else if (entry->table != NULL)
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

DevboxServerCommand *
devbox_process_table_start (DevboxProcessTable *self,
                            DevboxProcessOrigin origin,
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
  entry->output_link.data = entry;
  entry->origin = origin;
  entry->done = done;
  entry->user_data = user_data;
  entry->destroy = destroy;
  do
    devbox_random_id (entry->id);
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
devbox_process_table_foreach (DevboxProcessTable *self, DevboxProcessFunc func, gpointer user_data)
{
  for (GList *l = self->started.head; l != NULL; l = l->next)
    {
      Entry *entry = l->data;

      func (entry->command, entry->id, entry->origin, user_data);
    }
}
