/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-file-info.h"

G_BEGIN_DECLS

/* Limit 0: all there are, in several requests. The result is a GListStore of DevboxFileInfo. */
DevboxRequest *
devbox_list_files_request_new (const char *path, DevboxListFilesFlags flags, guint offset, guint limit, GError **error);

G_END_DECLS
