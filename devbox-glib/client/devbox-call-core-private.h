/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-client-core-private.h"

G_BEGIN_DECLS

/* Between the client and its calls. */

DevboxClientCore *devbox_client_get_core (DevboxClient *self); /* transfer none */

/* Ends an open call because its client was closed; in the I/O thread. */
void devbox_call_fail_closed (DevboxCall *self);

G_END_DECLS
