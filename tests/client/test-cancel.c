/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include <string.h>

/* Calls that are cancelled at random moments, from the thread that made them and from others, against a server that
 * answers, stalls and breaks as chance will have it. Each must end exactly once, and nothing of the caller's may be
 * released in the I/O thread. */

#define N_WORKERS 2
#define N_AT_ONCE 24
#define CALL_TIMEOUT_MS 30

static int n_calls = 2000;

typedef struct
{
  OddServer *server;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
  GThreadPool *cancellers;

  int n_succeeded;
  int n_failed;
  int n_cancelled;
} Arena;

typedef struct
{
  Arena *arena;
  GMainContext *context;
  GRand *rand;
  guint n_to_start;
  guint n_open;
} Worker;

typedef struct
{
  Worker *worker;
  GCancellable *cancellable;
  gboolean may_be_cancelled;
  gboolean cancels_in_callback;
  guint n_ended;
} Call;

static void start_call (Worker *worker);

static void
call_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  Arena *arena = call->worker->arena;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  g_assert_true (g_main_context_is_owner (call->worker->context));
  g_assert_cmpuint (++call->n_ended, ==, 1);
  g_assert_cmpuint (devbox_pool_get_n_total (devbox_client_get_pool (arena->client)), <=, 15);
  if (call->cancels_in_callback)
    g_cancellable_cancel (call->cancellable);

  body = devbox_client_call_finish (result, &error);
  g_assert_true ((body != NULL) != (error != NULL));
  if (body != NULL)
    g_atomic_int_inc (&arena->n_succeeded);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_assert_true (call->may_be_cancelled);
      g_atomic_int_inc (&arena->n_cancelled);
    }
  else
    {
      g_assert_cmpuint (error->domain, ==, DEVBOX_ERROR);
      g_atomic_int_inc (&arena->n_failed);
    }

  call->worker->n_open--;
  start_call (call->worker);
  g_object_unref (call->cancellable);
  g_free (call);
}

static gboolean
cancel_later (gpointer data)
{
  g_cancellable_cancel (data);

  return G_SOURCE_REMOVE;
}

static void
cancel_in_other_thread (gpointer data, gpointer user_data)
{
  g_usleep ((gulong) g_random_int_range (0, 5000));
  g_cancellable_cancel (data);
  g_object_unref (data);
}

static void
choose_end (Call *call)
{
  Worker *worker = call->worker;
  int choice = g_rand_int_range (worker->rand, 0, 16);
  g_autoptr (GSource) source = NULL;

  call->may_be_cancelled = choice > 4;
  switch (choice)
    {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      break;
    case 5:
      call->cancels_in_callback = TRUE;
      break;
    case 6:
      g_cancellable_cancel (call->cancellable);
      break;
    case 7:
    case 8:
    case 9:
    case 10:
      source = g_timeout_source_new ((guint) g_rand_int_range (worker->rand, 0, CALL_TIMEOUT_MS));
      g_source_set_callback (source, cancel_later, g_object_ref (call->cancellable), g_object_unref);
      g_source_attach (source, worker->context);
      break;
    default:
      g_thread_pool_push (worker->arena->cancellers, g_object_ref (call->cancellable), NULL);
      break;
    }
}

static DevboxRequest *
make_request (Worker *worker)
{
  gboolean is_post = g_rand_boolean (worker->rand);
  DevboxRequest *request = test_request_new (is_post ? SOUP_METHOD_POST : SOUP_METHOD_GET, "/any");

  request->timeout_ms = CALL_TIMEOUT_MS;
  request->subject = g_strdup ("a-path");
  request->data = test_guard_new ();
  request->data_free = test_guard_free;
  request->idempotent = g_rand_boolean (worker->rand);
  if (is_post)
    {
      gsize size = g_rand_boolean (worker->rand) ? 100 : 400 * 1000;
      char *data = g_malloc (size);

      memset (data, 'b', size);
      request->body = test_guard_bytes_new (data, size);
      request->content_type = "application/octet-stream";
    }

  return request;
}

static void
start_call (Worker *worker)
{
  g_autoptr (GObject) source = NULL;
  g_autoptr (GTask) task = NULL;
  Call *call;

  if (worker->n_to_start == 0)
    return;

  worker->n_to_start--;
  worker->n_open++;
  call = g_new0 (Call, 1);
  call->worker = worker;
  call->cancellable = g_cancellable_new ();
  source = g_object_new (G_TYPE_OBJECT, NULL);
  test_guard_object (call->cancellable);
  test_guard_object (source);

  task = g_task_new (source, call->cancellable, call_ended_cb, call);
  test_guard_object (task);
  if (g_rand_boolean (worker->rand))
    {
      choose_end (call);
      devbox_client_call_async (worker->arena->client, worker->arena->endpoint, make_request (worker), task);
    }
  else
    {
      devbox_client_call_async (worker->arena->client, worker->arena->endpoint, make_request (worker), task);
      choose_end (call);
    }
}

static gpointer
work (gpointer data)
{
  Worker *worker = data;

  worker->context = g_main_context_new ();
  g_main_context_push_thread_default (worker->context);
  g_main_context_acquire (worker->context);

  for (guint i = 0; i < N_AT_ONCE; i++)
    start_call (worker);
  while (worker->n_open > 0)
    g_main_context_iteration (worker->context, TRUE);

  /* What was left for later, such as cancellations. */
  for (gint64 end = g_get_monotonic_time () + 20 * 1000; g_get_monotonic_time () < end;)
    g_main_context_iteration (worker->context, FALSE);

  g_main_context_release (worker->context);
  g_main_context_pop_thread_default (worker->context);
  g_main_context_unref (worker->context);

  return NULL;
}

static void
test_random_moments (void)
{
  Arena arena = { 0 };
  Worker workers[N_WORKERS] = { 0 };
  GThread *threads[N_WORKERS];
  guint32 seed = (guint32) g_test_rand_int ();

  arena.server = odd_server_new ("127.0.0.1");
  arena.client = devbox_client_new ();
  arena.endpoint = test_endpoint_new (arena.server, "token");
  arena.cancellers = g_thread_pool_new (cancel_in_other_thread, NULL, 4, FALSE, NULL);

  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i].arena = &arena;
      workers[i].rand = g_rand_new_with_seed (seed + i);
      workers[i].n_to_start = (guint) n_calls / N_WORKERS;
      threads[i] = g_thread_new ("worker", work, &workers[i]);
    }
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_thread_join (threads[i]);
      g_rand_free (workers[i].rand);
    }

  g_thread_pool_free (arena.cancellers, FALSE, TRUE);
  g_assert_finalize_object (arena.client);
  devbox_endpoint_unref (arena.endpoint);
  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  g_assert_cmpint (arena.n_succeeded + arena.n_failed + arena.n_cancelled, ==, n_calls);
  g_test_message ("%d succeeded, %d failed, %d were cancelled; %u connections", arena.n_succeeded, arena.n_failed,
                  arena.n_cancelled, odd_server_get_n_accepted (arena.server));
  odd_server_free (arena.server);
}

typedef struct
{
  OddServer *server;
  GCancellable *cancellable;
} Canceller;

static gpointer
cancel_when_sent (gpointer data)
{
  Canceller *self = data;

  while (odd_server_get_n_requests (self->server) == 0)
    g_usleep (500);
  g_cancellable_cancel (self->cancellable);

  return NULL;
}

static void
test_sync (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Canceller canceller = { .server = server, .cancellable = cancellable };
  GThread *thread = g_thread_new ("canceller", cancel_when_sent, &canceller);

  g_assert_null (devbox_client_call_sync (client, endpoint, test_request_new (SOUP_METHOD_GET, "/stall-head"),
                                          cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (devbox_error_info_get_last ());
  g_clear_error (&error);
  g_thread_join (thread);

  /* Cancelled before: nothing is sent. */
  g_assert_null (
      devbox_client_call_sync (client, endpoint, test_request_new (SOUP_METHOD_GET, "/ok"), cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (odd_server_get_n_requests (server), ==, 1);

  g_assert_finalize_object (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

int
main (int argc, char *argv[])
{
  for (int i = 1; i < argc; i++)
    {
      if (g_str_has_prefix (argv[i], "--calls="))
        n_calls = (int) g_ascii_strtoll (argv[i] + strlen ("--calls="), NULL, 10);
    }

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/cancel/sync", test_sync);
  g_test_add_func ("/client/cancel/random-moments", test_random_moments);

  return g_test_run ();
}
