/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Server-sent events, as the HTML standard has them, out of bytes that come in pieces of any size. Names and data are
 * whatever bytes were sent, without NUL. */
typedef struct _DevboxEventParser DevboxEventParser;

#define DEVBOX_EVENT_PARSER_MAX_SIZE (1024 * 1024) /* of one event, and of one line */

/* The name is "message" where the event has none; FALSE ends the parsing with the error. */
typedef gboolean (
    *DevboxEventFunc) (const char *name, const char *data, gsize size, gpointer user_data, GError **error);

DevboxEventParser *devbox_event_parser_new (DevboxEventFunc func, gpointer user_data);
void devbox_event_parser_free (DevboxEventParser *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxEventParser, devbox_event_parser_free)

gboolean devbox_event_parser_feed (DevboxEventParser *self, const char *bytes, gsize size, GError **error);

G_END_DECLS
