/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"
#include "devbox-metrics-recorder-private.h"

#define N_ROUNDS 1000

/* Metrics that a program makes: it counts what it is told, and in which thread. */
struct _OddMetrics
{
  DevboxMetrics parent_instance;

  GThread *thread;
  guint n_connections;
  guint n_operations;
  guint n_failures;
  guint64 latency_us;
  guint n_transfers;
  guint64 n_files;
  guint64 n_bytes;
  guint n_errors[DEVBOX_ERROR_PAYMENT_REQUIRED + 1];
  DevboxMetricsRecorder *recorder; /* to flush in the midst of it */
};

#define ODD_TYPE_METRICS (odd_metrics_get_type ())
G_DECLARE_FINAL_TYPE (OddMetrics, odd_metrics, ODD, METRICS, DevboxMetrics)
G_DEFINE_FINAL_TYPE (OddMetrics, odd_metrics, DEVBOX_TYPE_METRICS)

static void
odd_metrics_record_connection (DevboxMetrics *metrics)
{
  ODD_METRICS (metrics)->n_connections++;
  DEVBOX_METRICS_CLASS (odd_metrics_parent_class)->record_connection (metrics);
}

static void
odd_metrics_record_operation (DevboxMetrics *metrics, guint64 latency_us, gboolean succeeded)
{
  OddMetrics *self = ODD_METRICS (metrics);

  g_assert_true (self->thread == g_thread_self ());
  self->n_operations++;
  self->n_failures += succeeded ? 0 : 1;
  self->latency_us += latency_us;
  DEVBOX_METRICS_CLASS (odd_metrics_parent_class)->record_operation (metrics, latency_us, succeeded);

  if (self->recorder != NULL)
    {
      devbox_metrics_recorder_add_connection (self->recorder);
      devbox_metrics_recorder_flush (self->recorder);
      g_assert_cmpuint (self->n_connections, ==, 0);
    }
}

static void
odd_metrics_record_transfer (DevboxMetrics *metrics, guint n_files, guint64 n_bytes, guint64 latency_us)
{
  OddMetrics *self = ODD_METRICS (metrics);

  self->n_transfers++;
  self->n_files += n_files;
  self->n_bytes += n_bytes;
  DEVBOX_METRICS_CLASS (odd_metrics_parent_class)->record_transfer (metrics, n_files, n_bytes, latency_us);
}

static void
odd_metrics_record_error (DevboxMetrics *metrics, DevboxError code)
{
  ODD_METRICS (metrics)->n_errors[code]++;
  DEVBOX_METRICS_CLASS (odd_metrics_parent_class)->record_error (metrics, code);
}

static void
odd_metrics_class_init (OddMetricsClass *klass)
{
  DevboxMetricsClass *metrics_class = DEVBOX_METRICS_CLASS (klass);

  metrics_class->record_connection = odd_metrics_record_connection;
  metrics_class->record_operation = odd_metrics_record_operation;
  metrics_class->record_transfer = odd_metrics_record_transfer;
  metrics_class->record_error = odd_metrics_record_error;
}

static void
odd_metrics_init (OddMetrics *self)
{
  self->thread = g_thread_self ();
}

static void
record_some (DevboxMetricsRecorder *recorder)
{
  devbox_metrics_recorder_add_connection (recorder);
  devbox_metrics_recorder_add_operation (recorder, 1000, TRUE);
  devbox_metrics_recorder_add_operation (recorder, 4000, FALSE);
  devbox_metrics_recorder_add_transfer (recorder, 3, 5000, 1000);
  devbox_metrics_recorder_add_error (recorder, DEVBOX_ERROR_CONFLICT);
}

static gpointer
record_some_in_thread (gpointer data)
{
  record_some (data);

  return NULL;
}

static gpointer
record_many (gpointer data)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    record_some (data);

  return NULL;
}

static void
assert_values (DevboxMetrics *metrics, guint64 n_rounds)
{
  g_autoptr (DevboxMetricsSnapshot) snapshot = devbox_metrics_get_snapshot (metrics);
  guint64 n_connections, n_files, n_bytes, n_errors, n_operations;
  double latency;

  g_assert_cmpuint (devbox_metrics_get_connections_created (metrics), ==, n_rounds);
  g_assert_cmpuint (devbox_metrics_get_files_transferred (metrics), ==, 3 * n_rounds);
  g_assert_cmpuint (devbox_metrics_get_bytes_transferred (metrics), ==, 5000 * n_rounds);
  g_assert_cmpuint (devbox_metrics_get_errors (metrics), ==, n_rounds);
  g_assert_cmpuint (devbox_metrics_get_operations (metrics), ==, 2 * n_rounds);
  g_assert_cmpfloat (devbox_metrics_get_average_latency (metrics), ==, n_rounds > 0 ? 2.5 : 0.0);

  g_object_get (metrics, "connections-created", &n_connections, "files-transferred", &n_files, "bytes-transferred",
                &n_bytes, "errors", &n_errors, "operations", &n_operations, "average-latency", &latency, NULL);
  g_assert_cmpuint (n_connections, ==, devbox_metrics_snapshot_get_connections_created (snapshot));
  g_assert_cmpuint (n_files, ==, devbox_metrics_snapshot_get_files_transferred (snapshot));
  g_assert_cmpuint (n_bytes, ==, devbox_metrics_snapshot_get_bytes_transferred (snapshot));
  g_assert_cmpuint (n_errors, ==, devbox_metrics_snapshot_get_errors (snapshot));
  g_assert_cmpuint (n_operations, ==, devbox_metrics_snapshot_get_operations (snapshot));
  g_assert_cmpfloat (latency, ==, devbox_metrics_snapshot_get_average_latency (snapshot));
}

static void
test_base (void)
{
  g_autoptr (DevboxMetrics) metrics = devbox_metrics_new ();
  g_autoptr (DevboxMetricsSnapshot) snapshot = NULL;
  guint64 n_files;
  double latency;

  assert_values (metrics, 0);

  devbox_metrics_record_connection (metrics);
  devbox_metrics_record_operation (metrics, 1000, TRUE);
  devbox_metrics_record_operation (metrics, 4000, FALSE);
  devbox_metrics_record_transfer (metrics, 3, 5000, 1000);
  devbox_metrics_record_error (metrics, DEVBOX_ERROR_CONFLICT);
  assert_values (metrics, 1);

  snapshot = devbox_metrics_get_snapshot (metrics);
  devbox_metrics_reset (metrics);
  assert_values (metrics, 0);
  g_object_get (snapshot, "files-transferred", &n_files, "average-latency", &latency, NULL);
  g_assert_cmpuint (n_files, ==, 3);
  g_assert_cmpfloat (latency, ==, 2.5);
}

/* Metrics of the base type are told at once and in any thread; nobody need run the context. */
static void
test_base_recorder (void)
{
  g_autoptr (DevboxMetrics) metrics = devbox_metrics_new ();
  g_autoptr (DevboxMetricsRecorder) recorder = devbox_metrics_recorder_new (metrics, g_main_context_default ());
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("recorder", record_many, recorder);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  assert_values (metrics, N_ROUNDS * G_N_ELEMENTS (threads));

  devbox_metrics_recorder_flush (recorder);
  devbox_metrics_recorder_disconnect (recorder);
  g_assert_finalize_object (g_steal_pointer (&metrics));
  record_some (recorder);
}

static void
count_notification (GObject *object, GParamSpec *pspec, gpointer data)
{
  GHashTable *counts = data;
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, pspec->name));

  g_hash_table_insert (counts, (gpointer) pspec->name, GUINT_TO_POINTER (n + 1));
}

static guint
get_count (GHashTable *counts, const char *name)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, name));
}

static void
test_notify (void)
{
  g_autoptr (DevboxMetrics) metrics = devbox_metrics_new ();
  g_autoptr (DevboxMetricsRecorder) recorder = devbox_metrics_recorder_new (metrics, g_main_context_default ());
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);

  g_signal_connect (metrics, "notify", G_CALLBACK (count_notification), counts);

  g_thread_join (g_thread_new ("recorder", record_many, recorder));
  g_assert_cmpuint (g_hash_table_size (counts), ==, 0);
  test_wait_until (get_count (counts, "operations") > 0);
  g_assert_cmpuint (get_count (counts, "operations"), ==, 1);
  g_assert_cmpuint (get_count (counts, "average-latency"), ==, 1);
  g_assert_cmpuint (g_hash_table_size (counts), ==, 6);

  /* Only what has changed. */
  devbox_metrics_recorder_add_error (recorder, DEVBOX_ERROR_CONFLICT);
  test_wait_until (get_count (counts, "errors") == 2);
  g_assert_cmpuint (get_count (counts, "operations"), ==, 1);
  g_assert_cmpuint (get_count (counts, "average-latency"), ==, 1);

  devbox_metrics_reset (metrics);
  test_wait_until (get_count (counts, "errors") == 3);
  g_assert_cmpuint (get_count (counts, "operations"), ==, 2);
  g_assert_cmpuint (get_count (counts, "average-latency"), ==, 2);
}

/* Ten times a second at most. */
static void
test_notify_seldom (void)
{
  g_autoptr (DevboxMetrics) metrics = devbox_metrics_new ();
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 start = g_get_monotonic_time ();
  guint n_at_most;

  g_signal_connect (metrics, "notify", G_CALLBACK (count_notification), counts);
  while (g_get_monotonic_time () < start + 350 * 1000)
    {
      devbox_metrics_record_connection (metrics);
      g_main_context_iteration (NULL, FALSE);
      g_usleep (100);
    }

  n_at_most = (guint) ((g_get_monotonic_time () - start) / (100 * 1000)) + 1;
  g_assert_cmpuint (get_count (counts, "connections-created"), >=, 2);
  g_assert_cmpuint (get_count (counts, "connections-created"), <=, n_at_most);
}

/* A notification that is on its way does not keep the metrics, nor the context. */
static void
test_notify_after_end (void)
{
  GMainContext *context = g_main_context_new ();
  DevboxMetrics *metrics;

  g_main_context_push_thread_default (context);
  metrics = devbox_metrics_new ();
  g_main_context_pop_thread_default (context);

  devbox_metrics_record_connection (metrics);
  g_assert_true (g_main_context_pending (context));
  g_assert_finalize_object (metrics);
  g_assert_false (g_main_context_pending (context));
  g_main_context_unref (context);
}

/* A program's own virtual functions run in its own thread, and hear of each thing once. */
static void
test_derived (void)
{
  g_autoptr (OddMetrics) metrics = g_object_new (ODD_TYPE_METRICS, NULL);
  g_autoptr (DevboxMetricsRecorder) recorder
      = devbox_metrics_recorder_new (DEVBOX_METRICS (metrics), g_main_context_default ());

  g_thread_join (g_thread_new ("recorder", record_some_in_thread, recorder));
  g_assert_cmpuint (metrics->n_operations, ==, 0);

  test_wait_until (metrics->n_errors[DEVBOX_ERROR_CONFLICT] == 1);
  g_assert_cmpuint (metrics->n_connections, ==, 1);
  g_assert_cmpuint (metrics->n_operations, ==, 2);
  g_assert_cmpuint (metrics->n_failures, ==, 1);
  g_assert_cmpuint (metrics->latency_us, ==, 5000);
  g_assert_cmpuint (metrics->n_transfers, ==, 1);
  assert_values (DEVBOX_METRICS (metrics), 1);

  devbox_metrics_recorder_disconnect (recorder);
}

/* While nobody runs the context, more and more is merged, and nothing is lost. */
static void
test_merged (void)
{
  g_autoptr (OddMetrics) metrics = g_object_new (ODD_TYPE_METRICS, NULL);
  g_autoptr (DevboxMetricsRecorder) recorder
      = devbox_metrics_recorder_new (DEVBOX_METRICS (metrics), g_main_context_default ());
  GThread *threads[4];
  guint n_turns = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("recorder", record_many, recorder);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_ROUNDS; i++)
    devbox_metrics_recorder_add_error (recorder, DEVBOX_ERROR_DISK_FULL);
  devbox_metrics_recorder_add_transfer (recorder, G_MAXUINT, 0, 0);

  while (g_main_context_iteration (NULL, FALSE))
    n_turns++;
  g_assert_cmpuint (n_turns, >, 10); /* other sources have their turns */

  g_assert_cmpuint (metrics->n_errors[DEVBOX_ERROR_DISK_FULL], ==, N_ROUNDS);
  g_assert_cmpuint (metrics->n_errors[DEVBOX_ERROR_CONFLICT], ==, 4 * N_ROUNDS);
  g_assert_cmpuint (metrics->n_operations, ==, 8 * N_ROUNDS);
  g_assert_cmpuint (metrics->n_failures, ==, 4 * N_ROUNDS);
  g_assert_cmpuint (metrics->latency_us, ==, 4 * N_ROUNDS * 5000);
  g_assert_cmpuint (metrics->n_bytes, ==, 4 * N_ROUNDS * 5000);
  g_assert_cmpuint (metrics->n_transfers, <, 4 * N_ROUNDS);
  g_assert_cmpuint (devbox_metrics_get_errors (DEVBOX_METRICS (metrics)), ==, 5 * N_ROUNDS);

  devbox_metrics_recorder_disconnect (recorder);
}

static gpointer
flush_in_thread (gpointer data)
{
  devbox_metrics_recorder_flush (data);

  return NULL;
}

/* For programs that have no main loop. */
static void
test_flush (void)
{
  g_autoptr (OddMetrics) metrics = g_object_new (ODD_TYPE_METRICS, NULL);
  g_autoptr (DevboxMetricsRecorder) recorder
      = devbox_metrics_recorder_new (DEVBOX_METRICS (metrics), g_main_context_default ());

  g_thread_join (g_thread_new ("recorder", record_some_in_thread, recorder));
  g_thread_join (g_thread_new ("flush", flush_in_thread, recorder)); /* not in a thread of anybody else */
  g_assert_cmpuint (metrics->n_operations, ==, 0);

  devbox_metrics_recorder_flush (recorder);
  g_assert_cmpuint (metrics->n_operations, ==, 2);
  devbox_metrics_recorder_flush (recorder);
  g_assert_cmpuint (metrics->n_operations, ==, 2);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  assert_values (DEVBOX_METRICS (metrics), 1);

  /* A virtual function that makes a blocking call comes to flush again. */
  metrics->n_connections = 0;
  metrics->recorder = recorder;
  devbox_metrics_recorder_add_operation (recorder, 1, TRUE);
  devbox_metrics_recorder_flush (recorder);
  metrics->recorder = NULL;
  g_assert_cmpuint (metrics->n_operations, ==, 3);
  g_assert_cmpuint (metrics->n_connections, ==, 1);

  devbox_metrics_recorder_disconnect (recorder);
}

static gpointer
run_context (gpointer data)
{
  GMainLoop *loop = data;

  g_main_context_push_thread_default (g_main_loop_get_context (loop));
  g_main_loop_run (loop);
  g_main_context_pop_thread_default (g_main_loop_get_context (loop));

  return NULL;
}

/* Nor where another thread runs the context. */
static void
test_flush_elsewhere (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (OddMetrics) metrics = g_object_new (ODD_TYPE_METRICS, NULL);
  g_autoptr (DevboxMetricsRecorder) recorder = devbox_metrics_recorder_new (DEVBOX_METRICS (metrics), context);
  GThread *thread = g_thread_new ("context", run_context, loop);

  metrics->thread = thread;
  while (!g_main_loop_is_running (loop))
    g_usleep (100);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      record_some (recorder);
      devbox_metrics_recorder_flush (recorder);
    }
  while (devbox_metrics_get_errors (DEVBOX_METRICS (metrics)) < N_ROUNDS
         || devbox_metrics_get_operations (DEVBOX_METRICS (metrics)) < 2 * N_ROUNDS
         || devbox_metrics_get_files_transferred (DEVBOX_METRICS (metrics)) < 3 * N_ROUNDS
         || devbox_metrics_get_connections_created (DEVBOX_METRICS (metrics)) < N_ROUNDS)
    g_usleep (500);
  assert_values (DEVBOX_METRICS (metrics), N_ROUNDS);

  g_main_loop_quit (loop);
  g_thread_join (thread);
  devbox_metrics_recorder_disconnect (recorder);
}

/* The client's end: what waits is told where that may be done, and all references go. */
static void
test_disconnect (void)
{
  GMainContext *context = g_main_context_new ();
  OddMetrics *metrics = g_object_new (ODD_TYPE_METRICS, NULL);
  DevboxMetricsRecorder *recorder = devbox_metrics_recorder_new (DEVBOX_METRICS (metrics), context);

  record_some (recorder);
  devbox_metrics_recorder_disconnect (recorder);
  assert_values (DEVBOX_METRICS (metrics), 1);
  record_some (recorder);
  devbox_metrics_recorder_disconnect (recorder);
  assert_values (DEVBOX_METRICS (metrics), 1);
  g_assert_false (g_main_context_pending (context));

  g_assert_finalize_object (metrics);
  devbox_metrics_recorder_unref (recorder);
  g_main_context_unref (context);
}

/* The recorder does not keep the metrics. */
static void
test_metrics_gone (void)
{
  OddMetrics *metrics = g_object_new (ODD_TYPE_METRICS, NULL);
  g_autoptr (DevboxMetricsRecorder) recorder
      = devbox_metrics_recorder_new (DEVBOX_METRICS (metrics), g_main_context_default ());

  record_some (recorder);
  g_assert_finalize_object (metrics);
  record_some (recorder);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  devbox_metrics_recorder_disconnect (recorder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/metrics/base", test_base);
  g_test_add_func ("/client/metrics/base-recorder", test_base_recorder);
  g_test_add_func ("/client/metrics/notify", test_notify);
  g_test_add_func ("/client/metrics/notify-seldom", test_notify_seldom);
  g_test_add_func ("/client/metrics/notify-after-end", test_notify_after_end);
  g_test_add_func ("/client/metrics/derived", test_derived);
  g_test_add_func ("/client/metrics/merged", test_merged);
  g_test_add_func ("/client/metrics/flush", test_flush);
  g_test_add_func ("/client/metrics/flush-elsewhere", test_flush_elsewhere);
  g_test_add_func ("/client/metrics/disconnect", test_disconnect);
  g_test_add_func ("/client/metrics/metrics-gone", test_metrics_gone);

  return g_test_run ();
}
