/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-suspend-clock-private.h"

/* A thread that stands still while it holds the clock is, to the clock, a process that was frozen. */

#define SECOND ((gint64) G_USEC_PER_SEC)

static gboolean
count (gpointer user_data)
{
  ++*(guint *) user_data;

  return G_SOURCE_REMOVE;
}

static GSource *
attach (guint milliseconds, guint *n)
{
  GSource *source = devbox_suspend_timeout_new (milliseconds);

  g_source_set_callback (source, count, n, NULL);
  g_source_attach (source, NULL);

  return source;
}

static void
run_for (gint64 duration)
{
  gint64 end = g_get_monotonic_time () + duration;

  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
}

static void
test_nobody_holds (void)
{
  gint64 before = devbox_suspend_clock_get_time ();

  g_usleep (2.2 * SECOND);
  g_assert_cmpint (devbox_suspend_clock_get_time () - before, >=, 2 * SECOND);
}

static void
test_gap (void)
{
  gint64 before;

  devbox_suspend_clock_hold ();
  before = devbox_suspend_clock_get_time ();
  g_usleep (0.5 * SECOND);
  g_assert_cmpint (devbox_suspend_clock_get_time () - before, >=, SECOND / 2);
  before = devbox_suspend_clock_get_time ();
  g_usleep (2.2 * SECOND);
  g_assert_cmpint (devbox_suspend_clock_get_time () - before, <, SECOND);
  devbox_suspend_clock_release ();
}

static void
test_timeout (void)
{
  guint n = 0;
  g_autoptr (GSource) source = attach (300, &n);

  run_for (0.2 * SECOND);
  g_assert_cmpuint (n, ==, 0);
  run_for (0.3 * SECOND);
  g_assert_cmpuint (n, ==, 1);
  g_assert_true (g_source_is_destroyed (source));
}

static void
test_timeout_over_gap (void)
{
  guint n_short = 0;
  guint n_long = 0;
  g_autoptr (GSource) shorter = attach (600, &n_short);
  g_autoptr (GSource) longer = attach (60000, &n_long);

  run_for (0.3 * SECOND);
  g_usleep (2.5 * SECOND);
  run_for (0.2 * SECOND);
  g_assert_cmpuint (n_short, ==, 0);
  run_for (1.2 * SECOND);
  g_assert_cmpuint (n_short, ==, 1);
  g_assert_true (g_source_is_destroyed (shorter));
  g_assert_cmpuint (n_long, ==, 0);
  g_source_destroy (longer);
}

static void
test_restart (void)
{
  guint n = 0;
  g_autoptr (GSource) source = attach (200, &n);

  for (guint i = 0; i < 5; i++)
    {
      run_for (0.1 * SECOND);
      devbox_suspend_timeout_restart (source, 200);
    }
  g_assert_cmpuint (n, ==, 0);
  run_for (0.3 * SECOND);
  g_assert_cmpuint (n, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/suspend-clock/nobody-holds", test_nobody_holds);
  g_test_add_func ("/suspend-clock/gap", test_gap);
  g_test_add_func ("/suspend-clock/timeout", test_timeout);
  g_test_add_func ("/suspend-clock/timeout-over-gap", test_timeout_over_gap);
  g_test_add_func ("/suspend-clock/restart", test_restart);

  return g_test_run ();
}
