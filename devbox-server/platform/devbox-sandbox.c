/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-sandbox-private.h"

#include "devbox-box-record-private.h"
#include "devbox-sandbox-mounts-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKSPACE "/workspace"
#define HOME "/home/devbox"
#define USER "devbox"
#define USER_ID "1000"
#define LIMITER "/usr/bin/prlimit"
#define FIRST_FD 3
#define MAX_COMPLAINT 1000

struct _DevboxSandbox
{
  DevboxSandboxKind kind;
  char *reason;
  char *agent;
  char *launcher;
  char *bubblewrap;
  GPtrArray *mounts;  /* the arguments that are the same for each box */
  GPtrArray *network; /* those of a box that shares the host's network */
  GPtrArray *programs;
  guint64 open_files_limit;
};

/* Of the platform's own environment, what also matters in a box. */
static const char *const kept_variables[] = {
  "LANG",         "LANGUAGE",      "LC_ALL",       "LC_CTYPE",     "LC_MESSAGES", "TZ",      "LD_LIBRARY_PATH",
  "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "GCOV_PREFIX", "G_DEBUG", "G_MESSAGES_DEBUG",
};

static int
open_text (const char *text, GError **error)
{
  int fd = memfd_create ("devbox-sandbox", MFD_CLOEXEC);

  if (fd < 0 || write (fd, text, strlen (text)) != (gssize) strlen (text) || lseek (fd, 0, SEEK_SET) != 0)
    {
      devbox_wire_set_file_error (error, errno, "%s", _ ("Cannot make a file for the sandbox"));
      if (fd >= 0)
        g_close (fd, NULL);
      return -1;
    }

  return fd;
}

/* What the child finds as the descriptor of this number. */
static char *
add_fd (DevboxSandboxCommand *command, int fd)
{
  g_assert (command->n_fds < DEVBOX_SANDBOX_MAX_FDS);
  command->fds[command->n_fds] = fd;

  return g_strdup_printf ("%u", FIRST_FD + command->n_fds++);
}

static gboolean
append_text (DevboxSandboxCommand *command, GPtrArray *arguments, const char *path, const char *text, GError **error)
{
  g_autofree char *number = NULL;
  int fd = open_text (text, error);

  if (fd < 0)
    return FALSE;

  number = add_fd (command, fd);
  devbox_sandbox_mounts_append (arguments, "--perms", "0644", "--ro-bind-data", number, path, NULL);
  return TRUE;
}

static void
append_all (GPtrArray *arguments, GPtrArray *others)
{
  for (guint i = 0; i < others->len; i++)
    g_ptr_array_add (arguments, g_strdup (others->pdata[i]));
}

static gboolean
append_accounts (DevboxSandboxCommand *command, GPtrArray *arguments, GError **error)
{
  return append_text (command, arguments, "/etc/passwd",
                      "root:x:0:0:root:/:/usr/sbin/nologin\n" USER ":x:" USER_ID ":" USER_ID ":" USER ":" HOME
                      ":/bin/bash\n"
                      "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
                      error)
         && append_text (command, arguments, "/etc/group", "root:x:0:\n" USER ":x:" USER_ID ":\nnogroup:x:65534:\n",
                         error);
}

static gboolean
append_network (DevboxSandbox *self,
                DevboxSandboxCommand *command,
                GPtrArray *arguments,
                const DevboxSandboxBox *box,
                GError **error)
{
  const char *name = box->name != NULL && devbox_box_name_is_valid (box->name) ? box->name : "devbox";
  g_autofree char *known = NULL;
  g_autofree char *hosts = NULL;

  devbox_sandbox_mounts_append (arguments, "--hostname", name, NULL);
  if (box->shares_network)
    append_all (arguments, self->network);
  else
    devbox_sandbox_mounts_append (arguments, "--unshare-net", NULL);

  if (!box->shares_network || !g_file_get_contents ("/etc/hosts", &known, NULL, NULL))
    known = g_strdup ("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
  hosts = g_strdup_printf ("%s\n127.0.1.1 %s\n", known, name);
  return append_text (command, arguments, "/etc/hosts", hosts, error);
}

/* Somebody who could put a link there would choose what the box is shown. */
static char *
find_folder (const char *box_folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (box_folder, name, NULL);
  struct stat info;

  if (lstat (path, &info) != 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot look at “%s”"), path);
      return NULL;
    }
  if (!S_ISDIR (info.st_mode))
    {
      devbox_wire_set_file_error (error, ENOTDIR, _ ("Cannot use “%s”"), path);
      return NULL;
    }

  return g_steal_pointer (&path);
}

static gboolean
append_bubblewrap (DevboxSandbox *self,
                   DevboxSandboxCommand *command,
                   GPtrArray *arguments,
                   const DevboxSandboxBox *box,
                   GError **error)
{
  g_autofree char *workspace = find_folder (box->folder, "workspace", error);
  g_autofree char *home = workspace != NULL ? find_folder (box->folder, "home", error) : NULL;
  g_autofree char *number = NULL;
  int info[2];

  if (home == NULL)
    return FALSE;

  devbox_sandbox_mounts_append (arguments, self->bubblewrap, "--unshare-user", "--uid", USER_ID, "--gid", USER_ID,
                                "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop",
                                "ALL", "--disable-userns", "--die-with-parent", "--new-session", NULL);
  append_all (arguments, self->mounts);
  if (!append_accounts (command, arguments, error) || !append_network (self, command, arguments, box, error))
    return FALSE;

  devbox_sandbox_mounts_append (arguments, "--bind", workspace, WORKSPACE, "--bind", home, HOME, NULL);
  append_all (arguments, self->programs);

  if (!g_unix_open_pipe (info, FD_CLOEXEC, error))
    return FALSE;
  command->info_fd = info[0];
  g_unix_set_fd_nonblocking (command->info_fd, TRUE, NULL);
  number = add_fd (command, info[1]);
  devbox_sandbox_mounts_append (arguments, "--info-fd", number, "--remount-ro", "/", "--chdir", WORKSPACE, "--", NULL);

  return TRUE;
}

char *
devbox_sandbox_dup_workspace_path (DevboxSandbox *self, const char *box_folder)
{
  return self->kind == DEVBOX_SANDBOX_BUBBLEWRAP ? g_strdup (WORKSPACE)
                                                 : g_build_filename (box_folder, "workspace", NULL);
}

char *
devbox_sandbox_dup_home_path (DevboxSandbox *self, const char *box_folder)
{
  return self->kind == DEVBOX_SANDBOX_BUBBLEWRAP ? g_strdup (HOME) : g_build_filename (box_folder, "home", NULL);
}

static GStrv
build_environment (DevboxSandbox *self, const DevboxSandboxBox *box)
{
  gboolean is_wrapped = self->kind == DEVBOX_SANDBOX_BUBBLEWRAP;
  g_autofree char *home = devbox_sandbox_dup_home_path (self, box->folder);
  const char *path = is_wrapped ? NULL : g_getenv ("PATH");
  GStrv environment = g_environ_setenv (NULL, "PATH", path != NULL ? path : DEVBOX_SANDBOX_PATH, TRUE);

  for (gsize i = 0; i < G_N_ELEMENTS (kept_variables); i++)
    {
      const char *value = g_getenv (kept_variables[i]);

      if (value != NULL)
        environment = g_environ_setenv (environment, kept_variables[i], value, TRUE);
    }

  environment = g_environ_setenv (environment, "HOME", home, TRUE);
  environment = g_environ_setenv (environment, "USER", is_wrapped ? USER : g_get_user_name (), TRUE);
  environment = g_environ_setenv (environment, "LOGNAME", is_wrapped ? USER : g_get_user_name (), TRUE);
  environment = g_environ_setenv (environment, "SHELL", "/bin/bash", TRUE);
  environment = g_environ_setenv (environment, DEVBOX_SANDBOX_MARK, box->uid, TRUE);
  environment = g_environ_setenv (environment, "DEVBOX_LAUNCHER", self->launcher, TRUE);

  /* A program from a build folder may be one that measures coverage, whose files have no place in the sandbox. */
  if (is_wrapped && !devbox_sandbox_mounts_has (self->agent))
    environment = g_environ_setenv (environment, "GCOV_PREFIX", "/tmp", TRUE);

  return environment;
}

static DevboxSandboxCommand *
build_command (DevboxSandbox *self, const char *const *program, const DevboxSandboxBox *box, GError **error)
{
  g_autoptr (DevboxSandboxCommand) command = g_new0 (DevboxSandboxCommand, 1);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);

  command->info_fd = -1;
  if (self->kind == DEVBOX_SANDBOX_BUBBLEWRAP)
    {
      command->folder = g_strdup ("/");
      if (!append_bubblewrap (self, command, arguments, box, error))
        return NULL;
    }
  else
    {
      command->folder = find_folder (box->folder, "workspace", error);
      if (command->folder == NULL)
        return NULL;
    }

  for (guint i = 0; program[i] != NULL; i++)
    g_ptr_array_add (arguments, g_strdup (program[i]));
  g_ptr_array_add (arguments, NULL);

  command->environment = build_environment (self, box);
  command->arguments = (GStrv) g_ptr_array_steal (arguments, NULL);
  return g_steal_pointer (&command);
}

static void
add_argument (DevboxSandboxCommand *command, char *argument)
{
  guint length = g_strv_length (command->arguments);

  command->arguments = g_renew (char *, command->arguments, length + 2);
  command->arguments[length] = argument;
  command->arguments[length + 1] = NULL;
}

/* The kernel counts the processes of each user namespace on their own, and bubblewrap makes one: so the limit is set
 * inside, where it concerns this box alone. */
DevboxSandboxCommand *
devbox_sandbox_build_command (DevboxSandbox *self, const DevboxSandboxBox *box, int socket_fd, GError **error)
{
  g_autofree char *limit = g_strdup_printf ("--nproc=%u", box->max_processes);
  const char *const limited[] = { LIMITER, limit, "--", self->agent, NULL };
  gboolean is_limited = box->max_processes > 0 && self->kind == DEVBOX_SANDBOX_BUBBLEWRAP
                        && g_file_test (LIMITER, G_FILE_TEST_IS_EXECUTABLE);
  DevboxSandboxCommand *command = build_command (self, is_limited ? limited : limited + 3, box, error);
  g_autofree char *number = NULL;

  if (command == NULL)
    {
      g_close (socket_fd, NULL);
      return NULL;
    }

  number = add_fd (command, socket_fd);
  add_argument (command, g_strconcat ("--box-socket=", number, NULL));
  return command;
}

void
devbox_sandbox_command_free (DevboxSandboxCommand *self)
{
  for (guint i = 0; i < self->n_fds; i++)
    g_close (self->fds[i], NULL);
  if (self->info_fd >= 0)
    g_close (self->info_fd, NULL);
  g_strfreev (self->arguments);
  g_strfreev (self->environment);
  g_free (self->folder);
  g_free (self);
}

gboolean
devbox_sandbox_command_spawn (DevboxSandboxCommand *self,
                              GSpawnChildSetupFunc setup,
                              gpointer setup_data,
                              int output_fd,
                              GPid *pid,
                              GError **error)
{
  const int targets[] = { FIRST_FD, FIRST_FD + 1, FIRST_FD + 2, FIRST_FD + 3, FIRST_FD + 4 };
  g_autoptr (GError) local_error = NULL;

  G_STATIC_ASSERT (G_N_ELEMENTS (targets) == DEVBOX_SANDBOX_MAX_FDS);

  if (g_spawn_async_with_pipes_and_fds (self->folder, (const char *const *) self->arguments,
                                        (const char *const *) self->environment, G_SPAWN_DO_NOT_REAP_CHILD, setup,
                                        setup_data, -1, output_fd, output_fd, self->fds, targets, self->n_fds, pid,
                                        NULL, NULL, NULL, &local_error))
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED, _ ("Cannot start “%s”: %s"),
               self->arguments[0], local_error->message);
  return FALSE;
}

static char *
read_complaint (int fd)
{
  char text[MAX_COMPLAINT + 1];
  gsize length = 0;
  gssize size;

  do
    {
      size = read (fd, text + length, MAX_COMPLAINT - length);
      length += MAX (size, 0);
    }
  while ((size > 0 && length < MAX_COMPLAINT) || (size < 0 && errno == EINTR));
  text[length] = '\0';

  return g_utf8_make_valid (g_strstrip (text), -1);
}

static gboolean
run_trial (DevboxSandbox *self, const char *box_folder, GError **error)
{
  const DevboxSandboxBox box = { .uid = "trial", .folder = box_folder };
  static const char *const program[] = { "/usr/bin/true", NULL };
  g_autoptr (DevboxSandboxCommand) command = NULL;
  g_autofree char *complaint = NULL;
  int pipe_fds[2];
  gboolean spawned;
  GPid pid;
  int status;

  command = build_command (self, program, &box, error);
  if (command == NULL || !g_unix_open_pipe (pipe_fds, FD_CLOEXEC, error))
    return FALSE;

  spawned = devbox_sandbox_command_spawn (command, NULL, NULL, pipe_fds[1], &pid, error);
  g_close (pipe_fds[1], NULL);
  complaint = read_complaint (pipe_fds[0]);
  g_close (pipe_fds[0], NULL);
  if (!spawned)
    return FALSE;

  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED,
               _ ("bubblewrap cannot make a sandbox on this machine: %s"),
               *complaint != '\0' ? complaint : _ ("it ended without a word"));
  return FALSE;
}

static gboolean
make_trial_folder (const char *folder, GError **error)
{
  g_autofree char *workspace = g_build_filename (folder, "workspace", NULL);
  g_autofree char *home = g_build_filename (folder, "home", NULL);

  if (g_mkdir (workspace, 0700) == 0 && g_mkdir (home, 0700) == 0)
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot make a folder in “%s”"), folder);
  return FALSE;
}

static void
remove_trial_folder (const char *folder)
{
  g_autofree char *workspace = g_build_filename (folder, "workspace", NULL);
  g_autofree char *home = g_build_filename (folder, "home", NULL);

  g_rmdir (workspace);
  g_rmdir (home);
  g_rmdir (folder);
}

static gboolean
try_bubblewrap (DevboxSandbox *self, GError **error)
{
  g_autofree char *folder = NULL;
  gboolean succeeded;

  self->bubblewrap = g_find_program_in_path ("bwrap");
  if (self->bubblewrap == NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED,
                   _ ("bubblewrap is not installed (sudo apt-get install bubblewrap)"));
      return FALSE;
    }

  folder = g_dir_make_tmp ("devbox-trial-XXXXXX", error);
  if (folder == NULL)
    return FALSE;

  devbox_sandbox_mounts_append_system (self->mounts);
  devbox_sandbox_mounts_append_network (self->network);
  devbox_sandbox_mounts_append_program (self->programs, self->agent);
  devbox_sandbox_mounts_append_program (self->programs, self->launcher);
  succeeded = make_trial_folder (folder, error) && run_trial (self, folder, error);
  remove_trial_folder (folder);

  return succeeded;
}

static char *
find_program (const char *given, const char *variable, const char *installed)
{
  const char *path = given != NULL ? given : g_getenv (variable);

  return g_canonicalize_filename (path != NULL ? path : installed, NULL);
}

static gboolean
check_program (const char *program, GError **error)
{
  if (g_file_test (program, G_FILE_TEST_IS_EXECUTABLE))
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_NOT_FOUND, _ ("There is no program “%s”"), program);
  return FALSE;
}

DevboxSandbox *
devbox_sandbox_new (DevboxSandboxKind kind, const char *agent_program, GError **error)
{
  g_autoptr (DevboxSandbox) self = g_new0 (DevboxSandbox, 1);
  g_autoptr (GError) local_error = NULL;

  self->agent = find_program (agent_program, "DEVBOX_SERVER", DEVBOX_BINDIR "/devbox-server");
  self->launcher = find_program (NULL, "DEVBOX_LAUNCHER", DEVBOX_LIBEXECDIR "/devbox-launcher");
  self->mounts = g_ptr_array_new_with_free_func (g_free);
  self->network = g_ptr_array_new_with_free_func (g_free);
  self->programs = g_ptr_array_new_with_free_func (g_free);
  if (!check_program (self->agent, error) || !check_program (self->launcher, error))
    return NULL;

  self->kind = DEVBOX_SANDBOX_BUBBLEWRAP;
  if (kind == DEVBOX_SANDBOX_NONE || !try_bubblewrap (self, &local_error))
    self->kind = DEVBOX_SANDBOX_NONE;

  if (local_error != NULL && kind == DEVBOX_SANDBOX_BUBBLEWRAP)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (local_error != NULL)
    self->reason = g_strdup (local_error->message);

  return g_steal_pointer (&self);
}

void
devbox_sandbox_free (DevboxSandbox *self)
{
  g_free (self->reason);
  g_free (self->agent);
  g_free (self->launcher);
  g_free (self->bubblewrap);
  g_ptr_array_unref (self->mounts);
  g_ptr_array_unref (self->network);
  g_ptr_array_unref (self->programs);
  g_free (self);
}

void
devbox_sandbox_set_open_files_limit (DevboxSandbox *self, guint64 soft_limit)
{
  self->open_files_limit = soft_limit;
}

guint64
devbox_sandbox_get_open_files_limit (DevboxSandbox *self)
{
  return self->open_files_limit;
}

DevboxSandboxKind
devbox_sandbox_get_kind (DevboxSandbox *self)
{
  return self->kind;
}

const char *
devbox_sandbox_get_reason (DevboxSandbox *self)
{
  return self->reason;
}
