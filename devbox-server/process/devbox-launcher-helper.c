/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-launcher-helper-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The program devbox-launcher: waits for requests of the agent that started it, and makes a supervisor of itself for
 * each. It ends, and with it every command, when the agent's end of the socket closes. */

static pid_t *supervisors;
static size_t n_supervisors;
static size_t allocated_supervisors;

static pid_t parent;
static volatile sig_atomic_t terminated;

/* A SIGTERM to everything in the session or the cgroup is not for us: who started us decides. */
static void
on_signal (int signum, siginfo_t *info, void *context)
{
  if (signum == SIGTERM && info->si_pid == parent)
    terminated = 1;
}

void
devbox_launcher_set_parent (pid_t pid)
{
  parent = pid;
  terminated = 0;
}

bool
devbox_launcher_is_orphan (void)
{
  return getppid () != parent;
}

bool
devbox_launcher_is_terminated (void)
{
  return terminated || devbox_launcher_is_orphan ();
}

static bool
is_supervisor (pid_t pid)
{
  for (size_t i = 0; i < n_supervisors; i++)
    {
      if (supervisors[i] == pid)
        return true;
    }

  return false;
}

static void
forget_supervisor (pid_t pid)
{
  for (size_t i = 0; i < n_supervisors; i++)
    {
      if (supervisors[i] == pid)
        {
          supervisors[i] = supervisors[--n_supervisors];
          return;
        }
    }
}

static bool
make_room_for_supervisor (void)
{
  size_t allocated = allocated_supervisors > 0 ? allocated_supervisors * 2 : 64;
  pid_t *larger;

  if (n_supervisors < allocated_supervisors)
    return true;

  larger = reallocarray (supervisors, allocated, sizeof *supervisors);
  if (larger == NULL)
    return false;

  supervisors = larger;
  allocated_supervisors = allocated;
  return true;
}

/* A supervisor that was killed leaves its command to us. Each stray that ends may leave us others, hence a sweep after
 * each. FALSE: no child is left. */
static bool
reap (void)
{
  bool strays = false;
  int status;
  pid_t pid;

  while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
    {
      if (!is_supervisor (pid) || status != 0)
        strays = true;
      forget_supervisor (pid);
    }

  if (strays)
    devbox_launcher_tree_kill (is_supervisor);

  return pid == 0;
}

size_t
devbox_launcher_take_descriptors (struct msghdr *message, int *descriptors)
{
  struct cmsghdr *header = CMSG_FIRSTHDR (message);
  size_t n = 0;

  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
    {
      n = (header->cmsg_len - CMSG_LEN (0)) / sizeof (int);
      memcpy (descriptors, CMSG_DATA (header), n * sizeof (int));
    }

  return n;
}

static size_t
count_descriptors (const DevboxLauncherRequest *request)
{
  return DEVBOX_LAUNCHER_N_REQUIRED + ((request->flags & DEVBOX_LAUNCHER_HAS_STDIN) != 0)
         + ((request->flags & DEVBOX_LAUNCHER_HAS_FOLDER) != 0);
}

static _Noreturn void
become_supervisor (const DevboxLauncherRequest *request, const int *descriptors, pid_t helper)
{
  /* From here, not from the helper, for which the command might be too fast. */
  DevboxLauncherEvent event = { .type = DEVBOX_LAUNCHER_SUPERVISED, .pid = getpid () };

  close (DEVBOX_LAUNCHER_REQUEST_FD);
  devbox_launcher_send_event (descriptors[DEVBOX_LAUNCHER_CONTROL], &event);
  devbox_launcher_supervise (request, descriptors, helper);
}

static void
start_supervisor (const DevboxLauncherRequest *request, const int *descriptors)
{
  pid_t helper = getpid ();
  pid_t pid;

  if (!make_room_for_supervisor ())
    {
      devbox_launcher_send_failure (descriptors[DEVBOX_LAUNCHER_CONTROL], DEVBOX_LAUNCHER_STAGE_PREPARE, ENOMEM);
      return;
    }

  pid = fork ();
  if (pid == 0)
    become_supervisor (request, descriptors, helper);
  else if (pid < 0)
    devbox_launcher_send_failure (descriptors[DEVBOX_LAUNCHER_CONTROL], DEVBOX_LAUNCHER_STAGE_PREPARE, errno);
  else
    supervisors[n_supervisors++] = pid;
}

/* FALSE: the agent is gone. */
static bool
handle_request (void)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (DEVBOX_LAUNCHER_N_DESCRIPTORS * sizeof (int))];
  } rights;
  DevboxLauncherRequest request;
  struct iovec vector = { .iov_base = &request, .iov_len = sizeof request };
  struct msghdr message
      = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
  int descriptors[DEVBOX_LAUNCHER_N_DESCRIPTORS];
  size_t n_descriptors;
  ssize_t size;

  size = recvmsg (DEVBOX_LAUNCHER_REQUEST_FD, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size == 0)
    return false;
  if (size < 0)
    return errno == EAGAIN || errno == EINTR;

  n_descriptors = devbox_launcher_take_descriptors (&message, descriptors);
  if (size == sizeof request && request.protocol == DEVBOX_LAUNCHER_PROTOCOL
      && n_descriptors == count_descriptors (&request))
    start_supervisor (&request, descriptors);
  else if (n_descriptors > DEVBOX_LAUNCHER_CONTROL)
    devbox_launcher_send_failure (descriptors[DEVBOX_LAUNCHER_CONTROL], DEVBOX_LAUNCHER_STAGE_PREPARE,
                                  message.msg_flags & MSG_CTRUNC ? EMFILE : EPROTO);

  for (size_t i = 0; i < n_descriptors; i++)
    close (descriptors[i]);

  return true;
}

static void
serve (void)
{
  sigset_t none;

  sigemptyset (&none);
  for (;;)
    {
      struct pollfd polled = { .fd = DEVBOX_LAUNCHER_REQUEST_FD, .events = POLLIN };

      if (ppoll (&polled, 1, NULL, &none) > 0 && !handle_request ())
        return;

      reap ();

      /* Not is_terminated (): the kernel signals the death of the agent's thread that started us, too. */
      if (devbox_launcher_is_orphan ())
        return;
    }
}

/* Supervisors get a second to end their commands; who is still there then is killed, with all below. */
static void
end_everything (void)
{
  const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
  int patience = 100;
  sigset_t child_signal;

  sigemptyset (&child_signal);
  sigaddset (&child_signal, SIGCHLD);
  for (size_t i = 0; i < n_supervisors; i++)
    kill (supervisors[i], SIGTERM);

  while (reap ())
    {
      if (patience == 0)
        devbox_launcher_tree_kill (NULL);
      if (sigtimedwait (&child_signal, NULL, &pause) < 0 && patience > 0)
        patience--;
    }
}

static void
prepare_signals (void)
{
  struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NOCLDSTOP };
  sigset_t blocked;

  sigemptyset (&action.sa_mask);
  sigaction (SIGCHLD, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  sigemptyset (&blocked);
  sigaddset (&blocked, SIGCHLD);
  sigaddset (&blocked, SIGTERM);
  sigprocmask (SIG_SETMASK, &blocked, NULL);
}

int
main (int argc, char **argv)
{
  int type;
  socklen_t size = sizeof type;

  if (getsockopt (DEVBOX_LAUNCHER_REQUEST_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    {
      fputs ("devbox-launcher is started by devbox-server, not by hand.\n", stderr);
      return 2;
    }

  /* For tests of systems that lack the children files. */
  if (argc > 1 && strcmp (argv[1], "--scan") == 0)
    devbox_launcher_tree_force_scan ();

  fcntl (DEVBOX_LAUNCHER_REQUEST_FD, F_SETFD, FD_CLOEXEC);
  devbox_launcher_set_parent (getppid ());
  prepare_signals ();
  prctl (PR_SET_CHILD_SUBREAPER, 1);
  prctl (PR_SET_PDEATHSIG, SIGTERM);

  serve ();
  end_everything ();
  return 0;
}
