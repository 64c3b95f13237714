/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "../workspace/workspace-fixture.h"
#include "devbox-wire-json-private.h"
#include "devbox-write-request-private.h"

#include <stdlib.h>
#include <string.h>

/* A body of a write has the same end whole and cut into pieces; and what it writes is what the JSON parser for whole
 * documents finds in it. */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static WorkspaceFixture fixture;

static void
tear_down (void)
{
  workspace_fixture_tear_down (&fixture);
}

static gboolean
run (const char *body, gsize size, gsize piece, DevboxWriteRequest *request, GError **error)
{
  for (gsize done = 0; done < size; done += piece)
    {
      if (!devbox_write_request_feed (request, body + done, MIN (piece, size - done), error))
        return FALSE;
    }

  return devbox_write_request_finish (request, error);
}

/* The text is checked where it went into the file as it stood. */
static void
check_content (const char *body, gsize size, DevboxWriteRequest *request)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (body, size, NULL);
  const char *content = NULL, *encoding = NULL;
  struct stat status;
  g_autofree char *written = NULL;
  gsize written_size;
  int fd;

  g_assert_nonnull (object);
  g_assert_true (devbox_wire_json_get_string (object, "content", TRUE, &content, NULL));
  g_assert_true (devbox_wire_json_get_string (object, "encoding", FALSE, &encoding, NULL));

  fd = devbox_workspace_open_file (fixture.workspace, devbox_write_request_get_path (request), &status, NULL);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (devbox_write_request_get_size (request), ==, status.st_size);
  written_size = status.st_size;
  written = g_malloc (written_size + 1);
  g_assert_cmpint (pread (fd, written, written_size + 1, 0), ==, written_size);
  close (fd);

  if (encoding == NULL || g_ascii_strcasecmp (encoding, "base64") != 0)
    g_assert_true (written_size == strlen (content) && memcmp (written, content, written_size) == 0);
}

static void
start_anew (void)
{
  if (fixture.workspace != NULL)
    workspace_fixture_tear_down (&fixture);
  workspace_fixture_set_up (&fixture, &workspace_modes[0]);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static guint n_written;
  g_autoptr (DevboxWriteRequest) whole = NULL;
  g_autoptr (DevboxWriteRequest) cut = NULL;
  g_autoptr (GError) whole_error = NULL;
  g_autoptr (GError) cut_error = NULL;
  const char *body;
  gboolean done;

  if (size == 0)
    return 0;
  if (fixture.workspace == NULL)
    {
      start_anew ();
      atexit (tear_down);
    }

  body = (const char *) data + 1;
  size--;
  whole = devbox_write_request_new (fixture.workspace, 4096);
  cut = devbox_write_request_new (fixture.workspace, 4096);
  done = run (body, size, size + 1, whole, &whole_error);
  g_assert_cmpint (run (body, size, 1 + data[0], cut, &cut_error), ==, done);

  if (done)
    {
      check_content (body, size, cut);
      /* The next input finds no more than a few folders that others made. */
      if (++n_written % 64 == 0)
        start_anew ();
    }
  else
    {
      /* Not always the same one: of two mistakes the piece that comes first tells its own. */
      g_assert_true (whole_error->domain == DEVBOX_WIRE_ERROR);
      g_assert_true (cut_error->domain == DEVBOX_WIRE_ERROR);
    }

  return 0;
}
