/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-io-thread-private.h"

#include <pthread.h>

static guint n_guards;

static gpointer
parse_body (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    return devbox_request_fail_from_reply (request, reply, error);

  return g_bytes_ref (reply->body);
}

DevboxRequest *
test_request_new (const char *method, const char *path)
{
  return devbox_request_new (method, path, parse_body, (GDestroyNotify) g_bytes_unref);
}

GBytes *
test_get (DevboxClient *client, DevboxEndpoint *endpoint, const char *path, GError **error)
{
  return devbox_client_call_sync (client, endpoint, test_request_new (SOUP_METHOD_GET, path), NULL, error);
}

GBytes *
test_post (DevboxClient *client, DevboxEndpoint *endpoint, const char *path, gsize size, GError **error)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_POST, path);
  g_autofree char *data = g_strnfill (size, 'p');

  request->body = g_bytes_new (data, size);
  request->content_type = "application/octet-stream";

  return devbox_client_call_sync (client, endpoint, request, NULL, error);
}

static void
got_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_null (*(GAsyncResult **) data);
  *(GAsyncResult **) data = g_object_ref (result);
}

GBytes *
test_get_async (DevboxClient *client, DevboxEndpoint *endpoint, const char *path, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, got_result_cb, &result);

  devbox_client_call_async (client, endpoint, test_request_new (SOUP_METHOD_GET, path), task);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);

  return devbox_client_call_finish (result, error);
}

DevboxEndpoint *
test_endpoint_new (OddServer *server, const char *token)
{
  g_autoptr (GError) error = NULL;
  DevboxEndpoint *endpoint = devbox_endpoint_new (odd_server_get_url (server), token, &error);

  g_assert_no_error (error);

  return endpoint;
}

static void
assert_not_io_thread (void)
{
  char name[16];

  pthread_getname_np (pthread_self (), name, sizeof (name));
  g_assert_cmpstr (name, !=, "devbox-io");
}

static void
guarded_object_gone (gpointer data, GObject *where_it_was)
{
  assert_not_io_thread ();
  g_atomic_int_add (&n_guards, -1);
}

void
test_guard_object (gpointer object)
{
  g_atomic_int_inc (&n_guards);
  g_object_weak_ref (object, guarded_object_gone, NULL);
}

gpointer
test_guard_new (void)
{
  g_atomic_int_inc (&n_guards);

  return g_strdup ("guard");
}

void
test_guard_free (gpointer guard)
{
  assert_not_io_thread ();
  g_assert_cmpstr (guard, ==, "guard");
  g_free (guard);
  g_atomic_int_add (&n_guards, -1);
}

static void
guarded_bytes_free (gpointer data)
{
  assert_not_io_thread ();
  g_free (data);
  g_atomic_int_add (&n_guards, -1);
}

GBytes *
test_guard_bytes_new (char *data, gsize size)
{
  g_atomic_int_inc (&n_guards);

  return g_bytes_new_with_free_func (data, size, guarded_bytes_free, data);
}

guint
test_get_n_guards (void)
{
  return (guint) g_atomic_int_get (&n_guards);
}

/* As the system sees it: a thread that has said that it ends is still there for a moment, in which the leak sanitizer
 * had better not look at it. */
static gboolean
any_io_thread_is_left (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *id;

  g_assert_nonnull (tasks);
  while ((id = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", id, "comm", NULL);
      g_autofree char *name = NULL;

      if (g_file_get_contents (path, &name, NULL, NULL) && g_str_has_prefix (name, "devbox-io"))
        return TRUE;
    }

  return FALSE;
}

void
test_wait_for_io_threads (void)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while ((devbox_io_thread_get_n_running () > 0 || any_io_thread_is_left ()) && g_get_monotonic_time () < end)
    g_usleep (500);
  g_assert_cmpuint (devbox_io_thread_get_n_running (), ==, 0);
  g_assert_false (any_io_thread_is_left ());
}
