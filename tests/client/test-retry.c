/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-client.h"
#include "devbox-error-info.h"

#include <libsoup/soup.h>

/* Milliseconds; short, so that a row of retries passes in a moment. */
#define DELAY 20

typedef struct
{
  OddServer *server;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->server = odd_server_new ("127.0.0.1");
  self->endpoint = test_endpoint_new (self->server, NULL);
  self->client = g_object_new (DEVBOX_TYPE_CLIENT, "retry-delay", DELAY, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->client);
  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  test_wait_for_io_threads ();
  g_clear_pointer (&self->server, odd_server_free);
}

/* Returns the number of requests that the server saw. */
static guint
call_next (Fixture *self, const char *behaviours, DevboxRequest *request, GError **error)
{
  guint before = odd_server_get_n_requests (self->server);
  g_autoptr (GBytes) body = NULL;

  odd_server_set_next (self->server, behaviours);
  body = devbox_client_call_sync (self->client, self->endpoint, request, NULL, error);

  return odd_server_get_n_requests (self->server) - before;
}

static DevboxRequest *
get_next (void)
{
  return test_request_new (SOUP_METHOD_GET, "/next");
}

static DevboxRequest *
post_next (void)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_POST, "/next");

  request->body = g_bytes_new_static ("x", 1);
  request->content_type = "text/plain";

  return request;
}

static void
test_transient (Fixture *self, gconstpointer data)
{
  static const char *const failures[]
      = { "/status/502", "/status/503", "/status/504", "/status/429", "/drop", "/drop-body" };

  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autofree char *behaviours = g_strdup_printf ("%s %s /ok", failures[i], failures[i]);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", behaviours);
      g_assert_cmpuint (call_next (self, behaviours, get_next (), &error), ==, 3);
      g_assert_no_error (error);
    }
}

static void
test_final (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *behaviour;
    DevboxError code;
  } cases[] = {
    { "/status/400", DEVBOX_ERROR_VALIDATION_ERROR },   { "/status/401", DEVBOX_ERROR_AUTHENTICATION_FAILED },
    { "/status/402", DEVBOX_ERROR_PAYMENT_REQUIRED },   { "/status/403", DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS },
    { "/status/404", DEVBOX_ERROR_FILE_NOT_FOUND },     { "/status/409", DEVBOX_ERROR_CONFLICT },
    { "/status/500", DEVBOX_ERROR_INTERNAL_ERROR },     { "/status/507", DEVBOX_ERROR_DISK_FULL },
    { "/garbage", DEVBOX_ERROR_CONNECTION_FAILED },     { "/huge", DEVBOX_ERROR_FILE_TOO_LARGE },
    { "/redirect/302", DEVBOX_ERROR_VALIDATION_ERROR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *behaviours = g_strdup_printf ("%s /ok", cases[i].behaviour);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].behaviour);
      g_assert_cmpuint (call_next (self, behaviours, get_next (), &error), ==, 1);
      g_assert_error (error, DEVBOX_ERROR, (int) cases[i].code);
    }
}

/* Three retries after the first attempt, each later than the one before. */
static void
test_limit (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();

  g_assert_cmpuint (call_next (self, "/status/503", get_next (), &error), ==, 4);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_SERVER_UNAVAILABLE);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 7 * DELAY * 1000 * 3 / 4);
  g_clear_error (&error);

  devbox_client_set_max_retries (self->client, 0);
  g_assert_cmpuint (call_next (self, "/status/503 /ok", get_next (), &error), ==, 1);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_SERVER_UNAVAILABLE);
}

static void
test_tries_once (Fixture *self, gconstpointer data)
{
  DevboxRequest *request = get_next ();
  g_autoptr (GError) error = NULL;

  request->tries_once = TRUE;
  g_assert_cmpuint (call_next (self, "/status/503 /ok", request, &error), ==, 1);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_SERVER_UNAVAILABLE);
}

/* What the server may have carried out is not sent again, but for a key by which it would know it. */
static void
test_unsafe (Fixture *self, gconstpointer data)
{
  static const char *const unclear[] = { "/status/502", "/status/503", "/status/504", "/drop", "/drop-body" };

  for (guint i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_autofree char *behaviours = g_strdup_printf ("%s /ok", unclear[i]);
      DevboxRequest *keyed = post_next ();
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", unclear[i]);
      g_assert_cmpuint (call_next (self, behaviours, post_next (), &error), ==, 1);
      g_assert_nonnull (error);
      g_clear_error (&error);

      keyed->idempotency_key = g_strdup ("key");
      g_assert_cmpuint (call_next (self, behaviours, keyed, &error), ==, 2);
      g_assert_no_error (error);
    }

  {
    g_autoptr (GError) error = NULL;

    g_assert_cmpuint (call_next (self, "/status/429 /ok", post_next (), &error), ==, 2);
    g_assert_no_error (error);
  }
}

static void
test_retry_after (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();

  g_assert_cmpuint (call_next (self, "/busy/429/1 /ok", post_next (), &error), ==, 2);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, G_USEC_PER_SEC);

  /* What would come too late is not waited for. */
  devbox_client_set_timeout (self->client, 2000);
  begin = g_get_monotonic_time ();
  g_assert_cmpuint (call_next (self, "/busy/503/60 /ok", get_next (), &error), ==, 1);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_SERVER_UNAVAILABLE);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, G_USEC_PER_SEC);
}

/* Nobody listens yet: nothing was sent, so that anything may be tried again. */
static void
test_connection_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (DevboxEndpoint) nobody = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GTimer) timer = g_timer_new ();

  nobody = devbox_endpoint_new ("http://127.0.0.1:1", NULL, NULL);
  g_assert_null (devbox_client_call_sync (self->client, nobody, post_next (), NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_assert_cmpfloat (g_timer_elapsed (timer, NULL), >=, 7 * DELAY * 0.75 / 1000);
}

static gpointer
cancel_in_thread (gpointer data)
{
  g_usleep (3 * DELAY * 1000);
  g_cancellable_cancel (data);

  return NULL;
}

/* A pause before a retry ends at once with the call. */
static void
test_cancel_pause (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GTimer) timer = g_timer_new ();
  GThread *thread;

  devbox_client_set_retry_delay (self->client, 60 * 1000);
  devbox_client_set_timeout (self->client, 0);
  odd_server_set_next (self->server, "/status/503");
  thread = g_thread_new ("cancel", cancel_in_thread, cancellable);
  g_assert_null (devbox_client_call_sync (self->client, self->endpoint, get_next (), cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpfloat (g_timer_elapsed (timer, NULL), <, 5);
  g_thread_join (thread);
}

/* Posts, then asks what became of it, until it is there. */
static gboolean
take_step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  guint *n_steps = request->data;

  if (reply != NULL && reply->status == 200)
    return FALSE;

  (*n_steps)++;
  devbox_request_take_path (request, SOUP_METHOD_GET, g_strdup ("/next"));
  g_clear_pointer (&request->body, g_bytes_unref);
  *delay_ms = 1;

  return *n_steps < 10;
}

static void
test_steps (Fixture *self, gconstpointer data)
{
  DevboxRequest *request = post_next ();
  g_autoptr (GError) error = NULL;
  guint n_steps = 0;

  request->step = take_step;
  request->data = &n_steps;
  request->tries_once = TRUE;
  g_assert_cmpuint (call_next (self, "/status/500 /drop-body /status/404 /ok", request, &error), ==, 4);
  g_assert_no_error (error);
  g_assert_cmpuint (n_steps, ==, 3);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "/client/retry/transient", test_transient },
    { "/client/retry/final", test_final },
    { "/client/retry/limit", test_limit },
    { "/client/retry/tries-once", test_tries_once },
    { "/client/retry/unsafe", test_unsafe },
    { "/client/retry/retry-after", test_retry_after },
    { "/client/retry/refused", test_connection_refused },
    { "/client/retry/cancel-pause", test_cancel_pause },
    { "/client/retry/steps", test_steps },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);

  return g_test_run ();
}
