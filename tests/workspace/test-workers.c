/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-wire-error-private.h"
#include "devbox-workers-private.h"

#include <sys/resource.h>
#include <unistd.h>

typedef struct
{
  GMutex lock;
  GThread *owner;
  guint running;
  guint most;
  guint worked;
  guint done;
  guint cancelled;
} Tally;

static gboolean
work_a_little (gpointer data, GCancellable *cancellable, GError **error)
{
  Tally *tally = data;

  g_assert_true (g_thread_self () != tally->owner);
  g_mutex_lock (&tally->lock);
  tally->running++;
  tally->most = MAX (tally->most, tally->running);
  g_mutex_unlock (&tally->lock);
  g_usleep (1000);
  g_mutex_lock (&tally->lock);
  tally->running--;
  tally->worked++;
  g_mutex_unlock (&tally->lock);

  return TRUE;
}

static gboolean
work_until_cancelled (gpointer data, GCancellable *cancellable, GError **error)
{
  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_usleep (1000);

  return FALSE;
}

static void
on_done (gpointer data, const GError *error)
{
  Tally *tally = data;

  g_assert_true (g_thread_self () == tally->owner);
  tally->done++;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    tally->cancelled++;
  else
    g_assert_no_error (error);
}

static gboolean
push (DevboxWorkers *workers, DevboxWorkFunc work, Tally *tally, GCancellable **cancellable, GError **error)
{
  g_autoptr (GCancellable) own = g_cancellable_new ();

  if (cancellable != NULL)
    *cancellable = g_object_ref (own);

  return devbox_workers_push (workers, work, on_done, tally, own, error);
}

static void
test_many (void)
{
  g_autoptr (DevboxWorkers) workers = devbox_workers_new (3, 1000);
  Tally tally = { .owner = g_thread_self () };

  for (guint i = 0; i < 200; i++)
    g_assert_true (push (workers, work_a_little, &tally, NULL, NULL));
  while (tally.done < 200)
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpuint (tally.worked, ==, 200);
  g_assert_cmpuint (tally.most, <=, 3);
  g_assert_cmpuint (tally.cancelled, ==, 0);
}

static void
test_limit (void)
{
  g_autoptr (DevboxWorkers) workers = devbox_workers_new (1, 2);
  GCancellable *cancellables[3] = { NULL };
  g_autoptr (GError) error = NULL;
  Tally tally = { .owner = g_thread_self () };

  for (guint i = 0; i < 3; i++)
    g_assert_true (push (workers, work_until_cancelled, &tally, &cancellables[i], NULL));
  g_assert_false (push (workers, work_until_cancelled, &tally, NULL, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED);

  /* One that still waits, and the one that runs */
  g_cancellable_cancel (cancellables[2]);
  g_cancellable_cancel (cancellables[0]);
  while (tally.done == 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_error (&error);
  g_assert_true (push (workers, work_a_little, &tally, NULL, &error));
  g_assert_no_error (error);
  g_cancellable_cancel (cancellables[1]);
  while (tally.done < 4)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (tally.cancelled, ==, 3);
  g_assert_cmpuint (tally.worked, ==, 1);
  for (guint i = 0; i < 3; i++)
    g_object_unref (cancellables[i]);
}

/* Each is told, whether it ran, waited, or had ended without being told yet. */
static void
test_free (void)
{
  for (guint round = 0; round < 50; round++)
    {
      g_autoptr (DevboxWorkers) workers = devbox_workers_new (2, 100);
      Tally tally = { .owner = g_thread_self () };

      for (guint i = 0; i < 20; i++)
        g_assert_true (push (workers, i % 3 == 0 ? work_until_cancelled : work_a_little, &tally, NULL, NULL));
      g_usleep (round * 100);
      g_clear_pointer (&workers, devbox_workers_free);

      g_assert_cmpuint (tally.done, ==, 20);
      g_assert_cmpuint (tally.worked, ==, 20 - tally.cancelled);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_cmpuint (tally.done, ==, 20);
    }
}

/* Rather than to wait for one that may never come. In a process of its own, that nobody's other processes count in. */
static void
test_no_thread (void)
{
  const struct rlimit none = { 0, 0 };
  g_autoptr (GError) error = NULL;
  Tally tally = { .owner = g_thread_self () };
  DevboxWorkers *workers;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }

  workers = devbox_workers_new (1, 5);
  g_assert_true (geteuid () != 0 || setresuid (65534, 65534, 65534) == 0);
  g_assert_cmpint (setrlimit (RLIMIT_NPROC, &none), ==, 0);
  g_assert_false (push (workers, work_a_little, &tally, NULL, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED);
  devbox_workers_free (workers);
  g_assert_cmpuint (tally.done, ==, 0);
  _exit (0); /* what looks for leaks would need a process */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/workers/many", test_many);
  g_test_add_func ("/workers/limit", test_limit);
  g_test_add_func ("/workers/free", test_free);
  g_test_add_func ("/workers/no-thread", test_no_thread);

  return g_test_run ();
}
