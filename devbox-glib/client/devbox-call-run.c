/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-call-core-private.h"

#include "devbox-agent-finder-private.h"
#include "devbox-reply-feed-private.h"
#include "devbox-reply-stream-private.h"
#include "devbox-request-private.h"
#include "devbox-transport-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the I/O thread does for a call: it finds the agent, gives the request its form, takes a connection, sends, and
 * judges what comes of it - until there is a result, or nothing is left to try. */

#define MAX_REQUEST_ID_LENGTH 128

void
devbox_call_stop_run (DevboxCall *self)
{
  devbox_agent_search_leave (&self->search);
  devbox_timer_stop (&self->pause);
  devbox_connection_set_leave (&self->ticket);
  if (self->connection != NULL)
    devbox_connection_abort (self->connection);
}

static gint64
get_due_time (guint delay_ms)
{
  return g_get_monotonic_time () + delay_ms * G_TIME_SPAN_MILLISECOND;
}

/* FALSE when the deadline would pass before: then what is known now is told now. */
static gboolean
retry_after (DevboxCall *self, guint delay_ms)
{
  gint64 due = get_due_time (delay_ms);

  if (due >= devbox_call_get_deadline (self))
    return FALSE;

  self->n_retries++;
  devbox_timer_start (&self->pause, due);

  return TRUE;
}

/* Whether the agent may be somewhere else by now: once in a call the platform is asked. A call of the search itself
 * would wait for its own end. */
static gboolean
look_for_agent_again (DevboxCall *self)
{
  if (self->was_found_again || self->agent == NULL || self->done != NULL || self->request->asks_platform
      || self->request->tries_once || devbox_agent_get_devbox_name (self->agent) == NULL)
    return FALSE;

  self->was_found_again = TRUE;
  devbox_agent_forget (self->agent);

  return TRUE;
}

static gboolean
take_step (DevboxCall *self, const DevboxReply *reply, const GError *error)
{
  DevboxRequest *request = self->request;
  guint delay_ms = 0;

  if (request->step == NULL || !request->step (request, reply, error, &delay_ms))
    return FALSE;

  /* What has not come by the deadline has not come in time. */
  self->n_retries = 0;
  g_clear_error (&self->step_error);
  self->step_error = error != NULL ? g_error_copy (error) : NULL;
  devbox_timer_start (&self->pause, get_due_time (delay_ms));

  return TRUE;
}

/* Takes the error, a DevboxError. */
static void
fail_attempt (DevboxCall *self, GError *error, gboolean was_sent)
{
  guint delay_ms;

  if (!was_sent && devbox_request_rewind (self->request) && look_for_agent_again (self))
    {
      g_error_free (error);
      devbox_call_run (self);
      return;
    }
  if (devbox_retry_after_error (&self->rules, self->request, self->n_retries, error, was_sent, &delay_ms)
      && retry_after (self, delay_ms))
    {
      g_error_free (error);
      return;
    }
  if (take_step (self, NULL, error))
    {
      g_error_free (error);
      return;
    }

  devbox_endpoint_redact_error (self->endpoint, error);
  devbox_call_settle (self, NULL, error);
}

/* What the server calls the request, if that can be shown, else what we call it. */
static const char *
get_request_id (DevboxCall *self, SoupMessageHeaders *headers)
{
  const char *id = soup_message_headers_get_one (headers, "X-Request-Id");
  gsize length = 0;

  while (id != NULL && g_ascii_isgraph (id[length]))
    length++;

  return length > 0 && length <= MAX_REQUEST_ID_LENGTH && id[length] == '\0' ? id : self->request_id;
}

/* A token that is refused may be an old one. A 404 or 503 that is not the agent's own is a gateway's, which tells so of
 * a devbox that is gone or stopped. */
static gboolean
may_be_elsewhere (const DevboxReply *reply)
{
  const char *type = soup_message_headers_get_content_type (reply->headers, NULL);
  gboolean is_json = type != NULL && strcmp (type, "application/json") == 0;

  return reply->status == SOUP_STATUS_UNAUTHORIZED
         || ((reply->status == SOUP_STATUS_NOT_FOUND || reply->status == SOUP_STATUS_SERVICE_UNAVAILABLE) && !is_json
             && g_bytes_get_size (reply->body) > 0);
}

static void
judge_reply (DevboxCall *self, const DevboxReply *reply)
{
  DevboxRequest *request = self->request;
  DevboxErrorDetails details = devbox_call_get_error_details (self);
  GError *error = NULL;
  gpointer result;
  guint delay_ms;

  details.http_status = reply->status;
  details.request_id = reply->request_id;
  details.retry_after_ms = devbox_retry_parse_after (reply->headers);

  if (may_be_elsewhere (reply) && devbox_request_rewind (request) && look_for_agent_again (self))
    {
      devbox_call_run (self);
      return;
    }
  if (devbox_retry_after_reply (&self->rules, request, self->n_retries, reply, &delay_ms)
      && retry_after (self, delay_ms))
    return;
  if (take_step (self, reply, NULL))
    return;

  result = request->parse (request, reply, &error);
  if (result == NULL && error == NULL)
    error
        = devbox_error_new (DEVBOX_ERROR_INTERNAL_ERROR, NULL, _ ("The reply to %s was not understood"), request->path);

  if (error != NULL)
    {
      error = devbox_error_complete (error, &details);
      devbox_endpoint_redact_error (self->endpoint, error);
    }

  devbox_call_settle (self, result, error);
}

/* Whether a request may go out at once over a fresh connection: the one that it took had been used before, the server
 * closed it without a word of reply - as it does when it has just found it idle for too long - and it does no harm if
 * the server carries the request out twice. */
static gboolean
may_send_again (DevboxCall *self, const DevboxConnectionReply *reply)
{
  return !self->was_sent_again && reply->error != NULL && reply->was_reused && !reply->was_answered
         && devbox_error_is_disconnection (reply->error) && devbox_request_is_idempotent (self->request)
         && devbox_request_rewind (self->request);
}

static void send_request (DevboxCall *self);

static void
count_operation (DevboxCall *self, const DevboxConnectionReply *reply)
{
  guint64 n_bytes = reply->n_read;

  if (self->request->body != NULL)
    n_bytes += g_bytes_get_size (self->request->body);
  else if (self->request->body_pipe != NULL)
    n_bytes += devbox_pipe_get_n_read (self->request->body_pipe);

  self->n_bytes += n_bytes;
  devbox_pool_state_count_operation (devbox_client_core_get_pool_state (self->core), reply->was_reused, n_bytes);
}

static void
judge (DevboxCall *self, const DevboxConnectionReply *reply)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (reply->message);

  if (reply->body != NULL)
    judge_reply (self, &(DevboxReply){
                           .status = soup_message_get_status (reply->message),
                           .headers = headers,
                           .body = reply->body,
                           .request_id = get_request_id (self, headers),
                           .base_url = devbox_endpoint_get_url (self->endpoint),
                           .endpoint = self->endpoint,
                       });
  else
    {
      DevboxErrorDetails details = devbox_call_get_error_details (self);

      fail_attempt (self,
                    devbox_error_from_transport (reply->error, devbox_endpoint_get_address (self->endpoint), &details),
                    reply->was_sent);
    }
}

static void
reply_cb (DevboxConnection *connection, const DevboxConnectionReply *reply, gpointer data)
{
  DevboxCall *self = data;

  self->connection = NULL;
  if (self->recorder != NULL && reply->was_sent && !reply->was_reused)
    devbox_metrics_recorder_add_connection (self->recorder);

  if (!self->is_settled && may_send_again (self, reply))
    {
      self->was_sent_again = TRUE;
      devbox_connection_renew (connection);
      self->connection = connection;
      send_request (self);
      devbox_call_io_unref (self);
      return;
    }

  if (!self->is_settled && reply->body != NULL)
    count_operation (self, reply);

  /* The next call can go out while this one's reply is read. */
  devbox_connection_set_release (&self->ticket);

  if (!self->is_settled)
    judge (self, reply);

  devbox_call_io_unref (self);
}

static void
append_headers (DevboxCall *self, SoupMessageHeaders *headers)
{
  DevboxRequest *request = self->request;
  const char *authorization = devbox_endpoint_get_authorization (self->endpoint);
  char traceparent[DEVBOX_TRACE_PARENT_LENGTH + 1];

  for (guint i = 0; i < self->headers->len; i += 2)
    soup_message_headers_append (headers, self->headers->pdata[i], self->headers->pdata[i + 1]);

  if (authorization != NULL && !request->anonymous)
    soup_message_headers_append (headers, "Authorization", authorization);
  if (request->idempotency_key != NULL)
    soup_message_headers_append (headers, "Idempotency-Key", request->idempotency_key);
  soup_message_headers_append (headers, "X-Request-Id", self->request_id);
  devbox_trace_begin_span (&self->trace);
  devbox_trace_format (&self->trace, traceparent);
  soup_message_headers_append (headers, "traceparent", traceparent);
  if (request->expect_continue && (request->body != NULL || request->body_pipe != NULL))
    soup_message_headers_set_expectations (headers, SOUP_EXPECTATION_CONTINUE);
}

static SoupMessage *
build_message (DevboxCall *self)
{
  DevboxRequest *request = self->request;
  g_autoptr (GUri) uri = devbox_endpoint_build_uri (self->endpoint, request->path);
  SoupMessage *message = soup_message_new_from_uri (request->method, uri);

  append_headers (self, soup_message_get_request_headers (message));

  /* For may_send_again (): they tell whether a first part of a reply had come. What is idempotent by its method libsoup
   * sends again. */
  if (request->idempotent || request->idempotency_key != NULL)
    soup_message_add_flags (message, SOUP_MESSAGE_COLLECT_METRICS);

  return message;
}

/* The caller gets the reply while it comes. */
static DevboxPipe *
pour_cb (DevboxConnection *connection, SoupMessage *message, guint *silence_ms, gpointer data)
{
  DevboxCall *self = data;
  DevboxRequest *request = self->request;
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  DevboxPipe *pipe;
  GInputStream *stream;

  if (self->is_settled || !devbox_request_streams (request, soup_message_get_status (message), headers))
    return NULL;

  pipe = devbox_pipe_new (DEVBOX_PIPE_CAPACITY);
  stream = devbox_reply_stream_new (pipe, self->thread, self->client, self->endpoint);
  *silence_ms = request->may_be_silent ? 0 : self->timeout_ms;

  self->connection = NULL;
  devbox_reply_feed_start (self->core, &self->ticket, connection, pipe, devbox_endpoint_get_address (self->endpoint),
                           &(DevboxErrorDetails){
                               .http_status = soup_message_get_status (message),
                               .request_id = get_request_id (self, headers),
                               .path = request->subject,
                           });
  devbox_call_settle (self, stream, NULL);
  devbox_call_io_unref (self);

  return pipe;
}

static void
send_request (DevboxCall *self)
{
  DevboxRequest *request = self->request;
  g_autoptr (SoupMessage) message = build_message (self);

  request->n_sent++;
  devbox_call_io_ref (self);
  devbox_connection_send (self->connection,
                          &(DevboxExchangeRequest){
                              .message = message,
                              .body = request->body,
                              .body_pipe = request->body == NULL ? request->body_pipe : NULL,
                              .body_pipe_size = request->body_pipe_size,
                              .body_head = request->body_head,
                              .body_tail = request->body_tail,
                              .content_type = request->content_type,
                              .max_reply_size = devbox_request_get_max_reply_size (request),
                          },
                          request->streams_reply && self->client != NULL ? pour_cb : NULL, reply_cb, self);
}

static void
ticket_called (DevboxTicket *ticket, DevboxConnection *connection)
{
  DevboxCall *self = ticket->data;

  if (connection == NULL)
    {
      DevboxErrorDetails details = devbox_call_get_error_details (self);

      devbox_call_settle (self, NULL,
                          devbox_error_new (DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED, &details,
                                            /* Translators: %s is an address such as "https://example.org:443" */
                                            _ ("None of the connections to %s became free in time"),
                                            devbox_endpoint_get_address (self->endpoint)));
      return;
    }

  self->connection = connection;
  send_request (self);
}

static void
take_connection (DevboxCall *self)
{
  DevboxRequest *request = self->request;
  gboolean is_for_agent = self->agent != NULL && !request->asks_platform;
  DevboxPoolKey key = { 0 };
  GError *error = NULL;

  if (is_for_agent && request->prepare != NULL
      && !request->prepare (request, devbox_agent_get_features (self->agent), &error))
    {
      devbox_call_settle (self, NULL, error);
      return;
    }

  self->ticket.called = ticket_called;
  self->ticket.data = self;
  key.address = devbox_endpoint_get_address (self->endpoint);
  key.tls = devbox_endpoint_get_tls_settings (self->endpoint);
  if (is_for_agent)
    {
      key.devbox_name = devbox_agent_get_devbox_name (self->agent);
      key.health_uri = devbox_endpoint_get_health_uri (self->endpoint);
    }
  if (key.devbox_name == NULL)
    key.devbox_name = "";
  devbox_connection_set_acquire (devbox_client_core_get_connections (self->core), &key, &self->ticket);
}

static void
found_agent (DevboxAgentSearch *search, const GError *error)
{
  DevboxCall *self = search->data;

  if (error != NULL)
    devbox_call_settle (self, NULL, g_error_copy (error));
  else
    devbox_call_run (self);
}

/* Nobody but the platform can be asked. */
static gboolean
take_platform (DevboxCall *self)
{
  if (self->platform != NULL)
    {
      self->endpoint = devbox_endpoint_ref (self->platform);
      return TRUE;
    }

  devbox_call_settle (
      self, NULL,
      devbox_error_new (DEVBOX_ERROR_VALIDATION_ERROR, NULL, "%s", _ ("The devbox does not belong to a platform")));
  return FALSE;
}

static gboolean
take_agent (DevboxCall *self)
{
  gboolean needs_features = self->request->prepare != NULL;

  self->endpoint = devbox_agent_ref_endpoint (self->agent);
  if (self->endpoint != NULL && (!needs_features || devbox_agent_has_features (self->agent)))
    return TRUE;

  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  if (self->done != NULL)
    {
      /* Between two attempts of the search's own call somebody found out that the agent has left. */
      devbox_call_settle (self, NULL, devbox_error_new (DEVBOX_ERROR_CONNECTION_FAILED, NULL, "The agent has moved"));
      return FALSE;
    }

  self->search.found = found_agent;
  self->search.data = self;
  devbox_agent_search_start (&self->search, self->agent, self->core, self->platform, needs_features);
  return FALSE;
}

void
devbox_call_run (DevboxCall *self)
{
  DevboxRequest *request = self->request;
  gboolean has_peer;

  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  has_peer = self->agent == NULL || request->asks_platform ? take_platform (self) : take_agent (self);

  if (has_peer && request->method == NULL)
    devbox_call_settle (self, devbox_endpoint_ref (self->endpoint), NULL);
  else if (has_peer)
    take_connection (self);
}
