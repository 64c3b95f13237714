/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-body-feed-private.h"

#include "devbox-error-private.h"
#include "devbox-pipe-private.h"

#include <glib/gi18n-lib.h>

/* The caller's main loop gets its turn between two such pieces. */
#define PIECE_SIZE (256 * 1024)

typedef struct
{
  GTask *task;
  GInputStream *contents;
  goffset size; /* -1: all */
  char *subject;

  goffset start; /* where the contents began, if it can go back there */
  goffset n_fed;
  DevboxPipe *pipe;
  GSource *source; /* waits for room */
  GCancellable *cancellable;
  gboolean is_reading;

  /* Of the call, once it has ended. */
  gboolean is_over;
  gpointer result;
  GDestroyNotify result_free;
  GError *error;
} BodyFeed;

static void feed_some (BodyFeed *self);

static void
stop_waiting (BodyFeed *self)
{
  if (self->source == NULL)
    return;

  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static void
return_and_free (BodyFeed *self)
{
  g_autoptr (GTask) task = self->task;

  if (self->error != NULL)
    g_task_return_error (task, self->error);
  else
    g_task_return_pointer (task, self->result, self->result_free);

  g_object_unref (self->contents);
  g_object_unref (self->cancellable);
  devbox_pipe_unref (self->pipe);
  g_free (self->subject);
  g_free (self);
}

static gboolean
may_go_on (gpointer data)
{
  BodyFeed *self = data;

  stop_waiting (self);
  feed_some (self);

  return G_SOURCE_REMOVE;
}

/* For room, or for the wish to begin anew; when nobody wants any more, for the end of the call. */
static void
wait_for_pipe (BodyFeed *self)
{
  if (devbox_pipe_is_closed (self->pipe))
    return;

  self->source = devbox_pipe_source_new (self->pipe, DEVBOX_PIPE_WRITABLE);
  g_source_set_callback (self->source, may_go_on, self, NULL);
  g_source_set_priority (self->source, g_task_get_priority (self->task));
  g_source_attach (self->source, g_task_get_context (self->task));
}

static void
end_with_error (BodyFeed *self, const GError *cause)
{
  DevboxErrorDetails details = { .path = self->subject, .cause = cause };

  devbox_pipe_end (self->pipe, devbox_error_new (DEVBOX_ERROR_FILE_TRANSFER_FAILED, &details,
                                                 /* Translators: %s is the reason */
                                                 _ ("The data to send could not be read: %s"), cause->message));
}

static void
end (BodyFeed *self)
{
  if (self->size >= 0 && self->n_fed < self->size)
    {
      DevboxErrorDetails details = { .path = self->subject };

      devbox_pipe_end (self->pipe, devbox_error_new (DEVBOX_ERROR_FILE_TRANSFER_FAILED, &details,
                                                     /* Translators: the placeholders are numbers of bytes */
                                                     _ ("There were only %lld of %lld bytes to send"),
                                                     (long long) self->n_fed, (long long) self->size));
    }
  else
    devbox_pipe_end (self->pipe, NULL);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  BodyFeed *self = data;
  g_autoptr (GError) error = NULL;
  gssize n_read = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  self->is_reading = FALSE;
  if (self->is_over)
    {
      return_and_free (self);
      return;
    }

  if (n_read > 0)
    {
      self->n_fed += n_read;
      devbox_pipe_commit (self->pipe, (gsize) n_read);
    }
  else if (n_read == 0)
    end (self);
  else
    end_with_error (self, error);

  feed_some (self);
}

static void
rewind_contents (BodyFeed *self)
{
  g_autoptr (GError) error = NULL;

  self->n_fed = 0;
  if (!g_seekable_seek (G_SEEKABLE (self->contents), self->start, G_SEEK_SET, self->cancellable, &error))
    end_with_error (self, error);
}

static void
feed_some (BodyFeed *self)
{
  gpointer space = NULL;
  gsize size;

  if (devbox_pipe_take_rewind (self->pipe))
    rewind_contents (self);
  if (self->size >= 0 && self->n_fed == self->size)
    end (self);

  size = devbox_pipe_reserve (self->pipe, &space);
  size = MIN (size, PIECE_SIZE);
  if (self->size >= 0)
    size = (gsize) MIN ((goffset) size, self->size - self->n_fed);
  if (size == 0)
    {
      wait_for_pipe (self);
      return;
    }

  self->is_reading = TRUE;
  g_input_stream_read_async (self->contents, space, size, g_task_get_priority (self->task), self->cancellable, read_cb,
                             self);
}

static void
call_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  BodyFeed *self = data;

  self->result = g_task_propagate_pointer (G_TASK (result), &self->error);
  self->is_over = TRUE;
  stop_waiting (self);
  devbox_pipe_close (self->pipe);

  if (self->is_reading)
    g_cancellable_cancel (self->cancellable);
  else
    return_and_free (self);
}

void
devbox_body_feed_call_async (DevboxClient *client,
                             DevboxAgent *agent,
                             GTask *task,
                             DevboxRequest *request,
                             GInputStream *contents,
                             goffset size)
{
  BodyFeed *self = g_new0 (BodyFeed, 1);
  g_autoptr (GTask) call = g_task_new (NULL, g_task_get_cancellable (task), call_ended_cb, self);

  self->task = g_object_ref (task);
  self->contents = g_object_ref (contents);
  self->size = size;
  self->subject = g_strdup (request->subject);
  self->result_free = request->result_free;
  self->cancellable = g_cancellable_new ();
  self->pipe = devbox_pipe_new (DEVBOX_PIPE_CAPACITY);
  if (G_IS_SEEKABLE (contents) && g_seekable_can_seek (G_SEEKABLE (contents)))
    {
      self->start = g_seekable_tell (G_SEEKABLE (contents));
      devbox_pipe_set_can_rewind (self->pipe, TRUE);
    }

  request->body_pipe = devbox_pipe_ref (self->pipe);
  request->body_pipe_size = size;
  g_task_set_source_tag (call, devbox_body_feed_call_async);
  g_task_set_priority (call, g_task_get_priority (task));
  /* First, since the call may have ended before it returns here if another thread runs the context. */
  wait_for_pipe (self);
  devbox_client_agent_call_async (client, agent, call, request, NULL);
}

static void
sync_call_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *) data = TRUE;
}

gpointer
devbox_body_feed_call_sync (DevboxClient *client,
                            DevboxAgent *agent,
                            DevboxRequest *request,
                            GInputStream *contents,
                            goffset size,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GTask) task = NULL;
  gboolean has_ended = FALSE;

  /* Which says why that cannot be. */
  if (devbox_client_in_io_thread (client))
    return devbox_client_agent_call_sync (client, agent, request, NULL, cancellable, error);

  context = g_main_context_new ();
  g_main_context_push_thread_default (context);
  task = g_task_new (NULL, cancellable, sync_call_ended_cb, &has_ended);
  g_task_set_source_tag (task, devbox_body_feed_call_sync);
  devbox_body_feed_call_async (client, agent, task, request, contents, size);
  while (!has_ended)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);

  return devbox_client_call_finish (G_ASYNC_RESULT (task), error);
}
