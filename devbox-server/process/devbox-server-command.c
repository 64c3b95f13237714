/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-command-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-command-outcome-private.h"
#include "devbox-command-pipe-private.h"
#include "devbox-launcher-request-private.h"
#include "devbox-packet-private.h"
#include "devbox-suspend-clock-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#define DRAIN_MS 250 /* for what a descendant still holds open */
#define MAX_COMMAND_LINE 4096
#define GRACE_MS 3000 /* for a supervisor to kill everything, before it is killed itself */

/* Those of an output log that a command writes, which count from 0. */
#define N_OUTPUTS (DEVBOX_OUTPUT_STDERR + 1)

/* References: the callers', and one of the launcher for as long as anything of the command is left or it was not told.
 * A descendant that goes on after the end of the command keeps its pipes: they are read, and what comes is dropped. */
struct _DevboxServerCommand
{
  guint ref_count;
  GMainContext *context;
  const DevboxServerCommandLauncher *callbacks;
  DevboxLauncher *launcher; /* NULL once it has let go */

  char *program;
  char *command_line;
  char *folder;
  GByteArray *strings; /* until it was sent */
  DevboxLauncherRequest request;
  int folder_fd;
  int folder_errno; /* why it could not be kept */
  GBytes *bytes;

  int control; /* -1: not sent yet, or nothing is left */
  gboolean sent;
  gboolean answered;
  gboolean killed;
  gboolean told;
  GPid supervisor;
  GSource *control_source;
  GSource *drain_timer;
  GSource *grace_timer;
  GSource *failure_idle;
  DevboxCommandInput input;
  DevboxCommandOutput outputs[N_OUTPUTS];
  DevboxOutputLog *log;

  DevboxCommandOutcome outcome;

  DevboxCommandFunc started;
  gpointer started_data;
  DevboxCommandFunc done;
  gpointer user_data;
  GDestroyNotify destroy;
};

static void consider_done (DevboxServerCommand *self);
static void read_events (DevboxServerCommand *self);

static void
set_timer (DevboxServerCommand *self, GSource **timer, guint milliseconds, GSourceFunc callback)
{
  devbox_clear_source (timer);
  *timer = devbox_suspend_timeout_new (milliseconds);
  g_source_set_callback (*timer, callback, self, NULL);
  g_source_attach (*timer, self->context);
}

static gsize
append_strings (GByteArray *strings, const char *const *vector)
{
  gsize n;

  for (n = 0; vector[n] != NULL; n++)
    g_byte_array_append (strings, (const guint8 *) vector[n], strlen (vector[n]) + 1);

  return n;
}

/* As far as somebody reads who is shown a list of commands. */
static char *
join_arguments (const char *const *arguments)
{
  GString *joined = g_string_new (arguments[0]);

  for (gsize i = 1; arguments[i] != NULL && joined->len < MAX_COMMAND_LINE; i++)
    {
      g_string_append_c (joined, ' ');
      g_string_append_len (joined, arguments[i], strnlen (arguments[i], MAX_COMMAND_LINE));
    }
  g_string_truncate (joined, MIN (joined->len, MAX_COMMAND_LINE));

  return g_string_free (joined, FALSE);
}

DevboxServerCommand *
devbox_server_command_new (const DevboxCommandSpec *spec,
                           const char *const *environment,
                           GMainContext *context,
                           DevboxOutputLog *log,
                           const DevboxServerCommandLauncher *callbacks,
                           DevboxLauncher *launcher,
                           DevboxCommandFunc done,
                           gpointer user_data,
                           GDestroyNotify destroy)
{
  DevboxServerCommand *self = g_new0 (DevboxServerCommand, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->callbacks = callbacks;
  self->launcher = launcher;
  self->program = g_strdup (spec->argv[0]);
  self->command_line = join_arguments (spec->argv);
  self->folder = g_strdup (spec->cwd);
  self->strings = g_byte_array_new ();
  self->request.protocol = DEVBOX_LAUNCHER_PROTOCOL;
  self->request.timeout_ms = spec->timeout_ms;
  self->request.flags = spec->is_fed ? DEVBOX_LAUNCHER_IS_FED : 0;
  self->request.n_arguments = append_strings (self->strings, spec->argv);
  self->request.n_environment = append_strings (self->strings, environment);
  if (spec->cwd_fd < 0 && spec->cwd != NULL)
    {
      g_byte_array_append (self->strings, (const guint8 *) spec->cwd, strlen (spec->cwd) + 1);
      self->request.has_folder = TRUE;
    }
  self->folder_fd = spec->cwd_fd >= 0 ? fcntl (spec->cwd_fd, F_DUPFD_CLOEXEC, 3) : -1;
  if (spec->cwd_fd >= 0 && self->folder_fd < 0)
    self->folder_errno = errno;
  self->bytes = spec->input != NULL ? g_bytes_ref (spec->input) : NULL;
  self->control = -1;
  self->input.fd = -1;
  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      self->outputs[i].fd = -1;
      self->outputs[i].log = log;
      self->outputs[i].stream = i;
    }
  self->log = log;
  devbox_command_outcome_init (&self->outcome);
  self->done = done;
  self->user_data = user_data;
  self->destroy = destroy;

  return self;
}

DevboxServerCommand *
devbox_server_command_ref (DevboxServerCommand *self)
{
  self->ref_count++;

  return self;
}

static void
close_streams (DevboxServerCommand *self)
{
  devbox_command_input_close (&self->input);
  for (guint i = 0; i < N_OUTPUTS; i++)
    devbox_command_output_close (&self->outputs[i]);
}

/* Once it was sent, or never will be: a command that could not start is remembered for a while. */
static void
drop_request (DevboxServerCommand *self)
{
  devbox_auto_descriptor_clear (&self->folder_fd);
  g_clear_pointer (&self->strings, g_byte_array_unref);
  g_clear_pointer (&self->bytes, g_bytes_unref);
}

void
devbox_server_command_unref (DevboxServerCommand *self)
{
  g_return_if_fail (self->ref_count > 0);

  if (--self->ref_count > 0)
    {
      /* Nobody but the launcher can ask any more. */
      if (self->ref_count == 1 && self->told && self->launcher != NULL)
        g_clear_pointer (&self->log, devbox_output_log_unref);
      return;
    }

  devbox_clear_source (&self->control_source);
  devbox_clear_source (&self->drain_timer);
  devbox_clear_source (&self->grace_timer);
  devbox_clear_source (&self->failure_idle);
  devbox_auto_descriptor_clear (&self->control);
  drop_request (self);
  close_streams (self);
  g_clear_pointer (&self->log, devbox_output_log_unref);
  devbox_command_outcome_clear (&self->outcome);
  g_main_context_unref (self->context);
  g_free (self->program);
  g_free (self->command_line);
  g_free (self->folder);
  g_free (self);
}

/* Once nothing is left and it was told, the launcher lets go. */
static void
consider_finished (DevboxServerCommand *self)
{
  if (self->told && self->control < 0 && self->launcher != NULL)
    {
      close_streams (self);
      self->callbacks->finished (g_steal_pointer (&self->launcher), self);
    }
}

static void
answered (DevboxServerCommand *self)
{
  if (self->answered)
    return;

  self->answered = TRUE;
  if (self->launcher != NULL && self->sent)
    self->callbacks->answered (self->launcher, self);
}

static void
tell_started (DevboxServerCommand *self)
{
  DevboxCommandFunc started = g_steal_pointer (&self->started);

  if (started != NULL)
    started (self, self->started_data);
}

static void
tell (DevboxServerCommand *self)
{
  self->told = TRUE;
  devbox_clear_source (&self->drain_timer);
  devbox_clear_source (&self->grace_timer);
  devbox_command_input_close (&self->input);
  for (guint i = 0; i < N_OUTPUTS; i++)
    self->outputs[i].log = NULL;
  devbox_output_log_end (self->log);

  self->done (self, self->user_data);
  if (self->destroy != NULL)
    self->destroy (self->user_data);

  consider_finished (self);
}

static gboolean
is_open (const DevboxServerCommand *self)
{
  return devbox_command_output_is_open (&self->outputs[DEVBOX_OUTPUT_STDOUT])
         || devbox_command_output_is_open (&self->outputs[DEVBOX_OUTPUT_STDERR]);
}

static gboolean
on_drain_timeout (gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  devbox_clear_source (&self->drain_timer);
  if (!self->told)
    tell (self);

  return G_SOURCE_REMOVE;
}

static void
consider_done (DevboxServerCommand *self)
{
  gboolean gone = self->control < 0;

  if (self->told)
    {
      consider_finished (self);
      return;
    }

  if (!devbox_command_outcome_has_ended (&self->outcome) || (self->killed && !gone))
    return;

  if (self->outcome.state != DEVBOX_COMMAND_FAILED_TO_START && is_open (self))
    {
      if (self->drain_timer == NULL)
        set_timer (self, &self->drain_timer, DRAIN_MS, on_drain_timeout);
      return;
    }

  tell (self);
}

static void
on_output_ended (gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  consider_done (self);
}

static void
close_control (DevboxServerCommand *self)
{
  devbox_clear_source (&self->control_source);
  if (self->control >= 0)
    shutdown (self->control, SHUT_RDWR); /* also for a copy that a fork of this process holds */
  devbox_auto_descriptor_clear (&self->control);
}

static gboolean
on_grace_timeout (gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  devbox_clear_source (&self->grace_timer);
  read_events (self);

  /* It has ended after all: there is nothing to force, or a new time to wait. */
  if (self->told || self->grace_timer != NULL || (devbox_command_outcome_has_ended (&self->outcome) && !self->killed))
    return G_SOURCE_REMOVE;

  /* It was stopped, perhaps by the command, or it hangs in starting it, on a dead file system. While its end of the
   * socket is open its number is its own; the helper then kills what it leaves. */
  if (self->control >= 0 && self->supervisor > 0)
    kill (self->supervisor, SIGKILL);
  else
    close_control (self);

  if (!devbox_command_outcome_has_ended (&self->outcome))
    {
      gint64 elapsed = g_get_monotonic_time () - self->outcome.started;

      self->outcome.timed_out = self->request.timeout_ms > 0 && elapsed >= (gint64) self->request.timeout_ms * 1000;
      devbox_command_outcome_set_lost (&self->outcome, g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                                                                    _ ("“%s” could not be killed within %d seconds"),
                                                                    self->program, GRACE_MS / 1000));
    }
  answered (self);
  tell (self);

  return G_SOURCE_REMOVE;
}

static void
arm_grace (DevboxServerCommand *self, guint milliseconds)
{
  if (!self->told)
    set_timer (self, &self->grace_timer, milliseconds, on_grace_timeout);
}

/* Mostly all of it is there already, and this saves a turn of the main loop. Nothing can wait for a reader any more. */
static void
drain_outputs (DevboxServerCommand *self)
{
  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      devbox_command_output_resume (&self->outputs[i], self->context);
      devbox_command_output_drain (&self->outputs[i]);
    }
}

static void
handle_exited (DevboxServerCommand *self, const DevboxLauncherEvent *event)
{
  devbox_command_outcome_set_exited (&self->outcome, event);
  self->killed |= self->outcome.timed_out;
  if (self->killed)
    arm_grace (self, GRACE_MS);
  else
    devbox_clear_source (&self->grace_timer);

  drain_outputs (self);
}

static void
handle_event (DevboxServerCommand *self, const DevboxLauncherEvent *event)
{
  if (devbox_command_outcome_has_ended (&self->outcome))
    return;

  switch (event->type)
    {
    case DEVBOX_LAUNCHER_SUPERVISED:
      self->supervisor = event->pid;
      break;
    case DEVBOX_LAUNCHER_STARTED:
      devbox_command_outcome_set_started (&self->outcome, event);
      break;
    case DEVBOX_LAUNCHER_FAILED:
      devbox_command_outcome_set_failed (&self->outcome, event, self->program,
                                         self->folder != NULL ? self->folder : ".");
      break;
    case DEVBOX_LAUNCHER_EXITED:
      handle_exited (self, event);
      break;
    default:
      break;
    }
}

static void
handle_gone (DevboxServerCommand *self)
{
  devbox_clear_source (&self->control_source);
  devbox_auto_descriptor_clear (&self->control);

  if (!devbox_command_outcome_has_ended (&self->outcome))
    devbox_command_outcome_set_lost (&self->outcome,
                                     g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                                                  self->outcome.state == DEVBOX_COMMAND_STARTING
                                                      ? _ ("The launcher ended before it could start “%s”")
                                                      : _ ("The supervisor of “%s” was killed"),
                                                  self->program));

  drain_outputs (self);
}

static void
take_events (DevboxServerCommand *self)
{
  while (self->control >= 0)
    {
      DevboxLauncherEvent event;
      gssize size = recv (self->control, &event, sizeof event, MSG_DONTWAIT);

      if (size < 0 && errno == EINTR)
        continue;
      if (size < 0 && errno == EAGAIN)
        break;

      if (size == sizeof event)
        handle_event (self, &event);
      else
        handle_gone (self);
    }
}

static void
read_events (DevboxServerCommand *self)
{
  take_events (self);
  if (self->outcome.state != DEVBOX_COMMAND_STARTING)
    answered (self);
  if (self->outcome.pid > 0)
    tell_started (self);
  consider_done (self);
}

static gboolean
on_control (int fd, GIOCondition condition, gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  read_events (self);

  return G_SOURCE_CONTINUE; /* a closed one was destroyed already */
}

gboolean
devbox_server_command_send (DevboxServerCommand *self,
                            int helper_socket,
                            guint64 open_files,
                            gboolean *helper_lost,
                            GError **error)
{
  g_auto (DevboxLauncherEnds) ends = DEVBOX_LAUNCHER_ENDS_INIT;
  int saved_errno = self->folder_errno;

  self->request.open_files = open_files;
  if (saved_errno == 0)
    saved_errno = devbox_launcher_request_send (&self->request, helper_socket, self->strings, self->bytes != NULL,
                                                self->folder_fd, &ends);

  *helper_lost = saved_errno == EPIPE || saved_errno == ECONNRESET || saved_errno == ENOTCONN;
  if (saved_errno != 0)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR, _ ("The launcher could not start “%s”: %s"),
                   self->program, g_strerror (saved_errno));
      return FALSE;
    }

  self->sent = TRUE;
  self->control = g_steal_fd (&ends.control);
  self->control_source = g_unix_fd_source_new (self->control, G_IO_IN);
  g_source_set_callback (self->control_source, G_SOURCE_FUNC (on_control), self, NULL);
  g_source_attach (self->control_source, self->context);
  devbox_command_output_open (&self->outputs[DEVBOX_OUTPUT_STDOUT], g_steal_fd (&ends.output), self->context,
                              on_output_ended, self);
  devbox_command_output_open (&self->outputs[DEVBOX_OUTPUT_STDERR], g_steal_fd (&ends.error_output), self->context,
                              on_output_ended, self);
  if (self->bytes != NULL)
    devbox_command_input_open (&self->input, g_steal_fd (&ends.input), self->context, self->bytes);
  if (self->request.timeout_ms > 0)
    arm_grace (self, MIN (self->request.timeout_ms, G_MAXUINT - GRACE_MS) + GRACE_MS);

  drop_request (self);

  return TRUE;
}

static gboolean
on_failure_idle (gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  devbox_clear_source (&self->failure_idle);
  consider_done (self);

  return G_SOURCE_REMOVE;
}

void
devbox_server_command_fail (DevboxServerCommand *self, GError *error)
{
  devbox_command_outcome_set_lost (&self->outcome, error);
  drop_request (self);
  self->failure_idle = g_idle_source_new ();
  g_source_set_priority (self->failure_idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->failure_idle, on_failure_idle, self, NULL);
  g_source_attach (self->failure_idle, self->context);
}

static gboolean
send_order (DevboxServerCommand *self, const DevboxLauncherOrder *order, const int *fds, guint n_fds)
{
  return devbox_packet_send (self->control, order, G_STRUCT_OFFSET (DevboxLauncherOrder, bytes) + order->n_bytes, fds,
                             n_fds);
}

static void
send_signal (DevboxServerCommand *self, int signum)
{
  DevboxLauncherOrder order = { .type = DEVBOX_LAUNCHER_SIGNAL, .signum = signum };

  /* A few fit; more than that, unread, say nothing new. */
  send_order (self, &order, NULL, 0);
}

gboolean
devbox_server_command_feed (DevboxServerCommand *self,
                            guint slot,
                            guint n_closed,
                            const int *fds,
                            guint n_fds,
                            const char *bytes,
                            gsize size)
{
  DevboxLauncherOrder order = { .type = DEVBOX_LAUNCHER_FEED, .slot = slot, .n_closed = n_closed, .n_bytes = size };

  g_return_val_if_fail (size <= sizeof order.bytes, FALSE);

  if (self->control < 0)
    {
      errno = ESRCH;
      return FALSE;
    }

  if (size > 0)
    memcpy (order.bytes, bytes, size);
  return send_order (self, &order, fds, n_fds);
}

char *
devbox_server_command_dup_slot_path (DevboxServerCommand *self, guint slot)
{
  return g_strdup_printf ("/proc/%d/fd/%u", (int) self->supervisor, DEVBOX_LAUNCHER_FIRST_SLOT + slot);
}

void
devbox_server_command_interrupt (DevboxServerCommand *self, int command_signum, int signum)
{
  DevboxLauncherOrder order = { .type = DEVBOX_LAUNCHER_INTERRUPT, .command_signum = command_signum, .signum = signum };

  if (self->control >= 0)
    send_order (self, &order, NULL, 0);
}

void
devbox_server_command_set_started_func (DevboxServerCommand *self, DevboxCommandFunc started, gpointer user_data)
{
  self->started = started;
  self->started_data = user_data;
}

void
devbox_server_command_pause_output (DevboxServerCommand *self)
{
  if (devbox_command_outcome_has_ended (&self->outcome))
    return;

  for (guint i = 0; i < N_OUTPUTS; i++)
    devbox_command_output_pause (&self->outputs[i]);
}

void
devbox_server_command_resume_output (DevboxServerCommand *self)
{
  for (guint i = 0; i < N_OUTPUTS; i++)
    devbox_command_output_resume (&self->outputs[i], self->context);
}

void
devbox_server_command_kill (DevboxServerCommand *self)
{
  if (!self->sent && !devbox_command_outcome_has_ended (&self->outcome))
    {
      devbox_server_command_fail (self, g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                                                     _ ("“%s” was killed before it started"), self->program));
      return;
    }

  if (self->control < 0)
    return;

  send_signal (self, SIGKILL);
  self->killed = TRUE;
  arm_grace (self, GRACE_MS);
}

void
devbox_server_command_send_signal (DevboxServerCommand *self, int signum)
{
  if (signum == SIGKILL || !self->sent)
    devbox_server_command_kill (self);
  else if (self->control >= 0)
    send_signal (self, signum);
}

void
devbox_server_command_helper_lost (DevboxServerCommand *self)
{
  if (!self->sent)
    return;

  if (!devbox_command_outcome_has_ended (&self->outcome) && self->outcome.error == NULL)
    self->outcome.error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                                       _ ("The launcher was killed while “%s” ran"), self->program);
  devbox_server_command_kill (self);
}

static GError *
new_closed_error (DevboxServerCommand *self)
{
  return g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE, _ ("“%s” was killed: the launcher was closed"),
                      self->program);
}

void
devbox_server_command_disconnect (DevboxServerCommand *self)
{
  gboolean was_running = !devbox_command_outcome_has_ended (&self->outcome);

  self->launcher = NULL;
  devbox_clear_source (&self->failure_idle);
  take_events (self);
  close_control (self);

  if (!devbox_command_outcome_has_ended (&self->outcome))
    devbox_command_outcome_set_lost (&self->outcome, new_closed_error (self));
  else if (was_running && self->outcome.state == DEVBOX_COMMAND_SIGNALED && self->outcome.error == NULL)
    self->outcome.error = new_closed_error (self);

  if (!self->told)
    tell (self);
  close_streams (self);
}

DevboxCommandState
devbox_server_command_get_state (DevboxServerCommand *self)
{
  return self->outcome.state;
}

GPid
devbox_server_command_get_pid (DevboxServerCommand *self)
{
  return self->outcome.pid;
}

int
devbox_server_command_get_exit_code (DevboxServerCommand *self)
{
  return self->outcome.exit_code;
}

int
devbox_server_command_get_term_signal (DevboxServerCommand *self)
{
  return self->outcome.term_signal;
}

gboolean
devbox_server_command_get_timed_out (DevboxServerCommand *self)
{
  return self->outcome.timed_out;
}

const GError *
devbox_server_command_get_error (DevboxServerCommand *self)
{
  return self->outcome.error;
}

DevboxOutputLog *
devbox_server_command_get_log (DevboxServerCommand *self)
{
  return self->log;
}

const char *
devbox_server_command_get_command_line (DevboxServerCommand *self)
{
  return self->command_line;
}

void
devbox_server_command_get_usage (DevboxServerCommand *self,
                                 gint64 *user_time,
                                 gint64 *system_time,
                                 gint64 *max_resident)
{
  *user_time = self->outcome.user_time;
  *system_time = self->outcome.system_time;
  *max_resident = self->outcome.max_resident;
}

gint64
devbox_server_command_get_start_time (DevboxServerCommand *self)
{
  return self->outcome.start_time;
}

gint64
devbox_server_command_get_duration (DevboxServerCommand *self)
{
  return (devbox_command_outcome_has_ended (&self->outcome) ? self->outcome.ended : g_get_monotonic_time ())
         - self->outcome.started;
}
