/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the programs of the server side have in common: each is a non-unique GApplication that serves until a signal. */
typedef struct
{
  GApplication *application;
  const char *name;
  gboolean (*start) (gpointer user_data, GError **error); /* TRUE: it serves */
  gpointer user_data;
  guint interrupt_id;
  guint terminate_id;
  int exit_status;
} DevboxProgram;

#define DEVBOX_PROGRAM_EXIT_USAGE 2

/* Runs it until SIGINT or SIGTERM, or until the start failed. access_log: requests are written to standard output. */
void devbox_program_run (DevboxProgram *self, char **argv, gboolean access_log);
void devbox_program_clear (DevboxProgram *self);
/* Says what is wrong, and returns the status. */
int devbox_program_fail (const DevboxProgram *self, const GError *error, int exit_status);

/* Every connection is a descriptor. Returns what the soft limit was, for children; 0 when it stayed. */
guint64 devbox_program_raise_open_files_limit (void);

G_END_DECLS
