/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-replacement-private.h"
#include "workspace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 100,000 operations for each way to resolve (ten times as many with -m slow), on paths that want out, while another
 * thread swaps folders for links and moves them about: none may read or change anything outside the workspace. Prints
 * its seed, as every test: --seed repeats it. */

#define N_OPERATIONS 100000
#define SECRET "the secret"

typedef struct
{
  WorkspaceFixture *fixture;
  int base_fd;
  int stop;
  guint n_swaps;
} Flipper;

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

  g_assert_true (g_file_set_contents (secret, SECRET, -1, NULL));
  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);

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
  workspace_fixture_link (fixture, "/proc/self/root", "magic");
  workspace_fixture_link (fixture, "../outside", "flip.swap");
  workspace_fixture_link (fixture, "../../outside", "a/deep-flip.swap");
}

static void
swap (int base_fd, const char *path, const char *other)
{
  renameat2 (base_fd, path, base_fd, other, RENAME_EXCHANGE);
}

/* A link in the place of the file, then a file in the place of the link: never nothing. */
static void
swap_file (int base_fd)
{
  int fd;

  symlinkat ("../outside/secret", base_fd, "flip-file.new");
  renameat (base_fd, "flip-file.new", base_fd, "inside/flip-file");

  fd = openat (base_fd, "flip-file.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0)
    close (fd);
  renameat (base_fd, "flip-file.new", base_fd, "inside/flip-file");
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
  guint n = g_test_rand_int_range (1, max_components + 1);

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
try_any (WorkspaceFixture *fixture)
{
  g_autofree char *path = NULL;
  guint operation = g_test_rand_int_range (0, 6);

  /* What makes folders gets short paths, else their number explodes; and stays out of the folder that is carried
   * outside. */
  path = make_path (fixture, operation < 4 ? 8 : 4);
  if (operation >= 4 && strstr (path, "mover") != NULL)
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
      return try_parent (fixture, path, TRUE);
    default:
      return try_replace (fixture, path);
    }
}

static void
assert_canary (WorkspaceFixture *fixture)
{
  g_autofree char *secret = g_build_filename (fixture->outside, "secret", NULL);
  g_autofree char *content = NULL;
  g_autoptr (GDir) base = g_dir_open (fixture->base, 0, NULL);
  g_autoptr (GDir) outside = g_dir_open (fixture->outside, 0, NULL);
  g_autofree char *folder = g_build_filename (fixture->outside, "a", NULL);
  struct stat status;
  const char *name;

  g_assert_true (g_file_get_contents (secret, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, SECRET);
  g_assert_cmpint (stat (secret, &status), ==, 0);
  g_assert_cmpint (status.st_nlink, ==, 1);

  while ((name = g_dir_read_name (outside)) != NULL)
    {
      if (strcmp (name, "secret") != 0 && strcmp (name, "a") != 0)
        g_error ("“%s” was made outside", name);
    }
  while ((name = g_dir_read_name (base)) != NULL)
    g_assert_true (strcmp (name, "inside") == 0 || strcmp (name, "outside") == 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_hostile_paths (WorkspaceFixture *fixture, gconstpointer mode)
{
  Flipper flipper = { .fixture = fixture };
  GThread *thread;
  guint n_operations = g_test_slow () ? 10 * N_OPERATIONS : N_OPERATIONS;
  guint n_descriptors, n_done = 0;

  prepare_tree (fixture);
  n_descriptors = count_descriptors ();
  flipper.base_fd = open (fixture->base, O_PATH | O_DIRECTORY | O_CLOEXEC);
  thread = g_thread_new ("flipper", flip, &flipper);

  for (guint i = 0; i < n_operations; i++)
    n_done += try_any (fixture);

  g_atomic_int_set (&flipper.stop, TRUE);
  g_thread_join (thread);
  close (flipper.base_fd);

  g_test_message ("%u of %u operations were let through, beside %u swaps", n_done, n_operations, flipper.n_swaps);
  /* Neither does it refuse everything, nor did the flipper sleep. */
  g_assert_cmpuint (n_done, >, n_operations / 20);
  g_assert_cmpuint (flipper.n_swaps, >, 100);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
  assert_canary (fixture);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/hostile-paths", test_hostile_paths, 2);

  return g_test_run ();
}
