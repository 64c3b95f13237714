/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_LOG_LEVEL_STDOUT,
  DEVBOX_LOG_LEVEL_STDERR,
  DEVBOX_LOG_LEVEL_SYSTEM,
} DevboxLogLevel;

#define DEVBOX_TYPE_LOG_ENTRY (devbox_log_entry_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxLogEntry, devbox_log_entry, DEVBOX, LOG_ENTRY, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxLogLevel devbox_log_entry_get_level (DevboxLogEntry *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_log_entry_get_text (DevboxLogEntry *self);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_log_entry_get_bytes (DevboxLogEntry *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_log_entry_get_time (DevboxLogEntry *self);
DEVBOX_AVAILABLE_IN_1_0
gint64 devbox_log_entry_get_sequence (DevboxLogEntry *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_log_entry_get_n_missed (DevboxLogEntry *self);

G_END_DECLS
