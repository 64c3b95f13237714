/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-guard-private.h"

#include "devbox-http-replies-private.h"
#include "devbox-secret-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/random.h>

#define DIGEST_SIZE 32
#define BEARER_PROTOCOL "base64url.bearer.authorization.k8s.io."

struct _DevboxHttpGuard
{
  /* Tokens are compared as HMACs under a key of this process, so that the time a comparison takes says nothing. */
  guint8 key[DIGEST_SIZE];
  guint8 token_digest[DIGEST_SIZE];
  gboolean has_token;
  DevboxHttpAuthenticator authenticator;
  gpointer authenticator_data;
  GHashTable *hosts;
  gboolean cors;
  GStrv origins;
};

DevboxHttpGuard *
devbox_http_guard_new (void)
{
  DevboxHttpGuard *self = g_new0 (DevboxHttpGuard, 1);

  if (getrandom (self->key, sizeof self->key, 0) != sizeof self->key)
    g_error ("the kernel has no random bytes");
  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  return self;
}

void
devbox_http_guard_free (DevboxHttpGuard *self)
{
  g_hash_table_unref (self->hosts);
  g_strfreev (self->origins);
  explicit_bzero (self, sizeof *self);
  g_free (self);
}

static void
digest_token (DevboxHttpGuard *self, const char *token, gsize size, guint8 digest[DIGEST_SIZE])
{
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, self->key, sizeof self->key);
  gsize digest_size = DIGEST_SIZE;

  g_hmac_update (hmac, (const guchar *) token, size);
  g_hmac_get_digest (hmac, digest, &digest_size);
}

void
devbox_http_guard_set_token (DevboxHttpGuard *self, const char *token)
{
  self->has_token = token != NULL;
  if (token != NULL)
    digest_token (self, token, strlen (token), self->token_digest);
}

void
devbox_http_guard_set_authenticator (DevboxHttpGuard *self, DevboxHttpAuthenticator func, gpointer user_data)
{
  self->authenticator = func;
  self->authenticator_data = user_data;
}

void
devbox_http_guard_allow_host (DevboxHttpGuard *self, const char *name)
{
  g_hash_table_add (self->hosts, g_ascii_strdown (name, -1));
}

void
devbox_http_guard_enable_cors (DevboxHttpGuard *self, const char *const *origins)
{
  self->cors = TRUE;
  g_strfreev (self->origins);
  self->origins = g_strdupv ((char **) origins);
}

static gboolean
token_matches (DevboxHttpGuard *self, const char *token, gsize size)
{
  guint8 digest[DIGEST_SIZE];

  digest_token (self, token, size, digest);
  return devbox_secret_equals (digest, self->token_digest, DIGEST_SIZE);
}

static gboolean
is_port (const char *text)
{
  return text[0] == '\0' || (text[0] == ':' && text[1 + strspn (text + 1, "0123456789")] == '\0');
}

/* The host of "host:port", "[v6]:port" or "host", lower case and without brackets; NULL where there is more than that.
 */
static char *
split_host (const char *authority)
{
  const char *start = authority;
  const char *end;
  const char *rest;

  if (authority[0] == '[')
    {
      start++;
      end = strchrnul (start, ']');
      rest = *end != '\0' ? end + 1 : "]";
    }
  else
    {
      end = strchrnul (start, ':');
      rest = end;
    }

  return is_port (rest) ? g_ascii_strdown (start, end - start) : NULL;
}

gboolean
devbox_http_host_is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = NULL;

  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;

  address = g_inet_address_new_from_string (host);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

static gboolean
host_is_ours (DevboxHttpGuard *self, const char *authority)
{
  g_autofree char *host = split_host (authority);

  return host != NULL && (devbox_http_host_is_loopback (host) || g_hash_table_contains (self->hosts, host));
}

static gboolean
origin_is_loopback (const char *origin)
{
  const char *authority = NULL;
  g_autofree char *host = NULL;

  if (!g_str_has_prefix (origin, "http://") && !g_str_has_prefix (origin, "https://"))
    return FALSE;

  authority = strstr (origin, "://") + 3;
  host = split_host (authority);
  return host != NULL && devbox_http_host_is_loopback (host);
}

/* Whether a page of that origin is one that we served. Behind a token the Host header may be any; otherwise it was
 * checked first. */
static gboolean
origin_is_own (DevboxHttpExchange *exchange, const char *origin)
{
  const char *host = devbox_http_exchange_get_header (exchange, "Host");

  return host != NULL && g_str_has_prefix (origin, "http://")
         && g_ascii_strcasecmp (origin + strlen ("http://"), host) == 0;
}

static gboolean
origin_is_listed (DevboxHttpGuard *self, const char *origin)
{
  if (!self->cors)
    return FALSE;

  return origin_is_loopback (origin)
         || (self->origins != NULL
             && (g_strv_contains ((const char *const *) self->origins, origin)
                 || g_strv_contains ((const char *const *) self->origins, "*")));
}

static char *
find_token_protocol (DevboxHttpExchange *exchange)
{
  const char *header = devbox_http_exchange_get_header (exchange, "Sec-WebSocket-Protocol");
  g_auto (GStrv) protocols = NULL;

  if (header == NULL)
    return NULL;

  protocols = g_strsplit (header, ",", 16);
  for (guint i = 0; protocols[i] != NULL; i++)
    {
      if (g_str_has_prefix (g_strstrip (protocols[i]), BEARER_PROTOCOL))
        return g_strdup (protocols[i]);
    }

  return NULL;
}

static gboolean
has_valid_bearer_protocol (DevboxHttpGuard *self, DevboxHttpExchange *exchange)
{
  g_autofree char *protocol = find_token_protocol (exchange);
  g_autofree char *encoded = NULL;
  g_autofree guchar *token = NULL;
  gsize length = 0;

  if (protocol == NULL)
    return FALSE;

  encoded = g_strconcat (protocol + strlen (BEARER_PROTOCOL), "===", NULL);
  encoded[strlen (encoded) / 4 * 4] = '\0';
  g_strdelimit (encoded, "-", '+');
  g_strdelimit (encoded, "_", '/');
  token = g_base64_decode (encoded, &length);

  return token_matches (self, (const char *) token, length);
}

static gboolean
has_valid_token (DevboxHttpGuard *self, DevboxHttpExchange *exchange)
{
  const char *header = devbox_http_exchange_get_header (exchange, "Authorization");

  if (header != NULL && g_ascii_strncasecmp (header, "Bearer ", strlen ("Bearer ")) == 0)
    {
      const char *token = header + strlen ("Bearer ");

      while (*token == ' ')
        token++;
      return token_matches (self, token, strlen (token));
    }

  return has_valid_bearer_protocol (self, exchange);
}

static void
refuse (DevboxHttpExchange *exchange, guint status, DevboxWireCode code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (DEVBOX_WIRE_ERROR, code, message);

  devbox_http_reply_error_with_status (exchange, status, error);
}

static void
add_cors_headers (DevboxHttpExchange *exchange, const char *origin)
{
  devbox_http_exchange_add_header (exchange, "Access-Control-Allow-Origin", origin);
  devbox_http_exchange_add_header (exchange, "Vary", "Origin");
}

gboolean
devbox_http_guard_answer_preflight (DevboxHttpGuard *self, DevboxHttpExchange *exchange)
{
  const char *origin = devbox_http_exchange_get_header (exchange, "Origin");

  if (!self->cors || origin == NULL || strcmp (devbox_http_exchange_get_method (exchange), "OPTIONS") != 0
      || devbox_http_exchange_get_header (exchange, "Access-Control-Request-Method") == NULL
      || !origin_is_listed (self, origin))
    return FALSE;

  add_cors_headers (exchange, origin);
  devbox_http_exchange_add_header (exchange, "Access-Control-Allow-Methods",
                                   "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  devbox_http_exchange_add_header (
      exchange, "Access-Control-Allow-Headers",
      "Authorization, Content-Type, X-Request-Id, Idempotency-Key, Range, If-Match, If-None-Match");
  devbox_http_exchange_add_header (exchange, "Access-Control-Max-Age", "600");
  devbox_http_exchange_reply_data (exchange, 204, NULL, NULL, 0);

  return TRUE;
}

static gboolean
check_origin (DevboxHttpGuard *self, DevboxHttpExchange *exchange, DevboxHttpRouteFlags flags)
{
  const char *origin = devbox_http_exchange_get_header (exchange, "Origin");
  gboolean is_single;

  if (origin == NULL)
    return TRUE;

  is_single = devbox_http_exchange_count_header (exchange, "Origin") == 1;
  if (is_single && origin_is_listed (self, origin))
    add_cors_headers (exchange, origin);
  else if (!is_single || !origin_is_own (exchange, origin))
    {
      refuse (exchange, 403, DEVBOX_WIRE_AUTHENTICATION_FAILED, _ ("Pages of this origin may not use the agent"));
      return FALSE;
    }

  if ((flags & DEVBOX_HTTP_ROUTE_JSON) != 0 && !devbox_http_content_type_is (exchange, "application/json"))
    {
      refuse (exchange, 415, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The content type must be application/json"));
      return FALSE;
    }

  return TRUE;
}

static gboolean
authenticate (DevboxHttpGuard *self, DevboxHttpExchange *exchange, GError **error)
{
  const char *identity;

  if (self->authenticator != NULL)
    {
      identity = self->authenticator (exchange, self->authenticator_data, error);
      devbox_http_exchange_set_identity (exchange, identity);
      return identity != NULL;
    }
  if (has_valid_token (self, exchange))
    return TRUE;

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_AUTHENTICATION_FAILED,
                       _ ("A valid token is needed (Authorization: Bearer …)"));
  return FALSE;
}

static void
refuse_unauthenticated (DevboxHttpExchange *exchange, const GError *error, DevboxHttpRouteFlags flags)
{
  guint status = devbox_wire_code_get_http_status (devbox_wire_code_from_error (error));

  if (status == 401)
    devbox_http_exchange_add_header (exchange, "WWW-Authenticate", "Bearer");
  devbox_http_reply_refusal (exchange, status, error, (flags & DEVBOX_HTTP_ROUTE_BARE) != 0);
}

gboolean
devbox_http_guard_admit (DevboxHttpGuard *self, DevboxHttpExchange *exchange, DevboxHttpRouteFlags flags)
{
  g_autoptr (GError) error = NULL;
  gboolean is_open = (flags & DEVBOX_HTTP_ROUTE_OPEN) != 0;
  gboolean asks_for_token = self->has_token || self->authenticator != NULL;
  const char *host = devbox_http_exchange_get_header (exchange, "Host");

  if (asks_for_token && !is_open && !authenticate (self, exchange, &error))
    {
      refuse_unauthenticated (exchange, error, flags);
      return FALSE;
    }

  /* Without a token only the Host header tells a request that a browser was tricked into by DNS rebinding. */
  if (!asks_for_token && !is_open && host != NULL && host[0] != '\0' && !host_is_ours (self, host))
    {
      refuse (exchange, 421, DEVBOX_WIRE_VALIDATION_ERROR,
              _ ("This agent is not known by the name in the Host header"));
      return FALSE;
    }

  return check_origin (self, exchange, flags);
}

char *
devbox_http_guard_dup_token_protocol (DevboxHttpGuard *self, DevboxHttpExchange *exchange)
{
  return find_token_protocol (exchange);
}
