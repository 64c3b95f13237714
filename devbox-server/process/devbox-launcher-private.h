/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-output-log-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* The agent's end of the launcher helper (devbox-launcher in libexec): one helper an agent, one supervisor a command.
 * Lives in the context that was the thread default when it was made; all calls from its thread. */

typedef struct _DevboxLauncher DevboxLauncher;
typedef struct _DevboxServerCommand DevboxServerCommand; /* one started command; reference counted */

/* helper NULL: $DEVBOX_LAUNCHER (for running from a build folder), else the installed one. The helper starts at once; a
 * dead one is started anew with the next command. */
DevboxLauncher *devbox_launcher_new (const char *helper, GError **error);
/* Ends the helper, and with it every command: those that were not told yet are told now, as killed. Returns when
 * nothing is left (a few ms). */
void devbox_launcher_unref (DevboxLauncher *self);
gboolean devbox_launcher_is_alive (DevboxLauncher *self);
GPid devbox_launcher_get_helper_pid (DevboxLauncher *self);
/* Of which anything runs, be it a descendant that went on. */
guint devbox_launcher_get_n_commands (DevboxLauncher *self);
/* What commands get in place of the agent's own environment and soft limit of open files, where the agent has changed
 * its own. Secrets are taken out of any environment. */
void devbox_launcher_set_base_environment (DevboxLauncher *self, const char *const *environment);
const char *const *devbox_launcher_get_base_environment (DevboxLauncher *self);
void devbox_launcher_set_open_files_limit (DevboxLauncher *self, guint64 soft_limit); /* 0: as it is */
/* What the output of all commands may take in memory together, but for 16 KiB of each stream. */
void devbox_launcher_set_max_output (DevboxLauncher *self, gsize size);
/* What does not fit into memory goes to a file in this folder, NULL for the system's; limit: bytes on disk. Of commands
 * that are started from now on. */
void devbox_launcher_set_spill (DevboxLauncher *self, const char *folder, guint64 limit);
/* What is kept of each stream of a command that names no limit of its own; 10 MiB otherwise. */
void devbox_launcher_set_output_limit (DevboxLauncher *self, gsize size);
/* For whatever else writes an output log, for instance a session. */
DevboxOutputLog *devbox_launcher_new_log (DevboxLauncher *self, const DevboxOutputPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxLauncher, devbox_launcher_unref)

typedef struct
{
  const char *const *argv; /* argv[0] is looked up in the child's PATH */
  const char *const *envp; /* NULL: the agent's, less its own secrets; else the whole environment */
  int cwd_fd;              /* a folder, or -1 */
  const char *cwd;         /* beside cwd_fd -1: an absolute folder */
  guint timeout_ms;        /* 0: none */
  gsize output_limit;      /* bytes kept of each stream, 0: what is set for all; see DevboxOutputPolicy */
  DevboxOutputRetention output_retention;
  guint max_lines; /* of the output; 0: it is not divided into lines */
  GBytes *input;   /* stdin, or NULL for /dev/null */
  gboolean is_fed; /* stdin is what devbox_server_command_feed () writes; beside input NULL */
} DevboxCommandSpec;

typedef enum
{
  DEVBOX_COMMAND_STARTING,
  DEVBOX_COMMAND_RUNNING,
  DEVBOX_COMMAND_EXITED,   /* by itself */
  DEVBOX_COMMAND_SIGNALED, /* by a signal */
  DEVBOX_COMMAND_FAILED_TO_START,
} DevboxCommandState;

/* Told once: the command has ended and its output was drained (a descendant that keeps a pipe open is waited for at
 * most 250 ms after the command itself exited normally, since it may go on on purpose; it is killed after a time-out or
 * kill), or it could not start. */
typedef void (*DevboxCommandFunc) (DevboxServerCommand *command, gpointer user_data);

DevboxServerCommand *devbox_launcher_start (DevboxLauncher *self,
                                            const DevboxCommandSpec *spec,
                                            DevboxCommandFunc done,
                                            gpointer user_data,
                                            GDestroyNotify destroy);
DevboxServerCommand *devbox_server_command_ref (DevboxServerCommand *self);
void devbox_server_command_unref (DevboxServerCommand *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxServerCommand, devbox_server_command_unref)

/* Told once, before it is told that the command has ended, when it runs; not where it cannot start. user_data must stay
 * until either. */
void devbox_server_command_set_started_func (DevboxServerCommand *self, DevboxCommandFunc started, gpointer user_data);
/* For a reader that the command has to wait for: nothing is read of what it writes while it runs. */
void devbox_server_command_pause_output (DevboxServerCommand *self);
void devbox_server_command_resume_output (DevboxServerCommand *self);
/* SIGKILL, until nothing of the tree is left; also what went on after the end of the command. */
void devbox_server_command_kill (DevboxServerCommand *self);
void devbox_server_command_send_signal (DevboxServerCommand *self, int signum); /* the command and every descendant */
/* Of one that runs and is fed. Puts descriptors, which stay the caller's, into the slots of its supervisor from slot
 * on, after n_closed of them were closed there; then writes the bytes, some lines at most, to its stdin. It may open
 * what is in a slot by its path, but nothing that it runs inherits that. FALSE with errno when its supervisor is gone
 * or has too many orders. */
gboolean devbox_server_command_feed (DevboxServerCommand *self,
                                     guint slot,
                                     guint n_closed,
                                     const int *fds,
                                     guint n_fds,
                                     const char *bytes,
                                     gsize size);
char *devbox_server_command_dup_slot_path (DevboxServerCommand *self, guint slot);
/* Sends signum to the descendants that came since a slot was last filled, with all below them, and command_signum,
 * unless it is 0, to the command itself. */
void devbox_server_command_interrupt (DevboxServerCommand *self, int command_signum, int signum);
DevboxCommandState devbox_server_command_get_state (DevboxServerCommand *self);
GPid devbox_server_command_get_pid (DevboxServerCommand *self);        /* as seen by the agent; 0 before it runs */
int devbox_server_command_get_exit_code (DevboxServerCommand *self);   /* 128 + n for signal n; -1 while it runs */
int devbox_server_command_get_term_signal (DevboxServerCommand *self); /* 0 unless SIGNALED */
gboolean devbox_server_command_get_timed_out (DevboxServerCommand *self);
/* FAILED_TO_START: DEVBOX_WIRE_VALIDATION_ERROR with the reason, INTERNAL_ERROR where the launcher is to blame;
 * SIGNALED: NULL, or INTERNAL_ERROR when the launcher was lost under it */
const GError *devbox_server_command_get_error (DevboxServerCommand *self);
/* What it has written so far; it ends before the command is told. */
DevboxOutputLog *devbox_server_command_get_log (DevboxServerCommand *self);
const char *devbox_server_command_get_command_line (DevboxServerCommand *self); /* argv, with spaces between */
/* µs, µs, KiB; 0 while it runs. */
void devbox_server_command_get_usage (DevboxServerCommand *self,
                                      gint64 *user_time,
                                      gint64 *system_time,
                                      gint64 *max_resident);
gint64 devbox_server_command_get_start_time (DevboxServerCommand *self); /* real time, µs */
gint64 devbox_server_command_get_duration (DevboxServerCommand *self);   /* µs, until now while it runs */

G_END_DECLS
