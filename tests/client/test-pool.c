/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-connection-set-private.h"

#include <string.h>

#define N_SEQUENTIAL 5000

typedef struct
{
  OddServer *server;
  DevboxPool *pool;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
  guint n_ended;
  guint n_exhausted;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->server = odd_server_new ("127.0.0.1");
  self->pool = devbox_pool_new ();
  self->client = g_object_new (DEVBOX_TYPE_CLIENT, "pool", self->pool, "max-retries", 0, NULL);
  self->endpoint = test_endpoint_new (self->server, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  devbox_endpoint_unref (self->endpoint);
  g_assert_finalize_object (self->client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 0);
  g_assert_cmpuint (devbox_pool_get_n_active (self->pool), ==, 0);
  g_assert_finalize_object (self->pool);
  odd_server_free (self->server);
}

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = devbox_client_call_finish (result, &error);

  self->n_ended++;
  if (g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED))
    self->n_exhausted++;
  else
    {
      g_assert_no_error (error);
      g_assert_nonnull (body);
    }
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

static void
count_notify_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  ++*(guint *) data;
}

static void
test_settings (void)
{
  g_autoptr (DevboxPool) pool = devbox_pool_new ();
  guint n_notified = 0;

  g_assert_cmpuint (devbox_pool_get_max_size (pool), ==, 15);
  g_assert_cmpuint (devbox_pool_get_connection_timeout (pool), ==, 30000);
  g_assert_cmpuint (devbox_pool_get_max_idle_time (pool), ==, 300000);
  g_assert_cmpint (devbox_pool_get_strategy (pool), ==, DEVBOX_POOL_STRATEGY_LEAST_USED);
  g_assert_cmpfloat (devbox_pool_get_reuse_rate (pool), ==, 0.0);

  g_signal_connect (pool, "notify", G_CALLBACK (count_notify_cb), &n_notified);
  g_object_set (pool, "max-size", 15, "connection-timeout", 30000, "max-idle-time", 300000, "strategy",
                DEVBOX_POOL_STRATEGY_LEAST_USED, NULL);
  g_assert_cmpuint (n_notified, ==, 0);

  g_object_set (pool, "max-size", 1024, "connection-timeout", 0, "max-idle-time", 1, "strategy",
                DEVBOX_POOL_STRATEGY_RANDOM, NULL);
  g_assert_cmpuint (n_notified, ==, 4);
  g_assert_cmpuint (devbox_pool_get_max_size (pool), ==, 1024);
  g_assert_cmpuint (devbox_pool_get_connection_timeout (pool), ==, 0);
  g_assert_cmpuint (devbox_pool_get_max_idle_time (pool), ==, 1);
  g_assert_cmpint (devbox_pool_get_strategy (pool), ==, DEVBOX_POOL_STRATEGY_RANDOM);
}

/* Reuse is what the server sees. */
static void
test_reuse (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < N_SEQUENTIAL; i++)
    get_ok (self, "/ok");

  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
  g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, N_SEQUENTIAL);
  g_assert_cmpuint (devbox_pool_get_n_operations (self->pool), ==, N_SEQUENTIAL);
  g_assert_cmpuint (devbox_pool_get_bytes_transferred (self->pool), ==, N_SEQUENTIAL * strlen ("{\"ok\":true}"));
  g_assert_cmpfloat (devbox_pool_get_reuse_rate (self->pool), >, 0.998);
  g_assert_cmpfloat (devbox_pool_get_reuse_rate (self->pool), <, 1.0);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
}

static void
test_post_reuse (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = test_post (self->client, self->endpoint, "/echo", 100, &error);

      g_assert_no_error (error);
      g_assert_nonnull (body);
    }

  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
  g_assert_cmpuint (devbox_pool_get_bytes_transferred (self->pool), ==, 50 * 200);
}

static void
test_max_size (Fixture *self, gconstpointer data)
{
  devbox_pool_set_max_size (self->pool, 4);
  for (guint i = 0; i < 40; i++)
    start (self, "/delay/5");
  test_wait_until (self->n_ended == 40);

  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 4);
  g_assert_cmpuint (odd_server_get_max_open (self->server), ==, 4);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 4);
  g_assert_cmpuint (devbox_pool_get_n_active (self->pool), ==, 0);

  /* What is too much goes when it becomes free. */
  devbox_pool_set_max_size (self->pool, 1);
  for (guint i = 0; i < 40; i++)
    start (self, "/ok");
  test_wait_until (self->n_ended == 80);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
  test_wait_until (odd_server_get_n_open (self->server) == 1);
}

/* The limit is one for each address. */
static void
test_groups (Fixture *self, gconstpointer data)
{
  OddServer *other = odd_server_new ("127.0.0.1");
  g_autoptr (DevboxEndpoint) same = test_endpoint_new (self->server, "another-token");
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (other, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GBytes) more = NULL;

  devbox_pool_set_max_size (self->pool, 1);
  get_ok (self, "/ok");
  body = test_get (self->client, endpoint, "/ok", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 2);

  more = test_get (self->client, same, "/ok", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
  g_assert_cmpuint (odd_server_get_n_accepted (other), ==, 1);
  odd_server_free (other);
}

static void
test_exhausted (Fixture *self, gconstpointer data)
{
  gint64 start_time = g_get_monotonic_time ();

  devbox_pool_set_max_size (self->pool, 2);
  devbox_pool_set_connection_timeout (self->pool, 50);
  for (guint i = 0; i < 5; i++)
    start (self, i < 2 ? "/delay/200" : "/ok");
  test_wait_until (self->n_ended == 3);
  g_assert_cmpuint (self->n_exhausted, ==, 3);
  g_assert_cmpint (g_get_monotonic_time () - start_time, >=, 50 * 1000);
  g_assert_cmpint (g_get_monotonic_time () - start_time, <, 200 * 1000);

  test_wait_until (self->n_ended == 5);
  g_assert_cmpuint (self->n_exhausted, ==, 3);
  g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, 2);
}

/* A connection that breaks makes room for who waits. */
static void
test_broken_makes_room (Fixture *self, gconstpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);

  devbox_pool_set_max_size (self->pool, 1);
  devbox_client_call_async (self->client, self->endpoint, test_request_new (SOUP_METHOD_GET, "/drop-body"), task);
  start (self, "/ok");
  start (self, "/close");
  start (self, "/ok");
  test_wait_until (self->n_ended == 3);

  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 3);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
}

static void
test_max_idle_time (Fixture *self, gconstpointer data)
{
  devbox_pool_set_max_idle_time (self->pool, 60);
  get_ok (self, "/ok");
  g_usleep (20 * 1000);
  get_ok (self, "/ok");
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);

  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  test_wait_until (odd_server_get_n_open (self->server) == 0);
  get_ok (self, "/ok");
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 2);
}

/* Before the server does what it said. */
static void
test_keep_alive (Fixture *self, gconstpointer data)
{
  gint64 start_time;

  get_ok (self, "/keep-alive/1");
  start_time = g_get_monotonic_time ();
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpint (g_get_monotonic_time () - start_time, >, 600 * 1000);
  g_assert_cmpint (g_get_monotonic_time () - start_time, <, 1000 * 1000);

  /* One that says nothing useful is kept. */
  get_ok (self, "/keep-alive/soon");
  get_ok (self, "/keep-alive/0");
  get_ok (self, "/keep-alive/99999999999999999999");
  get_ok (self, "/ok");
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 2);
}

/* Safe requests survive that the server has closed the connection in the meantime; others are not sent twice. */
static void
test_dropped_while_idle (Fixture *self, gconstpointer data)
{
  DevboxRequest *idempotent = test_request_new (SOUP_METHOD_POST, "/echo");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  get_ok (self, "/once");
  get_ok (self, "/once");
  g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, 3);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 2);

  idempotent->idempotent = TRUE;
  idempotent->body = g_bytes_new_static ("again", 5);
  idempotent->content_type = "text/plain";
  body = devbox_client_call_sync (self->client, self->endpoint, idempotent, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), "again", 5);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 3);

  get_ok (self, "/once");
  g_assert_null (test_post (self->client, self->endpoint, "/echo", 100, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 3);
}

/* Once more is once more, not for ever; and not at all on a connection that was new. */
static void
test_dropped_always (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      DevboxRequest *request = test_request_new (SOUP_METHOD_POST, "/drop");
      g_autoptr (GError) error = NULL;

      if (i == 1)
        get_ok (self, "/ok");
      request->idempotent = TRUE;
      g_assert_null (devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
      g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, i == 0 ? 1 : 4);
    }
}

/* A reply that began is an answer: nothing is sent again. */
static void
test_dropped_in_reply (Fixture *self, gconstpointer data)
{
  static const char *const paths[] = { "/drop-half-head", "/drop-body" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      DevboxRequest *request = test_request_new (SOUP_METHOD_POST, paths[i]);
      guint n_before;
      g_autoptr (GError) error = NULL;

      get_ok (self, "/ok");
      n_before = odd_server_get_n_requests (self->server);
      request->idempotent = TRUE;
      g_assert_null (devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
      g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, n_before + 1);
    }
}

static void
notified_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  GHashTable *seen = data;

  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
  g_hash_table_add (seen, (gpointer) g_intern_string (pspec->name));
}

static void
test_notify (Fixture *self, gconstpointer data)
{
  static const char *const names[]
      = { "n-total", "n-active", "n-healthy", "n-operations", "bytes-transferred", "reuse-rate" };
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  g_signal_connect (self->pool, "notify", G_CALLBACK (notified_cb), seen);
  start (self, "/delay/150");
  test_wait_until (g_hash_table_contains (seen, "n-active"));
  start (self, "/ok");
  for (guint i = 0; i < 3; i++)
    get_ok (self, "/ok");
  test_wait_until (self->n_ended == 2 && g_hash_table_size (seen) == G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_true (g_hash_table_contains (seen, names[i]));
}

/* A pool whose context nobody iterates. */
static gpointer
make_pool_elsewhere (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  DevboxPool *pool;

  g_main_context_push_thread_default (context);
  pool = devbox_pool_new ();
  g_main_context_pop_thread_default (context);

  return pool;
}

static void
test_notify_nowhere (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxPool *pool = g_thread_join (g_thread_new ("elsewhere", make_pool_elsewhere, NULL));
  DevboxClient *client = g_object_new (DEVBOX_TYPE_CLIENT, "pool", pool, "max-retries", 0, NULL);
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = test_get (client, endpoint, "/ok", &error);

  g_assert_no_error (error);
  g_assert_nonnull (body);
  g_object_unref (client);
  g_assert_finalize_object (pool);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

/* The choice itself, seen from within the I/O thread. */
typedef struct
{
  DevboxIoThread *thread;
  DevboxPool *pool;
  char *url;
  int is_done;
} Choice;

#define N_MEMBERS 4

static void
called (DevboxTicket *ticket, DevboxConnection *connection)
{
  *(DevboxConnection **) ticket->data = connection;
}

static void
reply_cb (DevboxConnection *connection, const DevboxConnectionReply *reply, gpointer data)
{
  g_assert_no_error (reply->error);
  *(gboolean *) data = TRUE;
}

/* A connection counts as used, and is kept, when it has carried something. */
static void
use (Choice *self, DevboxConnection *connection)
{
  g_autofree char *url = g_strconcat (self->url, "/ok", NULL);
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, url);
  gboolean is_done = FALSE;

  devbox_connection_send (connection, &(DevboxExchangeRequest){ .message = message, .max_reply_size = 1000 }, NULL,
                          reply_cb, &is_done);
  while (!is_done)
    g_main_context_iteration (devbox_io_thread_get_context (self->thread), TRUE);
}

static DevboxConnection *
acquire (DevboxConnectionSet *set, DevboxTicket *ticket)
{
  DevboxConnection *connection = NULL;

  memset (ticket, 0, sizeof (*ticket));
  ticket->called = called;
  ticket->data = &connection;
  devbox_connection_set_acquire (set, &(DevboxPoolKey){ .devbox_name = "box", .address = "http://somewhere:1" },
                                 ticket);
  g_assert_nonnull (connection);

  return connection;
}

static void
check_strategies (Choice *self, DevboxConnectionSet *set)
{
  DevboxTicket tickets[N_MEMBERS];
  DevboxConnection *members[N_MEMBERS];
  DevboxConnection *before = NULL;
  DevboxTicket ticket;
  gboolean was_chosen[N_MEMBERS] = { FALSE };

  /* Used 1, 2, 3, 4 times. */
  for (guint i = 0; i < N_MEMBERS; i++)
    {
      members[i] = acquire (set, &tickets[i]);
      for (guint j = 0; j <= i; j++)
        use (self, members[i]);
    }
  for (guint i = 0; i < N_MEMBERS; i++)
    devbox_connection_set_release (&tickets[i]);

  /* The least used one comes until it is no longer that. */
  for (guint i = 0; i < 2; i++)
    {
      DevboxConnection *connection = acquire (set, &ticket);

      g_assert_true (connection == members[0]);
      use (self, connection);
      devbox_connection_set_release (&ticket);
      if (i == 0)
        g_assert_cmpuint (devbox_connection_get_n_uses (members[0]), ==, 2);
    }
  g_assert_true (acquire (set, &ticket) == members[1]);
  use (self, members[1]);
  devbox_connection_set_release (&ticket);

  devbox_pool_set_strategy (self->pool, DEVBOX_POOL_STRATEGY_ROUND_ROBIN);
  for (guint i = 0; i < 3 * N_MEMBERS; i++)
    {
      DevboxConnection *connection = acquire (set, &ticket);

      for (guint j = 0; before != NULL && j < N_MEMBERS; j++)
        {
          if (members[j] == before)
            g_assert_true (connection == members[(j + 1) % N_MEMBERS]);
        }
      before = connection;
      use (self, connection);
      devbox_connection_set_release (&ticket);
    }

  devbox_pool_set_strategy (self->pool, DEVBOX_POOL_STRATEGY_RANDOM);
  for (guint i = 0; i < 200; i++)
    {
      DevboxConnection *connection = acquire (set, &ticket);

      for (guint j = 0; j < N_MEMBERS; j++)
        was_chosen[j] |= members[j] == connection;
      use (self, connection);
      devbox_connection_set_release (&ticket);
    }
  for (guint i = 0; i < N_MEMBERS; i++)
    g_assert_true (was_chosen[i]);
}

static gboolean
choose_in_io_thread (gpointer data)
{
  Choice *self = data;
  DevboxConnectionSet *set = devbox_connection_set_new (self->thread, devbox_pool_get_state (self->pool), "test/1");

  check_strategies (self, set);
  devbox_connection_set_free (set);
  g_atomic_int_set (&self->is_done, TRUE);

  return G_SOURCE_REMOVE;
}

static void
do_nothing (gpointer data)
{
}

static void
test_strategies (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  Choice choice = { .thread = devbox_io_thread_new (), .pool = devbox_pool_new () };

  choice.url = g_strdup (odd_server_get_url (server));
  devbox_io_thread_invoke (choice.thread, choose_in_io_thread, &choice, NULL);
  test_wait_until (g_atomic_int_get (&choice.is_done));

  devbox_io_thread_stop (choice.thread, do_nothing, NULL);
  devbox_io_thread_unref (choice.thread);
  test_wait_for_io_threads ();
  g_object_unref (choice.pool);
  g_free (choice.url);
  odd_server_free (server);
}

#define ADD(name, test) g_test_add ("/client/pool/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/pool/settings", test_settings);
  ADD ("reuse", test_reuse);
  ADD ("post-reuse", test_post_reuse);
  ADD ("max-size", test_max_size);
  ADD ("groups", test_groups);
  ADD ("exhausted", test_exhausted);
  ADD ("broken-makes-room", test_broken_makes_room);
  ADD ("max-idle-time", test_max_idle_time);
  ADD ("keep-alive", test_keep_alive);
  ADD ("dropped-while-idle", test_dropped_while_idle);
  ADD ("dropped-always", test_dropped_always);
  ADD ("dropped-in-reply", test_dropped_in_reply);
  ADD ("notify", test_notify);
  g_test_add_func ("/client/pool/notify-nowhere", test_notify_nowhere);
  g_test_add_func ("/client/pool/strategies", test_strategies);

  return g_test_run ();
}
