/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "workspace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define FINE (-1)

typedef struct
{
  const char *path;
  int expected; /* FINE or a DevboxWireCode */
} PathCase;

/* Names may hold line breaks, which would tear the report apart. */
static void
tell (const char *path, const GError *error)
{
  g_autofree char *text = g_strconcat (path, ": ", error != NULL ? error->message : "opened", NULL);
  g_autofree char *escaped = g_strescape (text, NULL);

  g_test_message ("%s", escaped);
}

static void
prepare_tree (WorkspaceFixture *fixture)
{
  g_autofree char *outside_file = g_build_filename (fixture->outside, "secret", NULL);
  g_autofree char *own_file = g_build_filename (fixture->inside, "file", NULL);
  g_autofree char *fifo = g_build_filename (fixture->inside, "fifo", NULL);

  g_assert_true (g_file_set_contents (outside_file, "secret", -1, NULL));
  workspace_fixture_make_folder (fixture, "a/b");
  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_put (fixture, "a/b/file", "content");
  workspace_fixture_put (fixture, "-rf", "content");
  workspace_fixture_put (fixture, "\xff\n\x01", "content");
  workspace_fixture_put (fixture, "..a", "content");
  workspace_fixture_put (fixture, "...", "content");
  workspace_fixture_link (fixture, "file", "link");
  workspace_fixture_link (fixture, "a/b", "folder-link");
  workspace_fixture_link (fixture, "a/b/", "folder-link-slash");
  workspace_fixture_link (fixture, "../a/../link", "a/back-link");
  workspace_fixture_link (fixture, "loop", "loop");
  workspace_fixture_link (fixture, "nowhere", "dangling");
  workspace_fixture_link (fixture, "..", "up");
  workspace_fixture_link (fixture, "../outside", "out");
  workspace_fixture_link (fixture, "../outside/secret", "out-file");
  workspace_fixture_link (fixture, outside_file, "absolute-out");
  workspace_fixture_link (fixture, own_file, "absolute-own");
  workspace_fixture_link (fixture, "/proc/self/root", "magic");
  g_assert_cmpint (mkfifo (fifo, 0666), ==, 0);
}

static const PathCase open_cases[] = {
  { "file", FINE },
  { "./file", FINE },
  { ".//.///file", FINE },
  { "a/../file", FINE },
  { "a/b/../../file", FINE },
  { "a/b/../b/file", FINE },
  { "link", FINE },
  { "folder-link/file", FINE },
  { "folder-link-slash/file", FINE },
  { "folder-link/../b/file", FINE },
  { "a/back-link", FINE },
  { "-rf", FINE },
  { "..a", FINE },
  { "...", FINE },
  { "\xff\n\x01", FINE },
  { "", DEVBOX_WIRE_VALIDATION_ERROR },
  { ".", DEVBOX_WIRE_VALIDATION_ERROR },
  { "a", DEVBOX_WIRE_VALIDATION_ERROR },
  { "a/", DEVBOX_WIRE_VALIDATION_ERROR },
  { "a/..", DEVBOX_WIRE_VALIDATION_ERROR },
  { "file/", DEVBOX_WIRE_VALIDATION_ERROR },
  { "file/.", DEVBOX_WIRE_VALIDATION_ERROR },
  { "file/..", DEVBOX_WIRE_VALIDATION_ERROR },
  { "file/x", DEVBOX_WIRE_VALIDATION_ERROR },
  { "link/", DEVBOX_WIRE_VALIDATION_ERROR },
  { "fifo", DEVBOX_WIRE_VALIDATION_ERROR },
  { "missing", DEVBOX_WIRE_FILE_NOT_FOUND },
  { "missing/../file", DEVBOX_WIRE_FILE_NOT_FOUND },
  { "a/missing/file", DEVBOX_WIRE_FILE_NOT_FOUND },
  { "dangling", DEVBOX_WIRE_FILE_NOT_FOUND },
  { "..", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "../", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "../inside/file", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "../outside/secret", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "a/../../outside/secret", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "a/b/../../../inside/file", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "folder-link/../../../outside/secret", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "up/outside/secret", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "up", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "out/secret", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "out-file", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "absolute-out", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "absolute-own", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "magic/etc/passwd", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "loop", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "loop/x", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "/etc/passwd", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "/", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "/file", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
};

static void
check_open_file (WorkspaceFixture *fixture, const char *path, int expected)
{
  g_autoptr (GError) error = NULL;
  struct stat status;
  char content[16];
  int fd = devbox_workspace_open_file (fixture->workspace, path, &status, &error);

  tell (path, error);

  if (expected != FINE)
    {
      g_assert_cmpint (fd, ==, -1);
      assert_wire_error (error, expected);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return;
    }

  g_assert_no_error (error);
  g_assert_cmpint (status.st_size, ==, 7);
  g_assert_cmpint (read (fd, content, sizeof content), ==, 7);
  g_assert_true (memcmp (content, "content", 7) == 0);
  g_assert_true ((fcntl (fd, F_GETFD) & FD_CLOEXEC) != 0);
  close (fd);
}

static void
test_open_file (WorkspaceFixture *fixture, gconstpointer mode)
{
  guint n_descriptors;

  prepare_tree (fixture);
  n_descriptors = count_descriptors ();

  for (guint i = 0; i < G_N_ELEMENTS (open_cases); i++)
    check_open_file (fixture, open_cases[i].path, open_cases[i].expected);

  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

/* The workspace's own path in front of each case changes nothing but for absolute ones. */
static void
test_open_own_path (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *sibling = g_strconcat (fixture->inside, "2/file", NULL);
  g_autofree char *odd = g_strconcat ("//", fixture->inside + 1, "///file", NULL);
  g_autofree char *up = g_strconcat (fixture->inside, "/../inside/file", NULL);

  prepare_tree (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (open_cases); i++)
    {
      g_autofree char *path = g_build_path ("/", fixture->inside, open_cases[i].path, NULL);

      if (open_cases[i].path[0] != '/')
        check_open_file (fixture, path, open_cases[i].expected);
    }

  check_open_file (fixture, sibling, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  check_open_file (fixture, fixture->base, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  check_open_file (fixture, up, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  check_open_file (fixture, odd, FINE);
}

static void
test_open_flags (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const struct
  {
    const char *path;
    int flags;
    int expected;
    guint type;
  } cases[] = {
    { ".", O_RDONLY | O_DIRECTORY, FINE, S_IFDIR },
    { "a/..", O_PATH, FINE, S_IFDIR },
    { "folder-link", O_RDONLY | O_DIRECTORY, FINE, S_IFDIR },
    { "folder-link", O_PATH, FINE, S_IFDIR },
    { "folder-link", O_PATH | O_NOFOLLOW, FINE, S_IFLNK },
    { "folder-link/", O_PATH | O_NOFOLLOW, FINE, S_IFDIR },
    { "folder-link", O_RDONLY | O_NOFOLLOW, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, 0 },
    { "folder-link", O_RDONLY | O_NOFOLLOW | O_DIRECTORY, DEVBOX_WIRE_VALIDATION_ERROR, 0 },
    { "out", O_PATH | O_NOFOLLOW, FINE, S_IFLNK },
    { "out/", O_PATH | O_NOFOLLOW, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, 0 },
    { "out", O_PATH, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, 0 },
    { "dangling", O_PATH | O_NOFOLLOW, FINE, S_IFLNK },
    { "file", O_RDONLY | O_DIRECTORY, DEVBOX_WIRE_VALIDATION_ERROR, 0 },
    { "link", O_RDONLY | O_DIRECTORY, DEVBOX_WIRE_VALIDATION_ERROR, 0 },
    { "a", O_RDWR, DEVBOX_WIRE_VALIDATION_ERROR, 0 },
    { "file", O_RDWR, FINE, S_IFREG },
    { "fifo", O_RDONLY, FINE, S_IFIFO },
  };

  prepare_tree (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      struct stat status;
      int fd = devbox_workspace_open (fixture->workspace, cases[i].path, cases[i].flags, &error);

      g_test_message ("%s %o", cases[i].path, cases[i].flags);
      if (cases[i].expected != FINE)
        {
          assert_wire_error (error, cases[i].expected);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpint (fstat (fd, &status), ==, 0);
      g_assert_cmpuint (status.st_mode & S_IFMT, ==, cases[i].type);
      close (fd);
    }
}

static void
test_open_socket (WorkspaceFixture *fixture, gconstpointer mode)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_snprintf (address.sun_path, sizeof address.sun_path, "%s/socket", fixture->inside);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);

  check_open_file (fixture, "socket", DEVBOX_WIRE_VALIDATION_ERROR);

  close (fd);
}

static void
test_long_paths (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *long_name = g_strnfill (256, 'n');
  g_autoptr (GString) dots = g_string_new (NULL);
  g_autoptr (GString) ups = g_string_new (NULL);

  prepare_tree (fixture);
  check_open_file (fixture, long_name, DEVBOX_WIRE_VALIDATION_ERROR);

  while (dots->len + strlen ("./file") <= 4095)
    g_string_append (dots, "./");
  g_string_append (dots, "file");
  check_open_file (fixture, dots->str, FINE);
  g_string_prepend (dots, "././");
  check_open_file (fixture, dots->str, DEVBOX_WIRE_VALIDATION_ERROR);

  while (ups->len + 4 < 4000)
    g_string_append (ups, "a/../");
  g_string_append (ups, "file");
  check_open_file (fixture, ups->str, FINE);
  g_string_prepend (ups, "../");
  check_open_file (fixture, ups->str, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
}

/* 40 links are followed, 41 are not: as the kernel says, whoever resolves. */
static void
test_many_links (WorkspaceFixture *fixture, gconstpointer mode)
{
  workspace_fixture_put (fixture, "link-0", "content");
  for (guint i = 1; i <= 41; i++)
    {
      g_autofree char *target = g_strdup_printf ("link-%u", i - 1);
      g_autofree char *path = g_strdup_printf ("link-%u", i);

      workspace_fixture_link (fixture, target, path);
    }

  check_open_file (fixture, "link-40", FINE);
  check_open_file (fixture, "link-41", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
}

/* Valgrind and old kernels have none. */
static gboolean
has_openat2 (WorkspaceFixture *fixture)
{
  struct open_how how = { .flags = O_PATH | O_CLOEXEC };
  int fd = syscall (SYS_openat2, devbox_workspace_get_fd (fixture->workspace), ".", &how, sizeof how);

  if (fd >= 0)
    close (fd);

  return fd >= 0;
}

/* Within the descriptors that the walk may hold, both agree; beyond, the walk refuses cleanly. */
static void
test_deep_paths (WorkspaceFixture *fixture, gconstpointer mode)
{
  gboolean walks = ((const WorkspaceMode *) mode)->force_walk || !has_openat2 (fixture);
  g_autoptr (GString) path = g_string_new (NULL);
  g_autofree char *file = NULL;

  for (guint i = 0; i < 256; i++)
    g_string_append (path, "d/");
  workspace_fixture_make_folder (fixture, path->str);
  file = g_strconcat (path->str, "file", NULL);
  workspace_fixture_put (fixture, file, "content");
  check_open_file (fixture, file, FINE);

  g_string_append (path, "d/");
  workspace_fixture_make_folder (fixture, path->str);
  g_free (file);
  file = g_strconcat (path->str, "file", NULL);
  workspace_fixture_put (fixture, file, "content");
  check_open_file (fixture, file, walks ? DEVBOX_WIRE_VALIDATION_ERROR : FINE);
}

static const PathCase parent_cases[] = {
  { "new", FINE },
  { "new/", FINE },
  { "a/new", FINE },
  { "a/b/../new", FINE },
  { "folder-link/new", FINE },
  { "out", FINE }, /* the link itself, not what it leads to */
  { "made/new", FINE },
  { "made/twice/./new//", FINE },
  { "a/made/../made-too/new", FINE },
  { "folder-link/made/new", FINE },
  { "dangling/new", FINE },
  { ".", DEVBOX_WIRE_VALIDATION_ERROR },
  { "a/..", DEVBOX_WIRE_VALIDATION_ERROR },
  { "", DEVBOX_WIRE_VALIDATION_ERROR },
  { "file/new", DEVBOX_WIRE_VALIDATION_ERROR },
  { "not-made/../file/new", DEVBOX_WIRE_VALIDATION_ERROR },
  { "..", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "../new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "not-made/..", DEVBOX_WIRE_VALIDATION_ERROR },
  { "not-made/../..", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "not-made/nor-this/../../../outside/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "out/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "out/made/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "not-made/../out/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "up/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "loop/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "absolute-own/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  { "/etc/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
};

static void
test_open_parent (WorkspaceFixture *fixture, gconstpointer mode)
{
  guint n_descriptors;

  prepare_tree (fixture);
  n_descriptors = count_descriptors ();

  for (guint i = 0; i < G_N_ELEMENTS (parent_cases); i++)
    {
      g_autofree char *before = workspace_fixture_list (fixture);
      g_autofree char *after = NULL;
      g_autofree char *name = NULL;
      g_autoptr (GError) error = NULL;
      int fd = devbox_workspace_open_parent (fixture->workspace, parent_cases[i].path, TRUE, &name, &error);

      tell (parent_cases[i].path, error);
      if (parent_cases[i].expected == FINE)
        {
          g_assert_no_error (error);
          g_assert_null (strchr (name, '/'));
          close (fd);
          continue;
        }

      g_assert_cmpint (fd, ==, -1);
      g_assert_null (name);
      assert_wire_error (error, parent_cases[i].expected);
      after = workspace_fixture_list (fixture);
      g_assert_cmpstr (after, ==, before);
    }

  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

static void
test_open_parent_without_making (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (devbox_workspace_open_parent (fixture->workspace, "made/new", FALSE, &name, &error), ==, -1);
  assert_wire_error (error, DEVBOX_WIRE_FILE_NOT_FOUND);
  g_assert_null (name);
}

static void
test_own_path_by_link (void)
{
  g_autoptr (DevboxWorkspace) workspace = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *link = NULL;
  g_autofree char *relative = NULL;
  g_autofree char *absolute = NULL;
  WorkspaceFixture fixture;

  workspace_fixture_set_up (&fixture, &workspace_modes[0]);
  link = g_build_filename (fixture.base, "link", NULL);
  g_assert_cmpint (symlink ("inside", link), ==, 0);

  workspace = devbox_workspace_new (link, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (devbox_workspace_get_path (workspace), ==, fixture.inside);

  absolute = g_build_filename (link, "a/b", NULL);
  relative = devbox_workspace_relativize (workspace, absolute, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (relative, ==, "a/b");
  g_clear_pointer (&relative, g_free);
  relative = devbox_workspace_relativize (workspace, fixture.inside, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (relative, ==, "");

  workspace_fixture_tear_down (&fixture);
}

static void
test_bad_workspaces (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  WorkspaceFixture fixture;

  workspace_fixture_set_up (&fixture, &workspace_modes[0]);
  path = g_build_filename (fixture.base, "missing", NULL);
  g_assert_null (devbox_workspace_new (path, &error));
  assert_wire_error (error, DEVBOX_WIRE_FILE_NOT_FOUND);
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_null (devbox_workspace_new (path, &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);

  workspace_fixture_tear_down (&fixture);
}

static void
test_is_usable (void)
{
  g_autofree char *moved = NULL;
  WorkspaceFixture fixture;

  workspace_fixture_set_up (&fixture, &workspace_modes[0]);
  g_assert_true (devbox_workspace_is_usable (fixture.workspace));

  moved = g_build_filename (fixture.base, "moved", NULL);
  g_assert_cmpint (g_rename (fixture.inside, moved), ==, 0);
  g_assert_false (devbox_workspace_is_usable (fixture.workspace));
  g_assert_cmpint (g_mkdir (fixture.inside, 0755), ==, 0);
  g_assert_false (devbox_workspace_is_usable (fixture.workspace));

  g_assert_cmpint (g_rmdir (fixture.inside), ==, 0);
  g_assert_cmpint (g_rename (moved, fixture.inside), ==, 0);
  g_assert_true (devbox_workspace_is_usable (fixture.workspace));

  g_assert_cmpint (g_rmdir (fixture.inside), ==, 0);
  g_assert_false (devbox_workspace_is_usable (fixture.workspace));

  workspace_fixture_tear_down (&fixture);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/workspace/open-file", test_open_file, 2);
  workspace_test_add ("/workspace/open-own-path", test_open_own_path, 2);
  workspace_test_add ("/workspace/open-flags", test_open_flags, 2);
  workspace_test_add ("/workspace/open-socket", test_open_socket, 2);
  workspace_test_add ("/workspace/long-paths", test_long_paths, 2);
  workspace_test_add ("/workspace/many-links", test_many_links, 2);
  workspace_test_add ("/workspace/deep-paths", test_deep_paths, 2);
  workspace_test_add ("/workspace/open-parent", test_open_parent, 2);
  workspace_test_add ("/workspace/open-parent-without-making", test_open_parent_without_making, 2);
  g_test_add_func ("/workspace/own-path-by-link", test_own_path_by_link);
  g_test_add_func ("/workspace/bad-workspaces", test_bad_workspaces);
  g_test_add_func ("/workspace/is-usable", test_is_usable);

  return g_test_run ();
}
