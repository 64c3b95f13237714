/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include "devbox-body-stream-private.h"
#include "devbox-io-thread-private.h"

#include <signal.h>
#include <string.h>

typedef struct
{
  DevboxIoThread *thread;
  GArray *order;
  guint n_destroyed;
  int is_done;
} Log;

typedef struct
{
  Log *log;
  int number;
} Entry;

static gboolean
write_entry (gpointer data)
{
  Entry *entry = data;

  g_assert_true (devbox_io_thread_is_current (entry->log->thread));
  g_array_append_val (entry->log->order, entry->number);

  return G_SOURCE_REMOVE;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  entry->log->n_destroyed++;
  g_free (entry);
}

static void
invoke_entry (Log *log, int number)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->log = log;
  entry->number = number;
  devbox_io_thread_invoke (log->thread, write_entry, entry, entry_free);
}

static void
mark_done (gpointer data)
{
  Log *log = data;

  g_assert_true (devbox_io_thread_is_current (log->thread));
  g_atomic_int_set (&log->is_done, TRUE);
}

static void
test_invoke (void)
{
  Log log = { .thread = devbox_io_thread_new (), .order = g_array_new (FALSE, FALSE, sizeof (int)) };

  g_assert_cmpuint (devbox_io_thread_get_n_running (), ==, 0);
  for (int i = 0; i < 1000; i++)
    invoke_entry (&log, i);
  g_assert_false (devbox_io_thread_is_current (log.thread));
  devbox_io_thread_stop (log.thread, mark_done, &log);
  test_wait_for_io_threads ();

  g_assert_true (g_atomic_int_get (&log.is_done));
  g_assert_cmpuint (log.order->len, ==, 1000);
  g_assert_cmpuint (log.n_destroyed, ==, 1000);
  for (int i = 0; i < 1000; i++)
    g_assert_cmpint (g_array_index (log.order, int, i), ==, i);

  /* Too late: not called, and nothing is kept. */
  invoke_entry (&log, 1000);
  g_assert_cmpuint (log.order->len, ==, 1000);
  g_assert_cmpuint (log.n_destroyed, ==, 1001);

  devbox_io_thread_unref (log.thread);
  g_array_unref (log.order);
}

static void
stopped_without_thread (gpointer data)
{
  *(gboolean *) data = TRUE;
}

static void
test_never_started (void)
{
  DevboxIoThread *thread = devbox_io_thread_new ();
  gboolean is_stopped = FALSE;

  devbox_io_thread_stop (thread, stopped_without_thread, &is_stopped);
  g_assert_true (is_stopped);
  g_assert_cmpuint (devbox_io_thread_get_n_running (), ==, 0);
  devbox_io_thread_unref (thread);
}

static gboolean
let_go (gpointer data)
{
  devbox_io_thread_release (data);

  return G_SOURCE_REMOVE;
}

static gboolean
hold_for_a_while (gpointer data)
{
  Log *log = data;
  g_autoptr (GSource) source = g_timeout_source_new (50);

  devbox_io_thread_hold (log->thread);
  g_source_set_callback (source, let_go, log->thread, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());

  return G_SOURCE_REMOVE;
}

static void
test_hold (void)
{
  Log log = { .thread = devbox_io_thread_new () };
  gint64 start = g_get_monotonic_time ();

  devbox_io_thread_invoke (log.thread, hold_for_a_while, &log, NULL);
  devbox_io_thread_stop (log.thread, mark_done, &log);
  test_wait_for_io_threads ();
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 50 * 1000);
  devbox_io_thread_unref (log.thread);
}

static gboolean
look_at_signals (gpointer data)
{
  Log *log = data;
  sigset_t blocked;

  pthread_sigmask (SIG_SETMASK, NULL, &blocked);
  g_assert_true (sigismember (&blocked, SIGTERM));
  g_assert_true (sigismember (&blocked, SIGINT));
  g_assert_false (sigismember (&blocked, SIGSEGV));
  g_atomic_int_set (&log->is_done, TRUE);

  return G_SOURCE_REMOVE;
}

static void
test_signals (void)
{
  Log log = { .thread = devbox_io_thread_new () };
  sigset_t blocked;

  devbox_io_thread_invoke (log.thread, look_at_signals, &log, NULL);
  pthread_sigmask (SIG_SETMASK, NULL, &blocked);
  g_assert_false (sigismember (&blocked, SIGTERM));
  test_wait_until (g_atomic_int_get (&log.is_done));
  devbox_io_thread_stop (log.thread, mark_done, &log);
  test_wait_for_io_threads ();
  devbox_io_thread_unref (log.thread);
}

typedef struct
{
  DevboxTimer timer;
  DevboxTimer *victim; /* stopped by this one */
  int number;
  GArray *fired;
} TestTimer;

static void
timer_fired (gpointer data)
{
  TestTimer *self = data;

  g_assert_cmpint (g_get_monotonic_time (), >=, self->timer.due);
  g_array_append_val (self->fired, self->number);
  if (self->victim != NULL)
    devbox_timer_stop (self->victim);
}

static void
test_timers (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  DevboxTimerQueue *queue = devbox_timer_queue_new (context);
  g_autoptr (GArray) fired = g_array_new (FALSE, FALSE, sizeof (int));
  TestTimer timers[6] = { 0 };
  gint64 now = g_get_monotonic_time ();

  for (int i = 0; i < 6; i++)
    {
      devbox_timer_init (&timers[i].timer, queue, timer_fired, &timers[i]);
      timers[i].number = i;
      timers[i].fired = fired;
    }
  devbox_timer_start (&timers[0].timer, now + 30 * 1000);
  devbox_timer_start (&timers[1].timer, now + 10 * 1000);
  devbox_timer_start (&timers[2].timer, now + 20 * 1000);
  devbox_timer_start (&timers[3].timer, now + 15 * 1000);
  devbox_timer_start (&timers[4].timer, now - 1);
  devbox_timer_start (&timers[5].timer, now + 10 * 1000);
  devbox_timer_stop (&timers[3].timer);
  devbox_timer_stop (&timers[3].timer);
  devbox_timer_start (&timers[5].timer, now + 25 * 1000);
  timers[2].victim = &timers[5].timer;

  while (fired->len < 4)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (g_array_index (fired, int, 0), ==, 4);
  g_assert_cmpint (g_array_index (fired, int, 1), ==, 1);
  g_assert_cmpint (g_array_index (fired, int, 2), ==, 2);
  g_assert_cmpint (g_array_index (fired, int, 3), ==, 0);
  g_assert_false (g_main_context_pending (context));

  /* And again. */
  devbox_timer_start (&timers[3].timer, g_get_monotonic_time () + 1000);
  while (fired->len < 5)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (g_array_index (fired, int, 4), ==, 3);

  devbox_timer_queue_free (queue);
}

static void
test_body_stream (void)
{
  g_autoptr (GInputStream) stream = devbox_body_stream_new ("lent bytes", 10);
  g_autoptr (GError) error = NULL;
  char buffer[5];

  g_assert_cmpint (g_input_stream_read (stream, buffer, 5, NULL, &error), ==, 5);
  g_assert_cmpmem (buffer, 5, "lent ", 5);
  devbox_body_stream_detach (DEVBOX_BODY_STREAM (stream));
  g_assert_cmpint (g_input_stream_read (stream, buffer, 5, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/io-thread/never-started", test_never_started);
  g_test_add_func ("/client/io-thread/invoke", test_invoke);
  g_test_add_func ("/client/io-thread/hold", test_hold);
  g_test_add_func ("/client/io-thread/signals", test_signals);
  g_test_add_func ("/client/io-thread/timers", test_timers);
  g_test_add_func ("/client/io-thread/body-stream", test_body_stream);

  return g_test_run ();
}
