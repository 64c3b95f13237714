/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-glib.h"
#include "scripted-server.h"

#include <json-glib/json-glib.h>
#include <string.h>

typedef struct
{
  ScriptedServer *server;
  DevboxInstance *instance;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->server = scripted_server_new ();
  fixture->instance = devbox_instance_new_for_agent (scripted_server_get_url (fixture->server), "s3cret");
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_object_add_weak_pointer (G_OBJECT (fixture->instance), (gpointer *) &fixture->instance);
  g_object_unref (fixture->instance);
  g_assert_null (fixture->instance);
  scripted_server_free (fixture->server);
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return *result;
}

static void
assert_body (Fixture *fixture, const char *path, const char *expected)
{
  g_autofree char *seen_path = scripted_server_dup_path (fixture->server);
  g_autofree char *body = scripted_server_dup_body (fixture->server);

  g_assert_cmpstr (seen_path, ==, path);
  g_assert_cmpstr (body, ==, expected);
}

static void
assert_bytes (GBytes *bytes, const char *expected, gsize size)
{
  g_assert_nonnull (bytes);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, size);
}

static void
test_properties (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxClient) client = NULL;
  g_autofree char *url = NULL;
  g_autofree char *agent_url = NULL;

  g_object_get (fixture->instance, "client", &client, "agent-url", &url, NULL);
  g_assert_true (client == devbox_instance_get_client (fixture->instance));
  g_assert_cmpstr (url, ==, scripted_server_get_url (fixture->server));
  agent_url = devbox_instance_dup_agent_url (fixture->instance);
  g_assert_cmpstr (agent_url, ==, url);
}

static void
test_shared_client (void)
{
  g_autoptr (DevboxClient) client = devbox_client_new ();
  g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent_with_client (client, "http://127.0.0.1:1", NULL);

  g_assert_true (devbox_instance_get_client (instance) == client);
}

static void
test_invalid_address (void)
{
  static const char *const addresses[]
      = { "", "nonsense", "ftp://127.0.0.1/", "http://user@127.0.0.1/", "http://\xff/" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent (addresses[i], NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (GAsyncResult) result = NULL;

      g_assert_false (devbox_instance_is_healthy_sync (instance, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
      g_clear_error (&error);

      g_assert_null (devbox_instance_monitor_files_sync (instance, "", 0, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
      g_clear_error (&error);

      devbox_instance_load_file_async (instance, "a", NULL, take_result, &result);
      g_assert_null (devbox_instance_load_file_finish (instance, wait_for (&result), &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
    }
}

static void
test_healthy (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    guint status;
    const char *body;
    gboolean healthy;
  } cases[] = {
    { 200, "{\"status\":\"healthy\"}", TRUE },
    { 200, "{\"status\":0,\"message\":\"success\",\"healthStatus\":\"ok\"}", TRUE },
    { 200, "{\"status\":\"unhealthy\"}", FALSE },
    { 200, "{\"status\":0,\"healthStatus\":\"bad\"}", FALSE },
    { 200, "{\"status\":1}", FALSE },
    { 200, "hello", FALSE },
    { 200, "", FALSE },
    { 404, "{\"status\":\"healthy\"}", FALSE },
    { 401, "{}", FALSE },
    { 400, "{\"error\":\"no\",\"code\":\"VALIDATION_ERROR\"}", FALSE },
  };

  scripted_server_set_capabilities (fixture->server, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *authorization = NULL;

      scripted_server_reply (fixture->server, cases[i].status, cases[i].body);
      g_assert_cmpint (devbox_instance_is_healthy_sync (fixture->instance, NULL, &error), ==, cases[i].healthy);
      g_assert_no_error (error);
      authorization = scripted_server_dup_authorization (fixture->server);
      g_assert_null (authorization);
    }
}

static void
test_healthy_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_set_capabilities (fixture->server, NULL);
  scripted_server_reply (fixture->server, 200, "{\"status\":\"healthy\"}");
  devbox_instance_is_healthy_async (fixture->instance, NULL, take_result, &result);
  g_assert_true (devbox_instance_is_healthy_finish (fixture->instance, wait_for (&result), &error));
  g_assert_no_error (error);
}

static void
test_healthy_silent (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  scripted_server_set_capabilities (fixture->server, NULL);
  scripted_server_reply (fixture->server, 0, NULL);
  devbox_client_set_timeout (devbox_instance_get_client (fixture->instance), 100);
  g_assert_false (devbox_instance_is_healthy_sync (fixture->instance, NULL, &error));
  g_assert_no_error (error);
}

static void
test_healthy_nobody (void)
{
  g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent ("http://127.0.0.1:1", NULL);
  g_autoptr (GError) error = NULL;

  devbox_client_set_timeout (devbox_instance_get_client (instance), 300);
  g_assert_false (devbox_instance_is_healthy_sync (instance, NULL, &error));
  g_assert_no_error (error);
}

static void
test_healthy_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_set_capabilities (fixture->server, NULL);
  scripted_server_reply (fixture->server, 0, NULL);
  devbox_instance_is_healthy_async (fixture->instance, cancellable, take_result, &result);
  g_cancellable_cancel (cancellable);
  g_assert_false (devbox_instance_is_healthy_finish (fixture->instance, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_healthy_closed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  devbox_client_close (devbox_instance_get_client (fixture->instance));
  g_assert_false (devbox_instance_is_healthy_sync (fixture->instance, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
}

static void
test_load_file (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) sent = g_bytes_new ("a\0b\xff", 4);
  g_autoptr (GBytes) loaded = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *authorization = NULL;

  scripted_server_reply_bytes (fixture->server, 200, sent);
  loaded = devbox_instance_load_file_sync (fixture->instance, "dir/\"a\" b", NULL, &error);
  g_assert_no_error (error);
  assert_bytes (loaded, "a\0b\xff", 4);
  assert_body (fixture, "/files/read", "{\"path\":\"dir/\\\"a\\\" b\",\"encoding\":\"binary\"}");
  authorization = scripted_server_dup_authorization (fixture->server);
  g_assert_cmpstr (authorization, ==, "Bearer s3cret");
}

static void
test_load_file_async (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *data = g_malloc (5000000);
  g_autoptr (GBytes) sent = NULL;
  g_autoptr (GBytes) loaded = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 5000000; i++)
    data[i] = (char) (i * 7 + i / 253);
  sent = g_bytes_new_take (g_steal_pointer (&data), 5000000);
  scripted_server_reply_bytes (fixture->server, 200, sent);
  devbox_instance_load_file_async (fixture->instance, "large", NULL, take_result, &result);
  loaded = devbox_instance_load_file_finish (fixture->instance, wait_for (&result), &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (loaded, sent));
}

static void
test_load_file_missing (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) loaded = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxErrorInfo) info = NULL;

  scripted_server_reply (fixture->server, 404,
                         "{\"success\":false,\"error\":\"no such file\",\"code\":\"FILE_NOT_FOUND\"}");
  loaded = devbox_instance_load_file_sync (fixture->instance, "missing.txt", NULL, &error);
  g_assert_null (loaded);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "no such file");

  info = devbox_error_info_from_error (error);
  g_assert_cmpuint (devbox_error_info_get_http_status (info), ==, 404);
  g_assert_cmpstr (devbox_error_info_get_path (info), ==, "missing.txt");
  g_assert_cmpstr (devbox_error_info_get_code_name (info), ==, "FILE_NOT_FOUND");
}

static void
test_bad_paths (Fixture *fixture, gconstpointer unused)
{
  static const char *const paths[] = { "", "\xff", "a/\xc3" };
  g_autoptr (GBytes) contents = g_bytes_new_static ("x", 1);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_instance_load_file_sync (fixture->instance, paths[i], NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_clear_error (&error);

      g_assert_false (devbox_instance_replace_file_sync (fixture->instance, paths[i], contents, 0, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
      g_clear_error (&error);
    }
  g_assert_cmpuint (scripted_server_get_n_requests (fixture->server), ==, 0);
}

static void
test_replace_file (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    guint mode;
    const char *body;
  } cases[] = {
    { 0, "{\"path\":\"a\",\"encoding\":\"base64\",\"content\":\"aGkA/w==\"}" },
    { 0755, "{\"path\":\"a\",\"permissions\":493,\"encoding\":\"base64\",\"content\":\"aGkA/w==\"}" },
    { 04755, "{\"path\":\"a\",\"permissions\":\"4755\",\"encoding\":\"base64\",\"content\":\"aGkA/w==\"}" },
  };
  g_autoptr (GBytes) contents = g_bytes_new_static ("hi\0\xff", 4);

  scripted_server_reply (fixture->server, 200, "{\"success\":true,\"path\":\"a\",\"size\":4}");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (devbox_instance_replace_file_sync (fixture->instance, "a", contents, cases[i].mode, NULL, &error));
      g_assert_no_error (error);
      assert_body (fixture, "/files/write", cases[i].body);
    }
}

static void
test_replace_file_mode (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) contents = g_bytes_new_static ("x", 1);
  g_autoptr (GError) error = NULL;

  g_assert_false (devbox_instance_replace_file_sync (fixture->instance, "a", contents, 010000, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpuint (scripted_server_get_n_requests (fixture->server), ==, 0);
}

static void
test_replace_file_lies (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    guint status;
    const char *body;
    DevboxError code;
  } cases[] = {
    { 200, "{\"success\":true,\"size\":3}", DEVBOX_ERROR_FILE_TRANSFER_FAILED },
    { 200, "{\"success\":true,\"size\":\"4\"}", DEVBOX_ERROR_INTERNAL_ERROR },
    { 200, "{\"success\":true}", DEVBOX_ERROR_INTERNAL_ERROR },
    { 200, "{\"size\":4}", DEVBOX_ERROR_INTERNAL_ERROR },
    { 200, "{\"success\":false,\"error\":\"full\",\"code\":\"DISK_FULL\"}", DEVBOX_ERROR_DISK_FULL },
    { 200, "[]", DEVBOX_ERROR_INTERNAL_ERROR },
    { 200, "", DEVBOX_ERROR_INTERNAL_ERROR },
    { 413, "{\"error\":\"large\",\"code\":\"FILE_TOO_LARGE\"}", DEVBOX_ERROR_FILE_TOO_LARGE },
    { 403, "{\"error\":\"out\",\"code\":\"PATH_TRAVERSAL_DETECTED\"}", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
  };
  g_autoptr (GBytes) contents = g_bytes_new_static ("hi\0\xff", 4);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxErrorInfo) info = NULL;

      scripted_server_reply (fixture->server, cases[i].status, cases[i].body);
      g_assert_false (devbox_instance_replace_file_sync (fixture->instance, "a", contents, 0, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, (int) cases[i].code);
      info = devbox_error_info_from_error (error);
      g_assert_cmpstr (devbox_error_info_get_path (info), ==, "a");
      g_assert_cmpuint (devbox_error_info_get_http_status (info), ==, cases[i].status);
    }
}

static void
note_thread (gpointer data)
{
  *(GThread **) data = g_thread_self ();
}

/* Wherever large contents are encoded, the caller's bytes end in the caller's thread. */
static void
test_replace_file_large (Fixture *fixture, gconstpointer unused)
{
  const gsize size = 3 * 1024 * 1024 + 1;
  g_autofree char *data = g_malloc (size);
  GThread *freed_in = NULL;
  GBytes *contents;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GBytes) body = NULL;
  g_autofree char *reply = g_strdup_printf ("{\"success\":true,\"size\":%" G_GSIZE_FORMAT "}", size);
  g_autofree guchar *decoded = NULL;
  JsonObject *object;
  gsize decoded_size;

  for (gsize i = 0; i < size; i++)
    data[i] = (char) (i * 31 + i / 255);
  contents = g_bytes_new_with_free_func (data, size, note_thread, &freed_in);
  scripted_server_reply (fixture->server, 200, reply);
  devbox_instance_replace_file_async (fixture->instance, "large", contents, 0600, NULL, take_result, &result);
  g_bytes_unref (contents);
  g_assert_true (devbox_instance_replace_file_finish (fixture->instance, wait_for (&result), &error));
  g_assert_no_error (error);
  g_clear_object (&result);
  g_assert_true (freed_in == g_thread_self ());

  body = scripted_server_ref_body (fixture->server);
  json_parser_load_from_data (parser, g_bytes_get_data (body, NULL), g_bytes_get_size (body), &error);
  g_assert_no_error (error);
  object = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpint (json_object_get_int_member (object, "permissions"), ==, 0600);
  decoded = g_base64_decode (json_object_get_string_member (object, "content"), &decoded_size);
  g_assert_cmpmem (decoded, decoded_size, data, size);
}

static void
test_replace_file_large_bad_path (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) contents = g_bytes_new_take (g_malloc0 (2 * 1024 * 1024), 2 * 1024 * 1024);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  devbox_instance_replace_file_async (fixture->instance, "", contents, 0, NULL, take_result, &result);
  g_assert_false (devbox_instance_replace_file_finish (fixture->instance, wait_for (&result), &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

#define EMPTY_RESULT                                                                                                   \
  "{\"pid\":7,\"status\":\"completed\",\"exitCode\":0,\"stdout\":\"\",\"stderr\":\"\",\"duration\":1}"

static void
test_run_argv (Fixture *fixture, gconstpointer unused)
{
  const char *const argv[] = { "printf", "%s", "a \"b\"; rm", NULL };
  g_autoptr (DevboxCommand) command = devbox_command_new (argv);
  g_autoptr (DevboxCommandResult) result = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_reply (fixture->server, 200,
                         "{\"pid\":42,\"status\":\"failed\",\"exitCode\":3,\"stdout\":\"out\\n\","
                         "\"stderr\":\"err\",\"duration\":12.5,\"truncated\":true}");
  result = devbox_instance_run_sync (fixture->instance, command, NULL, &error);
  g_assert_no_error (error);
  assert_body (fixture, "/process/exec",
               "{\"command\":\"printf\",\"args\":[\"%s\",\"a \\\"b\\\"; rm\"],\"timeout\":30000}");

  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, 3);
  g_assert_false (devbox_command_result_get_successful (result));
  g_assert_cmpint (devbox_command_result_get_pid (result), ==, 42);
  g_assert_cmpuint (devbox_command_result_get_duration (result), ==, 12);
  g_assert_true (devbox_command_result_get_truncated (result));
  assert_bytes (devbox_command_result_get_stdout (result), "out\n", 4);
  g_assert_cmpstr (devbox_command_result_get_stdout_text (result), ==, "out\n");
  g_assert_cmpstr (devbox_command_result_get_stderr_text (result), ==, "err");
}

static void
test_run_shell (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("echo $A | cat");
  g_autoptr (GAsyncResult) async = NULL;
  g_autoptr (DevboxCommandResult) result = NULL;
  g_autoptr (GError) error = NULL;

  devbox_command_set_cwd (command, "src");
  devbox_command_setenv (command, "A", "b=c\n", TRUE);
  devbox_command_setenv (command, "D", "", TRUE);
  devbox_command_set_timeout (command, 5000);
  scripted_server_reply (fixture->server, 200, EMPTY_RESULT);
  devbox_instance_run_async (fixture->instance, command, NULL, take_result, &async);
  devbox_command_set_cwd (command, "elsewhere"); /* counts for the next run */
  result = devbox_instance_run_finish (fixture->instance, wait_for (&async), &error);
  g_assert_no_error (error);
  g_assert_true (devbox_command_result_get_successful (result));
  assert_body (fixture, "/process/exec",
               "{\"command\":\"echo $A | cat\",\"shell\":true,\"cwd\":\"src\","
               "\"env\":{\"A\":\"b=c\\n\",\"D\":\"\"},\"timeout\":5000}");
}

static void
test_run_bytes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("cat blob");
  g_autoptr (DevboxCommandResult) result = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_reply (fixture->server, 200,
                         "{\"pid\":7,\"exitCode\":0,\"stdout\":\"a\xef\xbf\xbd\xef\xbf\xbd\",\"stdoutBase64\":\"YQD/\","
                         "\"stderr\":\"\xc3\xa4\"}");
  result = devbox_instance_run_sync (fixture->instance, command, NULL, &error);
  g_assert_no_error (error);
  assert_bytes (devbox_command_result_get_stdout (result), "a\0\xff", 3);
  g_assert_cmpstr (devbox_command_result_get_stdout_text (result), ==, "a\xef\xbf\xbd\xef\xbf\xbd");
  g_assert_true (devbox_command_result_get_stdout_text (result) == devbox_command_result_get_stdout_text (result));
  g_assert_cmpstr (devbox_command_result_get_stderr_text (result), ==, "\xc3\xa4");
}

static void
test_run_timeout (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("sleep 60");
  g_autoptr (DevboxCommandResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxErrorInfo) info = NULL;
  DevboxCommandResult *partial;

  scripted_server_reply (fixture->server, 408,
                         "{\"success\":false,\"error\":\"too long\",\"code\":\"OPERATION_TIMEOUT\",\"pid\":9,"
                         "\"stdout\":\"so far\",\"stderr\":\"\",\"truncated\":false}");
  result = devbox_instance_run_sync (fixture->instance, command, NULL, &error);
  g_assert_null (result);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  info = devbox_error_info_from_error (error);
  g_assert_cmpstr (devbox_error_info_get_path (info), ==, "sleep 60");
  partial = devbox_error_info_get_command_result (info);
  g_assert_nonnull (partial);
  g_assert_cmpstr (devbox_command_result_get_stdout_text (partial), ==, "so far");
  g_assert_cmpint (devbox_command_result_get_exit_code (partial), ==, -1);
  g_assert_cmpint (devbox_command_result_get_pid (partial), ==, 9);

  g_clear_error (&error);
  g_clear_object (&info);
  scripted_server_reply (fixture->server, 408, "gateway");
  g_assert_null (devbox_instance_run_sync (fixture->instance, command, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  info = devbox_error_info_from_error (error);
  g_assert_null (devbox_error_info_get_command_result (info));
}

/* The call gives the agent the command's own limit, and the client's on top. */
static void
test_run_deadline (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("sleep 60");
  g_autoptr (GError) error = NULL;
  const gint64 start = g_get_monotonic_time ();
  gint64 elapsed_ms;

  devbox_command_set_timeout (command, 200);
  devbox_client_set_timeout (devbox_instance_get_client (fixture->instance), 100);
  scripted_server_reply (fixture->server, 0, NULL);
  g_assert_null (devbox_instance_run_sync (fixture->instance, command, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  elapsed_ms = (g_get_monotonic_time () - start) / 1000;
  g_assert_cmpint (elapsed_ms, >=, 290);
  g_assert_cmpint (elapsed_ms, <, 3000);
}

static void
test_run_lies (Fixture *fixture, gconstpointer unused)
{
  static const char *const replies[] = {
    "",
    "[]",
    "{}",
    "{\"exitCode\":0,\"stdout\":\"\"}",
    "{\"exitCode\":\"0\",\"stdout\":\"\",\"stderr\":\"\"}",
    "{\"exitCode\":null,\"stdout\":\"\",\"stderr\":\"\"}",
    "{\"exitCode\":0.5,\"stdout\":\"\",\"stderr\":\"\"}",
    "{\"exitCode\":9999999999,\"stdout\":\"\",\"stderr\":\"\"}",
    "{\"exitCode\":0,\"stdout\":7,\"stderr\":\"\"}",
    "{\"exitCode\":0,\"stdout\":\"\",\"stderr\":\"\",\"stdoutBase64\":\"*\"}",
    "{\"exitCode\":0,\"stdout\":\"\",\"stderr\":\"\",\"duration\":-1}",
    "{\"exitCode\":0,\"stdout\":\"\",\"stderr\":\"\",\"pid\":-1}",
    "{\"exitCode\":0,\"stdout\":\"\",\"stderr\":\"\",\"truncated\":1}",
    "{\"exitCode\":0,\"stdout\":\"\",\"stderr\":\"\"} {}",
  };
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("true");

  for (guint i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      g_autoptr (GError) error = NULL;

      scripted_server_reply (fixture->server, 200, replies[i]);
      g_assert_null (devbox_instance_run_sync (fixture->instance, command, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);
    }
}

static void
test_run_bad_commands (Fixture *fixture, gconstpointer unused)
{
  const char *const nothing[] = { NULL };
  const char *const nameless[] = { "", NULL };
  const char *const no_text[] = { "echo", "\xff", NULL };
  g_autoptr (GPtrArray) commands = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (commands, devbox_command_new (nothing));
  g_ptr_array_add (commands, devbox_command_new (nameless));
  g_ptr_array_add (commands, devbox_command_new (no_text));
  g_ptr_array_add (commands, devbox_command_new_for_shell (""));
  g_ptr_array_add (commands, devbox_command_new_for_shell ("\xff"));
  g_ptr_array_add (commands, g_object_new (DEVBOX_TYPE_COMMAND, NULL));
  g_ptr_array_add (commands, devbox_command_new_for_shell ("true"));
  devbox_command_set_cwd (commands->pdata[commands->len - 1], "\xff");
  g_ptr_array_add (commands, devbox_command_new_for_shell ("true"));
  devbox_command_setenv (commands->pdata[commands->len - 1], "A", "\xff", TRUE);

  for (guint i = 0; i < commands->len; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_instance_run_sync (fixture->instance, commands->pdata[i], NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
    }
  g_assert_cmpuint (scripted_server_get_n_requests (fixture->server), ==, 0);
}

static void
count (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_command (void)
{
  const char *const argv[] = { "a", "b", NULL };
  g_autoptr (DevboxCommand) command = devbox_command_new (argv);
  g_autoptr (DevboxCommand) line = devbox_command_new_for_shell ("a b");
  g_auto (GStrv) environment = NULL;
  guint n_notified = 0;

  g_assert_cmpstrv (devbox_command_get_argv (command), argv);
  g_assert_null (devbox_command_get_shell_line (command));
  g_assert_null (devbox_command_get_argv (line));
  g_assert_cmpstr (devbox_command_get_shell_line (line), ==, "a b");

  g_signal_connect (command, "notify", G_CALLBACK (count), &n_notified);
  g_assert_cmpuint (devbox_command_get_timeout (command), ==, 30000);
  devbox_command_set_timeout (command, 30000);
  devbox_command_set_cwd (command, NULL);
  devbox_command_unsetenv (command, "A");
  g_assert_cmpuint (n_notified, ==, 0);
  devbox_command_set_timeout (command, 1);
  g_object_set (command, "cwd", "x", NULL);
  g_assert_cmpstr (devbox_command_get_cwd (command), ==, "x");
  g_assert_cmpuint (n_notified, ==, 2);

  g_assert_null (devbox_command_get_environ (command));
  g_assert_null (devbox_command_getenv (command, "A"));
  devbox_command_setenv (command, "A", "1", FALSE);
  devbox_command_setenv (command, "A", "2", FALSE);
  g_assert_cmpstr (devbox_command_getenv (command, "A"), ==, "1");
  devbox_command_setenv (command, "A", "2", TRUE);
  devbox_command_set_environ (command, NULL);
  g_assert_null (devbox_command_get_environ (command));
  g_object_set (command, "environ", (const char *[]){ "A=1", "B=2", NULL }, NULL);
  devbox_command_set_environ (command, devbox_command_get_environ (command));
  g_assert_cmpstr (devbox_command_getenv (command, "B"), ==, "2");
  devbox_command_set_environ (command, (const char *[]){ NULL });
  g_assert_null (devbox_command_get_environ (command));
  devbox_command_setenv (command, "A", "2", FALSE);

  g_object_get (command, "environ", &environment, NULL);
  g_assert_cmpuint (g_strv_length (environment), ==, 1);
  g_assert_cmpstr (environment[0], ==, "A=2");
  devbox_command_unsetenv (command, "A");
  g_assert_null (devbox_command_get_environ (command));
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/instance/command", test_command);
  ADD ("/instance/properties", test_properties);
  g_test_add_func ("/instance/shared-client", test_shared_client);
  g_test_add_func ("/instance/invalid-address", test_invalid_address);
  ADD ("/instance/healthy/answers", test_healthy);
  ADD ("/instance/healthy/async", test_healthy_async);
  ADD ("/instance/healthy/silent", test_healthy_silent);
  g_test_add_func ("/instance/healthy/nobody", test_healthy_nobody);
  ADD ("/instance/healthy/cancelled", test_healthy_cancelled);
  ADD ("/instance/healthy/closed", test_healthy_closed);
  ADD ("/instance/load-file/sync", test_load_file);
  ADD ("/instance/load-file/async", test_load_file_async);
  ADD ("/instance/load-file/missing", test_load_file_missing);
  ADD ("/instance/bad-paths", test_bad_paths);
  ADD ("/instance/replace-file/sync", test_replace_file);
  ADD ("/instance/replace-file/mode", test_replace_file_mode);
  ADD ("/instance/replace-file/lies", test_replace_file_lies);
  ADD ("/instance/replace-file/large", test_replace_file_large);
  ADD ("/instance/replace-file/large-bad-path", test_replace_file_large_bad_path);
  ADD ("/instance/run/argv", test_run_argv);
  ADD ("/instance/run/shell", test_run_shell);
  ADD ("/instance/run/bytes", test_run_bytes);
  ADD ("/instance/run/timeout", test_run_timeout);
  ADD ("/instance/run/deadline", test_run_deadline);
  ADD ("/instance/run/lies", test_run_lies);
  ADD ("/instance/run/bad-commands", test_run_bad_commands);

  return g_test_run ();
}
