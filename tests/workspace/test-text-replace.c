/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-text-replace-private.h"
#include "devbox-text-replacer-private.h"
#include "devbox-text-scanner-private.h"
#include "workspace-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE DEVBOX_TEXT_PIECE_SIZE

static GArray *
replace (WorkspaceFixture *fixture,
         const char *files,
         const char *from,
         const char *to,
         goffset max_size,
         GError **error)
{
  g_auto (GStrv) paths = g_strsplit (files, " ", -1);

  return devbox_text_replace (fixture->workspace, (const char *const *) paths, from, to, max_size, NULL, error);
}

/* "success 2, skipped, error" */
static char *
describe (GArray *results)
{
  static const char *const statuses[] = { "success", "skipped", "error" };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < results->len; i++)
    {
      DevboxTextReplaceResult *result = &g_array_index (results, DevboxTextReplaceResult, i);

      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", statuses[result->status]);
      if (result->n_replacements > 0)
        g_string_append_printf (text, " %" G_GUINT64_FORMAT, result->n_replacements);
      if (result->status == DEVBOX_TEXT_REPLACE_SUCCESS)
        g_assert_null (result->reason);
      if (result->status == DEVBOX_TEXT_REPLACE_ERROR)
        g_assert_nonnull (result->reason);
    }

  return g_string_free (text, FALSE);
}

static void
assert_replaces (WorkspaceFixture *fixture, const char *files, const char *from, const char *to, const char *expected)
{
  g_autoptr (GError) error = NULL;
  guint n_descriptors = count_descriptors ();
  g_autoptr (GArray) results = replace (fixture, files, from, to, -1, &error);
  g_autofree char *told = NULL;

  g_assert_no_error (error);
  told = describe (results);
  g_assert_cmpstr (told, ==, expected);
  /* A large file is closed in another thread. */
  for (guint i = 0; i < 5000 && count_descriptors () != n_descriptors; i++)
    g_usleep (1000);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

static void
assert_content (WorkspaceFixture *fixture, const char *path, const char *expected)
{
  g_autofree char *content = workspace_fixture_get (fixture, path, NULL);

  g_assert_cmpstr (content, ==, expected);
}

static void
test_simple (WorkspaceFixture *fixture, gconstpointer mode)
{
  workspace_fixture_make_folder (fixture, "a");
  workspace_fixture_put (fixture, "a/one", "red, red and redder");
  workspace_fixture_put (fixture, "two", "blue");
  workspace_fixture_put (fixture, "empty", "");

  assert_replaces (fixture, "a/one two missing a empty", "red", "green", "success 3, skipped, error, error, skipped");
  assert_content (fixture, "a/one", "green, green and greender");
  assert_content (fixture, "two", "blue");

  assert_replaces (fixture, "a/one", "green", "", "success 3");
  assert_content (fixture, "a/one", ",  and der");
  assert_replaces (fixture, "two two", "blue", "blueblue", "success 1, success 2");
  assert_content (fixture, "two", "blueblueblueblue");
  assert_replaces (fixture, "two", "blueblueblueblue", "", "success 1");
  assert_content (fixture, "two", "");
  /* From the left, without overlap. */
  workspace_fixture_put (fixture, "two", "aaaaa");
  assert_replaces (fixture, "two", "aa", "b", "success 2");
  assert_content (fixture, "two", "bba");
  workspace_fixture_put (fixture, "two", "一二三");
  assert_replaces (fixture, "two", "二", "两", "success 1");
  assert_content (fixture, "two", "一两三");
}

static void
test_not_text (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *late = g_strnfill (2 * PIECE + 10, 'a');
  g_autoptr (GArray) results = NULL;
  g_autofree char *content = NULL;
  g_autofree char *names = NULL;

  workspace_fixture_put (fixture, "latin-1", "red \xe9t\xe9");
  workspace_fixture_put (fixture, "cut", "red \xe4\xb8");
  /* What is no text only shows after the first occurrence. */
  memcpy (late, "red", 3);
  late[2 * PIECE + 1] = '\xff';
  workspace_fixture_put (fixture, "late", late);
  late[2 * PIECE + 1] = 'a';
  late[2 * PIECE + 9] = '\xc3';
  workspace_fixture_put (fixture, "late-cut", late);

  results = replace (fixture, "latin-1 cut late late-cut", "red", "green", -1, NULL);
  for (guint i = 0; i < 4; i++)
    {
      DevboxTextReplaceResult *result = &g_array_index (results, DevboxTextReplaceResult, i);

      g_assert_cmpint (result->status, ==, DEVBOX_TEXT_REPLACE_SKIPPED);
      g_assert_nonnull (result->reason);
    }
  assert_content (fixture, "latin-1", "red \xe9t\xe9");
  content = workspace_fixture_get (fixture, "late-cut", NULL);
  g_assert_cmpstr (content, ==, late);
  names = workspace_fixture_list (fixture);
  g_assert_cmpstr (names, ==, "cut late late-cut latin-1");
}

static void
test_keeps (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *file = g_build_filename (fixture->inside, "file", NULL);
  struct stat before, after, link;

  workspace_fixture_put (fixture, "file", "red");
  workspace_fixture_link (fixture, "file", "link");
  g_assert_cmpint (g_chmod (file, 0751), ==, 0);
  if (geteuid () == 0)
    g_assert_cmpint (chown (file, 12345, 12346), ==, 0);
  workspace_fixture_stat (fixture, "file", &before);

  assert_replaces (fixture, "link", "red", "green", "success 1");
  assert_content (fixture, "file", "green");
  workspace_fixture_stat (fixture, "file", &after);
  workspace_fixture_stat (fixture, "link", &link);
  g_assert_cmpuint (after.st_mode, ==, before.st_mode);
  g_assert_cmpuint (after.st_uid, ==, before.st_uid);
  g_assert_cmpuint (after.st_gid, ==, before.st_gid);
  g_assert_true (S_ISLNK (link.st_mode));
  /* A file that takes the place of the other, at once. */
  g_assert_cmpuint (after.st_ino, !=, before.st_ino);

  /* Nothing to replace: not even its time changes. */
  assert_replaces (fixture, "file", "red", "green", "skipped");
  workspace_fixture_stat (fixture, "file", &before);
  g_assert_cmpuint (after.st_ino, ==, before.st_ino);
  g_assert_cmpint (after.st_mtim.tv_nsec, ==, before.st_mtim.tv_nsec);
}

static void
test_too_large (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GArray) results = NULL;
  g_autofree char *told = NULL;

  workspace_fixture_put (fixture, "small", "1234 67890");
  workspace_fixture_put (fixture, "exact", "1234");
  workspace_fixture_put (fixture, "shrinks", "a long text, and 1234");
  results = replace (fixture, "small exact shrinks", "1234", "1234567890", 10, NULL);
  told = describe (results);
  g_assert_cmpstr (told, ==, "error, success 1, error");
  assert_content (fixture, "small", "1234 67890");
  assert_content (fixture, "exact", "1234567890");

  g_clear_pointer (&results, g_array_unref);
  results = replace (fixture, "shrinks", "a long text, and ", "", 10, NULL);
  g_assert_cmpint (g_array_index (results, DevboxTextReplaceResult, 0).status, ==, DEVBOX_TEXT_REPLACE_SUCCESS);
  assert_content (fixture, "shrinks", "1234");
}

static void
assert_fails (WorkspaceFixture *fixture, const char *files, const char *from, DevboxWireCode code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (replace (fixture, files, from, "x", -1, &error));
  assert_wire_error (error, code);
}

static void
test_failures (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *secret = g_build_filename (fixture->outside, "secret", NULL);
  g_autofree char *many = g_strnfill (DEVBOX_TEXT_REPLACE_MAX_FILES, ' ');
  g_autofree char *content = NULL;

  g_assert_true (g_file_set_contents (secret, "red", -1, NULL));
  workspace_fixture_put (fixture, "file", "red");
  workspace_fixture_link (fixture, "../outside/secret", "way-out");

  assert_fails (fixture, "file", "", DEVBOX_WIRE_VALIDATION_ERROR);
  assert_fails (fixture, many, "red", DEVBOX_WIRE_VALIDATION_ERROR);
  /* Nothing is changed when one of them lies outside. */
  assert_fails (fixture, "file ../outside/secret", "red", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_fails (fixture, "file way-out", "red", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_fails (fixture, "file /etc/passwd", "red", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_content (fixture, "file", "red");
  g_assert_true (g_file_get_contents (secret, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "red");
  /* But one that is not there is the affair of its own result. */
  assert_replaces (fixture, "missing file", "red", "green", "error, success 1");
  /* An empty path as well. */
  {
    const char *const paths[] = { "", NULL };
    g_autoptr (GArray) results = devbox_text_replace (fixture->workspace, paths, "a", "b", -1, NULL, NULL);

    /* Skipped, when the other one was that quick. */
    g_assert_cmpint (g_array_index (results, DevboxTextReplaceResult, 0).status, !=, DEVBOX_TEXT_REPLACE_SUCCESS);
  }
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  const char *const files[] = { "file", NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  workspace_fixture_put (fixture, "file", "red");
  g_cancellable_cancel (cancellable);
  g_assert_null (devbox_text_replace (fixture->workspace, files, "red", "green", -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_content (fixture, "file", "red");
}

/* Occurrences before, across and behind the places where pieces end, in a file of several. */
static void
test_pieces (WorkspaceFixture *fixture, gconstpointer mode)
{
  const gsize size = 3 * PIECE;

  for (gsize shift = 0; shift <= 7; shift++)
    {
      g_autofree char *content = g_strnfill (size, '.');
      g_autofree char *found = NULL;
      g_autofree char *expected = NULL;
      g_auto (GStrv) parts = NULL;

      for (gsize place = PIECE; place < size; place += PIECE)
        memcpy (content + place - shift, "needle", 6);
      memcpy (content, "needle", 6);
      memcpy (content + size - 6, "needle", 6);
      workspace_fixture_put (fixture, "file", content);

      assert_replaces (fixture, "file", "needle", "针", "success 4");
      parts = g_strsplit (content, "needle", -1);
      expected = g_strjoinv ("针", parts);
      found = workspace_fixture_get (fixture, "file", NULL);
      g_assert_cmpstr (found, ==, expected);
    }
}

typedef struct
{
  WorkspaceFixture *fixture;
  guint n_descriptors;
} OtherWriter;

/* As soon as the file is open, puts another in its place. */
static gpointer
write_meanwhile (gpointer user_data)
{
  OtherWriter *writer = user_data;
  g_autofree char *path = g_build_filename (writer->fixture->inside, "file", NULL);

  while (count_descriptors () <= writer->n_descriptors)
    g_usleep (100);
  g_assert_true (g_file_set_contents (path, "other", -1, NULL));

  return NULL;
}

/* What others write while a replacement is going on, which takes a good part of a second here, stays. */
static void
test_changed_meanwhile (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *large = g_strnfill (64 * PIECE, 'a');
  OtherWriter writer = { fixture, count_descriptors () };
  g_autoptr (GArray) results = NULL;
  g_autofree char *content = NULL;
  GThread *thread;

  workspace_fixture_put (fixture, "file", large);
  thread = g_thread_new ("writer", write_meanwhile, &writer);
  results = replace (fixture, "file", "a", "bbb", -1, NULL);
  g_thread_join (thread);

  /* Skipped, when the other one was that quick. */
  g_assert_cmpint (g_array_index (results, DevboxTextReplaceResult, 0).status, !=, DEVBOX_TEXT_REPLACE_SUCCESS);
  content = workspace_fixture_get (fixture, "file", NULL);
  g_assert_cmpuint (strlen (content), ==, strlen ("other"));
}

static goffset
get_peak_memory (void)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_SELF, &usage), ==, 0);

  return usage.ru_maxrss * (goffset) 1024;
}

/* A file of 64 MiB, in which everything is replaced by something longer. */
static void
test_memory (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *path = g_build_filename (fixture->inside, "file", NULL);
  g_autofree char *piece = g_strnfill (1024 * 1024, 'a');
  int fd = g_open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  struct stat status;
  goffset before;

  for (guint i = 0; i < 64; i++)
    g_assert_cmpint (write (fd, piece, 1024 * 1024), ==, 1024 * 1024);
  close (fd);

  before = get_peak_memory ();
  assert_replaces (fixture, "file", "aaaa", "bbbbb", "success 16777216");
  g_assert_cmpint (get_peak_memory () - before, <, 8 * 1024 * 1024);
  workspace_fixture_stat (fixture, "file", &status);
  g_assert_cmpint (status.st_size, ==, 80 * 1024 * 1024);
}

typedef struct
{
  GString *written;
  guint n_writes_left; /* until one fails */
} Sink;

static gboolean
write_to_sink (const guint8 *data, gsize size, gpointer user_data, GError **error)
{
  Sink *sink = user_data;

  if (sink->n_writes_left-- == 0)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DISK_FULL, "full");
      return FALSE;
    }
  g_string_append_len (sink->written, (const char *) data, size);

  return TRUE;
}

static void
test_replacer_write_error (void)
{
  for (guint n_writes = 0; n_writes < 4; n_writes++)
    {
      g_autoptr (GString) written = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      g_autofree char *text = g_strnfill (PIECE, 'a');
      Sink sink = { written, n_writes };
      g_autoptr (DevboxTextReplacer) replacer = devbox_text_replacer_new ("a", "bb", write_to_sink, &sink);
      gboolean done = TRUE;

      for (guint i = 0; i < 4 && done; i++)
        done = devbox_text_replacer_feed (replacer, (const guint8 *) text, PIECE, &error);
      g_assert_false (done && devbox_text_replacer_finish (replacer, &error));
      assert_wire_error (error, DEVBOX_WIRE_DISK_FULL);
      g_assert_cmpuint (written->len, ==, n_writes * PIECE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/workspace/text-replace/simple", test_simple, 4);
  workspace_test_add ("/workspace/text-replace/not-text", test_not_text, 4);
  workspace_test_add ("/workspace/text-replace/keeps", test_keeps, 2);
  workspace_test_add ("/workspace/text-replace/too-large", test_too_large, 1);
  workspace_test_add ("/workspace/text-replace/failures", test_failures, 2);
  workspace_test_add ("/workspace/text-replace/cancelled", test_cancelled, 1);
  workspace_test_add ("/workspace/text-replace/pieces", test_pieces, 1);
  workspace_test_add ("/workspace/text-replace/changed-meanwhile", test_changed_meanwhile, 1);
  workspace_test_add ("/workspace/text-replace/memory", test_memory, 1);
  g_test_add_func ("/workspace/text-replace/write-error", test_replacer_write_error);

  return g_test_run ();
}
