/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

gsize devbox_request_get_max_reply_size (DevboxRequest *self);
/* Whether it does no harm when the server carries the request out twice. */
gboolean devbox_request_is_idempotent (DevboxRequest *self);

G_END_DECLS
