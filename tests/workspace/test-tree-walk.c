/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-walk-private.h"
#include "workspace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEP 300

typedef struct
{
  GPtrArray *told;
  const char *skip;
  const char *stop;
  GCancellable *cancel_at_first;
  GString *failed;
  int failed_errno;
} Record;

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static DevboxTreeWalkNext
visit (const DevboxTreeEntry *entry, gpointer user_data)
{
  Record *record = user_data;
  struct stat status;

  g_assert_true (g_str_has_suffix (entry->path, entry->name));
  g_assert_null (strchr (entry->name, '/'));
  g_assert_cmpint (fstatat (entry->folder_fd, entry->name, &status, AT_SYMLINK_NOFOLLOW), ==, 0);
  g_assert_cmpint (IFTODT (status.st_mode), ==, entry->type);

  g_ptr_array_add (record->told, g_strconcat (entry->path, entry->type == DT_DIR ? "/" : "", NULL));
  if (record->cancel_at_first != NULL)
    g_cancellable_cancel (record->cancel_at_first);
  if (g_strcmp0 (entry->path, record->stop) == 0)
    return DEVBOX_TREE_WALK_STOP;

  return g_strcmp0 (entry->path, record->skip) == 0 ? DEVBOX_TREE_WALK_SKIP : DEVBOX_TREE_WALK_CONTINUE;
}

static DevboxTreeWalkNext
leave (const DevboxTreeEntry *entry, gpointer user_data)
{
  Record *record = user_data;
  struct stat status;

  g_assert_cmpint (fstatat (entry->folder_fd, entry->name, &status, AT_SYMLINK_NOFOLLOW), ==, 0);
  g_assert_cmpint (entry->type, ==, DT_DIR);
  g_ptr_array_add (record->told, g_strconcat (entry->path, "/ left", NULL));

  return DEVBOX_TREE_WALK_CONTINUE;
}

static DevboxTreeWalkNext
fail (const DevboxTreeEntry *entry, gpointer user_data)
{
  Record *record = user_data;

  record->failed_errno = errno;
  g_string_assign (record->failed, entry->path);

  return DEVBOX_TREE_WALK_CONTINUE;
}

static const DevboxTreeVisitor recorder = { visit, leave, fail };

static void
record_init (Record *record)
{
  memset (record, 0, sizeof *record);
  record->told = g_ptr_array_new_with_free_func (g_free);
  record->failed = g_string_new (NULL);
}

static void
record_clear (Record *record)
{
  g_ptr_array_unref (record->told);
  g_string_free (record->failed, TRUE);
}

static void
assert_walk (WorkspaceFixture *fixture, Record *record, const char *expected)
{
  guint n_descriptors = count_descriptors ();
  g_autofree char *told = NULL;

  g_assert_true (devbox_tree_walk (devbox_workspace_get_fd (fixture->workspace), &recorder, record, NULL));
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);

  g_ptr_array_sort (record->told, compare_strings);
  g_ptr_array_add (record->told, NULL);
  told = g_strjoinv ("|", (char **) record->told->pdata);
  g_assert_cmpstr (told, ==, expected);
  record_clear (record);
}

static void
make_tree (WorkspaceFixture *fixture)
{
  workspace_fixture_make_folder (fixture, "a/b");
  workspace_fixture_make_folder (fixture, "empty");
  workspace_fixture_put (fixture, "a/b/deep", "");
  workspace_fixture_put (fixture, "a/file", "");
  workspace_fixture_put (fixture, "top", "");
  workspace_fixture_link (fixture, "a", "link");
  workspace_fixture_link (fixture, "../outside", "way-out");
}

static void
test_all (WorkspaceFixture *fixture, gconstpointer mode)
{
  Record record;

  record_init (&record);
  assert_walk (fixture, &record, "");

  make_tree (fixture);
  record_init (&record);
  assert_walk (fixture, &record, "a/|a/ left|a/b/|a/b/ left|a/b/deep|a/file|empty/|empty/ left|link|top|way-out");
}

/* A folder is told before what is in it, and left after that. */
static void
test_order (WorkspaceFixture *fixture, gconstpointer mode)
{
  const char *const expected[] = { "a/", "a/b/", "a/b/c/", "a/b/c/file", "a/b/c/ left", "a/b/ left", "a/ left" };
  Record record;

  workspace_fixture_make_folder (fixture, "a/b/c");
  workspace_fixture_put (fixture, "a/b/c/file", "");
  record_init (&record);
  g_assert_true (devbox_tree_walk (devbox_workspace_get_fd (fixture->workspace), &recorder, &record, NULL));

  g_assert_cmpuint (record.told->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (g_ptr_array_index (record.told, i), ==, expected[i]);
  record_clear (&record);
}

static void
test_skip (WorkspaceFixture *fixture, gconstpointer mode)
{
  Record record;

  make_tree (fixture);
  record_init (&record);
  record.skip = "a";
  assert_walk (fixture, &record, "a/|empty/|empty/ left|link|top|way-out");
}

static void
test_stop (WorkspaceFixture *fixture, gconstpointer mode)
{
  Record record;

  workspace_fixture_make_folder (fixture, "a/b/c");
  record_init (&record);
  record.stop = "a/b";
  assert_walk (fixture, &record, "a/|a/b/");
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  guint n_descriptors = count_descriptors ();
  Record record;

  make_tree (fixture);
  record_init (&record);
  record.cancel_at_first = cancellable;
  errno = 0;
  g_assert_false (devbox_tree_walk (devbox_workspace_get_fd (fixture->workspace), &recorder, &record, cancellable));
  g_assert_cmpint (errno, ==, ECANCELED);
  g_assert_cmpuint (record.told->len, ==, 1);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
  record_clear (&record);
}

static void
test_no_folder (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *file = g_build_filename (fixture->inside, "file", NULL);
  Record record;
  int fd;

  workspace_fixture_put (fixture, "file", "");
  fd = g_open (file, O_RDONLY | O_CLOEXEC, 0);
  record_init (&record);
  g_assert_false (devbox_tree_walk (fd, &recorder, &record, NULL));
  g_assert_cmpint (errno, ==, ENOTDIR);
  record_clear (&record);
  close (fd);
}

static void
make_deep_folders (WorkspaceFixture *fixture, guint depth)
{
  int fd = fcntl (devbox_workspace_get_fd (fixture->workspace), F_DUPFD_CLOEXEC, 3);

  for (guint i = 0; i < depth; i++)
    {
      int below;

      g_assert_cmpint (mkdirat (fd, "d", 0755), ==, 0);
      below = openat (fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
      g_assert_cmpint (below, >=, 0);
      close (fd);
      fd = below;
    }
  close (fd);
}

static DevboxTreeWalkNext
count_descriptors_in (const DevboxTreeEntry *entry, gpointer user_data)
{
  guint *most = user_data;

  *most = MAX (*most, count_descriptors ());

  return DEVBOX_TREE_WALK_CONTINUE;
}

/* Neither the stack nor the descriptors run out. */
static void
test_deep (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const DevboxTreeVisitor counter = { .visit = count_descriptors_in };
  guint n_descriptors = count_descriptors ();
  guint most = 0;
  Record record;

  make_deep_folders (fixture, DEEP);
  record_init (&record);
  g_assert_true (devbox_tree_walk (devbox_workspace_get_fd (fixture->workspace), &recorder, &record, NULL));
  g_assert_cmpint (record.failed_errno, ==, 0);
  g_assert_cmpuint (record.told->len, ==, 2 * DEEP);
  record_clear (&record);

  g_assert_true (devbox_tree_walk (devbox_workspace_get_fd (fixture->workspace), &counter, &most, NULL));
  g_assert_cmpuint (most, <=, n_descriptors + 40);
}

static DevboxTreeWalkNext
move_when_at_the_end (const DevboxTreeEntry *entry, gpointer user_data)
{
  WorkspaceFixture *fixture = user_data;
  int fd = devbox_workspace_get_fd (fixture->workspace);

  if (strlen (entry->path) == 2 * DEEP - 1)
    g_assert_cmpint (renameat (fd, "d/d/d", fd, "elsewhere"), ==, 0);

  return DEVBOX_TREE_WALK_CONTINUE;
}

/* It does not go on in another folder than the one that it came from. */
static void
test_moved (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const DevboxTreeVisitor mover = { .visit = move_when_at_the_end };

  make_deep_folders (fixture, DEEP);
  g_assert_false (devbox_tree_walk (devbox_workspace_get_fd (fixture->workspace), &mover, fixture, NULL));
  g_assert_cmpint (errno, ==, ESTALE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/workspace/tree-walk/all", test_all, 1);
  workspace_test_add ("/workspace/tree-walk/order", test_order, 1);
  workspace_test_add ("/workspace/tree-walk/skip", test_skip, 1);
  workspace_test_add ("/workspace/tree-walk/stop", test_stop, 1);
  workspace_test_add ("/workspace/tree-walk/cancelled", test_cancelled, 1);
  workspace_test_add ("/workspace/tree-walk/no-folder", test_no_folder, 1);
  workspace_test_add ("/workspace/tree-walk/deep", test_deep, 1);
  workspace_test_add ("/workspace/tree-walk/moved", test_moved, 1);

  return g_test_run ();
}
