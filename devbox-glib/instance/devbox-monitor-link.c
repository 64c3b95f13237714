/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-monitor-link-private.h"

#include "devbox-error-private.h"
#include "devbox-watch-messages-private.h"

#define MAX_MESSAGE_SIZE (128 * 1024) /* two paths with every byte escaped */

DevboxSocketLinkTiming devbox_monitor_link_timing = {
  .first_delay_ms = 500,
  .last_delay_ms = 30000,
  .ping_interval_s = 20,
  .silence_ms = 50000,
  .max_message_size = MAX_MESSAGE_SIZE,
};

struct _DevboxMonitorLink
{
  gatomicrefcount ref_count;
  DevboxSocketLink *socket;
  DevboxMonitorQueue *queue;
  char *path;
  DevboxFileMonitorFlags flags;

  /* In the I/O thread alone. */
  DevboxMonitorLinkStarted started; /* NULL once told */
  gpointer started_data;
};

static char *
greet (gpointer owner)
{
  DevboxMonitorLink *self = owner;

  return devbox_watch_message_new (self->path, self->flags);
}

static void
heard (gpointer owner, const char *text, gsize size)
{
  DevboxMonitorLink *self = owner;
  g_auto (DevboxWatchReply) reply = DEVBOX_WATCH_REPLY_INIT;
  g_autoptr (GError) error = NULL;

  if (!devbox_watch_reply_parse (&reply, text, size, &error))
    {
      devbox_socket_link_lose (self->socket, error);
      return;
    }

  switch (reply.kind)
    {
    case DEVBOX_WATCH_REPLY_STARTED:
      devbox_socket_link_begin (self->socket);
      break;
    case DEVBOX_WATCH_REPLY_REFUSED:
      devbox_socket_link_stop (self->socket, reply.reason);
      break;
    case DEVBOX_WATCH_REPLY_EVENT:
      devbox_monitor_queue_push_changed (self->queue, reply.event, reply.path, reply.old_path);
      break;
    case DEVBOX_WATCH_REPLY_OVERFLOW:
      devbox_monitor_queue_push_overflow (self->queue, reply.path);
      break;
    case DEVBOX_WATCH_REPLY_OTHER:
    default:
      break;
    }
}

static void
tell_started (DevboxMonitorLink *self, const GError *error)
{
  DevboxMonitorLinkStarted started = g_steal_pointer (&self->started);

  started (error, g_steal_pointer (&self->started_data));
}

static void
began (gpointer owner, gboolean is_first)
{
  DevboxMonitorLink *self = owner;

  if (is_first)
    tell_started (self, NULL);
  else /* nobody knows what happened meanwhile */
    devbox_monitor_queue_push_overflow (self->queue, self->path);
}

static void
ended (gpointer owner, const GError *error)
{
  DevboxMonitorLink *self = owner;

  if (self->started != NULL)
    {
      g_autoptr (GError) reason
          = error != NULL ? g_error_copy (error) : devbox_socket_link_make_closed_error (self->socket);

      tell_started (self, reason);
    }
  else
    {
      devbox_monitor_queue_push_closed (self->queue, error);
    }

  devbox_monitor_link_unref (self);
}

static const DevboxSocketLinkFuncs socket_funcs = { greet, heard, began, ended };

DevboxMonitorLink *
devbox_monitor_link_new (DevboxIoThread *thread,
                         DevboxAgent *agent,
                         const char *path,
                         DevboxFileMonitorFlags flags,
                         DevboxMonitorQueue *queue)
{
  DevboxMonitorLink *self = g_new0 (DevboxMonitorLink, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->socket = devbox_socket_link_new (thread, agent, path, &socket_funcs, self);
  self->queue = devbox_monitor_queue_ref (queue);
  self->path = g_strdup (path);
  self->flags = flags;

  return self;
}

DevboxMonitorLink *
devbox_monitor_link_ref (DevboxMonitorLink *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_monitor_link_unref (DevboxMonitorLink *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  devbox_socket_link_unref (self->socket);
  devbox_monitor_queue_unref (self->queue);
  g_free (self->path);
  g_free (self);
}

void
devbox_monitor_link_start (DevboxMonitorLink *self,
                           DevboxClientCore *core,
                           const DevboxSocketLinkTiming *timing,
                           DevboxMonitorLinkStarted started,
                           gpointer user_data)
{
  self->started = started;
  self->started_data = user_data;
  devbox_socket_link_start (devbox_monitor_link_ref (self)->socket, core, timing); /* until it has ended */
}

void
devbox_monitor_link_stop (DevboxMonitorLink *self, const GError *error)
{
  devbox_socket_link_stop (self->socket, error);
}
