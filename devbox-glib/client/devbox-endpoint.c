/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-endpoint-private.h"

#include "devbox-error-private.h"
#include "devbox-secret-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _DevboxEndpoint
{
  gatomicrefcount ref_count;

  GUri *uri;
  GUri *health_uri;
  char *url;     /* without a slash at the end */
  char *address; /* scheme, host and port: what connections are shared by */
  char *token;
  char *authorization; /* what the header says of the token */
  char **secrets;      /* what else must not be shown, or NULL */
  DevboxTlsSettings *tls;
};

static GUri *
parse_uri (const char *base_url, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GUri) uri = g_uri_parse (base_url, SOUP_HTTP_URI_FLAGS, &cause);
  g_autofree char *shown = g_utf8_make_valid (base_url, -1);
  const char *scheme;

  /* What cannot be taken apart may hold a password: it is not shown. */
  if (uri == NULL && strchr (base_url, '@') != NULL)
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, NULL, _ ("The address is malformed"));
      return NULL;
    }
  if (uri == NULL)
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, &(DevboxErrorDetails){ .cause = cause },
                        _ ("“%s” is not an address: %s"), shown, cause->message);
      return NULL;
    }

  if (g_uri_get_userinfo (uri) != NULL)
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, NULL, _ ("An address must not hold a user name"));
      return NULL;
    }

  scheme = g_uri_get_scheme (uri);
  if (strcmp (scheme, "http") != 0 && strcmp (scheme, "https") != 0)
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, NULL, _ ("“%s” does not begin with http:// or https://"),
                        shown);
      return NULL;
    }
  if (g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0' || g_uri_get_port (uri) == 0)
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, NULL, _ ("“%s” names no host and port"), shown);
      return NULL;
    }
  if (g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, NULL,
                        _ ("“%s” holds a query or fragment, which a base address must not"), shown);
      return NULL;
    }

  return g_steal_pointer (&uri);
}

static gboolean
is_acceptable_token (const char *token)
{
  for (const char *c = token; *c != '\0'; c++)
    {
      if (!g_ascii_isgraph (*c))
        return FALSE;
    }

  return token[0] != '\0';
}

/* Host names differ only in case; the port is always told, so that two spellings of one address are one. */
static char *
make_address (GUri *uri)
{
  g_autofree char *host = g_ascii_strdown (g_uri_get_host (uri), -1);
  gboolean is_ipv6 = strchr (host, ':') != NULL;
  int port = g_uri_get_port (uri);

  if (port < 0)
    port = strcmp (g_uri_get_scheme (uri), "https") == 0 ? 443 : 80;

  return g_strdup_printf (is_ipv6 ? "%s://[%s]:%d" : "%s://%s:%d", g_uri_get_scheme (uri), host, port);
}

/* The address alone. */
static DevboxEndpoint *
endpoint_new (const char *base_url, GError **error)
{
  g_autoptr (GUri) uri = parse_uri (base_url, error);
  g_autoptr (GUri) base = NULL;
  g_autofree char *path = NULL;
  DevboxEndpoint *self;
  gsize length;

  if (uri == NULL)
    return NULL;

  path = g_strdup (g_uri_get_path (uri));
  for (length = strlen (path); length > 0 && path[length - 1] == '/'; length--)
    path[length - 1] = '\0';
  base = g_uri_build (SOUP_HTTP_URI_FLAGS, g_uri_get_scheme (uri), NULL, g_uri_get_host (uri), g_uri_get_port (uri),
                      path, NULL, NULL);

  self = g_new0 (DevboxEndpoint, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->url = g_uri_to_string (base);
  if (g_str_has_suffix (self->url, "/"))
    self->url[strlen (self->url) - 1] = '\0';
  self->address = make_address (base);
  self->uri = g_steal_pointer (&base);
  self->health_uri = devbox_endpoint_build_uri (self, "/health");

  return self;
}

DevboxEndpoint *
devbox_endpoint_new (const char *base_url, const char *token, GError **error)
{
  DevboxEndpoint *self;

  g_return_val_if_fail (base_url != NULL, NULL);

  if (token != NULL && !is_acceptable_token (token))
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, NULL,
                        _ ("The token is empty or holds a character that cannot stand in a header"));
      return NULL;
    }

  self = endpoint_new (base_url, error);
  if (self == NULL || token == NULL)
    return self;

  self->token = g_strdup (token);
  self->authorization = g_strconcat ("Bearer ", token, NULL);

  return self;
}

/* It becomes a header as it is. */
static gboolean
is_acceptable_authorization (const char *authorization)
{
  for (const char *c = authorization; *c != '\0'; c++)
    {
      if (!g_ascii_isprint (*c))
        return FALSE;
    }

  return authorization[0] != '\0';
}

DevboxEndpoint *
devbox_endpoint_new_with_authorization (const char *base_url, const char *authorization, GError **error)
{
  const char *space = strchr (authorization, ' ');
  DevboxEndpoint *self;

  if (!is_acceptable_authorization (authorization))
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, NULL,
                        _ ("The credential is empty or holds a character that cannot stand in a header"));
      return NULL;
    }

  self = endpoint_new (base_url, error);
  if (self == NULL)
    return NULL;

  self->token = g_strdup (space != NULL && space[1] != '\0' ? space + 1 : authorization);
  self->authorization = g_strdup (authorization);

  return self;
}

DevboxEndpoint *
devbox_endpoint_ref (DevboxEndpoint *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_endpoint_unref (DevboxEndpoint *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  devbox_secret_free (self->token);
  devbox_secret_free (self->authorization);
  devbox_secret_free_strv (self->secrets);
  g_clear_pointer (&self->tls, devbox_tls_settings_unref);
  g_free (self->address);
  g_free (self->url);
  g_uri_unref (self->uri);
  g_uri_unref (self->health_uri);
  g_free (self);
}

const char *
devbox_endpoint_get_url (DevboxEndpoint *self)
{
  return self->url;
}

GUri *
devbox_endpoint_get_uri (DevboxEndpoint *self)
{
  return self->uri;
}

const char *
devbox_endpoint_get_token (DevboxEndpoint *self)
{
  return self->token;
}

GUri *
devbox_endpoint_get_health_uri (DevboxEndpoint *self)
{
  return self->health_uri;
}

const char *
devbox_endpoint_get_authorization (DevboxEndpoint *self)
{
  return self->authorization;
}

void
devbox_endpoint_take_tls_settings (DevboxEndpoint *self, DevboxTlsSettings *tls)
{
  self->tls = tls;
}

DevboxTlsSettings *
devbox_endpoint_get_tls_settings (DevboxEndpoint *self)
{
  return self->tls;
}

const char *
devbox_endpoint_get_address (DevboxEndpoint *self)
{
  return self->address;
}

gboolean
devbox_endpoint_equal (DevboxEndpoint *a, DevboxEndpoint *b)
{
  return a == b || (strcmp (a->url, b->url) == 0 && g_strcmp0 (a->authorization, b->authorization) == 0);
}

/* The path of a request is already escaped: nothing is parsed or normalised again. */
GUri *
devbox_endpoint_build_uri (DevboxEndpoint *self, const char *path_and_query)
{
  const char *mark = strchr (path_and_query, '?');
  g_autofree char *path = NULL;

  if (mark == NULL)
    path = g_strconcat (g_uri_get_path (self->uri), path_and_query, NULL);
  else
    path = g_strdup_printf ("%s%.*s", g_uri_get_path (self->uri), (int) (mark - path_and_query), path_and_query);

  return g_uri_build (SOUP_HTTP_URI_FLAGS, g_uri_get_scheme (self->uri), NULL, g_uri_get_host (self->uri),
                      g_uri_get_port (self->uri), path, mark != NULL ? mark + 1 : NULL, NULL);
}

void
devbox_endpoint_take_secrets (DevboxEndpoint *self, char **secrets)
{
  self->secrets = secrets;
}

char *
devbox_endpoint_redact (DevboxEndpoint *self, const char *text)
{
  g_autoptr (GString) redacted = g_string_new (text);

  /* The token may hold the others. */
  if (self->token != NULL)
    g_string_replace (redacted, self->token, "[token]", 0);
  for (guint i = 0; self->secrets != NULL && self->secrets[i] != NULL; i++)
    g_string_replace (redacted, self->secrets[i], "[token]", 0);

  return g_string_free (g_steal_pointer (&redacted), FALSE);
}

void
devbox_endpoint_redact_error (DevboxEndpoint *self, GError *error)
{
  DevboxErrorInfo *info = devbox_error_get_info (error);
  char *message = devbox_endpoint_redact (self, error->message);

  g_free (error->message);
  error->message = message;
  if (info != NULL)
    devbox_error_info_redact (info, self);
}
