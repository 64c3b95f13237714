/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-mode-private.h"
#include "devbox-file-move-private.h"
#include "devbox-file-removal-private.h"
#include "devbox-file-replacement-private.h"
#include "devbox-folder-list-private.h"
#include "workspace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Some of these delete and change modes: whatever the code under test gets wrong must stay in the fixture. So the
 * workspace lies deeper than any path has "..", and the kernel's own link leads outside the workspace and no further.
 *
 * 100,000 operations for each way to resolve (ten times as many with -m slow), on paths that want out, while another
 * thread swaps folders for links and moves them about: none may read or change anything outside the workspace. Prints
 * its seed, as every test: --seed repeats it. */

#define N_OPERATIONS 100000
#define SECRET "the secret"
#define ONLY_OUTSIDE "only-outside"
#define N_KINDS 10            /* of operations */
#define N_BETWEEN_REPAIRS 200 /* operations */

typedef struct
{
  WorkspaceFixture *fixture;
  int base_fd;
  int stop;
  guint n_swaps;
} Flipper;

/* What the kernel calls a descriptor of the folder outside */
static char outside_link[32];

/* Names in the tree of prepare_tree (), those that the flipper swaps among them. */
/* clang-format off */
static const char *const components[] = {
  "..", "..", "..", ".", "", "a", "b", "flip", "flip", "deep-flip", "flip-file", "mover", "deep",
  "link-in", "out", "out-abs", "out-deep", "up", "loop", "magic", "file", "secret", "outside",
  "inside", "new", "new-made", "%2e%2e", "..\\", "\xff", "dangling-out", "mover/deep/..",
  "mover/deep/../secret",
};
/* clang-format on */

static void
prepare_tree (WorkspaceFixture *fixture)
{
  g_autofree char *secret = g_build_filename (fixture->outside, "secret", NULL);
  g_autofree char *folder = g_build_filename (fixture->outside, "a", NULL);
  g_autofree char *only = g_build_filename (fixture->outside, ONLY_OUTSIDE, NULL);

  g_assert_true (g_file_set_contents_full (secret, SECRET, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
  g_assert_cmpint (g_mkdir (only, 0755), ==, 0);

  workspace_fixture_make_folder (fixture, "a/b");
  workspace_fixture_make_folder (fixture, "flip/b");
  workspace_fixture_make_folder (fixture, "a/deep-flip/b");
  workspace_fixture_make_folder (fixture, "mover/deep");
  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_put (fixture, "a/file", "content");
  workspace_fixture_put (fixture, "flip/file", "content");
  workspace_fixture_put (fixture, "flip-file", "content");
  workspace_fixture_link (fixture, "a/b", "link-in");
  workspace_fixture_link (fixture, "../outside", "out");
  workspace_fixture_link (fixture, fixture->outside, "out-abs");
  workspace_fixture_link (fixture, "../../outside", "a/out-deep");
  workspace_fixture_link (fixture, "../outside/new", "dangling-out");
  workspace_fixture_link (fixture, "..", "up");
  workspace_fixture_link (fixture, "a/../loop", "loop");
  workspace_fixture_link (fixture, outside_link, "magic");
  workspace_fixture_link (fixture, "../outside", "flip.swap");
  workspace_fixture_link (fixture, "../../outside", "a/deep-flip.swap");
}

static void
swap (int base_fd, const char *path, const char *other)
{
  renameat2 (base_fd, path, base_fd, other, RENAME_EXCHANGE);
}

/* Unless an operation has put a folder there. */
static void
put_in_place (int base_fd)
{
  if (renameat (base_fd, "flip-file.new", base_fd, "inside/flip-file") < 0)
    unlinkat (base_fd, "flip-file.new", 0);
}

/* A link in the place of the file, then a file in the place of the link: never nothing. */
static void
swap_file (int base_fd)
{
  int fd;

  symlinkat ("../outside/secret", base_fd, "flip-file.new");
  put_in_place (base_fd);

  fd = openat (base_fd, "flip-file.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0)
    close (fd);
  put_in_place (base_fd);
}

static gpointer
flip (gpointer user_data)
{
  Flipper *self = user_data;

  while (!g_atomic_int_get (&self->stop))
    {
      swap (self->base_fd, "inside/flip", "inside/flip.swap");
      swap (self->base_fd, "inside/a/deep-flip", "inside/a/deep-flip.swap");
      swap_file (self->base_fd);
      /* What has been entered moves out from under the one that is inside, so that its ".." would be outside. */
      renameat (self->base_fd, "inside/mover/deep", self->base_fd, "outside/deep");
      renameat (self->base_fd, "outside/deep", self->base_fd, "inside/mover/deep");
      self->n_swaps++;
      /* Else the two threads wait for each other's locks more than they do anything. */
      if (self->n_swaps % 4 == 0)
        g_usleep (50);
    }

  return NULL;
}

static char *
make_path (WorkspaceFixture *fixture, guint max_components)
{
  g_autoptr (GString) path = g_string_new (NULL);
  /* Short ones get through more often. */
  guint n = g_test_rand_int_range (1, (g_test_rand_bit () ? 2 : max_components) + 1);

  switch (g_test_rand_int_range (0, 16))
    {
    case 0:
      g_string_append (path, fixture->inside);
      g_string_append_c (path, '/');
      break;
    case 1:
      g_string_append_c (path, '/');
      break;
    case 2:
      g_string_append (path, fixture->outside);
      g_string_append_c (path, '/');
      break;
    default:
      break;
    }

  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (path, '/');
      g_string_append (path, components[g_test_rand_int_range (0, G_N_ELEMENTS (components))]);
    }

  return g_string_free (g_steal_pointer (&path), FALSE);
}

/* What was opened lies in the workspace, or is the one folder that the flipper itself carries out and in. */
static void
assert_inside (WorkspaceFixture *fixture, int fd, const char *path)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *moved = g_build_filename (fixture->outside, "deep", NULL);
  char place[PATH_MAX + 1] = "";
  gsize length = strlen (fixture->inside);

  g_assert_cmpint (readlink (link, place, PATH_MAX), >, 0);
  if (g_str_has_prefix (place, fixture->inside) && (place[length] == '/' || place[length] == '\0'))
    return;
  if (strcmp (place, moved) == 0)
    return;

  g_error ("“%s” was opened as %s", path, place);
}

static gboolean
try_open (WorkspaceFixture *fixture, const char *path, int flags)
{
  int fd = devbox_workspace_open (fixture->workspace, path, flags, NULL);

  if (fd < 0)
    return FALSE;

  assert_inside (fixture, fd, path);
  close (fd);

  return TRUE;
}

static gboolean
try_read (WorkspaceFixture *fixture, const char *path)
{
  struct stat status;
  char content[64] = "";
  int fd = devbox_workspace_open_file (fixture->workspace, path, &status, NULL);

  if (fd < 0)
    return FALSE;

  g_assert_cmpint (read (fd, content, sizeof content - 1), >=, 0);
  if (strstr (content, SECRET) != NULL)
    g_error ("“%s” gave the secret away", path);
  close (fd);

  return TRUE;
}

static gboolean
try_parent (WorkspaceFixture *fixture, const char *path, gboolean make_parents)
{
  g_autofree char *name = NULL;
  int fd = devbox_workspace_open_parent (fixture->workspace, path, make_parents, &name, NULL);

  if (fd < 0)
    return FALSE;

  assert_inside (fixture, fd, path);
  close (fd);

  return TRUE;
}

static gboolean
try_replace (WorkspaceFixture *fixture, const char *path)
{
  g_autoptr (DevboxFileReplacement) replacement = devbox_file_replacement_new (fixture->workspace, path, -1, NULL);

  return replacement != NULL && devbox_file_replacement_write (replacement, (const guint8 *) "new", 3, NULL)
         && devbox_file_replacement_commit (replacement, -1, NULL);
}

static gboolean
try_remove (WorkspaceFixture *fixture, const char *path)
{
  return devbox_workspace_remove (fixture->workspace, path, g_test_rand_int_range (0, DEVBOX_REMOVAL_TREE + 1), NULL,
                                  NULL);
}

static gboolean
try_move (WorkspaceFixture *fixture, const char *path)
{
  g_autofree char *destination = make_path (fixture, 4);

  return strstr (destination, "mover") == NULL
         && devbox_workspace_move (fixture->workspace, path, destination, g_test_rand_bit (), NULL, NULL);
}

static gboolean
try_change_mode (WorkspaceFixture *fixture, const char *path)
{
  const DevboxModeChange change = { .mode = g_test_rand_bit () ? 0700 : 0711 };

  return devbox_workspace_change_mode (fixture->workspace, path, &change, g_test_rand_bit (), NULL, NULL);
}

static gboolean
try_list (WorkspaceFixture *fixture, const char *path)
{
  g_autoptr (GPtrArray) entries = devbox_workspace_list (fixture->workspace, path, TRUE, 0, 1000, NULL, NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      if (strcmp (((DevboxFolderEntry *) entries->pdata[i])->name, ONLY_OUTSIDE) == 0)
        g_error ("“%s” listed what is outside", path);
    }

  return entries != NULL;
}

static gboolean
try_any (WorkspaceFixture *fixture, guint operation)
{
  g_autofree char *path = NULL;

  /* What makes or takes away gets short paths, else there were too many folders, or too few; and stays out of the
   * folder that is carried outside. What the code should refuse to change, but is no fixture, is left alone. */
  path = make_path (fixture, operation < 6 ? 8 : 4);
  if (operation >= 6 && strstr (path, "mover") != NULL)
    return FALSE;
  if (operation >= 5 && path[0] == '/' && !g_str_has_prefix (path, fixture->base))
    return FALSE;

  switch (operation)
    {
    case 0:
      return try_open (fixture, path, O_RDONLY);
    case 1:
      return try_open (fixture, path, O_PATH);
    case 2:
      return try_read (fixture, path);
    case 3:
      return try_parent (fixture, path, FALSE);
    case 4:
      return try_list (fixture, path);
    case 5:
      return try_change_mode (fixture, path);
    case 6:
      return try_parent (fixture, path, TRUE);
    case 7:
      return try_remove (fixture, path);
    case 8:
      return try_move (fixture, path);
    default:
      return try_replace (fixture, path);
    }
}

/* A folder and a link, of which either may have the name that is swapped. */
static void
repair_pair (int folder_fd, const char *name, const char *other, const char *target)
{
  struct stat status, other_status;

  if (fstatat (folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0
      && fstatat (folder_fd, other, &other_status, AT_SYMLINK_NOFOLLOW) == 0
      && ((S_ISDIR (status.st_mode) && S_ISLNK (other_status.st_mode))
          || (S_ISLNK (status.st_mode) && S_ISDIR (other_status.st_mode))))
    return;

  devbox_remove_tree (folder_fd, name, name, NULL, NULL);
  devbox_remove_tree (folder_fd, other, other, NULL, NULL);
  mkdirat (folder_fd, name, 0755);
  symlinkat (target, folder_fd, other);
}

static void
repair_file (int folder_fd, const char *name)
{
  int fd = openat (folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

  if (fd >= 0)
    close (fd);
}

/* Makes again what the operations took away. No link is followed here either. */
static void
repair_tree (WorkspaceFixture *fixture)
{
  int root_fd = devbox_workspace_get_fd (fixture->workspace);
  int fd;

  mkdirat (root_fd, "a", 0755);
  fd = openat (root_fd, "a", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0)
    {
      mkdirat (fd, "b", 0755);
      repair_file (fd, "file");
      symlinkat ("../../outside", fd, "out-deep");
      repair_pair (fd, "deep-flip", "deep-flip.swap", "../../outside");
      close (fd);
    }

  repair_pair (root_fd, "flip", "flip.swap", "../outside");
  fd = openat (root_fd, "flip", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0)
    {
      mkdirat (fd, "b", 0755);
      repair_file (fd, "file");
      close (fd);
    }

  unlinkat (root_fd, "flip-file", AT_REMOVEDIR);
  repair_file (root_fd, "file");
  symlinkat ("a/b", root_fd, "link-in");
  symlinkat ("../outside", root_fd, "out");
  symlinkat (fixture->outside, root_fd, "out-abs");
  symlinkat ("../outside/new", root_fd, "dangling-out");
  symlinkat ("..", root_fd, "up");
  symlinkat ("a/../loop", root_fd, "loop");
  symlinkat (outside_link, root_fd, "magic");
}

static void
assert_canary (WorkspaceFixture *fixture)
{
  g_autofree char *secret = g_build_filename (fixture->outside, "secret", NULL);
  g_autofree char *content = NULL;
  g_autoptr (GDir) base = g_dir_open (fixture->base, 0, NULL);
  g_autoptr (GDir) outside = g_dir_open (fixture->outside, 0, NULL);
  g_autofree char *folder = g_build_filename (fixture->outside, "a", NULL);
  g_autofree char *only = g_build_filename (fixture->outside, ONLY_OUTSIDE, NULL);
  struct stat status;
  const char *name;

  g_assert_true (g_file_get_contents (secret, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, SECRET);
  g_assert_cmpint (stat (secret, &status), ==, 0);
  g_assert_cmpint (status.st_nlink, ==, 1);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0644);
  g_assert_cmpint (stat (fixture->outside, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0755);
  g_assert_cmpint (stat (folder, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0755);

  while ((name = g_dir_read_name (outside)) != NULL)
    {
      if (strcmp (name, "secret") != 0 && strcmp (name, "a") != 0 && strcmp (name, ONLY_OUTSIDE) != 0)
        g_error ("“%s” was made outside", name);
    }
  while ((name = g_dir_read_name (base)) != NULL)
    {
      if (strcmp (name, "inside") != 0 && strcmp (name, "outside") != 0)
        g_error ("“%s” was made beside the workspace", name);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_assert_cmpint (g_rmdir (only), ==, 0);
}

static void
run_operations (WorkspaceFixture *fixture)
{
  Flipper flipper = { .fixture = fixture };
  GThread *thread;
  guint n_operations = g_test_slow () ? 10 * N_OPERATIONS : N_OPERATIONS;
  guint n_done[N_KINDS] = { 0 };
  guint n_descriptors, kind;

  prepare_tree (fixture);
  n_descriptors = count_descriptors ();
  flipper.base_fd = open (fixture->base, O_PATH | O_DIRECTORY | O_CLOEXEC);
  thread = g_thread_new ("flipper", flip, &flipper);

  for (guint i = 0; i < n_operations; i++)
    {
      if (i % N_BETWEEN_REPAIRS == 0)
        repair_tree (fixture);
      kind = g_test_rand_int_range (0, N_KINDS);
      n_done[kind] += try_any (fixture, kind);
    }

  g_atomic_int_set (&flipper.stop, TRUE);
  g_thread_join (thread);
  close (flipper.base_fd);

  g_test_message ("%u operations, %u swaps", n_operations, flipper.n_swaps);
  /* Neither does it refuse everything, nor did the flipper sleep. */
  for (guint i = 0; i < N_KINDS; i++)
    {
      g_test_message ("of kind %u, %u were let through", i, n_done[i]);
      g_assert_cmpuint (n_done[i], >, n_operations / N_KINDS / 100);
    }
  g_assert_cmpuint (flipper.n_swaps, >, 100);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
  assert_canary (fixture);
}

/* More than any path climbs */
#define DEEP "1/2/3/4/5/6/7/8/9/10/11/12"

/* Nothing but the way down to the folder of the test */
static void
assert_way_down (WorkspaceFixture *fixture)
{
  g_auto (GStrv) levels = g_strsplit (DEEP, "/", -1);
  g_autofree char *path = g_strdup (fixture->inside);

  for (guint i = 0; levels[i] != NULL; i++)
    {
      g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
      g_autofree char *parent = g_steal_pointer (&path);

      g_assert_cmpstr (g_dir_read_name (dir), ==, levels[i]);
      g_assert_null (g_dir_read_name (dir));
      path = g_build_filename (parent, levels[i], NULL);
    }
}

static void
test_hostile_paths (WorkspaceFixture *fixture, gconstpointer mode)
{
  WorkspaceFixture deep = { .base = g_build_filename (fixture->inside, DEEP, NULL) };
  int outside_fd;

  g_assert_cmpint (g_mkdir_with_parents (deep.base, 0755), ==, 0);
  workspace_fixture_set_up_in (&deep, mode);
  outside_fd = open (deep.outside, O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_snprintf (outside_link, sizeof outside_link, "/proc/self/fd/%d", outside_fd);

  run_operations (&deep);

  assert_way_down (fixture);
  close (outside_fd);
  workspace_fixture_clear (&deep);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/hostile-paths", test_hostile_paths, 2);

  return g_test_run ();
}
