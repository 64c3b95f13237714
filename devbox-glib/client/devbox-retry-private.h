/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-request-private.h"

G_BEGIN_DECLS

/* The one place that knows what is tried again, and when. */
typedef struct
{
  guint max_retries;
  guint first_delay_ms; /* doubled each time, with jitter */
} DevboxRetryRules;

/* Whether a request that ended with this reply, or with this error, is tried once more, and after how long. */
gboolean devbox_retry_after_reply (const DevboxRetryRules *rules,
                                   DevboxRequest *request,
                                   guint n_retries, /* that there were */
                                   const DevboxReply *reply,
                                   guint *delay_ms);
gboolean devbox_retry_after_error (const DevboxRetryRules *rules,
                                   DevboxRequest *request,
                                   guint n_retries,
                                   const GError *error, /* a DevboxError */
                                   gboolean was_sent,   /* a part of it */
                                   guint *delay_ms);

/* What the Retry-After header of a reply says, in milliseconds; 0: nothing. */
guint devbox_retry_parse_after (SoupMessageHeaders *headers);

G_END_DECLS
