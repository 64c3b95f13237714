/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-transport-error-private.h"

#include <glib/gi18n-lib.h>

static char *
describe (const GError *cause, const char *address)
{
  if (cause->domain == G_RESOLVER_ERROR)
    /* Translators: the first %s is an address such as "https://example.org:443", the second the reason */
    return g_strdup_printf (_ ("The name in %s could not be found: %s"), address, cause->message);

  if (cause->domain == G_TLS_ERROR)
    /* Translators: the first %s is an address such as "https://example.org:443", the second the reason */
    return g_strdup_printf (_ ("No trusted connection to %s could be made: %s"), address, cause->message);

  if (cause->domain == SOUP_SESSION_ERROR || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    /* Translators: the first %s is an address such as "https://example.org:443", the second the reason */
    return g_strdup_printf (_ ("The reply of %s is not valid HTTP: %s"), address, cause->message);

  if (devbox_error_is_disconnection (cause))
    /* Translators: the first %s is an address such as "https://example.org:443", the second the reason */
    return g_strdup_printf (_ ("The connection to %s was lost: %s"), address, cause->message);

  /* Translators: the first %s is an address such as "https://example.org:443", the second the reason */
  return g_strdup_printf (_ ("No connection to %s could be made: %s"), address, cause->message);
}

GError *
devbox_error_from_transport (const GError *cause, const char *address, const DevboxErrorDetails *details)
{
  DevboxErrorDetails with_cause = *details;
  DevboxError code = DEVBOX_ERROR_CONNECTION_FAILED;
  g_autofree char *message = NULL;

  if (cause->domain == DEVBOX_ERROR)
    return devbox_error_complete (g_error_copy (cause), details);

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    code = DEVBOX_ERROR_CONNECTION_TIMEOUT;

  message = describe (cause, address);
  with_cause.cause = cause;

  return devbox_error_new (code, &with_cause, "%s", message);
}

gboolean
devbox_error_is_disconnection (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)
         || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF);
}
