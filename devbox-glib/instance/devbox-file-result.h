/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_FILE_RESULT_STATUS_SUCCESS,
  DEVBOX_FILE_RESULT_STATUS_SKIPPED,
  DEVBOX_FILE_RESULT_STATUS_ERROR,
} DevboxFileResultStatus;

#define DEVBOX_TYPE_FILE_RESULT (devbox_file_result_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxFileResult, devbox_file_result, DEVBOX, FILE_RESULT, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_file_result_get_path (DevboxFileResult *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxFileResultStatus devbox_file_result_get_status (DevboxFileResult *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_file_result_get_n_replacements (DevboxFileResult *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_file_result_get_message (DevboxFileResult *self);
DEVBOX_AVAILABLE_IN_1_0
const GError *devbox_file_result_get_error (DevboxFileResult *self);

G_END_DECLS
