/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-walk-private.h"

#include "devbox-auto-descriptor-private.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 256 /* folders, each an open descriptor */

typedef struct
{
  DIR *stream;
  gsize name_start; /* of its name in the path */
} Folder;

typedef struct
{
  const DevboxTreeVisitor *visitor;
  gpointer user_data;
  GArray *folders; /* of Folder: the way down */
  GString *path;   /* of the folder where the walk stands, or of the entry that is looked at */
} Walk;

static void
folder_clear (Folder *self)
{
  closedir (self->stream);
}

static void
walk_clear (Walk *self)
{
  int saved_errno = errno;

  g_array_unref (self->folders);
  g_string_free (self->path, TRUE);
  errno = saved_errno;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static Folder *
get_top (Walk *self)
{
  return &g_array_index (self->folders, Folder, self->folders->len - 1);
}

/* Goes down into the folder at the end of the path. */
static gboolean
enter_folder (Walk *self, int parent_fd, const char *name, gsize name_start)
{
  devbox_auto_descriptor int fd = -1;
  Folder folder = { .name_start = name_start };

  if (self->folders->len == MAX_DEPTH)
    {
      errno = ENAMETOOLONG;
      return FALSE;
    }

  fd = openat (parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  folder.stream = fd < 0 ? NULL : fdopendir (fd);
  if (folder.stream == NULL)
    return FALSE;

  fd = -1; /* the stream's now */
  g_array_append_val (self->folders, folder);

  return TRUE;
}

static DevboxTreeWalkNext
call (Walk *self, DevboxTreeWalkFunc func, int folder_fd, gsize name_start, unsigned char type)
{
  const DevboxTreeEntry entry = {
    .folder_fd = folder_fd,
    .name = self->path->str + name_start,
    .path = self->path->str,
    .type = type,
  };

  return func == NULL ? DEVBOX_TREE_WALK_CONTINUE : func (&entry, self->user_data);
}

/* Not every file system tells types in its listings. */
static unsigned char
get_type (int folder_fd, const struct dirent *entry)
{
  struct stat status;

  if (entry->d_type != DT_UNKNOWN)
    return entry->d_type;

  return fstatat (folder_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? IFTODT (status.st_mode) : DT_UNKNOWN;
}

/* FALSE: the walk is over. */
static gboolean
visit (Walk *self, const struct dirent *dirent)
{
  int folder_fd = dirfd (get_top (self)->stream);
  gsize path_length = self->path->len;
  unsigned char type = get_type (folder_fd, dirent);
  DevboxTreeWalkNext next;
  gsize name_start;

  /* It is gone already. */
  if (type == DT_UNKNOWN)
    return TRUE;

  if (path_length > 0)
    g_string_append_c (self->path, '/');
  name_start = self->path->len;
  g_string_append (self->path, dirent->d_name);

  next = call (self, self->visitor->visit, folder_fd, name_start, type);
  if (next == DEVBOX_TREE_WALK_CONTINUE && type == DT_DIR)
    {
      if (enter_folder (self, folder_fd, self->path->str + name_start, name_start))
        return TRUE;
      next = call (self, self->visitor->fail, folder_fd, name_start, DT_DIR);
    }
  g_string_truncate (self->path, path_length);

  return next != DEVBOX_TREE_WALK_STOP;
}

/* The same. */
static gboolean
leave (Walk *self, int saved_errno)
{
  gsize name_start = get_top (self)->name_start;
  DevboxTreeWalkNext next;

  g_array_set_size (self->folders, self->folders->len - 1);
  if (self->folders->len == 0)
    return FALSE;

  errno = saved_errno;
  next = call (self, saved_errno != 0 ? self->visitor->fail : self->visitor->leave, dirfd (get_top (self)->stream),
               name_start, DT_DIR);
  g_string_truncate (self->path, name_start > 0 ? name_start - 1 : 0);

  return next != DEVBOX_TREE_WALK_STOP;
}

static gboolean
is_dots (const char *name)
{
  return strcmp (name, ".") == 0 || strcmp (name, "..") == 0;
}

gboolean
devbox_tree_walk (int folder_fd, const DevboxTreeVisitor *visitor, gpointer user_data, GCancellable *cancellable)
{
  g_auto (Walk) walk = { .visitor = visitor, .user_data = user_data };
  gboolean more = TRUE;

  walk.folders = g_array_new (FALSE, FALSE, sizeof (Folder));
  g_array_set_clear_func (walk.folders, (GDestroyNotify) folder_clear);
  walk.path = g_string_new (NULL);

  if (!enter_folder (&walk, folder_fd, ".", 0))
    return FALSE;

  while (more)
    {
      struct dirent *entry;

      if (g_cancellable_is_cancelled (cancellable))
        {
          errno = ECANCELED;
          return FALSE;
        }

      errno = 0;
      entry = readdir (get_top (&walk)->stream);
      if (entry == NULL && errno != 0 && walk.folders->len == 1)
        return FALSE;
      if (entry == NULL)
        more = leave (&walk, errno);
      else if (!is_dots (entry->d_name))
        more = visit (&walk, entry);
    }

  return TRUE;
}
