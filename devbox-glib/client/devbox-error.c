/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define REPLACEMENT_CHARACTER 0xfffd

/**
 * DevboxError:
 * @DEVBOX_ERROR_INTERNAL_ERROR: Something went wrong inside the library or the server, or a reply made no sense
 * @DEVBOX_ERROR_AUTHENTICATION_FAILED: The server asks for a token and did not accept the one it got
 * @DEVBOX_ERROR_INVALID_KUBECONFIG: The kubeconfig cannot be read or does not say what is needed
 * @DEVBOX_ERROR_CONNECTION_FAILED: No connection could be made, it broke before the reply was complete, its TLS
 * certificate was not accepted, or the client was closed
 * @DEVBOX_ERROR_CONNECTION_TIMEOUT: The network gave up connecting before the call's own time limit, or a gateway timed
 * out
 * @DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED: No connection became free within [property@Devbox.Pool:connection-timeout]
 * @DEVBOX_ERROR_DEVBOX_NOT_FOUND: There is no devbox of that name
 * @DEVBOX_ERROR_DEVBOX_CREATION_FAILED: The devbox could not be made
 * @DEVBOX_ERROR_FILE_NOT_FOUND: The file or folder does not exist
 * @DEVBOX_ERROR_FILE_TOO_LARGE: The file is larger than the server accepts, or the reply larger than the client does
 * @DEVBOX_ERROR_FILE_TRANSFER_FAILED: The content of a file could not be moved whole
 * @DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED: The path leads out of the workspace
 * @DEVBOX_ERROR_SERVER_UNAVAILABLE: The server cannot answer now, or the devbox is not running
 * @DEVBOX_ERROR_HEALTH_CHECK_FAILED: The server answers, and says that it is not healthy
 * @DEVBOX_ERROR_OPERATION_TIMEOUT: The call's time limit passed, or that of the command which it ran
 * @DEVBOX_ERROR_VALIDATION_ERROR: An argument is not acceptable
 * @DEVBOX_ERROR_UNAUTHORIZED: The caller is not known
 * @DEVBOX_ERROR_INVALID_TOKEN: The token is malformed
 * @DEVBOX_ERROR_TOKEN_EXPIRED: The token's time is over
 * @DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS: The caller is known and may not do this
 * @DEVBOX_ERROR_DEVBOX_NOT_READY: The devbox has not started yet
 * @DEVBOX_ERROR_DEVBOX_OPERATION_FAILED: The devbox could not be started, paused, restarted or shut down
 * @DEVBOX_ERROR_CONFLICT: The state of things does not allow it, for example because the target exists
 * @DEVBOX_ERROR_PROCESS_NOT_FOUND: There is no process of that identifier
 * @DEVBOX_ERROR_SESSION_NOT_FOUND: There is no shell session of that identifier
 * @DEVBOX_ERROR_DISK_FULL: The devbox has no space left
 * @DEVBOX_ERROR_RATE_LIMITED: Too many requests in a short time
 * @DEVBOX_ERROR_PAYMENT_REQUIRED: The account at the platform has debts
 *
 * The reasons for which a call fails.
 *
 * Beside these a call ends with %G_IO_ERROR_CANCELLED, when its [class@Gio.Cancellable] was cancelled, and with nothing
 * else. What the server told beyond the code is found with [func@Devbox.ErrorInfo.from_error].
 *
 * Since: 1.0
 */

/**
 * DevboxErrorFamily:
 * @DEVBOX_ERROR_FAMILY_OTHER: None of the others
 * @DEVBOX_ERROR_FAMILY_AUTHENTICATION: The caller is not known, or not allowed to do this
 * @DEVBOX_ERROR_FAMILY_CONNECTION: The server could not be reached, or not in time: the same call may succeed later
 * @DEVBOX_ERROR_FAMILY_FILE_OPERATION: A file could not be read, written or found
 * @DEVBOX_ERROR_FAMILY_DEVBOX_NOT_FOUND: The devbox does not exist
 * @DEVBOX_ERROR_FAMILY_VALIDATION: The call was refused for what it asked
 *
 * Groups of [error@Devbox.Error] codes that a program usually treats alike.
 *
 * Since: 1.0
 */

#define ASSERT_SAME_VALUE(name, http, envelope) G_STATIC_ASSERT ((int) DEVBOX_ERROR_##name == (int) DEVBOX_WIRE_##name);
DEVBOX_WIRE_CODES (ASSERT_SAME_VALUE)
#undef ASSERT_SAME_VALUE
G_STATIC_ASSERT (DEVBOX_ERROR_PAYMENT_REQUIRED + 1 == (int) DEVBOX_WIRE_N_CODES);

typedef struct
{
  DevboxErrorInfo *info;
} DevboxErrorPrivate;

static void
devbox_error_private_init (DevboxErrorPrivate *priv)
{
  priv->info = NULL;
}

static void
devbox_error_private_copy (const DevboxErrorPrivate *source, DevboxErrorPrivate *copy)
{
  g_set_object (&copy->info, source->info);
}

static void
devbox_error_private_clear (DevboxErrorPrivate *priv)
{
  g_clear_object (&priv->info);
}

/**
 * devbox_error_quark:
 *
 * Gets the domain of the errors of this library.
 *
 * Returns: the domain, which is `DEVBOX_ERROR` in C
 *
 * Since: 1.0
 */

/* The private data of an error lies before it, aligned as GLib allocates it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-align"
G_DEFINE_EXTENDED_ERROR (DevboxError, devbox_error)
#pragma GCC diagnostic pop

/**
 * devbox_error_get_family:
 * @code: an error code
 *
 * Gets the group that an error code belongs to.
 *
 * Returns: the group; %DEVBOX_ERROR_FAMILY_OTHER for a number that is no code
 *
 * Since: 1.0
 */
DevboxErrorFamily
devbox_error_get_family (DevboxError code)
{
  switch (code)
    {
    case DEVBOX_ERROR_AUTHENTICATION_FAILED:
    case DEVBOX_ERROR_INVALID_KUBECONFIG:
    case DEVBOX_ERROR_UNAUTHORIZED:
    case DEVBOX_ERROR_INVALID_TOKEN:
    case DEVBOX_ERROR_TOKEN_EXPIRED:
    case DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS:
      return DEVBOX_ERROR_FAMILY_AUTHENTICATION;

    case DEVBOX_ERROR_CONNECTION_FAILED:
    case DEVBOX_ERROR_CONNECTION_TIMEOUT:
    case DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED:
    case DEVBOX_ERROR_SERVER_UNAVAILABLE:
    case DEVBOX_ERROR_HEALTH_CHECK_FAILED:
    case DEVBOX_ERROR_OPERATION_TIMEOUT:
    case DEVBOX_ERROR_DEVBOX_NOT_READY:
    case DEVBOX_ERROR_RATE_LIMITED:
    case DEVBOX_ERROR_PAYMENT_REQUIRED:
      return DEVBOX_ERROR_FAMILY_CONNECTION;

    case DEVBOX_ERROR_FILE_NOT_FOUND:
    case DEVBOX_ERROR_FILE_TOO_LARGE:
    case DEVBOX_ERROR_FILE_TRANSFER_FAILED:
    case DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED:
    case DEVBOX_ERROR_DISK_FULL:
      return DEVBOX_ERROR_FAMILY_FILE_OPERATION;

    case DEVBOX_ERROR_DEVBOX_NOT_FOUND:
      return DEVBOX_ERROR_FAMILY_DEVBOX_NOT_FOUND;

    case DEVBOX_ERROR_VALIDATION_ERROR:
      return DEVBOX_ERROR_FAMILY_VALIDATION;

    case DEVBOX_ERROR_INTERNAL_ERROR:
    case DEVBOX_ERROR_DEVBOX_CREATION_FAILED:
    case DEVBOX_ERROR_DEVBOX_OPERATION_FAILED:
    case DEVBOX_ERROR_CONFLICT:
    case DEVBOX_ERROR_PROCESS_NOT_FOUND:
    case DEVBOX_ERROR_SESSION_NOT_FOUND:
    default:
      return DEVBOX_ERROR_FAMILY_OTHER;
    }
}

/**
 * devbox_error_to_string:
 * @code: an error code
 *
 * Gets the name that an error code has on the wire, for example `FILE_NOT_FOUND`.
 *
 * Returns: the name; `INTERNAL_ERROR` for a number that is no code
 *
 * Since: 1.0
 */
const char *
devbox_error_to_string (DevboxError code)
{
  if ((guint) code >= DEVBOX_WIRE_N_CODES)
    code = DEVBOX_ERROR_INTERNAL_ERROR;

  return devbox_wire_code_to_string ((DevboxWireCode) code);
}

DevboxErrorInfo *
devbox_error_get_info (const GError *error)
{
  return error != NULL && error->domain == DEVBOX_ERROR ? devbox_error_get_private (error)->info : NULL;
}

static gboolean
is_plain (const char *text)
{
  while (g_ascii_isprint (*text))
    text++;

  return *text == '\0';
}

/* An error is shown on terminals and written into logs, and may repeat what a server wrote: it is one line of text,
 * without a character that does something there. */
static void
make_printable (GError *error)
{
  g_autofree char *valid = NULL;
  GString *line;

  if (is_plain (error->message))
    return;

  valid = g_utf8_make_valid (error->message, -1);
  line = g_string_sized_new (strlen (valid));
  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar character = g_utf8_get_char (c);

      if (g_ascii_isspace (*c))
        g_string_append_c (line, ' ');
      else
        g_string_append_unichar (line, g_unichar_iscntrl (character) ? REPLACEMENT_CHARACTER : character);
    }

  g_free (error->message);
  error->message = g_string_free (line, FALSE);
}

static GError *
error_new_valist (DevboxError code, const DevboxErrorDetails *details, const char *format, va_list arguments)
    G_GNUC_PRINTF (3, 0);

static GError *
error_new_valist (DevboxError code, const DevboxErrorDetails *details, const char *format, va_list arguments)
{
  GError *error = g_error_new_valist (DEVBOX_ERROR, code, format, arguments);

  make_printable (error);
  devbox_error_get_private (error)->info = devbox_error_info_new (code, details);

  return error;
}

GError *
devbox_error_new (DevboxError code, const DevboxErrorDetails *details, const char *format, ...)
{
  va_list arguments;
  GError *error;

  va_start (arguments, format);
  error = error_new_valist (code, details, format, arguments);
  va_end (arguments);

  return error;
}

GError *
devbox_error_new_closed (const DevboxErrorDetails *details)
{
  return devbox_error_new (DEVBOX_ERROR_CONNECTION_FAILED, details, "%s", _ ("The client was closed"));
}

void
devbox_error_set (GError **error, DevboxError code, const DevboxErrorDetails *details, const char *format, ...)
{
  va_list arguments;

  if (error == NULL)
    return;

  va_start (arguments, format);
  g_propagate_error (error, error_new_valist (code, details, format, arguments));
  va_end (arguments);
}

GError *
devbox_error_complete (GError *error, const DevboxErrorDetails *details)
{
  DevboxErrorPrivate *priv;
  DevboxErrorDetails with_cause = *details;
  GError *completed;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;

  if (error->domain != DEVBOX_ERROR)
    {
      with_cause.cause = error;
      completed = devbox_error_new (error->domain == DEVBOX_WIRE_ERROR ? error->code : DEVBOX_ERROR_INTERNAL_ERROR,
                                    &with_cause, "%s", error->message);
      g_error_free (error);
      return completed;
    }

  make_printable (error);
  priv = devbox_error_get_private (error);
  if (priv->info == NULL)
    priv->info = devbox_error_info_new (error->code, details);
  else
    devbox_error_info_fill (priv->info, details);

  return error;
}
