/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-connection-private.h"

#include "devbox-proxy-resolver-private.h"

#include <string.h>

/* A request must not meet the server closing the connection: give up a little before it says. */
#define EXPIRY_MARGIN_US G_USEC_PER_SEC

struct _DevboxConnection
{
  DevboxIoThread *thread;
  DevboxPoolState *state;
  char *user_agent;
  DevboxTlsSettings *tls; /* or NULL */
  SoupSession *session;
  GSocket *socket;
  guint connection_id; /* what libsoup calls the connection within the session; 0: none yet */
  gint64 opened;       /* when the first exchange over it began */

  DevboxExchange *exchange;
  DevboxConnectionPour pour;
  DevboxConnectionDone done;
  gpointer data;

  guint64 n_uses;
  gboolean is_reusable;
  gint64 started; /* the last exchange */
  gint64 last_used;
  char *keep_alive;         /* what the server says of it, or NULL */
  guint keep_alive_seconds; /* 0: not told */
};

SoupSession *
devbox_session_new (const char *user_agent)
{
  g_autoptr (GProxyResolver) resolver = devbox_proxy_resolver_new ();
  SoupSession *session = g_object_new (SOUP_TYPE_SESSION, "max-conns", 1, "max-conns-per-host", 1, "timeout", 0,
                                       "idle-timeout", 0, "proxy-resolver", resolver, "user-agent", user_agent, NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_SNIFFER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);

  return session;
}

static void
make_session (DevboxConnection *self)
{
  self->session = devbox_session_new (self->user_agent);
  if (self->tls != NULL)
    devbox_tls_settings_apply (self->tls, self->session);
}

DevboxConnection *
devbox_connection_new (DevboxIoThread *thread, DevboxPoolState *state, const char *user_agent, DevboxTlsSettings *tls)
{
  DevboxConnection *self = g_new0 (DevboxConnection, 1);

  self->thread = thread;
  self->state = devbox_pool_state_ref (state);
  self->user_agent = g_strdup (user_agent);
  self->tls = tls != NULL ? devbox_tls_settings_ref (tls) : NULL;
  make_session (self);

  return self;
}

/* What libsoup calls it from now on. */
static void
set_connection_id (DevboxConnection *self, guint connection_id)
{
  if (connection_id == self->connection_id)
    return;

  if (self->connection_id != 0)
    devbox_pool_state_count_end (self->state, g_get_monotonic_time () - self->opened);
  self->connection_id = connection_id;
  self->opened = self->started;
}

static void
drop_session (DevboxConnection *self)
{
  set_connection_id (self, 0);
  soup_session_abort (self->session);
  g_clear_object (&self->session);
  g_clear_object (&self->socket);
}

void
devbox_connection_free (DevboxConnection *self)
{
  g_assert (self->exchange == NULL);

  drop_session (self);
  devbox_pool_state_unref (self->state);
  g_clear_pointer (&self->tls, devbox_tls_settings_unref);
  g_free (self->keep_alive);
  g_free (self->user_agent);
  g_free (self);
}

/* "timeout=360, max=1000" */
static guint
parse_keep_alive (const char *value)
{
  g_autoptr (GHashTable) parameters = NULL;
  const char *timeout;
  guint64 seconds = 0;

  parameters = soup_header_parse_param_list (value);
  timeout = parameters != NULL ? g_hash_table_lookup (parameters, "timeout") : NULL;
  if (timeout != NULL)
    g_ascii_string_to_unsigned (timeout, 10, 1, G_MAXINT, &seconds, NULL);

  return (guint) seconds;
}

/* Most servers say the same each time. */
static void
note_keep_alive (DevboxConnection *self, SoupMessageHeaders *headers)
{
  const char *value = soup_message_headers_get_one (headers, "Keep-Alive");

  if (g_strcmp0 (value, self->keep_alive) == 0)
    return;

  g_free (self->keep_alive);
  self->keep_alive = g_strdup (value);
  self->keep_alive_seconds = value != NULL ? parse_keep_alive (value) : 0;
}

static void
exchange_done_cb (DevboxExchange *exchange, GBytes *body, const GError *error, gpointer data)
{
  DevboxConnection *self = data;
  SoupMessage *message = devbox_exchange_get_message (exchange);
  guint connection_id = soup_message_get_connection_id (message);
  DevboxConnectionReply reply = {
    .message = message,
    .body = body,
    .n_read = devbox_exchange_get_n_read (exchange),
    .error = error,
    .was_reused = connection_id != 0 && connection_id == self->connection_id,
    .was_sent = devbox_exchange_was_sent (exchange),
    .was_answered = devbox_exchange_was_answered (exchange),
  };

  self->exchange = NULL;
  set_connection_id (self, connection_id);
  self->last_used = g_get_monotonic_time ();
  self->n_uses++;
  self->is_reusable = error == NULL && soup_message_is_keepalive (message) && devbox_exchange_was_sent_whole (exchange)
                      && soup_message_get_status (message) != SOUP_STATUS_MISDIRECTED_REQUEST;
  if (self->is_reusable)
    note_keep_alive (self, soup_message_get_response_headers (message));

  self->done (self, &reply, self->data);
}

static DevboxPipe *
exchange_pour_cb (DevboxExchange *exchange, guint *silence_ms, gpointer data)
{
  DevboxConnection *self = data;

  return self->pour (self, devbox_exchange_get_message (exchange), silence_ms, self->data);
}

void
devbox_connection_send (DevboxConnection *self,
                        const DevboxExchangeRequest *request,
                        DevboxConnectionPour pour,
                        DevboxConnectionDone done,
                        gpointer data)
{
  g_assert (self->exchange == NULL);

  self->pour = pour;
  self->done = done;
  self->data = data;
  self->is_reusable = FALSE;
  self->started = g_get_monotonic_time ();
  self->exchange = devbox_exchange_start (self->thread, self->session, &self->socket, request,
                                          pour != NULL ? exchange_pour_cb : NULL, exchange_done_cb, self);
}

void
devbox_connection_hand_over (DevboxConnection *self, DevboxConnectionDone done, gpointer data)
{
  g_assert (self->exchange != NULL);

  self->done = done;
  self->data = data;
}

void
devbox_connection_abort (DevboxConnection *self)
{
  if (self->exchange != NULL)
    devbox_exchange_abort (self->exchange);
}

void
devbox_connection_renew (DevboxConnection *self)
{
  drop_session (self);
  make_session (self);
  g_clear_pointer (&self->keep_alive, g_free);
  self->keep_alive_seconds = 0;
}

gboolean
devbox_connection_is_reusable (DevboxConnection *self)
{
  return self->is_reusable;
}

guint64
devbox_connection_get_n_uses (DevboxConnection *self)
{
  return self->n_uses;
}

gint64
devbox_connection_get_expiry (DevboxConnection *self)
{
  gint64 time_left = self->keep_alive_seconds * G_USEC_PER_SEC;

  if (self->keep_alive_seconds == 0)
    return G_MAXINT64;

  return self->last_used + time_left - MIN (EXPIRY_MARGIN_US, time_left / 4);
}

GSocket *
devbox_connection_get_socket (DevboxConnection *self)
{
  return self->socket;
}
