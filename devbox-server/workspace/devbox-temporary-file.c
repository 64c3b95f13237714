/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-temporary-file-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-late-close-private.h"
#include "devbox-file-copy-private.h"
#include "devbox-rename-private.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#define NAME_SIZE DEVBOX_TEMPORARY_NAME_SIZE
#define MAX_NAMES 100 /* tries to find one that is free */

struct _DevboxTemporaryFile
{
  DevboxWorkspace *workspace;
  DevboxTemporaryFileFlags flags;
  int fd;
  int folder_fd;        /* where the name stands; ours unless it is the workspace's */
  char name[NAME_SIZE]; /* "": none */
  gboolean is_private;  /* was made for our eyes only, since others could have opened it by its name */
};

void
devbox_temporary_name_make (char name[DEVBOX_TEMPORARY_NAME_SIZE])
{
  static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  char *random = stpcpy (name, DEVBOX_FILE_REPLACEMENT_PREFIX);

  for (guint i = 0; i < DEVBOX_TEMPORARY_NAME_RANDOM; i++)
    *random++ = alphabet[g_random_int_range (0, sizeof alphabet - 1)];
  *random = '\0';
}

/* Tells a sweep, of whatever process, that somebody is at it. A file system without locks has no sweep either. */
static void
lock (int fd)
{
  flock (fd, LOCK_EX | LOCK_NB);
}

static int
create_named (int folder_fd, mode_t mode, char *name)
{
  for (guint i = 0; i < MAX_NAMES; i++)
    {
      int fd;

      devbox_temporary_name_make (name);
      fd = openat (folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
      if (fd >= 0 || errno != EEXIST)
        return fd;
    }

  return -1;
}

static gboolean
is_same_device (int fd, int other_fd)
{
  struct stat status, other_status;

  return fstat (fd, &status) == 0 && fstat (other_fd, &other_status) == 0 && status.st_dev == other_status.st_dev;
}

/* Where a name for the target in folder_fd is to stand. */
static int
open_name_folder (DevboxTemporaryFile *self, int folder_fd)
{
  if ((self->flags & DEVBOX_TEMPORARY_FILE_IN_FOLDER) == 0)
    return devbox_workspace_get_fd (self->workspace);

  return fcntl (folder_fd, F_DUPFD_CLOEXEC, 3);
}

static void
close_name_folder (DevboxTemporaryFile *self)
{
  if (self->folder_fd != devbox_workspace_get_fd (self->workspace))
    devbox_auto_descriptor_clear (&self->folder_fd);
  self->folder_fd = -1;
}

static gboolean
open_named (DevboxTemporaryFile *self, int folder_fd)
{
  if (!is_same_device (folder_fd, devbox_workspace_get_fd (self->workspace)))
    self->flags |= DEVBOX_TEMPORARY_FILE_IN_FOLDER;

  self->folder_fd = open_name_folder (self, folder_fd);
  if (self->folder_fd < 0)
    return FALSE;

  self->fd = create_named (self->folder_fd, 0600, self->name);
  if (self->fd < 0)
    {
      self->name[0] = '\0';
      return FALSE;
    }
  self->is_private = TRUE;
  lock (self->fd);

  return TRUE;
}

static gboolean
open_unnamed (DevboxTemporaryFile *self, int folder_fd)
{
  self->fd = openat (folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);

  return self->fd >= 0;
}

/* What kernels and file systems without O_TMPFILE say. */
static gboolean
lacks_unnamed (int saved_errno)
{
  return saved_errno == EOPNOTSUPP || saved_errno == EISDIR || saved_errno == ENOENT || saved_errno == EINVAL;
}

DevboxTemporaryFile *
devbox_temporary_file_new (DevboxWorkspace *workspace, int folder_fd, DevboxTemporaryFileFlags flags)
{
  g_autoptr (DevboxTemporaryFile) self = g_new0 (DevboxTemporaryFile, 1);

  self->workspace = devbox_workspace_ref (workspace);
  self->fd = -1;
  self->folder_fd = -1;
  self->flags = flags;
  if (devbox_workspace_get_force_named_temporaries (workspace))
    self->flags |= DEVBOX_TEMPORARY_FILE_NAMED;

  if ((self->flags & DEVBOX_TEMPORARY_FILE_NAMED) == 0)
    {
      if (open_unnamed (self, folder_fd))
        return g_steal_pointer (&self);
      if (!lacks_unnamed (errno))
        return NULL;
    }

  return open_named (self, folder_fd) ? g_steal_pointer (&self) : NULL;
}

static void
remove_name (DevboxTemporaryFile *self)
{
  int saved_errno = errno;

  if (self->name[0] != '\0')
    unlinkat (self->folder_fd, self->name, 0);
  self->name[0] = '\0';
  errno = saved_errno;
}

static gboolean
is_large_and_lost (int fd)
{
  struct stat status;

  return fd >= 0 && fstat (fd, &status) == 0 && status.st_nlink == 0 && status.st_size >= DEVBOX_LATE_CLOSE_SIZE;
}

void
devbox_temporary_file_free (DevboxTemporaryFile *self)
{
  int saved_errno = errno;

  remove_name (self);
  if (is_large_and_lost (self->fd))
    devbox_late_close (g_steal_fd (&self->fd));
  devbox_auto_descriptor_clear (&self->fd);
  close_name_folder (self);
  devbox_workspace_unref (self->workspace);
  g_free (self);
  errno = saved_errno;
}

int
devbox_temporary_file_get_fd (DevboxTemporaryFile *self)
{
  return self->fd;
}

gboolean
devbox_temporary_file_copy (DevboxTemporaryFile *self, DevboxTemporaryFile *source)
{
  return devbox_file_copy_content (self->fd, source->fd, NULL);
}

/* The umask cannot be read without changing it for all threads; a file that is made can tell. */
static int
probe_default_mode (int folder_fd)
{
  char name[NAME_SIZE];
  devbox_auto_descriptor int fd = create_named (folder_fd, 0666, name);
  struct stat status;

  if (fd < 0)
    return -1;

  unlinkat (folder_fd, name, 0);

  return fstat (fd, &status) == 0 ? (int) (status.st_mode & 0777) : -1;
}

gboolean
devbox_temporary_file_set_default_mode (DevboxTemporaryFile *self, int folder_fd)
{
  int mode;

  if (!self->is_private)
    return TRUE;

  mode = probe_default_mode (folder_fd);

  return mode >= 0 && fchmod (self->fd, mode) == 0;
}

static gboolean
link_unnamed (DevboxTemporaryFile *self, int folder_fd, const char *name)
{
  char link[sizeof "/proc/self/fd/" + 3 * sizeof (int)];

  /* The first needs a privilege on older kernels, and says ENOENT without; the second needs /proc. */
  if (linkat (self->fd, "", folder_fd, name, AT_EMPTY_PATH) == 0)
    return TRUE;
  if (errno != ENOENT && errno != EPERM && errno != EINVAL)
    return FALSE;

  snprintf (link, sizeof link, "/proc/self/fd/%d", self->fd);

  return linkat (AT_FDCWD, link, folder_fd, name, AT_SYMLINK_FOLLOW) == 0;
}

static gboolean
give_name_in (DevboxTemporaryFile *self, int folder_fd)
{
  for (guint i = 0; i < MAX_NAMES; i++)
    {
      devbox_temporary_name_make (self->name);
      if (link_unnamed (self, folder_fd, self->name))
        return TRUE;
      if (errno != EEXIST)
        break;
    }

  self->name[0] = '\0';

  return FALSE;
}

static gboolean
give_name (DevboxTemporaryFile *self, int folder_fd)
{
  lock (self->fd);

  for (;;)
    {
      close_name_folder (self);
      self->folder_fd = open_name_folder (self, folder_fd);
      if (self->folder_fd < 0)
        return FALSE;
      if (give_name_in (self, self->folder_fd))
        return TRUE;
      if (errno != EXDEV || (self->flags & DEVBOX_TEMPORARY_FILE_IN_FOLDER) != 0)
        return FALSE;

      self->flags |= DEVBOX_TEMPORARY_FILE_IN_FOLDER;
    }
}

gboolean
devbox_temporary_file_publish (DevboxTemporaryFile *self, int folder_fd, const char *name, gboolean replace)
{
  if (self->name[0] == '\0')
    {
      if (!replace)
        return link_unnamed (self, folder_fd, name);
      if (!give_name (self, folder_fd))
        return FALSE;
    }

  if (replace ? renameat (self->folder_fd, self->name, folder_fd, name) == 0
              : devbox_rename_new (self->folder_fd, self->name, folder_fd, name))
    {
      self->name[0] = '\0';
      return TRUE;
    }

  return FALSE;
}

gboolean
devbox_temporary_name_is (const char *name)
{
  return strlen (name) == NAME_SIZE - 1 && g_str_has_prefix (name, DEVBOX_FILE_REPLACEMENT_PREFIX);
}

/* Nobody holds its lock, and it is a file. */
static gboolean
is_abandoned (int folder_fd, const char *name)
{
  devbox_auto_descriptor int fd = openat (folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat status;

  return fd >= 0 && fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && flock (fd, LOCK_EX | LOCK_NB) == 0;
}

guint
devbox_workspace_sweep_temporaries (DevboxWorkspace *workspace)
{
  int fd = openat (devbox_workspace_get_fd (workspace), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir (fd);
  guint n_removed = 0;

  if (folder == NULL)
    {
      devbox_auto_descriptor_clear (&fd);
      return 0;
    }

  for (struct dirent *entry = readdir (folder); entry != NULL; entry = readdir (folder))
    {
      if (devbox_temporary_name_is (entry->d_name) && is_abandoned (dirfd (folder), entry->d_name)
          && unlinkat (dirfd (folder), entry->d_name, 0) == 0)
        n_removed++;
    }
  closedir (folder);

  return n_removed;
}
