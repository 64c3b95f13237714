/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* Files by their paths, each a GBytes, in as many requests as it takes. The result is a DevboxUploadResult. */
DevboxRequest *devbox_upload_request_new (GHashTable *files, GError **error);

G_END_DECLS
