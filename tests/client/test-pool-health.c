/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-pool-state-private.h"

#define CHECK_TIMEOUT_MS 300

typedef struct
{
  OddServer *server;
  DevboxPool *pool;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
  guint n_ended;
} Fixture;

/* No checks but those that a test asks for, and not much time for them. */
static DevboxPool *
make_pool (void)
{
  DevboxPool *pool = devbox_pool_new ();

  devbox_pool_set_keep_alive_interval (pool, 0);
  devbox_pool_set_health_check_interval (pool, 0);
  devbox_pool_state_set_setting (devbox_pool_get_state (pool),
                                 G_STRUCT_OFFSET (DevboxPoolSettings, health_check_timeout), CHECK_TIMEOUT_MS);

  return pool;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->server = odd_server_new ("127.0.0.1");
  self->pool = make_pool ();
  self->client = g_object_new (DEVBOX_TYPE_CLIENT, "pool", self->pool, "max-retries", 0, NULL);
  self->endpoint = test_endpoint_new (self->server, "secret");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  devbox_endpoint_unref (self->endpoint);
  g_assert_finalize_object (self->client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 0);
  g_assert_cmpuint (devbox_pool_get_n_active (self->pool), ==, 0);
  g_assert_cmpuint (devbox_pool_get_n_unhealthy (self->pool), ==, 0);
  g_assert_finalize_object (self->pool);
  odd_server_free (self->server);
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
get_ok (Fixture *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = test_get (self->client, self->endpoint, path, &error);

  g_assert_no_error (error);
  g_assert_nonnull (body);
}

/* So many connections, all idle. */
static void
make_idle (Fixture *self, guint n, const char *path)
{
  guint n_before = self->n_ended;

  devbox_pool_set_max_size (self->pool, n);
  for (guint i = 0; i < n; i++)
    start (self, path);
  test_wait_until (self->n_ended == n_before + n);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, n);
  g_assert_cmpuint (devbox_pool_get_n_active (self->pool), ==, 0);
}

/* Every idle connection in every round, and it stays the same connection. */
static void
test_rounds (Fixture *self, gconstpointer data)
{
  make_idle (self, 3, "/delay/20");
  devbox_pool_set_health_check_interval (self->pool, 30);
  test_wait_until (odd_server_get_n_health_requests (self->server) >= 9);

  devbox_pool_set_health_check_interval (self->pool, 0);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 3);
  g_assert_cmpuint (devbox_pool_get_n_operations (self->pool), ==, 3);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 3);
  get_ok (self, "/ok");
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 3);
}

static void
test_keep_alive (Fixture *self, gconstpointer data)
{
  gint64 end;

  get_ok (self, "/ok");
  devbox_pool_set_keep_alive_interval (self->pool, 40);
  test_wait_until (odd_server_get_n_health_requests (self->server) >= 3);

  /* What is used needs no such thing. */
  devbox_pool_set_max_size (self->pool, 1);
  devbox_pool_set_keep_alive_interval (self->pool, 0);
  get_ok (self, "/ok");
  odd_server_set_health (self->server, "drop");
  devbox_pool_set_keep_alive_interval (self->pool, 700);
  end = g_get_monotonic_time () + 800 * 1000;
  while (g_get_monotonic_time () < end)
    {
      get_ok (self, "/ok");
      g_usleep (2000);
    }
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
}

/* A check is no use: it does not keep a connection for ever. */
static void
test_max_idle_time (Fixture *self, gconstpointer data)
{
  get_ok (self, "/ok");
  devbox_pool_set_keep_alive_interval (self->pool, 30);
  devbox_pool_set_max_idle_time (self->pool, 200);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), >=, 1);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  static const char *const answers[] = { "status/503", "drop", "drop-body", "garbage", "close", "endless/200" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      devbox_pool_set_health_check_interval (self->pool, 0);
      odd_server_set_health (self->server, answers[i]);
      make_idle (self, 2, "/delay/20");
      devbox_pool_set_health_check_interval (self->pool, 20);
      test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
      test_wait_until (odd_server_get_n_open (self->server) == 0);
    }
}

/* What an agent says of a request without a token is not the connection's fault. */
static void
test_other_answers (Fixture *self, gconstpointer data)
{
  static const char *const answers[] = { "status/401", "status/404", "status/204", "redirect/302" };

  odd_server_set_other (self->server, self->server);
  devbox_pool_set_max_size (self->pool, 1);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      guint n_before;

      odd_server_set_health (self->server, answers[i]);
      n_before = odd_server_get_n_health_requests (self->server);
      get_ok (self, "/ok");
      devbox_pool_set_health_check_interval (self->pool, 20);
      test_wait_until (odd_server_get_n_health_requests (self->server) >= n_before + 3);
    }
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
}

static void
test_silent (Fixture *self, gconstpointer data)
{
  gint64 start_time;

  odd_server_set_health (self->server, "stall-head");
  get_ok (self, "/ok");
  devbox_pool_set_health_check_interval (self->pool, 20);
  test_wait_until (devbox_pool_get_n_unhealthy (self->pool) == 1);
  start_time = g_get_monotonic_time ();
  g_assert_cmpuint (devbox_pool_get_n_healthy (self->pool), ==, 0);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);

  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpint (g_get_monotonic_time () - start_time, >, CHECK_TIMEOUT_MS / 3 * 1000);
  g_assert_cmpint (g_get_monotonic_time () - start_time, <, 10 * CHECK_TIMEOUT_MS * 1000);
  g_assert_cmpuint (devbox_pool_get_n_unhealthy (self->pool), ==, 0);
}

static void
test_slow (Fixture *self, gconstpointer data)
{
  devbox_pool_state_set_setting (devbox_pool_get_state (self->pool),
                                 G_STRUCT_OFFSET (DevboxPoolSettings, health_check_timeout), 1500);
  odd_server_set_health (self->server, "delay/700");
  get_ok (self, "/ok");
  devbox_pool_set_health_check_interval (self->pool, 20);
  test_wait_until (devbox_pool_get_n_unhealthy (self->pool) == 1);
  odd_server_set_health (self->server, "ok");
  test_wait_until (devbox_pool_get_n_unhealthy (self->pool) == 0);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
}

/* A connection in check is not there for calls. */
static void
test_call_takes_another (Fixture *self, gconstpointer data)
{
  odd_server_set_health (self->server, "stall-head");
  make_idle (self, 1, "/ok");
  devbox_pool_set_max_size (self->pool, 2);
  devbox_pool_set_health_check_interval (self->pool, 20);
  test_wait_until (odd_server_get_n_health_requests (self->server) == 1);
  devbox_pool_set_health_check_interval (self->pool, 0);

  get_ok (self, "/ok");
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 2);
}

static void
test_call_waits (Fixture *self, gconstpointer data)
{
  odd_server_set_health (self->server, "delay/50");
  make_idle (self, 1, "/ok");
  devbox_pool_set_health_check_interval (self->pool, 20);
  test_wait_until (odd_server_get_n_health_requests (self->server) == 1);
  devbox_pool_set_health_check_interval (self->pool, 0);

  get_ok (self, "/ok");
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
  g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, 3);
}

/* Who waits for a connection that turns out to be no good gets a new one. */
static void
test_replaced (Fixture *self, gconstpointer data)
{
  odd_server_set_health (self->server, "stall-head");
  make_idle (self, 1, "/ok");
  devbox_pool_set_health_check_interval (self->pool, 20);
  test_wait_until (odd_server_get_n_health_requests (self->server) == 1);
  devbox_pool_set_health_check_interval (self->pool, 0);

  for (guint i = 0; i < 5; i++)
    start (self, "/ok");
  test_wait_until (self->n_ended == 6);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 2);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
}

static void
test_exhausted_in_check (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  odd_server_set_health (self->server, "stall-head");
  make_idle (self, 1, "/ok");
  devbox_pool_set_connection_timeout (self->pool, 30);
  devbox_pool_set_health_check_interval (self->pool, 20);
  test_wait_until (odd_server_get_n_health_requests (self->server) == 1);

  g_assert_null (test_get (self->client, self->endpoint, "/ok", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED);
}

/* The server's end of an idle connection is noticed, not found out. */
static void
test_hung_up (Fixture *self, gconstpointer data)
{
  make_idle (self, 10, "/delay/50");
  odd_server_hang_up (self->server);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, 10);
  get_ok (self, "/ok");
}

/* Whether the end comes just before libsoup is done with the reply, or just after. */
static void
test_left (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 50; i++)
    get_ok (self, "/leave");
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 50);
}

/* At once after it, before anything could be noticed. */
static void
test_restarted (Fixture *self, gconstpointer data)
{
  make_idle (self, 10, "/delay/50");
  odd_server_hang_up (self->server);
  for (guint i = 0; i < 20; i++)
    {
      DevboxRequest *request = test_request_new (SOUP_METHOD_POST, "/ok");
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = NULL;

      request->idempotent = TRUE;
      body = devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (body);
    }
}

/* All are dead, and only the next request over each would tell. One more try is enough. */
static void
test_all_stale (Fixture *self, gconstpointer data)
{
  make_idle (self, 10, "/once");
  for (guint i = 0; i < 10; i++)
    {
      DevboxRequest *request = test_request_new (SOUP_METHOD_POST, "/ok");
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = NULL;

      request->idempotent = TRUE;
      body = devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (body);
    }
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), <=, 20);
}

/* The thread ends all the same. */
static void
test_client_goes_in_check (Fixture *self, gconstpointer data)
{
  odd_server_set_health (self->server, "stall-head");
  make_idle (self, 3, "/delay/20");
  devbox_pool_state_set_setting (devbox_pool_get_state (self->pool),
                                 G_STRUCT_OFFSET (DevboxPoolSettings, health_check_timeout), 3600 * 1000);
  devbox_pool_set_health_check_interval (self->pool, 20);
  test_wait_until (odd_server_get_n_health_requests (self->server) == 3);
}

static void
test_client_closes_in_check (Fixture *self, gconstpointer data)
{
  test_client_goes_in_check (self, data);
  devbox_client_close (self->client);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
}

#define ADD(name, test) g_test_add ("/client/pool-health/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("rounds", test_rounds);
  ADD ("keep-alive", test_keep_alive);
  ADD ("max-idle-time", test_max_idle_time);
  ADD ("refused", test_refused);
  ADD ("other-answers", test_other_answers);
  ADD ("silent", test_silent);
  ADD ("slow", test_slow);
  ADD ("call-takes-another", test_call_takes_another);
  ADD ("call-waits", test_call_waits);
  ADD ("replaced", test_replaced);
  ADD ("exhausted-in-check", test_exhausted_in_check);
  ADD ("hung-up", test_hung_up);
  ADD ("left", test_left);
  ADD ("restarted", test_restarted);
  ADD ("all-stale", test_all_stale);
  ADD ("client-goes-in-check", test_client_goes_in_check);
  ADD ("client-closes-in-check", test_client_closes_in_check);

  return g_test_run ();
}
