/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

gsize devbox_request_get_max_reply_size (DevboxRequest *self);
/* Whether it does no harm when the server carries the request out twice. */
gboolean devbox_request_is_idempotent (DevboxRequest *self);
/* Whether the body of a reply with this head is what a request that streams it is after. */
gboolean devbox_request_streams (DevboxRequest *self, guint status, SoupMessageHeaders *headers);
/* Before it is sent once more: FALSE if its body cannot be. */
gboolean devbox_request_rewind (DevboxRequest *self);

G_END_DECLS
