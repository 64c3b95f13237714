/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-multipart-form-private.h"
#include "devbox-tar-form-private.h"
#include "workspace-fixture.h"

#include <string.h>

#define MANY 20

typedef struct
{
  GString *written;
  gsize room;
  guint n_refused;
} Sink;

static gboolean
write_to_sink (gpointer user_data, const void *data, gsize size, GError **error)
{
  Sink *sink = user_data;

  if (sink->written->len + size > sink->room)
    {
      sink->n_refused++;
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the client is gone");
      return FALSE;
    }
  g_string_append_len (sink->written, data, size);

  return TRUE;
}

static void
put_many (WorkspaceFixture *fixture)
{
  workspace_fixture_make_folder (fixture, "folder");
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *name = g_strdup_printf ("folder/file-%02u", i);

      workspace_fixture_put (fixture, name, "content");
    }
  workspace_fixture_put (fixture, "single", "alone");
}

static const char *const both[] = { "folder", "single", NULL };

static void
test_multipart (WorkspaceFixture *fixture, gconstpointer mode)
{
  Sink sink = { .written = g_string_new (NULL), .room = G_MAXSIZE };
  g_autoptr (DevboxMultipartForm) form = devbox_multipart_form_new ("b", write_to_sink, &sink);
  g_autoptr (GError) error = NULL;

  put_many (fixture);
  g_assert_true (devbox_export (fixture->workspace, both, &devbox_multipart_form, form, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (devbox_multipart_form_finish (form, &error));
  g_assert_no_error (error);
  g_assert_nonnull (strstr (sink.written->str, "filename=\"folder/file-07\""));
  g_assert_true (g_str_has_suffix (sink.written->str, "Content-Length: 5\r\n\r\nalone\r\n--b--\r\n"));
  g_string_free (sink.written, TRUE);
}

/* An error inside a folder ends the export, whatever else was named behind it. */
static void
test_write_fails (WorkspaceFixture *fixture, gconstpointer mode)
{
  Sink sink = { .written = g_string_new (NULL), .room = 500 };
  g_autoptr (DevboxMultipartForm) form = devbox_multipart_form_new ("b", write_to_sink, &sink);
  g_autoptr (GError) error = NULL;

  put_many (fixture);
  g_assert_false (devbox_export (fixture->workspace, both, &devbox_multipart_form, form, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (sink.n_refused, ==, 1);
  g_string_free (sink.written, TRUE);
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  Sink sink = { .written = g_string_new (NULL), .room = G_MAXSIZE };
  g_autoptr (DevboxTarForm) form = devbox_tar_form_new (FALSE, write_to_sink, &sink, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  put_many (fixture);
  g_cancellable_cancel (cancellable);
  g_assert_false (devbox_export (fixture->workspace, both, &devbox_tar_form, form, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_pointer (&form, devbox_tar_form_free);
  g_assert_cmpuint (sink.written->len, ==, 0);
  g_string_free (sink.written, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/workspace/export/multipart", test_multipart, 1);
  workspace_test_add ("/workspace/export/write-fails", test_write_fails, 1);
  workspace_test_add ("/workspace/export/cancelled", test_cancelled, 1);

  return g_test_run ();
}
