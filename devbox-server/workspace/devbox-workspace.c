/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-workspace-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-path-walk-private.h"
#include "devbox-wire-error-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* openat2 answers EAGAIN when something was renamed while it went through "..". */
#define MAX_ATTEMPTS 16

struct _DevboxWorkspace
{
  gatomicrefcount ref_count;
  int fd;
  dev_t device;
  ino_t inode;
  char *path;
  char *given_path; /* absolute too, but perhaps by way of links */
  gboolean has_openat2;
  int force_walk;
  int force_named_temporaries;
};

static int
call_openat2 (int folder_fd, const char *path, int flags)
{
  struct open_how how = {
    .flags = flags | O_CLOEXEC,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };

  return syscall (SYS_openat2, folder_fd, path, &how, sizeof how);
}

/* Whether the kernel has it, and no sandbox forbids it. */
static gboolean
probe_openat2 (int folder_fd)
{
  devbox_auto_descriptor int fd = call_openat2 (folder_fd, ".", O_PATH);

  return fd >= 0;
}

DevboxWorkspace *
devbox_workspace_new (const char *path, GError **error)
{
  devbox_auto_descriptor int fd = -1;
  g_autofree char *canonical = NULL;
  struct stat status;
  DevboxWorkspace *self;

  g_return_val_if_fail (path != NULL, NULL);

  fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &status) < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot use the workspace “%s”"), path);
      return NULL;
    }
  if (faccessat (fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot write to the workspace “%s”"), path);
      return NULL;
    }

  canonical = realpath (path, NULL);
  if (canonical == NULL)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot use the workspace “%s”"), path);
      return NULL;
    }

  self = g_new0 (DevboxWorkspace, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->fd = g_steal_fd (&fd);
  self->device = status.st_dev;
  self->inode = status.st_ino;
  self->path = g_steal_pointer (&canonical);
  self->given_path = g_canonicalize_filename (path, NULL);
  self->has_openat2 = probe_openat2 (self->fd);

  return self;
}

DevboxWorkspace *
devbox_workspace_ref (DevboxWorkspace *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_workspace_unref (DevboxWorkspace *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  close (self->fd);
  free (self->path);
  g_free (self->given_path);
  g_free (self);
}

const char *
devbox_workspace_get_path (DevboxWorkspace *self)
{
  return self->path;
}

int
devbox_workspace_get_fd (DevboxWorkspace *self)
{
  return self->fd;
}

gboolean
devbox_workspace_is_usable (DevboxWorkspace *self)
{
  struct stat status;

  return stat (self->path, &status) == 0 && status.st_dev == self->device && status.st_ino == self->inode
         && faccessat (self->fd, ".", W_OK | X_OK, AT_EACCESS) == 0;
}

void
devbox_workspace_set_force_walk (DevboxWorkspace *self, gboolean force_walk)
{
  g_atomic_int_set (&self->force_walk, force_walk);
}

void
devbox_workspace_set_force_named_temporaries (DevboxWorkspace *self, gboolean force)
{
  g_atomic_int_set (&self->force_named_temporaries, force);
}

gboolean
devbox_workspace_get_force_named_temporaries (DevboxWorkspace *self)
{
  return g_atomic_int_get (&self->force_named_temporaries);
}

/* What follows the absolute path `prefix` in `path`, NULL when something else does. Runs of slashes count as one. */
static const char *
skip_prefix (const char *path, const char *prefix)
{
  for (;;)
    {
      gsize length;

      path += strspn (path, "/");
      prefix += strspn (prefix, "/");
      if (*prefix == '\0')
        return path;

      length = strcspn (prefix, "/");
      if (strncmp (path, prefix, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return NULL;
      path += length;
      prefix += length;
    }
}

char *
devbox_workspace_relativize (DevboxWorkspace *self, const char *path, GError **error)
{
  const char *below;

  if (*path == '\0')
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The path is empty"));
      return NULL;
    }
  if (strlen (path) >= PATH_MAX)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The path is longer than %d bytes"),
                   PATH_MAX - 1);
      return NULL;
    }
  if (*path != '/')
    return g_strdup (path);

  below = skip_prefix (path, self->path);
  if (below == NULL)
    below = skip_prefix (path, self->given_path);
  if (below == NULL)
    {
      devbox_wire_set_file_error (error, EXDEV, _ ("Cannot use “%s”"), path);
      return NULL;
    }

  return g_strdup (below);
}

/* -1 and errno; `path` is relative. */
static int
resolve_below (DevboxWorkspace *self, const char *path, int flags)
{
  if (*path == '\0')
    path = ".";

  if (self->has_openat2 && !g_atomic_int_get (&self->force_walk))
    {
      for (guint i = 0; i < MAX_ATTEMPTS; i++)
        {
          int fd = call_openat2 (self->fd, path, flags);

          if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            return fd;
        }
    }

  return devbox_path_walk_open (self->fd, path, flags);
}

/* Whether the path leads outside as it is written, which a link in it may change. */
static gboolean
leaves_as_written (const char *path)
{
  g_auto (GStrv) components = g_strsplit (path, "/", -1);
  gint depth = 0;

  for (guint i = 0; components[i] != NULL && depth >= 0; i++)
    {
      if (strcmp (components[i], "..") == 0)
        depth--;
      else if (components[i][0] != '\0' && strcmp (components[i], ".") != 0)
        depth++;
    }

  return depth < 0;
}

/* The same. The kernel stops at the first component that is missing, and would tell a path that means to leave from one
 * that does not by what there is. */
static int
open_below (DevboxWorkspace *self, const char *path, int flags)
{
  int fd = resolve_below (self, path, flags);

  if (fd < 0 && errno == ENOENT && leaves_as_written (path))
    errno = EXDEV;

  return fd;
}

char *
devbox_workspace_build_path (DevboxWorkspace *self, const char *path)
{
  g_autofree char *relative = devbox_workspace_relativize (self, path, NULL);
  const char *start = relative != NULL ? relative : "";

  while (start[0] == '/' || (start[0] == '.' && (start[1] == '/' || start[1] == '\0')))
    start++;

  return start[0] == '\0' ? g_strdup (self->path) : g_build_filename (self->path, start, NULL);
}

int
devbox_workspace_open (DevboxWorkspace *self, const char *path, int flags, GError **error)
{
  g_autofree char *relative = NULL;
  int fd;

  g_return_val_if_fail ((flags & (O_CREAT | O_EXCL)) == 0 && (flags & O_TMPFILE) != O_TMPFILE, -1);

  relative = devbox_workspace_relativize (self, path, error);
  if (relative == NULL)
    return -1;

  /* openat2 refuses these two beside O_PATH. */
  if ((flags & O_PATH) == 0)
    flags |= O_NOCTTY | O_NONBLOCK;
  fd = open_below (self, relative, flags);
  if (fd < 0)
    devbox_wire_set_file_error (error, errno, _ ("Cannot open “%s”"), path);

  return fd;
}

static gboolean
check_is_file (const struct stat *status, const char *path, GError **error)
{
  g_autofree char *shown = NULL;

  if (S_ISREG (status->st_mode))
    return TRUE;

  shown = g_utf8_make_valid (path, -1);
  if (S_ISDIR (status->st_mode))
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is a folder"), shown);
  else
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is not a regular file"), shown);

  return FALSE;
}

int
devbox_workspace_open_file (DevboxWorkspace *self, const char *path, struct stat *status, GError **error)
{
  g_autofree char *relative = devbox_workspace_relativize (self, path, error);
  devbox_auto_descriptor int fd = -1;

  if (relative == NULL)
    return -1;

  fd = open_below (self, relative, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  if (fd < 0 && errno == ENXIO)
    {
      /* A socket, or a device without its hardware, opens only so. */
      fd = open_below (self, relative, O_PATH);
    }
  if (fd < 0 || fstat (fd, status) < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot open “%s”"), path);
      return -1;
    }

  return check_is_file (status, path, error) ? g_steal_fd (&fd) : -1;
}

/* Splits the last component off; FALSE when that is none that a parent could be given for (".", "..", or the
 * workspace). */
static gboolean
split_last (const char *path, char **folder, char **name)
{
  gsize end = strlen (path);
  gsize start;

  while (end > 0 && path[end - 1] == '/')
    end--;
  for (start = end; start > 0 && path[start - 1] != '/'; start--)
    ;

  *name = g_strndup (path + start, end - start);
  *folder = g_strndup (path, start);

  return start < end && strcmp (*name, ".") != 0 && strcmp (*name, "..") != 0;
}

/* -1 and errno. `made` NULL: parents are not made. */
static int
open_parent_below (DevboxWorkspace *self, const char *path, GPtrArray *made, char **name)
{
  g_autofree char *folder = NULL;
  g_autofree char *last = NULL;

  if (split_last (path, &folder, &last))
    {
      int fd = open_below (self, folder, O_PATH | O_DIRECTORY);

      if (fd >= 0)
        *name = g_steal_pointer (&last);
      if (fd >= 0 || errno != ENOENT || made == NULL)
        return fd;
    }

  return devbox_path_walk_open_parent (
      self->fd, path, made != NULL ? DEVBOX_PATH_WALK_MAKE_PARENTS : DEVBOX_PATH_WALK_NONE, made, name);
}

int
devbox_workspace_open_parent (DevboxWorkspace *self,
                              const char *path,
                              gboolean make_parents,
                              char **name,
                              GError **error)
{
  g_autofree char *relative = devbox_workspace_relativize (self, path, error);
  g_autoptr (GPtrArray) made = NULL;
  int fd;

  if (relative == NULL)
    return -1;

  if (make_parents)
    made = devbox_made_folders_new ();
  fd = open_parent_below (self, relative, made, name);
  if (fd < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot open the folder of “%s”"), path);
      if (made != NULL)
        devbox_made_folders_remove (made);
    }

  return fd;
}

void
devbox_write_target_clear (DevboxWriteTarget *target)
{
  if (target->name != NULL)
    devbox_auto_descriptor_clear (&target->folder_fd);
  g_clear_pointer (&target->name, g_free);
  g_clear_pointer (&target->made, g_ptr_array_unref);
}

/* TRUE with what is at the target; a link is neither followed nor refused. */
static gboolean
look_at_target (DevboxWriteTarget *target)
{
  target->exists = fstatat (target->folder_fd, target->name, &target->status, AT_SYMLINK_NOFOLLOW) == 0;

  return target->exists || errno == ENOENT;
}

/* Follows links at the end, by a walk of the whole path, until there is none. -1 and errno. */
static gboolean
find_target (DevboxWorkspace *self, const char *path, DevboxWriteTarget *target)
{
  DevboxPathWalkFlags flags = DEVBOX_PATH_WALK_FOLLOW_LAST;

  if (target->made != NULL)
    flags |= DEVBOX_PATH_WALK_MAKE_PARENTS;

  target->folder_fd = open_parent_below (self, path, target->made, &target->name);
  for (guint i = 0; i < MAX_ATTEMPTS; i++)
    {
      if (target->folder_fd < 0 || !look_at_target (target))
        return FALSE;
      if (!target->exists || !S_ISLNK (target->status.st_mode))
        return TRUE;

      devbox_auto_descriptor_clear (&target->folder_fd);
      g_clear_pointer (&target->name, g_free);
      target->folder_fd = devbox_path_walk_open_parent (self->fd, path, flags, target->made, &target->name);
    }

  errno = EAGAIN;
  return FALSE;
}

static gboolean
check_target (DevboxWriteTarget *target, const char *path, GError **error)
{
  if (target->exists && !check_is_file (&target->status, path, error))
    return FALSE;
  if (g_str_has_suffix (path, "/"))
    {
      devbox_wire_set_file_error (error, EISDIR, _ ("Cannot write “%s”"), path);
      return FALSE;
    }
  if (!target->exists)
    return TRUE;

  /* A rename needs no permission of the file that it replaces, but whoever took it away meant it. */
  if (faccessat (target->folder_fd, target->name, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot write “%s”"), path);
      return FALSE;
    }

  return TRUE;
}

gboolean
devbox_workspace_open_write_target (DevboxWorkspace *self,
                                    const char *path,
                                    gboolean make_parents,
                                    DevboxWriteTarget *target,
                                    GError **error)
{
  g_autofree char *relative = devbox_workspace_relativize (self, path, error);

  if (relative == NULL)
    return FALSE;

  if (make_parents)
    target->made = devbox_made_folders_new ();

  if (!find_target (self, relative, target))
    devbox_wire_set_file_error (error, errno, _ ("Cannot write “%s”"), path);
  else if (check_target (target, path, error))
    return TRUE;

  if (target->made != NULL)
    devbox_made_folders_remove (target->made);
  devbox_write_target_clear (target);

  return FALSE;
}

static gboolean
check_entry (const DevboxWriteTarget *entry, const char *path, GError **error)
{
  if (!entry->exists || S_ISDIR (entry->status.st_mode) || !g_str_has_suffix (path, "/"))
    return TRUE;

  devbox_wire_set_file_error (error, ENOTDIR, _ ("Cannot use “%s”"), path);

  return FALSE;
}

/* EISDIR: what the path ends with is no name. */
static void
set_entry_error (const char *path, GError **error)
{
  g_autofree char *shown = NULL;

  if (errno != EISDIR)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot open the folder of “%s”"), path);
      return;
    }

  shown = g_utf8_make_valid (path, -1);
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("“%s” is the workspace itself, or ends with “.” or “..”, which cannot be deleted, moved or replaced"),
               shown);
}

gboolean
devbox_workspace_open_entry (DevboxWorkspace *self,
                             const char *path,
                             gboolean make_parents,
                             DevboxWriteTarget *entry,
                             GError **error)
{
  g_autofree char *relative = devbox_workspace_relativize (self, path, error);

  if (relative == NULL)
    return FALSE;

  if (make_parents)
    entry->made = devbox_made_folders_new ();
  entry->folder_fd = open_parent_below (self, relative, entry->made, &entry->name);
  if (entry->folder_fd < 0 || !look_at_target (entry))
    set_entry_error (path, error);
  else if (check_entry (entry, path, error))
    return TRUE;

  if (entry->made != NULL)
    devbox_made_folders_remove (entry->made);
  devbox_write_target_clear (entry);

  return FALSE;
}
