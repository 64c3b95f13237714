/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-agent-private.h"
#include "devbox-error-info.h"
#include "devbox-kubeconfig.h"
#include "scripted-server.h"

/* Nobody listens there. */
#define NOWHERE "http://127.0.0.1:1"
/* A call that hangs runs into this. */
#define TIMEOUT_MS 10000

typedef struct
{
  ScriptedServer *platform;
  ScriptedServer *agent_server;
  DevboxClient *client;
  guint n_ended;
  guint n_errors;
} Fixture;

/* What the platform says of every devbox. */
static void
tell_address (ScriptedServer *platform, const char *url)
{
  g_autofree char *detail = g_strdup_printf ("{\"data\":{\"name\":\"box\",\"status\":\"Running\",\"ports\":["
                                             "{\"number\":3000,\"publicAddress\":\"%s\"}],"
                                             "\"agentServer\":{\"token\":\"YWdlbnQtdG9rZW4=\"}}}",
                                             url);

  scripted_server_reply (platform, 200, detail);
}

static DevboxClient *
client_new (const char *base_url, const char *token)
{
  g_autoptr (GError) error = NULL;
  DevboxClient *client = devbox_client_new_for_platform (base_url, token, &error);

  g_assert_no_error (error);
  devbox_client_set_timeout (client, TIMEOUT_MS);
  devbox_client_set_retry_delay (client, 20);

  return client;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->platform = scripted_server_new ();
  self->agent_server = scripted_server_new ();
  scripted_server_reply (self->agent_server, 200, "{}");
  tell_address (self->platform, scripted_server_get_url (self->agent_server));
  self->client = client_new (scripted_server_get_url (self->platform), "token");
  test_guard_object (self->client);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (test_get_n_guards (), ==, 0);
  scripted_server_free (self->platform);
  scripted_server_free (self->agent_server);
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  g_assert_cmpuint (features->dialects, !=, 0);

  return TRUE;
}

/* One that asks what the agent can do. */
static DevboxRequest *
request_new (void)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_GET, "/ok");

  request->prepare = prepare;

  return request;
}

static DevboxAgent *
agent_at (Fixture *self, const char *url)
{
  g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new (url, "old-token", NULL);
  DevboxAgent *agent = devbox_client_ref_agent (self->client, "box");

  devbox_agent_set_endpoint (agent, endpoint);

  return agent;
}

static void
assert_answers (Fixture *self, DevboxAgent *agent)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = devbox_client_call_agent_sync (self->client, agent, request_new (), NULL, &error);
  g_autofree char *authorization = scripted_server_dup_authorization (self->agent_server);

  g_assert_no_error (error);
  g_assert_nonnull (body);
  g_assert_cmpstr (authorization, ==, "Bearer agent-token");
  g_assert_cmpint (g_get_monotonic_time () - start, <, TIMEOUT_MS / 2 * G_TIME_SPAN_MILLISECOND);
}

/* The address that was known is an old one, where nobody answers when asked what the agent can do. */
static void
test_moved_away (Fixture *self, gconstpointer data)
{
  g_autoptr (DevboxAgent) agent = agent_at (self, NOWHERE);

  assert_answers (self, agent);
  g_assert_cmpuint (scripted_server_get_n_requests (self->platform), ==, 1);
}

/* Somebody else answers there: another agent, which does not take the token, or a gateway. */
static void
test_somebody_else (Fixture *self, gconstpointer data)
{
  g_autoptr (ScriptedServer) other = scripted_server_new ();
  g_autoptr (DevboxAgent) agent = agent_at (self, scripted_server_get_url (other));

  scripted_server_set_capabilities (other, NULL);
  scripted_server_reply (other, (guint) GPOINTER_TO_UINT (data), "<p>There is nothing here</p>");
  assert_answers (self, agent);
  g_assert_cmpuint (scripted_server_get_n_requests (self->platform), ==, 1);
  g_assert_cmpuint (scripted_server_get_n_requests (other), ==, 1);
}

/* Nor does the platform know better: then it is told, after the retries, what is wrong. */
static void
test_gone (Fixture *self, gconstpointer data)
{
  g_autoptr (DevboxAgent) agent = agent_at (self, NOWHERE);
  g_autoptr (GError) error = NULL;

  tell_address (self->platform, NOWHERE);
  g_assert_null (devbox_client_call_agent_sync (self->client, agent, request_new (), NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
}

static void
count_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = devbox_client_call_finish (result, &error);

  self->n_ended++;
  self->n_errors += body == NULL ? 1 : 0;
}

static void
start (Fixture *self, DevboxAgent *agent, DevboxRequest *request, GCancellable *cancellable)
{
  g_autoptr (GObject) source = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GTask) task = g_task_new (source, cancellable, count_cb, self);

  test_guard_object (source);
  test_guard_object (task);
  devbox_client_call_agent_async (self->client, agent, request, task);
}

/* However many wait, the platform and the agent are asked once. */
static void
test_together (Fixture *self, gconstpointer data)
{
  const guint n_calls = 40;
  g_autoptr (DevboxAgent) agent = devbox_client_ref_agent (self->client, "box");

  for (guint i = 0; i < n_calls; i++)
    start (self, agent, i % 3 == 0 ? test_request_new (SOUP_METHOD_GET, "/ok") : request_new (), NULL);
  test_wait_until (self->n_ended == n_calls);
  g_assert_cmpuint (self->n_errors, ==, 0);
  g_assert_cmpuint (scripted_server_get_n_requests (self->platform), ==, 1);
}

/* Those who waited are gone, and the client with them, while the search of the I/O thread is in a pause between two
 * attempts, or waits for an answer. */
static void
test_client_gone (Fixture *self, gconstpointer data)
{
  const char *platform_url = data;

  for (guint i = 0; i < 30; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      g_clear_object (&self->client);
      self->client
          = client_new (platform_url != NULL ? platform_url : scripted_server_get_url (self->platform), "token");
      test_guard_object (self->client);
      devbox_client_set_retry_delay (self->client, 5000);
      scripted_server_reply (self->platform, 200, NULL);

      self->n_ended = 0;
      for (guint j = 0; j < 3; j++)
        {
          g_autoptr (DevboxAgent) agent = devbox_client_ref_agent (self->client, "box");

          start (self, agent, request_new (), cancellable);
        }
      g_usleep (i % 3 * 5000);
      g_cancellable_cancel (cancellable);
      test_wait_until (self->n_ended == 3);
      g_clear_object (&self->client);
    }

  g_assert_cmpuint (self->n_errors, ==, 90);
  test_wait_for_io_threads ();
}

/* The one who came first has a token that the platform does not take, the second a good one. */
static void
test_changed_kubeconfig (Fixture *self, gconstpointer data)
{
  g_autoptr (ScriptedServer) other = scripted_server_new ();
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;
  g_autoptr (DevboxAgent) agent = devbox_client_ref_agent (self->client, "box");
  g_autoptr (DevboxAgent) next = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_reply (self->platform, 401, "{}");
  scripted_server_freeze (self->platform, 100);
  tell_address (other, scripted_server_get_url (self->agent_server));
  kubeconfig = devbox_kubeconfig_new_for_token (scripted_server_get_url (other), "token", &error);
  g_assert_no_error (error);

  start (self, agent, request_new (), NULL);
  devbox_client_set_kubeconfig (self->client, kubeconfig);
  start (self, agent, request_new (), NULL);
  test_wait_until (self->n_ended == 2);
  g_assert_cmpuint (self->n_errors, ==, 1);
  g_assert_cmpuint (scripted_server_get_n_requests (self->platform), ==, 1);
  g_assert_cmpuint (scripted_server_get_n_requests (other), ==, 1);

  /* By its name it is another devbox now. */
  next = devbox_client_ref_agent (self->client, "box");
  g_assert_true (next != agent);
}

static void
test_closed (Fixture *self, gconstpointer data)
{
  g_autoptr (DevboxAgent) agent = devbox_client_ref_agent (self->client, "box");

  scripted_server_reply (self->platform, 200, NULL);
  for (guint i = 0; i < 5; i++)
    start (self, agent, request_new (), NULL);
  test_wait_until (scripted_server_get_n_requests (self->platform) == 1);
  devbox_client_close (self->client);
  start (self, agent, request_new (), NULL);
  test_wait_until (self->n_ended == 6);
  g_assert_cmpuint (self->n_errors, ==, 6);
}

int
main (int argc, char *argv[])
{
  static const guint statuses[] = { SOUP_STATUS_UNAUTHORIZED, SOUP_STATUS_NOT_FOUND, SOUP_STATUS_SERVICE_UNAVAILABLE };

  g_test_init (&argc, &argv, NULL);

  g_test_add ("/client/agent-search/moved-away", Fixture, NULL, set_up, test_moved_away, tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *path = g_strdup_printf ("/client/agent-search/somebody-else/%u", statuses[i]);

      g_test_add (path, Fixture, GUINT_TO_POINTER (statuses[i]), set_up, test_somebody_else, tear_down);
    }
  g_test_add ("/client/agent-search/gone", Fixture, NULL, set_up, test_gone, tear_down);
  g_test_add ("/client/agent-search/together", Fixture, NULL, set_up, test_together, tear_down);
  g_test_add ("/client/agent-search/client-gone/in-a-pause", Fixture, NOWHERE, set_up, test_client_gone, tear_down);
  g_test_add ("/client/agent-search/client-gone/in-a-request", Fixture, NULL, set_up, test_client_gone, tear_down);
  g_test_add ("/client/agent-search/changed-kubeconfig", Fixture, NULL, set_up, test_changed_kubeconfig, tear_down);
  g_test_add ("/client/agent-search/closed", Fixture, NULL, set_up, test_closed, tear_down);

  return g_test_run ();
}
