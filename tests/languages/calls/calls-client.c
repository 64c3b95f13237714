/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client that is changed while it is used, its pool, and its end. */
#include "calls.h"

#define N_IN_FLIGHT 4
#define TRACE_ID "0af7651916cd43dd8448eb211c80319c"
#define TRACEPARENT "00-" TRACE_ID "-b7ad6b7169203331-01"

static void
test_path_policy (Calls *self)
{
  g_autoptr (DevboxPathPolicy) policy = devbox_path_policy_new ("/workspace/only");
  g_autoptr (DevboxPathPolicy) usual = devbox_client_dup_path_policy (self->client);
  g_autoptr (DevboxPathPolicy) used = NULL;
  g_autoptr (GError) error = NULL;

  calls_write (self, "policy", "text");
  calls_assert_properties (usual, "workspace", "/workspace", NULL);
  g_assert_cmpstr (devbox_path_policy_get_workspace (policy), ==, "/workspace/only");
  calls_assert_text (CALL (devbox_instance_load_file, self->box, "/workspace/policy", NULL), "text");

  devbox_client_set_path_policy (self->client, policy);
  used = devbox_client_dup_path_policy (self->client);
  g_assert_true (used == policy);
  g_assert_null (TRY_CALL (&error, devbox_instance_load_file, self->box, "/workspace/policy", NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED);
  devbox_client_set_path_policy (self->client, NULL);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "/workspace/policy", FALSE, NULL));
}

static void
test_trace (Calls *self)
{
  g_autoptr (DevboxErrorInfo) info = NULL;
  g_autoptr (GError) header_error = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *traceparent = NULL;

  g_assert_false (devbox_client_set_header (self->client, "X Y", "no name", &header_error));
  g_assert_error (header_error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_true (devbox_client_set_header (self->client, "X-Calls", "yes", NULL));
  devbox_client_set_traceparent (self->client, TRACEPARENT);
  traceparent = devbox_client_dup_traceparent (self->client);
  g_assert_cmpstr (traceparent, ==, TRACEPARENT);

  g_assert_null (TRY_CALL (&error, devbox_client_get_instance, self->client, "nobody", NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_NOT_FOUND);
  info = devbox_error_info_from_error (error);
  calls_assert_properties (info, "http-status", 404, "request-id", devbox_error_info_get_request_id (info), "path",
                           "nobody", "code-name", devbox_error_info_get_code_name (info), "trace-id", TRACE_ID, "value",
                           devbox_error_info_get_value (info), "retry-after", 0, "n-attempts", 1, "cause", NULL,
                           "command-result", NULL, NULL);
  g_assert_cmpuint (devbox_error_info_get_http_status (info), ==, 404);
  g_assert_nonnull (devbox_error_info_get_request_id (info));
  g_assert_nonnull (devbox_error_info_get_code_name (info));
  g_assert_cmpstr (devbox_error_info_get_trace_id (info), ==, TRACE_ID);
  g_assert_cmpuint (devbox_error_info_get_n_attempts (info), ==, 1);
}

static void
note_property (GObject *object, GParamSpec *pspec, gpointer data)
{
  g_ptr_array_add (data, (char *) pspec->name);
}

static void
test_properties (Calls *self)
{
  static const char *const expected[] = { "timeout", "max-retries", "retry-delay", "traceparent" };
  g_autoptr (DevboxClient) client
      = g_object_new (DEVBOX_TYPE_CLIENT, "user-agent", "calls/1", "base-url", "http://127.0.0.1:1", NULL);
  g_autoptr (DevboxMetrics) metrics = devbox_client_dup_metrics (client);
  g_autoptr (DevboxPathPolicy) policy = devbox_client_dup_path_policy (client);
  g_autoptr (GPtrArray) told = g_ptr_array_new ();

  g_signal_connect (client, "notify", G_CALLBACK (note_property), told);
  g_object_set (client, "timeout", 1000, "max-retries", 1, "retry-delay", 10, "traceparent", TRACEPARENT, NULL);
  g_assert_cmpuint (told->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < told->len; i++)
    g_assert_true (g_ptr_array_find_with_equal_func (told, expected[i], g_str_equal, NULL));

  calls_assert_properties (client, "pool", devbox_client_get_pool (client), "kubeconfig", NULL, "authenticator", NULL,
                           "base-url", "http://127.0.0.1:1", "authorization-form", DEVBOX_AUTHORIZATION_FORM_PLAIN,
                           "timeout", 1000, "path-policy", policy, "metrics", metrics, "traceparent", TRACEPARENT,
                           "max-retries", 1, "retry-delay", 10, "user-agent", "calls/1", "closed", FALSE, NULL);
  g_assert_cmpuint (devbox_client_get_timeout (client), ==, 1000);
  g_assert_cmpuint (devbox_client_get_max_retries (client), ==, 1);
  g_assert_cmpuint (devbox_client_get_retry_delay (client), ==, 10);
  g_assert_cmpstr (devbox_client_get_user_agent (client), ==, "calls/1");
  devbox_client_close (client);
  g_assert_true (devbox_client_is_closed (client));
}

static void
test_metrics (Calls *self)
{
  g_autoptr (DevboxMetrics) metrics = devbox_metrics_new ();
  g_autoptr (DevboxMetrics) used = NULL;
  g_autoptr (DevboxMetricsSnapshot) snapshot = NULL;
  g_autoptr (GError) error = NULL;

  devbox_client_set_metrics (self->client, metrics);
  used = devbox_client_dup_metrics (self->client);
  g_assert_true (used == metrics);
  calls_write (self, "measured", "12345");
  g_assert_null (TRY_CALL (&error, devbox_instance_load_file, self->box, "unmeasured", NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_NOT_FOUND);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "measured", FALSE, NULL));

  calls_wait_until (devbox_metrics_get_operations (metrics) >= 3);
  snapshot = devbox_metrics_get_snapshot (metrics);
  calls_assert_properties (snapshot, "connections-created", devbox_metrics_get_connections_created (metrics),
                           "files-transferred", devbox_metrics_get_files_transferred (metrics), "bytes-transferred",
                           devbox_metrics_get_bytes_transferred (metrics), "errors",
                           devbox_metrics_get_errors (metrics), "operations", devbox_metrics_get_operations (metrics),
                           "average-latency", devbox_metrics_get_average_latency (metrics), NULL);
  g_assert_cmpuint (devbox_metrics_snapshot_get_operations (snapshot), ==, 3);
  g_assert_cmpuint (devbox_metrics_snapshot_get_errors (snapshot), ==, 1);
  g_assert_cmpuint (devbox_metrics_snapshot_get_files_transferred (snapshot), ==, 1);
  g_assert_cmpuint (devbox_metrics_snapshot_get_bytes_transferred (snapshot), >, 5);
  g_assert_cmpuint (devbox_metrics_snapshot_get_connections_created (snapshot), <=, 3);
  g_assert_cmpfloat (devbox_metrics_snapshot_get_average_latency (snapshot), >, 0);
  devbox_metrics_reset (metrics);
  g_assert_cmpuint (devbox_metrics_get_operations (metrics), ==, 0);
}

static void
check_pool_settings (DevboxPool *pool)
{
  devbox_pool_set_max_size (pool, 3);
  devbox_pool_set_connection_timeout (pool, 20000);
  devbox_pool_set_keep_alive_interval (pool, 30000);
  devbox_pool_set_health_check_interval (pool, 40000);
  devbox_pool_set_max_idle_time (pool, 50000);
  devbox_pool_set_strategy (pool, DEVBOX_POOL_STRATEGY_ROUND_ROBIN);
  calls_assert_properties (
      pool, "max-size", 3, "connection-timeout", 20000, "keep-alive-interval", 30000, "health-check-interval", 40000,
      "max-idle-time", 50000, "strategy", DEVBOX_POOL_STRATEGY_ROUND_ROBIN, "n-total", devbox_pool_get_n_total (pool),
      "n-active", devbox_pool_get_n_active (pool), "n-healthy", devbox_pool_get_n_healthy (pool), "n-unhealthy",
      devbox_pool_get_n_unhealthy (pool), "n-operations", devbox_pool_get_n_operations (pool), "bytes-transferred",
      devbox_pool_get_bytes_transferred (pool), "average-lifetime", devbox_pool_get_average_lifetime (pool),
      "reuse-rate", devbox_pool_get_reuse_rate (pool), NULL);
  g_assert_cmpuint (devbox_pool_get_max_size (pool), ==, 3);
  g_assert_cmpuint (devbox_pool_get_connection_timeout (pool), ==, 20000);
  g_assert_cmpuint (devbox_pool_get_keep_alive_interval (pool), ==, 30000);
  g_assert_cmpuint (devbox_pool_get_health_check_interval (pool), ==, 40000);
  g_assert_cmpuint (devbox_pool_get_max_idle_time (pool), ==, 50000);
  g_assert_cmpint (devbox_pool_get_strategy (pool), ==, DEVBOX_POOL_STRATEGY_ROUND_ROBIN);
}

static void
test_pool (Calls *self)
{
  DevboxPool *pool = devbox_client_get_pool (self->client);
  g_autoptr (DevboxPoolStats) stats = NULL;

  check_pool_settings (pool);
  for (guint i = 0; i < 8; i++)
    g_assert_true (CALL (devbox_instance_is_healthy, self->box, NULL));
  calls_wait_until (devbox_pool_get_n_active (pool) == 0);
  stats = devbox_pool_get_stats (pool);
  calls_assert_properties (stats, "n-total", devbox_pool_stats_get_n_total (stats), "n-active", 0, "n-healthy",
                           devbox_pool_stats_get_n_healthy (stats), "n-unhealthy", 0, "n-operations",
                           devbox_pool_stats_get_n_operations (stats), "bytes-transferred",
                           devbox_pool_stats_get_bytes_transferred (stats), "average-lifetime",
                           devbox_pool_stats_get_average_lifetime (stats), "reuse-rate",
                           devbox_pool_stats_get_reuse_rate (stats), NULL);
  g_assert_cmpuint (devbox_pool_stats_get_n_total (stats), >=, 2); /* to the platform and to the agent */
  g_assert_cmpuint (devbox_pool_stats_get_n_active (stats), ==, 0);
  g_assert_cmpuint (devbox_pool_stats_get_n_healthy (stats), ==, devbox_pool_stats_get_n_total (stats));
  g_assert_cmpuint (devbox_pool_stats_get_n_unhealthy (stats), ==, 0);
  g_assert_cmpuint (devbox_pool_stats_get_n_operations (stats), >=, 9);
  g_assert_cmpuint (devbox_pool_stats_get_bytes_transferred (stats), >, 0);
  g_assert_cmpuint (devbox_pool_stats_get_average_lifetime (stats), <, 60 * 1000);
  g_assert_cmpfloat (devbox_pool_stats_get_reuse_rate (stats), >, 0.5);

  g_assert_cmpint (CALL (devbox_pool_remove_unhealthy, pool, NULL), ==, 0);
  g_assert_cmpuint (devbox_pool_get_n_total (pool), ==, devbox_pool_stats_get_n_total (stats));
  devbox_pool_close_all (pool);
  calls_wait_until (devbox_pool_get_n_total (pool) == 0);
  g_assert_true (CALL (devbox_instance_is_healthy, self->box, NULL));
  g_assert_cmpuint (devbox_pool_get_n_total (pool), ==, 1);
}

/* A call that is going on when its client is closed. */
typedef struct
{
  Calls *calls;
  DevboxCommand *command;
  GError *error;
  gboolean has_ended;
} InFlight;

static void
run_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  InFlight *self = data;

  g_assert_null (devbox_instance_run_finish (DEVBOX_INSTANCE (source), result, &self->error));
  self->has_ended = TRUE;
}

static gpointer
run_in_thread (gpointer data)
{
  InFlight *self = data;

  g_assert_null (devbox_instance_run_sync (self->calls->box, self->command, NULL, &self->error));

  return NULL;
}

static void
test_close (Calls *self)
{
  g_autoptr (DevboxCommand) command = calls_make_shell ("echo >>in-flight; sleep 10");
  g_autoptr (DevboxClient) other = calls_make_client ();
  g_autoptr (DevboxInstance) box = CALL (devbox_client_get_instance, other, CALLS_BOX, NULL);
  Calls others = { other, box };
  InFlight runs[N_IN_FLIGHT];
  GThread *threads[N_IN_FLIGHT];
  const gboolean is_async = calls_is_async ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      runs[i] = (InFlight){ self, command, NULL, FALSE };
      if (is_async)
        devbox_instance_run_async (self->box, command, NULL, run_ended, &runs[i]);
      else
        threads[i] = g_thread_new ("call", run_in_thread, &runs[i]);
    }
  /* All of them have begun. */
  g_free (calls_say (&others, "until [ \"$(wc -l <in-flight)\" = 4 ]; do sleep 0.005; done; rm in-flight"));

  devbox_client_close (self->client);
  g_assert_true (devbox_client_is_closed (self->client));
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      if (is_async)
        calls_wait_until (runs[i].has_ended);
      else
        g_thread_join (threads[i]);
      g_assert_error (runs[i].error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
      g_clear_error (&runs[i].error);
    }
  g_assert_false (TRY_CALL (&error, devbox_instance_refresh, self->box, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  devbox_client_close (other);
}

const CallsCase calls_client_cases[] = {
  { "client/path-policy", test_path_policy },
  { "client/trace", test_trace },
  { "client/properties", test_properties },
  { "client/metrics", test_metrics },
  { "client/pool", test_pool },
  { "client/close", test_close },
  { NULL },
};
