/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-launcher-helper-private.h"

#include "devbox-suspend-gap-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct
{
  int control;
  int feed; /* -1: stdin is not ours to write */
  pid_t command;
  int64_t started; /* monotonic, µs: when the command was made */
  bool exited;
  bool timed_out;
  int64_t deadline;  /* monotonic, µs; 0: none */
  int64_t last_seen; /* of the clock, while there is a deadline */
} Supervisor;

static int64_t
get_monotonic_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
to_microseconds (const struct timeval *time)
{
  return (int64_t) time->tv_sec * 1000000 + time->tv_usec;
}

/* An agent that is gone is seen by the end of the socket, not here. */
void
devbox_launcher_send_event (int control, const DevboxLauncherEvent *event)
{
  ssize_t sent;

  do
    sent = send (control, event, sizeof *event, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
}

void
devbox_launcher_send_failure (int control, DevboxLauncherStage stage, int error)
{
  DevboxLauncherEvent event = { .type = DEVBOX_LAUNCHER_FAILED, .stage = stage, .status = error };

  devbox_launcher_send_event (control, &event);
}

/* Cuts n strings out of the file's; FALSE when it holds fewer. */
static bool
take_strings (char **strings, uint32_t n, char **position, const char *end)
{
  for (uint32_t i = 0; i < n; i++)
    {
      char *terminator = memchr (*position, '\0', end - *position);

      if (terminator == NULL)
        return false;

      strings[i] = *position;
      *position = terminator + 1;
    }

  strings[n] = NULL;
  return true;
}

/* Fills in arguments, environment and folder, which point into the mapped file. Returns errno. */
static int
map_strings (DevboxLauncherChild *child, const DevboxLauncherRequest *request, int fd, char **mapped)
{
  struct stat status;
  char *folder[2];
  char *position;
  const char *end;

  if (fstat (fd, &status) != 0)
    return errno;
  if ((uint64_t) status.st_size != request->strings_size || status.st_size == 0 || request->n_arguments == 0)
    return EBADMSG;

  child->arguments = calloc ((size_t) request->n_arguments + 1, sizeof *child->arguments);
  child->environment = calloc ((size_t) request->n_environment + 1, sizeof *child->environment);
  if (child->arguments == NULL || child->environment == NULL)
    return ENOMEM;

  *mapped = mmap (NULL, request->strings_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (*mapped == MAP_FAILED)
    return errno;

  position = *mapped;
  end = position + request->strings_size;
  if (!take_strings (child->arguments, request->n_arguments, &position, end)
      || !take_strings (child->environment, request->n_environment, &position, end)
      || !take_strings (folder, request->has_folder ? 1 : 0, &position, end))
    return EBADMSG;

  child->folder = request->has_folder ? folder[0] : NULL;
  return 0;
}

static void
report_start (Supervisor *self, const DevboxLauncherChild *child)
{
  DevboxLauncherEvent event = { .type = DEVBOX_LAUNCHER_STARTED, .pid = self->command, .time = self->started };

  if (child->failed_errno == 0)
    devbox_launcher_send_event (self->control, &event);
  else
    devbox_launcher_send_failure (self->control, child->failed_stage, child->failed_errno);
}

/* TRUE: there was none to make, or it was made. */
static bool
open_feed (Supervisor *self, uint32_t flags, DevboxLauncherChild *child)
{
  int ends[2];

  self->feed = -1;
  if (!(flags & DEVBOX_LAUNCHER_IS_FED))
    return true;
  if (pipe2 (ends, O_CLOEXEC) != 0)
    return false;

  child->stdin_fd = ends[0];
  self->feed = ends[1];
  return fcntl (self->feed, F_SETFL, O_NONBLOCK) == 0;
}

static void
fork_command (Supervisor *self, DevboxLauncherChild *child)
{
  /* Afterwards the command may have run for a while before this goes on. */
  self->started = get_monotonic_time ();
  self->command = vfork ();
  if (self->command == 0)
    devbox_launcher_child_exec (child);
  else if (self->command < 0)
    child->failed_errno = errno;
  else if (child->failed_errno != 0)
    waitpid (self->command, NULL, 0);
}

/* What only the command needs is not kept: it may run for days. FALSE: it did not start, and the agent was told. */
static bool
start_command (Supervisor *self, const DevboxLauncherRequest *request, const int *descriptors)
{
  DevboxLauncherChild child = { .folder_fd = -1,
                                .stdin_fd = -1,
                                .stdout_fd = descriptors[DEVBOX_LAUNCHER_STDOUT],
                                .stderr_fd = descriptors[DEVBOX_LAUNCHER_STDERR],
                                .open_files = request->open_files };
  int n_descriptors = DEVBOX_LAUNCHER_N_REQUIRED;
  char *mapped = MAP_FAILED;

  if (request->flags & DEVBOX_LAUNCHER_HAS_STDIN)
    child.stdin_fd = descriptors[n_descriptors++];
  if (request->flags & DEVBOX_LAUNCHER_HAS_FOLDER)
    child.folder_fd = descriptors[n_descriptors++];

  child.failed_errno = map_strings (&child, request, descriptors[DEVBOX_LAUNCHER_STRINGS], &mapped);
  if (child.failed_errno == 0 && !devbox_launcher_child_prepare (&child))
    child.failed_errno = ENOMEM;
  if (child.failed_errno == 0 && !open_feed (self, request->flags, &child))
    child.failed_errno = errno;
  if (child.failed_errno == 0)
    fork_command (self, &child);

  report_start (self, &child);

  for (int i = DEVBOX_LAUNCHER_STRINGS; i < n_descriptors; i++)
    close (descriptors[i]);
  if (self->feed >= 0)
    close (child.stdin_fd);
  if (mapped != MAP_FAILED)
    munmap (mapped, request->strings_size);
  devbox_launcher_child_clear (&child);

  return child.failed_errno == 0;
}

static void
settle_exit (Supervisor *self, int status, const struct rusage *usage)
{
  DevboxLauncherEvent event = { .type = DEVBOX_LAUNCHER_EXITED,
                                .status = status,
                                .timed_out = self->timed_out,
                                .time = get_monotonic_time (),
                                .user_time = to_microseconds (&usage->ru_utime),
                                .system_time = to_microseconds (&usage->ru_stime),
                                .max_resident = usage->ru_maxrss };

  self->exited = true;
  devbox_launcher_send_event (self->control, &event);
}

/* How many were reaped, or -1 when there is no child left. */
static int
reap (Supervisor *self)
{
  struct rusage usage;
  int n_reaped = 0;
  int status;
  pid_t pid;

  while ((pid = wait4 (-1, &status, WNOHANG, &usage)) > 0)
    {
      n_reaped++;
      if (pid == self->command)
        settle_exit (self, status, &usage);
    }

  return pid < 0 && errno == ECHILD ? -1 : n_reaped;
}

/* Until nothing is left. A process that forks faster than it can be found is hunted without a pause; there is one only
 * while nothing moves, which means that some process sits in the kernel and cannot die yet. */
static void
kill_all (Supervisor *self)
{
  sigset_t child_signal;
  int n_reaped;

  sigemptyset (&child_signal);
  sigaddset (&child_signal, SIGCHLD);
  setpriority (PRIO_PROCESS, 0, -20); /* against a fork bomb, where it is allowed */

  for (;;)
    {
      devbox_launcher_tree_kill (NULL);
      n_reaped = reap (self);
      if (n_reaped < 0)
        return;
      if (n_reaped == 0)
        sigtimedwait (&child_signal, NULL, &(struct timespec){ .tv_nsec = 10 * 1000 * 1000 });
    }
}

static void
fill_slots (const DevboxLauncherOrder *order, const int *descriptors, size_t n_descriptors)
{
  if (order->slot > DEVBOX_LAUNCHER_N_SLOTS || order->n_closed > DEVBOX_LAUNCHER_N_SLOTS - order->slot
      || n_descriptors > DEVBOX_LAUNCHER_N_SLOTS - order->slot)
    return;

  for (uint32_t i = 0; i < order->n_closed; i++)
    close (DEVBOX_LAUNCHER_FIRST_SLOT + order->slot + i);
  for (size_t i = 0; i < n_descriptors; i++)
    dup3 (descriptors[i], DEVBOX_LAUNCHER_FIRST_SLOT + order->slot + i, O_CLOEXEC);
}

/* One order is a few lines, of which the pipe holds hundreds: a command that reads none of them is not waited for. */
static void
feed (Supervisor *self, const DevboxLauncherOrder *order, const int *descriptors, size_t n_descriptors)
{
  ssize_t written;

  fill_slots (order, descriptors, n_descriptors);
  if (n_descriptors > 0)
    devbox_launcher_tree_mark (self->command);
  if (order->n_bytes == 0 || self->feed < 0)
    return;

  do
    written = write (self->feed, order->bytes, order->n_bytes);
  while (written < 0 && errno == EINTR);
}

/* FALSE: all is to be killed. */
static bool
obey (Supervisor *self, const DevboxLauncherOrder *order, const int *descriptors, size_t n_descriptors)
{
  switch (order->type)
    {
    case DEVBOX_LAUNCHER_SIGNAL:
      if (order->signum == SIGKILL)
        return false;
      devbox_launcher_tree_signal (order->signum);
      return true;
    case DEVBOX_LAUNCHER_FEED:
      feed (self, order, descriptors, n_descriptors);
      return true;
    case DEVBOX_LAUNCHER_INTERRUPT:
      devbox_launcher_tree_interrupt (self->command, self->exited ? 0 : order->command_signum, order->signum);
      return true;
    default:
      return false;
    }
}

static bool
handle_control (Supervisor *self)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (DEVBOX_LAUNCHER_N_SLOTS * sizeof (int))];
  } rights;
  DevboxLauncherOrder order;
  struct iovec vector = { .iov_base = &order, .iov_len = sizeof order };
  struct msghdr message
      = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
  int descriptors[DEVBOX_LAUNCHER_N_SLOTS];
  size_t n_descriptors;
  ssize_t size = recvmsg (self->control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  bool goes_on;

  if (size < 0)
    return errno == EAGAIN || errno == EINTR;

  n_descriptors = devbox_launcher_take_descriptors (&message, descriptors);
  goes_on = size >= (ssize_t) offsetof (DevboxLauncherOrder, bytes)
            && (size_t) size == offsetof (DevboxLauncherOrder, bytes) + order.n_bytes
            && obey (self, &order, descriptors, n_descriptors);
  for (size_t i = 0; i < n_descriptors; i++)
    close (descriptors[i]);

  return goes_on;
}

/* Waits for the next thing to happen; TRUE: something came from the agent. */
static bool
wait_for_events (Supervisor *self)
{
  struct pollfd polled = { .fd = self->control, .events = POLLIN };
  struct timespec timeout = { 0 };
  bool timed = self->deadline > 0 && !self->exited;
  sigset_t none;

  if (timed)
    {
      int64_t remaining = self->deadline - get_monotonic_time ();

      if (remaining > DEVBOX_SUSPEND_TICK_USEC)
        remaining = DEVBOX_SUSPEND_TICK_USEC;
      if (remaining > 0)
        timeout = (struct timespec){ .tv_sec = remaining / 1000000, .tv_nsec = remaining % 1000000 * 1000 };
    }

  sigemptyset (&none);
  return ppoll (&polled, 1, timed ? &timeout : NULL, &none) > 0;
}

/* The time in which we were frozen, mostly with the command, does not count. */
static bool
is_overdue (Supervisor *self)
{
  int64_t now = get_monotonic_time ();

  if (self->deadline == 0 || self->exited)
    return false;

  self->deadline += devbox_suspend_gap_measure (&self->last_seen, now);
  return now >= self->deadline;
}

static void
supervise_command (Supervisor *self)
{
  for (;;)
    {
      bool requested = wait_for_events (self);

      if (reap (self) < 0)
        return;

      if (is_overdue (self))
        self->timed_out = true;
      if (self->timed_out || devbox_launcher_is_terminated () || (requested && !handle_control (self)))
        {
          kill_all (self);
          return;
        }
    }
}

void
devbox_launcher_supervise (const DevboxLauncherRequest *request, const int *descriptors, pid_t helper)
{
  Supervisor self = { .control = descriptors[DEVBOX_LAUNCHER_CONTROL] };

  prctl (PR_SET_CHILD_SUBREAPER, 1);
  prctl (PR_SET_PDEATHSIG, SIGTERM);
  devbox_launcher_set_parent (helper);
  if (devbox_launcher_is_orphan ())
    _exit (1);

  if (!start_command (&self, request, descriptors))
    _exit (0);

  if (request->timeout_ms > 0)
    {
      self.last_seen = get_monotonic_time ();
      self.deadline = self.last_seen + (int64_t) request->timeout_ms * 1000;
    }
  supervise_command (&self);
  _exit (0);
}
