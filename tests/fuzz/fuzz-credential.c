/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A token alone comes back as it is; a kubeconfig gives the token that is found when GLib decodes it. */
#include "config.h"

#include "devbox-platform-credential-private.h"
#include "devbox-secret-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gboolean
has_scheme (const char *text)
{
  return g_regex_match_simple ("^[Bb][Ee][Aa][Rr][Ee][Rr] ", text, 0, 0);
}

/* By way of the decoder of URIs; NULL: none is to be found. */
static char *
read_plainly (const char *text)
{
  g_autoptr (GBytes) decoded = NULL;
  g_autoptr (JsonNode) root = NULL;
  DevboxWireKubeconfig kubeconfig;

  if (has_scheme (text))
    text += strlen ("Bearer ");
  while (*text == ' ')
    text++;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p))
      return NULL;

  decoded = *text != '\0' ? g_uri_unescape_bytes (text, -1, NULL, NULL) : NULL;
  if (decoded == NULL)
    return NULL;
  root = devbox_wire_kubeconfig_parse (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), NULL, NULL);
  if (root == NULL || !devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, NULL))
    return NULL;

  return g_strdup (kubeconfig.token);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autofree char *expected = NULL;
  g_autoptr (GError) error = NULL;
  char *token = devbox_platform_credential_read (text, &error);

  g_assert_true ((token == NULL) == (error != NULL));
  if (error != NULL)
    g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_AUTHENTICATION_FAILED)
                   || g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG));

  if (has_scheme (text) && g_regex_match_simple ("^[^ ]+ +[-A-Za-z0-9._~+/=]+$", text, G_REGEX_DOLLAR_ENDONLY, 0))
    expected = g_strdup (strrchr (text, ' ') + 1);
  else
    expected = read_plainly (text);
  g_assert_cmpstr (token, ==, expected);
  devbox_secret_free (token);

  return 0;
}
