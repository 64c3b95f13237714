/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-error.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_ERROR_INFO (devbox_error_info_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxErrorInfo, devbox_error_info, DEVBOX, ERROR_INFO, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxErrorInfo *devbox_error_info_from_error (const GError *error);
DEVBOX_AVAILABLE_IN_1_0
DevboxErrorInfo *devbox_error_info_get_last (void);

DEVBOX_AVAILABLE_IN_1_0
guint devbox_error_info_get_http_status (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_error_info_get_request_id (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_error_info_get_path (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_error_info_get_code_name (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_error_info_get_trace_id (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_error_info_get_value (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_error_info_get_retry_after (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_error_info_get_n_attempts (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const GError *devbox_error_info_get_cause (DevboxErrorInfo *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxCommandResult *devbox_error_info_get_command_result (DevboxErrorInfo *self);

G_END_DECLS
