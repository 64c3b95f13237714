/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platforms and agents that would have what is secret: nothing of it comes to another host or into an error, wherever
 * they point and whatever they repeat. */
#include "config.h"

#include "hostile-test-util.h"

#include "devbox-error.h"
#include "devbox-kubeconfig.h"

#include <string.h>

static void
test_redirects (HostileTest *self, gconstpointer data)
{
  static const guint statuses[] = { 300, 301, 302, 303, 305, 307, 308 };
  static const HostileTestAct acts[] = { hostile_test_get_instance, hostile_test_list_files, hostile_test_run,
                                         hostile_test_run_streamed, hostile_test_open_file };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *head = g_strdup_printf (
          "HTTP/1.1 %u Elsewhere\r\nLocation: %s/\r\nRefresh: 0; url=%s/\r\nContent-Location: %s/\r\n"
          "Alt-Svc: h2=\"127.0.0.2:%u\"\r\nContent-Length: 0\r\n\r\n",
          statuses[i], hostile_server_get_url (self->other), hostile_server_get_url (self->other),
          hostile_server_get_url (self->other), hostile_server_get_port (self->other));
      const HostileServerReply reply = { head, .end = HOSTILE_SERVER_GOES_ON };

      hostile_server_set_reply (self->server, &reply);
      for (guint j = 0; j < G_N_ELEMENTS (acts); j++)
        {
          g_autoptr (GError) error = NULL;

          acts[j](self, &error);
          g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
          hostile_test_assert_decent (error);
        }
    }

  /* The tear-down sees that nobody called. */
}

/* A successful reply that says where else one could go, and what one should bring next time. */
static void
test_hints (HostileTest *self, gconstpointer data)
{
  g_autofree char *head
      = g_strdup_printf (JSON_HEAD "Refresh: 0; url=%s/\r\nAlt-Svc: h2=\"127.0.0.2:%u\"; ma=86400\r\n"
                                   "Set-Cookie: marker-cookie=1; Path=/\r\nStrict-Transport-Security: max-age=86400\r\n"
                                   "Content-Length: 66\r\n\r\n"
                                   "{\"name\":\"box\",\"status\":\"Running\",\"resources\":{\"cpu\":1,\"memory\":1}}",
                         hostile_server_get_url (self->other), hostile_server_get_port (self->other));
  const HostileServerReply reply = { head, .end = HOSTILE_SERVER_GOES_ON };
  g_autofree char *received = NULL;

  hostile_server_set_reply (self->server, &reply);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      hostile_test_get_instance (self, &error);
      g_assert_no_error (error);
    }

  received = hostile_server_dup_received (self->server);
  g_assert_null (strstr (received, "marker-cookie"));
  g_assert_null (strstr (received, "Accept-Encoding"));
}

/* More replies than requests: what was not asked for is no answer to what is asked next. */
static void
test_pipelined (HostileTest *self, gconstpointer data)
{
  static const char wanted[] = "{\"name\":\"box\",\"status\":\"Running\",\"resources\":{\"cpu\":1,\"memory\":1}}";
  g_autofree char *both = g_strdup_printf (
      JSON_HEAD
      "Content-Length: %zu\r\n\r\n%s"
      "HTTP/1.1 402 Pay\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"error\":\"forged\"}",
      strlen (wanted), wanted);
  const HostileServerReply reply = { both, .end = HOSTILE_SERVER_GOES_ON };

  hostile_server_set_reply (self->server, &reply);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GError) error = NULL;

      hostile_test_get_instance (self, &error);
      g_assert_no_error (error);
    }
}

/* The credential comes back in every form and place that there is. */
static void
test_echo (HostileTest *self, gconstpointer data)
{
  static const char *const bodies[] = {
    "{\"error\":\"no " TOKEN "\\u001b]0;x\\u0007\\r\\nforged line\"}",
    "{\"success\":false,\"error\":\"" TOKEN "\",\"code\":\"" TOKEN "\"}",
    "{\"code\":401,\"message\":\"Bearer " TOKEN "\"}",
    TOKEN,
    "{\"" TOKEN "\":" TOKEN "}",
  };
  static const HostileTestAct acts[]
      = { hostile_test_get_instance, hostile_test_list_instances, hostile_test_list_files, hostile_test_run,
          hostile_test_run_streamed, hostile_test_open_file,      hostile_test_monitor };
  static const guint statuses[] = { 200, 400, 401, 500 };

  for (guint i = 0; i < G_N_ELEMENTS (bodies) * G_N_ELEMENTS (statuses); i++)
    {
      const char *body = bodies[i / G_N_ELEMENTS (statuses)];
      g_autofree char *head
          = g_strdup_printf ("HTTP/1.1 %u " TOKEN "\x1b[2J\r\nContent-Type: application/json\r\n"
                             "X-Request-Id: " TOKEN "\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                             statuses[i % G_N_ELEMENTS (statuses)], strlen (body), body);
      const HostileServerReply reply = { head };

      hostile_server_set_reply (self->server, &reply);
      for (guint j = 0; j < G_N_ELEMENTS (acts); j++)
        {
          g_autoptr (GError) error = NULL;

          acts[j](self, &error);
          if (error != NULL)
            hostile_test_assert_decent (error);
        }
    }
}

/* What an agent says in the middle of a stream, and over a WebSocket. */
static void
test_echo_in_streams (HostileTest *self, gconstpointer data)
{
  static const char refusal[] = "{\"success\":false,\"error\":\"No " TOKEN "\\u001b[2J\"}";
  static const HostileServerReply event
      = { EVENTS "event: error\ndata: {\"error\":\"Not " TOKEN "\\u0007\",\"durationMs\":1}\n\n" };
  g_autofree char *frame = g_strdup_printf ("\x81%c%s", (int) strlen (refusal), refusal);
  const HostileServerReply message = { frame, .upgrades = TRUE, .end = HOSTILE_SERVER_HANGS };
  g_autoptr (GError) error = NULL;

  hostile_server_set_reply (self->server, &event);
  hostile_test_run_streamed (self, &error);
  g_assert_nonnull (error);
  hostile_test_assert_decent (error);
  g_assert_nonnull (strstr (error->message, "Not [token]"));
  g_clear_error (&error);

  hostile_server_set_reply (self->server, &message);
  hostile_test_monitor (self, &error);
  g_assert_nonnull (error);
  hostile_test_assert_decent (error);
  g_assert_nonnull (strstr (error->message, "No [token]"));
}

#define PASSWORD "marker-password-91c"

/* All that is secret in a kubeconfig, not only what the whole of it becomes as a header. */
static void
test_echo_of_kubeconfig (HostileTest *self, gconstpointer data)
{
  g_autofree char *text
      = g_strdup_printf ("apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                         "clusters:\n- name: k\n  cluster:\n    server: %s\n"
                         "    extensions:\n    - name: devbox.sealos.io\n      extension:\n"
                         "        base-url: %s\n"
                         "contexts:\n- name: c\n  context:\n    cluster: k\n    user: u\n"
                         "users:\n- name: u\n  user:\n    username: me\n    password: " PASSWORD "\n",
                         hostile_server_get_url (self->server), hostile_server_get_url (self->server));
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  static const HostileServerReply reply = {
    "HTTP/1.1 400 No\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"error\":\"Is " PASSWORD
    " right?\"}",
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = devbox_kubeconfig_new_from_bytes (bytes, &error);

  g_assert_no_error (error);
  devbox_client_set_base_url (self->client, hostile_server_get_url (self->server));
  devbox_client_set_kubeconfig (self->client, kubeconfig);
  hostile_server_set_reply (self->server, &reply);
  hostile_test_get_instance (self, &error);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpstr (error->message, ==, "Is [token] right?");
}

/* The program's proxy is not asked for loopback addresses, nor told the token. */
static void
test_proxy (HostileTest *self, gconstpointer data)
{
  static const HostileServerReply reply = { CLOSED_JSON "{}" };
  g_autoptr (GError) error = NULL;

  hostile_server_set_reply (self->server, &reply);
  g_setenv ("http_proxy", hostile_server_get_url (self->other), TRUE);
  g_setenv ("all_proxy", hostile_server_get_url (self->other), TRUE);
  hostile_test_get_instance (self, &error);
  g_clear_error (&error);
  hostile_test_list_files (self, &error);
  g_clear_error (&error);
  hostile_test_monitor (self, &error);
  g_unsetenv ("http_proxy");
  g_unsetenv ("all_proxy");
  g_assert_cmpuint (hostile_server_get_n_accepted (self->server), >=, 3);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  HOSTILE_TEST_ADD ("redirects", test_redirects);
  HOSTILE_TEST_ADD ("hints", test_hints);
  HOSTILE_TEST_ADD ("pipelined", test_pipelined);
  HOSTILE_TEST_ADD ("echo", test_echo);
  HOSTILE_TEST_ADD ("echo-in-streams", test_echo_in_streams);
  HOSTILE_TEST_ADD ("echo-of-kubeconfig", test_echo_of_kubeconfig);
  HOSTILE_TEST_ADD ("proxy", test_proxy);

  return g_test_run ();
}
