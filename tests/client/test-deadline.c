/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 150
#define TOLERANCE_US (100 * 1000)

static gint64 tolerance = TOLERANCE_US;

/* A deadline that is early or late is wrong, whatever the peer does. */
static void
assert_times_out (DevboxClient *client, const char *url, DevboxRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new (url, NULL, &error);
  g_autofree char *path = g_strdup (request->path);
  gint64 start = g_get_monotonic_time ();
  gint64 late;

  g_assert_no_error (error);
  request->timeout_ms = TIMEOUT_MS;
  g_assert_null (devbox_client_call_sync (client, endpoint, request, NULL, &error));
  late = g_get_monotonic_time () - start - TIMEOUT_MS * 1000;

  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  g_test_message ("%s: %" G_GINT64_FORMAT " us late", path, late);
  g_assert_cmpint (late, >=, 0);
  g_assert_cmpint (late, <, tolerance);
}

static void
test_stalled_replies (void)
{
  static const char *const paths[]
      = { "/stall-head", "/stall-half-head", "/stall-body", "/delay/2000", "/drip" };
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      DevboxRequest *request = test_request_new (SOUP_METHOD_GET, paths[i]);

      request->max_reply_size = G_MAXSIZE;
      assert_times_out (client, odd_server_get_url (server), request);
    }

  g_object_unref (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

static DevboxRequest *
upload_new (const char *path, gsize size)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_POST, path);

  request->body = g_bytes_new_take (g_malloc0 (size), size);
  request->content_type = "application/octet-stream";

  return request;
}

static void
test_stalled_upload (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();

  assert_times_out (client, odd_server_get_url (server), upload_new ("/no-read", 64 * 1024 * 1024));

  g_object_unref (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

/* A listener whose queue is full answers nothing to those who connect. */
static void
test_stalled_connect (void)
{
  struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof (name);
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int fillers[4];
  g_autofree char *url = NULL;
  DevboxClient *client = devbox_client_new ();

  g_assert_cmpint (bind (listener, (struct sockaddr *) &name, size), ==, 0);
  g_assert_cmpint (listen (listener, 0), ==, 0);
  g_assert_cmpint (getsockname (listener, (struct sockaddr *) &name, &size), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (fillers); i++)
    {
      fillers[i] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect (fillers[i], (struct sockaddr *) &name, size);
    }

  url = g_strdup_printf ("http://127.0.0.1:%u", ntohs (name.sin_port));
  assert_times_out (client, url, test_request_new (SOUP_METHOD_GET, "/connect"));

  g_object_unref (client);
  test_wait_for_io_threads ();
  for (guint i = 0; i < G_N_ELEMENTS (fillers); i++)
    close (fillers[i]);
  close (listener);
}

static void
test_queue_counts (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  g_autoptr (DevboxPool) pool = g_object_new (DEVBOX_TYPE_POOL, "max-size", 1, NULL);
  DevboxClient *client = g_object_new (DEVBOX_TYPE_CLIENT, "pool", pool, "timeout", 5000, NULL);
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);

  devbox_client_call_async (client, endpoint, test_request_new (SOUP_METHOD_GET, "/stall-head"), task);
  assert_times_out (client, odd_server_get_url (server), test_request_new (SOUP_METHOD_GET, "/queued"));

  devbox_client_close (client);
  test_wait_until (g_task_get_completed (task));
  g_object_unref (client);
  g_clear_object (&task);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

static void
test_client_timeout (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  g_assert_cmpuint (devbox_client_get_timeout (client), ==, 30000);
  devbox_client_set_timeout (client, 20);
  g_assert_null (test_get (client, endpoint, "/stall-head", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  g_clear_error (&error);

  devbox_client_set_timeout (client, 0);
  body = test_get (client, endpoint, "/delay/100", &error);
  g_assert_no_error (error);

  g_object_unref (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  /* Under valgrind nothing is on time. */
  if (g_getenv ("DEVBOX_TEST_SLOW") != NULL)
    tolerance *= 50;

  g_test_add_func ("/client/deadline/stalled-replies", test_stalled_replies);
  g_test_add_func ("/client/deadline/stalled-upload", test_stalled_upload);
  g_test_add_func ("/client/deadline/stalled-connect", test_stalled_connect);
  g_test_add_func ("/client/deadline/queue-counts", test_queue_counts);
  g_test_add_func ("/client/deadline/client-timeout", test_client_timeout);

  return g_test_run ();
}
