/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-error-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* clang-format off */
G_DEFINE_QUARK (devbox-wire-error-quark, devbox_wire_error)
/* clang-format on */

static const struct
{
  const char *name;
  guint16 http_status;
  guint16 envelope_status;
} codes[] = {
#define DEVBOX_WIRE_CODE_ROW(name, http, envelope) { #name, http, envelope },
  DEVBOX_WIRE_CODES (DEVBOX_WIRE_CODE_ROW)
#undef DEVBOX_WIRE_CODE_ROW
};

const char *
devbox_wire_code_to_string (DevboxWireCode code)
{
  g_return_val_if_fail ((guint) code < DEVBOX_WIRE_N_CODES, "INTERNAL_ERROR");

  return codes[code].name;
}

gboolean
devbox_wire_code_from_string (const char *name, DevboxWireCode *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      if (strcmp (codes[i].name, name) == 0)
        {
          *code = i;
          return TRUE;
        }
    }

  return FALSE;
}

guint
devbox_wire_code_get_http_status (DevboxWireCode code)
{
  g_return_val_if_fail ((guint) code < DEVBOX_WIRE_N_CODES, 500);

  return codes[code].http_status;
}

guint
devbox_wire_code_get_envelope_status (DevboxWireCode code)
{
  g_return_val_if_fail ((guint) code < DEVBOX_WIRE_N_CODES, 1500);

  return codes[code].envelope_status;
}

DevboxWireCode
devbox_wire_code_from_http_status (guint status)
{
  switch (status)
    {
    case 401:
      return DEVBOX_WIRE_AUTHENTICATION_FAILED;
    case 402:
      return DEVBOX_WIRE_PAYMENT_REQUIRED;
    case 403:
      return DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS;
    case 404:
      return DEVBOX_WIRE_FILE_NOT_FOUND;
    case 408:
      return DEVBOX_WIRE_OPERATION_TIMEOUT;
    case 409:
      return DEVBOX_WIRE_CONFLICT;
    case 413:
      return DEVBOX_WIRE_FILE_TOO_LARGE;
    case 429:
      return DEVBOX_WIRE_RATE_LIMITED;
    case 502:
    case 503:
      return DEVBOX_WIRE_SERVER_UNAVAILABLE;
    case 504:
      return DEVBOX_WIRE_CONNECTION_TIMEOUT;
    case 507:
      return DEVBOX_WIRE_DISK_FULL;
    default:
      return status >= 400 && status < 500 ? DEVBOX_WIRE_VALIDATION_ERROR : DEVBOX_WIRE_INTERNAL_ERROR;
    }
}

/* The statuses of the envelope are those of HTTP and a thousand, but for two of its own; a status of HTTP is one too.
 */
DevboxWireCode
devbox_wire_code_from_envelope_status (gint64 status)
{
  switch (status)
    {
    case 1403:
      return DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED;
    case 1600:
      return DEVBOX_WIRE_DEVBOX_OPERATION_FAILED;
    default:
      return devbox_wire_code_from_http_status (status >= 1400 && status < 1600 ? (guint) (status - 1000)
                                                : status > 0 && status < 600    ? (guint) status
                                                                                : 500);
    }
}

static DevboxWireCode
code_from_io_error (int io_error)
{
  switch (io_error)
    {
    case G_IO_ERROR_NOT_FOUND:
      return DEVBOX_WIRE_FILE_NOT_FOUND;
    case G_IO_ERROR_NO_SPACE:
      return DEVBOX_WIRE_DISK_FULL;
    case G_IO_ERROR_TIMED_OUT:
      return DEVBOX_WIRE_OPERATION_TIMEOUT;
    case G_IO_ERROR_PERMISSION_DENIED:
    case G_IO_ERROR_READ_ONLY:
      return DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS;
    case G_IO_ERROR_EXISTS:
    case G_IO_ERROR_NOT_EMPTY:
      return DEVBOX_WIRE_CONFLICT;
    case G_IO_ERROR_INVALID_ARGUMENT:
    case G_IO_ERROR_INVALID_DATA:
    case G_IO_ERROR_INVALID_FILENAME:
    case G_IO_ERROR_FILENAME_TOO_LONG:
    case G_IO_ERROR_NOT_DIRECTORY:
    case G_IO_ERROR_IS_DIRECTORY:
    case G_IO_ERROR_NOT_REGULAR_FILE:
      return DEVBOX_WIRE_VALIDATION_ERROR;
    default:
      return DEVBOX_WIRE_INTERNAL_ERROR;
    }
}

DevboxWireCode
devbox_wire_code_from_error (const GError *error)
{
  if (error->domain == DEVBOX_WIRE_ERROR)
    return error->code;
  if (error->domain == G_IO_ERROR)
    return code_from_io_error (error->code);

  return DEVBOX_WIRE_INTERNAL_ERROR;
}

static DevboxWireCode
code_from_errno (int saved_errno)
{
  switch (saved_errno)
    {
    case EXDEV: /* what openat2 () says of a path that leaves */
    case ELOOP:
      return DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED;
    case EDQUOT:
      return DEVBOX_WIRE_DISK_FULL;
    case EFBIG:
      return DEVBOX_WIRE_FILE_TOO_LARGE;
    default:
      return code_from_io_error (g_io_error_from_errno (saved_errno));
    }
}

void
devbox_wire_set_file_error (GError **error, int saved_errno, const char *format, ...)
{
  DevboxWireCode code = code_from_errno (saved_errno);
  g_autofree char *what = NULL;
  g_autofree char *shown = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  shown = g_utf8_make_valid (what, -1);
  if (code == DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED)
    /* Translators: %s is what failed, such as: Cannot open “a/b” */
    g_set_error (error, DEVBOX_WIRE_ERROR, code, _ ("%s: the path leaves the workspace"), shown);
  else
    /* Translators: the first %s is what failed, such as: Cannot open “a/b”; the second is the system's reason */
    g_set_error (error, DEVBOX_WIRE_ERROR, code, _ ("%s: %s"), shown, g_strerror (saved_errno));
}
