/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-output-log-private.h"
#include "process-test-util.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB (1024 * 1024)
#define BLOCK DEVBOX_OUTPUT_BLOCK_SIZE

typedef struct
{
  DevboxOutputBudget *budget;
  DevboxOutputSpill *spill;
  DevboxOutputLog *log;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->budget = devbox_output_budget_new (64 * MIB);
  fixture->spill = devbox_output_spill_new (NULL, 256 * MIB);
}

/* Whatever the log took, it gives back. */
static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->log, devbox_output_log_unref);
  devbox_output_budget_set_limit (fixture->budget, 1);
  g_assert_false (devbox_output_budget_is_spent (fixture->budget));
  g_assert_cmpuint (devbox_output_spill_get_size (fixture->spill), ==, 0);
  devbox_output_budget_unref (fixture->budget);
  devbox_output_spill_unref (fixture->spill);
}

static DevboxOutputLog *
open_log (Fixture *fixture, DevboxOutputRetention retention, gsize limit, guint max_lines)
{
  const DevboxOutputPolicy policy = { .retention = retention, .limit = limit, .max_lines = max_lines };

  g_clear_pointer (&fixture->log, devbox_output_log_unref);
  fixture->log = devbox_output_log_new (&policy, g_main_context_default (), fixture->budget, fixture->spill);

  return fixture->log;
}

static void
use_spill (Fixture *fixture, const char *folder, guint64 limit)
{
  devbox_output_spill_unref (fixture->spill);
  fixture->spill = devbox_output_spill_new (folder, limit);
}

static void
append (DevboxOutputLog *log, DevboxOutputStream stream, const char *text)
{
  devbox_output_log_append (log, stream, text, strlen (text));
}

/* What stands at each offset, told by the offset alone. */
static guint8
byte_at (guint64 offset)
{
  return (offset * 2654435761u) >> 13;
}

static void
append_pattern (DevboxOutputLog *log, DevboxOutputStream stream, gsize size, gsize piece)
{
  static guint8 buffer[256 * 1024];

  g_assert_cmpuint (piece, <=, sizeof buffer);
  while (size > 0)
    {
      guint64 offset = devbox_output_log_get_end_offset (log, stream);
      gsize n = MIN (piece, size);

      for (gsize i = 0; i < n; i++)
        buffer[i] = byte_at (offset + i);
      devbox_output_log_append (log, stream, buffer, n);
      size -= n;
    }
}

/* How much of [first, end) is as it was written. */
static guint64
check_pattern (DevboxOutputLog *log, DevboxOutputStream stream, gsize piece)
{
  g_autofree guint8 *buffer = g_malloc (piece);
  guint64 offset = devbox_output_log_get_first_offset (log, stream);
  guint64 begin = offset;
  gsize n;

  while ((n = devbox_output_log_read (log, stream, offset, buffer, piece)) > 0)
    {
      for (gsize i = 0; i < n; i++)
        g_assert_cmpuint (buffer[i], ==, byte_at (offset + i));
      offset += n;
    }

  g_assert_cmpuint (offset, ==, devbox_output_log_get_end_offset (log, stream));
  return offset - begin;
}

static void
assert_bytes (DevboxOutputLog *log, DevboxOutputStream stream, guint64 offset, const char *expected)
{
  char buffer[256];
  gsize n = devbox_output_log_read (log, stream, offset, buffer, sizeof buffer);

  g_assert_cmpmem (buffer, n, expected, strlen (expected));
}

static void
test_offsets (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_FIRST, 100, 0);
  char buffer[4];

  g_assert_cmpuint (devbox_output_log_read (log, DEVBOX_OUTPUT_STDOUT, 0, buffer, 4), ==, 0);
  append (log, DEVBOX_OUTPUT_STDOUT, "hello ");
  append (log, DEVBOX_OUTPUT_STDERR, "other");
  append (log, DEVBOX_OUTPUT_STDOUT, "world");
  append (log, DEVBOX_OUTPUT_STDOUT, "");

  g_assert_cmpuint (devbox_output_log_get_first_offset (log, DEVBOX_OUTPUT_STDOUT), ==, 0);
  g_assert_cmpuint (devbox_output_log_get_end_offset (log, DEVBOX_OUTPUT_STDOUT), ==, 11);
  g_assert_cmpuint (devbox_output_log_get_end_offset (log, DEVBOX_OUTPUT_SYSTEM), ==, 0);
  assert_bytes (log, DEVBOX_OUTPUT_STDOUT, 0, "hello world");
  assert_bytes (log, DEVBOX_OUTPUT_STDOUT, 6, "world");
  assert_bytes (log, DEVBOX_OUTPUT_STDOUT, 11, "");
  assert_bytes (log, DEVBOX_OUTPUT_STDOUT, G_MAXUINT64, "");
  assert_bytes (log, DEVBOX_OUTPUT_STDERR, 1, "ther");
  g_assert_cmpuint (devbox_output_log_read (log, DEVBOX_OUTPUT_STDOUT, 2, buffer, 4), ==, 4);
  g_assert_cmpmem (buffer, 4, "llo ", 4);

  g_assert_false (devbox_output_log_has_ended (log));
  devbox_output_log_end (log);
  devbox_output_log_end (log);
  append (log, DEVBOX_OUTPUT_STDOUT, "late");
  g_assert_true (devbox_output_log_has_ended (log));
  assert_bytes (log, DEVBOX_OUTPUT_STDOUT, 0, "hello world");
  g_assert_false (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDOUT));
  g_assert_cmpuint (devbox_output_log_get_first_line (log), ==, devbox_output_log_get_next_line (log));
}

static void
test_keep_first (Fixture *fixture, gconstpointer data)
{
  const gsize limit = 3 * MIB + 17;
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_FIRST, limit, 0);

  append_pattern (log, DEVBOX_OUTPUT_STDOUT, limit - 1, 100 * 1000);
  g_assert_false (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDOUT));
  append_pattern (log, DEVBOX_OUTPUT_STDOUT, 1, 1);
  g_assert_false (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDOUT));
  append (log, DEVBOX_OUTPUT_STDOUT, "x");
  append (log, DEVBOX_OUTPUT_STDOUT, "y");
  append (log, DEVBOX_OUTPUT_STDERR, "whole");

  g_assert_true (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDOUT));
  g_assert_false (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDERR));
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 10007), ==, limit);
  g_assert_cmpuint (devbox_output_log_get_memory (log), <=, MIB + BLOCK);
  g_assert_cmpuint (devbox_output_log_get_size_in_file (log), >=, 2 * MIB);
}

/* A hundred times what is kept, in pieces of odd sizes. */
static void
test_keep_last (Fixture *fixture, gconstpointer data)
{
  const gsize sizes[] = { 1, 4095, BLOCK, 65536, 256 * 1024 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      const gsize limit = sizes[i] == 1 ? 32 * 1024 : 2 * MIB;
      const gsize total = sizes[i] == 1 ? MIB : 20 * MIB;
      DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, limit, 0);

      append_pattern (log, DEVBOX_OUTPUT_STDOUT, total, sizes[i]);
      g_assert_cmpuint (devbox_output_log_get_end_offset (log, DEVBOX_OUTPUT_STDOUT), ==, total);
      g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 50000), >=, limit);
      g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 777), <=, limit + 2 * BLOCK);
      g_assert_true (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDOUT));
      assert_bytes (log, DEVBOX_OUTPUT_STDOUT, 0, "");
    }
}

static void
test_much_through_a_small_window (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, 8 * MIB, 10000);
  gsize before = test_get_resident (getpid ());

  append_pattern (log, DEVBOX_OUTPUT_STDOUT, 100 * MIB, 65536);

  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), >=, 8 * MIB);
  g_assert_cmpuint (devbox_output_log_get_memory (log), <=, 2 * MIB);
  g_assert_cmpuint (devbox_output_spill_get_size (fixture->spill), <=, 8 * MIB);
  test_assert_growth (before, 8 * 1024);
}

/* Without a file, and with one that is full, the window alone is kept, or the beginning as far as memory goes. */
static void
test_no_room_in_file (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      DevboxOutputLog *log;
      guint64 kept;

      if (i == 0)
        use_spill (fixture, "/nonexistent", 256 * MIB);
      else
        devbox_output_spill_set_limit (fixture->spill, 100 * 1024);

      log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, 16 * MIB, 0);
      append_pattern (log, DEVBOX_OUTPUT_STDOUT, 5 * MIB, 4000);
      kept = check_pattern (log, DEVBOX_OUTPUT_STDOUT, 4000);
      g_assert_cmpuint (kept, >=, MIB - BLOCK);
      g_assert_cmpuint (kept, <=, MIB + 100 * 1024 + BLOCK);
      g_assert_true (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDOUT));

      log = open_log (fixture, DEVBOX_OUTPUT_KEEP_FIRST, 16 * MIB, 0);
      append_pattern (log, DEVBOX_OUTPUT_STDOUT, 5 * MIB, 4000);
      g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 4000), ==, 5 * MIB);

      devbox_output_log_end (log);
      g_assert_false (devbox_output_log_spill (log));
      g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 4000), ==, 5 * MIB);
      use_spill (fixture, NULL, 256 * MIB);
      g_clear_pointer (&fixture->log, devbox_output_log_unref);
    }
}

/* The disk is full in the middle of a block: what is written is not believed. */
static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, 16 * MIB, 0);
  struct rlimit before;
  struct rlimit small;

  getrlimit (RLIMIT_FSIZE, &before);
  small = (struct rlimit){ .rlim_cur = 10 * BLOCK + 100, .rlim_max = before.rlim_max };
  signal (SIGXFSZ, SIG_IGN);
  setrlimit (RLIMIT_FSIZE, &small);
  append_pattern (log, DEVBOX_OUTPUT_STDOUT, 3 * MIB, 65536);
  setrlimit (RLIMIT_FSIZE, &before);

  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), >=, MIB - BLOCK);
  g_assert_cmpuint (devbox_output_spill_get_size (fixture->spill), <=, 10 * BLOCK);

  /* Once there is room again, all goes on. */
  append_pattern (log, DEVBOX_OUTPUT_STDOUT, 3 * MIB, 65536);
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), >=, 4 * MIB - BLOCK);
}

/* The file lost its content: a gap, and the rest is there. */
static void
test_disk_fails (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("devbox-test-XXXXXX", NULL);
  DevboxOutputLog *log;
  g_autoptr (GDir) descriptors = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  use_spill (fixture, folder, 16 * MIB);
  log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, 16 * MIB, 10000);
  append_pattern (log, DEVBOX_OUTPUT_STDOUT, 3 * MIB, 65536);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  while ((name = g_dir_read_name (descriptors)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      if (target == NULL || !g_str_has_prefix (target, folder))
        continue;
      g_assert_cmpint (ftruncate (atoi (name), 0), ==, 0);
      n++;
    }
  g_assert_cmpuint (n, ==, 1);

  while (devbox_output_log_get_first_offset (log, DEVBOX_OUTPUT_STDOUT) < 2 * MIB)
    {
      guint64 first = devbox_output_log_get_first_offset (log, DEVBOX_OUTPUT_STDOUT);

      assert_bytes (log, DEVBOX_OUTPUT_STDOUT, first, "");
      g_assert_cmpuint (devbox_output_log_get_first_offset (log, DEVBOX_OUTPUT_STDOUT), >, first);
    }
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), ==, MIB);
}

static void
test_budget (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log;

  /* What others took goes to the file all the sooner. */
  devbox_output_budget_set_limit (fixture->budget, 1);
  log = open_log (fixture, DEVBOX_OUTPUT_KEEP_FIRST, 16 * MIB, 0);
  append_pattern (log, DEVBOX_OUTPUT_STDOUT, 2 * MIB, 4096);
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), ==, 2 * MIB);
  g_assert_cmpuint (devbox_output_log_get_memory (log), ==, BLOCK);

  /* Without one, each stream keeps a block. */
  devbox_output_spill_set_limit (fixture->spill, 0);
  log = open_log (fixture, DEVBOX_OUTPUT_KEEP_FIRST, 16 * MIB, 0);
  append_pattern (log, DEVBOX_OUTPUT_STDOUT, MIB, 4096);
  append (log, DEVBOX_OUTPUT_STDERR, "little");
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), ==, BLOCK);
  g_assert_true (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDOUT));
  assert_bytes (log, DEVBOX_OUTPUT_STDERR, 0, "little");
  g_assert_false (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDERR));

  /* What was cut off stays so: there are no holes in the middle. */
  devbox_output_budget_set_limit (fixture->budget, 64 * MIB);
  append_pattern (log, DEVBOX_OUTPUT_STDOUT, MIB, 4096);
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), ==, BLOCK);

  devbox_output_budget_set_limit (fixture->budget, 1);
  log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, 16 * MIB, 0);
  append_pattern (log, DEVBOX_OUTPUT_STDOUT, MIB + 5000, 4096);
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), ==, 5000);
}

static void
test_spill_all_and_discard (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_FIRST, 16 * MIB, 100);

  append_pattern (log, DEVBOX_OUTPUT_STDOUT, 3 * MIB + 1234, 65536);
  append (log, DEVBOX_OUTPUT_STDERR, "a\nb\n");
  devbox_output_log_end (log);
  g_assert_true (devbox_output_log_spill (log));
  g_assert_cmpuint (devbox_output_log_get_size_in_file (log), ==, 3 * MIB + 1234 + 4);
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), ==, 3 * MIB + 1234);
  assert_bytes (log, DEVBOX_OUTPUT_STDERR, 0, "a\nb\n");

  devbox_output_log_hold (log);
  devbox_output_log_discard (log);
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), ==, 3 * MIB + 1234);
  devbox_output_log_release (log);
  g_assert_cmpuint (check_pattern (log, DEVBOX_OUTPUT_STDOUT, 65536), ==, 0);
  g_assert_cmpuint (devbox_output_log_get_first_offset (log, DEVBOX_OUTPUT_STDOUT), ==, 3 * MIB + 1234);
  g_assert_true (devbox_output_log_is_truncated (log, DEVBOX_OUTPUT_STDERR));
  g_assert_cmpuint (devbox_output_log_get_memory (log), ==, 0);
  g_assert_cmpuint (devbox_output_log_get_size_in_file (log), ==, 0);
  g_assert_cmpuint (devbox_output_log_get_first_line (log), ==, devbox_output_log_get_next_line (log));
}

/* Many logs that share a file, written and freed in no order. */
static void
test_shared_file (Fixture *fixture, gconstpointer data)
{
  const DevboxOutputPolicy policies[] = {
    { .retention = DEVBOX_OUTPUT_KEEP_LAST, .limit = 100 * 1000 },
    { .retention = DEVBOX_OUTPUT_KEEP_FIRST, .limit = 400 * 1000 },
  };
  DevboxOutputLog *logs[16] = { NULL };
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  devbox_output_budget_set_limit (fixture->budget, 1);
  for (guint i = 0; i < 3000; i++)
    {
      guint which = g_rand_int_range (random, 0, G_N_ELEMENTS (logs));

      if (logs[which] == NULL)
        logs[which]
            = devbox_output_log_new (&policies[which % 2], g_main_context_default (), fixture->budget, fixture->spill);
      append_pattern (logs[which], g_rand_int_range (random, 0, 2), g_rand_int_range (random, 1, 50000), 20000);
      if (g_rand_int_range (random, 0, 30) > 0)
        continue;

      check_pattern (logs[which], DEVBOX_OUTPUT_STDOUT, 10000);
      check_pattern (logs[which], DEVBOX_OUTPUT_STDERR, 10000);
      g_clear_pointer (&logs[which], devbox_output_log_unref);
    }

  for (guint i = 0; i < G_N_ELEMENTS (logs); i++)
    g_clear_pointer (&logs[i], devbox_output_log_unref);
}

static void
assert_line (DevboxOutputLog *log, guint64 sequence, DevboxOutputStream stream, const char *expected)
{
  g_autoptr (GString) text = g_string_new ("before");
  DevboxOutputLine line;

  g_assert_true (devbox_output_log_read_line (log, sequence, &line, text));
  g_assert_cmpuint (line.sequence, ==, sequence);
  g_assert_cmpint (line.stream, ==, stream);
  g_assert_cmpuint (line.size, ==, text->len);
  g_assert_cmpint (ABS (g_get_real_time () - line.time), <, 60 * G_USEC_PER_SEC);
  if (expected != NULL)
    g_assert_cmpmem (text->str, text->len, expected, strlen (expected));
}

static void
test_lines (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, MIB, 100);
  DevboxOutputLine line;

  g_assert_cmpuint (devbox_output_log_get_first_line (log), ==, 1);
  g_assert_cmpuint (devbox_output_log_get_next_line (log), ==, 1);
  append (log, DEVBOX_OUTPUT_STDOUT, "one\ntwo\nthr");
  append (log, DEVBOX_OUTPUT_STDERR, "error\n\npart");
  g_assert_cmpuint (devbox_output_log_get_next_line (log), ==, 5);
  append (log, DEVBOX_OUTPUT_SYSTEM, "note\n");
  append (log, DEVBOX_OUTPUT_STDOUT, "ee\n");
  append (log, DEVBOX_OUTPUT_STDOUT, "four\nrest");

  for (guint i = 0; i < 2; i++)
    {
      assert_line (log, 1, DEVBOX_OUTPUT_STDOUT, "one\n");
      assert_line (log, 7, DEVBOX_OUTPUT_STDOUT, "four\n");
      assert_line (log, 2, DEVBOX_OUTPUT_STDOUT, "two\n");
      assert_line (log, 3, DEVBOX_OUTPUT_STDERR, "error\n");
      assert_line (log, 4, DEVBOX_OUTPUT_STDERR, "\n");
      assert_line (log, 5, DEVBOX_OUTPUT_SYSTEM, "note\n");
      assert_line (log, 6, DEVBOX_OUTPUT_STDOUT, "three\n");
    }
  g_assert_true (devbox_output_log_read_line (log, 6, &line, NULL));
  g_assert_cmpuint (line.offset, ==, 8);
  g_assert_cmpuint (line.size, ==, 6);
  g_assert_false (devbox_output_log_read_line (log, 0, &line, NULL));
  g_assert_false (devbox_output_log_read_line (log, 8, &line, NULL));

  devbox_output_log_end (log);
  g_assert_cmpuint (devbox_output_log_get_next_line (log), ==, 10);
  assert_line (log, 8, DEVBOX_OUTPUT_STDOUT, "rest");
  assert_line (log, 9, DEVBOX_OUTPUT_STDERR, "part");
}

/* The same text, cut anywhere, is the same lines. */
static void
test_lines_cut_anywhere (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("a\n\nbb\n");
  g_autoptr (GString) line_text = g_string_new (NULL);
  const gsize pieces[] = { 1, 2, 3, 7, 4096, 65535, 65536, 65537, 1000000 };

  for (guint i = 0; i < 65536 * 2 + 3; i++)
    g_string_append_c (text, 'l');
  g_string_append (text, "\n");
  for (guint i = 0; i < 65535; i++)
    g_string_append_c (text, 'm');
  g_string_append (text, "\nend\nrest");

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      const gsize expected[] = { 2, 1, 3, 65536, 65536, 4, 65536, 4, 4 };
      DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, MIB, 100);
      DevboxOutputLine line;
      guint64 offset = 0;

      for (gsize done = 0; done < text->len; done += pieces[i])
        devbox_output_log_append (log, DEVBOX_OUTPUT_STDOUT, text->str + done, MIN (pieces[i], text->len - done));
      devbox_output_log_end (log);

      g_assert_cmpuint (devbox_output_log_get_next_line (log), ==, 1 + G_N_ELEMENTS (expected));
      for (guint j = 0; j < G_N_ELEMENTS (expected); j++)
        {
          g_assert_true (devbox_output_log_read_line (log, 1 + j, &line, line_text));
          g_assert_cmpuint (line.size, ==, expected[j]);
          g_assert_cmpuint (line.offset, ==, offset);
          g_assert_cmpmem (line_text->str, line_text->len, text->str + offset, expected[j]);
          offset += expected[j];
        }
      g_assert_cmpuint (offset, ==, text->len);
    }
}

/* Of many lines the last are kept, and their numbers go on. */
static void
test_many_lines (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, 8 * MIB, 1000);
  g_autoptr (GString) text = g_string_new (NULL);
  DevboxOutputLine line;

  for (guint i = 1; i <= 50000; i++)
    {
      g_string_append_printf (text, "line %u\n", i);
      if (text->len < 5000 && i < 50000)
        continue;
      devbox_output_log_append (log, DEVBOX_OUTPUT_STDOUT, text->str, text->len);
      g_string_truncate (text, 0);
    }

  g_assert_cmpuint (devbox_output_log_get_next_line (log), ==, 50001);
  g_assert_cmpuint (devbox_output_log_get_first_line (log), ==, 49001);
  g_assert_false (devbox_output_log_read_line (log, 49000, &line, NULL));
  for (guint i = 49001; i <= 50000; i++)
    {
      g_autofree char *expected = g_strdup_printf ("line %u\n", i);

      assert_line (log, i, DEVBOX_OUTPUT_STDOUT, expected);
    }
  g_assert_cmpuint (devbox_output_log_get_memory (log), <, 2 * MIB);
}

/* Lines whose bytes are gone are gone, those of the other stream from before with them; the rest is whole. */
static void
test_lines_with_gap (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, 64 * 1024, 100000);
  guint64 first;
  DevboxOutputLine line;
  g_autoptr (GString) text = g_string_new (NULL);

  append (log, DEVBOX_OUTPUT_STDERR, "early\n");
  for (guint i = 0; i < 50000; i++)
    append (log, DEVBOX_OUTPUT_STDOUT, "0123456\n");
  append (log, DEVBOX_OUTPUT_STDERR, "late\n");

  first = devbox_output_log_get_first_line (log);
  g_assert_cmpuint (first, >, 30000);
  g_assert_cmpuint (devbox_output_log_get_next_line (log), ==, 50003);
  for (guint64 i = first; i <= 50001; i++)
    {
      g_assert_true (devbox_output_log_read_line (log, i, &line, text));
      g_assert_cmpstr (text->str, ==, "0123456\n");
    }
  assert_line (log, 50002, DEVBOX_OUTPUT_STDERR, "late\n");
}

/* What was dropped for lack of room is no part of a line. */
static void
test_lines_keep_first (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_FIRST, 10, 100);

  append (log, DEVBOX_OUTPUT_STDOUT, "one\ntwo\nthree\nfour\n");
  append (log, DEVBOX_OUTPUT_STDOUT, "five\n");
  devbox_output_log_end (log);
  g_assert_cmpuint (devbox_output_log_get_next_line (log), ==, 4);
  assert_line (log, 3, DEVBOX_OUTPUT_STDOUT, "th");
}

typedef struct
{
  DevboxOutputReader *reader;
  guint64 offset;
  guint64 n_missed;
  guint n_told;
  gsize piece;
  gboolean ended;
} Follower;

static void
follow (DevboxOutputLog *log, gpointer user_data)
{
  Follower *self = user_data;
  guint64 first = devbox_output_log_get_first_offset (log, DEVBOX_OUTPUT_STDOUT);
  g_autofree guint8 *buffer = g_malloc (self->piece);
  gsize n;

  self->n_told++;
  if (self->offset < first)
    {
      self->n_missed += first - self->offset;
      self->offset = first;
    }

  n = devbox_output_log_read (log, DEVBOX_OUTPUT_STDOUT, self->offset, buffer, self->piece);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpuint (buffer[i], ==, byte_at (self->offset + i));
  self->offset += n;
  self->ended = devbox_output_log_has_ended (log);
}

static void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_readers_of_different_speed (Fixture *fixture, gconstpointer data)
{
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, 512 * 1024, 0);
  Follower fast = { .piece = MIB };
  Follower slow = { .piece = 10000 };

  fast.reader = devbox_output_log_add_reader (log, follow, &fast);
  slow.reader = devbox_output_log_add_reader (log, follow, &slow);
  iterate ();
  g_assert_cmpuint (fast.n_told, ==, 0);

  for (guint i = 0; i < 100; i++)
    {
      append_pattern (log, DEVBOX_OUTPUT_STDOUT, 50 * 1000, 1000);
      append (log, DEVBOX_OUTPUT_STDERR, "x");
      iterate ();
    }
  g_assert_cmpuint (fast.n_told, ==, 100);
  g_assert_cmpuint (fast.offset, ==, 5 * 1000 * 1000);
  g_assert_cmpuint (fast.n_missed, ==, 0);
  g_assert_cmpuint (slow.n_told, ==, 100);
  g_assert_cmpuint (slow.n_missed, >, 0);
  g_assert_cmpuint (slow.offset - slow.n_missed, ==, 100 * 10000);
  g_assert_false (fast.ended);

  devbox_output_log_end (log);
  iterate ();
  g_assert_cmpuint (fast.n_told, ==, 101);
  g_assert_true (fast.ended && slow.ended);
  devbox_output_log_remove_reader (log, fast.reader);
  devbox_output_log_remove_reader (log, slow.reader);
}

typedef struct
{
  DevboxOutputReader *readers[4];
  guint n_told[4];
  DevboxOutputLog *log;
} Gang;

static void
count_last (DevboxOutputLog *log, gpointer user_data)
{
  ((Gang *) user_data)->n_told[3]++;
}

static void
count_third (DevboxOutputLog *log, gpointer user_data)
{
  ((Gang *) user_data)->n_told[2]++;
}

static void
count_second (DevboxOutputLog *log, gpointer user_data)
{
  ((Gang *) user_data)->n_told[1]++;
}

/* Removes itself and another, adds one, appends, and lets go of the log. */
static void
turn_everything_over (DevboxOutputLog *log, gpointer user_data)
{
  Gang *gang = user_data;

  gang->n_told[0]++;
  devbox_output_log_remove_reader (log, gang->readers[0]);
  devbox_output_log_remove_reader (log, gang->readers[2]);
  gang->readers[3] = devbox_output_log_add_reader (log, count_last, gang);
  append (log, DEVBOX_OUTPUT_STDOUT, "more");
}

static void
leave (DevboxOutputLog *log, gpointer user_data)
{
  Gang *gang = user_data;

  devbox_output_log_remove_reader (log, gang->readers[0]);
  gang->n_told[0]++;
  g_clear_pointer (&gang->log, devbox_output_log_unref);
}

static void
test_readers_that_change (Fixture *fixture, gconstpointer data)
{
  const DevboxOutputPolicy policy = { .limit = 100 };
  DevboxOutputLog *log = open_log (fixture, DEVBOX_OUTPUT_KEEP_LAST, MIB, 0);
  Gang gang = { { NULL } };

  gang.readers[0] = devbox_output_log_add_reader (log, turn_everything_over, &gang);
  gang.readers[1] = devbox_output_log_add_reader (log, count_second, &gang);
  gang.readers[2] = devbox_output_log_add_reader (log, count_third, &gang);
  append (log, DEVBOX_OUTPUT_STDOUT, "some");
  iterate ();
  g_assert_cmpuint (gang.n_told[0], ==, 1);
  g_assert_cmpuint (gang.n_told[1], ==, 2);
  g_assert_cmpuint (gang.n_told[2], ==, 0);
  g_assert_cmpuint (gang.n_told[3], ==, 1);
  devbox_output_log_remove_reader (log, gang.readers[1]);
  devbox_output_log_remove_reader (log, gang.readers[3]);

  gang = (Gang){ .log = devbox_output_log_new (&policy, g_main_context_default (), fixture->budget, fixture->spill) };
  gang.readers[0] = devbox_output_log_add_reader (gang.log, leave, &gang);
  append (gang.log, DEVBOX_OUTPUT_STDOUT, "some");
  iterate ();
  g_assert_cmpuint (gang.n_told[0], ==, 1);
  g_assert_null (gang.log);

  /* One that goes before it is told. */
  gang.log = devbox_output_log_new (&policy, g_main_context_default (), fixture->budget, fixture->spill);
  gang.readers[0] = devbox_output_log_add_reader (gang.log, leave, &gang);
  append (gang.log, DEVBOX_OUTPUT_STDOUT, "some");
  devbox_output_log_remove_reader (gang.log, gang.readers[0]);
  devbox_output_log_unref (gang.log);
  iterate ();
  g_assert_cmpuint (gang.n_told[0], ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/output-log/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("offsets", test_offsets);
  ADD ("keep-first", test_keep_first);
  ADD ("keep-last", test_keep_last);
  ADD ("much-through-a-small-window", test_much_through_a_small_window);
  ADD ("no-room-in-file", test_no_room_in_file);
  ADD ("disk-full", test_disk_full);
  ADD ("disk-fails", test_disk_fails);
  ADD ("budget", test_budget);
  ADD ("spill-all-and-discard", test_spill_all_and_discard);
  ADD ("shared-file", test_shared_file);
  ADD ("lines", test_lines);
  ADD ("lines-cut-anywhere", test_lines_cut_anywhere);
  ADD ("many-lines", test_many_lines);
  ADD ("lines-with-gap", test_lines_with_gap);
  ADD ("lines-keep-first", test_lines_keep_first);
  ADD ("readers-of-different-speed", test_readers_of_different_speed);
  ADD ("readers-that-change", test_readers_that_change);
#undef ADD

  return g_test_run ();
}
