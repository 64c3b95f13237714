/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-io-thread-private.h"

#include <string.h>

#define TIMEOUT_MS 150
#define TOLERANCE_US (100 * 1000)

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
  self->client = devbox_client_new ();
  self->endpoint = test_endpoint_new (self->server, NULL);
  test_guard_object (self->client);
}

static guint
get_n_active (Fixture *self)
{
  return devbox_pool_get_n_active (devbox_client_get_pool (self->client));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->client != NULL)
    test_wait_until (get_n_active (self) == 0);
  g_clear_object (&self->client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  test_wait_until (odd_server_get_n_open (self->server) == 0);
  devbox_endpoint_unref (self->endpoint);
  odd_server_free (self->server);
}

static DevboxRequest *
stream_request_new (const char *path)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_GET, path);

  request->streams_reply = TRUE;
  request->result_free = g_object_unref;

  return request;
}

static GInputStream *
open_stream (Fixture *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  GInputStream *stream
      = devbox_client_call_sync (self->client, self->endpoint, stream_request_new (path), NULL, &error);

  g_assert_no_error (error);
  g_assert_true (G_IS_POLLABLE_INPUT_STREAM (stream));
  g_assert_true (g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (stream)));
  test_guard_object (stream);

  return stream;
}

static gsize
read_to_end (GInputStream *stream, GError **error)
{
  gsize n_read = 0;
  char buffer[20000];
  gssize n;

  while ((n = g_input_stream_read (stream, buffer, sizeof (buffer), NULL, error)) > 0)
    {
      for (gssize i = 0; i < n; i++)
        g_assert_cmpint (buffer[i], ==, 'x');
      n_read += (gsize) n;
    }
  g_assert_cmpint (n, ==, error != NULL && *error != NULL ? -1 : 0);

  return n_read;
}

static void
test_blocking (Fixture *self, gconstpointer data)
{
  static const char *const paths[] = { "/size/0", "/size/3000000", "/chunked/3000000", "/size/1", "/chunked/0" };
  static const gsize sizes[] = { 0, 3000000, 3000000, 1, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GInputStream) stream = open_stream (self, paths[i]);
      g_autoptr (GError) error = NULL;

      g_assert_cmpuint (read_to_end (stream, &error), ==, sizes[i]);
      g_assert_no_error (error);
      g_assert_cmpint (g_input_stream_read (stream, &(char){ 0 }, 1, NULL, &error), ==, 0);
      g_assert_true (g_input_stream_close (stream, NULL, &error));
      g_assert_no_error (error);
      test_wait_until (get_n_active (self) == 0);
    }

  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
}

static void
got_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_null (*(GAsyncResult **) data);
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
wait_for_result (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return g_steal_pointer (result);
}

static void
test_async (Fixture *self, gconstpointer data)
{
  g_autoptr (GInputStream) stream = open_stream (self, "/chunked/3000000");
  GAsyncResult *waiting = NULL;
  gsize n_read = 0;
  gssize n;

  do
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      g_input_stream_read_bytes_async (stream, 30000, G_PRIORITY_DEFAULT, NULL, got_result_cb, &waiting);
      result = wait_for_result (&waiting);
      bytes = g_input_stream_read_bytes_finish (stream, result, &error);
      g_assert_no_error (error);
      n = (gssize) g_bytes_get_size (bytes);
      n_read += (gsize) n;
    }
  while (n > 0);
  g_assert_cmpuint (n_read, ==, 3000000);

  g_input_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, got_result_cb, &waiting);
  {
    g_autoptr (GAsyncResult) result = wait_for_result (&waiting);

    g_assert_true (g_input_stream_close_finish (stream, result, NULL));
  }
}

static gboolean
is_ready_cb (GObject *stream, gpointer data)
{
  *(gboolean *) data = TRUE;

  return G_SOURCE_REMOVE;
}

static void
test_polling (Fixture *self, gconstpointer data)
{
  g_autoptr (GInputStream) stream = open_stream (self, "/drip");
  GPollableInputStream *pollable = G_POLLABLE_INPUT_STREAM (stream);
  guint n_read = 0;

  while (n_read < 200)
    {
      g_autoptr (GError) error = NULL;
      char drop[10];
      gssize n = g_pollable_input_stream_read_nonblocking (pollable, drop, sizeof (drop), NULL, &error);

      if (n > 0)
        n_read += (guint) n;
      else
        {
          g_autoptr (GSource) source = g_pollable_input_stream_create_source (pollable, NULL);
          gboolean is_ready = FALSE;

          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          g_source_set_callback (source, G_SOURCE_FUNC (is_ready_cb), &is_ready, NULL);
          g_source_attach (source, NULL);
          while (!is_ready)
            g_main_context_iteration (NULL, TRUE);
          g_assert_true (g_pollable_input_stream_is_readable (pollable));
        }
    }
}

/* The reply of a failure is no stream, and its connection is used again. */
static void
test_failures (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *path;
    DevboxError code;
  } failures[] = {
    { "/error/404/FILE_NOT_FOUND", DEVBOX_ERROR_FILE_NOT_FOUND },
    { "/error/507/DISK_FULL", DEVBOX_ERROR_DISK_FULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autoptr (GError) error = NULL;
      DevboxRequest *request = stream_request_new (failures[i].path);

      g_assert_null (devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, (int) failures[i].code);
      g_assert_cmpstr (devbox_error_info_get_request_id (devbox_error_get_info (error)), ==, "from-the-server");
    }

  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
}

/* {"ok":true}, which in the current dialect is no file. */
static void
test_envelope (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  DevboxRequest *request = test_request_new (SOUP_METHOD_GET, "/ok");
  g_autoptr (GBytes) body = NULL;

  request->streams_reply = TRUE;
  request->has_envelope = TRUE;
  body = devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (body), ==, 11);
}

static void
test_early_ends (Fixture *self, gconstpointer data)
{
  static const char *const paths[] = { "/drop-body", "/drop-chunked", "/short-and-close" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GInputStream) stream = open_stream (self, paths[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) again = NULL;
      char buffer[100];
      gsize n_read;

      g_assert_false (g_input_stream_read_all (stream, buffer, sizeof (buffer), &n_read, NULL, &error));
      g_assert_cmpuint (n_read, ==, 10);
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
      g_assert_error (devbox_error_info_get_cause (devbox_error_get_info (error)), G_IO_ERROR,
                      G_IO_ERROR_PARTIAL_INPUT);
      g_assert_nonnull (devbox_error_info_get_request_id (devbox_error_get_info (error)));
      g_assert_cmpint (g_input_stream_read (stream, buffer, 1, NULL, &again), ==, -1);
      g_assert_error (again, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
    }
}

static void
test_silence (Fixture *self, gconstpointer data)
{
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  gint64 late;
  char buffer[100];
  gsize n_read;

  devbox_client_set_timeout (self->client, TIMEOUT_MS);
  stream = open_stream (self, "/stall-body");
  g_assert_false (g_input_stream_read_all (stream, buffer, sizeof (buffer), &n_read, NULL, &error));
  late = g_get_monotonic_time () - start - TIMEOUT_MS * 1000;
  g_assert_cmpuint (n_read, ==, 10);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  g_assert_cmpint (late, >=, 0);
  g_assert_cmpint (late, <, TOLERANCE_US);
}

/* Who keeps the server waiting cannot complain about it; and bytes that drip are bytes. */
static void
test_no_silence (Fixture *self, gconstpointer data)
{
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GInputStream) dripping = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *buffer = g_malloc (4 * 1024 * 1024);
  gsize n_read;

  devbox_client_set_timeout (self->client, TIMEOUT_MS);
  stream = open_stream (self, "/endless/200");
  dripping = open_stream (self, "/drip");
  g_usleep (3 * TIMEOUT_MS * 1000);
  g_assert_true (g_input_stream_read_all (stream, buffer, 4 * 1024 * 1024, &n_read, NULL, &error));
  g_assert_true (g_input_stream_read_all (dripping, buffer, 2000, &n_read, NULL, &error));
  g_assert_no_error (error);
}

static gboolean
cancel_cb (gpointer data)
{
  g_cancellable_cancel (data);

  return G_SOURCE_REMOVE;
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (20 * 1000);
  g_cancellable_cancel (data);

  return NULL;
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autoptr (GInputStream) stream = open_stream (self, "/stall-body");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  GThread *thread;
  char buffer[100];
  gsize n_read;

  g_assert_true (g_input_stream_read_all (stream, buffer, 10, &n_read, NULL, &error));
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (g_input_stream_read (stream, buffer, 1, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_cancellable_reset (cancellable);
  thread = g_thread_new ("canceller", cancel_soon, cancellable);
  g_assert_cmpint (g_input_stream_read (stream, buffer, 1, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_thread_join (thread);

  g_cancellable_reset (cancellable);
  g_timeout_add (10, cancel_cb, cancellable);
  g_input_stream_read_async (stream, buffer, 1, G_PRIORITY_DEFAULT, cancellable, got_result_cb, &waiting);
  result = wait_for_result (&waiting);
  g_assert_cmpint (g_input_stream_read_finish (stream, result, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The connection of a reply that nobody reads any more is closed, that of one that was read is kept. */
static void
test_close (Fixture *self, gconstpointer data)
{
  static const char *const paths[] = { "/endless/200", "/stall-body", "/drip", "/size/50000000" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GInputStream) closed = open_stream (self, paths[i]);
      GInputStream *dropped = open_stream (self, paths[i]);
      g_autoptr (GError) error = NULL;
      char buffer[5];

      g_assert_cmpuint (get_n_active (self), ==, 2);
      g_assert_cmpint (g_input_stream_read (closed, buffer, sizeof (buffer), NULL, &error), >, 0);
      g_assert_true (g_input_stream_close (closed, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpint (g_input_stream_read (closed, buffer, sizeof (buffer), NULL, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
      g_object_unref (dropped);
      test_wait_until (get_n_active (self) == 0);
      test_wait_until (odd_server_get_n_open (self->server) == 0);
    }
}

static gpointer
drop (gpointer data)
{
  g_object_unref (data);

  return NULL;
}

/* The stream keeps the client; the last reference to both may go in any thread. */
static void
test_keeps_client (Fixture *self, gconstpointer data)
{
  GInputStream *stream = open_stream (self, "/size/3000000");
  GInputStream *dropped = open_stream (self, "/endless/200");
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->client);
  g_assert_cmpuint (read_to_end (stream, &error), ==, 3000000);
  g_assert_no_error (error);
  g_object_unref (stream);
  g_thread_join (g_thread_new ("dropper", drop, dropped));
}

static void
test_client_is_closed (Fixture *self, gconstpointer data)
{
  g_autoptr (GInputStream) stream = open_stream (self, "/stall-body");
  g_autoptr (GError) error = NULL;
  char buffer[100];
  gsize n_read;

  devbox_client_close (self->client);
  g_assert_false (g_input_stream_read_all (stream, buffer, sizeof (buffer), &n_read, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  test_wait_until (get_n_active (self) == 0);
}

typedef struct
{
  GInputStream *stream;
  GError *error;
  int is_done;
} Attempt;

static gboolean
read_in_io_thread (gpointer data)
{
  Attempt *attempt = data;

  g_assert_cmpint (g_input_stream_read (attempt->stream, &(char){ 0 }, 1, NULL, &attempt->error), ==, -1);
  g_atomic_int_set (&attempt->is_done, TRUE);

  return G_SOURCE_REMOVE;
}

static void
test_io_thread (Fixture *self, gconstpointer data)
{
  g_autoptr (GInputStream) stream = open_stream (self, "/stall-body");
  Attempt attempt = { .stream = stream };

  devbox_client_invoke (self->client, read_in_io_thread, &attempt, NULL);
  test_wait_until (g_atomic_int_get (&attempt.is_done));
  g_assert_error (attempt.error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);
  g_error_free (attempt.error);
}

/* Nobody takes the result. */
static void
test_nobody_wants_it (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    {
      GAsyncResult *waiting = NULL;
      g_autoptr (GTask) task = g_task_new (NULL, NULL, got_result_cb, &waiting);
      g_autoptr (GAsyncResult) result = NULL;

      devbox_client_call_async (self->client, self->endpoint, stream_request_new ("/endless/200"), task);
      result = wait_for_result (&waiting);
    }
  test_wait_until (get_n_active (self) == 0);
}

/* One after the other, each ended somehow and somewhere. */
static gpointer
use_at_random (gpointer data)
{
  static const char *const paths[]
      = { "/size/100000", "/chunked/200000", "/endless/200", "/drip", "/drop-body", "/stall-body", "/size/0" };
  Fixture *self = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (GPOINTER_TO_UINT (g_thread_self ()));

  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GInputStream) stream = devbox_client_call_sync (
          self->client, self->endpoint, stream_request_new (paths[g_rand_int_range (rand, 0, G_N_ELEMENTS (paths))]),
          NULL, NULL);
      char buffer[10000];
      int n_reads = g_rand_int_range (rand, 0, 20);

      g_assert_nonnull (stream);
      while (n_reads-- > 0
             && g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer,
                                                          (gsize) g_rand_int_range (rand, 1, sizeof (buffer)),
                                                          cancellable, NULL)
                    != 0)
        g_usleep ((gulong) g_rand_int_range (rand, 0, 300));
      if (g_rand_boolean (rand))
        g_input_stream_close (stream, NULL, NULL);
    }

  return NULL;
}

static void
test_at_random (Fixture *self, gconstpointer data)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use_at_random, self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

#define ADD(path, func) g_test_add ("/client/reply-stream/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("blocking", test_blocking);
  ADD ("async", test_async);
  ADD ("polling", test_polling);
  ADD ("failures", test_failures);
  ADD ("envelope", test_envelope);
  ADD ("early-ends", test_early_ends);
  ADD ("silence", test_silence);
  ADD ("no-silence", test_no_silence);
  ADD ("cancel", test_cancel);
  ADD ("close", test_close);
  ADD ("keeps-client", test_keeps_client);
  ADD ("client-is-closed", test_client_is_closed);
  ADD ("io-thread", test_io_thread);
  ADD ("nobody-wants-it", test_nobody_wants_it);
  ADD ("at-random", test_at_random);

  return g_test_run ();
}
