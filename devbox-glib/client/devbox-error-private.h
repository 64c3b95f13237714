/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-error-info.h"

G_BEGIN_DECLS

/* What an error tells beside its code and message. Every member may be left out; all are copied. */
typedef struct
{
  guint http_status;
  const char *request_id;
  const char *path;
  const char *code_name; /* NULL: the code's own name */
  const char *trace_id;
  const char *value;    /* the argument that was refused; never a secret */
  guint retry_after_ms; /* what the server asked for; 0: nothing */
  guint n_attempts;
  const GError *cause;
} DevboxErrorDetails;

GError *devbox_error_new (DevboxError code, const DevboxErrorDetails *details, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
void devbox_error_set (GError **error, DevboxError code, const DevboxErrorDetails *details, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* What all that is under way ends with when its client is closed. */
GError *devbox_error_new_closed (const DevboxErrorDetails *details);

/* Any error as one that a caller may see: a DevboxError with an info, whose blanks are filled from `details`, or
 * G_IO_ERROR_CANCELLED as it is. Takes the error and returns it, or the one that stands for it. */
GError *devbox_error_complete (GError *error, const DevboxErrorDetails *details);

/* The info that hangs on a DevboxError, or NULL; transfer none. */
DevboxErrorInfo *devbox_error_get_info (const GError *error);

DevboxErrorInfo *devbox_error_info_new (DevboxError code, const DevboxErrorDetails *details);
void devbox_error_info_fill (DevboxErrorInfo *self, const DevboxErrorDetails *details);
/* Of what came from the server. */
void devbox_error_info_redact (DevboxErrorInfo *self, DevboxEndpoint *endpoint);
void devbox_error_info_set_command_result (DevboxErrorInfo *self, DevboxCommandResult *result);

/* Each finish function and each _sync notes its error, for devbox_error_info_get_last (). */
void devbox_error_info_note (const GError *error);

G_END_DECLS
