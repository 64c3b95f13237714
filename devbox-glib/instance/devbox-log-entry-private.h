/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-log-entry.h"

G_BEGIN_DECLS

#define DEVBOX_LOG_NO_SEQUENCE (-1)

typedef struct
{
  DevboxLogLevel level;
  const char *text; /* valid UTF-8 */
  GBytes *bytes;    /* NULL: those of the text */
  GDateTime *time;  /* or NULL */
  gint64 sequence;  /* or DEVBOX_LOG_NO_SEQUENCE */
} DevboxLogLine;

DevboxLogEntry *devbox_log_entry_new (const DevboxLogLine *line); /* copies, and takes references of its own */
gsize devbox_log_entry_get_size (DevboxLogEntry *self);           /* roughly what it holds */
/* Before anybody else has it. */
void devbox_log_entry_set_n_missed (DevboxLogEntry *self, guint64 n_missed);

gboolean devbox_log_level_from_string (const char *name, DevboxLogLevel *level);

G_END_DECLS
