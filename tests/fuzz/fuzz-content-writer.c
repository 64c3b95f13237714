/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "../workspace/workspace-fixture.h"
#include "devbox-content-writer-private.h"

#include <stdlib.h>
#include <string.h>

/* Content in pieces, with path and encoding told at some time, gives the file that one would work out with all of it at
 * hand. The first bytes of the input say how: order and encoding, how often the text is repeated, the limit of size,
 * the lengths of the pieces. */

#define N_CONTROL 4
#define MAX_SIZE (256 * 1024)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static WorkspaceFixture fixture;

static void
tear_down (void)
{
  workspace_fixture_tear_down (&fixture);
}

static gboolean
write_in_pieces (DevboxContentWriter *writer, const char *text, gsize size, guint seed, GError **error)
{
  while (size > 0)
    {
      gsize n;

      seed = seed * 1103515245 + 12345;
      n = 1 + (seed >> 16) % (size > 4096 ? 50000 : 50);
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
           guint order,
           DevboxContentEncoding encoding,
           const char *text,
           gsize size,
           guint seed,
           GError **error)
{
  static const char *const orders[] = { "pce", "pec", "cpe", "cep", "epc", "ecp" };

  for (const char *step = orders[order]; *step != '\0'; step++)
    {
      if (*step == 'p' && !devbox_content_writer_set_path (writer, "file", error))
        return FALSE;
      if (*step == 'e' && !devbox_content_writer_set_encoding (writer, encoding, error))
        return FALSE;
      if (*step == 'c' && !write_in_pieces (writer, text, size, seed, error))
        return FALSE;
    }

  return devbox_content_writer_commit (writer, -1, error);
}

/* NULL when the text is not what the encoding says. */
static GBytes *
work_out (DevboxContentEncoding encoding, const char *text, gsize size)
{
  g_autofree char *terminated = g_strndup (text, size);
  g_autofree char *again = NULL;
  guchar *decoded;
  gsize decoded_size;

  if (encoding != DEVBOX_CONTENT_BASE64)
    return g_bytes_new (text, size);

  decoded = g_base64_decode (terminated, &decoded_size);
  again = g_base64_encode (decoded, decoded_size);
  if (strlen (again) != size || memcmp (again, text, size) != 0)
    {
      g_free (decoded);
      return NULL;
    }

  return g_bytes_new_take (decoded, decoded_size);
}

static void
check_file (GBytes *expected)
{
  gsize size;
  g_autofree char *content = workspace_fixture_get (&fixture, "file", &size);
  g_autoptr (GBytes) found = g_bytes_new (content, size);

  g_assert_true (g_bytes_equal (found, expected));
}

static void
check_error (const GError *error, GBytes *expected, goffset max_size)
{
  g_assert_true (error->domain == DEVBOX_WIRE_ERROR);
  if (error->code == DEVBOX_WIRE_VALIDATION_ERROR)
    g_assert_null (expected);
  else
    {
      g_assert_cmpint (error->code, ==, DEVBOX_WIRE_FILE_TOO_LARGE);
      g_assert_true (max_size >= 0 && (expected == NULL || (goffset) g_bytes_get_size (expected) > max_size));
    }
}

static char *
repeat (const guint8 *data, gsize size, guint n_times)
{
  char *text = g_malloc (size * n_times + 1);

  for (guint i = 0; i < n_times; i++)
    memcpy (text + i * size, data, size);

  return text;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (DevboxContentWriter) writer = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) expected = NULL;
  g_autofree char *text = NULL;
  DevboxContentEncoding encoding;
  goffset max_size;
  guint n_times;

  if (size < N_CONTROL)
    return 0;

  if (fixture.workspace == NULL)
    {
      workspace_fixture_set_up (&fixture, &workspace_modes[0]);
      atexit (tear_down);
    }

  encoding = data[0] / 6 % 3;
  /* Now and then large enough to pass through the file. */
  n_times = data[1] < 240 ? 1 : 1 + (data[1] - 240) * 500;
  size -= N_CONTROL;
  n_times = MIN (n_times, 1 + MAX_SIZE / (size + 1));
  max_size = data[2] == 0 ? -1 : (goffset) (data[2] - 1) * n_times;
  text = repeat (data + N_CONTROL, size, n_times);
  size *= n_times;
  expected = work_out (encoding, text, size);

  writer = devbox_content_writer_new (fixture.workspace, max_size);
  if (write_all (writer, data[0] % 6, encoding, text, size, data[3], &error))
    {
      g_assert_nonnull (expected);
      g_assert_true (max_size < 0 || (goffset) g_bytes_get_size (expected) <= max_size);
      check_file (expected);
      g_assert_cmpuint (devbox_content_writer_get_n_old_links (writer), <=, 1);
    }
  else
    check_error (error, expected, max_size);

  return 0;
}
