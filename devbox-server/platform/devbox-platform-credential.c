/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-credential-private.h"

#include "devbox-secret-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <glib/gi18n-lib.h>

#define BEARER "Bearer "

/* RFC 6750: a percent-encoded kubeconfig never looks like this, since it has line breaks or braces. */
#define TOKEN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="

/* Strict: only visible ASCII stands for itself. The size is that of the text, which may hold anything. */
static char *
decode (const char *text, gsize *size)
{
  g_autofree char *decoded = g_malloc (strlen (text) + 1);
  gsize length = 0;

  for (const char *position = text; *position != '\0'; position++)
    {
      char c = *position;

      if (c == '%' && g_ascii_isxdigit (position[1]) && g_ascii_isxdigit (position[2]))
        {
          c = (char) (g_ascii_xdigit_value (position[1]) << 4 | g_ascii_xdigit_value (position[2]));
          position += 2;
        }
      else if (c == '%' || !g_ascii_isgraph (c))
        {
          explicit_bzero (decoded, length);
          return NULL;
        }
      decoded[length++] = c;
    }
  decoded[length] = '\0';
  *size = length;

  return g_steal_pointer (&decoded);
}

static char *
copy_token (JsonNode *root, GError **error)
{
  DevboxWireKubeconfig kubeconfig;

  if (!devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, error))
    return NULL;
  if (kubeconfig.token == NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_AUTHENTICATION_FAILED,
                   /* Translators: %s is the name of a context */
                   _ ("The user of the context “%s” has no token in this kubeconfig"), kubeconfig.context);
      return NULL;
    }

  return g_strdup (kubeconfig.token);
}

static char *
read_kubeconfig (const char *text, GError **error)
{
  g_autoptr (DevboxWireSecretNode) root = NULL;
  gsize size = 0;
  char *decoded = decode (text, &size);

  if (decoded == NULL)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
                           _ ("The kubeconfig in the Authorization header is not percent-encoded"));
      return NULL;
    }

  root = devbox_wire_kubeconfig_parse (decoded, size, NULL, error);
  explicit_bzero (decoded, size);
  g_free (decoded);

  return root != NULL ? copy_token (root, error) : NULL;
}

char *
devbox_platform_credential_read (const char *authorization, GError **error)
{
  gboolean is_bearer = g_ascii_strncasecmp (authorization, BEARER, strlen (BEARER)) == 0;
  const char *credential = is_bearer ? authorization + strlen (BEARER) : authorization;

  while (*credential == ' ')
    credential++;
  if (credential[0] == '\0')
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_AUTHENTICATION_FAILED,
                           _ ("The Authorization header holds no credential"));
      return NULL;
    }
  if (is_bearer && credential[strspn (credential, TOKEN_CHARACTERS)] == '\0')
    return g_strdup (credential);

  return read_kubeconfig (credential, error);
}
