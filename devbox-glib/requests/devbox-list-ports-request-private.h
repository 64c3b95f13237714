/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* On which ports somebody listens. Result: a GListStore of DevboxPort. */
DevboxRequest *devbox_list_ports_request_new (void);

G_END_DECLS
