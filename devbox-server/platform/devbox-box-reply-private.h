/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What a box says to its platform, which believes none of it: a box may be hostile. */
typedef enum
{
  DEVBOX_BOX_REPLY_READY,
  DEVBOX_BOX_REPLY_FAILED,
  DEVBOX_BOX_REPLY_COUNTED,
} DevboxBoxReplyType;

/* Counters stay exact as numbers of JSON. */
#define DEVBOX_BOX_REPLY_MAX_COUNT (G_GINT64_CONSTANT (1) << 53)
#define DEVBOX_BOX_REPLY_MAX_REASON 1024 /* bytes */

typedef struct
{
  DevboxBoxReplyType type;
  char *reason; /* FAILED: one line of text for people, cut where it is too long */
  guint64 bytes_in;
  guint64 bytes_out;
} DevboxBoxReply;

/* reply is to be cleared, also on failure, which is DEVBOX_WIRE_VALIDATION_ERROR. */
gboolean devbox_box_reply_parse (DevboxBoxReply *reply, JsonObject *object, GError **error);
void devbox_box_reply_clear (DevboxBoxReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxBoxReply, devbox_box_reply_clear)

G_END_DECLS
