/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "workspace-fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

const WorkspaceMode workspace_modes[4] = {
  { FALSE, FALSE },
  { TRUE, FALSE },
  { FALSE, TRUE },
  { TRUE, TRUE },
};

/* In memory where there is such a place: a rename over a file costs a disk hundreds of times as much. */
static char *
make_base (void)
{
  const char *const folders[] = { "/dev/shm", g_get_tmp_dir () };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *name = g_build_filename (folders[i], "devbox-workspace-XXXXXX", NULL);

      if (g_mkdtemp (name) != NULL)
        return realpath (name, NULL);
    }

  g_error ("No folder for the test can be made: %s", g_strerror (errno));
}

void
workspace_fixture_set_up (WorkspaceFixture *self, const WorkspaceMode *mode)
{
  self->base = make_base ();
  workspace_fixture_set_up_in (self, mode);
}

void
workspace_fixture_set_up_in (WorkspaceFixture *self, const WorkspaceMode *mode)
{
  g_autoptr (GError) error = NULL;

  self->inside = g_build_filename (self->base, "inside", NULL);
  self->outside = g_build_filename (self->base, "outside", NULL);
  g_assert_cmpint (g_mkdir (self->inside, 0755), ==, 0);
  g_assert_cmpint (g_mkdir (self->outside, 0755), ==, 0);

  self->workspace = devbox_workspace_new (self->inside, &error);
  g_assert_no_error (error);
  devbox_workspace_set_force_walk (self->workspace, mode->force_walk);
  devbox_workspace_set_force_named_temporaries (self->workspace, mode->force_named);
}

void
workspace_fixture_tear_down (WorkspaceFixture *self)
{
  remove_tree (self->base);
  workspace_fixture_clear (self);
}

void
workspace_fixture_clear (WorkspaceFixture *self)
{
  devbox_workspace_unref (self->workspace);
  free (self->base);
  g_free (self->inside);
  g_free (self->outside);
}

static void
set_up (WorkspaceFixture *self, gconstpointer mode)
{
  workspace_fixture_set_up (self, mode);
}

static void
tear_down (WorkspaceFixture *self, gconstpointer mode)
{
  workspace_fixture_tear_down (self);
}

void
workspace_test_add (const char *path, WorkspaceTestFunc func, guint n_modes)
{
  for (guint i = 0; i < n_modes; i++)
    {
      const WorkspaceMode *mode = &workspace_modes[i];
      g_autofree char *name
          = g_strdup_printf ("%s/%s%s", path, mode->force_walk ? "walk" : "openat2", mode->force_named ? "-named" : "");

      g_test_add (name, WorkspaceFixture, mode, set_up, func, tear_down);
    }
}

void
workspace_fixture_put (WorkspaceFixture *self, const char *path, const char *content)
{
  g_autofree char *full = g_build_filename (self->inside, path, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (full, content, -1, G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);
}

void
workspace_fixture_make_folder (WorkspaceFixture *self, const char *path)
{
  g_autofree char *full = g_build_filename (self->inside, path, NULL);

  g_assert_cmpint (g_mkdir_with_parents (full, 0755), ==, 0);
}

void
workspace_fixture_link (WorkspaceFixture *self, const char *target, const char *path)
{
  g_autofree char *full = g_build_filename (self->inside, path, NULL);

  g_assert_cmpint (symlink (target, full), ==, 0);
}

char *
workspace_fixture_get (WorkspaceFixture *self, const char *path, gsize *size)
{
  g_autofree char *full = g_build_filename (self->inside, path, NULL);
  char *content = NULL;

  return g_file_get_contents (full, &content, size, NULL) ? content : NULL;
}

void
workspace_fixture_stat (WorkspaceFixture *self, const char *path, struct stat *status)
{
  g_autofree char *full = g_build_filename (self->inside, path, NULL);

  g_assert_cmpint (lstat (full, status), ==, 0);
}

static void
list_folder (const char *folder, const char *prefix, GPtrArray *names)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *full = g_build_filename (folder, name, NULL);
      g_autofree char *below = g_strconcat (prefix, name, "/", NULL);

      g_ptr_array_add (names, g_strconcat (prefix, name, NULL));
      if (g_file_test (full, G_FILE_TEST_IS_DIR) && !g_file_test (full, G_FILE_TEST_IS_SYMLINK))
        list_folder (full, below, names);
    }
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char *
workspace_fixture_list (WorkspaceFixture *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  list_folder (self->inside, "", names);
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);

  return g_strjoinv (" ", (char **) names->pdata);
}

void
workspace_fixture_assert_list (WorkspaceFixture *self, const char *expected)
{
  g_autofree char *names = workspace_fixture_list (self);

  g_assert_cmpstr (names, ==, expected);
}

static void
remove_below (int parent_fd, const char *name)
{
  int fd = openat (parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir (fd);

  if (folder != NULL)
    {
      for (struct dirent *entry = readdir (folder); entry != NULL; entry = readdir (folder))
        {
          if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0
              && unlinkat (fd, entry->d_name, 0) < 0)
            remove_below (fd, entry->d_name);
        }
      closedir (folder);
    }

  unlinkat (parent_fd, name, AT_REMOVEDIR);
}

void
remove_tree (const char *path)
{
  remove_below (AT_FDCWD, path);
}

guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

static void
write_id_map (const char *path, guint id)
{
  g_autofree char *map = g_strdup_printf ("0 %u 1\n", id);
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (write (fd, map, strlen (map)), ==, strlen (map));
  close (fd);
}

gboolean
workspace_enter_mount_namespace (void)
{
  uid_t user = geteuid ();
  gid_t group = getegid ();

  if (unshare (CLONE_NEWNS) < 0)
    {
      int fd;

      if (unshare (CLONE_NEWNS | CLONE_NEWUSER) < 0)
        return FALSE;
      fd = open ("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
      g_assert_cmpint (write (fd, "deny", 4), ==, 4);
      close (fd);
      write_id_map ("/proc/self/uid_map", user);
      write_id_map ("/proc/self/gid_map", group);
    }

  return mount ("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
}

void
mount_small (const char *path, const char *options)
{
  g_assert_cmpint (mount ("none", path, "tmpfs", 0, options), ==, 0);
}
