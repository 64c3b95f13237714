/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-open-private.h"

#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
#define MAX_LINKS 40 /* as the kernel has it */

int
devbox_tree_open_child (int fd, const char *name)
{
  return openat (fd, name, FOLDER_FLAGS);
}

/* The way without openat2 (): one component after the other, none of them a link. */
static int
open_folder_by_walk (int root_fd, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  int fd = openat (root_fd, ".", FOLDER_FLAGS);

  for (gsize i = 0; fd >= 0 && names[i] != NULL; i++)
    {
      int child;
      int saved_errno;

      if (*names[i] == '\0')
        continue;

      child = devbox_tree_open_child (fd, names[i]);
      saved_errno = errno;
      close (fd);
      errno = saved_errno;
      fd = child;
    }

  return fd;
}

int
devbox_tree_open_folder (int root_fd, const char *path)
{
  struct open_how how = {
    .flags = FOLDER_FLAGS,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
  };
  int fd;

  do
    fd = syscall (SYS_openat2, root_fd, *path != '\0' ? path : ".", &how, sizeof how);
  while (fd < 0 && errno == EAGAIN); /* a rename elsewhere while the kernel looked */

  /* A kernel without it says ENOSYS, a container that filters system calls often EPERM. */
  if (fd < 0 && (errno == ENOSYS || errno == EPERM))
    fd = open_folder_by_walk (root_fd, path);

  return fd;
}

typedef struct
{
  int root_fd;
  GString *resolved;  /* no link, no dots */
  GString *remaining; /* components still to be looked at */
  int fd;             /* of resolved */
  guint n_links;
  gboolean is_folder;
} Walk;

/* The next component of what remains, or NULL at the end. */
static char *
walk_next (Walk *self)
{
  for (;;)
    {
      const char *start = self->remaining->str;
      gsize skip = strspn (start, "/");
      gsize length = strcspn (start + skip, "/");
      char *name;

      if (length == 0)
        return NULL;

      name = g_strndup (start + skip, length);
      g_string_erase (self->remaining, 0, skip + length);
      if (strcmp (name, ".") != 0)
        return name;
      g_free (name);
    }
}

static gboolean
walk_enter (Walk *self, int fd)
{
  if (fd < 0)
    return FALSE;

  close (self->fd);
  self->fd = fd;

  return TRUE;
}

static gboolean
walk_up (Walk *self)
{
  const char *slash;

  if (self->resolved->len == 0)
    {
      errno = EXDEV;
      return FALSE;
    }

  slash = strrchr (self->resolved->str, '/');
  g_string_truncate (self->resolved, slash != NULL ? slash - self->resolved->str : 0);

  return walk_enter (self, devbox_tree_open_folder (self->root_fd, self->resolved->str));
}

static gboolean
walk_follow_link (Walk *self, int link_fd)
{
  char target[PATH_MAX];
  gssize length = readlinkat (link_fd, "", target, sizeof target);

  if (length < 0)
    return FALSE;
  if (length == sizeof target)
    {
      errno = ENAMETOOLONG;
      return FALSE;
    }
  if (++self->n_links > MAX_LINKS)
    {
      errno = ELOOP;
      return FALSE;
    }
  if (length > 0 && target[0] == '/')
    {
      errno = EXDEV;
      return FALSE;
    }

  g_string_prepend_c (self->remaining, '/');
  g_string_prepend_len (self->remaining, target, length);

  return TRUE;
}

static gboolean
walk_step (Walk *self, const char *name)
{
  struct stat status;
  int fd;
  gboolean success;
  int saved_errno;

  if (!self->is_folder)
    {
      errno = ENOTDIR;
      return FALSE;
    }
  if (strcmp (name, "..") == 0)
    return walk_up (self);

  fd = openat (self->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return FALSE;
  success = fstat (fd, &status) == 0;
  if (!success || S_ISLNK (status.st_mode))
    {
      success = success && walk_follow_link (self, fd);
      saved_errno = errno;
      close (fd);
      errno = saved_errno;
      return success;
    }

  self->is_folder = S_ISDIR (status.st_mode);
  if (self->resolved->len > 0)
    g_string_append_c (self->resolved, '/');
  g_string_append (self->resolved, name);

  return walk_enter (self, fd);
}

static gboolean
walk_run (Walk *self)
{
  self->fd = openat (self->root_fd, ".", FOLDER_FLAGS);
  if (self->fd < 0)
    return FALSE;

  for (;;)
    {
      g_autofree char *name = walk_next (self);

      if (name == NULL)
        break;
      if (!walk_step (self, name))
        return FALSE;
    }

  if (self->resolved->len >= PATH_MAX)
    {
      errno = ENAMETOOLONG;
      return FALSE;
    }
  if (!self->is_folder && g_str_has_suffix (self->remaining->str, "/") && self->n_links == 0)
    {
      errno = ENOTDIR;
      return FALSE;
    }

  return TRUE;
}

char *
devbox_tree_resolve (int root_fd, const char *path, gboolean *is_folder, gboolean *through_link, GError **error)
{
  Walk walk = { .root_fd = root_fd, .fd = -1, .is_folder = TRUE };
  char *result = NULL;

  if (strlen (path) >= PATH_MAX)
    {
      devbox_wire_set_file_error (error, ENAMETOOLONG, _ ("Cannot watch “%s”"), path);
      return NULL;
    }
  if (*path == '/')
    {
      devbox_wire_set_file_error (error, EXDEV, _ ("Cannot watch “%s”"), path);
      return NULL;
    }

  walk.resolved = g_string_new (NULL);
  walk.remaining = g_string_new (path);

  if (walk_run (&walk))
    {
      *is_folder = walk.is_folder;
      *through_link = walk.n_links > 0;
      result = g_string_free (walk.resolved, FALSE);
    }
  else
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot watch “%s”"), path);
      g_string_free (walk.resolved, TRUE);
    }

  if (walk.fd >= 0)
    close (walk.fd);
  g_string_free (walk.remaining, TRUE);

  return result;
}
