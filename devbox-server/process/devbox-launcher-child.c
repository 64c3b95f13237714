/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-launcher-helper-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The supervisor waits in vfork () meanwhile and shares its memory: nothing here takes any or returns. Two things
 * follow. Starting a command costs the same whatever the supervisor holds, and a folder on a file system that hangs
 * holds the supervisor up; the agent gives such a command up by itself. */

static _Noreturn void
fail (DevboxLauncherChild *self, DevboxLauncherStage stage, int error)
{
  self->failed_stage = stage;
  self->failed_errno = error;
  _exit (127);
}

static const char *
find_variable (char **environment, const char *name)
{
  size_t length = strlen (name);

  for (; *environment != NULL; environment++)
    {
      if (strncmp (*environment, name, length) == 0 && (*environment)[length] == '=')
        return *environment + length + 1;
    }

  return NULL;
}

/* The reasons for which a search goes on to the next folder. */
static bool
is_elsewhere (int error)
{
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE || error == ENODEV
         || error == ETIMEDOUT;
}

bool
devbox_launcher_child_prepare (DevboxLauncherChild *self)
{
  self->search_path = find_variable (self->environment, "PATH");
  if (self->search_path == NULL)
    self->search_path = _PATH_DEFPATH;
  self->candidate = malloc (strlen (self->search_path) + strlen (self->arguments[0]) + 2);

  return self->candidate != NULL;
}

void
devbox_launcher_child_clear (DevboxLauncherChild *self)
{
  free (self->candidate);
  free (self->arguments);
  free (self->environment);
}

/* Like execvpe (), but with the PATH of the command, and without handing a file of an unknown format to a shell.
 * Returns errno. */
static int
search_and_exec (DevboxLauncherChild *self)
{
  const char *name = self->arguments[0];
  const char *path = self->search_path;
  int error = ENOENT;

  if (name[0] == '\0')
    return ENOENT;

  if (strchr (name, '/') != NULL)
    {
      execve (name, self->arguments, self->environment);
      return errno;
    }

  for (;;)
    {
      size_t length = strcspn (path, ":");

      /* An empty element is the current folder. */
      memcpy (self->candidate, path, length);
      if (length > 0)
        self->candidate[length] = '/';
      strcpy (self->candidate + length + (length > 0), name);

      execve (self->candidate, self->arguments, self->environment);
      if (!is_elsewhere (errno))
        return errno;
      if (errno == EACCES)
        error = EACCES;

      path += length;
      if (*path++ == '\0')
        return error;
    }
}

static void
restore_open_files (uint64_t soft)
{
  struct rlimit limit;

  if (soft == 0 || getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;

  limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

/* Where memory runs out commands go, not what serves them. Best effort: there may be no /proc. */
static void
raise_oom_score (void)
{
  static const char raised[] = "500";
  char score[16] = "";
  int fd = open ("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);

  if (fd < 0)
    return;

  if (read (fd, score, sizeof score - 1) > 0 && atoi (score) < atoi (raised))
    (void) !write (fd, raised, strlen (raised));
  close (fd);
}

static void
restore_signals (void)
{
  struct sigaction action = { .sa_handler = SIG_DFL };
  sigset_t none;

  /* Those that the helper handles; to take them away first lets none that is pending vanish in a handler. */
  sigaction (SIGCHLD, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

void
devbox_launcher_child_exec (DevboxLauncherChild *self)
{
  setsid ();

  if ((self->stdin_fd >= 0 && dup2 (self->stdin_fd, STDIN_FILENO) < 0) || dup2 (self->stdout_fd, STDOUT_FILENO) < 0
      || dup2 (self->stderr_fd, STDERR_FILENO) < 0)
    fail (self, DEVBOX_LAUNCHER_STAGE_PREPARE, errno);

  if (self->folder_fd >= 0 && fchdir (self->folder_fd) != 0)
    fail (self, DEVBOX_LAUNCHER_STAGE_FOLDER, errno);
  if (self->folder_fd < 0 && self->folder != NULL && chdir (self->folder) != 0)
    fail (self, DEVBOX_LAUNCHER_STAGE_FOLDER, errno);

  /* All of ours are closed on exec as they are; this is for what was not. */
  close_range (3, ~0U, CLOSE_RANGE_CLOEXEC);
  restore_open_files (self->open_files);
  raise_oom_score ();
  restore_signals ();

  fail (self, DEVBOX_LAUNCHER_STAGE_EXEC, search_and_exec (self));
}
