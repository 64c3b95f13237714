/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "store-fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_KILLS 50
#define N_BOXES 40
#define IN_FLIGHT 5

/* The child: change i puts box i % N_BOXES with `created` i, and says "i" once it was told that it is on disk. */
typedef struct
{
  DevboxStore *store;
  guint n_begun;
  guint n_told;
} Writer;

static void put_next (Writer *writer);

static void
on_put (const GError *error, gpointer user_data)
{
  Writer *writer = user_data;

  if (error != NULL)
    g_error ("%s", error->message);
  printf ("%u\n", writer->n_told++);
  fflush (stdout);
  put_next (writer);
}

static void
put_next (Writer *writer)
{
  g_autoptr (DevboxBoxRecord) record = make_box (writer->n_begun % N_BOXES);

  record->created = writer->n_begun;
  g_free (record->startup_command);
  record->startup_command = g_strnfill (writer->n_begun % 9000, 'c');
  writer->n_begun++;
  devbox_store_put_box (writer->store, record, on_put, writer);
}

static void
write_until_killed (const char *folder)
{
  g_autoptr (GError) error = NULL;
  Writer writer = { devbox_store_new (folder, &error) };

  if (writer.store == NULL)
    g_error ("%s", error->message);
  for (guint i = 0; i < IN_FLIGHT; i++)
    put_next (&writer);
  for (;;)
    g_main_context_iteration (NULL, TRUE);
}

/* Returns how many changes were told before the end. */
static guint
run_and_kill (const char *program, const char *folder, guint delay_us)
{
  const char *arguments[] = { program, "--write", folder, NULL };
  g_autoptr (GError) error = NULL;
  guint n_told = 0, number;
  FILE *output;
  GPid pid;
  int fd;

  g_spawn_async_with_pipes (NULL, (char **) arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &fd,
                            NULL, &error);
  g_assert_no_error (error);
  g_usleep (delay_us);
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);

  output = fdopen (fd, "r");
  while (fscanf (output, "%u\n", &number) == 1)
    g_assert_cmpuint (number, ==, n_told++);
  fclose (output);

  return n_told;
}

/* There are the changes 0 to some n, which is no less than was told, and nothing in between is missing. */
static void
check_boxes (StoreFixture *fixture, guint n_told)
{
  g_autoptr (GPtrArray) records = load_boxes (fixture);
  guint n_done = 0;

  for (guint i = 0; i < records->len; i++)
    n_done = MAX (n_done, ((DevboxBoxRecord *) records->pdata[i])->created + 1);
  g_assert_cmpuint (n_done, >=, n_told);
  g_assert_cmpuint (n_done, <=, n_told + IN_FLIGHT);
  g_assert_cmpuint (records->len, ==, MIN (n_done, N_BOXES));

  for (guint i = 0; i < records->len; i++)
    {
      const DevboxBoxRecord *record = records->pdata[i];
      guint change = (n_done - 1 - i) / N_BOXES * N_BOXES + i;

      g_assert_cmpint (record->created, ==, change);
      g_assert_cmpuint (strlen (record->startup_command), ==, change % 9000);
      g_assert_cmpuint (g_ascii_strtoull (record->uid, NULL, 16), ==, i);
    }
}

static void
test_kill (StoreFixture *fixture, gconstpointer program)
{
  guint n_at_work = 0;

  for (guint i = 0; i < N_KILLS; i++)
    {
      guint n_told;

      store_fixture_close (fixture);
      n_told = run_and_kill (program, fixture->folder, g_test_rand_int_range (1000, 60000));
      store_fixture_open (fixture);
      check_boxes (fixture, n_told);
      n_at_work += n_told > 0;

      for (guint box = 0; box < N_BOXES; box++)
        {
          g_autoptr (DevboxBoxRecord) record = make_box (box);

          devbox_store_delete_box (fixture->store, record->uid, NULL, NULL);
        }
    }

  g_test_message ("%u of %u were killed at work", n_at_work, N_KILLS);
  g_assert_cmpuint (n_at_work, >, 0);
}

int
main (int argc, char *argv[])
{
  if (argc == 3 && strcmp (argv[1], "--write") == 0)
    write_until_killed (argv[2]);

  g_test_init (&argc, &argv, NULL);

  g_test_add ("/store-crash/kill", StoreFixture, argv[0], store_fixture_set_up, test_kill, store_fixture_tear_down);

  return g_test_run ();
}
