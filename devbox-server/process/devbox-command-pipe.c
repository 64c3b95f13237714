/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-pipe-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-main-turn-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#define TURN_SIZE (256 * 1024) /* then others get their turn */
#define READ_SIZE (64 * 1024)  /* what a pipe holds */
#define MAX_SKIPPED 32         /* turns of the main loop that others have filled */

static void
attach_source (GSource **source,
               int fd,
               GIOCondition condition,
               GMainContext *context,
               GUnixFDSourceFunc callback,
               gpointer data)
{
  *source = g_unix_fd_source_new (fd, condition);
  g_source_set_callback (*source, G_SOURCE_FUNC (callback), data, NULL);
  g_source_attach (*source, context);
}

gboolean
devbox_command_output_drain (DevboxCommandOutput *self)
{
  char buffer[READ_SIZE];
  gsize turn = 0;

  while (self->fd >= 0 && turn < TURN_SIZE)
    {
      gssize size = read (self->fd, buffer, sizeof buffer);

      if (size > 0)
        {
          turn += size;
          if (self->log != NULL)
            devbox_output_log_append (self->log, self->stream, buffer, size);
          if (self->copy != NULL)
            devbox_output_log_append (self->copy, self->stream, buffer, size);
        }
      else if (size < 0 && errno == EAGAIN)
        {
          break;
        }
      else if (size == 0 || errno != EINTR)
        {
          devbox_command_output_close (self);
        }
    }

  return self->fd >= 0;
}

static gboolean on_readable (int fd, GIOCondition condition, gpointer user_data);

/* Sources are dispatched in the order in which they were attached. */
static void
go_behind_others (DevboxCommandOutput *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref (g_source_get_context (self->source));

  devbox_clear_source (&self->source);
  attach_source (&self->source, self->fd, G_IO_IN, context, on_readable, self);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  DevboxCommandOutput *self = user_data;

  if (devbox_main_turn_is_over () && self->n_skipped++ < MAX_SKIPPED)
    return G_SOURCE_CONTINUE;

  self->n_skipped = 0;
  if (devbox_command_output_drain (self))
    go_behind_others (self);
  else
    self->ended (self->user_data);

  return G_SOURCE_CONTINUE; /* this one was destroyed already */
}

void
devbox_command_output_pause (DevboxCommandOutput *self)
{
  devbox_clear_source (&self->source);
}

void
devbox_command_output_resume (DevboxCommandOutput *self, GMainContext *context)
{
  if (self->fd >= 0 && self->source == NULL)
    attach_source (&self->source, self->fd, G_IO_IN, context, on_readable, self);
}

void
devbox_command_output_open (DevboxCommandOutput *self,
                            int fd,
                            GMainContext *context,
                            void (*ended) (gpointer user_data),
                            gpointer user_data)
{
  self->fd = fd;
  self->ended = ended;
  self->user_data = user_data;
  devbox_command_output_resume (self, context);
}

gboolean
devbox_command_output_is_open (const DevboxCommandOutput *self)
{
  return self->fd >= 0;
}

void
devbox_command_output_close (DevboxCommandOutput *self)
{
  devbox_clear_source (&self->source);
  devbox_auto_descriptor_clear (&self->fd);
}

/* Returns FALSE when no more can be written: a command that does not read its input to the end is no error. */
static gboolean
write_turn (DevboxCommandInput *self)
{
  gsize size;
  const char *bytes = g_bytes_get_data (self->bytes, &size);
  gsize turn = 0;

  while (self->written < size && turn < TURN_SIZE)
    {
      gssize n = write (self->fd, bytes + self->written, MIN (size - self->written, READ_SIZE));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno == EAGAIN;

      self->written += n;
      turn += n;
    }

  return self->written < size;
}

/* A pipe has no MSG_NOSIGNAL, and how the process as a whole treats SIGPIPE is not ours to say. */
static gboolean
on_writable (int fd, GIOCondition condition, gpointer user_data)
{
  DevboxCommandInput *self = user_data;
  sigset_t broken_pipe;
  sigset_t pending;
  sigset_t before;
  gboolean was_pending;

  sigemptyset (&broken_pipe);
  sigaddset (&broken_pipe, SIGPIPE);
  sigpending (&pending);
  was_pending = sigismember (&pending, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &broken_pipe, &before);

  if (!write_turn (self))
    devbox_command_input_close (self);

  if (!was_pending)
    sigtimedwait (&broken_pipe, NULL, &(struct timespec){ 0 });
  pthread_sigmask (SIG_SETMASK, &before, NULL);

  return G_SOURCE_CONTINUE;
}

void
devbox_command_input_open (DevboxCommandInput *self, int fd, GMainContext *context, GBytes *bytes)
{
  self->fd = fd;
  self->bytes = g_bytes_ref (bytes);
  self->written = 0;
  attach_source (&self->source, fd, G_IO_OUT, context, on_writable, self);
}

void
devbox_command_input_close (DevboxCommandInput *self)
{
  devbox_clear_source (&self->source);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  devbox_auto_descriptor_clear (&self->fd);
}
