/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-clear-source-private.h"
#include "devbox-command-pipe-private.h"
#include "devbox-main-turn-private.h"

#include <fcntl.h>
#include <unistd.h>

#define N_OUTPUTS 3
#define MANY_TURNS 200

typedef struct
{
  GMainContext *context;
  DevboxOutputBudget *budget;
  DevboxOutputSpill *spill;
  DevboxCommandOutput outputs[N_OUTPUTS];
  int writers[N_OUTPUTS];
  GSource *timer; /* without which no turn tells when it began */
  guint64 was_read[N_OUTPUTS];
} Fixture;

static void
on_ended (gpointer user_data)
{
  g_assert_not_reached ();
}

static gboolean
take_long (gpointer user_data)
{
  g_usleep (2 * DEVBOX_MAIN_TURN_USEC);

  return G_SOURCE_CONTINUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const DevboxOutputPolicy policy = { .retention = DEVBOX_OUTPUT_KEEP_LAST, .limit = 1000 };

  fixture->context = g_main_context_new ();
  fixture->timer = g_timeout_source_new_seconds (3600);
  g_source_set_callback (fixture->timer, take_long, NULL, NULL);
  g_source_attach (fixture->timer, fixture->context);
  fixture->budget = devbox_output_budget_new (1024 * 1024);
  fixture->spill = devbox_output_spill_new (NULL, 1024 * 1024);
  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      DevboxCommandOutput *output = &fixture->outputs[i];
      int ends[2];

      g_assert_cmpint (pipe2 (ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
      fixture->writers[i] = ends[1];
      output->log = devbox_output_log_new (&policy, fixture->context, fixture->budget, fixture->spill);
      output->stream = DEVBOX_OUTPUT_STDOUT;
      devbox_command_output_open (output, ends[0], fixture->context, on_ended, NULL);
    }
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      devbox_command_output_close (&fixture->outputs[i]);
      devbox_output_log_unref (fixture->outputs[i].log);
      close (fixture->writers[i]);
    }
  devbox_clear_source (&fixture->timer);
  devbox_output_spill_unref (fixture->spill);
  devbox_output_budget_unref (fixture->budget);
  g_main_context_unref (fixture->context);
}

static void
write_to_all (Fixture *fixture)
{
  for (guint i = 0; i < N_OUTPUTS; i++)
    g_assert_cmpint (write (fixture->writers[i], "x\n", 2), >, 0);
}

/* How many outputs were read in one turn of the main loop; *which is the last of them. */
static guint
run_turn (Fixture *fixture, guint *which)
{
  guint n_read = 0;

  g_main_context_iteration (fixture->context, FALSE);
  for (guint i = 0; i < N_OUTPUTS; i++)
    {
      guint64 end = devbox_output_log_get_end_offset (fixture->outputs[i].log, DEVBOX_OUTPUT_STDOUT);

      if (end > fixture->was_read[i])
        {
          n_read++;
          *which = i;
        }
      fixture->was_read[i] = end;
    }

  return n_read;
}

/* Attaches the output's source anew, behind all others. */
static void
move_to_end (Fixture *fixture, guint which)
{
  devbox_command_output_pause (&fixture->outputs[which]);
  devbox_command_output_resume (&fixture->outputs[which], fixture->context);
}

static void
add_hog (Fixture *fixture)
{
  g_autoptr (GSource) hog = g_idle_source_new ();

  g_source_set_priority (hog, G_PRIORITY_DEFAULT);
  g_source_set_callback (hog, take_long, NULL, NULL);
  g_source_attach (hog, fixture->context);
}

static void
test_short_turn (Fixture *fixture, gconstpointer data)
{
  guint which;

  write_to_all (fixture);
  g_assert_cmpuint (run_turn (fixture, &which), ==, N_OUTPUTS);
}

/* A turn that has taken long already is not made longer, but nothing waits for ever. */
static void
test_long_turns (Fixture *fixture, gconstpointer data)
{
  guint n_turns = 0;
  guint which;

  add_hog (fixture);
  for (guint i = 0; i < N_OUTPUTS; i++)
    move_to_end (fixture, i);
  write_to_all (fixture);
  g_assert_cmpuint (run_turn (fixture, &which), ==, 0);
  while (run_turn (fixture, &which) == 0)
    g_assert_cmpuint (++n_turns, <, MANY_TURNS);
}

/* Whoever was read goes behind those that were not. */
static void
test_fair_turns (Fixture *fixture, gconstpointer data)
{
  guint which = N_OUTPUTS;

  add_hog (fixture);
  for (guint i = 1; i < N_OUTPUTS; i++)
    move_to_end (fixture, i);
  write_to_all (fixture);
  g_assert_cmpuint (run_turn (fixture, &which), ==, 1);
  g_assert_cmpuint (which, ==, 0);
  write_to_all (fixture);
  g_assert_cmpuint (run_turn (fixture, &which), ==, 0);
}

static void
add_test (const char *path, void (*func) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/command-pipe/short-turn", test_short_turn);
  add_test ("/command-pipe/long-turns", test_long_turns);
  add_test ("/command-pipe/fair-turns", test_fair_turns);

  return g_test_run ();
}
