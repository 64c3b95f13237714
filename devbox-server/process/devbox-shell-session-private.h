/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A shell with a name: commands that run in it one after the other find the folder, the variables, the functions and
 * the jobs of those before. It is its shell: when that exits, the session has ended, and all that it left to run with
 * it. Reference counted, of the thread of its launcher. */
typedef struct _DevboxShellSession DevboxShellSession;

/* What became of a command */
typedef struct
{
  int exit_code;           /* of the shell, where it has ended */
  DevboxOutputLog *log;    /* what it wrote; it has ended */
  gint64 duration;         /* µs */
  gboolean timed_out;      /* and was ended, with all that it had started */
  gboolean shell_replaced; /* since nothing else could end it: what is not exported is lost, and so are jobs */
  char *syntax_error;      /* what the shell says of it; or NULL */
  const GError *error;     /* CONFLICT: the session had ended before its turn; INTERNAL_ERROR; or NULL */
} DevboxShellResult;

typedef void (*DevboxShellFunc) (DevboxShellSession *self, const DevboxShellResult *result, gpointer user_data);
typedef void (*DevboxShellEndedFunc) (DevboxShellSession *self, gpointer user_data);

/* spec: its environment and folder. variables: those in it that were asked for, or NULL. Tells ready when the shell has
 * answered, or has ended without an answer (DEVBOX_OPERATION_FAILED). */
DevboxShellSession *devbox_shell_session_new (DevboxLauncher *launcher,
                                              const char *program,
                                              const DevboxCommandSpec *spec,
                                              JsonObject *variables,
                                              DevboxShellFunc ready,
                                              gpointer user_data,
                                              GDestroyNotify destroy);
DevboxShellSession *devbox_shell_session_ref (DevboxShellSession *self);
void devbox_shell_session_unref (DevboxShellSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxShellSession, devbox_shell_session_unref)

/* Each is told once, from the main loop, and destroy is called after that. FALSE, with only destroy called: CONFLICT
 * when the session has ended, RATE_LIMITED when too many commands wait. func may be NULL. timeout_ms 0: none; it runs
 * from the command's own turn on. */
gboolean devbox_shell_session_exec (DevboxShellSession *self,
                                    const char *command,
                                    guint timeout_ms,
                                    DevboxShellFunc func,
                                    gpointer user_data,
                                    GDestroyNotify destroy,
                                    GError **error);
/* Nobody waits for what was asked for with that user data: it is ended, or never begun, which is told at once. */
void devbox_shell_session_abandon (DevboxShellSession *self, gpointer user_data);
/* For what `cd` means in the shell; a folder that cannot be entered has an exit code that is not 0. */
gboolean devbox_shell_session_change_folder (DevboxShellSession *self,
                                             const char *folder,
                                             DevboxShellFunc func,
                                             gpointer user_data,
                                             GDestroyNotify destroy,
                                             GError **error);
/* Checked variables, see devbox_command_environment_read (). */
gboolean devbox_shell_session_set_variables (DevboxShellSession *self,
                                             JsonObject *variables,
                                             DevboxShellFunc func,
                                             gpointer user_data,
                                             GDestroyNotify destroy,
                                             GError **error);

/* Ends it with everything in it. */
void devbox_shell_session_terminate (DevboxShellSession *self);
/* Tells func once nothing of it is left; at once when that is so. */
void devbox_shell_session_add_ended_func (DevboxShellSession *self,
                                          DevboxShellEndedFunc func,
                                          gpointer user_data,
                                          GDestroyNotify destroy);
/* Before the launcher goes: ends it with everything in it, and tells nobody. */
void devbox_shell_session_close (DevboxShellSession *self);
gboolean devbox_shell_session_has_ended (DevboxShellSession *self);

const char *devbox_shell_session_get_id (DevboxShellSession *self);
const char *devbox_shell_session_get_program (DevboxShellSession *self);   /* the path of its shell */
const char *devbox_shell_session_get_folder (DevboxShellSession *self);    /* after the last command */
JsonObject *devbox_shell_session_get_variables (DevboxShellSession *self); /* that were given, not all that it has */
gint64 devbox_shell_session_get_created (DevboxShellSession *self);        /* real, µs */
gint64 devbox_shell_session_get_last_used (DevboxShellSession *self);
gint64 devbox_shell_session_get_ended (DevboxShellSession *self); /* by the suspend clock; 0: it has not */
/* Lines of all that was written in it, and of what was asked for. */
DevboxOutputLog *devbox_shell_session_get_log (DevboxShellSession *self);

G_END_DECLS
