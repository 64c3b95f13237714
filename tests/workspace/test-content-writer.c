/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-content-writer-private.h"
#include "workspace-fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef enum
{
  STEP_PATH,
  STEP_CONTENT,
  STEP_ENCODING,
  N_STEPS,
} Step;

static const Step orders[][N_STEPS] = {
  { STEP_PATH, STEP_CONTENT, STEP_ENCODING }, { STEP_PATH, STEP_ENCODING, STEP_CONTENT },
  { STEP_CONTENT, STEP_PATH, STEP_ENCODING }, { STEP_CONTENT, STEP_ENCODING, STEP_PATH },
  { STEP_ENCODING, STEP_PATH, STEP_CONTENT }, { STEP_ENCODING, STEP_CONTENT, STEP_PATH },
};

static gboolean
write_in_pieces (DevboxContentWriter *writer, const char *text, gsize size, gsize max_piece, GError **error)
{
  while (size > 0)
    {
      gsize n = g_test_rand_int_range (1, max_piece + 1);

      n = MIN (n, size);
      if (!devbox_content_writer_write (writer, text, n, error))
        return FALSE;
      text += n;
      size -= n;
    }

  return TRUE;
}

static gboolean
write_all (DevboxContentWriter *writer,
           const Step *order,
           DevboxContentEncoding encoding,
           const char *text,
           gsize size,
           gsize max_piece,
           GError **error)
{
  for (guint i = 0; i < N_STEPS; i++)
    {
      switch (order[i])
        {
        case STEP_PATH:
          if (!devbox_content_writer_set_path (writer, "file", error))
            return FALSE;
          break;
        case STEP_CONTENT:
          if (!write_in_pieces (writer, text, size, max_piece, error))
            return FALSE;
          break;
        case STEP_ENCODING:
        default:
          if (encoding != DEVBOX_CONTENT_UNKNOWN && !devbox_content_writer_set_encoding (writer, encoding, error))
            return FALSE;
          break;
        }
    }

  return devbox_content_writer_commit (writer, -1, error);
}

/* In every order: gives the expected file, or (NULL) the error. */
static void
check (WorkspaceFixture *fixture,
       DevboxContentEncoding encoding,
       const char *text,
       gsize size,
       const void *expected,
       gsize expected_size,
       gsize max_piece)
{
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_autoptr (DevboxContentWriter) writer = devbox_content_writer_new (fixture->workspace, -1);
      g_autoptr (GError) error = NULL;
      g_autofree char *content = NULL;
      gboolean done = write_all (writer, orders[i], encoding, text, size, max_piece, &error);
      gsize content_size;

      if (expected == NULL)
        {
          g_assert_false (done);
          assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
          continue;
        }
      g_assert_no_error (error);
      g_assert_true (done);
      g_assert_cmpint (devbox_content_writer_get_size (writer), ==, expected_size);
      content = workspace_fixture_get (fixture, "file", &content_size);
      g_assert_true (content_size == expected_size && memcmp (content, expected, content_size) == 0);
    }
}

/* The text as utf8, with and without saying so, and as base64 when GLib's decoder and encoder agree on it. */
static void
check_text (WorkspaceFixture *fixture, const char *text, gsize size, gsize max_piece)
{
  g_autofree char *terminated = g_strndup (text, size);
  gsize decoded_size;
  g_autofree guchar *decoded = g_base64_decode (terminated, &decoded_size);
  g_autofree char *encoded = g_base64_encode (decoded, decoded_size);
  gboolean canonical = strlen (encoded) == size && memcmp (encoded, text, size) == 0;

  check (fixture, DEVBOX_CONTENT_UNKNOWN, text, size, text, size, max_piece);
  check (fixture, DEVBOX_CONTENT_UTF8, text, size, text, size, max_piece);
  check (fixture, DEVBOX_CONTENT_BASE64, text, size, canonical ? decoded : NULL, decoded_size, max_piece);
}

static void
test_texts (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const char *const texts[] = {
    "",          "a",       "ab",      "abc",          "abcd",
    "abcde",     "abc=",    "abc==",   "ab==",         "ab=",
    "ab=c",      "ab==cd",  "YQ==",    "YR==",         "YWI=",
    "YWJ=",      "YWI",     "YQ",      "====",         "=",
    "a=b=",      "YQ==YQ",  "YQ==\n",  "YWJj\n",       " YWJj",
    "YWJj YWJj", "YWJjYWI", "YW-_",    "YWJj\xc3\xa4", "hello, world\n",
    "YWJj=",     "YWI==",   "YWJjYQ=", "\xc3\xa4",     "#!/bin/sh\necho hello\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      for (gsize max_piece = 1; max_piece <= 16; max_piece *= 4)
        check_text (fixture, texts[i], strlen (texts[i]), max_piece);
    }
}

static char *
make_text (gsize n_bytes, gsize *size)
{
  g_autofree guint8 *bytes = g_malloc (n_bytes + sizeof (guint32));
  char *text;

  for (gsize i = 0; i < n_bytes; i += sizeof (guint32))
    {
      guint32 word = g_test_rand_int ();

      memcpy (bytes + i, &word, sizeof word);
    }
  text = g_base64_encode (bytes, n_bytes);
  *size = strlen (text);

  return text;
}

/* Base64 of so many bytes; then cut short, or followed by something else so that the speculation fails at the end. */
static void
check_size (WorkspaceFixture *fixture, gsize n_bytes, gsize max_piece)
{
  gsize size;
  g_autofree char *text = make_text (n_bytes, &size);
  g_autofree char *longer = g_strconcat (text, "!", NULL);

  check_text (fixture, text, size, max_piece);
  check_text (fixture, text, size - MIN (size, 1), max_piece);
  check_text (fixture, text, size - MIN (size, 2), max_piece);
  check_text (fixture, longer, size + 1, max_piece);
}

static void
test_small_sizes (WorkspaceFixture *fixture, gconstpointer mode)
{
  for (gsize n_bytes = 0; n_bytes <= 17; n_bytes++)
    check_size (fixture, n_bytes, 5);
}

/* Around the sizes of the buffer, of what it holds when encoded, and of the blocks that are encoded back. */
static void
test_border_sizes (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const gsize borders[] = { 48 * 1024, 64 * 1024, 96 * 1024, 192 * 1024 };

  for (guint i = 0; i < G_N_ELEMENTS (borders); i++)
    {
      for (gsize n_bytes = borders[i] - 2; n_bytes <= borders[i] + 2; n_bytes++)
        check_size (fixture, n_bytes, 100 * 1000);
    }
}

static void
test_random_sizes (WorkspaceFixture *fixture, gconstpointer mode)
{
  for (guint i = 0; i < 2; i++)
    check_size (fixture, g_test_rand_int_range (0, 3 * 1024 * 1024), g_test_rand_int_range (1000, 300 * 1000));
}

/* What is refused is told by its place in the text. */
static void
test_position (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const struct
  {
    const char *text;
    const char *character;
  } cases[] = {
    { "YWJj!YWJj", "character 4" }, { "!", "character 0" },        { "YWJjYQ", "character 6" },
    { "YR==", "character 2" },      { "YQ==YQ==", "character 4" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (orders); j++)
        {
          g_autoptr (DevboxContentWriter) writer = devbox_content_writer_new (fixture->workspace, -1);
          g_autoptr (GError) error = NULL;

          g_assert_false (
              write_all (writer, orders[j], DEVBOX_CONTENT_BASE64, cases[i].text, strlen (cases[i].text), 3, &error));
          assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
          g_assert_true (g_str_has_suffix (error->message, cases[i].character));
        }
    }
}

static gboolean
fits (WorkspaceFixture *fixture, DevboxContentEncoding encoding, const Step *order, const char *text, goffset max_size)
{
  g_autoptr (DevboxContentWriter) writer = devbox_content_writer_new (fixture->workspace, max_size);
  g_autoptr (GError) error = NULL;
  gboolean done = write_all (writer, order, encoding, text, strlen (text), 1000, &error);

  if (!done)
    assert_wire_error (error, DEVBOX_WIRE_FILE_TOO_LARGE);

  return done;
}

/* The limit holds for the bytes of the file: a text that looks like base64 counts as the text that it is. */
static void
test_limit (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const gsize sizes[] = { 4, 4000, 400 * 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *text = g_strnfill (sizes[i], 'A');
      goffset decoded_size = sizes[i] / 4 * 3;

      for (guint j = 0; j < G_N_ELEMENTS (orders); j++)
        {
          g_assert_true (fits (fixture, DEVBOX_CONTENT_BASE64, orders[j], text, decoded_size));
          g_assert_false (fits (fixture, DEVBOX_CONTENT_BASE64, orders[j], text, decoded_size - 1));
          g_assert_true (fits (fixture, DEVBOX_CONTENT_UTF8, orders[j], text, sizes[i]));
          g_assert_false (fits (fixture, DEVBOX_CONTENT_UTF8, orders[j], text, sizes[i] - 1));
          g_assert_true (fits (fixture, DEVBOX_CONTENT_UNKNOWN, orders[j], text, sizes[i]));
          g_assert_false (fits (fixture, DEVBOX_CONTENT_UNKNOWN, orders[j], text, sizes[i] - 1));
        }
    }
}

static void
test_freed (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const gsize sizes[] = { 0, 10, 200 * 1000 };
  g_autofree char *names = NULL;
  g_autofree char *content = NULL;

  workspace_fixture_put (fixture, "file", "old");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *text = g_strnfill (sizes[i], 'A');
      g_autoptr (DevboxContentWriter) early = devbox_content_writer_new (fixture->workspace, -1);
      g_autoptr (DevboxContentWriter) late = devbox_content_writer_new (fixture->workspace, -1);

      g_assert_true (devbox_content_writer_set_path (early, "file", NULL));
      g_assert_true (devbox_content_writer_write (early, text, sizes[i], NULL));
      g_assert_true (devbox_content_writer_write (late, text, sizes[i], NULL));
      g_assert_true (devbox_content_writer_set_path (late, "not-made/file", NULL));
    }

  names = workspace_fixture_list (fixture);
  content = workspace_fixture_get (fixture, "file", NULL);
  g_assert_cmpstr (names, ==, "file");
  g_assert_cmpstr (content, ==, "old");
}

/* A path that cannot be is told as soon as the content is more than a buffer, not at its end. */
static void
test_early_refusal (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxContentWriter) writer = devbox_content_writer_new (fixture->workspace, -1);
  g_autofree char *text = g_strnfill (100 * 1024, '-');
  g_autoptr (GError) error = NULL;

  g_assert_true (devbox_content_writer_set_path (writer, "../outside/new", &error));
  g_assert_false (devbox_content_writer_write (writer, text, 100 * 1024, &error));
  assert_wire_error (error, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  g_clear_error (&error);

  /* It stays refused, for a caller who did not look. */
  g_assert_false (devbox_content_writer_commit (writer, -1, &error));
  assert_wire_error (error, DEVBOX_WIRE_FILE_TRANSFER_FAILED);
}

static gsize
get_resident_size (void)
{
  g_autofree char *text = NULL;
  gsize n_pages = 0;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%*u %" G_GSIZE_FORMAT, &n_pages), ==, 1);

  return n_pages * sysconf (_SC_PAGESIZE);
}

#define MEBIBYTE (1024 * 1024)

/* 100 MiB of characters, their encoding told first, or last and otherwise than it looked. */
static void
test_flat_memory (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *text = g_strnfill (MEBIBYTE, 'A');

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DevboxContentWriter) writer = devbox_content_writer_new (fixture->workspace, -1);
      g_autoptr (GError) error = NULL;
      gsize before = get_resident_size ();
      gsize most = before;

      g_assert_true (devbox_content_writer_set_path (writer, "file", &error));
      if (i == 0)
        g_assert_true (devbox_content_writer_set_encoding (writer, DEVBOX_CONTENT_BASE64, &error));
      for (guint j = 0; j < 100; j++)
        {
          g_assert_true (devbox_content_writer_write (writer, text, MEBIBYTE, &error));
          most = MAX (most, get_resident_size ());
        }
      if (i == 1)
        g_assert_true (devbox_content_writer_set_encoding (writer, DEVBOX_CONTENT_UTF8, &error));
      most = MAX (most, get_resident_size ());
      g_assert_true (devbox_content_writer_commit (writer, -1, &error));

      g_assert_cmpint (devbox_content_writer_get_size (writer), ==, (i == 0 ? 75 : 100) * MEBIBYTE);
      g_test_message ("memory grew by %" G_GSIZE_FORMAT " KiB", (most - before) / 1024);
      g_assert_cmpuint (most - before, <, 16 * MEBIBYTE);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/content-writer/texts", test_texts, 1);
  workspace_test_add ("/content-writer/small-sizes", test_small_sizes, 4);
  workspace_test_add ("/content-writer/border-sizes", test_border_sizes, 1);
  workspace_test_add ("/content-writer/random-sizes", test_random_sizes, 1);
  workspace_test_add ("/content-writer/position", test_position, 1);
  workspace_test_add ("/content-writer/limit", test_limit, 1);
  workspace_test_add ("/content-writer/freed", test_freed, 4);
  workspace_test_add ("/content-writer/early-refusal", test_early_refusal, 2);
  workspace_test_add ("/content-writer/flat-memory", test_flat_memory, 1);

  return g_test_run ();
}
