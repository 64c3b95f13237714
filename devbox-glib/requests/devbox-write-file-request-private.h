/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* POST /files/write; mode 0 leaves the permissions to the agent. The result is TRUE, as a pointer. */
DevboxRequest *devbox_write_file_request_new (const char *path, GBytes *contents, guint mode, GError **error);

G_END_DECLS
