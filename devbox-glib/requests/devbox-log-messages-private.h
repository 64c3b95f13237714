/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-error.h"
#include "devbox-log-entry-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The log of whom. */
typedef enum
{
  DEVBOX_LOG_SUBJECT_PROCESS,
  DEVBOX_LOG_SUBJECT_SESSION,
} DevboxLogSubject;

#define DEVBOX_LOG_ALL_LINES 10000 /* no agent keeps more */

/* The messages on a WebSocket that follows a log; transfer full. */
char *devbox_log_message_new (DevboxLogSubject subject, const char *id, guint n_lines, gboolean only_system);

typedef enum
{
  DEVBOX_LOG_REPLY_OTHER, /* nothing that this library knows */
  DEVBOX_LOG_REPLY_STARTED,
  DEVBOX_LOG_REPLY_REFUSED,
  DEVBOX_LOG_REPLY_ENTRY,
  DEVBOX_LOG_REPLY_GAP,
  DEVBOX_LOG_REPLY_ENDED, /* the process or session has, and nothing follows */
} DevboxLogReplyKind;

typedef struct
{
  DevboxLogReplyKind kind;
  DevboxLogEntry *entry;
  guint64 n_missed; /* of a gap */
  GError *reason;   /* of a refusal */
} DevboxLogReply;

/* clang-format off */
#define DEVBOX_LOG_REPLY_INIT { 0 }
/* clang-format on */

gboolean
devbox_log_reply_parse (DevboxLogReply *self, DevboxLogSubject subject, const char *text, gsize size, GError **error);
void devbox_log_reply_clear (DevboxLogReply *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxLogReply, devbox_log_reply_clear)

/* A whole log at once, "[stdout] line\n" each: a GListStore of DevboxLogEntry, or NULL; transfer full. */
GListStore *devbox_log_read_lines (JsonObject *object, GError **error);

G_END_DECLS
