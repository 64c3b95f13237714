/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-path-walk-private.h"

#include "devbox-auto-descriptor-private.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LINKS 40    /* as the kernel has it */
#define MAX_DEPTH 256   /* folders, each an open descriptor */
#define MAX_ATTEMPTS 16 /* for a name that keeps turning from a link into something else */

#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Where a walk stands. ".." is never opened, for the folder may have been moved meanwhile: it goes back to the
 * descriptor from which the walk came down. */
typedef struct
{
  GArray *folders; /* of int: the way down, without the root */
  int root_fd;
  char *path; /* what a link's target was put in front of, at least */
  char *rest; /* within path: what is left to resolve */
  guint n_links;
  guint max_links;
} Walk;

typedef struct
{
  int parent_fd;
  char *name;
} MadeFolder;

static void
made_folder_free (MadeFolder *self)
{
  devbox_auto_descriptor_clear (&self->parent_fd);
  g_free (self->name);
  g_free (self);
}

GPtrArray *
devbox_made_folders_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) made_folder_free);
}

void
devbox_made_folders_remove (GPtrArray *made)
{
  int saved_errno = errno;

  for (guint i = made->len; i > 0; i--)
    {
      MadeFolder *folder = g_ptr_array_index (made, i - 1);

      if (unlinkat (folder->parent_fd, folder->name, AT_REMOVEDIR) < 0)
        break;
    }

  g_ptr_array_set_size (made, 0);
  errno = saved_errno;
}

static void
walk_init (Walk *self, int root_fd, const char *path)
{
  self->folders = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_set_clear_func (self->folders, (GDestroyNotify) devbox_auto_descriptor_clear);
  self->root_fd = root_fd;
  self->path = g_strdup (path);
  self->rest = self->path;
  self->n_links = 0;
  self->max_links = MAX_LINKS;
}

static void
walk_clear (Walk *self)
{
  int saved_errno = errno;

  g_array_unref (self->folders);
  g_free (self->path);
  errno = saved_errno;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static int
get_top (Walk *self)
{
  if (self->folders->len == 0)
    return self->root_fd;

  return g_array_index (self->folders, int, self->folders->len - 1);
}

static gboolean
leave_folder (Walk *self)
{
  if (self->folders->len == 0)
    {
      errno = EXDEV;
      return FALSE;
    }

  g_array_set_size (self->folders, self->folders->len - 1);

  return TRUE;
}

/* The target of the link `name`, NULL with EINVAL when it is none. */
static char *
read_link (int folder_fd, const char *name)
{
  char target[PATH_MAX];
  ssize_t size = readlinkat (folder_fd, name, target, sizeof target);

  return size < 0 ? NULL : g_strndup (target, size);
}

/* Goes on at the target of a link, from the folder in which the link is. */
static gboolean
follow_link (Walk *self, const char *target)
{
  char *path;

  if (++self->n_links > self->max_links)
    {
      errno = ELOOP;
      return FALSE;
    }
  if (target[0] == '/')
    {
      errno = EXDEV;
      return FALSE;
    }

  /* The rest, if there is one, begins with the slash that ended the link's name. */
  path = g_strconcat (target, self->rest, NULL);
  g_free (self->path);
  self->path = path;
  self->rest = path;

  return TRUE;
}

static int
make_folder (int parent_fd, const char *name, GPtrArray *made)
{
  MadeFolder *folder;

  if (mkdirat (parent_fd, name, 0777) < 0)
    return errno == EEXIST ? 0 : -1;

  folder = g_new (MadeFolder, 1);
  folder->parent_fd = fcntl (parent_fd, F_DUPFD_CLOEXEC, 3);
  folder->name = g_strdup (name);
  g_ptr_array_add (made, folder);

  return 0;
}

/* Opens the folder `name`, or sets *target to where the link of that name leads. `made` NULL: do not make it. */
static int
open_folder (int parent_fd, const char *name, GPtrArray *made, char **target)
{
  int fd = openat (parent_fd, name, FOLDER_FLAGS);

  if (fd < 0 && errno == ENOENT && made != NULL && make_folder (parent_fd, name, made) == 0)
    fd = openat (parent_fd, name, FOLDER_FLAGS);
  if (fd >= 0 || (errno != ENOTDIR && errno != ELOOP))
    return fd;

  *target = read_link (parent_fd, name);
  if (*target == NULL && errno == EINVAL)
    errno = ENOTDIR;

  return -1;
}

static gboolean
enter_folder (Walk *self, const char *name, GPtrArray *made)
{
  g_autofree char *target = NULL;
  int fd;

  if (self->folders->len == MAX_DEPTH)
    {
      errno = ENAMETOOLONG;
      return FALSE;
    }

  fd = open_folder (get_top (self), name, made, &target);
  if (fd >= 0)
    {
      g_array_append_val (self->folders, fd);
      return TRUE;
    }

  return target != NULL && follow_link (self, target);
}

/* Takes the next component off the rest; NULL at its end. *is_last: nothing but slashes comes after it. */
static char *
take_component (Walk *self, gboolean *is_last)
{
  gsize length;
  char *component;

  self->rest += strspn (self->rest, "/");
  if (*self->rest == '\0')
    return NULL;

  length = strcspn (self->rest, "/");
  component = g_strndup (self->rest, length);
  self->rest += length;
  *is_last = self->rest[strspn (self->rest, "/")] == '\0';

  return component;
}

/* Resolves everything but the last component, whose name goes to *last: NULL when the path ends where the walk stands,
 * with "." or "..". */
static gboolean
walk_to_last (Walk *self, GPtrArray *made, char **last)
{
  gboolean is_last = FALSE;

  for (;;)
    {
      g_autofree char *component = take_component (self, &is_last);

      if (component == NULL)
        return TRUE;
      if (strcmp (component, ".") == 0)
        continue;

      if (strcmp (component, "..") == 0)
        {
          if (!leave_folder (self))
            return FALSE;
        }
      else if (is_last)
        {
          *last = g_steal_pointer (&component);
          return TRUE;
        }
      else if (!enter_folder (self, component, made))
        return FALSE;
    }
}

static gboolean
is_link (int fd)
{
  struct stat status;

  return fstat (fd, &status) == 0 && S_ISLNK (status.st_mode);
}

/* Opens `name`, or sets *target when it is a link that is to be followed. */
static int
open_last (int folder_fd, const char *name, int open_flags, gboolean follow, char **target)
{
  for (guint i = 0; i < MAX_ATTEMPTS; i++)
    {
      devbox_auto_descriptor int fd = openat (folder_fd, name, open_flags | O_NOFOLLOW);
      int saved_errno = errno;

      if (!follow)
        return g_steal_fd (&fd);
      if (fd >= 0 && ((open_flags & O_PATH) == 0 || !is_link (fd)))
        return g_steal_fd (&fd);
      if (fd < 0 && saved_errno != ELOOP && saved_errno != ENOTDIR)
        return -1;

      *target = read_link (folder_fd, name);
      if (*target != NULL || errno != EINVAL)
        return -1;
      if (saved_errno == ENOTDIR)
        {
          errno = ENOTDIR;
          return -1;
        }
    }

  errno = EAGAIN;
  return -1;
}

int
devbox_path_walk_open (int root_fd, const char *path, int open_flags)
{
  g_auto (Walk) walk = { 0 };

  walk_init (&walk, root_fd, path);
  open_flags |= O_CLOEXEC;

  for (;;)
    {
      g_autofree char *last = NULL;
      g_autofree char *target = NULL;
      gboolean must_be_folder;
      int fd;

      if (!walk_to_last (&walk, NULL, &last))
        return -1;
      if (last == NULL)
        return openat (get_top (&walk), ".", open_flags);

      must_be_folder = *walk.rest == '/';
      fd = open_last (get_top (&walk), last, open_flags | (must_be_folder ? O_DIRECTORY : 0),
                      must_be_folder || (open_flags & O_NOFOLLOW) == 0, &target);
      if (target == NULL)
        return fd;
      if (!follow_link (&walk, target))
        return -1;
    }
}

int
devbox_path_walk_open_parent (int root_fd, const char *path, DevboxPathWalkFlags flags, GPtrArray *made, char **name)
{
  g_auto (Walk) walk = { 0 };

  g_return_val_if_fail (made != NULL || (flags & DEVBOX_PATH_WALK_MAKE_PARENTS) == 0, -1);

  walk_init (&walk, root_fd, path);
  if ((flags & DEVBOX_PATH_WALK_NO_LINKS) != 0)
    walk.max_links = 0;

  for (;;)
    {
      g_autofree char *last = NULL;
      g_autofree char *target = NULL;

      if (!walk_to_last (&walk, (flags & DEVBOX_PATH_WALK_MAKE_PARENTS) != 0 ? made : NULL, &last))
        return -1;
      if (last == NULL)
        {
          errno = EISDIR;
          return -1;
        }

      if ((flags & DEVBOX_PATH_WALK_FOLLOW_LAST) != 0)
        target = read_link (get_top (&walk), last);
      if (target != NULL)
        {
          if (!follow_link (&walk, target))
            return -1;
          continue;
        }
      if ((flags & DEVBOX_PATH_WALK_FOLLOW_LAST) != 0 && *walk.rest == '/')
        {
          errno = EISDIR;
          return -1;
        }

      *name = g_steal_pointer (&last);
      return fcntl (get_top (&walk), F_DUPFD_CLOEXEC, 3);
    }
}
