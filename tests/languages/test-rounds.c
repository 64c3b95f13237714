/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that come and go, beside an agent: nothing of them stays. */
#include "devbox-glib.h"
#include "devbox-test-census.h"

#include <stdlib.h>
#include <string.h>

#define N_ROUNDS 1000
#define N_WARM_UP 10
#define N_IN_FLIGHT 8
#define MAX_CLIENTS 8
#define MAX_GROWTH_KIB (8 * 1024)

typedef void (*Round) (DevboxClient *client, DevboxInstance *instance);

static void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static guint n_ended;

/* A call whose client is closed has ended by the time its result is there, with it or without. */
static void
call_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxCommandResult) value = devbox_instance_run_finish (DEVBOX_INSTANCE (source), result, &error);

  if (value == NULL)
    g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  n_ended++;
}

static void
use (DevboxInstance *instance)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (devbox_instance_is_healthy_sync (instance, NULL, &error));
  g_assert_no_error (error);
}

static void
one_call (DevboxClient *client, DevboxInstance *instance)
{
  use (instance);
  devbox_client_close (client);
}

static void
unused (DevboxClient *client, DevboxInstance *instance)
{
  devbox_client_close (client);
}

static void
never_closed (DevboxClient *client, DevboxInstance *instance)
{
  use (instance);
}

static void
calls_in_flight (DevboxClient *client, DevboxInstance *instance)
{
  static const char *const argv[] = { "sleep", "0.01", NULL };
  g_autoptr (DevboxCommand) command = devbox_command_new (argv);

  n_ended = 0;
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    devbox_instance_run_async (instance, command, NULL, call_ended, NULL);
  if (g_random_boolean ())
    g_usleep ((gulong) g_random_int_range (0, 4000));
  devbox_client_close (client);
  g_assert_cmpuint (n_ended, ==, 0);
  while (n_ended < N_IN_FLIGHT)
    g_main_context_iteration (NULL, TRUE);
}

/* The last references to the client are those of its calls. */
static void
calls_in_flight_never_closed (DevboxClient *client, DevboxInstance *instance)
{
  static const char *const argv[] = { "true", NULL };
  g_autoptr (DevboxCommand) command = devbox_command_new (argv);

  n_ended = 0;
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    devbox_instance_run_async (instance, command, NULL, call_ended, NULL);
  if (g_random_boolean ())
    g_main_context_iteration (NULL, TRUE);
}

static void
read_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxLogEntry) entry = devbox_log_reader_next_entry_finish (DEVBOX_LOG_READER (source), result, &error);

  g_assert_true (entry == NULL || error == NULL);
  n_ended++;
}

static void
open_things (DevboxClient *client, DevboxInstance *instance, gboolean close)
{
  static const char *const argv[] = { "sleep", "0.02", NULL };
  g_autoptr (DevboxCommand) command = devbox_command_new (argv);
  g_autoptr (DevboxFileMonitor) monitor = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (DevboxProcess) process = NULL;
  g_autoptr (DevboxLogReader) reader = NULL;
  g_autoptr (DevboxLogReader) streamed = NULL;
  g_autoptr (GError) error = NULL;

  monitor = devbox_instance_monitor_files_sync (instance, ".", DEVBOX_FILE_MONITOR_FLAGS_NONE, NULL, &error);
  g_assert_no_error (error);
  stream = devbox_instance_open_file_sync (instance, "file", NULL, &error);
  g_assert_no_error (error);
  process = devbox_instance_spawn_sync (instance, command, NULL, &error);
  g_assert_no_error (error);
  reader = devbox_process_open_log_sync (process, 0, NULL, &error);
  g_assert_no_error (error);
  streamed = devbox_instance_run_streamed_sync (instance, command, NULL, &error);
  g_assert_no_error (error);

  n_ended = 0;
  devbox_log_reader_next_entry_async (reader, NULL, read_ended, NULL);
  devbox_log_reader_next_entry_async (streamed, NULL, read_ended, NULL);
  if (close)
    devbox_client_close (client);
  else
    devbox_log_reader_close (reader);
  while (n_ended < 2)
    g_main_context_iteration (NULL, TRUE);
}

static void
things_open (DevboxClient *client, DevboxInstance *instance)
{
  open_things (client, instance, TRUE);
}

static void
things_open_never_closed (DevboxClient *client, DevboxInstance *instance)
{
  open_things (client, instance, FALSE);
}

static const struct
{
  const char *name;
  Round round;
  guint share; /* of the rounds: one in so many */
} rounds[] = {
  { "one-call", one_call, 1 },
  { "unused", unused, 1 },
  { "never-closed", never_closed, 4 },
  { "calls-in-flight", calls_in_flight, 10 },
  { "calls-in-flight/never-closed", calls_in_flight_never_closed, 10 },
  { "things-open", things_open, 20 },
  { "things-open/never-closed", things_open_never_closed, 20 },
};

static void
write_file (void)
{
  g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent (g_getenv ("AGENT_URL"), NULL);
  g_autoptr (GBytes) contents = g_bytes_new_static ("contents", 8);
  g_autoptr (GError) error = NULL;

  devbox_instance_replace_file_sync (instance, "file", contents, 0, NULL, &error);
  g_assert_no_error (error);
}

static void
run_round (Round round)
{
  g_autoptr (DevboxClient) client = devbox_client_new ();
  g_autoptr (DevboxInstance) instance
      = devbox_instance_new_for_agent_with_client (client, g_getenv ("AGENT_URL"), NULL);

  round (client, instance);
}

/* The last objects go when the client's own thread has ended. */
static char *
settle (guint max_growth_kib)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  char *left;

  while ((left = devbox_test_describe_leftovers (0)) != NULL && g_get_monotonic_time () < end)
    {
      g_free (left);
      iterate ();
      g_usleep (1000);
    }

  return left != NULL ? left : devbox_test_describe_leftovers (max_growth_kib);
}

/* Of clients that are not waited for there may be some at once. */
static void
settle_somewhat (void)
{
  iterate ();
  while (devbox_test_count_threads () > MAX_CLIENTS)
    g_main_context_iteration (NULL, FALSE);
}

static guint
get_n_rounds (void)
{
  const char *n_rounds = g_getenv ("DEVBOX_TEST_ROUNDS");

  return n_rounds != NULL ? (guint) atoi (n_rounds) : N_ROUNDS;
}

static void
test_rounds (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  const guint n_rounds = MAX (get_n_rounds () / rounds[i].share, 1);
  /* Tools that keep what was freed make it grow. */
  const guint max_growth_kib = get_n_rounds () >= N_ROUNDS ? MAX_GROWTH_KIB : 0;
  g_autofree char *left = NULL;
  gint64 start;

  devbox_test_mark ();
  start = g_get_monotonic_time ();
  for (guint n = 0; n < n_rounds; n++)
    {
      run_round (rounds[i].round);
      settle_somewhat ();
    }

  left = settle (max_growth_kib);
  g_assert_cmpstr (left, ==, NULL);
  g_test_message ("%u rounds in %" G_GINT64_FORMAT " ms, grown by %d KiB", n_rounds,
                  (g_get_monotonic_time () - start) / 1000, devbox_test_get_growth ());
}

static void
test_left_is_seen (void)
{
  g_autoptr (DevboxClient) client = NULL;
  g_autoptr (DevboxInstance) instance = NULL;
  g_autofree char *left = NULL;

  devbox_test_mark ();
  client = devbox_client_new ();
  instance = devbox_instance_new_for_agent_with_client (client, g_getenv ("AGENT_URL"), NULL);
  use (instance);

  left = devbox_test_describe_leftovers (0);
  g_assert_nonnull (left);
  g_assert_nonnull (strstr (left, "1 DevboxClient;"));
  g_assert_nonnull (strstr (left, "1 DevboxInstance;"));
  g_assert_nonnull (strstr (left, "1 SoupConnection;"));
  g_assert_nonnull (strstr (left, "socket:"));
  g_assert_nonnull (strstr (left, "1 threads;"));
  devbox_client_close (client);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (g_getenv ("AGENT_URL"));

  write_file ();
  /* Every type and every thread of GLib's is there, before anything is counted. */
  devbox_test_mark ();
  for (guint n = 0; n < N_WARM_UP; n++)
    for (guint i = 0; i < G_N_ELEMENTS (rounds); i++)
      run_round (rounds[i].round);
  g_free (settle (0));

  for (guint i = 0; i < G_N_ELEMENTS (rounds); i++)
    {
      g_autofree char *path = g_strconcat ("/client/rounds/", rounds[i].name, NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_rounds);
    }
  g_test_add_func ("/client/rounds/left-is-seen", test_left_is_seen);

  return g_test_run ();
}
