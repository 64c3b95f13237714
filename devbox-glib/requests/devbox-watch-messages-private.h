/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-monitor.h"

G_BEGIN_DECLS

/* What is said on /ws about file changes (docs/wire.md, classic dialect with our additions). */

char *devbox_watch_message_new (const char *path, DevboxFileMonitorFlags flags);

typedef enum
{
  DEVBOX_WATCH_REPLY_OTHER, /* nothing for us */
  DEVBOX_WATCH_REPLY_STARTED,
  DEVBOX_WATCH_REPLY_REFUSED,
  DEVBOX_WATCH_REPLY_EVENT,
  DEVBOX_WATCH_REPLY_OVERFLOW,
} DevboxWatchReplyKind;

typedef struct
{
  DevboxWatchReplyKind kind;
  GFileMonitorEvent event;
  char *path;     /* of an event or overflow */
  char *old_path; /* of a rename */
  GError *reason; /* of a refusal, a DevboxError */
} DevboxWatchReply;

#define DEVBOX_WATCH_REPLY_INIT                                                                                        \
  {                                                                                                                    \
    DEVBOX_WATCH_REPLY_OTHER, G_FILE_MONITOR_EVENT_CHANGED, NULL, NULL, NULL                                           \
  }

/* FALSE if it makes no sense: the error is a DEVBOX_ERROR_INTERNAL_ERROR. */
gboolean devbox_watch_reply_parse (DevboxWatchReply *self, const char *text, gsize size, GError **error);
void devbox_watch_reply_clear (DevboxWatchReply *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxWatchReply, devbox_watch_reply_clear)

G_END_DECLS
