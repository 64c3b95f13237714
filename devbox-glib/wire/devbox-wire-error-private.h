/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The codes that cross the wire (docs/wire.md, "Error codes"): X (NAME, "NAME" on the wire, usual HTTP status, envelope
 * status of the current dialect). The public DevboxError enum of the client is made from the same list; append only. */
#define DEVBOX_WIRE_CODES(X)                                                                                           \
  X (INTERNAL_ERROR, 500, 1500)                                                                                        \
  X (AUTHENTICATION_FAILED, 401, 1401)                                                                                 \
  X (INVALID_KUBECONFIG, 400, 1400)                                                                                    \
  X (CONNECTION_FAILED, 502, 1500)                                                                                     \
  X (CONNECTION_TIMEOUT, 504, 1500)                                                                                    \
  X (CONNECTION_POOL_EXHAUSTED, 503, 1500)                                                                             \
  X (DEVBOX_NOT_FOUND, 404, 1404)                                                                                      \
  X (DEVBOX_CREATION_FAILED, 500, 1600)                                                                                \
  X (FILE_NOT_FOUND, 404, 1404)                                                                                        \
  X (FILE_TOO_LARGE, 413, 413)                                                                                         \
  X (FILE_TRANSFER_FAILED, 500, 1500)                                                                                  \
  X (PATH_TRAVERSAL_DETECTED, 403, 1403)                                                                               \
  X (SERVER_UNAVAILABLE, 503, 1500)                                                                                    \
  X (HEALTH_CHECK_FAILED, 503, 1500)                                                                                   \
  X (OPERATION_TIMEOUT, 408, 1500)                                                                                     \
  X (VALIDATION_ERROR, 400, 1422)                                                                                      \
  X (UNAUTHORIZED, 401, 1401)                                                                                          \
  X (INVALID_TOKEN, 401, 1401)                                                                                         \
  X (TOKEN_EXPIRED, 401, 1401)                                                                                         \
  X (INSUFFICIENT_PERMISSIONS, 403, 1403)                                                                              \
  X (DEVBOX_NOT_READY, 503, 1500)                                                                                      \
  X (DEVBOX_OPERATION_FAILED, 500, 1600)                                                                               \
  X (CONFLICT, 409, 1409)                                                                                              \
  X (PROCESS_NOT_FOUND, 404, 1404)                                                                                     \
  X (SESSION_NOT_FOUND, 404, 1404)                                                                                     \
  X (DISK_FULL, 507, 1500)                                                                                             \
  X (RATE_LIMITED, 429, 429)                                                                                           \
  X (PAYMENT_REQUIRED, 402, 402)

typedef enum
{
#define DEVBOX_WIRE_CODE_ENUM(name, http, envelope) DEVBOX_WIRE_##name,
  DEVBOX_WIRE_CODES (DEVBOX_WIRE_CODE_ENUM)
#undef DEVBOX_WIRE_CODE_ENUM
      DEVBOX_WIRE_N_CODES
} DevboxWireCode;

/* The domain of errors inside the server and the shared code: each code is a DevboxWireCode. */
#define DEVBOX_WIRE_ERROR (devbox_wire_error_quark ())
GQuark devbox_wire_error_quark (void);

const char *devbox_wire_code_to_string (DevboxWireCode code);
gboolean devbox_wire_code_from_string (const char *name, DevboxWireCode *code); /* FALSE when unknown */
guint devbox_wire_code_get_http_status (DevboxWireCode code);
guint devbox_wire_code_get_envelope_status (DevboxWireCode code);
/* The best code for an HTTP status that came without one. */
DevboxWireCode devbox_wire_code_from_http_status (guint status);
/* The same for what the envelope of the current dialect says. */
DevboxWireCode devbox_wire_code_from_envelope_status (gint64 status);
/* The code of any error: its own in our domain, by errno-like meaning for G_IO_ERROR and G_FILE_ERROR, else
 * INTERNAL_ERROR. */
DevboxWireCode devbox_wire_code_from_error (const GError *error);
/* An error from errno of a file operation (ENOENT → FILE_NOT_FOUND, EXDEV/ELOOP → PATH_TRAVERSAL_DETECTED,
 * ENOSPC/EDQUOT → DISK_FULL, …). The format is a whole translated clause, such as _("Cannot open “%s”"), to which the
 * reason is added; paths may be any bytes. */
void devbox_wire_set_file_error (GError **error, int saved_errno, const char *format, ...) G_GNUC_PRINTF (3, 4);

G_END_DECLS
