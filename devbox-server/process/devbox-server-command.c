/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-command-private.h"

#include "devbox-command-pipe-private.h"
#include "devbox-launcher-protocol-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRAIN_MS 250  /* for what a descendant still holds open */
#define GRACE_MS 3000 /* for a supervisor to kill everything, before it is killed itself */

enum
{
  STDOUT,
  STDERR,
  N_OUTPUTS,
};

/* References: the callers', and one of the launcher for as long as anything of the command is left or it was not told.
 * A descendant that goes on after the end of the command keeps its pipes: they are read, and what comes is dropped. */
struct _DevboxServerCommand
{
  guint ref_count;
  GMainContext *context;
  const DevboxServerCommandLauncher *callbacks;
  DevboxLauncher *launcher; /* NULL once it has let go */

  char *program;
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
  GString *kept[N_OUTPUTS];

  DevboxCommandState state;
  GPid pid;
  int exit_code;
  int term_signal;
  gboolean timed_out;
  GError *error;
  gint64 start_time; /* real */
  gint64 started;    /* monotonic */
  gint64 ended;
  gint64 user_time;
  gint64 system_time;
  gint64 max_resident;

  DevboxCommandFunc done;
  gpointer user_data;
  GDestroyNotify destroy;
};

static void consider_done (DevboxServerCommand *self);

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
set_timer (DevboxServerCommand *self, GSource **timer, guint milliseconds, GSourceFunc callback)
{
  clear_source (timer);
  *timer = g_timeout_source_new (milliseconds);
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

DevboxServerCommand *
devbox_server_command_new (const DevboxCommandSpec *spec,
                           const char *const *environment,
                           GMainContext *context,
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
  self->folder = g_strdup (spec->cwd);
  self->strings = g_byte_array_new ();
  self->request.protocol = DEVBOX_LAUNCHER_PROTOCOL;
  self->request.timeout_ms = spec->timeout_ms;
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
      self->kept[i] = g_string_new (NULL);
      self->outputs[i].fd = -1;
      self->outputs[i].limit = spec->output_limit;
      self->outputs[i].kept = self->kept[i];
    }
  self->state = DEVBOX_COMMAND_STARTING;
  self->exit_code = -1;
  self->start_time = g_get_real_time ();
  self->started = g_get_monotonic_time ();
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

static void
free_kept (DevboxServerCommand *self)
{
  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      self->outputs[i].kept = NULL;
      if (self->kept[i] != NULL)
        g_string_free (g_steal_pointer (&self->kept[i]), TRUE);
    }
}

void
devbox_server_command_unref (DevboxServerCommand *self)
{
  g_return_if_fail (self->ref_count > 0);

  if (--self->ref_count > 0)
    {
      /* Nobody but the launcher can ask any more. */
      if (self->ref_count == 1 && self->told && self->launcher != NULL)
        free_kept (self);
      return;
    }

  clear_source (&self->control_source);
  clear_source (&self->drain_timer);
  clear_source (&self->grace_timer);
  clear_source (&self->failure_idle);
  close_fd (&self->control);
  close_fd (&self->folder_fd);
  close_streams (self);
  free_kept (self);
  g_clear_pointer (&self->strings, g_byte_array_unref);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->error);
  g_main_context_unref (self->context);
  g_free (self->program);
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
tell (DevboxServerCommand *self)
{
  self->told = TRUE;
  clear_source (&self->drain_timer);
  clear_source (&self->grace_timer);
  devbox_command_input_close (&self->input);
  for (guint i = 0; i < N_OUTPUTS; i++)
    self->outputs[i].kept = NULL;

  self->done (self, self->user_data);
  if (self->destroy != NULL)
    self->destroy (self->user_data);

  consider_finished (self);
}

static gboolean
is_open (const DevboxServerCommand *self)
{
  return devbox_command_output_is_open (&self->outputs[STDOUT])
         || devbox_command_output_is_open (&self->outputs[STDERR]);
}

static gboolean
on_drain_timeout (gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  clear_source (&self->drain_timer);
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

  if (self->state == DEVBOX_COMMAND_STARTING || self->state == DEVBOX_COMMAND_RUNNING || (self->killed && !gone))
    return;

  if (self->state != DEVBOX_COMMAND_FAILED_TO_START && is_open (self))
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

/* Ends as if by SIGKILL, with the reason (transfer full). */
static void
set_lost (DevboxServerCommand *self, GError *error)
{
  gboolean started = self->state == DEVBOX_COMMAND_RUNNING;

  g_clear_error (&self->error);
  self->error = error;
  self->ended = g_get_monotonic_time ();
  self->state = started ? DEVBOX_COMMAND_SIGNALED : DEVBOX_COMMAND_FAILED_TO_START;
  if (started)
    {
      self->term_signal = SIGKILL;
      self->exit_code = 128 + SIGKILL;
    }
}

static gboolean
has_ended (const DevboxServerCommand *self)
{
  return self->state != DEVBOX_COMMAND_STARTING && self->state != DEVBOX_COMMAND_RUNNING;
}

static void
close_control (DevboxServerCommand *self)
{
  clear_source (&self->control_source);
  if (self->control >= 0)
    shutdown (self->control, SHUT_RDWR); /* also for a copy that a fork of this process holds */
  close_fd (&self->control);
}

static gboolean
on_grace_timeout (gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  clear_source (&self->grace_timer);
  if (self->told)
    return G_SOURCE_REMOVE;

  /* It was stopped, perhaps by the command, or it hangs in starting it, on a dead file system. While its end of the
   * socket is open its number is its own; the helper then kills what it leaves. */
  if (self->control >= 0 && self->supervisor > 0)
    kill (self->supervisor, SIGKILL);
  else
    close_control (self);

  self->killed = TRUE;
  if (self->request.timeout_ms > 0
      && g_get_monotonic_time () - self->started >= (gint64) self->request.timeout_ms * 1000)
    self->timed_out = TRUE;
  if (!has_ended (self))
    set_lost (self, g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                                 _ ("“%s” could not be killed within %d seconds"), self->program, GRACE_MS / 1000));
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

static void
handle_started (DevboxServerCommand *self, const DevboxLauncherEvent *event)
{
  self->state = DEVBOX_COMMAND_RUNNING;
  self->pid = event->pid;
  self->start_time -= self->started - event->time;
  self->started = event->time;
}

static void
handle_failed (DevboxServerCommand *self, const DevboxLauncherEvent *event)
{
  const char *reason = g_strerror (event->status);

  self->state = DEVBOX_COMMAND_FAILED_TO_START;
  self->ended = g_get_monotonic_time ();
  g_clear_error (&self->error);

  switch (event->stage)
    {
    case DEVBOX_LAUNCHER_STAGE_FOLDER:
      self->error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                                 _ ("Cannot start “%s” in the folder “%s”: %s"), self->program,
                                 self->folder != NULL ? self->folder : ".", reason);
      break;
    case DEVBOX_LAUNCHER_STAGE_EXEC:
      self->error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("Cannot start “%s”: %s"),
                                 self->program, reason);
      break;
    default:
      self->error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                                 _ ("The launcher could not start “%s”: %s"), self->program, reason);
      break;
    }
}

static void
handle_exited (DevboxServerCommand *self, const DevboxLauncherEvent *event)
{
  if (WIFSIGNALED (event->status))
    {
      self->state = DEVBOX_COMMAND_SIGNALED;
      self->term_signal = WTERMSIG (event->status);
      self->exit_code = 128 + self->term_signal;
    }
  else
    {
      self->state = DEVBOX_COMMAND_EXITED;
      self->exit_code = WEXITSTATUS (event->status);
      g_clear_error (&self->error);
    }

  self->timed_out = event->timed_out != 0;
  self->killed |= self->timed_out;
  self->ended = event->time;
  self->user_time = event->user_time;
  self->system_time = event->system_time;
  self->max_resident = event->max_resident;

  if (self->killed)
    arm_grace (self, GRACE_MS);
  else
    clear_source (&self->grace_timer);

  /* Mostly all of it is there already, and this saves a turn of the main loop. */
  for (guint i = 0; i < N_OUTPUTS; i++)
    devbox_command_output_drain (&self->outputs[i]);
}

static void
handle_event (DevboxServerCommand *self, const DevboxLauncherEvent *event)
{
  if (has_ended (self))
    return;

  switch (event->type)
    {
    case DEVBOX_LAUNCHER_SUPERVISED:
      self->supervisor = event->pid;
      break;
    case DEVBOX_LAUNCHER_STARTED:
      handle_started (self, event);
      break;
    case DEVBOX_LAUNCHER_FAILED:
      handle_failed (self, event);
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
  clear_source (&self->control_source);
  close_fd (&self->control);

  if (!has_ended (self))
    set_lost (self,
              g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                           self->state == DEVBOX_COMMAND_STARTING ? _ ("The launcher ended before it could start “%s”")
                                                                  : _ ("The supervisor of “%s” was killed"),
                           self->program));

  for (guint i = 0; i < N_OUTPUTS; i++)
    devbox_command_output_drain (&self->outputs[i]);
}

static gboolean
on_control (int fd, GIOCondition condition, gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  for (;;)
    {
      DevboxLauncherEvent event;
      gssize size = recv (fd, &event, sizeof event, MSG_DONTWAIT);

      if (size < 0 && errno == EINTR)
        continue;
      if (size < 0 && errno == EAGAIN)
        break;
      if (size != sizeof event)
        {
          handle_gone (self);
          break;
        }

      handle_event (self, &event);
    }

  if (self->state != DEVBOX_COMMAND_STARTING)
    answered (self);
  consider_done (self);

  return G_SOURCE_CONTINUE;
}

/* What a packet could not carry. */
static int
write_strings (const GByteArray *strings)
{
  gsize written = 0;
  int fd = memfd_create ("devbox-command", MFD_CLOEXEC);

  while (fd >= 0 && written < strings->len)
    {
      gssize n = write (fd, strings->data + written, strings->len - written);

      if (n > 0)
        written += n;
      else if (errno != EINTR)
        close_fd (&fd);
    }

  return fd;
}

typedef struct
{
  int control[2];
  int strings;
  int input[2];
  int outputs[N_OUTPUTS][2];
} Descriptors;

static void
descriptors_clear (Descriptors *self)
{
  int saved_errno = errno;

  for (guint i = 0; i < 2; i++)
    {
      close_fd (&self->control[i]);
      close_fd (&self->input[i]);
      close_fd (&self->outputs[STDOUT][i]);
      close_fd (&self->outputs[STDERR][i]);
    }
  close_fd (&self->strings);
  errno = saved_errno;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Descriptors, descriptors_clear)

/* Our ends do not block; the command's do, as programs expect. */
static gboolean
open_pipe (int *fds, guint ours)
{
  return pipe2 (fds, O_CLOEXEC) == 0 && fcntl (fds[ours], F_SETFL, O_NONBLOCK) == 0;
}

static gboolean
descriptors_open (Descriptors *self, DevboxServerCommand *command)
{
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, self->control) != 0)
    return FALSE;

  self->strings = write_strings (command->strings);

  return self->strings >= 0 && open_pipe (self->outputs[STDOUT], 0) && open_pipe (self->outputs[STDERR], 0)
         && (command->bytes == NULL || open_pipe (self->input, 1));
}

static gboolean
send_request (DevboxServerCommand *self, int helper_socket, const Descriptors *descriptors)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (DEVBOX_LAUNCHER_N_DESCRIPTORS * sizeof (int))];
  } rights = { 0 };
  struct iovec vector = { .iov_base = &self->request, .iov_len = sizeof self->request };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &rights };
  int fds[DEVBOX_LAUNCHER_N_DESCRIPTORS] = {
    [DEVBOX_LAUNCHER_CONTROL] = descriptors->control[1],
    [DEVBOX_LAUNCHER_STRINGS] = descriptors->strings,
    [DEVBOX_LAUNCHER_STDOUT] = descriptors->outputs[STDOUT][1],
    [DEVBOX_LAUNCHER_STDERR] = descriptors->outputs[STDERR][1],
  };
  gsize n_fds = DEVBOX_LAUNCHER_N_REQUIRED;
  struct cmsghdr *header;
  gssize sent;

  if (descriptors->input[0] >= 0)
    {
      self->request.flags |= DEVBOX_LAUNCHER_HAS_STDIN;
      fds[n_fds++] = descriptors->input[0];
    }
  if (self->folder_fd >= 0)
    {
      self->request.flags |= DEVBOX_LAUNCHER_HAS_FOLDER;
      fds[n_fds++] = self->folder_fd;
    }

  message.msg_controllen = CMSG_SPACE (n_fds * sizeof (int));
  header = CMSG_FIRSTHDR (&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (n_fds * sizeof (int));
  memcpy (CMSG_DATA (header), fds, n_fds * sizeof (int));

  do
    sent = sendmsg (helper_socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);

  return sent == sizeof self->request;
}

gboolean
devbox_server_command_send (DevboxServerCommand *self,
                            int helper_socket,
                            guint64 open_files,
                            gboolean *helper_lost,
                            GError **error)
{
  g_auto (Descriptors) descriptors = { { -1, -1 }, -1, { -1, -1 }, { { -1, -1 }, { -1, -1 } } };
  int saved_errno = self->folder_errno;

  *helper_lost = FALSE;
  self->request.open_files = open_files;
  self->request.strings_size = self->strings->len;
  self->request.flags = 0;

  if (saved_errno == 0 && !descriptors_open (&descriptors, self))
    saved_errno = errno;
  if (saved_errno == 0 && !send_request (self, helper_socket, &descriptors))
    {
      saved_errno = errno;
      *helper_lost = saved_errno == EPIPE || saved_errno == ECONNRESET || saved_errno == ENOTCONN;
    }
  if (saved_errno != 0)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR, _ ("The launcher could not start “%s”: %s"),
                   self->program, g_strerror (saved_errno));
      return FALSE;
    }

  self->sent = TRUE;
  self->control = g_steal_fd (&descriptors.control[0]);
  self->control_source = g_unix_fd_source_new (self->control, G_IO_IN);
  g_source_set_callback (self->control_source, G_SOURCE_FUNC (on_control), self, NULL);
  g_source_attach (self->control_source, self->context);
  for (guint i = 0; i < N_OUTPUTS; i++)
    devbox_command_output_open (&self->outputs[i], g_steal_fd (&descriptors.outputs[i][0]), self->context,
                                on_output_ended, self);
  if (self->bytes != NULL)
    devbox_command_input_open (&self->input, g_steal_fd (&descriptors.input[1]), self->context, self->bytes);
  if (self->request.timeout_ms > 0)
    arm_grace (self, MIN (self->request.timeout_ms, G_MAXUINT - GRACE_MS) + GRACE_MS);

  close_fd (&self->folder_fd);
  g_clear_pointer (&self->strings, g_byte_array_unref);
  g_clear_pointer (&self->bytes, g_bytes_unref);

  return TRUE;
}

static gboolean
on_failure_idle (gpointer user_data)
{
  g_autoptr (DevboxServerCommand) self = devbox_server_command_ref (user_data);

  clear_source (&self->failure_idle);
  consider_done (self);

  return G_SOURCE_REMOVE;
}

void
devbox_server_command_fail (DevboxServerCommand *self, GError *error)
{
  set_lost (self, error);
  self->failure_idle = g_idle_source_new ();
  g_source_set_priority (self->failure_idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->failure_idle, on_failure_idle, self, NULL);
  g_source_attach (self->failure_idle, self->context);
}

static void
send_signal (DevboxServerCommand *self, int signum)
{
  DevboxLauncherSignal message = { .signum = signum };

  /* A few fit; more than that, unread, say nothing new. */
  while (send (self->control, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EINTR)
    ;
}

void
devbox_server_command_kill (DevboxServerCommand *self)
{
  if (!self->sent && !has_ended (self))
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

  if (!has_ended (self) && self->error == NULL)
    self->error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                               _ ("The launcher was killed while “%s” ran"), self->program);
  devbox_server_command_kill (self);
}

void
devbox_server_command_disconnect (DevboxServerCommand *self)
{
  self->launcher = NULL;
  close_control (self);
  clear_source (&self->failure_idle);

  if (!has_ended (self))
    set_lost (self, g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE,
                                 _ ("“%s” was killed: the launcher was closed"), self->program));
  if (!self->told)
    tell (self);
  close_streams (self);
}

DevboxCommandState
devbox_server_command_get_state (DevboxServerCommand *self)
{
  return self->state;
}

GPid
devbox_server_command_get_pid (DevboxServerCommand *self)
{
  return self->pid;
}

int
devbox_server_command_get_exit_code (DevboxServerCommand *self)
{
  return self->exit_code;
}

int
devbox_server_command_get_term_signal (DevboxServerCommand *self)
{
  return self->term_signal;
}

gboolean
devbox_server_command_get_timed_out (DevboxServerCommand *self)
{
  return self->timed_out;
}

const GError *
devbox_server_command_get_error (DevboxServerCommand *self)
{
  return self->error;
}

const GString *
devbox_server_command_get_stdout (DevboxServerCommand *self)
{
  return self->kept[STDOUT];
}

const GString *
devbox_server_command_get_stderr (DevboxServerCommand *self)
{
  return self->kept[STDERR];
}

gboolean
devbox_server_command_get_stdout_truncated (DevboxServerCommand *self)
{
  return self->outputs[STDOUT].truncated;
}

gboolean
devbox_server_command_get_stderr_truncated (DevboxServerCommand *self)
{
  return self->outputs[STDERR].truncated;
}

void
devbox_server_command_discard_output (DevboxServerCommand *self)
{
  g_return_if_fail (self->told);

  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      self->outputs[i].truncated |= self->kept[i]->len > 0;
      g_string_free (self->kept[i], TRUE);
      self->kept[i] = g_string_new (NULL);
    }
}

const char *
devbox_server_command_get_program (DevboxServerCommand *self)
{
  return self->program;
}

void
devbox_server_command_get_usage (DevboxServerCommand *self,
                                 gint64 *user_time,
                                 gint64 *system_time,
                                 gint64 *max_resident)
{
  *user_time = self->user_time;
  *system_time = self->system_time;
  *max_resident = self->max_resident;
}

gint64
devbox_server_command_get_start_time (DevboxServerCommand *self)
{
  return self->start_time;
}

gint64
devbox_server_command_get_duration (DevboxServerCommand *self)
{
  return (has_ended (self) ? self->ended : g_get_monotonic_time ()) - self->started;
}
