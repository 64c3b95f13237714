/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_UPLOAD_RESULT (devbox_upload_result_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxUploadResult, devbox_upload_result, DEVBOX, UPLOAD_RESULT, GObject)

DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_upload_result_get_successful (DevboxUploadResult *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_upload_result_get_n_processed (DevboxUploadResult *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_upload_result_get_n_total (DevboxUploadResult *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_upload_result_get_bytes_transferred (DevboxUploadResult *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_upload_result_get_duration (DevboxUploadResult *self);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_upload_result_get_results (DevboxUploadResult *self);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_upload_result_get_errors (DevboxUploadResult *self);

G_END_DECLS
