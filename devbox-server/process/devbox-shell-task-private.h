/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-shell-outputs-private.h"
#include "devbox-shell-session-private.h"

G_BEGIN_DECLS

/* What a session has to do: a text for its shell, and who is to be told. */

typedef enum
{
  DEVBOX_SHELL_TASK_SETUP,   /* ours, before anything else; nothing replaces a shell that fails at it */
  DEVBOX_SHELL_TASK_COMMAND, /* of a client */
  DEVBOX_SHELL_TASK_REQUEST, /* ours, for a client */
} DevboxShellTaskKind;

/* By value for the session, which alone has them. */
typedef struct
{
  DevboxShellTaskKind kind;
  char *text;
  int text_fd; /* -1: text holds it */
  guint timeout_ms;
  gint64 started; /* monotonic, µs; 0: it waits */
  int start_errno;
  gboolean is_checked; /* before it runs, or has no need of it */
  int exit_code;       /* while its syntax is checked afterwards */
  gint64 duration;
  gboolean timed_out;
  gboolean abandoned;
  gboolean shell_replaced;
  char *syntax_error;
  JsonObject *variables; /* that it sets, or NULL */
  DevboxOutputLog *log;
  DevboxShellOutputs *outputs; /* NULL: they were detached */

  DevboxShellFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
} DevboxShellTask;

/* Takes text. */
DevboxShellTask *devbox_shell_task_new (DevboxShellTaskKind kind,
                                        char *text,
                                        guint timeout_ms,
                                        DevboxShellFunc func,
                                        gpointer user_data,
                                        GDestroyNotify destroy);
void devbox_shell_task_free (DevboxShellTask *self);

/* Texts in which nothing that comes from outside is program: a folder that `cd` is to go to, and variables, checked. */
char *devbox_shell_task_make_cd (const char *folder);
char *devbox_shell_task_make_export (JsonObject *variables);

gboolean devbox_shell_task_open_text (DevboxShellTask *self); /* into text_fd; FALSE with errno */
/* Whether its syntax is to be checked before it runs, and whether after it ended so. */
gboolean devbox_shell_task_needs_check (const DevboxShellTask *self);
gboolean devbox_shell_task_may_be_syntax_error (const DevboxShellTask *self, int status);

G_END_DECLS
