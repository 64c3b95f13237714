/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-link-private.h"

#include "devbox-error-private.h"

/* A line of 64 KiB with every byte escaped, and in base64. */
#define MAX_MESSAGE_SIZE (1024 * 1024)

DevboxSocketLinkTiming devbox_log_link_timing = {
  .first_delay_ms = 250,
  .last_delay_ms = 10000,
  .ping_interval_s = 20,
  .silence_ms = 50000,
  .max_message_size = MAX_MESSAGE_SIZE,
};

struct _DevboxLogLink
{
  gatomicrefcount ref_count;
  DevboxSocketLink *socket;
  DevboxLogQueue *queue;
  DevboxLogTarget target;
  char *id;

  /* In the I/O thread alone. */
  gint64 last_sequence; /* that went into the queue */
  guint64 n_missed;     /* since then */
  gboolean has_begun;
  gboolean is_complete; /* the agent told of the end */
};

/* After a loss all that the agent has is asked for, and what is known is passed over. */
static char *
greet (gpointer owner)
{
  DevboxLogLink *self = owner;
  const gboolean wants_all = self->has_begun || self->target.n_lines == 0;

  return devbox_log_message_new (self->target.subject, self->id,
                                 wants_all ? DEVBOX_LOG_ALL_LINES : self->target.n_lines, self->target.only_system);
}

/* FALSE: it is known. */
static gboolean
count (DevboxLogLink *self, DevboxLogEntry *entry)
{
  const gint64 sequence = devbox_log_entry_get_sequence (entry);

  if (sequence == DEVBOX_LOG_NO_SEQUENCE)
    return TRUE;
  if (sequence <= self->last_sequence)
    return FALSE;

  if (self->last_sequence != DEVBOX_LOG_NO_SEQUENCE && !self->target.only_system)
    self->n_missed = (guint64) (sequence - self->last_sequence - 1);
  self->last_sequence = sequence;

  return TRUE;
}

/* Takes the entry: once it is in the queue it is the reader's, and must not end here. */
static void
take_entry (DevboxLogLink *self, DevboxLogEntry *entry)
{
  g_autoptr (DevboxLogEntry) owned = entry;

  if (!count (self, entry))
    return;

  devbox_log_entry_set_n_missed (entry, self->n_missed);
  self->n_missed = 0;
  if (devbox_log_queue_push (self->queue, g_steal_pointer (&owned)))
    devbox_socket_link_pause (self->socket);
}

static void
heard (gpointer owner, const char *text, gsize size)
{
  DevboxLogLink *self = owner;
  g_auto (DevboxLogReply) reply = DEVBOX_LOG_REPLY_INIT;
  g_autoptr (GError) error = NULL;

  if (!devbox_log_reply_parse (&reply, self->target.subject, text, size, &error))
    {
      devbox_socket_link_lose (self->socket, error);
      return;
    }

  switch (reply.kind)
    {
    case DEVBOX_LOG_REPLY_STARTED:
      devbox_socket_link_begin (self->socket);
      break;
    case DEVBOX_LOG_REPLY_REFUSED:
      devbox_socket_link_stop (self->socket, reply.reason);
      break;
    case DEVBOX_LOG_REPLY_ENTRY:
      take_entry (self, g_steal_pointer (&reply.entry));
      break;
    case DEVBOX_LOG_REPLY_GAP:
      self->n_missed += reply.n_missed;
      break;
    case DEVBOX_LOG_REPLY_ENDED:
      self->is_complete = TRUE;
      devbox_socket_link_stop (self->socket, NULL);
      break;
    case DEVBOX_LOG_REPLY_OTHER:
    default:
      break;
    }
}

static void
began (gpointer owner, gboolean is_first)
{
  DevboxLogLink *self = owner;

  self->has_begun = TRUE;
}

static void
ended (gpointer owner, const GError *error)
{
  DevboxLogLink *self = owner;
  g_autoptr (GError) reason = NULL;

  if (error != NULL)
    reason = devbox_error_complete (g_error_copy (error), &(DevboxErrorDetails){ .path = self->id });
  else if (!self->is_complete)
    reason = devbox_socket_link_make_closed_error (self->socket);

  devbox_log_queue_end (self->queue, reason);
  devbox_log_link_unref (self);
}

static const DevboxSocketLinkFuncs socket_funcs = { greet, heard, began, ended };

DevboxLogLink *
devbox_log_link_new (DevboxIoThread *thread, DevboxAgent *agent, const DevboxLogTarget *target, DevboxLogQueue *queue)
{
  DevboxLogLink *self = g_new0 (DevboxLogLink, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->socket = devbox_socket_link_new (thread, agent, target->id, &socket_funcs, self);
  self->queue = devbox_log_queue_ref (queue);
  self->target = *target;
  self->id = g_strdup (target->id);
  self->target.id = self->id;
  self->last_sequence = DEVBOX_LOG_NO_SEQUENCE;

  return self;
}

DevboxLogLink *
devbox_log_link_ref (DevboxLogLink *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_log_link_unref (DevboxLogLink *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  devbox_socket_link_unref (self->socket);
  devbox_log_queue_unref (self->queue);
  g_free (self->id);
  g_free (self);
}

void
devbox_log_link_start (DevboxLogLink *self, DevboxClientCore *core, guint timeout_ms)
{
  DevboxSocketLinkTiming timing = devbox_log_link_timing;

  timing.handshake_ms = timeout_ms;
  timing.give_up_ms = timeout_ms;
  devbox_socket_link_start (devbox_log_link_ref (self)->socket, core, &timing); /* until it has ended */
}

void
devbox_log_link_resume (DevboxLogLink *self)
{
  devbox_socket_link_resume (self->socket);
}

void
devbox_log_link_stop (DevboxLogLink *self)
{
  devbox_socket_link_stop (self->socket, NULL);
}
