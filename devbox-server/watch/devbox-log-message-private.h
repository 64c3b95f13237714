/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-log-finder-private.h"

G_BEGIN_DECLS

/* The texts of `/ws` in the current dialect (docs/wire.md, "Log subscriptions"): reading what a client asks for,
 * writing what it is told. */

typedef enum
{
  DEVBOX_LOG_SUBSCRIBE,
  DEVBOX_LOG_UNSUBSCRIBE,
  DEVBOX_LOG_LIST, /* has nothing of what follows */
} DevboxLogAction;

typedef struct
{
  DevboxLogAction action;
  DevboxLogOwner owner;
  char *target_id;
  guint levels; /* a bit, 1 << DevboxOutputStream, for each that is wanted */
  guint64 tail; /* lines of history */
} DevboxLogRequest;

/* VALIDATION_ERROR tells what is wrong. */
gboolean devbox_log_request_parse (DevboxLogRequest *self, const char *text, gsize size, GError **error);
void devbox_log_request_clear (DevboxLogRequest *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxLogRequest, devbox_log_request_clear)

/* "process" or "session" */
const char *devbox_log_owner_to_string (DevboxLogOwner owner);

/* All transfer full. */
GString *devbox_log_format_subscribed (DevboxLogOwner owner, const char *id, guint levels);
GString *devbox_log_format_unsubscribed (DevboxLogOwner owner, const char *id);
/* The process or session has ended, and so has the subscription. */
GString *devbox_log_format_ended (DevboxLogOwner owner, const char *id);
GString *devbox_log_format_line (DevboxLogOwner owner,
                                 const char *id,
                                 const DevboxOutputLine *line,
                                 const GString *text,
                                 gboolean is_history);
/* n_lines lines from sequence on were dropped before they could be sent. */
GString *devbox_log_format_gap (DevboxLogOwner owner, const char *id, guint64 sequence, guint64 n_lines);
GString *devbox_log_format_failure (const GError *error);

/* A list is begun, grows by one subscription after the other, and is ended. created: real, µs. */
GString *devbox_log_list_begin (void);
void devbox_log_list_append (GString *list, DevboxLogOwner owner, const char *id, guint levels, gint64 created);
void devbox_log_list_end (GString *list);

G_END_DECLS
