/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-io-thread-private.h"

#include <string.h>

#define N_CLIENTS 500

typedef struct
{
  guint n_ended;
  guint n_errors;
  DevboxClient *client; /* for callbacks that do something with it */
  DevboxEndpoint *endpoint;
  GMainContext *context;
} Counter;

static void
count_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Counter *counter = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = devbox_client_call_finish (result, &error);

  counter->n_ended++;
  if (body == NULL)
    {
      g_assert_cmpuint (error->domain, ==, DEVBOX_ERROR);
      counter->n_errors++;
    }
}

static void
start (DevboxClient *client, DevboxEndpoint *endpoint, const char *path, GAsyncReadyCallback callback, Counter *counter)
{
  g_autoptr (GObject) source = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GTask) task = g_task_new (source, NULL, callback, counter);
  DevboxRequest *request = test_request_new (SOUP_METHOD_GET, path);

  test_guard_object (source);
  test_guard_object (task);
  request->timeout_ms = 2000;
  devbox_client_call_async (client, endpoint, request, task);
}

/* A call keeps its client, and the last call takes it and its thread with it. */
static void
test_freed_with_calls_in_flight (void)
{
  static const char *const paths[] = { "/ok", "/delay/20", "/size/100000", "/drop-body", "/stall-head" };
  OddServer *server = odd_server_new ("127.0.0.1");
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  Counter counter = { 0 };
  guint n_calls = 0;

  for (guint i = 0; i < N_CLIENTS; i++)
    {
      DevboxClient *client = devbox_client_new ();

      devbox_client_set_timeout (client, 100);
      test_guard_object (client);
      for (guint j = 0; j <= i % 3; j++, n_calls++)
        {
          const char *path = paths[(i + j) % G_N_ELEMENTS (paths)];
          g_autoptr (GTask) task = g_task_new (NULL, NULL, count_cb, &counter);

          devbox_client_call_async (client, endpoint, test_request_new (SOUP_METHOD_GET, path), task);
        }
      if (i % 7 == 0)
        devbox_client_close (client);
      g_object_unref (client);
    }

  test_wait_until (counter.n_ended == n_calls);
  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  odd_server_free (server);
}

static void
test_never_used (void)
{
  DevboxClient *client = devbox_client_new ();

  g_assert_finalize_object (client);
  g_assert_cmpuint (devbox_io_thread_get_n_running (), ==, 0);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_client_call_finish (result, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  ((Counter *) data)->n_ended++;
}

static void
count_notify_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  ++*(guint *) data;
}

static void
test_close (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = test_get (client, endpoint, "/ok", &error);
  Counter counter = { 0 };
  guint n_notified = 0;

  g_assert_no_error (error);
  g_assert_nonnull (body);
  g_signal_connect (client, "notify::closed", G_CALLBACK (count_notify_cb), &n_notified);
  g_assert_false (devbox_client_is_closed (client));

  /* More than fit into the pool. */
  for (guint i = 0; i < 40; i++)
    start (client, endpoint, i % 2 == 0 ? "/stall-head" : "/stall-body", closed_cb, &counter);
  test_wait_until (odd_server_get_n_requests (server) >= 15);
  g_assert_cmpuint (counter.n_ended, ==, 0);

  devbox_client_close (client);
  devbox_client_close (client);
  g_assert_true (devbox_client_is_closed (client));
  g_assert_cmpuint (n_notified, ==, 1);
  start (client, endpoint, "/ok", closed_cb, &counter);
  g_assert_cmpuint (counter.n_ended, ==, 0);
  test_wait_until (counter.n_ended == 41);

  g_assert_null (test_get (client, endpoint, "/ok", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  test_wait_until (odd_server_get_n_open (server) == 0);
  test_wait_until (devbox_pool_get_n_total (devbox_client_get_pool (client)) == 0);
  g_assert_cmpuint (devbox_pool_get_n_active (devbox_client_get_pool (client)), ==, 0);

  g_assert_finalize_object (client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  odd_server_free (server);
}

static gpointer
close_soon (gpointer data)
{
  g_usleep (20 * 1000);
  devbox_client_close (data);

  return NULL;
}

static void
test_close_ends_sync (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("closer", close_soon, client);

  g_assert_null (test_get (client, endpoint, "/stall-head", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_thread_join (thread);
  g_assert_finalize_object (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

static void
unref_client_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Counter *counter = data;

  count_cb (source, result, data);
  g_clear_object (&counter->client);
}

static void
close_client_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Counter *counter = data;

  count_cb (source, result, data);
  devbox_client_close (counter->client);
}

static void
call_again_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Counter *counter = data;

  count_cb (source, result, data);
  if (counter->n_ended < 50)
    start (counter->client, counter->endpoint, "/ok", call_again_cb, counter);
}

static void
nested_loop_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Counter *counter = data;
  Counter nested = { 0 };

  count_cb (source, result, data);
  start (counter->client, counter->endpoint, "/delay/5", count_cb, &nested);
  test_wait_until (nested.n_ended == 1);
}

static void
test_in_callback (gconstpointer data)
{
  GAsyncReadyCallback callback = (GAsyncReadyCallback) data;
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  Counter counter = { .client = client, .endpoint = endpoint };
  Counter others = { 0 };

  test_guard_object (client);
  start (client, endpoint, "/ok", callback, &counter);
  start (client, endpoint, "/delay/20", count_cb, &others);
  test_wait_until (counter.n_ended == (callback == call_again_cb ? 50 : 1) && others.n_ended == 1);

  if (counter.client != NULL)
    g_assert_finalize_object (client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  odd_server_free (server);
}

static void
context_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Counter *counter = data;

  g_assert_true (g_main_context_is_owner (counter->context));
  count_cb (source, result, data);
}

/* Results come back in the context of the call, whichever that was, and when nobody iterates it they wait. */
static void
test_contexts (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  Counter counters[20] = { 0 };

  test_guard_object (client);
  for (guint i = 0; i < G_N_ELEMENTS (counters); i++)
    {
      counters[i].context = g_main_context_new ();
      g_main_context_push_thread_default (counters[i].context);
      start (client, endpoint, i % 3 == 0 ? "/drop" : "/ok", context_cb, &counters[i]);
      g_main_context_pop_thread_default (counters[i].context);
    }
  g_object_unref (client);
  test_wait_until (odd_server_get_n_requests (server) >= G_N_ELEMENTS (counters));

  for (guint i = 0; i < G_N_ELEMENTS (counters); i++)
    {
      g_assert_cmpuint (counters[i].n_ended, ==, 0);
      while (counters[i].n_ended == 0)
        g_main_context_iteration (counters[i].context, TRUE);
      g_main_context_unref (counters[i].context);
    }

  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  odd_server_free (server);
}

/* A program may end its thread, and with it the last reference of its own to the context, while a call is open. */
static gpointer
start_and_leave (gpointer data)
{
  Counter *counter = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  start (counter->client, counter->endpoint, "/delay/10", count_cb, counter);
  g_main_context_pop_thread_default (context);
  counter->context = g_main_context_ref (context);

  return NULL;
}

static void
test_thread_gone (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  Counter counter = { .client = client, .endpoint = endpoint };

  g_thread_join (g_thread_new ("leaver", start_and_leave, &counter));
  g_object_unref (client);
  g_usleep (40 * 1000);
  g_assert_cmpuint (counter.n_ended, ==, 0);

  /* Whoever takes the context over gets the result. */
  while (counter.n_ended == 0)
    g_main_context_iteration (counter.context, TRUE);
  g_main_context_unref (counter.context);
  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  odd_server_free (server);
}

typedef struct
{
  DevboxClient *client;
  int n_called;
} Closing;

static void
close_func (gpointer data, gpointer unused)
{
  Closing *closing = data;

  g_assert_true (devbox_client_in_io_thread (closing->client));
  g_atomic_int_inc (&closing->n_called);
}

static void
test_close_funcs (void)
{
  DevboxClient *client = devbox_client_new ();
  Closing kept = { .client = client };
  Closing removed = { .client = client };
  Closing late = { .client = client };
  gulong id;

  devbox_client_add_close_func (client, close_func, &kept);
  id = devbox_client_add_close_func (client, close_func, &removed);
  devbox_client_remove_close_func (client, id);
  devbox_client_close (client);
  test_wait_until (g_atomic_int_get (&kept.n_called) == 1);

  devbox_client_add_close_func (client, close_func, &late);
  test_wait_until (g_atomic_int_get (&late.n_called) == 1);
  g_assert_cmpint (kept.n_called, ==, 1);
  g_assert_cmpint (removed.n_called, ==, 0);

  g_assert_finalize_object (client);
  test_wait_for_io_threads ();
}

static void
test_properties (void)
{
  g_autoptr (DevboxPool) pool = devbox_pool_new ();
  g_autoptr (DevboxClient) client
      = g_object_new (DEVBOX_TYPE_CLIENT, "pool", pool, "user-agent", "test/1", "timeout", 5, NULL);
  g_autoptr (DevboxClient) plain = devbox_client_new ();
  guint n_notified = 0;

  g_assert_true (devbox_client_get_pool (client) == pool);
  g_assert_nonnull (devbox_client_get_pool (plain));
  g_assert_cmpstr (devbox_client_get_user_agent (client), ==, "test/1");
  g_assert_true (g_str_has_prefix (devbox_client_get_user_agent (plain), "devbox-glib/1."));
  g_assert_cmpuint (devbox_client_get_timeout (client), ==, 5);

  g_signal_connect (client, "notify::timeout", G_CALLBACK (count_notify_cb), &n_notified);
  devbox_client_set_timeout (client, 5);
  g_assert_cmpuint (n_notified, ==, 0);
  devbox_client_set_timeout (client, 6);
  g_assert_cmpuint (n_notified, ==, 1);

  g_test_expect_message ("Devbox", G_LOG_LEVEL_CRITICAL, "*user agent*");
  g_object_unref (g_object_new (DEVBOX_TYPE_CLIENT, "user-agent", "a\r\nX-Header: b", NULL));
  g_test_assert_expected_messages ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/lifetime/properties", test_properties);
  g_test_add_func ("/client/lifetime/never-used", test_never_used);
  g_test_add_func ("/client/lifetime/close", test_close);
  g_test_add_func ("/client/lifetime/close-ends-sync", test_close_ends_sync);
  g_test_add_func ("/client/lifetime/close-funcs", test_close_funcs);
  g_test_add_data_func ("/client/lifetime/unref-in-callback", unref_client_cb, test_in_callback);
  g_test_add_data_func ("/client/lifetime/close-in-callback", close_client_cb, test_in_callback);
  g_test_add_data_func ("/client/lifetime/call-in-callback", call_again_cb, test_in_callback);
  g_test_add_data_func ("/client/lifetime/nested-loop-in-callback", nested_loop_cb, test_in_callback);
  g_test_add_func ("/client/lifetime/contexts", test_contexts);
  g_test_add_func ("/client/lifetime/thread-gone", test_thread_gone);
  g_test_add_func ("/client/lifetime/freed-with-calls-in-flight", test_freed_with_calls_in_flight);

  return g_test_run ();
}
