/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include <string.h>

#define MARKER_TOKEN "marker-token-5f1d0c"

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
  self->client = g_object_new (DEVBOX_TYPE_CLIENT, "max-retries", 0, NULL);
  self->endpoint = test_endpoint_new (self->server, MARKER_TOKEN);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  devbox_endpoint_unref (self->endpoint);
  g_assert_finalize_object (self->client);
  test_wait_for_io_threads ();
  odd_server_free (self->server);
}

static void
assert_body (GBytes *body, const char *expected)
{
  g_assert_nonnull (body);
  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), expected, strlen (expected));
}

static void
test_sync_needs_no_loop (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = test_get (self->client, self->endpoint, "/ok", &error);

  g_assert_no_error (error);
  assert_body (body, "{\"ok\":true}");
}

static void
test_async (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = test_get_async (self->client, self->endpoint, "/ok", &error);

  g_assert_no_error (error);
  assert_body (body, "{\"ok\":true}");
}

static gboolean
contains (GBytes *body, const char *text)
{
  g_autofree char *copy = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));

  return strstr (copy, text) != NULL;
}

static void
test_request_head (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) head = test_get (self->client, self->endpoint, "/head?a=b%20c", &error);
  DevboxRequest *request = test_request_new (SOUP_METHOD_GET, "/head");
  g_autoptr (GBytes) anonymous = NULL;

  g_assert_no_error (error);
  g_assert_true (contains (head, "GET /head?a=b%20c HTTP/1.1\r\n"));
  g_assert_true (contains (head, "Authorization: Bearer " MARKER_TOKEN "\r\n"));
  g_assert_true (contains (head, "X-Request-Id: "));
  g_assert_true (contains (head, "User-Agent: devbox-glib/"));
  g_assert_false (contains (head, "Accept-Encoding"));
  g_assert_false (contains (head, "Cookie"));

  request->anonymous = TRUE;
  anonymous = devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (contains (anonymous, "Authorization"));
}

static void
test_base_path (Fixture *self, gconstpointer data)
{
  g_autofree char *url = g_strconcat (odd_server_get_url (self->server), "/size/", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new (url, NULL, &error);
  g_autoptr (GBytes) body = test_get (self->client, endpoint, "/7", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (body), ==, 7);
}

static void
test_bodies (Fixture *self, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 100, 4095, 4096, 8192, 65536, 70000, 300000, 1024 * 1024 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *plain = g_strdup_printf ("/size/%" G_GSIZE_FORMAT, sizes[i]);
      g_autofree char *chunked = g_strdup_printf ("/chunked/%" G_GSIZE_FORMAT, sizes[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) received = NULL;

      received = test_get (self->client, self->endpoint, plain, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (received), ==, sizes[i]);
      g_clear_pointer (&received, g_bytes_unref);

      received = test_get (self->client, self->endpoint, chunked, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (received), ==, sizes[i]);
      g_clear_pointer (&received, g_bytes_unref);

      received = test_post (self->client, self->endpoint, "/echo", sizes[i], &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (received), ==, sizes[i]);
    }

  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 1);
}

static void
test_expect_continue (Fixture *self, gconstpointer data)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_POST, "/echo");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  request->body = g_bytes_new_static ("large", 5);
  request->content_type = "text/plain";
  request->expect_continue = TRUE;
  body = devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error);
  g_assert_no_error (error);
  assert_body (body, "large");
}

typedef struct
{
  const char *path;
  DevboxError code;
  const char *code_name;
  guint status;
} ErrorCase;

static const ErrorCase error_cases[] = {
  { "/error/400/VALIDATION_ERROR", DEVBOX_ERROR_VALIDATION_ERROR, "VALIDATION_ERROR", 400 },
  { "/error/401/AUTHENTICATION_FAILED", DEVBOX_ERROR_AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED", 401 },
  { "/error/403/PATH_TRAVERSAL_DETECTED", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED, "PATH_TRAVERSAL_DETECTED", 403 },
  { "/error/404/FILE_NOT_FOUND", DEVBOX_ERROR_FILE_NOT_FOUND, "FILE_NOT_FOUND", 404 },
  { "/error/404/PROCESS_NOT_FOUND", DEVBOX_ERROR_PROCESS_NOT_FOUND, "PROCESS_NOT_FOUND", 404 },
  { "/error/408/OPERATION_TIMEOUT", DEVBOX_ERROR_OPERATION_TIMEOUT, "OPERATION_TIMEOUT", 408 },
  { "/error/409/CONFLICT", DEVBOX_ERROR_CONFLICT, "CONFLICT", 409 },
  { "/error/413/FILE_TOO_LARGE", DEVBOX_ERROR_FILE_TOO_LARGE, "FILE_TOO_LARGE", 413 },
  { "/error/429/RATE_LIMITED", DEVBOX_ERROR_RATE_LIMITED, "RATE_LIMITED", 429 },
  { "/error/500/FILE_TRANSFER_FAILED", DEVBOX_ERROR_FILE_TRANSFER_FAILED, "FILE_TRANSFER_FAILED", 500 },
  { "/error/503/SERVER_UNAVAILABLE", DEVBOX_ERROR_SERVER_UNAVAILABLE, "SERVER_UNAVAILABLE", 503 },
  { "/error/507/DISK_FULL", DEVBOX_ERROR_DISK_FULL, "DISK_FULL", 507 },
  { "/error/409/QUOTA_OF_THE_FUTURE", DEVBOX_ERROR_CONFLICT, "QUOTA_OF_THE_FUTURE", 409 },
  { "/status/400", DEVBOX_ERROR_VALIDATION_ERROR, "VALIDATION_ERROR", 400 },
  { "/status/401", DEVBOX_ERROR_AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED", 401 },
  { "/status/403", DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS, "INSUFFICIENT_PERMISSIONS", 403 },
  { "/status/404", DEVBOX_ERROR_FILE_NOT_FOUND, "FILE_NOT_FOUND", 404 },
  { "/status/407", DEVBOX_ERROR_VALIDATION_ERROR, "VALIDATION_ERROR", 407 },
  { "/status/421", DEVBOX_ERROR_VALIDATION_ERROR, "VALIDATION_ERROR", 421 },
  { "/status/500", DEVBOX_ERROR_INTERNAL_ERROR, "INTERNAL_ERROR", 500 },
  { "/status/502", DEVBOX_ERROR_SERVER_UNAVAILABLE, "SERVER_UNAVAILABLE", 502 },
  { "/status/503", DEVBOX_ERROR_SERVER_UNAVAILABLE, "SERVER_UNAVAILABLE", 503 },
  { "/status/504", DEVBOX_ERROR_CONNECTION_TIMEOUT, "CONNECTION_TIMEOUT", 504 },
  { "/status/304", DEVBOX_ERROR_VALIDATION_ERROR, "VALIDATION_ERROR", 304 },
};

static void
test_status_errors (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (error_cases); i++)
    {
      const ErrorCase *expected = &error_cases[i];
      DevboxRequest *request = test_request_new (SOUP_METHOD_GET, expected->path);
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxErrorInfo) info = NULL;
      g_autoptr (DevboxErrorInfo) last = NULL;

      g_test_message ("%s", expected->path);
      request->subject = g_strdup ("src/main.c");
      g_assert_null (devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, (int) expected->code);

      info = devbox_error_info_from_error (error);
      g_assert_cmpuint (devbox_error_info_get_http_status (info), ==, expected->status);
      g_assert_cmpstr (devbox_error_info_get_path (info), ==, "src/main.c");
      g_assert_cmpstr (devbox_error_info_get_code_name (info), ==, expected->code_name);
      g_assert_null (devbox_error_info_get_cause (info));
      if (g_str_has_prefix (expected->path, "/error/"))
        {
          g_assert_cmpstr (error->message, ==, "It failed");
          g_assert_cmpstr (devbox_error_info_get_request_id (info), ==, "from-the-server");
        }
      else
        g_assert_cmpuint (strlen (devbox_error_info_get_request_id (info)), ==, 16);

      last = devbox_error_info_get_last ();
      g_assert_true (last == info);
    }
}

static const char *const broken_cases[] = {
  "/drop", "/drop-half-head", "/drop-body", "/short-and-close", "/garbage", "/long-head", "/endless-1xx",
};

/* Whatever the server does, the call ends with one error, and the next one works. */
static void
test_broken_replies (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (broken_cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxErrorInfo) info = NULL;
      g_autoptr (GBytes) body = NULL;

      g_test_message ("%s", broken_cases[i]);
      g_assert_null (test_get (self->client, self->endpoint, broken_cases[i], &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
      g_test_message ("%s", error->message);
      info = devbox_error_info_from_error (error);
      g_assert_nonnull (devbox_error_info_get_cause (info));
      g_assert_cmpuint (strlen (devbox_error_info_get_request_id (info)), ==, 16);

      g_clear_error (&error);
      body = test_get (self->client, self->endpoint, "/ok", &error);
      g_assert_no_error (error);
    }
}

/* libsoup stops at the first line of a trailer: what follows must not be taken for the next reply. */
static void
test_trailer (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) trailed = test_get (self->client, self->endpoint, "/endless-trailer", &error);
      g_autoptr (GBytes) body = NULL;

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (trailed), ==, 0);
      body = test_get (self->client, self->endpoint, "/ok", &error);
      g_assert_no_error (error);
      assert_body (body, "{\"ok\":true}");
    }
}

static const char *const large_cases[]
    = { "/size/1048577", "/chunked/1048577", "/huge", "/endless/200", "/endless/401", "/endless/407", "/endless/500" };

static void
test_reply_limit (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (large_cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", large_cases[i]);
      g_assert_null (test_get (self->client, self->endpoint, large_cases[i], &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_TOO_LARGE);
    }
}

static void
test_own_reply_limit (Fixture *self, gconstpointer data)
{
  DevboxRequest *small = test_request_new (SOUP_METHOD_GET, "/size/101");
  DevboxRequest *large = test_request_new (SOUP_METHOD_GET, "/size/5000000");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  small->max_reply_size = 100;
  g_assert_null (devbox_client_call_sync (self->client, self->endpoint, small, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_TOO_LARGE);
  g_clear_error (&error);

  large->max_reply_size = G_MAXSIZE;
  body = devbox_client_call_sync (self->client, self->endpoint, large, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (body), ==, 5000000);
}

/* libsoup would gather such a reply without limit and send the request again. */
static void
test_misdirected (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (test_post (self->client, self->endpoint, "/endless/421", 1000, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpuint (odd_server_get_n_requests (self->server), ==, 1);
}

static void
test_redirects (Fixture *self, gconstpointer data)
{
  static const guint statuses[] = { 300, 301, 302, 303, 307, 308 };
  OddServer *other = odd_server_new ("127.0.0.2");

  odd_server_set_other (self->server, other);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *path = g_strdup_printf ("/redirect/%u", statuses[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (test_get (self->client, self->endpoint, path, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
      g_clear_error (&error);
      g_assert_null (test_post (self->client, self->endpoint, path, 10, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
    }

  g_assert_cmpuint (odd_server_get_n_accepted (other), ==, 0);
  g_assert_cmpuint (odd_server_get_n_bytes (other), ==, 0);
  odd_server_free (other);
}

static void
test_token_not_shown (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (test_get (self->client, self->endpoint, "/secret/400", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_nonnull (strstr (error->message, "What is"));
  g_assert_null (strstr (error->message, MARKER_TOKEN));
}

static void
test_nobody_listens (Fixture *self, gconstpointer data)
{
  OddServer *gone = odd_server_new ("127.0.0.1");
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (gone, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxErrorInfo) info = NULL;

  odd_server_free (gone);
  g_assert_null (test_get (self->client, endpoint, "/ok", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  info = devbox_error_info_from_error (error);
  g_assert_error (devbox_error_info_get_cause (info), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static gpointer
parse_nothing (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  return NULL;
}

static gpointer
parse_plainly (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_DISK_FULL, "No room for " MARKER_TOKEN);
  return NULL;
}

static gpointer
parse_foreignly (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "No room");
  return NULL;
}

/* Errors of parse functions get their story as well, and only DevboxErrors come out. */
static void
test_parse_errors (Fixture *self, gconstpointer data)
{
  static const struct
  {
    DevboxRequestParse parse;
    DevboxError code;
  } cases[] = {
    { parse_nothing, DEVBOX_ERROR_INTERNAL_ERROR },
    { parse_plainly, DEVBOX_ERROR_DISK_FULL },
    { parse_foreignly, DEVBOX_ERROR_INTERNAL_ERROR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DevboxRequest *request = devbox_request_new (SOUP_METHOD_GET, "/ok", cases[i].parse, g_free);
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxErrorInfo) info = NULL;

      request->subject = g_strdup ("a-file");
      g_assert_null (devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, (int) cases[i].code);
      g_assert_null (strstr (error->message, MARKER_TOKEN));
      info = devbox_error_info_from_error (error);
      g_assert_cmpuint (devbox_error_info_get_http_status (info), ==, 200);
      g_assert_cmpstr (devbox_error_info_get_path (info), ==, "a-file");
      g_assert_cmpstr (devbox_error_info_get_code_name (info), ==, devbox_error_to_string (cases[i].code));
    }
}

typedef struct
{
  DevboxClient *client;
  DevboxEndpoint *endpoint;
  GError *error;
  int is_done;
} InThread;

static gboolean
call_in_io_thread (gpointer data)
{
  InThread *self = data;

  g_assert_true (devbox_client_in_io_thread (self->client));
  g_assert_null (test_get (self->client, self->endpoint, "/ok", &self->error));
  g_atomic_int_set (&self->is_done, TRUE);

  return G_SOURCE_REMOVE;
}

static void
test_sync_in_io_thread (Fixture *self, gconstpointer data)
{
  InThread in_thread = { .client = self->client, .endpoint = self->endpoint };

  g_assert_false (devbox_client_in_io_thread (self->client));
  devbox_client_invoke (self->client, call_in_io_thread, &in_thread, NULL);
  test_wait_until (g_atomic_int_get (&in_thread.is_done));
  g_assert_error (in_thread.error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);
  g_clear_error (&in_thread.error);
}

#define ADD(name, test) g_test_add ("/client/call/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("sync-needs-no-loop", test_sync_needs_no_loop);
  ADD ("async", test_async);
  ADD ("request-head", test_request_head);
  ADD ("base-path", test_base_path);
  ADD ("bodies", test_bodies);
  ADD ("expect-continue", test_expect_continue);
  ADD ("status-errors", test_status_errors);
  ADD ("broken-replies", test_broken_replies);
  ADD ("trailer", test_trailer);
  ADD ("reply-limit", test_reply_limit);
  ADD ("own-reply-limit", test_own_reply_limit);
  ADD ("misdirected", test_misdirected);
  ADD ("redirects", test_redirects);
  ADD ("token-not-shown", test_token_not_shown);
  ADD ("nobody-listens", test_nobody_listens);
  ADD ("parse-errors", test_parse_errors);
  ADD ("sync-in-io-thread", test_sync_in_io_thread);

  return g_test_run ();
}
