/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-agent-private.h"
#include "devbox-body-feed-private.h"
#include "devbox-wire-base64-private.h"

#include <string.h>

#define TIMEOUT_MS 150
#define TOLERANCE_US (100 * 1000)

/* A stream as a program may have one: it cannot be polled, gives little at a time, and stops as it is told. */
#define TEST_TYPE_SOURCE (test_source_get_type ())
G_DECLARE_FINAL_TYPE (TestSource, test_source, TEST, SOURCE, GInputStream)

struct _TestSource
{
  GInputStream parent_instance;

  gsize size;     /* after which it ends */
  gsize fails_at; /* 0: nowhere */
  gsize blocks_at;
  guint delay_ms;
  gsize position;
};

G_DEFINE_FINAL_TYPE (TestSource, test_source, G_TYPE_INPUT_STREAM)

static guint8
byte_at (gsize position)
{
  return (guint8) (position % 253);
}

static gssize
test_source_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  TestSource *self = TEST_SOURCE (stream);

  if (self->fails_at != 0 && self->position >= self->fails_at)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "The source is dry");
      return -1;
    }
  while (self->blocks_at != 0 && self->position >= self->blocks_at && !g_cancellable_is_cancelled (cancellable))
    g_usleep (1000);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;

  g_usleep (self->delay_ms * 1000);
  count = MIN (MIN (count, 70001), self->size - self->position);
  for (gsize i = 0; i < count; i++)
    ((guint8 *) buffer)[i] = byte_at (self->position + i);
  self->position += count;

  return (gssize) count;
}

static void
test_source_class_init (TestSourceClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = test_source_read;
}

static void
test_source_init (TestSource *self)
{
}

static TestSource *
source_new (gsize size)
{
  TestSource *self = g_object_new (TEST_TYPE_SOURCE, NULL);

  self->size = size;
  test_guard_object (self);

  return self;
}

typedef struct
{
  OddServer *server;
  DevboxClient *client;
  DevboxAgent *agent;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (DevboxEndpoint) endpoint = NULL;

  self->server = odd_server_new ("127.0.0.1");
  self->client = devbox_client_new ();
  endpoint = test_endpoint_new (self->server, NULL);
  self->agent = devbox_agent_new_for_endpoint (endpoint);
  g_object_set (self->client, "retry-delay", 10, NULL);
  test_guard_object (self->client);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  test_wait_until (devbox_pool_get_n_active (devbox_client_get_pool (self->client)) == 0);
  g_object_unref (self->client);
  devbox_agent_unref (self->agent);
  test_wait_for_io_threads ();
  test_wait_until (test_get_n_guards () == 0);
  odd_server_free (self->server);
}

static DevboxRequest *
upload_new (const char *path)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_POST, path);

  request->content_type = "application/octet-stream";
  request->max_reply_size = G_MAXSIZE;

  return request;
}

static void
got_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GBytes *
upload (Fixture *self,
        gboolean is_async,
        DevboxRequest *request,
        gpointer source,
        goffset size,
        GCancellable *cancellable,
        GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GTask) task = NULL;

  if (!is_async)
    return devbox_body_feed_call_sync (self->client, self->agent, request, source, size, cancellable, error);

  task = g_task_new (NULL, cancellable, got_result_cb, &result);
  devbox_body_feed_call_async (self->client, self->agent, task, request, source, size);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return devbox_client_call_finish (result, error);
}

static void
assert_content (GBytes *body, gsize size)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (body, &length);

  g_assert_cmpuint (length, ==, size);
  for (gsize i = 0; i < size; i++)
    {
      if (data[i] != byte_at (i))
        g_error ("Byte %zu is wrong", i);
    }
}

static const gsize sizes[] = { 0, 1, 4096, 100000, 3000000 };

static void
test_content (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 4 * G_N_ELEMENTS (sizes); i++)
    {
      const gsize size = sizes[i / 4];
      g_autoptr (TestSource) source = source_new (size);
      g_autoptr (GError) error = NULL;
      DevboxRequest *request = upload_new ("/echo");
      g_autoptr (GBytes) body = NULL;

      request->expect_continue = size > 1000;
      body = upload (self, i % 2 == 0, request, source, i % 4 < 2 ? (goffset) size : -1, NULL, &error);
      g_assert_no_error (error);
      assert_content (body, size);
      g_assert_false (g_input_stream_is_closed (G_INPUT_STREAM (source)));
    }

  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
}

/* Not more of the stream than it was asked to take. */
static void
test_part (Fixture *self, gconstpointer data)
{
  g_autoptr (TestSource) source = source_new (500000);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) first = upload (self, FALSE, upload_new ("/echo"), source, 200000, NULL, &error);

  g_assert_no_error (error);
  assert_content (first, 200000);
  g_assert_cmpuint (source->position, ==, 200000);
}

static void
test_base64 (Fixture *self, gconstpointer data)
{
  static const char tail[] = "\"}";

  for (guint i = 0; i < 2 * G_N_ELEMENTS (sizes); i++)
    {
      const gsize size = sizes[i / 2] + (i % 3);
      g_autoptr (TestSource) source = source_new (size);
      g_autoptr (GError) error = NULL;
      DevboxRequest *request = upload_new ("/echo");
      g_autoptr (GBytes) body = NULL;
      g_autoptr (GBytes) content = NULL;
      const char *text;
      gsize length;

      request->body_head = g_strdup ("{\"content\":\"");
      request->body_tail = tail;
      body = upload (self, i % 2 == 0, request, source, i % 2 == 0 ? (goffset) size : -1, NULL, &error);
      g_assert_no_error (error);

      text = g_bytes_get_data (body, &length);
      g_assert_cmpmem (text, 12, "{\"content\":\"", 12);
      g_assert_cmpmem (text + length - 2, 2, tail, 2);
      content = devbox_wire_base64_decode_all (text + 12, length - 14);
      g_assert_nonnull (content);
      assert_content (content, size);
    }
}

/* What a source cannot bring to its end must not look whole to the server. */
static void
test_source_fails (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (TestSource) source = source_new (3000000);
      g_autoptr (GError) error = NULL;

      source->fails_at = i < 2 ? 1500000 : 1;
      g_assert_null (upload (self, i % 2 == 0, upload_new ("/echo"), source, i % 2 == 0 ? 3000000 : -1, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_TRANSFER_FAILED);
      g_assert_error (devbox_error_info_get_cause (devbox_error_get_info (error)), G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_assert_nonnull (devbox_error_info_get_request_id (devbox_error_get_info (error)));
    }

  test_wait_until (odd_server_get_n_open (self->server) == 0);
  g_assert_cmpuint (odd_server_get_n_bodies (self->server), ==, 0);
}

static void
test_source_is_short (Fixture *self, gconstpointer data)
{
  g_autoptr (TestSource) source = source_new (1000000);
  g_autoptr (GError) error = NULL;

  g_assert_null (upload (self, TRUE, upload_new ("/echo"), source, 1000001, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_TRANSFER_FAILED);
  test_wait_until (odd_server_get_n_open (self->server) == 0);
  g_assert_cmpuint (odd_server_get_n_bodies (self->server), ==, 0);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (30 * 1000);
  g_cancellable_cancel (data);

  return NULL;
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  static const char *const paths[] = { "/echo", "/no-read", "/stall-head" };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (TestSource) source = source_new (i % 3 == 0 ? 3000000 : 20000000);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      GThread *thread = g_thread_new ("canceller", cancel_soon, cancellable);

      if (i % 3 == 0)
        source->blocks_at = 200000;
      g_assert_null (upload (self, i < 3, upload_new (paths[i % 3]), source, -1, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_false (g_input_stream_has_pending (G_INPUT_STREAM (source)));
      g_thread_join (thread);
    }
}

static void
test_deadline (Fixture *self, gconstpointer data)
{
  g_autoptr (TestSource) source = source_new (100000000);
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  gint64 duration;

  devbox_client_set_timeout (self->client, TIMEOUT_MS);
  g_assert_null (upload (self, TRUE, upload_new ("/no-read"), source, 100000000, NULL, &error));
  duration = g_get_monotonic_time () - start;
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  g_assert_cmpint (duration, >=, TIMEOUT_MS * 1000);
  /* The socket's buffers take the first megabytes, and that counts as progress. */
  g_assert_cmpint (duration, <, 2 * TIMEOUT_MS * 1000 + TOLERANCE_US);
}

/* It counts from the last piece that went out. */
static void
test_slow_source (Fixture *self, gconstpointer data)
{
  g_autoptr (TestSource) source = source_new (500000);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  source->delay_ms = TIMEOUT_MS / 3;
  devbox_client_set_timeout (self->client, TIMEOUT_MS);
  body = upload (self, TRUE, upload_new ("/echo"), source, -1, NULL, &error);
  g_assert_no_error (error);
  assert_content (body, 500000);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (TestSource) source = source_new (30000000);
  g_autoptr (GError) error = NULL;
  DevboxRequest *request = upload_new ("/refuse/413");

  request->expect_continue = TRUE;
  g_assert_null (upload (self, TRUE, request, source, 30000000, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_TOO_LARGE);
  g_assert_cmpuint (odd_server_get_n_bytes (self->server), <, 1000);
}

/* The reply is not lost, and what was sent does not look whole. */
static void
test_refused_half_way (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (TestSource) source = source_new (30000000);
      g_autoptr (GError) error = NULL;

      if (i >= 2)
        source->blocks_at = 600000;
      g_assert_null (
          upload (self, TRUE, upload_new ("/refuse-half/413"), source, i % 2 == 0 ? 30000000 : -1, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_TOO_LARGE);
      g_assert_nonnull (strstr (error->message, "No, never"));
      g_assert_cmpuint (source->position, <, 30000000);
    }
}

/* What can go back is sent again; what cannot is sent once. */
static void
test_again (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  DevboxRequest *request = upload_new ("/flaky");

  request->idempotent = TRUE;
  if (data == NULL)
    {
      g_autoptr (TestSource) source = source_new (2000000);

      g_assert_null (upload (self, TRUE, request, source, -1, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_SERVER_UNAVAILABLE);
      g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, 1);
    }
  else
    {
      guint8 *content = g_malloc (2000000 + 10);
      g_autoptr (GInputStream) source = g_memory_input_stream_new_from_data (content, 2000000 + 10, g_free);
      g_autoptr (GBytes) body = NULL;

      for (gsize i = 0; i < 2000000 + 10; i++)
        content[i] = byte_at (i - 10);
      g_assert_true (g_seekable_seek (G_SEEKABLE (source), 10, G_SEEK_SET, NULL, NULL));
      body = upload (self, TRUE, request, source, -1, NULL, &error);
      g_assert_no_error (error);
      assert_content (body, 2000000);
      g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, 2);
    }
}

static void
test_closed_client (Fixture *self, gconstpointer data)
{
  g_autoptr (TestSource) source = source_new (1000);
  g_autoptr (GError) error = NULL;

  devbox_client_close (self->client);
  g_assert_null (upload (self, TRUE, upload_new ("/echo"), source, -1, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
}

#define ADD(path, data, func) g_test_add ("/client/body-feed/" path, Fixture, data, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("content", NULL, test_content);
  ADD ("part", NULL, test_part);
  ADD ("base64", NULL, test_base64);
  ADD ("source-fails", NULL, test_source_fails);
  ADD ("source-is-short", NULL, test_source_is_short);
  ADD ("cancel", NULL, test_cancel);
  ADD ("deadline", NULL, test_deadline);
  ADD ("slow-source", NULL, test_slow_source);
  ADD ("refused", NULL, test_refused);
  ADD ("refused-half-way", NULL, test_refused_half_way);
  ADD ("again", "can rewind", test_again);
  ADD ("not-again", NULL, test_again);
  ADD ("closed-client", NULL, test_closed_client);

  return g_test_run ();
}
