/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client asks for on a WebSocket is what the JSON parser for whole documents finds in its text; paths come out
 * plain; and every answer is JSON again, with the path in it. */
#include "config.h"

#include "../workspace/workspace-fixture.h"
#include "devbox-watch-message-private.h"
#include "devbox-wire-json-private.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static WorkspaceFixture fixture;

static void
tear_down (void)
{
  workspace_fixture_tear_down (&fixture);
}

/* No slash at either end, no empty component, no "." */
static void
check_plain (const char *path)
{
  g_auto (GStrv) components = g_strsplit (path, "/", -1);

  for (guint i = 0; components[i] != NULL; i++)
    g_assert_true (components[i][0] != '\0' && strcmp (components[i], ".") != 0);
}

static void
check_answer (GString *answer, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (answer->str, answer->len, &error);

  g_assert_no_error (error);
  if (value != NULL)
    g_assert_cmpstr (json_object_get_string_member (object, name), ==, value);
  g_string_free (answer, TRUE);
}

static void
check_event (const char *path)
{
  DevboxTreeEvent event = { .time = 1000, .is_dir = TRUE };
  const char *valid = g_utf8_validate (path, -1, NULL) ? path : NULL;

  check_answer (devbox_watch_format_overflow (path, 1), "path", valid);
  check_answer (devbox_watch_format_change ("add", &event, path, NULL, 1), "type", "file-change");
  check_answer (devbox_watch_format_change ("rename", &event, path, path, 2), "type", "file-change");
}

static void
check_taken (const DevboxWatchRequest *request, JsonObject *object)
{
  const char *type = NULL, *path = NULL;
  gboolean recursive = TRUE, dot_files = FALSE, renames = FALSE;

  g_assert_true (devbox_wire_json_get_string (object, "type", TRUE, &type, NULL));
  g_assert_true (devbox_wire_json_get_string (object, "path", TRUE, &path, NULL));
  g_assert_true (devbox_wire_json_get_boolean (object, "recursive", FALSE, &recursive, NULL));
  g_assert_true (devbox_wire_json_get_boolean (object, "dotfiles", FALSE, &dot_files, NULL));
  g_assert_true (devbox_wire_json_get_boolean (object, "renames", FALSE, &renames, NULL));

  g_assert_cmpstr (type, ==, request->is_watch ? "watch" : "unwatch");
  g_assert_cmpstr (path, ==, request->sent_path);
  g_assert_cmpint (((request->flags & DEVBOX_TREE_WATCH_RECURSIVE) != 0), ==, recursive);
  g_assert_cmpint (((request->flags & DEVBOX_TREE_WATCH_DOT_FILES) != 0), ==, dot_files);
  g_assert_cmpint (request->renames, ==, renames);
  if (request->path[0] != '\0')
    check_plain (request->path);
  check_answer (devbox_watch_format_done (request->is_watch, request->sent_path), "path", path);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *bytes = g_strndup ((const char *) data, size);
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object ((const char *) data, size, NULL);
  g_autoptr (GError) error = NULL;
  g_auto (DevboxWatchRequest) request = { 0 };

  if (fixture.workspace == NULL)
    {
      workspace_fixture_set_up (&fixture, &workspace_modes[0]);
      atexit (tear_down);
    }

  g_assert_cmpint (devbox_watch_request_is_current ((const char *) data, size), ==,
                   object != NULL && json_object_has_member (object, "action"));
  if (devbox_watch_request_parse (&request, (const char *) data, size, fixture.workspace, &error))
    check_taken (&request, object);
  else
    {
      g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR));
      check_answer (devbox_watch_format_refusal (request.is_watch, request.sent_path, error), "error", error->message);
    }
  check_event (bytes);

  return 0;
}
