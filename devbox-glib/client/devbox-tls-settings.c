/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tls-settings-private.h"

#include "devbox-secret-private.h"
#include "devbox-tls-authorities-private.h"

#include <glib/gi18n-lib.h>

struct _DevboxTlsSettings
{
  gatomicrefcount ref_count;

  char *host;
  GTlsDatabase *authorities; /* of the cluster's own host; NULL: the system's */
  GTlsDatabase *other_authorities;
  GTlsCertificate *certificate;
  char *server_name;
  GProxyResolver *proxy_resolver;
  gboolean is_insecure;
};

/* One text of both, as GIO wants it. */
static GTlsCertificate *
new_certificate (const char *certificate, const char *key, GError **error)
{
  g_autoptr (DevboxSecret) pem = g_strconcat (certificate, "\n", key, NULL);

  /* GIO does without a key. */
  if (strstr (key, "PRIVATE KEY-----") == NULL)
    {
      g_set_error_literal (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, _ ("There is no private key in it"));
      return NULL;
    }

  return g_tls_certificate_new_from_pem (pem, -1, error);
}

static GProxyResolver *
new_proxy_resolver (const char *proxy_url, GError **error)
{
  static const char *const schemes[] = { "http", "https", "socks4", "socks4a", "socks5", NULL };
  g_autofree char *scheme = NULL;
  g_autofree char *host = NULL;

  if (!g_uri_split_network (proxy_url, G_URI_FLAGS_NONE, &scheme, &host, NULL, NULL) || host == NULL
      || !g_strv_contains (schemes, scheme))
    {
      /* It may hold a password. */
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("The address of the proxy is malformed or of an unknown kind"));
      return NULL;
    }

  return g_simple_proxy_resolver_new (proxy_url, NULL);
}

DevboxTlsSettings *
devbox_tls_settings_new (const DevboxTlsOptions *options, GError **error)
{
  g_autoptr (DevboxTlsSettings) self = g_new0 (DevboxTlsSettings, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->host = g_strdup (options->host);
  self->server_name = g_strdup (options->server_name);
  self->is_insecure = options->is_insecure;
  if (options->authorities != NULL)
    {
      self->authorities = devbox_tls_authorities_new (options->authorities, FALSE, error);
      if (self->authorities == NULL)
        return NULL;
      self->other_authorities = devbox_tls_authorities_new (options->authorities, TRUE, error);
    }
  if (options->certificate != NULL)
    {
      self->certificate = new_certificate (options->certificate, options->key, error);
      if (self->certificate == NULL)
        return NULL;
    }
  if (options->proxy_url != NULL)
    {
      self->proxy_resolver = new_proxy_resolver (options->proxy_url, error);
      if (self->proxy_resolver == NULL)
        return NULL;
    }

  return g_steal_pointer (&self);
}

DevboxTlsSettings *
devbox_tls_settings_ref (DevboxTlsSettings *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_tls_settings_unref (DevboxTlsSettings *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->host);
  g_clear_object (&self->authorities);
  g_clear_object (&self->other_authorities);
  g_clear_object (&self->certificate);
  g_free (self->server_name);
  g_clear_object (&self->proxy_resolver);
  g_free (self);
}

static gboolean
accept_any (GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer data)
{
  return TRUE;
}

/* A server at the cluster's own host is told the name that it must have in its certificate. */
static void
set_server_name (GTlsClientConnection *connection, const char *name, int port)
{
  g_autoptr (GSocketConnectable) identity = g_network_address_new (name, (guint16) port);

  g_tls_client_connection_set_server_identity (connection, identity);
}

/* Before the first byte goes over a connection that has just been made. */
static void
network_event_cb (SoupMessage *message, GSocketClientEvent event, GIOStream *connection, gpointer data)
{
  DevboxTlsSettings *self = data;
  GUri *uri = soup_message_get_uri (message);
  gboolean is_own_host = self->host != NULL && g_ascii_strcasecmp (g_uri_get_host (uri), self->host) == 0;

  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKING || !G_IS_TLS_CLIENT_CONNECTION (connection))
    return;

  if (self->authorities != NULL)
    g_tls_connection_set_database (G_TLS_CONNECTION (connection),
                                   is_own_host ? self->authorities : self->other_authorities);
  if (self->certificate != NULL)
    g_tls_connection_set_certificate (G_TLS_CONNECTION (connection), self->certificate);
  if (self->is_insecure)
    g_signal_connect (connection, "accept-certificate", G_CALLBACK (accept_any), NULL);
  if (self->server_name != NULL && is_own_host)
    set_server_name (G_TLS_CLIENT_CONNECTION (connection), self->server_name, g_uri_get_port (uri));
}

static void
drop_reference (gpointer data, GClosure *closure)
{
  devbox_tls_settings_unref (data);
}

static void
request_queued_cb (SoupSession *session, SoupMessage *message, gpointer data)
{
  g_signal_connect_data (message, "network-event", G_CALLBACK (network_event_cb), devbox_tls_settings_ref (data),
                         drop_reference, 0);
}

void
devbox_tls_settings_apply (DevboxTlsSettings *self, SoupSession *session)
{
  if (self->proxy_resolver != NULL)
    soup_session_set_proxy_resolver (session, self->proxy_resolver);
  g_signal_connect_data (session, "request-queued", G_CALLBACK (request_queued_cb), devbox_tls_settings_ref (self),
                         drop_reference, 0);
}
