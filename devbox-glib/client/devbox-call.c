/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-call-core-private.h"
#include "devbox-call-private.h"

#include "devbox-client.h"
#include "devbox-endpoint-private.h"
#include "devbox-request-private.h"
#include "devbox-transport-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define REQUEST_ID_LENGTH 16
#define MAX_REQUEST_ID_LENGTH 128

/* One call, from the caller's thread to the I/O thread and back.
 *
 * The I/O thread uses what is the caller's - task, cancellable, request, client - only until the call is settled, and
 * never releases it: that happens in the source that settling attaches to the task's context, or in the thread that
 * waits. What the I/O thread still holds after that is the memory of the call itself. */
struct _DevboxCall
{
  gatomicrefcount ref_count;
  DevboxIoThread *thread;
  DevboxEndpoint *endpoint;
  char request_id[REQUEST_ID_LENGTH + 1];
  guint timeout_ms;
  gint64 start_time;

  /* The caller's. */
  DevboxClient *client;
  DevboxRequest *request;
  GCancellable *cancellable;
  gulong cancelled_id;
  GTask *task; /* NULL: a thread waits */
  GSource *return_source;

  /* Written by the I/O thread before the call goes back. */
  gpointer result;
  GError *error;
  GMutex mutex;
  GCond cond;
  gboolean is_back;

  /* The I/O thread's. */
  guint n_io_refs;
  DevboxClientCore *core;
  gboolean is_settled;
  gboolean was_sent_again;
  GList link;
  DevboxTimer deadline;
  DevboxTicket ticket;
  DevboxConnection *connection;
};

static DevboxCall *
call_ref (DevboxCall *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
call_unref (gpointer data)
{
  DevboxCall *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  devbox_endpoint_unref (self->endpoint);
  devbox_io_thread_unref (self->thread);
  g_free (self);
}

/* While the I/O thread has to do with the call, its core must not go. */
static void
call_io_ref (DevboxCall *self)
{
  if (self->n_io_refs++ == 0)
    {
      devbox_client_core_ref (self->core);
      call_ref (self);
    }
}

static void
call_io_unref (DevboxCall *self)
{
  if (--self->n_io_refs == 0)
    {
      devbox_client_core_unref (self->core);
      call_unref (self);
    }
}

static DevboxErrorDetails
get_error_details (DevboxCall *self)
{
  return (DevboxErrorDetails){ .request_id = self->request_id, .path = self->request->subject };
}

static GError *
make_closed_error (DevboxCall *self)
{
  DevboxErrorDetails details = get_error_details (self);

  return devbox_error_new (DEVBOX_ERROR_CONNECTION_FAILED, &details, "%s", _ ("The client was closed"));
}

/* In the task's context: a source that is destroyed without being dispatched comes here as well. */
static void
release_to_caller (gpointer data)
{
  DevboxCall *self = data;

  /* Not g_cancellable_disconnect (), which waits for handlers that run in other threads: ours touches nothing that goes
   * here. */
  if (self->cancelled_id != 0)
    g_signal_handler_disconnect (self->cancellable, self->cancelled_id);
  if (self->result != NULL && self->request->result_free != NULL)
    self->request->result_free (self->result);
  g_clear_error (&self->error);
  g_clear_pointer (&self->request, devbox_request_free);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->task);
  g_clear_object (&self->client);
  g_clear_pointer (&self->return_source, g_source_unref);

  call_unref (self);
}

static gboolean
return_to_caller (gpointer data)
{
  DevboxCall *self = data;

  if (self->error != NULL)
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  else
    g_task_return_pointer (self->task, g_steal_pointer (&self->result), self->request->result_free);

  return G_SOURCE_REMOVE;
}

/* From here on the caller may release everything that is his. */
static void
give_back (DevboxCall *self)
{
  if (self->task != NULL)
    {
      g_source_attach (self->return_source, g_task_get_context (self->task));
      return;
    }

  g_mutex_lock (&self->mutex);
  self->is_back = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* Takes result and error, of which one is set. The connection, if there is one, comes back in reply_cb (). */
static void
settle (DevboxCall *self, gpointer result, GError *error)
{
  DevboxErrorDetails details = get_error_details (self);

  g_assert (!self->is_settled);

  self->is_settled = TRUE;
  devbox_timer_stop (&self->deadline);
  devbox_connection_set_leave (&self->ticket);
  if (self->connection != NULL)
    devbox_connection_abort (self->connection);

  self->result = result;
  self->error = error != NULL ? devbox_error_complete (error, &details) : NULL;
  give_back (self);

  if (self->link.data != NULL)
    {
      devbox_client_core_remove_call (self->core, &self->link);
      call_io_unref (self);
    }
}

void
devbox_call_fail_closed (DevboxCall *self)
{
  settle (self, NULL, make_closed_error (self));
}

static void
deadline_passed (gpointer data)
{
  DevboxCall *self = data;
  DevboxErrorDetails details = get_error_details (self);

  settle (self, NULL,
          devbox_error_new (
              DEVBOX_ERROR_OPERATION_TIMEOUT, &details,
              /* Translators: %s is an address such as "https://example.org:443", %u a number of milliseconds */
              _ ("%s did not answer within %u ms"), devbox_endpoint_get_address (self->endpoint), self->timeout_ms));
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

/* An error text may repeat what the server wrote, and that what we wrote. */
static GError *
without_token (DevboxCall *self, GError *error)
{
  g_autofree char *message = devbox_endpoint_redact (self->endpoint, error->message);

  if (strcmp (message, error->message) != 0)
    {
      g_free (error->message);
      error->message = g_steal_pointer (&message);
    }

  return error;
}

static void
settle_with_reply (DevboxCall *self, const DevboxConnectionReply *transport_reply)
{
  DevboxRequest *request = self->request;
  SoupMessageHeaders *headers = soup_message_get_response_headers (transport_reply->message);
  DevboxReply reply = {
    .status = soup_message_get_status (transport_reply->message),
    .headers = headers,
    .body = transport_reply->body,
    .request_id = get_request_id (self, headers),
  };
  DevboxErrorDetails details = {
    .http_status = reply.status,
    .request_id = reply.request_id,
    .path = request->subject,
  };
  GError *error = NULL;
  gpointer result = request->parse (request, &reply, &error);

  if (result == NULL && error == NULL)
    error
        = devbox_error_new (DEVBOX_ERROR_INTERNAL_ERROR, NULL, _ ("The reply to %s was not understood"), request->path);

  settle (self, result, error != NULL ? without_token (self, devbox_error_complete (error, &details)) : NULL);
}

/* Whether a request may go out once more: the connection had been used before, the server closed it without a word of
 * reply - as it does when it has just found it idle for too long - and it does no harm if the server carries the
 * request out twice. */
static gboolean
may_send_again (DevboxCall *self, const DevboxConnectionReply *reply)
{
  return !self->was_sent_again && reply->error != NULL && reply->was_reused && !reply->was_answered
         && devbox_error_is_disconnection (reply->error) && devbox_request_is_idempotent (self->request);
}

static void send_request (DevboxCall *self);

static void
count_operation (DevboxCall *self, const DevboxConnectionReply *reply)
{
  guint64 n_bytes = g_bytes_get_size (reply->body);

  if (self->request->body != NULL)
    n_bytes += g_bytes_get_size (self->request->body);

  devbox_pool_state_count_operation (devbox_client_core_get_pool_state (self->core), reply->was_reused, n_bytes);
}

static void
reply_cb (DevboxConnection *connection, const DevboxConnectionReply *reply, gpointer data)
{
  DevboxCall *self = data;

  self->connection = NULL;

  if (!self->is_settled && may_send_again (self, reply))
    {
      self->was_sent_again = TRUE;
      devbox_connection_renew (connection);
      self->connection = connection;
      send_request (self);
      call_io_unref (self);
      return;
    }

  if (!self->is_settled && reply->body != NULL)
    count_operation (self, reply);

  /* The next call can go out while this one's reply is read. */
  devbox_connection_set_release (&self->ticket);

  if (self->is_settled)
    ;
  else if (reply->body != NULL)
    settle_with_reply (self, reply);
  else
    {
      DevboxErrorDetails details = get_error_details (self);

      settle (self, NULL,
              devbox_error_from_transport (reply->error, devbox_endpoint_get_address (self->endpoint), &details));
    }

  call_io_unref (self);
}

static SoupMessage *
build_message (DevboxCall *self)
{
  DevboxRequest *request = self->request;
  g_autoptr (GUri) uri = devbox_endpoint_build_uri (self->endpoint, request->path);
  SoupMessage *message = soup_message_new_from_uri (request->method, uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  const char *token = devbox_endpoint_get_token (self->endpoint);

  if (token != NULL && !request->anonymous)
    {
      g_autofree char *authorization = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_append (headers, "Authorization", authorization);
      explicit_bzero (authorization, strlen (authorization));
    }
  soup_message_headers_append (headers, "X-Request-Id", self->request_id);
  if (request->expect_continue && request->body != NULL)
    soup_message_headers_set_expectations (headers, SOUP_EXPECTATION_CONTINUE);

  /* For may_send_again (): they tell whether a first part of a reply had come. What is idempotent by its method libsoup
   * sends again. */
  if (request->idempotent)
    soup_message_add_flags (message, SOUP_MESSAGE_COLLECT_METRICS);

  return message;
}

static void
send_request (DevboxCall *self)
{
  g_autoptr (SoupMessage) message = build_message (self);

  call_io_ref (self);
  devbox_connection_send (self->connection, message, self->request->body, self->request->content_type,
                          devbox_request_get_max_reply_size (self->request), reply_cb, self);
}

static void
ticket_called (DevboxTicket *ticket, DevboxConnection *connection)
{
  DevboxCall *self = ticket->data;

  if (connection == NULL)
    {
      DevboxErrorDetails details = get_error_details (self);

      settle (self, NULL,
              devbox_error_new (DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED, &details,
                                /* Translators: %s is an address such as "https://example.org:443" */
                                _ ("None of the connections to %s became free in time"),
                                devbox_endpoint_get_address (self->endpoint)));
      return;
    }

  self->connection = connection;
  send_request (self);
}

static gboolean
start_in_io_thread (gpointer data)
{
  DevboxCall *self = data;

  if (self->is_settled)
    return G_SOURCE_REMOVE;

  self->core = devbox_client_get_core (self->client);
  self->link.data = self;
  call_io_ref (self);
  devbox_client_core_add_call (self->core, &self->link);

  devbox_timer_init (&self->deadline, devbox_io_thread_get_timers (self->thread), deadline_passed, self);
  if (self->timeout_ms > 0)
    devbox_timer_start (&self->deadline, self->start_time + self->timeout_ms * G_TIME_SPAN_MILLISECOND);

  self->ticket.called = ticket_called;
  self->ticket.data = self;
  if (devbox_client_core_is_closed (self->core))
    devbox_call_fail_closed (self);
  else
    {
      DevboxPoolKey key = { .devbox_name = "", .address = devbox_endpoint_get_address (self->endpoint) };

      devbox_connection_set_acquire (devbox_client_core_get_connections (self->core), &key, &self->ticket);
    }

  return G_SOURCE_REMOVE;
}

static gboolean
cancel_in_io_thread (gpointer data)
{
  DevboxCall *self = data;
  GError *error = NULL;

  if (self->is_settled)
    return G_SOURCE_REMOVE;

  g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The call was cancelled"));
  settle (self, NULL, error);

  return G_SOURCE_REMOVE;
}

/* In whatever thread cancels. */
static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  DevboxCall *self = data;

  devbox_io_thread_invoke (self->thread, cancel_in_io_thread, call_ref (self), call_unref);
}

/* Takes the request. */
static DevboxCall *
call_new (DevboxClient *client, DevboxEndpoint *endpoint, DevboxRequest *request, GCancellable *cancellable)
{
  DevboxCall *self = g_new0 (DevboxCall, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->thread = devbox_io_thread_ref (devbox_client_core_get_thread (devbox_client_get_core (client)));
  self->endpoint = devbox_endpoint_ref (endpoint);
  self->client = g_object_ref (client);
  self->request = request;
  g_set_object (&self->cancellable, cancellable);
  self->timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : devbox_client_get_timeout (client);
  self->start_time = g_get_monotonic_time ();
  g_snprintf (self->request_id, sizeof (self->request_id), "%08x%08x", g_random_int (), g_random_int ());

  return self;
}

/* What ends the call before it is made, or NULL. */
static GError *
find_obstacle (DevboxCall *self)
{
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, &error))
    return error;
  if (devbox_client_is_closed (self->client))
    return make_closed_error (self);

  return NULL;
}

static void
call_start (DevboxCall *self)
{
  if (self->cancellable != NULL)
    self->cancelled_id
        = g_cancellable_connect (self->cancellable, G_CALLBACK (cancelled_cb), call_ref (self), call_unref);

  devbox_io_thread_invoke (self->thread, start_in_io_thread, call_ref (self), call_unref);
}

void
devbox_client_call_async (DevboxClient *self, DevboxEndpoint *endpoint, DevboxRequest *request, GTask *task)
{
  DevboxCall *call = call_new (self, endpoint, request, g_task_get_cancellable (task));

  call->task = g_object_ref (task);
  call->return_source = g_idle_source_new ();
  g_source_set_priority (call->return_source, g_task_get_priority (task));
  g_source_set_static_name (call->return_source, "[devbox] return");
  g_source_set_callback (call->return_source, return_to_caller, call, release_to_caller);

  call->error = find_obstacle (call);
  if (call->error != NULL)
    give_back (call);
  else
    call_start (call);
}

static void
wait_until_back (DevboxCall *self)
{
  g_mutex_lock (&self->mutex);
  while (!self->is_back)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

gpointer
devbox_client_call_sync (DevboxClient *self,
                         DevboxEndpoint *endpoint,
                         DevboxRequest *request,
                         GCancellable *cancellable,
                         GError **error)
{
  DevboxCall *call = call_new (self, endpoint, request, cancellable);
  gpointer result;

  if (devbox_client_in_io_thread (self))
    {
      DevboxErrorDetails details = get_error_details (call);

      call->error = devbox_error_new (DEVBOX_ERROR_INTERNAL_ERROR, &details, "%s",
                                      _ ("A blocking call was made in the thread that it would wait for"));
    }
  else
    call->error = find_obstacle (call);

  if (call->error == NULL)
    {
      call_start (call);
      wait_until_back (call);
    }

  result = g_steal_pointer (&call->result);
  if (call->error != NULL)
    {
      devbox_error_info_note (call->error);
      g_propagate_error (error, g_steal_pointer (&call->error));
    }
  release_to_caller (call);

  return result;
}

gpointer
devbox_client_call_finish (GAsyncResult *result, GError **error)
{
  GError *reason = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &reason);

  if (reason != NULL)
    {
      devbox_error_info_note (reason);
      g_propagate_error (error, reason);
    }

  return value;
}
