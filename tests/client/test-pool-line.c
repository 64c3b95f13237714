/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-connection-group-private.h"

/* The waiting line and the check before use, seen from within the I/O thread. */

#define ADDRESS "http://somewhere:1"
#define N_CALLS 1000
#define N_CONNECTIONS 8

typedef struct
{
  OddServer *server;
  DevboxPool *pool;
  DevboxIoThread *thread;
  DevboxConnectionSet *set;
  GUri *health_uri;
  int is_done;

  guint n_called;
  guint n_released;
} Stage;

typedef struct
{
  Stage *stage;
  guint number;
  DevboxTicket ticket;
  DevboxConnection *connection;
  gboolean was_called;
} Call;

static void
iterate_until_equal (Stage *self, const guint *value, guint wanted)
{
  while (*value != wanted)
    g_main_context_iteration (devbox_io_thread_get_context (self->thread), TRUE);
}

static void
acquire (Stage *self, Call *call, void (*called) (DevboxTicket *ticket, DevboxConnection *connection))
{
  DevboxPoolKey key = { .devbox_name = "box", .address = ADDRESS, .health_uri = self->health_uri };

  call->stage = self;
  call->was_called = FALSE;
  call->ticket.called = called;
  call->ticket.data = call;
  devbox_connection_set_acquire (self->set, &key, &call->ticket);
}

static void
note_called (DevboxTicket *ticket, DevboxConnection *connection)
{
  Call *self = ticket->data;

  g_assert_false (self->was_called);
  self->was_called = TRUE;
  self->connection = connection;
  self->stage->n_called++;
}

static void
release_cb (DevboxConnection *connection, const DevboxConnectionReply *reply, gpointer data)
{
  Call *self = data;

  g_assert_no_error (reply->error);
  self->stage->n_released++;
  devbox_connection_set_release (&self->ticket);
}

static void
send (Call *self, DevboxConnection *connection)
{
  g_autofree char *url = g_strconcat (odd_server_get_url (self->stage->server), "/ok", NULL);
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, url);

  devbox_connection_send (connection, &(DevboxExchangeRequest){ .message = message, .max_reply_size = 1000 }, NULL,
                          release_cb, self);
}

/* One call from beginning to end. */
static DevboxConnection *
use (Stage *self, Call *call)
{
  guint n_released = self->n_released;

  acquire (self, call, note_called);
  iterate_until_equal (self, (guint *) &call->was_called, TRUE);
  g_assert_nonnull (call->connection);
  send (call, call->connection);
  iterate_until_equal (self, &self->n_released, n_released + 1);

  return call->connection;
}

static void
called_in_turn (DevboxTicket *ticket, DevboxConnection *connection)
{
  Call *self = ticket->data;

  g_assert_cmpuint (self->number, ==, self->stage->n_called++);
  g_assert_nonnull (connection);
  send (self, connection);
}

/* Nobody overtakes. */
static void
test_first_come (Stage *self)
{
  g_autofree Call *calls = g_new0 (Call, N_CALLS);

  devbox_pool_set_max_size (self->pool, N_CONNECTIONS);
  for (guint i = 0; i < N_CALLS; i++)
    {
      calls[i].number = i;
      acquire (self, &calls[i], called_in_turn);
    }
  g_assert_cmpuint (self->n_called, ==, N_CONNECTIONS);
  iterate_until_equal (self, &self->n_released, N_CALLS);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, N_CONNECTIONS);
}

/* Whoever leaves the line makes no hole in it. */
static void
test_leave (Stage *self)
{
  g_autofree Call *calls = g_new0 (Call, N_CALLS);

  devbox_pool_set_max_size (self->pool, 1);
  for (guint i = 0; i < N_CALLS; i++)
    {
      calls[i].number = i / 2;
      acquire (self, &calls[i], called_in_turn);
    }
  for (guint i = 1; i < N_CALLS; i += 2)
    {
      devbox_connection_set_leave (&calls[i].ticket);
      devbox_connection_set_leave (&calls[i].ticket);
    }
  iterate_until_equal (self, &self->n_released, N_CALLS / 2);
}

/* As if the machine had been asleep for an hour. */
static void
sleep_for_an_hour (Call *call)
{
  DevboxConnectionGroup *group
      = g_hash_table_lookup (call->stage->set->groups, &(DevboxPoolKey){ .devbox_name = "box", .address = ADDRESS });

  g_assert_nonnull (group);
  for (guint i = 0; i < group->members->len; i++)
    ((DevboxPoolMember *) g_ptr_array_index (group->members, i))->last_proof_awake -= G_TIME_SPAN_HOUR;
}

static void
test_check_before_use (Stage *self)
{
  Call call = { 0 };
  DevboxConnection *first = use (self, &call);

  g_assert_true (use (self, &call) == first);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 0);

  sleep_for_an_hour (&call);
  g_assert_true (use (self, &call) == first);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 1);

  /* Once is enough. */
  g_assert_true (use (self, &call) == first);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 1);

  /* Those who do not want it. */
  devbox_pool_set_keep_alive_interval (self->pool, 0);
  sleep_for_an_hour (&call);
  g_assert_true (use (self, &call) == first);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 1);
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
}

static void
test_failed_before_use (Stage *self)
{
  static const char *const answers[] = { "drop", "status/504", "stall-head" };
  Call call = { 0 };

  devbox_pool_set_max_size (self->pool, 1);
  use (self, &call);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      odd_server_set_health (self->server, answers[i]);
      sleep_for_an_hour (&call);
      use (self, &call);
      g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 2 + i);
    }
}

/* With room for another connection nobody waits until the very end of the check. */
static void
test_impatience (Stage *self)
{
  Call call = { 0 };
  gint64 start;

  devbox_pool_state_set_setting (devbox_pool_get_state (self->pool),
                                 G_STRUCT_OFFSET (DevboxPoolSettings, health_check_timeout), 60 * 1000);
  use (self, &call);
  odd_server_set_health (self->server, "stall-head");
  devbox_pool_state_set_setting (devbox_pool_get_state (self->pool),
                                 G_STRUCT_OFFSET (DevboxPoolSettings, health_check_timeout), 300);
  sleep_for_an_hour (&call);
  start = g_get_monotonic_time ();
  use (self, &call);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 100 * 1000);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 2);
  g_assert_cmpuint (devbox_pool_get_n_unhealthy (self->pool), ==, 1);
}

/* Each of those who wait relies on another check, and no more is checked than is waited for. */
static void
test_many_before_use (Stage *self)
{
  g_autofree Call *calls = g_new0 (Call, N_CONNECTIONS);

  for (guint i = 0; i < N_CONNECTIONS; i++)
    {
      calls[i].number = i;
      acquire (self, &calls[i], called_in_turn);
    }
  iterate_until_equal (self, &self->n_released, N_CONNECTIONS);

  sleep_for_an_hour (&calls[0]);
  self->n_called = 0;
  for (guint i = 0; i < 3; i++)
    acquire (self, &calls[i], note_called);
  g_assert_cmpuint (self->n_called, ==, 0);
  iterate_until_equal (self, &self->n_called, 3);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 3);
  for (guint i = 0; i < 3; i++)
    send (&calls[i], calls[i].connection);
  iterate_until_equal (self, &self->n_released, N_CONNECTIONS + 3);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, N_CONNECTIONS);
}

/* The time that a ticket may wait goes on while a connection is checked for it. */
static void
test_exhausted_before_use (Stage *self)
{
  Call call = { 0 };

  devbox_pool_set_max_size (self->pool, 1);
  use (self, &call);
  odd_server_set_health (self->server, "stall-head");
  devbox_pool_set_connection_timeout (self->pool, 30);
  sleep_for_an_hour (&call);
  acquire (self, &call, note_called);
  iterate_until_equal (self, (guint *) &call.was_called, TRUE);
  g_assert_null (call.connection);
}

/* Whoever waits for a check may go. */
static void
test_leave_in_check (Stage *self)
{
  Call call = { 0 };
  DevboxConnection *first = use (self, &call);
  Call other = { 0 };

  sleep_for_an_hour (&call);
  acquire (self, &other, note_called);
  devbox_connection_set_leave (&other.ticket);
  g_assert_true (use (self, &call) == first);
  g_assert_cmpuint (odd_server_get_n_health_requests (self->server), ==, 1);
  g_assert_false (other.was_called);
}

/* Nothing is planned for a group without idle connections, nor where nothing may be checked. */
static void
test_plan (Stage *self)
{
  DevboxPoolKey key = { .devbox_name = "box", .address = ADDRESS };
  DevboxConnectionGroup *group;
  Call call = { 0 };

  acquire (self, &call, note_called);
  group = g_hash_table_lookup (self->set->groups, &key);
  g_assert_null (group->check_timer.iter);
  send (&call, call.connection);
  iterate_until_equal (self, &self->n_released, 1);
  g_assert_nonnull (group->check_timer.iter);

  devbox_connection_set_drop_all (self->set, NULL);
  g_assert_cmpuint (g_hash_table_size (self->set->groups), ==, 0);

  g_clear_pointer (&self->health_uri, g_uri_unref);
  use (self, &call);
  group = g_hash_table_lookup (self->set->groups, &key);
  g_assert_null (group->check_timer.iter);
  sleep_for_an_hour (&call);
  use (self, &call);
  g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, 3);
}

/* One that was closed is found although it cannot be asked. */
static void
test_sweep_without_health (Stage *self)
{
  Call call = { 0 };

  g_clear_pointer (&self->health_uri, g_uri_unref);
  use (self, &call);
  odd_server_hang_up (self->server);
  while (odd_server_get_n_open (self->server) > 0)
    g_usleep (500);
  g_usleep (1000);
  g_assert_cmpuint (devbox_pool_get_n_total (self->pool), ==, 1);
  devbox_pool_remove_unhealthy_async (self->pool, NULL, NULL, NULL);
  while (devbox_pool_get_n_total (self->pool) == 1)
    g_main_context_iteration (devbox_io_thread_get_context (self->thread), TRUE);
}

typedef struct
{
  Stage *stage;
  void (*test) (Stage *self);
} Performance;

static gboolean
perform (gpointer data)
{
  Performance *self = data;
  Stage *stage = self->stage;

  stage->set = devbox_connection_set_new (stage->thread, devbox_pool_get_state (stage->pool), "test/1");
  self->test (stage);
  devbox_connection_set_free (stage->set);
  g_atomic_int_set (&stage->is_done, TRUE);

  return G_SOURCE_REMOVE;
}

static void
do_nothing (gpointer data)
{
}

static void
run (gconstpointer data)
{
  g_autofree char *url = NULL;
  Stage stage = {
    .server = odd_server_new ("127.0.0.1"),
    .pool = devbox_pool_new (),
    .thread = devbox_io_thread_new (),
  };
  Performance performance = { .stage = &stage, .test = *(void (*const *) (Stage *)) data };

  url = g_strconcat (odd_server_get_url (stage.server), "/health", NULL);
  stage.health_uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  devbox_pool_state_set_setting (devbox_pool_get_state (stage.pool),
                                 G_STRUCT_OFFSET (DevboxPoolSettings, health_check_timeout), 150);

  devbox_io_thread_invoke (stage.thread, perform, &performance, NULL);
  test_wait_until (g_atomic_int_get (&stage.is_done));
  devbox_io_thread_stop (stage.thread, do_nothing, NULL);
  devbox_io_thread_unref (stage.thread);
  test_wait_for_io_threads ();

  g_assert_cmpuint (devbox_pool_get_n_total (stage.pool), ==, 0);
  g_assert_cmpuint (devbox_pool_get_n_active (stage.pool), ==, 0);
  g_object_unref (stage.pool);
  g_clear_pointer (&stage.health_uri, g_uri_unref);
  odd_server_free (stage.server);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    void (*test) (Stage *self);
  } tests[] = {
    { "first-come", test_first_come },
    { "leave", test_leave },
    { "check-before-use", test_check_before_use },
    { "failed-before-use", test_failed_before_use },
    { "impatience", test_impatience },
    { "many-before-use", test_many_before_use },
    { "exhausted-before-use", test_exhausted_before_use },
    { "leave-in-check", test_leave_in_check },
    { "plan", test_plan },
    { "sweep-without-health", test_sweep_without_health },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/client/pool-line/", tests[i].name, NULL);

      g_test_add_data_func (path, &tests[i].test, run);
    }

  return g_test_run ();
}
