/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-agent.h"

#include <glib/gstdio.h>
#include <string.h>

/* An agent inside a program: it comes and goes, is dropped at bad moments, and is not alone. */

#define N_ROUNDS 100

typedef struct
{
  char *folder;
  GMainLoop *loop;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("devbox-agent-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->loop = g_main_loop_new (NULL, FALSE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) folder = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
  g_main_loop_unref (fixture->loop);
}

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;

  return n;
}

static void
start (DevboxServerAgent *agent)
{
  g_autoptr (GError) error = NULL;

  devbox_server_agent_start (agent, NULL, &error);
  g_assert_no_error (error);
}

/* Sends a request, of which size may be less than its head announces. */
static GSocketConnection *
send_request (DevboxServerAgent *agent, const char *path, gsize size, const char *body)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autofree char *uri = devbox_server_agent_dup_uri (agent);
  g_autoptr (GString) request = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;
  GOutputStream *output;

  g_string_printf (request,
                   "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %" G_GSIZE_FORMAT
                   "\r\n\r\n%s",
                   path, size, body);
  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect_to_uri (client, uri, 80, NULL, &error);
  g_assert_no_error (error);
  output = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  g_output_stream_write_all (output, request->str, request->len, NULL, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

static void
read_some (GSocketConnection *connection, const char *expected)
{
  g_autofree char *reply = g_malloc0 (strlen (expected) + 1);
  g_autoptr (GError) error = NULL;

  g_input_stream_read_all (g_io_stream_get_input_stream (G_IO_STREAM (connection)), reply, strlen (expected), NULL,
                           NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (reply, ==, expected);
}

static void
expect (DevboxServerAgent *agent, const char *path, const char *body, const char *expected)
{
  g_autoptr (GSocketConnection) connection = send_request (agent, path, strlen (body), body);

  read_some (connection, expected);
}

static void
test_hundred_times (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxServerAgent) agent = devbox_server_agent_new (fixture->folder);
  guint n_descriptors = 0;
  guint n_threads = 0;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      start (agent);
      if (i % 10 == 0)
        expect (agent, "/process/exec", "{\"command\":\"true\"}", "HTTP/1.1 200 ");
      devbox_server_agent_stop (agent);

      if (i == 0)
        {
          n_descriptors = count_entries ("/proc/self/fd");
          n_threads = count_entries ("/proc/self/task");
        }
    }

  g_assert_cmpuint (count_entries ("/proc/self/fd"), <=, n_descriptors);
  g_assert_cmpuint (count_entries ("/proc/self/task"), <=, n_threads);
}

static void
test_two (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxServerAgent) first = devbox_server_agent_new (fixture->folder);
  g_autoptr (DevboxServerAgent) second = devbox_server_agent_new (fixture->folder);
  g_autoptr (GSocketConnection) connection = NULL;

  start (first);
  start (second);
  connection = send_request (second, "/process/exec", 46, "{\"command\":\"sleep\",\"args\":[\"0.3\"],\"timeout\":0}  ");
  expect (first, "/process/exec", "{\"command\":\"true\"}", "HTTP/1.1 200 ");
  g_clear_object (&first);
  read_some (connection, "HTTP/1.1 200 ");
  expect (second, "/process/exec", "{\"command\":\"true\"}", "HTTP/1.1 200 ");
}

/* With an upload, two commands and two replies that nobody reads under way */
static void
test_dropped_at_work (Fixture *fixture, gconstpointer data)
{
  g_autofree char *large = g_build_filename (fixture->folder, "large", NULL);
  g_autofree char *content = g_strnfill (16 * 1024 * 1024, 'x');
  g_autoptr (GError) error = NULL;

  g_file_set_contents (large, content, -1, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);
      DevboxServerAgent *agent = devbox_server_agent_new (fixture->folder);
      const char *sleep = "{\"command\":\"sleep 341.5 & sleep 341.5\",\"shell\":true}";
      const char *yes = "{\"command\":\"yes | head -c 9000000\",\"shell\":true}";
      const char *read = "{\"path\":\"large\",\"encoding\":\"base64\"}";

      start (agent);
      g_ptr_array_add (connections,
                       send_request (agent, "/files/write", 100000, "{\"path\":\"new\",\"content\":\"abc"));
      g_ptr_array_add (connections, send_request (agent, "/process/exec", strlen (sleep), sleep));
      g_ptr_array_add (connections, send_request (agent, "/process/exec", strlen (yes), yes));
      if (i % 2 == 0)
        read_some (connections->pdata[2], "HTTP/1.1 200 ");
      g_ptr_array_add (connections, send_request (agent, "/files/read", strlen (read), read));
      read_some (connections->pdata[3], "HTTP/1.1 200 ");
      g_object_unref (agent);
      g_assert_cmpuint (count_entries (fixture->folder), ==, 1);
    }
}

static void
on_finished_drop (DevboxServerAgent *agent,
                  const char *method,
                  const char *path,
                  guint status,
                  guint64 bytes_sent,
                  gint64 duration,
                  gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpstr (method, ==, "POST");
  g_assert_cmpstr (path, ==, "/process/exec");
  g_signal_handlers_disconnect_by_func (agent, on_finished_drop, user_data);
  g_object_unref (agent);
  g_main_loop_quit (fixture->loop);
}

static void
test_dropped_by_a_handler (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    {
      DevboxServerAgent *agent = devbox_server_agent_new (fixture->folder);
      gpointer observed = agent;
      g_autoptr (GSocketConnection) slow = NULL;
      const char *sleep = "{\"command\":\"sleep\",\"args\":[\"341.5\"]}";

      g_object_add_weak_pointer (G_OBJECT (agent), &observed);
      g_signal_connect (agent, "request-finished", G_CALLBACK (on_finished_drop), fixture);
      start (agent);
      slow = send_request (agent, "/process/exec", strlen (sleep), sleep);
      for (guint j = 0; j < 5; j++)
        expect (agent, "/process/exec", "{\"command\":\"true\"}", "HTTP/1.1 200 ");
      g_main_loop_run (fixture->loop);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_null (observed);
    }
}

static void
test_dropped_unheard (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  DevboxServerAgent *agent;

  g_main_context_push_thread_default (context);
  agent = devbox_server_agent_new (fixture->folder);
  g_signal_connect (agent, "request-finished", G_CALLBACK (on_finished_drop), fixture);
  start (agent);
  expect (agent, "/process/exec", "{\"command\":\"true\"}", "HTTP/1.1 200 ");
  g_object_unref (agent);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
}

static void
test_bad_properties (Fixture *fixture, gconstpointer data)
{
  const char *const names[] = { "workspace-path", "host" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (DevboxServerAgent) agent = devbox_server_agent_new (fixture->folder);
      g_autoptr (GError) error = NULL;

      g_object_set (agent, names[i], NULL, NULL);
      g_assert_false (devbox_server_agent_start (agent, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, names[i]));
      g_assert_false (devbox_server_agent_is_running (agent));

      g_object_set (agent, "workspace-path", fixture->folder, "host", "127.0.0.1", NULL);
      start (agent);
    }
}

/* Which is none at all: not one that the empty sub-protocol token would be right for. */
static void
test_empty_token (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxServerAgent) agent = devbox_server_agent_new (fixture->folder);
  g_autofree char *none = NULL;
  g_autofree char *made = NULL;

  g_object_set (agent, "token", "", NULL);
  start (agent);
  none = devbox_server_agent_dup_token (agent);
  g_assert_null (none);
  devbox_server_agent_stop (agent);

  g_object_set (agent, "host", "0.0.0.0", NULL);
  start (agent);
  made = devbox_server_agent_dup_token (agent);
  g_assert_cmpuint (strlen (made), ==, 64);
  expect (agent, "/process/exec", "{\"command\":\"true\"}", "HTTP/1.1 401 ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/agent/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("hundred-times", test_hundred_times);
  ADD ("two", test_two);
  ADD ("dropped-at-work", test_dropped_at_work);
  ADD ("dropped-by-a-handler", test_dropped_by_a_handler);
  ADD ("dropped-unheard", test_dropped_unheard);
  ADD ("bad-properties", test_bad_properties);
  ADD ("empty-token", test_empty_token);
#undef ADD

  return g_test_run ();
}
