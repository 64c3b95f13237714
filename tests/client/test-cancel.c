/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-agent-private.h"
#include "devbox-kubeconfig.h"

#include <string.h>

/* Calls that are cancelled at random moments, from the thread that made them and from others, against a server that
 * answers, stalls and breaks as chance will have it. Each must end exactly once, and nothing of the caller's may be
 * released in the I/O thread. Where agents are searched for, clients are dropped and closed on the way, and get another
 * kubeconfig. */

#define N_WORKERS 2
#define N_AT_ONCE 24
#define CALL_TIMEOUT_MS 30
#define SEARCH_TIMEOUT_MS 60 /* of each of its requests */

static int n_calls = 2000;

typedef struct
{
  OddServer *server;
  DevboxClient *client;     /* NULL: each worker has one after the other */
  DevboxEndpoint *endpoint; /* NULL: agents are searched for */
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
  DevboxClient *client;
  guint n_to_start;
  guint n_open;
} Worker;

typedef struct
{
  Worker *worker;
  GCancellable *cancellable;
  gboolean may_be_cancelled;
  gboolean cancels_in_callback;
  gboolean is_stream;
  guint n_ended;
} Call;

static void start_call (Worker *worker);

/* A little of it, and then no more. */
static void
taste_stream (gpointer result)
{
  g_autoptr (GInputStream) stream = result;
  char buffer[1000];

  test_guard_object (stream);
  g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, sizeof (buffer), NULL, NULL);
}

static void
call_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  Arena *arena = call->worker->arena;
  g_autoptr (GError) error = NULL;
  gpointer body;

  g_assert_true (g_main_context_is_owner (call->worker->context));
  g_assert_cmpuint (++call->n_ended, ==, 1);
  if (arena->client != NULL)
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

  if (body != NULL && call->is_stream)
    taste_stream (body);
  else
    g_clear_pointer ((GBytes **) &body, g_bytes_unref);

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

static gpointer
fail_stream (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  return devbox_request_fail_from_reply (request, reply, error);
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  g_assert_cmpuint (features->dialects, ==, DEVBOX_DIALECT_CLASSIC);

  return TRUE;
}

static DevboxRequest *
make_stream_request (void)
{
  DevboxRequest *request = devbox_request_new (SOUP_METHOD_GET, "/any", fail_stream, g_object_unref);

  request->streams_reply = TRUE;
  request->prepare = prepare;

  return request;
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

static DevboxKubeconfig *
make_kubeconfig (Worker *worker)
{
  return devbox_kubeconfig_new_for_token (odd_server_get_url (worker->arena->server),
                                          g_rand_boolean (worker->rand) ? "token" : "other-token", NULL);
}

/* The calls that the previous one still has keep it. */
static void
take_new_client (Worker *worker)
{
  g_autoptr (DevboxKubeconfig) kubeconfig = make_kubeconfig (worker);

  g_clear_object (&worker->client);
  worker->client = devbox_client_new_with_kubeconfig (kubeconfig);
  devbox_client_set_retry_delay (worker->client, 3);
  devbox_client_set_timeout (worker->client, SEARCH_TIMEOUT_MS);
  test_guard_object (worker->client);
}

static void
change_client (Worker *worker)
{
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;
  int choice = g_rand_int_range (worker->rand, 0, 60);

  if (choice == 0)
    devbox_client_close (worker->client);
  if (choice <= 4 || devbox_client_is_closed (worker->client))
    take_new_client (worker);
  else if (choice <= 6)
    {
      kubeconfig = make_kubeconfig (worker);
      devbox_client_set_kubeconfig (worker->client, kubeconfig);
    }
}

static void
send_call (Worker *worker, Call *call, GTask *task)
{
  g_autoptr (DevboxAgent) agent = NULL;
  g_autofree char *name = NULL;
  DevboxRequest *request;

  if (worker->client == NULL)
    {
      devbox_client_call_async (worker->arena->client, worker->arena->endpoint, make_request (worker), task);
      return;
    }

  change_client (worker);
  name = g_strdup_printf ("box-%d", g_rand_int_range (worker->rand, 0, 3));
  agent = devbox_client_ref_agent (worker->client, name);
  call->is_stream = g_rand_int_range (worker->rand, 0, 4) == 0;
  request = call->is_stream ? make_stream_request () : make_request (worker);
  if (g_rand_boolean (worker->rand))
    request->prepare = prepare;
  request->timeout_ms = 3 * SEARCH_TIMEOUT_MS;
  devbox_client_call_agent_async (worker->client, agent, request, task);
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
      send_call (worker, call, task);
    }
  else
    {
      send_call (worker, call, task);
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

  if (worker->arena->client == NULL)
    take_new_client (worker);
  for (guint i = 0; i < N_AT_ONCE; i++)
    start_call (worker);
  while (worker->n_open > 0)
    g_main_context_iteration (worker->context, TRUE);

  /* What was left for later, such as cancellations. */
  for (gint64 end = g_get_monotonic_time () + 20 * 1000; g_get_monotonic_time () < end;)
    g_main_context_iteration (worker->context, FALSE);

  g_clear_object (&worker->client);
  g_main_context_release (worker->context);
  g_main_context_pop_thread_default (worker->context);
  g_main_context_unref (worker->context);

  return NULL;
}

static void
test_random_moments (gconstpointer data)
{
  gboolean searches = GPOINTER_TO_INT (data);
  guint n_to_start = (guint) n_calls / N_WORKERS / (searches ? 2 : 1);
  Arena arena = { 0 };
  Worker workers[N_WORKERS] = { 0 };
  GThread *threads[N_WORKERS];
  guint32 seed = (guint32) g_test_rand_int ();

  arena.server = odd_server_new ("127.0.0.1");
  if (!searches)
    {
      arena.client = devbox_client_new ();
      arena.endpoint = test_endpoint_new (arena.server, "token");
    }
  arena.cancellers = g_thread_pool_new (cancel_in_other_thread, NULL, 4, FALSE, NULL);

  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i].arena = &arena;
      workers[i].rand = g_rand_new_with_seed (seed + i);
      workers[i].n_to_start = n_to_start;
      threads[i] = g_thread_new ("worker", work, &workers[i]);
    }
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_thread_join (threads[i]);
      g_rand_free (workers[i].rand);
    }

  g_thread_pool_free (arena.cancellers, FALSE, TRUE);
  if (arena.client != NULL)
    g_assert_finalize_object (arena.client);
  g_clear_pointer (&arena.endpoint, devbox_endpoint_unref);
  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  g_assert_cmpint (arena.n_succeeded + arena.n_failed + arena.n_cancelled, ==, (int) n_to_start * N_WORKERS);
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
  g_test_add_data_func ("/client/cancel/random-moments", GINT_TO_POINTER (FALSE), test_random_moments);
  g_test_add_data_func ("/client/cancel/search-at-random-moments", GINT_TO_POINTER (TRUE), test_random_moments);

  return g_test_run ();
}
