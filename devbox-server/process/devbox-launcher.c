/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-command-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-launcher-protocol-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Requests that the helper has not answered yet: each carries up to six descriptors, and those on their way are
 * limited. */
#define MAX_UNANSWERED 64
/* What the output of all commands may take. */
#define MAX_OUTPUT (64 * 1024 * 1024)
#define MAX_SPILL (1024 * 1024 * 1024)
#define OUTPUT_LIMIT (10 * 1024 * 1024)
/* More than the helper gives its supervisors. */
#define END_MS 3000

struct _DevboxLauncher
{
  char *helper;
  GStrv environment;
  guint64 open_files;
  gsize output_limit;
  GMainContext *context;
  DevboxOutputBudget *budget;
  DevboxOutputSpill *spill;

  GPid pid;   /* 0: no helper */
  int socket; /* -1: no helper */
  GSource *source;

  GHashTable *commands; /* a reference to each of which anything is left, or that was not told */
  GQueue waiting;       /* of commands, not owned */
  GHashTable *unanswered;
};

/* What concerns the agent alone, or must not be known to what it runs. */
static const char *const private_variables[] = {
  "TOKEN", "DEVBOX_JWT_SECRET", "DEVBOX_LAUNCHER", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
};

static void flush (DevboxLauncher *self);

static GStrv
strip_environment (const char *const *environment)
{
  GStrv stripped = g_strdupv ((char **) environment);

  for (guint i = 0; i < G_N_ELEMENTS (private_variables); i++)
    stripped = g_environ_unsetenv (stripped, private_variables[i]);

  return stripped;
}

/* Nothing of ours but the socket and standard error reaches the helper, nor how this process treats signals. */
static int
spawn_helper (DevboxLauncher *self, int request_fd)
{
  char *const argv[] = { self->helper, NULL };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t signals;
  int error;

  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, request_fd, DEVBOX_LAUNCHER_REQUEST_FD);
  posix_spawn_file_actions_addopen (&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen (&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np (&actions, DEVBOX_LAUNCHER_REQUEST_FD + 1);

  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  sigfillset (&signals);
  posix_spawnattr_setsigdefault (&attributes, &signals);
  sigemptyset (&signals);
  posix_spawnattr_setsigmask (&attributes, &signals);

  error = posix_spawn (&self->pid, self->helper, &actions, &attributes, argv, self->environment);

  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  return error;
}

/* Its end of the socket is closed: it is dead or dying. Somebody else may have reaped it, which does not matter. */
static void
reap_helper (DevboxLauncher *self)
{
  while (waitpid (self->pid, NULL, 0) < 0 && errno == EINTR)
    ;
  self->pid = 0;
}

static void
close_socket (DevboxLauncher *self)
{
  devbox_clear_source (&self->source);
  close (g_steal_fd (&self->socket));
}

static void
helper_died (DevboxLauncher *self)
{
  GHashTableIter iter;
  gpointer command;

  g_warning ("The launcher “%s” ended unexpectedly; the next command starts it anew", self->helper);
  close_socket (self);
  reap_helper (self);

  g_hash_table_iter_init (&iter, self->commands);
  while (g_hash_table_iter_next (&iter, &command, NULL))
    devbox_server_command_helper_lost (command);
}

static gboolean
on_helper (int fd, GIOCondition condition, gpointer user_data)
{
  DevboxLauncher *self = user_data;

  helper_died (self);

  return G_SOURCE_CONTINUE; /* destroyed already */
}

static gboolean
start_helper (DevboxLauncher *self, GError **error)
{
  int pair[2];
  int saved_errno = 0;

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    {
      saved_errno = errno;
    }
  else
    {
      saved_errno = spawn_helper (self, pair[1]);
      close (pair[1]);
      if (saved_errno != 0)
        close (pair[0]);
    }

  if (saved_errno != 0)
    {
      self->pid = 0;
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR, _ ("Cannot start the launcher “%s”: %s"),
                   self->helper, g_strerror (saved_errno));
      return FALSE;
    }

  self->socket = pair[0];
  self->source = g_unix_fd_source_new (self->socket, G_IO_IN); /* it never says anything: this is its end */
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_helper), self, NULL);
  g_source_attach (self->source, self->context);

  return TRUE;
}

DevboxLauncher *
devbox_launcher_new (const char *helper, GError **error)
{
  DevboxLauncher *self = g_new0 (DevboxLauncher, 1);
  g_auto (GStrv) environment = g_get_environ ();

  if (helper == NULL)
    helper = g_environ_getenv (environment, "DEVBOX_LAUNCHER");
  self->helper = helper != NULL ? g_strdup (helper) : g_build_filename (DEVBOX_LIBEXECDIR, "devbox-launcher", NULL);
  self->environment = strip_environment ((const char *const *) environment);
  self->context = g_main_context_ref_thread_default ();
  self->socket = -1;
  self->budget = devbox_output_budget_new (MAX_OUTPUT);
  self->spill = devbox_output_spill_new (NULL, MAX_SPILL);
  self->output_limit = OUTPUT_LIMIT;
  self->commands = g_hash_table_new (NULL, NULL);
  self->unanswered = g_hash_table_new (NULL, NULL);
  g_queue_init (&self->waiting);

  if (!start_helper (self, error))
    g_clear_pointer (&self, devbox_launcher_unref);

  return self;
}

static gboolean
socket_has_ended (int fd, int timeout_ms)
{
  struct pollfd polled = { .fd = fd, .events = POLLIN };
  int n;

  do
    n = poll (&polled, 1, timeout_ms);
  while (n < 0 && errno == EINTR);

  return n > 0;
}

static void
end_helper (DevboxLauncher *self)
{
  shutdown (self->socket, SHUT_WR);
  if (!socket_has_ended (self->socket, END_MS))
    kill (self->pid, SIGKILL);

  close_socket (self);
  reap_helper (self);
}

void
devbox_launcher_unref (DevboxLauncher *self)
{
  g_autoptr (GPtrArray) commands = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_server_command_unref);
  GHashTableIter iter;
  gpointer command;

  /* Whatever the commands' owners do when they are told, they find no launcher. */
  g_hash_table_iter_init (&iter, self->commands);
  while (g_hash_table_iter_next (&iter, &command, NULL))
    g_ptr_array_add (commands, command);
  g_hash_table_remove_all (self->commands);
  g_queue_clear (&self->waiting);

  if (self->socket >= 0)
    end_helper (self);
  for (guint i = 0; i < commands->len; i++)
    devbox_server_command_disconnect (commands->pdata[i]);

  g_hash_table_unref (self->commands);
  g_hash_table_unref (self->unanswered);
  devbox_output_spill_unref (self->spill);
  devbox_output_budget_unref (self->budget);
  g_main_context_unref (self->context);
  g_strfreev (self->environment);
  g_free (self->helper);
  g_free (self);
}

gboolean
devbox_launcher_is_alive (DevboxLauncher *self)
{
  return self->socket >= 0 && !socket_has_ended (self->socket, 0);
}

GPid
devbox_launcher_get_helper_pid (DevboxLauncher *self)
{
  return self->pid;
}

guint
devbox_launcher_get_n_commands (DevboxLauncher *self)
{
  return g_hash_table_size (self->commands);
}

void
devbox_launcher_set_base_environment (DevboxLauncher *self, const char *const *environment)
{
  g_strfreev (self->environment);
  self->environment = strip_environment (environment);
}

const char *const *
devbox_launcher_get_base_environment (DevboxLauncher *self)
{
  return (const char *const *) self->environment;
}

void
devbox_launcher_set_open_files_limit (DevboxLauncher *self, guint64 soft_limit)
{
  self->open_files = soft_limit;
}

void
devbox_launcher_set_max_output (DevboxLauncher *self, gsize size)
{
  devbox_output_budget_set_limit (self->budget, size);
}

void
devbox_launcher_set_spill (DevboxLauncher *self, const char *folder, guint64 limit)
{
  devbox_output_spill_unref (self->spill);
  self->spill = devbox_output_spill_new (folder, limit);
}

void
devbox_launcher_set_output_limit (DevboxLauncher *self, gsize size)
{
  self->output_limit = size;
}

DevboxOutputLog *
devbox_launcher_new_log (DevboxLauncher *self, const DevboxOutputPolicy *policy)
{
  DevboxOutputPolicy whole = *policy;

  if (whole.limit == 0)
    whole.limit = self->output_limit;

  return devbox_output_log_new (&whole, self->context, self->budget, self->spill);
}

static void
on_answered (DevboxLauncher *self, DevboxServerCommand *command)
{
  g_hash_table_remove (self->unanswered, command);
  flush (self);
}

static void
on_finished (DevboxLauncher *self, DevboxServerCommand *command)
{
  g_queue_remove (&self->waiting, command);
  g_hash_table_remove (self->unanswered, command);
  g_hash_table_remove (self->commands, command);
  devbox_server_command_unref (command);
}

static const DevboxServerCommandLauncher callbacks = {
  .answered = on_answered,
  .finished = on_finished,
};

/* A helper that turns out to be dead now is replaced once; one that dies later takes the command with it. */
static gboolean
send_to_helper (DevboxLauncher *self, DevboxServerCommand *command, GError **error)
{
  g_autoptr (GError) lost_error = NULL;
  gboolean lost;

  if (self->socket < 0 && !start_helper (self, error))
    return FALSE;
  if (devbox_server_command_send (command, self->socket, self->open_files, &lost, &lost_error))
    return TRUE;

  if (lost)
    {
      helper_died (self);
      return start_helper (self, error)
             && devbox_server_command_send (command, self->socket, self->open_files, &lost, error);
    }

  g_propagate_error (error, g_steal_pointer (&lost_error));
  return FALSE;
}

static void
flush (DevboxLauncher *self)
{
  while (g_hash_table_size (self->unanswered) < MAX_UNANSWERED && !g_queue_is_empty (&self->waiting))
    {
      DevboxServerCommand *command = g_queue_pop_head (&self->waiting);
      GError *error = NULL;

      /* Killed while it waited. */
      if (devbox_server_command_get_state (command) != DEVBOX_COMMAND_STARTING)
        continue;

      if (send_to_helper (self, command, &error))
        g_hash_table_add (self->unanswered, command);
      else
        devbox_server_command_fail (command, error);
    }
}

DevboxServerCommand *
devbox_launcher_start (DevboxLauncher *self,
                       const DevboxCommandSpec *spec,
                       DevboxCommandFunc done,
                       gpointer user_data,
                       GDestroyNotify destroy)
{
  const DevboxOutputPolicy policy
      = { .retention = spec->output_retention, .limit = spec->output_limit, .max_lines = spec->max_lines };
  DevboxServerCommand *command;

  g_return_val_if_fail (spec->argv != NULL && spec->argv[0] != NULL, NULL);

  command = devbox_server_command_new (spec, spec->envp != NULL ? spec->envp : (const char *const *) self->environment,
                                       self->context, devbox_launcher_new_log (self, &policy), &callbacks, self, done,
                                       user_data, destroy);
  g_hash_table_add (self->commands, devbox_server_command_ref (command));
  g_queue_push_tail (&self->waiting, command);
  flush (self);

  return command;
}
