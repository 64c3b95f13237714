/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-listen-policy-private.h"

#include "devbox-http-guard-private.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

gboolean
devbox_platform_check_listen_policy (const char *host,
                                     gboolean has_certificate,
                                     gboolean allow_plaintext,
                                     GError **error)
{
  if (has_certificate || allow_plaintext || devbox_http_host_is_loopback (host))
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               /* Translators: %s is an address or the name of a host */
               _ ("“%s” can be reached from other machines: give the platform a TLS certificate, or allow plain text "
                  "explicitly"),
               host);
  return FALSE;
}
