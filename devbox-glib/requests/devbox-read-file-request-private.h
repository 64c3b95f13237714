/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* The result is a GBytes. */
DevboxRequest *devbox_read_file_request_new (const char *path, GError **error);
/* The same; the result is a GInputStream. */
DevboxRequest *devbox_open_file_request_new (const char *path, GError **error);

G_END_DECLS
