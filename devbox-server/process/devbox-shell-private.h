/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"

G_BEGIN_DECLS

/* A shell that lives on and runs one text after the other, each with output of its own. What it is told, and what it
 * answers, goes ways that nothing that it runs inherits: no output can be taken for an answer. Of the thread of its
 * launcher. */
typedef struct _DevboxShell DevboxShell;

/* From the main loop; either may free the shell. */
typedef struct
{
  void (*reported) (DevboxShell *self, int status, gpointer user_data); /* the text has run, or was interrupted */
  void (*ended) (DevboxShell *self, gpointer user_data); /* the shell; or it could not start. Nothing of it is left */
} DevboxShellFuncs;

/* The path of a shell, which may be given by its name alone; NULL: bash, or sh where there is none. VALIDATION_ERROR
 * when it cannot be run. */
char *devbox_shell_find_program (const char *name, GError **error);

/* program: a path. spec: its environment and folder; the rest is ours. It takes its first text at once, and keeps it
 * until it runs. */
DevboxShell *devbox_shell_new (DevboxLauncher *launcher,
                               const char *program,
                               const DevboxCommandSpec *spec,
                               const DevboxShellFuncs *funcs,
                               gpointer user_data);
/* Kills what is left of it, and tells no more. */
void devbox_shell_free (DevboxShell *self);

/* What makes a shell fit to be driven: to be run first. */
#define DEVBOX_SHELL_SETUP                                                                                             \
  "PS1= PS2=\n"                           /* prompts would go to its standard error */                                 \
  "unset HISTFILE TMOUT PROMPT_COMMAND\n" /* no history in the home folder; it never ends for idling */                \
  "if [ -n \"${BASH_VERSION-}\" ]\n"                                                                                   \
  "then\n"                                                                                                             \
  "set +o history +o histexpand\n"                                                                                     \
  "shopt -s execfail\n" /* so that exec of what is not there does not end it */                                        \
  "fi\n"

/* text_fd: a file, read from its beginning. All stay the caller's, who may close them. FALSE with errno. One at a time,
 * until it was reported. */
gboolean devbox_shell_run (DevboxShell *self, int text_fd, int stdout_fd, int stderr_fd);
/* After the report: what the text has left to run in the background keeps its output, nothing else does. */
void devbox_shell_release (DevboxShell *self);
/* As Ctrl+C, then by killing what was started, again and again; and if nothing helps within a second, by killing the
 * shell. What earlier texts left to run is spared as long as the shell is. */
void devbox_shell_interrupt (DevboxShell *self);
/* Kills what the last text has left to run. */
void devbox_shell_kill_leftovers (DevboxShell *self);
void devbox_shell_kill (DevboxShell *self);

char *devbox_shell_dup_folder (DevboxShell *self); /* where it is; NULL when that cannot be told */
int
devbox_shell_get_exports (DevboxShell *self); /* a text that sets its exported variables, as they were last reported */
DevboxServerCommand *devbox_shell_get_command (DevboxShell *self);

G_END_DECLS
