/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-upload-result.h"

G_BEGIN_DECLS

/* Of a GListStore of DevboxFileResult, one for each file. */
DevboxUploadResult *devbox_upload_result_new (GListStore *results, guint64 bytes_transferred, guint64 duration_ms);

G_END_DECLS
