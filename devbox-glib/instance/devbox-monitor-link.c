/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-monitor-link-private.h"

#include "devbox-endpoint-private.h"
#include "devbox-transport-error-private.h"
#include "devbox-watch-messages-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

#define MAX_MESSAGE_SIZE (128 * 1024) /* two paths with every byte escaped */
#define TOO_MANY_REQUESTS 429         /* SoupStatus has no name for it */

DevboxMonitorLinkTiming devbox_monitor_link_timing = {
  .first_delay_ms = 500,
  .last_delay_ms = 30000,
  .ping_interval_s = 20,
  .silence_ms = 50000,
};

typedef enum
{
  STATE_NEW,
  STATE_CONNECTING, /* from the handshake to the acknowledgement */
  STATE_WATCHING,
  STATE_WAITING, /* for the next try */
  STATE_STOPPED,
} State;

struct _DevboxMonitorLink
{
  gatomicrefcount ref_count;
  DevboxIoThread *thread;
  DevboxEndpoint *endpoint;
  DevboxMonitorQueue *queue;
  char *path;
  DevboxFileMonitorFlags flags;

  /* All below in the I/O thread alone. */
  State state;
  GError *stop_reason; /* stopped while new */
  DevboxMonitorLinkTiming timing;
  DevboxMonitorLinkStarted started; /* NULL once told */
  gpointer started_data;
  SoupSession *session;
  GCancellable *handshake; /* of the try in hand */
  SoupWebsocketConnection *connection;
  GSource *timer; /* of the state: the deadline, the liveness check, or the next try */
  guint next_delay_ms;
  gint64 watching_since;
  gint64 last_heard;
};

static void try_to_connect (DevboxMonitorLink *self);

DevboxMonitorLink *
devbox_monitor_link_new (DevboxIoThread *thread,
                         DevboxEndpoint *endpoint,
                         const char *path,
                         DevboxFileMonitorFlags flags,
                         DevboxMonitorQueue *queue)
{
  DevboxMonitorLink *self = g_new0 (DevboxMonitorLink, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->thread = devbox_io_thread_ref (thread);
  self->endpoint = devbox_endpoint_ref (endpoint);
  self->queue = devbox_monitor_queue_ref (queue);
  self->path = g_strdup (path);
  self->flags = flags;

  return self;
}

DevboxMonitorLink *
devbox_monitor_link_ref (DevboxMonitorLink *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/* Whatever was started was stopped before the last reference goes: nothing is left of the I/O thread's. */
void
devbox_monitor_link_unref (DevboxMonitorLink *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->session == NULL);
  devbox_io_thread_unref (self->thread);
  devbox_endpoint_unref (self->endpoint);
  devbox_monitor_queue_unref (self->queue);
  g_clear_error (&self->stop_reason);
  g_free (self->path);
  g_free (self);
}

static void
clear_timer (DevboxMonitorLink *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
set_timer (DevboxMonitorLink *self, guint delay_ms, GSourceFunc func)
{
  clear_timer (self);
  self->timer = g_timeout_source_new (delay_ms);
  g_source_set_static_name (self->timer, "[devbox] file monitor link");
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
disconnect (DevboxMonitorLink *self)
{
  g_autoptr (GSource) source = NULL;

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

static void
tell_started (DevboxMonitorLink *self, const GError *error)
{
  DevboxMonitorLinkStarted started = g_steal_pointer (&self->started);

  started (error, g_steal_pointer (&self->started_data));
}

/* Until a link has been up for a while, each loss doubles the wait: an agent that takes the watch and then breaks down
 * must not be hammered. */
static guint
next_delay (DevboxMonitorLink *self)
{
  const gint64 long_enough = self->timing.last_delay_ms * G_TIME_SPAN_MILLISECOND;
  guint delay;

  if (self->state == STATE_WATCHING && g_get_monotonic_time () - self->watching_since >= long_enough)
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

/* The first try fails for good; a later one only if the agent said no. */
static void
lose (DevboxMonitorLink *self, const GError *error, gboolean permanent)
{
  guint delay;

  if (permanent || self->started != NULL)
    {
      devbox_monitor_link_stop (self, error);
      return;
    }

  g_debug ("The link that watches “%s” is lost: %s", self->path, error->message);
  disconnect (self);
  delay = next_delay (self);
  self->state = STATE_WAITING;
  set_timer (self, delay, delay_is_over);
}

static gboolean
handshake_is_over (gpointer data)
{
  DevboxMonitorLink *self = data;
  g_autoptr (GError) error
      = devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, &(DevboxErrorDetails){ .path = self->path },
                          _ ("The agent did not begin to watch “%s” in time"), self->path);

  lose (self, error, FALSE);

  return G_SOURCE_REMOVE;
}

static gboolean
check_liveness (gpointer data)
{
  DevboxMonitorLink *self = data;
  const gint64 silence = g_get_monotonic_time () - self->last_heard;
  g_autoptr (GError) error = NULL;

  if (silence < self->timing.silence_ms * G_TIME_SPAN_MILLISECOND)
    return G_SOURCE_CONTINUE;

  error = devbox_error_new (DEVBOX_ERROR_CONNECTION_TIMEOUT, &(DevboxErrorDetails){ .path = self->path },
                            _ ("The agent that watches “%s” no longer answers"), self->path);
  lose (self, error, FALSE);

  return G_SOURCE_REMOVE;
}

static void
begin_watching (DevboxMonitorLink *self)
{
  if (self->state != STATE_CONNECTING)
    return;

  self->state = STATE_WATCHING;
  self->watching_since = g_get_monotonic_time ();
  set_timer (self, self->timing.silence_ms / 8, check_liveness);

  if (self->started != NULL)
    tell_started (self, NULL);
  else /* nobody knows what happened meanwhile */
    devbox_monitor_queue_push_overflow (self->queue, self->path);
}

static void
on_message (SoupWebsocketConnection *connection, SoupWebsocketDataType type, GBytes *message, gpointer user_data)
{
  DevboxMonitorLink *self = user_data;
  g_auto (DevboxWatchReply) reply = DEVBOX_WATCH_REPLY_INIT;
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *text = g_bytes_get_data (message, &size);

  self->last_heard = g_get_monotonic_time ();
  if (!devbox_watch_reply_parse (&reply, text, size, &error))
    {
      lose (self, error, FALSE);
      return;
    }

  switch (reply.kind)
    {
    case DEVBOX_WATCH_REPLY_STARTED:
      begin_watching (self);
      break;
    case DEVBOX_WATCH_REPLY_REFUSED:
      lose (self, reply.reason, TRUE);
      break;
    case DEVBOX_WATCH_REPLY_EVENT:
      devbox_monitor_queue_push_changed (self->queue, reply.event, reply.path, reply.old_path);
      break;
    case DEVBOX_WATCH_REPLY_OVERFLOW:
      devbox_monitor_queue_push_overflow (self->queue, reply.path);
      break;
    case DEVBOX_WATCH_REPLY_OTHER:
    default:
      break;
    }
}

static void
on_pong (SoupWebsocketConnection *connection, GBytes *message, gpointer user_data)
{
  DevboxMonitorLink *self = user_data;

  self->last_heard = g_get_monotonic_time ();
}

static void
on_closed (SoupWebsocketConnection *connection, gpointer user_data)
{
  DevboxMonitorLink *self = user_data;
  g_autoptr (GError) error
      = devbox_error_new (DEVBOX_ERROR_CONNECTION_FAILED, &(DevboxErrorDetails){ .path = self->path },
                          _ ("The agent that watches “%s” closed the connection"), self->path);

  lose (self, error, FALSE);
}

static GError *
error_from_transport (DevboxMonitorLink *self, const GError *cause)
{
  return devbox_error_from_transport (cause, devbox_endpoint_get_address (self->endpoint),
                                      &(DevboxErrorDetails){ .path = self->path });
}

static void
on_error (SoupWebsocketConnection *connection, GError *cause, gpointer user_data)
{
  DevboxMonitorLink *self = user_data;
  g_autoptr (GError) error = error_from_transport (self, cause);

  lose (self, error, FALSE);
}

static void
watch (DevboxMonitorLink *self, SoupWebsocketConnection *connection)
{
  g_autofree char *message = devbox_watch_message_new (self->path, self->flags);

  self->connection = g_object_ref (connection);
  self->last_heard = g_get_monotonic_time ();
  soup_websocket_connection_set_max_incoming_payload_size (connection, MAX_MESSAGE_SIZE);
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
  return status != SOUP_STATUS_NONE && status < 500 && status != SOUP_STATUS_REQUEST_TIMEOUT
         && status != TOO_MANY_REQUESTS;
}

static GError *
error_from_handshake (DevboxMonitorLink *self, SoupMessage *message, const GError *cause)
{
  const guint status = soup_message_get_status (message);
  const DevboxErrorDetails details = { .http_status = status, .path = self->path };
  DevboxWireCode code;

  if (status == SOUP_STATUS_NONE || status == SOUP_STATUS_SWITCHING_PROTOCOLS)
    return error_from_transport (self, cause);

  code = status == SOUP_STATUS_NOT_FOUND ? DEVBOX_WIRE_DEVBOX_NOT_FOUND : devbox_wire_code_from_http_status (status);

  return devbox_error_new ((DevboxError) code, &details,
                           /* Translators: %s is a path; then comes what the server answered, such as “404 Not Found” */
                           _ ("Cannot watch “%s”: the agent answers %u %s"), self->path, status,
                           soup_message_get_reason_phrase (message));
}

typedef struct
{
  DevboxMonitorLink *link;
  SoupMessage *message;
  GCancellable *cancellable;
} Try;

static void
try_free (Try *self)
{
  devbox_io_thread_release (self->link->thread);
  devbox_monitor_link_unref (self->link);
  g_object_unref (self->message);
  g_object_unref (self->cancellable);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Try, try_free)

static void
connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Try) this_try = user_data;
  DevboxMonitorLink *self = this_try->link;
  g_autoptr (GError) cause = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) connection
      = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &cause);

  if (self->handshake != this_try->cancellable) /* given up */
    return;

  g_clear_object (&self->handshake);
  if (connection != NULL)
    {
      watch (self, connection);
      return;
    }

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
build_message (DevboxMonitorLink *self)
{
  g_autoptr (GUri) uri = build_uri (devbox_endpoint_get_uri (self->endpoint));
  const char *token = devbox_endpoint_get_token (self->endpoint);
  SoupMessage *message = soup_message_new_from_uri (SOUP_METHOD_GET, uri);

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  /* Inflating knows no bound. */
  soup_message_disable_feature (message, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  if (token != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", value);
    }

  return message;
}

static void
try_to_connect (DevboxMonitorLink *self)
{
  Try *this_try = g_new0 (Try, 1);

  self->state = STATE_CONNECTING;
  self->handshake = g_cancellable_new ();
  if (self->timing.handshake_ms > 0)
    set_timer (self, self->timing.handshake_ms, handshake_is_over);
  else
    clear_timer (self);

  devbox_io_thread_hold (self->thread);
  this_try->link = devbox_monitor_link_ref (self);
  this_try->message = build_message (self);
  this_try->cancellable = g_object_ref (self->handshake);
  soup_session_websocket_connect_async (self->session, this_try->message, NULL, NULL, G_PRIORITY_DEFAULT,
                                        self->handshake, connected, this_try);
}

void
devbox_monitor_link_start (DevboxMonitorLink *self,
                           SoupSession *session,
                           const DevboxMonitorLinkTiming *timing,
                           DevboxMonitorLinkStarted started,
                           gpointer user_data)
{
  self->started = started;
  self->started_data = user_data;
  if (self->state == STATE_STOPPED)
    {
      tell_started (self, self->stop_reason);
      return;
    }

  self->session = g_object_ref (session);
  self->timing = *timing;
  self->next_delay_ms = timing->first_delay_ms;
  try_to_connect (devbox_monitor_link_ref (self)); /* until it is stopped */
}

static GError *
make_closed_error (DevboxMonitorLink *self)
{
  return devbox_error_new (DEVBOX_ERROR_CONNECTION_FAILED, &(DevboxErrorDetails){ .path = self->path }, "%s",
                           _ ("The client was closed"));
}

void
devbox_monitor_link_stop (DevboxMonitorLink *self, const GError *error)
{
  const State state = self->state;
  g_autoptr (GError) reason = NULL;

  if (state == STATE_STOPPED)
    return;

  self->state = STATE_STOPPED;
  reason = error != NULL ? g_error_copy (error) : make_closed_error (self);
  if (state == STATE_NEW)
    {
      self->stop_reason = g_steal_pointer (&reason);
      return;
    }

  clear_timer (self);
  disconnect (self);
  soup_session_abort (self->session);
  g_clear_object (&self->session);
  if (self->started != NULL)
    tell_started (self, reason);
  else
    devbox_monitor_queue_push_closed (self->queue, error);
  devbox_monitor_link_unref (self);
}
