/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-rename-private.h"

#include "devbox-auto-descriptor-private.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Takes the name, if it is free, by something empty of the kind that a rename can replace. */
static gboolean
reserve (int folder_fd, const char *name, gboolean is_folder, struct stat *status)
{
  devbox_auto_descriptor int fd = -1;

  if (is_folder)
    return mkdirat (folder_fd, name, 0700) == 0;

  fd = openat (folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  return fd >= 0 && fstat (fd, status) == 0;
}

/* Unless it is something else by now. */
static void
give_back (int folder_fd, const char *name, gboolean is_folder, const struct stat *reserved)
{
  int saved_errno = errno;
  struct stat status;

  if (is_folder)
    unlinkat (folder_fd, name, AT_REMOVEDIR);
  else if (fstatat (folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_ino == reserved->st_ino
           && status.st_dev == reserved->st_dev && status.st_size == 0)
    unlinkat (folder_fd, name, 0);
  errno = saved_errno;
}

/* Where the file system knows no flags. */
static gboolean
rename_over_reserved (int folder_fd, const char *name, int new_folder_fd, const char *new_name)
{
  struct stat reserved = { 0 };
  gboolean is_folder;

  if (fstatat (folder_fd, name, &reserved, AT_SYMLINK_NOFOLLOW) < 0)
    return FALSE;
  is_folder = S_ISDIR (reserved.st_mode);
  if (!reserve (new_folder_fd, new_name, is_folder, &reserved))
    return FALSE;
  if (renameat (folder_fd, name, new_folder_fd, new_name) == 0)
    return TRUE;

  give_back (new_folder_fd, new_name, is_folder, &reserved);

  return FALSE;
}

gboolean
devbox_rename_new (int folder_fd, const char *name, int new_folder_fd, const char *new_name)
{
  if (renameat2 (folder_fd, name, new_folder_fd, new_name, RENAME_NOREPLACE) == 0)
    return TRUE;

  /* Said of the flag, or of a folder that is to go into itself, which the other way says again. */
  return (errno == EINVAL || errno == ENOSYS) && rename_over_reserved (folder_fd, name, new_folder_fd, new_name);
}
