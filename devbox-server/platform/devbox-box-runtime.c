/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-runtime-private.h"

#include "devbox-box-channel-private.h"
#include "devbox-box-process-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#define AGENT_PORT 3000
#define START_TIMEOUT_MS 30000
#define STOP_TIMEOUT_MS 10000

struct _DevboxBoxRuntime
{
  DevboxSandbox *sandbox;
  char *folder;
  gboolean shares_network;
  DevboxBoxRuntimeFuncs funcs;
  gpointer user_data;

  DevboxBoxChannel *channel;
  DevboxBoxProcess *process;
  GHashTable *forwards; /* number → outer port, of the sockets that the box has */
  GSource *deadline;    /* of the start, or of the stop */
  gboolean is_frozen;
  gboolean is_ending; /* it was told to */
  char *failure;      /* what the box said before it ended, or NULL */

  DevboxBoxRuntimeFrozenFunc frozen;
  gpointer frozen_data;
};

static void
set_deadline (DevboxBoxRuntime *self, guint timeout_ms, GSourceFunc func)
{
  devbox_clear_source (&self->deadline);
  self->deadline = g_timeout_source_new (timeout_ms);
  g_source_set_callback (self->deadline, func, self, NULL);
  g_source_attach (self->deadline, g_main_context_get_thread_default ());
}

static gboolean
on_start_timeout (gpointer data)
{
  DevboxBoxRuntime *self = data;

  if (self->failure == NULL)
    self->failure = g_strdup (_ ("It was not ready in time"));
  devbox_box_process_kill (self->process);
  devbox_clear_source (&self->deadline);

  return G_SOURCE_REMOVE;
}

static gboolean
on_stop_timeout (gpointer data)
{
  DevboxBoxRuntime *self = data;

  devbox_box_process_kill (self->process);
  devbox_clear_source (&self->deadline);

  return G_SOURCE_REMOVE;
}

static void
on_ready (gpointer data)
{
  DevboxBoxRuntime *self = data;

  if (self->is_ending)
    return;

  devbox_clear_source (&self->deadline);
  self->funcs.ready (self->user_data);
}

/* It cannot serve any more: what is left of it goes too. */
static void
on_failed (const char *reason, gpointer data)
{
  DevboxBoxRuntime *self = data;

  if (self->failure == NULL)
    self->failure = g_strdup (reason);
  if (self->process != NULL)
    devbox_box_process_kill (self->process);
}

static void
on_ended (DevboxBoxProcess *process, const char *reason, gpointer data)
{
  DevboxBoxRuntime *self = data;
  g_autofree char *failure = NULL;

  devbox_clear_source (&self->deadline);
  if (!self->is_ending)
    failure = g_strdup (self->failure != NULL ? self->failure : reason != NULL ? reason : _ ("It ended"));
  self->funcs.ended (failure, self->user_data);
}

/* The socket that the agent is to accept from. */
static int
open_agent_listener (DevboxBoxRecord *record, GError **error)
{
  guint16 wanted = record->agent_port != 0 ? record->agent_port : AGENT_PORT;

  return devbox_box_listener_open (record->address, wanted, &record->agent_port, error);
}

static void
forward (DevboxBoxRuntime *self, DevboxBoxRecord *record, DevboxBoxPort *port)
{
  /* A box that has the host's network listens there itself, maybe at every address. */
  guint16 wanted = port->outer != 0 ? port->outer : self->shares_network ? 0 : port->number;
  g_autoptr (GError) error = NULL;
  int fd = devbox_box_listener_open (record->address, wanted, &port->outer, &error);

  if (fd < 0)
    {
      g_warning ("port %u of the devbox %s cannot be reached: %s", port->number, record->name, error->message);
      port->outer = 0;
      return;
    }

  devbox_box_channel_forward (self->channel, port->number, self->shares_network, fd);
  g_hash_table_insert (self->forwards, GUINT_TO_POINTER (port->number), GUINT_TO_POINTER (port->outer));
}

static DevboxBoxPort *
find_port (const DevboxBoxRecord *record, guint16 number)
{
  for (guint i = 0; i < record->ports->len; i++)
    {
      DevboxBoxPort *port = g_ptr_array_index (record->ports, i);

      if (port->number == number)
        return port;
    }

  return NULL;
}

void
devbox_box_runtime_update_ports (DevboxBoxRuntime *self, DevboxBoxRecord *record)
{
  GHashTableIter iter;
  gpointer number;
  gpointer outer;

  g_hash_table_iter_init (&iter, self->forwards);
  while (g_hash_table_iter_next (&iter, &number, &outer))
    {
      DevboxBoxPort *port = find_port (record, GPOINTER_TO_UINT (number));

      if (port != NULL)
        port->outer = GPOINTER_TO_UINT (outer);
      else
        {
          devbox_box_channel_unforward (self->channel, GPOINTER_TO_UINT (number));
          g_hash_table_iter_remove (&iter);
        }
    }

  for (guint i = 0; i < record->ports->len; i++)
    {
      DevboxBoxPort *port = g_ptr_array_index (record->ports, i);

      if (!g_hash_table_contains (self->forwards, GUINT_TO_POINTER (port->number)))
        forward (self, record, port);
    }
}

static void
configure (DevboxBoxRuntime *self, DevboxBoxRecord *record, int listen_fd)
{
  g_autofree char *workspace = devbox_sandbox_dup_workspace_path (self->sandbox, self->folder);
  g_autofree char *home = devbox_sandbox_dup_home_path (self->sandbox, self->folder);

  devbox_box_channel_configure (self->channel, record->token, workspace, home,
                                (const char *const *) record->environment, listen_fd);
  if (record->startup_command != NULL)
    devbox_box_channel_set_startup_command (self->channel, record->startup_command);
  devbox_box_runtime_update_ports (self, record);
  devbox_box_channel_start (self->channel);
}

static gboolean
start_process (DevboxBoxRuntime *self, DevboxBoxRecord *record, int box_fd, GError **error)
{
  DevboxBoxStart start = {
    .uid = record->uid,
    .name = record->name,
    .folder = self->folder,
    .cpu = record->cpu,
    .memory = record->memory,
    .shares_network = record->shares_network,
    .socket_fd = box_fd,
  };

  self->process = devbox_box_process_start (self->sandbox, &start, on_ended, self, error);
  return self->process != NULL;
}

DevboxBoxRuntime *
devbox_box_runtime_start (DevboxBoxHost *host,
                          DevboxBoxRecord *record,
                          const DevboxBoxRuntimeFuncs *funcs,
                          gpointer user_data,
                          GError **error)
{
  static const DevboxBoxChannelFuncs channel_funcs = { on_ready, on_failed };
  g_autoptr (DevboxBoxRuntime) self = g_new0 (DevboxBoxRuntime, 1);
  int box_fd = -1;
  int listen_fd;

  self->sandbox = host->sandbox;
  self->folder = g_build_filename (host->folder, DEVBOX_BOX_FOLDER_BOXES, record->uid, NULL);
  self->shares_network = record->shares_network || devbox_sandbox_get_kind (host->sandbox) == DEVBOX_SANDBOX_NONE;
  self->funcs = *funcs;
  self->user_data = user_data;
  self->forwards = g_hash_table_new (NULL, NULL);

  listen_fd = open_agent_listener (record, error);
  if (listen_fd < 0)
    return NULL;
  self->channel = devbox_box_channel_new (&channel_funcs, self, &box_fd, error);
  if (self->channel == NULL)
    {
      g_close (listen_fd, NULL);
      return NULL;
    }

  configure (self, record, listen_fd);
  if (!start_process (self, record, box_fd, error))
    return NULL;

  set_deadline (self, START_TIMEOUT_MS, on_start_timeout);
  return g_steal_pointer (&self);
}

void
devbox_box_runtime_free (DevboxBoxRuntime *self)
{
  devbox_clear_source (&self->deadline);
  g_clear_pointer (&self->process, devbox_box_process_free);
  g_clear_pointer (&self->channel, devbox_box_channel_free);
  g_clear_pointer (&self->forwards, g_hash_table_unref);
  g_free (self->folder);
  g_free (self->failure);
  g_free (self);
}

void
devbox_box_runtime_stop (DevboxBoxRuntime *self)
{
  if (self->is_ending)
    return;

  self->is_ending = TRUE;
  if (self->is_frozen)
    devbox_box_runtime_thaw (self, NULL);
  devbox_box_channel_stop (self->channel);
  set_deadline (self, STOP_TIMEOUT_MS, on_stop_timeout);
}

void
devbox_box_runtime_kill (DevboxBoxRuntime *self)
{
  self->is_ending = TRUE;
  devbox_clear_source (&self->deadline);
  devbox_box_process_kill (self->process);
}

static void
on_frozen (DevboxBoxProcess *process, const GError *error, gpointer data)
{
  DevboxBoxRuntime *self = data;

  self->is_frozen = error == NULL;
  self->frozen (error, self->frozen_data);
}

void
devbox_box_runtime_freeze (DevboxBoxRuntime *self, DevboxBoxRuntimeFrozenFunc func, gpointer user_data)
{
  self->frozen = func;
  self->frozen_data = user_data;
  devbox_box_process_freeze (self->process, on_frozen, self);
}

gboolean
devbox_box_runtime_thaw (DevboxBoxRuntime *self, GError **error)
{
  if (!devbox_box_process_thaw (self->process, error))
    return FALSE;

  self->is_frozen = FALSE;
  return TRUE;
}

gboolean
devbox_box_runtime_set_limits (DevboxBoxRuntime *self, guint cpu, guint memory)
{
  return devbox_box_process_set_limits (self->process, cpu, memory);
}

void
devbox_box_runtime_get_usage (DevboxBoxRuntime *self, DevboxBoxUsage *usage)
{
  devbox_box_process_get_usage (self->process, &usage->cpu_time, &usage->memory);
  devbox_box_channel_update_counters (self->channel);
  devbox_box_channel_get_counters (self->channel, &usage->bytes_in, &usage->bytes_out);
}
