/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-search-private.h"
#include "devbox-text-check-private.h"
#include "devbox-text-finder-private.h"
#include "devbox-text-scanner-private.h"
#include "devbox-text-search-private.h"
#include "workspace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE DEVBOX_TEXT_PIECE_SIZE

/* The paths below the workspace. */
static char *
describe (WorkspaceFixture *fixture, DevboxFoundFiles *found)
{
  GString *text = g_string_new (NULL);
  g_autofree char *prefix = g_strconcat (fixture->inside, "/", NULL);

  for (guint i = 0; i < found->paths->len; i++)
    {
      const char *path = g_ptr_array_index (found->paths, i);

      g_assert_true (g_str_has_prefix (path, prefix));
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", path + strlen (prefix));
    }

  return g_string_free (text, FALSE);
}

static void
assert_names (WorkspaceFixture *fixture, const char *folder, const char *pattern, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxFoundFiles) found = devbox_file_search (fixture->workspace, folder, pattern, NULL, &error);
  g_autofree char *told = NULL;

  g_assert_no_error (error);
  g_assert_false (found->is_truncated);
  told = describe (fixture, found);
  g_assert_cmpstr (told, ==, expected);
}

static void
assert_texts (WorkspaceFixture *fixture, const char *folder, const char *keyword, const char *expected)
{
  for (guint max_reads = 0; max_reads < 4; max_reads++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxFoundFiles) found
          = devbox_text_search (fixture->workspace, folder, keyword, max_reads, NULL, &error);
      g_autofree char *told = NULL;

      g_assert_no_error (error);
      g_assert_false (found->is_truncated);
      told = describe (fixture, found);
      g_assert_cmpstr (told, ==, expected);
    }
}

static void
test_names (WorkspaceFixture *fixture, gconstpointer mode)
{
  workspace_fixture_make_folder (fixture, "src/Main");
  workspace_fixture_put (fixture, "src/Main/main.c", "");
  workspace_fixture_put (fixture, "src/MAIN.txt", "");
  workspace_fixture_put (fixture, "other", "");
  workspace_fixture_put (fixture, ".main", "");
  workspace_fixture_link (fixture, "src/MAIN.txt", "main-link");

  assert_names (fixture, ".", "main", ".main src/MAIN.txt src/Main/main.c");
  assert_names (fixture, "", "MaIn.", "src/MAIN.txt src/Main/main.c");
  assert_names (fixture, "src", "main", "src/MAIN.txt src/Main/main.c");
  assert_names (fixture, "./src//Main/", "main", "src/Main/main.c");
  assert_names (fixture, fixture->inside, "other", "other");
  assert_names (fixture, ".", "nothing", "");
  assert_names (fixture, ".", "*", "");
}

static void
test_unicode_names (WorkspaceFixture *fixture, gconstpointer mode)
{
  workspace_fixture_put (fixture, "ÄPFEL", "");
  workspace_fixture_put (fixture,
                         "Stra\xc3\x9f"
                         "e",
                         "");
  workspace_fixture_put (fixture, "caf\xc3\xa9", "");
  workspace_fixture_put (fixture, "Cafe\xcc\x81-2", "");
  workspace_fixture_put (fixture, "文件.txt", "");
  workspace_fixture_put (fixture, "bad\xff-byte", "");

  assert_names (fixture, ".", "äpfel", "ÄPFEL");
  assert_names (fixture, ".", "STRASSE", "Straße");
  /* One character, or a letter and its accent. */
  assert_names (fixture, ".", "CAF\xc3\x89", "Cafe\xcc\x81-2 caf\xc3\xa9");
  assert_names (fixture, ".", "cafe\xcc\x81", "Cafe\xcc\x81-2 caf\xc3\xa9");
  assert_names (fixture, ".", "件.T", "文件.txt");
  assert_names (fixture, ".", "-BYTE", "bad\xff-byte");
  /* The sign for kelvin. */
  assert_names (fixture, ".", "\xe2\x84\xaa", "");
  workspace_fixture_put (fixture, "Kelvin", "");
  assert_names (fixture, ".", "\xe2\x84\xaa", "Kelvin");
}

static void
test_left_out (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const char *const folders[]
      = { ".git", "node_modules", "src/target", "dist", "build", "venv", "vendor", "__pycache__", "out", "coverage" };
  g_autofree char *fifo = g_build_filename (fixture->inside, "needle-fifo", NULL);
  g_autofree char *outside = g_build_filename (fixture->outside, "needle", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *file = g_build_filename (folders[i], "needle", NULL);

      workspace_fixture_make_folder (fixture, folders[i]);
      workspace_fixture_put (fixture, file, "needle");
    }
  g_assert_true (g_file_set_contents (outside, "needle", -1, NULL));
  g_assert_cmpint (mkfifo (fifo, 0644), ==, 0);
  workspace_fixture_link (fixture, "../outside", "way-out");
  workspace_fixture_link (fixture, "../outside/needle", "needle-link");
  workspace_fixture_put (fixture, ".needle", "needle");
  workspace_fixture_put (fixture, ".devbox-tmp-needle12", "needle");
  workspace_fixture_put (fixture, "src/needle", "needle");

  assert_names (fixture, ".", "needle", ".needle src/needle");
  assert_texts (fixture, ".", "needle", ".needle src/needle");
  /* Who asks for such a folder means it. */
  assert_names (fixture, "node_modules", "needle", "node_modules/needle");
  assert_texts (fixture, ".git", "needle", ".git/needle");
}

static void
assert_fails (WorkspaceFixture *fixture, const char *folder, const char *text, DevboxWireCode code)
{
  g_autoptr (GError) name_error = NULL;
  g_autoptr (GError) text_error = NULL;
  guint n_descriptors = count_descriptors ();

  g_assert_null (devbox_file_search (fixture->workspace, folder, text, NULL, &name_error));
  assert_wire_error (name_error, code);
  g_assert_null (devbox_text_search (fixture->workspace, folder, text, 2, NULL, &text_error));
  assert_wire_error (text_error, code);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

static void
test_failures (WorkspaceFixture *fixture, gconstpointer mode)
{
  workspace_fixture_put (fixture, "file", "");
  workspace_fixture_link (fixture, "../outside", "way-out");

  assert_fails (fixture, ".", "", DEVBOX_WIRE_VALIDATION_ERROR);
  assert_fails (fixture, "file", "x", DEVBOX_WIRE_VALIDATION_ERROR);
  assert_fails (fixture, "missing", "x", DEVBOX_WIRE_FILE_NOT_FOUND);
  assert_fails (fixture, "..", "x", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_fails (fixture, "/etc", "x", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_fails (fixture, "way-out", "x", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
}

static void
put_bytes (WorkspaceFixture *fixture, const char *path, const char *bytes, gsize size)
{
  g_autofree char *full = g_build_filename (fixture->inside, path, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (full, bytes, size, &error);
  g_assert_no_error (error);
}

static void
test_texts (WorkspaceFixture *fixture, gconstpointer mode)
{
  workspace_fixture_make_folder (fixture, "a/b");
  workspace_fixture_put (fixture, "a/b/one", "first line\nsecond needle line\n");
  workspace_fixture_put (fixture, "a/two", "needle");
  workspace_fixture_put (fixture, "a/three", "Needle need le");
  workspace_fixture_put (fixture, "empty", "");
  workspace_fixture_put (fixture, "chinese", "这里有一根针，很小。");
  put_bytes (fixture, "binary", "needle\0needle", 13);
  put_bytes (fixture, "latin-1", "needle \xe9t\xe9", 10);
  put_bytes (fixture, "cut", "needle \xe4\xb8", 9);

  assert_texts (fixture, ".", "needle", "a/b/one a/two");
  assert_texts (fixture, "a/b", "needle", "a/b/one");
  assert_texts (fixture, ".", "line\nsecond", "a/b/one");
  assert_texts (fixture, ".", "一根针", "chinese");
  assert_texts (fixture, ".", "two kilometres away", "");
}

/* The keyword lies before, across and behind the places where pieces end. */
static void
test_pieces (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const char *const keywords[] = { "n", "needle", "针针", "aaaaaab" };
  const gsize size = 3 * PIECE + 1000;

  for (guint i = 0; i < G_N_ELEMENTS (keywords); i++)
    {
      gsize length = strlen (keywords[i]);

      for (gsize shift = 0; shift <= length + 1; shift++)
        {
          g_autofree char *content = g_malloc (size);

          memset (content, 'a', size);
          memcpy (content + 2 * PIECE - shift, keywords[i], length);
          put_bytes (fixture, "file", content, size);
          assert_texts (fixture, ".", keywords[i], "file");
        }
    }

  /* Pieces are looked at in turn, and none is left over. */
  {
    g_autofree char *content = g_malloc (size);

    memset (content, 'a', size);
    memcpy (content + size - 6, "needle", 6);
    put_bytes (fixture, "file", content, size);
    assert_texts (fixture, ".", "needle", "file");
    assert_texts (fixture, ".", "needlea", "");
    /* What is no text behind the first piece does not matter, but in it. */
    content[PIECE] = '\0';
    put_bytes (fixture, "file", content, size);
    assert_texts (fixture, ".", "needle", "file");
    content[PIECE - 1] = '\xff';
    put_bytes (fixture, "file", content, size);
    assert_texts (fixture, ".", "needle", "");
    /* A character that the end of the first piece cuts. */
    memcpy (content + PIECE - 1, "é", 2);
    put_bytes (fixture, "file", content, size);
    assert_texts (fixture, ".", "needle", "file");
  }
}

static void
test_long_keyword (WorkspaceFixture *fixture, gconstpointer mode)
{
  gsize size = 5 * PIECE;
  g_autofree char *content = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    content[i] = 'a' + (i * i / 7) % 26;
  content[size] = '\0';
  workspace_fixture_put (fixture, "file", content);

  assert_texts (fixture, ".", content + 2 * PIECE, "file");
  assert_texts (fixture, ".", content, "file");
  content[size - 1] = '!';
  assert_texts (fixture, ".", content, "");
}

static void
test_many (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *folder = g_strdup_printf ("%02u", i % 20);
      g_autofree char *path = g_strdup_printf ("%s/%03u", folder, i / 20);

      workspace_fixture_make_folder (fixture, folder);
      workspace_fixture_put (fixture, path, i / 20 % 3 == 0 ? "with a needle" : "without");
    }
  for (guint i = 0; i < 20; i++)
    {
      for (guint j = 0; j < 25; j += 3)
        g_string_append_printf (expected, "%s%02u/%03u", expected->len > 0 ? " " : "", i, j);
    }

  assert_texts (fixture, ".", "needle", expected->str);
}

/* What could not be opened is read in turn: no file is forgotten. */
static void
test_few_descriptors (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxFoundFiles) found = NULL;
  struct rlimit old_limit, limit;

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *path = g_strdup_printf ("%03u", i);

      workspace_fixture_put (fixture, path, "needle");
    }

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &old_limit), ==, 0);
  limit = old_limit;
  limit.rlim_cur = count_descriptors () + 10;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  found = devbox_text_search (fixture->workspace, ".", "needle", 1, NULL, &error);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &old_limit), ==, 0);

  g_assert_no_error (error);
  g_assert_cmpuint (found->paths->len, ==, 200);
  g_assert_false (found->is_truncated);
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) name_error = NULL;
  g_autoptr (GError) text_error = NULL;
  guint n_descriptors = count_descriptors ();

  workspace_fixture_put (fixture, "file", "needle");
  g_cancellable_cancel (cancellable);

  g_assert_null (devbox_file_search (fixture->workspace, ".", "file", cancellable, &name_error));
  g_assert_error (name_error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (devbox_text_search (fixture->workspace, ".", "needle", 3, cancellable, &text_error));
  g_assert_error (text_error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (20 * 1000);
  g_cancellable_cancel (cancellable);

  return NULL;
}

/* In the middle of a file that would take seconds. */
static void
test_cancelled_in_file (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->inside, "file", NULL);
  g_autoptr (GThread) thread = NULL;
  gint64 begin;

  /* Sparse but for its beginning, which is text. */
  workspace_fixture_put (fixture, "file", "");
  {
    g_autofree char *text = g_strnfill (PIECE, 'a');

    put_bytes (fixture, "file", text, PIECE);
  }
  g_assert_cmpint (truncate (path, G_GINT64_CONSTANT (1) << 40), ==, 0);

  begin = g_get_monotonic_time ();
  thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_assert_null (devbox_text_search (fixture->workspace, ".", "needle", 2, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
  g_thread_join (g_steal_pointer (&thread));
}

static void
test_truncated (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxFoundFiles) by_number = devbox_found_files_new ();
  g_autoptr (DevboxFoundFiles) by_size = devbox_found_files_new ();
  g_autofree char *long_path = g_strnfill (4000, 'a');
  gsize n_paths = 0;

  by_number->prefix = g_strdup ("/");
  by_size->prefix = g_strdup ("/");
  for (guint i = 0; i < DEVBOX_FOUND_FILES_MAX; i++)
    g_assert_true (devbox_found_files_add (by_number, "a"));
  g_assert_false (by_number->is_truncated);
  g_assert_false (devbox_found_files_add (by_number, "b"));
  g_assert_true (by_number->is_truncated);
  g_assert_cmpuint (by_number->paths->len, ==, DEVBOX_FOUND_FILES_MAX);

  while (devbox_found_files_add (by_size, long_path))
    n_paths++;
  g_assert_true (by_size->is_truncated);
  g_assert_cmpuint (n_paths, ==, 8 * 1024 * 1024 / (strlen (long_path) + 2));
}

static void
test_deep (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GString) path = g_string_new ("d");
  g_autoptr (DevboxFoundFiles) found = NULL;

  for (guint i = 0; i < 300; i++)
    g_string_append (path, "/d");
  workspace_fixture_make_folder (fixture, path->str);
  g_string_append (path, "/needle");
  workspace_fixture_put (fixture, path->str, "needle");

  found = devbox_text_search (fixture->workspace, ".", "needle", 1, NULL, NULL);
  g_assert_cmpuint (found->paths->len, ==, 1);
  g_assert_true (g_str_has_suffix (g_ptr_array_index (found->paths, 0), path->str));
  g_assert_false (found->is_truncated);
}

static void
test_finder (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  guint n_found = 0;

  for (guint i = 0; i < 200000; i++)
    {
      char text[8] = "";
      guint8 data[64];
      gsize size = g_rand_int_range (random, 0, sizeof data + 1);
      gsize length = g_rand_int_range (random, 1, sizeof text);
      DevboxTextFinder finder;
      const guint8 *found;

      for (gsize j = 0; j < length; j++)
        text[j] = "ab#"[g_rand_int_range (random, 0, 3)];
      for (gsize j = 0; j < size; j++)
        data[j] = "ab#"[g_rand_int_range (random, 0, 3)];

      devbox_text_finder_init (&finder, text);
      found = devbox_text_finder_find (&finder, data, size);
      g_assert_true (found == memmem (data, size, text, length));
      n_found += found != NULL;
    }
  g_assert_cmpuint (n_found, >, 10000);
}

/* Texts that defeat the search for a rare byte still take linear time. */
static void
test_finder_worst (void)
{
  const gsize size = 8 * 1024 * 1024;
  g_autofree guint8 *data = g_malloc (size);
  g_autofree char *text = g_strnfill (10000, 'a');
  DevboxTextFinder finder;
  gint64 begin = g_get_monotonic_time ();

  memset (data, 'a', size);
  text[0] = 'b';
  devbox_text_finder_init (&finder, text);
  g_assert_null (devbox_text_finder_find (&finder, data, size));

  text[0] = 'a';
  text[9999] = 'e';
  devbox_text_finder_init (&finder, text);
  g_assert_null (devbox_text_finder_find (&finder, data, size));
  text[5000] = 'e';
  text[9999] = 'a';
  devbox_text_finder_init (&finder, text);
  g_assert_null (devbox_text_finder_find (&finder, data, size));
  /* A quadratic search would need minutes. */
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 20 * G_USEC_PER_SEC);
}

/* Cut anywhere, text is what g_utf8_validate () takes for it. */
static void
test_check (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  static const char *const parts[] = { "a",
                                       "é",
                                       "中",
                                       "😀",
                                       "\xed\x9f\xbf",
                                       "\xef\xbf\xbf",
                                       "\xff",
                                       "\xc3",
                                       "\xe4\xb8",
                                       "\x80",
                                       "\xed\xa0\x80",
                                       "\xf0\x80\x80\x80",
                                       "\xf4\x90\x80\x80" };
  guint n_valid = 0;

  for (guint i = 0; i < 100000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      DevboxTextCheck check = { 0 };
      gboolean is_text = TRUE;
      gsize place = 0;

      /* Mostly well-formed. */
      for (guint n = g_rand_int_range (random, 0, 60); n > 0; n--)
        g_string_append (text, parts[g_rand_int_range (random, 0, 50) == 0 ? g_rand_int_range (random, 6, 13)
                                                                           : g_rand_int_range (random, 0, 6)]);
      if (g_rand_int_range (random, 0, 20) == 0)
        g_string_append_c (text, '\0');

      while (is_text && place < text->len)
        {
          gsize size = g_rand_int_range (random, 1, 40);

          size = MIN (size, text->len - place);
          is_text = devbox_text_check_feed (&check, (const guint8 *) text->str + place, size);
          place += size;
        }
      is_text = is_text && devbox_text_check_end (&check);
      g_assert_cmpint (is_text, ==, g_utf8_validate (text->str, text->len, NULL));
      n_valid += is_text;
    }
  g_assert_cmpuint (n_valid, >, 20000);
  g_assert_cmpuint (n_valid, <, 80000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/workspace/search/names", test_names, 2);
  workspace_test_add ("/workspace/search/unicode-names", test_unicode_names, 1);
  workspace_test_add ("/workspace/search/left-out", test_left_out, 2);
  workspace_test_add ("/workspace/search/failures", test_failures, 2);
  workspace_test_add ("/workspace/search/texts", test_texts, 1);
  workspace_test_add ("/workspace/search/pieces", test_pieces, 1);
  workspace_test_add ("/workspace/search/long-keyword", test_long_keyword, 1);
  workspace_test_add ("/workspace/search/many", test_many, 1);
  workspace_test_add ("/workspace/search/few-descriptors", test_few_descriptors, 1);
  workspace_test_add ("/workspace/search/cancelled", test_cancelled, 1);
  workspace_test_add ("/workspace/search/cancelled-in-file", test_cancelled_in_file, 1);
  workspace_test_add ("/workspace/search/truncated", test_truncated, 1);
  workspace_test_add ("/workspace/search/deep", test_deep, 1);
  g_test_add_func ("/workspace/search/finder", test_finder);
  g_test_add_func ("/workspace/search/finder-worst", test_finder_worst);
  g_test_add_func ("/workspace/search/check", test_check);

  return g_test_run ();
}
