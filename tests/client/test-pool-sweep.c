/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-pool-state-private.h"

typedef struct
{
  OddServer *server;
  DevboxPool *pool;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
  guint n_ended;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->server = odd_server_new ("127.0.0.1");
  self->pool = devbox_pool_new ();
  self->client = g_object_new (DEVBOX_TYPE_CLIENT, "pool", self->pool, "max-retries", 0, NULL);
  self->endpoint = test_endpoint_new (self->server, "secret");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  devbox_endpoint_unref (self->endpoint);
  if (self->client != NULL)
    g_assert_finalize_object (self->client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 0);
  g_assert_cmpuint (devbox_pool_get_n_unhealthy (self->pool), ==, 0);
  g_assert_finalize_object (self->pool);
  odd_server_free (self->server);
}

static void
set_check_timeout (Fixture *self, guint timeout_ms)
{
  devbox_pool_state_set_setting (devbox_pool_get_state (self->pool),
                                 G_STRUCT_OFFSET (DevboxPoolSettings, health_check_timeout), timeout_ms);
}

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = devbox_client_call_finish (result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (body);
  self->n_ended++;
}

static void
start (Fixture *self, const char *path)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, ended_cb, self);

  devbox_client_call_async (self->client, self->endpoint, test_request_new (SOUP_METHOD_GET, path), task);
}

static void
make_idle (Fixture *self, guint n)
{
  guint n_before = self->n_ended;

  for (guint i = 0; i < n; i++)
    start (self, "/delay/30");
  test_wait_until (self->n_ended == n_before + n);
}

static void
got_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_null (*(GAsyncResult **) data);
  *(GAsyncResult **) data = g_object_ref (result);
}

static gssize
remove_unhealthy (Fixture *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  devbox_pool_remove_unhealthy_async (self->pool, NULL, got_result_cb, &result);
  test_wait_until (result != NULL);

  return devbox_pool_remove_unhealthy_finish (self->pool, result, error);
}

static void
test_remove (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  /* Nothing is there, and no thread to look. */
  g_assert_cmpint (remove_unhealthy (self, &error), ==, 0);
  g_assert_cmpint (devbox_pool_remove_unhealthy_sync (self->pool, NULL, &error), ==, 0);

  make_idle (self, 4);
  g_assert_cmpint (remove_unhealthy (self, &error), ==, 0);
  g_assert_cmpint (devbox_pool_remove_unhealthy_sync (self->pool, NULL, &error), ==, 0);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 8);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 4);

  odd_server_set_health (self->server, "status/502");
  g_assert_cmpint (remove_unhealthy (self, &error), ==, 4);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 0);

  odd_server_set_health (self->server, "drop");
  make_idle (self, 3);
  g_assert_cmpint (devbox_pool_remove_unhealthy_sync (self->pool, NULL, &error), ==, 3);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 0);
  g_assert_no_error (error);
}

/* What carries a call is left alone. */
static void
test_remove_while_busy (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  odd_server_set_health (self->server, "drop");
  make_idle (self, 2);
  start (self, "/delay/200");
  test_wait_until (devbox_pool_get_n_active (self->pool) == 1);
  g_assert_cmpint (remove_unhealthy (self, &error), ==, 1);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
  test_wait_until (self->n_ended == 3);
}

/* Several at once share the checks, and each is told of all that were removed. */
static void
test_remove_twice (Fixture *self, gconstpointer data)
{
  GAsyncResult *results[3] = { NULL };

  odd_server_set_health (self->server, "stall-head");
  set_check_timeout (self, 150);
  make_idle (self, 2);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    devbox_pool_remove_unhealthy_async (self->pool, NULL, got_result_cb, &results[i]);
  test_wait_until (results[0] != NULL && results[1] != NULL && results[2] != NULL);

  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_assert_cmpint (devbox_pool_remove_unhealthy_finish (self->pool, results[i], NULL), ==, 2);
      g_object_unref (results[i]);
    }
}

static void
test_cancelled_before (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  make_idle (self, 1);
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (devbox_pool_remove_unhealthy_sync (self->pool, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  devbox_pool_remove_unhealthy_async (self->pool, cancellable, got_result_cb, &result);
  g_assert_null (result);
  test_wait_until (result != NULL);
  g_assert_cmpint (devbox_pool_remove_unhealthy_finish (self->pool, result, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 0);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (50 * 1000);
  g_cancellable_cancel (cancellable);

  return NULL;
}

/* However long the checks take that are under way; and the pool goes with its last owner. */
static void
test_cancelled_during (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GCancellable) other = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread;

  odd_server_set_health (self->server, "stall-head");
  set_check_timeout (self, 3600 * 1000);
  make_idle (self, 2);

  devbox_pool_remove_unhealthy_async (self->pool, cancellable, got_result_cb, &result);
  test_wait_until (odd_server_get_n_health_requests (self->server) == 2);
  g_cancellable_cancel (cancellable);
  test_wait_until (result != NULL);
  g_assert_cmpint (devbox_pool_remove_unhealthy_finish (self->pool, result, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  thread = g_thread_new ("canceller", cancel_soon, other);
  g_assert_cmpint (devbox_pool_remove_unhealthy_sync (self->pool, other, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

static void
test_cancelled_after (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  make_idle (self, 2);
  g_assert_cmpint (devbox_pool_remove_unhealthy_sync (self->pool, cancellable, &error), ==, 0);
  g_assert_no_error (error);
  g_cancellable_cancel (cancellable);
}

/* A client that goes takes its checks with it, and nobody waits for these. */
static void
test_client_goes (Fixture *self, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  odd_server_set_health (self->server, "stall-head");
  set_check_timeout (self, 3600 * 1000);
  make_idle (self, 3);
  devbox_pool_remove_unhealthy_async (self->pool, NULL, got_result_cb, &result);
  test_wait_until (odd_server_get_n_health_requests (self->server) == 3);
  g_assert_finalize_object (self->client);
  self->client = NULL;
  test_wait_until (result != NULL);
  g_assert_cmpint (devbox_pool_remove_unhealthy_finish (self->pool, result, NULL), ==, 0);
}

static gboolean
remove_in_io_thread (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (devbox_pool_remove_unhealthy_sync (self->pool, NULL, &error), ==, -1);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);
  g_atomic_int_inc (&self->n_ended);

  return G_SOURCE_REMOVE;
}

static void
test_no_deadlock (Fixture *self, gconstpointer data)
{
  make_idle (self, 1);
  devbox_client_invoke (self->client, remove_in_io_thread, self, NULL);
  test_wait_until (g_atomic_int_get (&self->n_ended) == 2);
}

static void
test_close_all (Fixture *self, gconstpointer data)
{
  devbox_pool_close_all (self->pool);
  devbox_pool_set_max_size (self->pool, 4);
  make_idle (self, 4);
  for (guint i = 0; i < 2; i++)
    start (self, "/delay/100");
  test_wait_until (devbox_pool_get_n_active (self->pool) == 2);

  devbox_pool_close_all (self->pool);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 2);
  g_assert_cmpuint (devbox_pool_get_n_active (self->pool), ==, 2);
  start (self, "/ok");
  test_wait_until (self->n_ended == 7);

  /* What was made after it stays. */
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 5);
}

static void
test_close_all_with_line (Fixture *self, gconstpointer data)
{
  devbox_pool_set_max_size (self->pool, 2);
  for (guint i = 0; i < 10; i++)
    start (self, "/delay/20");
  test_wait_until (devbox_pool_get_n_active (self->pool) == 2);
  devbox_pool_close_all (self->pool);
  test_wait_until (self->n_ended == 10);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 4);
  g_assert_cmpuint (odd_server_get_max_open (self->server), <=, 4);
}

static void
test_close_all_in_check (Fixture *self, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  odd_server_set_health (self->server, "stall-head");
  set_check_timeout (self, 3600 * 1000);
  make_idle (self, 3);
  devbox_pool_remove_unhealthy_async (self->pool, NULL, got_result_cb, &result);
  test_wait_until (odd_server_get_n_health_requests (self->server) == 3);
  devbox_pool_close_all (self->pool);
  test_wait_until (result != NULL && devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpint (devbox_pool_remove_unhealthy_finish (self->pool, result, NULL), ==, 0);
}

static void
test_max_size_lowered (Fixture *self, gconstpointer data)
{
  make_idle (self, 8);
  for (guint i = 0; i < 4; i++)
    start (self, "/delay/100");
  test_wait_until (devbox_pool_get_n_active (self->pool) == 4);

  /* Idle ones go at once, the others when they are free. */
  devbox_pool_set_max_size (self->pool, 2);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 4);
  g_assert_cmpuint (self->n_ended, ==, 8);
  test_wait_until (self->n_ended == 12);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 2);
}

/* Who waits already gets one of those that may be there now. */
static void
test_max_size_raised (Fixture *self, gconstpointer data)
{
  devbox_pool_set_max_size (self->pool, 1);
  start (self, "/delay/300");
  for (guint i = 0; i < 4; i++)
    start (self, "/ok");
  test_wait_until (devbox_pool_get_n_active (self->pool) == 1);
  devbox_pool_set_max_size (self->pool, 3);
  test_wait_until (self->n_ended == 4);
  g_assert_cmpuint (devbox_pool_get_n_active (self->pool), ==, 1);
  test_wait_until (self->n_ended == 5);
}

static void
test_max_idle_time_lowered (Fixture *self, gconstpointer data)
{
  make_idle (self, 3);
  devbox_pool_set_max_idle_time (self->pool, 50);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
}

typedef struct
{
  Fixture *fixture;
  guint n_calls;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *self = data;
  g_autoptr (DevboxClient) client
      = g_object_new (DEVBOX_TYPE_CLIENT, "pool", self->fixture->pool, "max-retries", 0, NULL);

  for (guint i = 0; i < self->n_calls; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = test_get (client, self->fixture->endpoint, "/ok", &error);

      g_assert_no_error (error);
      g_assert_nonnull (body);
    }

  return NULL;
}

/* One pool, three clients that come and go in threads of their own, and a fourth that does everything else with it. */
static void
test_shared (Fixture *self, gconstpointer data)
{
  Worker worker = { .fixture = self, .n_calls = 100 };
  GThread *threads[3];

  devbox_pool_set_health_check_interval (self->pool, 5);
  devbox_pool_set_keep_alive_interval (self->pool, 3);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("worker", work, &worker);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;

      make_idle (self, 2);
      devbox_pool_set_max_size (self->pool, 2 + i % 3);
      g_assert_cmpint (devbox_pool_remove_unhealthy_sync (self->pool, NULL, &error), >=, 0);
      g_assert_no_error (error);
      if (i % 4 == 0)
        devbox_pool_close_all (self->pool);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  test_wait_until (devbox_pool_get_n_total (self->pool) <= 4);
  g_assert_cmpuint (devbox_pool_get_n_operations (self->pool), ==, 300 + 40);
}

static void
anyhow_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;
  G_GNUC_UNUSED g_autoptr (GBytes) body = devbox_client_call_finish (result, NULL);

  self->n_ended++;
}

static void
removed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;

  devbox_pool_remove_unhealthy_finish (self->pool, result, NULL);
  self->n_ended++;
}

/* Whatever happens at whatever time: the counters are right in the end, and nothing hangs. */
static void
test_chaos (Fixture *self, gconstpointer data)
{
  const guint n_rounds = 40;
  const guint n_calls = 10;

  set_check_timeout (self, 30);
  devbox_client_set_timeout (self->client, 100);
  devbox_pool_set_health_check_interval (self->pool, 5);
  devbox_pool_set_keep_alive_interval (self->pool, 3);
  odd_server_set_health (self->server, "any");

  for (guint i = 0; i < n_rounds; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      devbox_pool_set_max_size (self->pool, 1 + (guint) g_test_rand_int_range (0, 12));
      devbox_pool_set_max_idle_time (self->pool, (guint) g_test_rand_int_range (0, 50));
      devbox_pool_remove_unhealthy_async (self->pool, cancellable, removed_cb, self);
      for (guint j = 0; j < n_calls; j++)
        {
          g_autoptr (GTask) task = g_task_new (NULL, NULL, anyhow_ended_cb, self);

          devbox_client_call_async (self->client, self->endpoint, test_request_new (SOUP_METHOD_GET, "/any"), task);
        }
      if (i % 3 == 0)
        devbox_pool_close_all (self->pool);
      if (i % 5 == 0)
        odd_server_hang_up (self->server);
      test_wait_until (self->n_ended > i * (n_calls + 1));
      if (i % 2 == 0)
        g_cancellable_cancel (cancellable);
    }
  test_wait_until (self->n_ended == n_rounds * (n_calls + 1));
}

#define ADD(name, test) g_test_add ("/client/pool-sweep/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("remove", test_remove);
  ADD ("remove-while-busy", test_remove_while_busy);
  ADD ("remove-twice", test_remove_twice);
  ADD ("cancelled-before", test_cancelled_before);
  ADD ("cancelled-during", test_cancelled_during);
  ADD ("cancelled-after", test_cancelled_after);
  ADD ("client-goes", test_client_goes);
  ADD ("no-deadlock", test_no_deadlock);
  ADD ("close-all", test_close_all);
  ADD ("close-all-with-line", test_close_all_with_line);
  ADD ("close-all-in-check", test_close_all_in_check);
  ADD ("max-size-lowered", test_max_size_lowered);
  ADD ("max-size-raised", test_max_size_raised);
  ADD ("max-idle-time-lowered", test_max_idle_time_lowered);
  ADD ("shared", test_shared);
  ADD ("chaos", test_chaos);

  return g_test_run ();
}
