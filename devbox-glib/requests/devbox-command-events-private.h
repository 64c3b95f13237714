/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-log-entry-private.h"

G_BEGIN_DECLS

/* What the stream of a command that runs tells. */
typedef enum
{
  DEVBOX_COMMAND_EVENT_OTHER,
  DEVBOX_COMMAND_EVENT_OUTPUT,
  DEVBOX_COMMAND_EVENT_COMPLETE,
  DEVBOX_COMMAND_EVENT_FAILED,
} DevboxCommandEventKind;

typedef struct
{
  DevboxCommandEventKind kind;
  DevboxLogEntry *entry;
  DevboxCommandResult *result;
  char *message; /* of a failure */
  guint64 duration_ms;
} DevboxCommandEvent;

/* clang-format off */
#define DEVBOX_COMMAND_EVENT_INIT { 0 }
/* clang-format on */

/* The sequence is for the entry, if it is one. */
gboolean devbox_command_event_parse (DevboxCommandEvent *self,
                                     const char *name,
                                     const char *data,
                                     gsize size,
                                     gint64 sequence,
                                     GError **error);
void devbox_command_event_clear (DevboxCommandEvent *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxCommandEvent, devbox_command_event_clear)

G_END_DECLS
