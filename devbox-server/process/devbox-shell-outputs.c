/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-shell-outputs-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-command-pipe-private.h"

#include <fcntl.h>
#include <unistd.h>

#define N_OUTPUTS 2
#define MAX_TURNS 8 /* of a drain: as much as a pipe can hold, and no more, whoever goes on writing */

struct _DevboxShellOutputs
{
  DevboxCommandOutput outputs[N_OUTPUTS];
  DevboxOutputLog *text_log; /* NULL once it has run */
  DevboxOutputLog *session_log;
  DevboxShellOutputsFunc closed;
  gpointer user_data;
};

static gboolean
is_open (DevboxShellOutputs *self)
{
  return devbox_command_output_is_open (&self->outputs[0]) || devbox_command_output_is_open (&self->outputs[1]);
}

static void
on_ended (gpointer user_data)
{
  DevboxShellOutputs *self = user_data;

  if (self->text_log == NULL && !is_open (self))
    self->closed (self, self->user_data);
}

DevboxShellOutputs *
devbox_shell_outputs_new (GMainContext *context,
                          DevboxOutputLog *text_log,
                          DevboxOutputLog *session_log,
                          int writers[2],
                          DevboxShellOutputsFunc closed,
                          gpointer user_data)
{
  DevboxShellOutputs *self;
  devbox_auto_descriptor int stdout_reader = -1;
  devbox_auto_descriptor int stdout_writer = -1;
  int readers[N_OUTPUTS];
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) != 0)
    return NULL;
  stdout_reader = ends[0];
  stdout_writer = ends[1];
  if (pipe2 (ends, O_CLOEXEC) != 0)
    return NULL;

  readers[0] = g_steal_fd (&stdout_reader);
  writers[0] = g_steal_fd (&stdout_writer);
  readers[1] = ends[0];
  writers[1] = ends[1];

  self = g_new0 (DevboxShellOutputs, 1);
  self->text_log = devbox_output_log_ref (text_log);
  self->session_log = devbox_output_log_ref (session_log);
  self->closed = closed;
  self->user_data = user_data;
  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      self->outputs[i].log = text_log;
      self->outputs[i].copy = session_log;
      self->outputs[i].stream = DEVBOX_OUTPUT_STDOUT + i;
      fcntl (readers[i], F_SETFL, O_NONBLOCK);
      devbox_command_output_open (&self->outputs[i], readers[i], context, on_ended, self);
    }

  return self;
}

void
devbox_shell_outputs_free (DevboxShellOutputs *self)
{
  for (guint i = 0; i < N_OUTPUTS; i++)
    devbox_command_output_close (&self->outputs[i]);
  g_clear_pointer (&self->text_log, devbox_output_log_unref);
  devbox_output_log_unref (self->session_log);
  g_free (self);
}

/* What the next text writes begins a line of its own. */
static void
end_line (DevboxOutputLog *log, DevboxOutputStream stream)
{
  guint64 end = devbox_output_log_get_end_offset (log, stream);
  char last;

  if (end > 0 && devbox_output_log_read (log, stream, end - 1, &last, 1) == 1 && last != '\n')
    devbox_output_log_append (log, stream, "\n", 1);
}

gboolean
devbox_shell_outputs_detach (DevboxShellOutputs *self)
{
  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      DevboxCommandOutput *output = &self->outputs[i];

      for (guint turn = 0; turn < MAX_TURNS && devbox_command_output_drain (output); turn++)
        ;
      output->log = NULL;
      end_line (self->session_log, output->stream);
    }
  devbox_output_log_end (self->text_log);
  g_clear_pointer (&self->text_log, devbox_output_log_unref);

  return is_open (self);
}
