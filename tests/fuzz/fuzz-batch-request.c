/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "../workspace/workspace-fixture.h"
#include "devbox-batch-request-private.h"
#include "devbox-wire-json-private.h"

#include <stdlib.h>
#include <string.h>

/* A batch has the same results whole and cut into pieces, and as many as the JSON parser for whole documents finds
 * files in it; a file that was written is there, and one that was not is not the end of the batch. */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static WorkspaceFixture fixture;

static void
tear_down (void)
{
  workspace_fixture_tear_down (&fixture);
}

static gboolean
run (const char *body, gsize size, gsize piece, DevboxBatchRequest *request, GError **error)
{
  for (gsize done = 0; done < size; done += piece)
    {
      if (!devbox_batch_request_feed (request, body + done, MIN (piece, size - done), error))
        return FALSE;
    }

  return devbox_batch_request_finish (request, error);
}

static void
assert_written (const DevboxBatchResult *result)
{
  g_autoptr (GError) error = NULL;
  struct stat status;
  int fd = devbox_workspace_open_file (fixture.workspace, result->path, &status, &error);

  g_assert_no_error (error);
  close (fd);
}

static void
check_results (const char *body, gsize size, DevboxBatchRequest *request, DevboxBatchRequest *other)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (body, size, NULL);
  guint n_results, n_other_results;
  const DevboxBatchResult *results = devbox_batch_request_get_results (request, &n_results);
  const DevboxBatchResult *other_results = devbox_batch_request_get_results (other, &n_other_results);
  JsonArray *files = NULL;

  g_assert_nonnull (object);
  g_assert_true (devbox_wire_json_get_array (object, "files", TRUE, &files, NULL));
  g_assert_cmpuint (json_array_get_length (files), ==, n_results);
  g_assert_cmpuint (n_other_results, ==, n_results);
  for (guint i = 0; i < n_results; i++)
    {
      g_assert_true ((results[i].error == NULL) == (other_results[i].error == NULL));
      g_assert_cmpint (results[i].size, ==, other_results[i].size);
      if (results[i].error == NULL)
        {
          g_assert_cmpstr (results[i].path, ==, other_results[i].path);
          g_assert_true (JSON_NODE_HOLDS_OBJECT (json_array_get_element (files, i)));
          assert_written (&results[i]);
        }
    }
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
  static guint n_run;
  g_autoptr (DevboxBatchRequest) whole = NULL;
  g_autoptr (DevboxBatchRequest) cut = NULL;
  g_autoptr (GError) whole_error = NULL;
  g_autoptr (GError) cut_error = NULL;
  const char *body;
  gboolean done;

  if (size == 0)
    return 0;
  if (fixture.workspace == NULL)
    atexit (tear_down);
  /* What one batch made must not be in the way of another one. */
  if (n_run++ % 16 == 0)
    start_anew ();

  body = (const char *) data + 1;
  size--;
  whole = devbox_batch_request_new (fixture.workspace, 256, 4096);
  cut = devbox_batch_request_new (fixture.workspace, 256, 4096);
  done = run (body, size, size + 1, whole, &whole_error);
  g_assert_cmpint (run (body, size, 1 + data[0], cut, &cut_error), ==, done);

  if (done)
    check_results (body, size, whole, cut);
  else
    {
      g_assert_true (whole_error->domain == DEVBOX_WIRE_ERROR);
      g_assert_true (cut_error->domain == DEVBOX_WIRE_ERROR);
    }

  return 0;
}
