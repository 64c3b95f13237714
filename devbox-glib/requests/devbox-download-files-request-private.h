/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-instance.h"

G_BEGIN_DECLS

/* POST /api/v1/files/batch-download. The result is a GInputStream of the archive. */
DevboxRequest *devbox_download_files_request_new (const char *const *paths, DevboxArchiveFormat format, GError **error);

G_END_DECLS
