/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-write-request-private.h"
#include "workspace-fixture.h"

#include <string.h>

static gboolean
run (WorkspaceFixture *fixture, const char *body, gsize max_piece, GError **error)
{
  g_autoptr (DevboxWriteRequest) request = devbox_write_request_new (fixture->workspace, 1024 * 1024);
  gsize size = strlen (body);

  for (gsize done = 0, n; done < size; done += n)
    {
      n = MIN (size - done, max_piece);
      if (!devbox_write_request_feed (request, body + done, n, error))
        return FALSE;
    }

  return devbox_write_request_finish (request, error);
}

static void
assert_file (WorkspaceFixture *fixture, const char *path, const char *expected)
{
  g_autofree char *content = workspace_fixture_get (fixture, path, NULL);

  g_assert_cmpstr (content, ==, expected);
}

static void
test_fine (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const struct
  {
    const char *body;
    const char *path;
    const char *content;
    guint mode; /* 0: any */
  } cases[] = {
    { "{\"path\":\"f\",\"content\":\"hello\"}", "f", "hello", 0 },
    { "{\"content\":\"hello\",\"path\":\"f\"}", "f", "hello", 0 },
    { "{\"path\":\"f\",\"content\":\"aGVsbG8=\"}", "f", "aGVsbG8=", 0 },
    { "{\"path\":\"f\",\"content\":\"aGVsbG8=\",\"encoding\":\"base64\"}", "f", "hello", 0 },
    { "{\"encoding\":\"base64\",\"content\":\"aGVsbG8=\",\"path\":\"f\"}", "f", "hello", 0 },
    { "{\"content\":\"aGVsbG8=\",\"encoding\":\"utf8\",\"path\":\"f\"}", "f", "aGVsbG8=", 0 },
    { "{\"content\":\"aGVsbG8=\",\"encoding\":\"utf-8\",\"path\":\"f\"}", "f", "aGVsbG8=", 0 },
    { "{\"content\":\"aGVsbG8=\",\"encoding\":\"UTF-8\",\"path\":\"f\"}", "f", "aGVsbG8=", 0 },
    { "{\"content\":\"aGVs\\u0062G8=\",\"encoding\":\"base64\",\"path\":\"f\"}", "f", "hello", 0 },
    { "{\"path\":\"f\",\"content\":\"\"}", "f", "", 0 },
    { "{\"path\":\"f\",\"content\":\"\",\"encoding\":\"base64\"}", "f", "", 0 },
    { "{\"path\":\"f\",\"content\":\"\\u00e4\\n\\ud83d\\ude00\\\"\"}", "f", "\xc3\xa4\n\xf0\x9f\x98\x80\"", 0 },
    { "{\"path\":\"\\u00e4/\\u00f6\",\"content\":\"x\"}", "\xc3\xa4/\xc3\xb6", "x", 0 },
    { "{\"pathBytes\":\"//4=\",\"content\":\"x\"}", "\xff\xfe", "x", 0 },
    { "{\"path\":\"a/b/../c\",\"content\":\"x\"}", "a/c", "x", 0 },
    { " {\"x\":{\"path\":[{\"content\":1}],\"y\":[]},\"path\":\"f\",\"z\":[\"s\",1,true,null,{}],\"content\":\"x\","
      "\"w\":1} ",
      "f", "x", 0 },
    { "{\"path\":\"f\",\"content\":\"x\",\"encoding\":null,\"permissions\":null,\"pathbytes\":1}", "f", "x", 0 },
    { "{\"path\":\"m\",\"content\":\"x\",\"permissions\":493}", "m", "x", 0755 },
    { "{\"path\":\"m\",\"content\":\"x\",\"permissions\":384.0}", "m", "x", 0600 },
    { "{\"path\":\"m\",\"content\":\"x\",\"permissions\":\"0755\"}", "m", "x", 0755 },
    { "{\"permissions\":\"640\",\"path\":\"m\",\"content\":\"x\"}", "m", "x", 0640 },
    { "{\"permissions\":\"0o600\",\"path\":\"m\",\"content\":\"x\"}", "m", "x", 0600 },
    { "{\"permissions\":511,\"path\":\"m\",\"content\":\"x\"}", "m", "x", 0777 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (gsize max_piece = 1; max_piece < 1000; max_piece *= 10)
        {
          g_autoptr (GError) error = NULL;
          gboolean done = run (fixture, cases[i].body, max_piece, &error);
          struct stat status;

          g_test_message ("%s", cases[i].body);
          g_assert_no_error (error);
          g_assert_true (done);
          assert_file (fixture, cases[i].path, cases[i].content);
          workspace_fixture_stat (fixture, cases[i].path, &status);
          if (cases[i].mode != 0)
            g_assert_cmpuint (status.st_mode & 07777, ==, cases[i].mode);
        }
    }
}

static void
test_refused (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const struct
  {
    const char *body;
    const char *told; /* something that the message says */
    int code;
  } cases[] = {
    { "", "Malformed JSON", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{", "Malformed JSON", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":\"half", "Malformed JSON", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":\"new\"", "Malformed JSON", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":\"new\"}{}", "Malformed JSON", DEVBOX_WIRE_VALIDATION_ERROR },
    { "[]", "must be an object", DEVBOX_WIRE_VALIDATION_ERROR },
    { "\"path\"", "must be an object", DEVBOX_WIRE_VALIDATION_ERROR },
    { "1", "must be an object", DEVBOX_WIRE_VALIDATION_ERROR },
    { "null", "must be an object", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{}", "“path” is missing", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"content\":\"new\"}", "“path” is missing", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":null,\"content\":\"new\"}", "“path” is missing", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\"}", "“content” is missing", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":null}", "“content” is missing", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":1,\"content\":\"new\"}", "“path” must be a string", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":{},\"content\":\"new\"}", "“path” must be a string", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":[\"old\"],\"content\":\"new\"}", "“path” must be a string", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"pathBytes\":true,\"content\":\"new\"}", "“pathBytes” must be a string", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":{}}", "“content” must be a string", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":false}", "“content” must be a string", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":\"new\",\"encoding\":1}", "“encoding” must be a string",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":\"new\",\"encoding\":\"latin1\"}", "“encoding” must be “utf8” or “base64”",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":\"new\",\"encoding\":\"base64\"}", "not canonical base64 at character 3",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"content\":\"a\",\"content\":\"b\"}", "“content” is there twice",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"path\":\"old\",\"content\":\"b\"}", "“path” is there twice", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":null,\"path\":\"old\",\"content\":\"b\"}", "“path” is there twice", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"encoding\":\"utf8\",\"encoding\":\"utf8\",\"content\":\"b\"}", "“encoding” is there twice",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"pathBytes\":\"b2xk\",\"content\":\"b\"}", "only one", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"pathBytes\":\"b2xk!\",\"content\":\"b\"}", "“pathBytes” is not canonical base64",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"pathBytes\":\"b2wA\",\"content\":\"b\"}", "“pathBytes” contains a zero byte", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"\",\"content\":\"b\"}", "empty", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"pathBytes\":\"\",\"content\":\"b\"}", "empty", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\\u0000\",\"content\":\"b\"}", "Malformed JSON", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\".\",\"content\":\"b\"}", "directory", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"../old\",\"content\":\"b\"}", "leaves the workspace", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "{\"content\":\"b\",\"path\":\"/etc/passwd\"}", "leaves the workspace", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "{\"path\":\"old\",\"permissions\":755,\"content\":\"b\"}", "string, such as “0755”",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":644,\"content\":\"b\"}", "string, such as “0755”",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":-1,\"content\":\"b\"}", "“permissions”", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":1.5,\"content\":\"b\"}", "“permissions”", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":512,\"content\":\"b\"}", "“permissions”", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":\"855\",\"content\":\"b\"}", "“permissions”", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":\"4755\",\"content\":\"b\"}", "“permissions”", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":\"\",\"content\":\"b\"}", "“permissions”", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":\"0o\",\"content\":\"b\"}", "“permissions”", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":\"rwx\",\"content\":\"b\"}", "“permissions”", DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":[493],\"content\":\"b\"}", "“permissions” must be a number or a string",
      DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"path\":\"old\",\"permissions\":true,\"content\":\"b\"}", "“permissions” must be a number or a string",
      DEVBOX_WIRE_VALIDATION_ERROR },
  };

  workspace_fixture_put (fixture, "old", "old");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (gsize max_piece = 1; max_piece < 1000; max_piece *= 10)
        {
          g_autoptr (GError) error = NULL;
          g_autofree char *names = NULL;

          g_test_message ("%s", cases[i].body);
          g_assert_false (run (fixture, cases[i].body, max_piece, &error));
          g_test_message ("%s", error->message);
          assert_wire_error (error, cases[i].code);
          g_assert_nonnull (strstr (error->message, cases[i].told));

          assert_file (fixture, "old", "old");
          names = workspace_fixture_list (fixture);
          g_assert_cmpstr (names, ==, "old");
        }
    }
}

static gboolean
feed_filled (DevboxWriteRequest *request, const char *start, gsize size, GError **error)
{
  g_autofree char *text = g_strnfill (size, 'x');

  return devbox_write_request_feed (request, start, strlen (start), error)
         && devbox_write_request_feed (request, text, size, error);
}

/* Whatever comes after an error is refused as well, and the error stays. */
static void
test_error_stays (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxWriteRequest) request = devbox_write_request_new (fixture->workspace, -1);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      /* Long enough that the reader does not hold it back. */
      if (i == 0)
        g_assert_false (
            feed_filled (request, "{\"path\":\"new\",\"encoding\":\"base64\",\"content\":\"!", 8192, &error));
      else if (i == 1)
        g_assert_false (devbox_write_request_feed (request, "\"}", 2, &error));
      else
        g_assert_false (devbox_write_request_finish (request, &error));
      assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
      g_assert_nonnull (strstr (error->message, "at character 0"));
    }

  assert_file (fixture, "new", NULL);
}

static void
test_getters (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxWriteRequest) request = devbox_write_request_new (fixture->workspace, -1);
  static const char body[] = "{\"content\":\"aGVsbG8=\",\"encoding\":\"base64\",\"path\":\"./a//new\"}";
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_write_request_get_path (request));
  g_assert_true (devbox_write_request_feed (request, body, strlen (body), &error));
  g_assert_true (devbox_write_request_finish (request, &error));
  g_assert_no_error (error);

  g_assert_cmpstr (devbox_write_request_get_path (request), ==, "./a//new");
  g_assert_cmpint (devbox_write_request_get_size (request), ==, 5);
  g_assert_cmpuint (devbox_write_request_get_n_old_links (request), ==, 0);
  assert_file (fixture, "a/new", "hello");
}

static void
test_limits (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const struct
  {
    const char *start;
    gsize size;
    int code; /* -1: none */
  } cases[] = {
    { "{\"path\":\"", 5000, -1 }, /* refused when it is whole */
    { "{\"path\":\"", 6000, DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"pathBytes\":\"", 6000, DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"encoding\":\"", 6000, DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"permissions\":\"", 6000, DEVBOX_WIRE_VALIDATION_ERROR },
    { "{\"other\":\"", 6000, -1 },
    { "{\"path\":\"new\",\"content\":\" ", 999, -1 },
    { "{\"path\":\"new\",\"content\":\" ", 1000, DEVBOX_WIRE_FILE_TOO_LARGE },
    { "{\"content\":\" ", 1000, DEVBOX_WIRE_FILE_TOO_LARGE },
    { "{\"content\":\"", 1332, -1 },
    { "{\"content\":\"", 1336, DEVBOX_WIRE_FILE_TOO_LARGE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DevboxWriteRequest) request = devbox_write_request_new (fixture->workspace, 1000);
      g_autoptr (GError) error = NULL;
      gboolean taken = feed_filled (request, cases[i].start, cases[i].size, &error)
                       && devbox_write_request_feed (request, "", 0, &error)
                       /* The reader gathers short parts; a few KiB push them through. */
                       && (cases[i].code < 0 || feed_filled (request, "", 8 * 1024, &error));

      g_test_message ("%s %" G_GSIZE_FORMAT, cases[i].start, cases[i].size);
      if (cases[i].code < 0)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_false (taken);
      assert_wire_error (error, cases[i].code);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/write-request/fine", test_fine, 2);
  workspace_test_add ("/write-request/refused", test_refused, 4);
  workspace_test_add ("/write-request/error-stays", test_error_stays, 1);
  workspace_test_add ("/write-request/getters", test_getters, 1);
  workspace_test_add ("/write-request/limits", test_limits, 1);

  return g_test_run ();
}
