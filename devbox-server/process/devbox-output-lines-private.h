/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-output-log-private.h"

G_BEGIN_DECLS

/* Lines of one stream that lie behind each other and ended in the same millisecond. */
typedef struct
{
  guint64 start; /* offset */
  guint64 first; /* number of the first line */
  gint64 time;   /* real, µs */
  guint32 size;  /* bytes */
  guint32 stream;
} DevboxOutputRun;

/* Where the lines of an output log lie. Runs take the place of lines, so that a flood of short lines costs as little as
 * what it is written in. By value within the log. */
typedef struct
{
  guint max_lines;
  DevboxOutputBudget *budget;
  GArray *runs; /* NULL before the first */
  guint head;   /* those before it are forgotten */
  guint64 next;
  guint64 starts[DEVBOX_OUTPUT_N_STREAMS]; /* of the lines that have no end yet */
  gsize memory;
} DevboxOutputLines;

void devbox_output_lines_clear (DevboxOutputLines *self);

/* At offset, which is the end of what came before. At most DEVBOX_OUTPUT_MAX_LINE at a time. */
void devbox_output_lines_append (DevboxOutputLines *self,
                                 DevboxOutputStream stream,
                                 guint64 offset,
                                 const guint8 *data,
                                 gsize size,
                                 gint64 time);
/* What has no end yet, up to offset, is a line. */
void devbox_output_lines_end (DevboxOutputLines *self, DevboxOutputStream stream, guint64 offset, gint64 time);
/* What lies before offset is gone, and with it the lines of all streams up to there. */
void devbox_output_lines_forget (DevboxOutputLines *self, DevboxOutputStream stream, guint64 offset);

guint64 devbox_output_lines_get_first (const DevboxOutputLines *self);
/* The run that holds a line which is there, until the next append. */
const DevboxOutputRun *devbox_output_lines_find (const DevboxOutputLines *self, guint64 sequence);

G_END_DECLS
