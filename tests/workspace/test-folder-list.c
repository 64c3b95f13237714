/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-folder-list-private.h"
#include "workspace-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_NAMES 65536

static GPtrArray *
list (WorkspaceFixture *fixture, const char *path, gboolean show_hidden, guint64 offset, guint limit)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *entries = devbox_workspace_list (fixture->workspace, path, show_hidden, offset, limit, NULL, &error);

  g_assert_no_error (error);

  return entries;
}

static void
assert_names (WorkspaceFixture *fixture,
              const char *path,
              gboolean show_hidden,
              guint64 offset,
              guint limit,
              const char *expected)
{
  g_autoptr (GPtrArray) entries = list (fixture, path, show_hidden, offset, limit);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < entries->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? " " : "", ((DevboxFolderEntry *) entries->pdata[i])->name);
  g_assert_cmpstr (names->str, ==, expected);
}

static void
refuse (WorkspaceFixture *fixture, const char *path, DevboxWireCode code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_workspace_list (fixture->workspace, path, TRUE, 0, 10, NULL, &error));
  assert_wire_error (error, code);
}

static void
test_names (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const char *const names[]
      = { "b", "a", "B", ".hidden", "\xff\xfe", "ä", "a\nb", "-rf", ".devbox-tmp-abcdefgh" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    workspace_fixture_put (fixture, names[i], "");
  workspace_fixture_make_folder (fixture, "folder/below");
  workspace_fixture_link (fixture, "folder", "link");

  assert_names (fixture, ".", FALSE, 0, 100, "-rf B a a\nb b folder link ä \xff\xfe");
  assert_names (fixture, fixture->inside, TRUE, 0, 100, "-rf .hidden B a a\nb b folder link ä \xff\xfe");
  assert_names (fixture, "folder", TRUE, 0, 100, "below");
  assert_names (fixture, "link/", TRUE, 0, 100, "below");
  assert_names (fixture, "folder/below", TRUE, 0, 100, "");
  assert_names (fixture, ".", FALSE, 2, 3, "a a\nb b");
  assert_names (fixture, ".", FALSE, 8, 3, "\xff\xfe");
  assert_names (fixture, ".", FALSE, 9, 3, "");
  assert_names (fixture, ".", FALSE, G_MAXINT64, 100000, "");
}

static void
test_entries (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GPtrArray) entries = NULL;
  DevboxFolderEntry *entry;

  workspace_fixture_put (fixture, "a", "content");
  workspace_fixture_make_folder (fixture, "b");
  workspace_fixture_link (fixture, "b", "c");

  entries = list (fixture, ".", FALSE, 0, 100);
  g_assert_cmpuint (entries->len, ==, 3);
  entry = entries->pdata[0];
  g_assert_cmpint (entry->status.st_size, ==, 7);
  g_assert_cmpuint (entry->status.st_mode, ==, S_IFREG | 0644);
  entry = entries->pdata[1];
  g_assert_true (S_ISDIR (entry->status.st_mode));
  entry = entries->pdata[2];
  g_assert_true (S_ISLNK (entry->status.st_mode));
}

static void
test_refused (WorkspaceFixture *fixture, gconstpointer mode)
{
  workspace_fixture_put (fixture, "file", "");
  workspace_fixture_link (fixture, "../outside", "out");

  refuse (fixture, "missing", DEVBOX_WIRE_FILE_NOT_FOUND);
  refuse (fixture, "file", DEVBOX_WIRE_VALIDATION_ERROR);
  refuse (fixture, "", DEVBOX_WIRE_VALIDATION_ERROR);
  refuse (fixture, "out", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  refuse (fixture, "..", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  refuse (fixture, "/etc", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
}

#define N_MANY 300

/* However few names are held at once, every stretch of the list is what the whole list has there. */
static void
test_stretches (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const guint held[] = { 1, 2, 7, 100, 299, 300, 301, MAX_NAMES };
  g_autoptr (GPtrArray) all = NULL;

  workspace_fixture_make_folder (fixture, "many");
  for (guint i = 0; i < N_MANY; i++)
    {
      g_autofree char *name = g_strdup_printf ("many/%x", i * 2654435761u);

      workspace_fixture_put (fixture, name, "");
    }
  all = list (fixture, "many", FALSE, 0, N_MANY + 1);
  g_assert_cmpuint (all->len, ==, N_MANY);
  for (guint i = 1; i < all->len; i++)
    g_assert_cmpstr (((DevboxFolderEntry *) all->pdata[i - 1])->name, <, ((DevboxFolderEntry *) all->pdata[i])->name);

  for (guint i = 0; i < G_N_ELEMENTS (held); i++)
    for (guint round = 0; round < 8; round++)
      {
        guint offset = round == 0 ? 0 : g_test_rand_int_range (0, N_MANY + 10);
        guint limit = g_test_rand_int_range (1, round % 2 == 0 ? 20 : N_MANY);
        g_autoptr (GPtrArray) entries = NULL;

        devbox_folder_list_set_max_names (held[i]);
        entries = list (fixture, "many", FALSE, offset, limit);
        g_assert_cmpuint (entries->len, ==, offset >= N_MANY ? 0 : MIN (limit, N_MANY - offset));
        for (guint j = 0; j < entries->len; j++)
          g_assert_cmpstr (((DevboxFolderEntry *) entries->pdata[j])->name, ==,
                           ((DevboxFolderEntry *) all->pdata[offset + j])->name);
      }
  devbox_folder_list_set_max_names (MAX_NAMES);
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (devbox_workspace_list (fixture->workspace, ".", TRUE, 0, 10, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/folder-list/names", test_names, 2);
  workspace_test_add ("/folder-list/entries", test_entries, 1);
  workspace_test_add ("/folder-list/refused", test_refused, 2);
  workspace_test_add ("/folder-list/stretches", test_stretches, 1);
  workspace_test_add ("/folder-list/cancelled", test_cancelled, 1);

  return g_test_run ();
}
