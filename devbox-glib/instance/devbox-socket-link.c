/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-socket-link-private.h"

#include "devbox-agent-finder-private.h"
#include "devbox-endpoint-private.h"
#include "devbox-socket-handshake-private.h"
#include "devbox-transport-error-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

#define TOO_MANY_REQUESTS 429 /* SoupStatus has no name for it */

typedef enum
{
  STATE_NEW,
  STATE_CONNECTING, /* from the handshake until the agent has taken the greeting */
  STATE_UP,
  STATE_WAITING, /* for the next try */
  STATE_PAUSED,
  STATE_STOPPED,
} State;

struct _DevboxSocketLink
{
  gatomicrefcount ref_count;
  DevboxIoThread *thread;
  DevboxAgent *agent;
  char *subject;
  const DevboxSocketLinkFuncs *funcs;
  gpointer owner;

  /* All below in the I/O thread alone. */
  State state;
  GError *stop_reason; /* stopped while new */
  DevboxSocketLinkTiming timing;
  DevboxClientCore *core;
  SoupSession *session;
  DevboxAgentSearch search; /* of the try in hand, as what follows */
  DevboxEndpoint *endpoint;
  GCancellable *handshake;
  SoupWebsocketConnection *connection;
  GSource *timer; /* of the state: the deadline, the liveness check, or the next try */
  guint next_delay_ms;
  gint64 up_since;
  gint64 down_since; /* 0: it is not, or was never up */
  gint64 last_heard;
  gboolean was_up;
};

static void try_to_connect (DevboxSocketLink *self);
static void find_endpoint (DevboxSocketLink *self);

DevboxSocketLink *
devbox_socket_link_new (DevboxIoThread *thread,
                        DevboxAgent *agent,
                        const char *subject,
                        const DevboxSocketLinkFuncs *funcs,
                        gpointer owner)
{
  DevboxSocketLink *self = g_new0 (DevboxSocketLink, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->thread = devbox_io_thread_ref (thread);
  self->agent = devbox_agent_ref (agent);
  self->subject = g_strdup (subject);
  self->funcs = funcs;
  self->owner = owner;

  return self;
}

static DevboxSocketLink *
link_ref (DevboxSocketLink *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/* Whatever was started was stopped before the last reference goes: nothing is left of the I/O thread's. */
void
devbox_socket_link_unref (DevboxSocketLink *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->session == NULL);
  devbox_io_thread_unref (self->thread);
  devbox_agent_unref (self->agent);
  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  g_clear_error (&self->stop_reason);
  g_free (self->subject);
  g_free (self);
}

static void
clear_timer (DevboxSocketLink *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
set_timer (DevboxSocketLink *self, guint delay_ms, GSourceFunc func)
{
  clear_timer (self);
  self->timer = g_timeout_source_new (delay_ms);
  g_source_set_static_name (self->timer, "[devbox] socket link");
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

static gboolean
release_connection (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/* Also runs inside the connection's own signals, after which libsoup goes on to use it: the reference ends in a turn of
 * its own. */
static void
disconnect (DevboxSocketLink *self)
{
  g_autoptr (GSource) source = NULL;

  devbox_agent_search_leave (&self->search);
  if (self->handshake != NULL)
    g_cancellable_cancel (self->handshake);
  g_clear_object (&self->handshake);
  if (self->connection == NULL)
    return;

  g_signal_handlers_disconnect_by_data (self->connection, self);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, release_connection, g_steal_pointer (&self->connection), g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
}

/* Until a link has been up for a while, each loss doubles the wait: an agent that takes what is asked and then breaks
 * down must not be hammered. */
static guint
next_delay (DevboxSocketLink *self)
{
  const gint64 long_enough = self->timing.last_delay_ms * G_TIME_SPAN_MILLISECOND;
  guint delay;

  if (self->state == STATE_UP && g_get_monotonic_time () - self->up_since >= long_enough)
    self->next_delay_ms = self->timing.first_delay_ms;

  delay = self->next_delay_ms;
  self->next_delay_ms = MIN (2 * delay, self->timing.last_delay_ms);

  /* A quarter more or less, lest the clients of an agent that comes back all come at once. */
  return (guint) (delay * g_random_double_range (0.75, 1.25));
}

static gboolean
delay_is_over (gpointer data)
{
  try_to_connect (data);

  return G_SOURCE_REMOVE;
}

static gboolean
is_hopeless (DevboxSocketLink *self)
{
  if (!self->was_up)
    return TRUE;
  if (self->timing.give_up_ms == 0)
    return FALSE;
  if (self->down_since == 0)
    self->down_since = g_get_monotonic_time ();

  return g_get_monotonic_time () - self->down_since >= self->timing.give_up_ms * G_TIME_SPAN_MILLISECOND;
}

/* The agent's words may repeat ours. */
static GError *
copy_error (DevboxSocketLink *self, const GError *error)
{
  GError *copy;

  if (error == NULL)
    return NULL;

  copy = devbox_error_complete (g_error_copy (error), &(DevboxErrorDetails){ .path = self->subject });
  if (self->endpoint != NULL)
    devbox_endpoint_redact_error (self->endpoint, copy);

  return copy;
}

/* The first try fails for good; a later one only if the agent said no, or if it has been away for too long. */
static void
lose (DevboxSocketLink *self, const GError *error, gboolean permanent)
{
  g_autoptr (GError) reason = copy_error (self, error);
  guint delay;

  if (permanent || is_hopeless (self))
    {
      devbox_socket_link_stop (self, error);
      return;
    }

  g_debug ("The link for “%s” is lost: %s", self->subject, reason->message);
  disconnect (self);
  delay = next_delay (self);
  self->state = STATE_WAITING;
  set_timer (self, delay, delay_is_over);
}

void
devbox_socket_link_lose (DevboxSocketLink *self, const GError *error)
{
  lose (self, error, FALSE);
}

static gboolean
handshake_is_over (gpointer data)
{
  DevboxSocketLink *self = data;
  g_autoptr (GError) error
      = devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, &(DevboxErrorDetails){ .path = self->subject },
                          _ ("The agent did not answer in time about “%s”"), self->subject);

  lose (self, error, FALSE);

  return G_SOURCE_REMOVE;
}

static gboolean
check_liveness (gpointer data)
{
  DevboxSocketLink *self = data;
  const gint64 silence = g_get_monotonic_time () - self->last_heard;
  g_autoptr (GError) error = NULL;

  if (silence < self->timing.silence_ms * G_TIME_SPAN_MILLISECOND)
    return G_SOURCE_CONTINUE;

  error = devbox_error_new (DEVBOX_ERROR_CONNECTION_TIMEOUT, &(DevboxErrorDetails){ .path = self->subject },
                            _ ("The agent that reports on “%s” no longer answers"), self->subject);
  lose (self, error, FALSE);

  return G_SOURCE_REMOVE;
}

void
devbox_socket_link_begin (DevboxSocketLink *self)
{
  const gboolean is_first = !self->was_up;

  if (self->state != STATE_CONNECTING)
    return;

  self->state = STATE_UP;
  self->was_up = TRUE;
  self->down_since = 0;
  self->up_since = g_get_monotonic_time ();
  set_timer (self, self->timing.silence_ms / 8, check_liveness);
  self->funcs->began (self->owner, is_first);
}

static void
on_message (SoupWebsocketConnection *connection, SoupWebsocketDataType type, GBytes *message, gpointer user_data)
{
  DevboxSocketLink *self = user_data;
  gsize size;
  const char *text = g_bytes_get_data (message, &size);

  self->last_heard = g_get_monotonic_time ();
  self->funcs->heard (self->owner, text, size);
}

static void
on_pong (SoupWebsocketConnection *connection, GBytes *message, gpointer user_data)
{
  DevboxSocketLink *self = user_data;

  self->last_heard = g_get_monotonic_time ();
}

static void
on_closed (SoupWebsocketConnection *connection, gpointer user_data)
{
  DevboxSocketLink *self = user_data;
  g_autoptr (GError) error
      = devbox_error_new (DEVBOX_ERROR_CONNECTION_FAILED, &(DevboxErrorDetails){ .path = self->subject },
                          _ ("The agent that reports on “%s” closed the connection"), self->subject);

  lose (self, error, FALSE);
}

static GError *
error_from_transport (DevboxSocketLink *self, const GError *cause)
{
  return devbox_error_from_transport (cause, devbox_endpoint_get_address (self->endpoint),
                                      &(DevboxErrorDetails){ .path = self->subject });
}

static void
on_error (SoupWebsocketConnection *connection, GError *cause, gpointer user_data)
{
  DevboxSocketLink *self = user_data;
  g_autoptr (GError) error = error_from_transport (self, cause);

  lose (self, error, FALSE);
}

static void
greet (DevboxSocketLink *self, SoupWebsocketConnection *connection)
{
  g_autofree char *message = self->funcs->greet (self->owner);

  self->connection = g_object_ref (connection);
  self->last_heard = g_get_monotonic_time ();
  soup_websocket_connection_set_max_incoming_payload_size (connection, self->timing.max_message_size);
  soup_websocket_connection_set_keepalive_interval (connection, self->timing.ping_interval_s);
  g_signal_connect (connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (connection, "pong", G_CALLBACK (on_pong), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect (connection, "error", G_CALLBACK (on_error), self);
  soup_websocket_connection_send_text (connection, message);
}

/* An answer that will not change by itself. 404 is what a gateway says of a devbox that it does not know. */
static gboolean
status_is_final (guint status)
{
  return status >= SOUP_STATUS_OK && status < 500 && status != SOUP_STATUS_REQUEST_TIMEOUT
         && status != TOO_MANY_REQUESTS;
}

static GError *
error_from_handshake (DevboxSocketLink *self, SoupMessage *message, const GError *cause)
{
  const guint status = soup_message_get_status (message);
  const DevboxErrorDetails details = { .http_status = status, .path = self->subject };
  DevboxWireCode code;

  if (status == SOUP_STATUS_NONE || SOUP_STATUS_IS_INFORMATIONAL (status))
    return error_from_transport (self, cause);

  code = status == SOUP_STATUS_NOT_FOUND ? DEVBOX_WIRE_DEVBOX_NOT_FOUND : devbox_wire_code_from_http_status (status);

  return devbox_error_new (
      (DevboxError) code, &details,
      /* Translators: %s is a path or a name; then comes what the server answered, such as “404 Not Found” */
      _ ("The agent does not report on “%s”: it answers %u %s"), self->subject, status,
      soup_status_get_phrase (status));
}

typedef struct
{
  DevboxSocketLink *link;
  SoupMessage *message;
  GCancellable *cancellable;
} Try;

static void
try_free (Try *self)
{
  devbox_io_thread_release (self->link->thread);
  devbox_socket_link_unref (self->link);
  g_object_unref (self->message);
  g_object_unref (self->cancellable);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Try, try_free)

static void
connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Try) this_try = user_data;
  DevboxSocketLink *self = this_try->link;
  g_autoptr (GError) cause = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) connection = devbox_socket_handshake_finish (result, &cause);

  if (self->handshake != this_try->cancellable) /* given up */
    return;

  g_clear_object (&self->handshake);
  if (connection != NULL)
    {
      greet (self, connection);
      return;
    }

  /* The next try looks for it anew. */
  devbox_agent_forget (self->agent);
  error = error_from_handshake (self, this_try->message, cause);
  lose (self, error, status_is_final (soup_message_get_status (this_try->message)));
}

static GUri *
build_uri (GUri *base)
{
  g_autofree char *path = g_strconcat (g_uri_get_path (base), "/ws", NULL);

  return g_uri_build (SOUP_HTTP_URI_FLAGS, g_str_equal (g_uri_get_scheme (base), "https") ? "wss" : "ws", NULL,
                      g_uri_get_host (base), g_uri_get_port (base), path, NULL, NULL);
}

static SoupMessage *
build_message (DevboxSocketLink *self)
{
  g_autoptr (GUri) uri = build_uri (devbox_endpoint_get_uri (self->endpoint));
  const char *token = devbox_endpoint_get_token (self->endpoint);
  SoupMessage *message = soup_message_new_from_uri (SOUP_METHOD_GET, uri);

  if (token != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", value);
    }

  return message;
}

static void
shake_hands (DevboxSocketLink *self)
{
  Try *this_try = g_new0 (Try, 1);

  self->handshake = g_cancellable_new ();
  devbox_io_thread_hold (self->thread);
  this_try->link = link_ref (self);
  this_try->message = build_message (self);
  this_try->cancellable = g_object_ref (self->handshake);
  devbox_socket_handshake_start (self->session, this_try->message, self->timing.max_message_size, self->handshake,
                                 connected, this_try);
}

/* A devbox that is stopped may be started again. */
static gboolean
is_final (const GError *error)
{
  return g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_NOT_FOUND)
         || g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

static void
found_agent (DevboxAgentSearch *search, const GError *error)
{
  DevboxSocketLink *self = search->data;

  if (error != NULL)
    lose (self, error, is_final (error));
  else
    find_endpoint (self);
}

/* Where the agent is may have changed since the last try. */
static void
find_endpoint (DevboxSocketLink *self)
{
  g_autoptr (DevboxEndpoint) platform = NULL;

  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  self->endpoint = devbox_agent_ref_endpoint (self->agent);
  if (self->endpoint != NULL)
    {
      shake_hands (self);
      return;
    }

  platform = devbox_client_settings_ref_platform (devbox_client_core_get_settings (self->core));
  self->search.found = found_agent;
  self->search.data = self;
  devbox_agent_search_start (&self->search, self->agent, self->core, platform, FALSE);
}

static void
try_to_connect (DevboxSocketLink *self)
{
  self->state = STATE_CONNECTING;
  if (self->timing.handshake_ms > 0)
    set_timer (self, self->timing.handshake_ms, handshake_is_over);
  else
    clear_timer (self);

  find_endpoint (self);
}

void
devbox_socket_link_start (DevboxSocketLink *self, DevboxClientCore *core, const DevboxSocketLinkTiming *timing)
{
  if (self->state == STATE_STOPPED)
    {
      self->funcs->ended (self->owner, self->stop_reason);
      return;
    }

  self->core = devbox_client_core_ref (core);
  self->session = devbox_client_core_new_session (core);
  self->timing = *timing;
  self->next_delay_ms = timing->first_delay_ms;
  try_to_connect (link_ref (self)); /* until it is stopped */
}

void
devbox_socket_link_pause (DevboxSocketLink *self)
{
  if (self->state == STATE_NEW || self->state == STATE_STOPPED || self->state == STATE_PAUSED)
    return;

  clear_timer (self);
  disconnect (self);
  self->state = STATE_PAUSED;
}

void
devbox_socket_link_resume (DevboxSocketLink *self)
{
  if (self->state == STATE_PAUSED)
    try_to_connect (self);
}

GError *
devbox_socket_link_make_closed_error (DevboxSocketLink *self)
{
  return devbox_error_new_closed (&(DevboxErrorDetails){ .path = self->subject });
}

void
devbox_socket_link_stop (DevboxSocketLink *self, const GError *error)
{
  const State state = self->state;
  g_autoptr (GError) reason = NULL;

  if (state == STATE_STOPPED)
    return;

  self->state = STATE_STOPPED;
  if (state == STATE_NEW)
    {
      self->stop_reason = error != NULL ? g_error_copy (error) : NULL;
      return;
    }

  reason = copy_error (self, error); /* it may be of what goes here */
  clear_timer (self);
  disconnect (self);
  soup_session_abort (self->session);
  g_clear_object (&self->session);
  g_clear_pointer (&self->core, devbox_client_core_unref);
  self->funcs->ended (self->owner, reason);
  devbox_socket_link_unref (self);
}
