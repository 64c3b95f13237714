/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-output-log-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Our ends of a command's pipes, kept by value. Their sources live in the context given to open. */

typedef struct
{
  int fd; /* -1: closed */
  GSource *source;
  guint n_skipped;       /* turns of the main loop, one after the other */
  DevboxOutputLog *log;  /* NULL: what comes is dropped */
  DevboxOutputLog *copy; /* that gets the same; may be NULL */
  DevboxOutputStream stream;
  void (*ended) (gpointer user_data); /* once, from the source alone */
  gpointer user_data;
} DevboxCommandOutput;

/* Takes fd. */
void devbox_command_output_open (DevboxCommandOutput *self,
                                 int fd,
                                 GMainContext *context,
                                 void (*ended) (gpointer user_data),
                                 gpointer user_data);
gboolean devbox_command_output_is_open (const DevboxCommandOutput *self);
/* Reads what is there now, at most a turn's worth. TRUE: the stream has not ended. */
gboolean devbox_command_output_drain (DevboxCommandOutput *self);
/* While it is paused nothing is read, but by drain. */
void devbox_command_output_pause (DevboxCommandOutput *self);
void devbox_command_output_resume (DevboxCommandOutput *self, GMainContext *context);
void devbox_command_output_close (DevboxCommandOutput *self);

typedef struct
{
  int fd; /* -1: closed */
  GSource *source;
  GBytes *bytes;
  gsize written;
} DevboxCommandInput;

/* Takes fd, and closes it behind the last byte. */
void devbox_command_input_open (DevboxCommandInput *self, int fd, GMainContext *context, GBytes *bytes);
void devbox_command_input_close (DevboxCommandInput *self);

G_END_DECLS
