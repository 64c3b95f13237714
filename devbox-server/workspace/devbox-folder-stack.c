/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-folder-stack-private.h"

#include "devbox-auto-descriptor-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_OPEN 32       /* folders, beside the one where it began */
#define MAX_DESCRIBED 512 /* bytes of a way, before the prefix */

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

typedef struct
{
  int fd; /* -1: closed meanwhile */
  dev_t device;
  ino_t inode;
  char *name;
  DIR *stream;   /* NULL: not read yet, or closed meanwhile; owns the descriptor */
  long position; /* where a closed stream stood; -1: not read yet */
} Level;

struct _DevboxFolderStack
{
  GArray *levels;
};

static void
level_close (Level *self)
{
  int saved_errno = errno;

  if (self->stream != NULL)
    {
      self->position = telldir (self->stream);
      closedir (self->stream);
      self->stream = NULL;
      self->fd = -1;
    }
  devbox_auto_descriptor_clear (&self->fd);
  errno = saved_errno;
}

static void
level_clear (Level *self)
{
  level_close (self);
  g_free (self->name);
}

static Level *
get_level (DevboxFolderStack *self, guint index)
{
  return &g_array_index (self->levels, Level, index);
}

static Level *
get_top (DevboxFolderStack *self)
{
  return get_level (self, self->levels->len - 1);
}

DevboxFolderStack *
devbox_folder_stack_new (int folder_fd)
{
  DevboxFolderStack *self = g_new0 (DevboxFolderStack, 1);
  const Level root = { .fd = folder_fd, .position = -1 };

  self->levels = g_array_new (FALSE, FALSE, sizeof (Level));
  g_array_set_clear_func (self->levels, (GDestroyNotify) level_clear);
  g_array_append_val (self->levels, root);

  return self;
}

void
devbox_folder_stack_free (DevboxFolderStack *self)
{
  /* The first one is the caller's. */
  get_level (self, 0)->fd = -1;
  g_array_unref (self->levels);
  g_free (self);
}

guint
devbox_folder_stack_get_depth (DevboxFolderStack *self)
{
  return self->levels->len - 1;
}

int
devbox_folder_stack_get_fd (DevboxFolderStack *self)
{
  return get_top (self)->fd;
}

const char *
devbox_folder_stack_get_name (DevboxFolderStack *self)
{
  return get_top (self)->name;
}

/* Opens the folder above the deepest one again. */
static Level *
open_parent (DevboxFolderStack *self)
{
  Level *parent = get_level (self, self->levels->len - 2);
  devbox_auto_descriptor int fd = -1;
  struct stat status;

  if (parent->fd >= 0)
    return parent;

  fd = openat (get_top (self)->fd, "..", FOLDER_FLAGS);
  if (fd < 0 || fstat (fd, &status) < 0)
    {
      /* What was deleted has no "..". */
      errno = errno == ENOENT ? ESTALE : errno;
      return NULL;
    }
  if (status.st_dev != parent->device || status.st_ino != parent->inode)
    {
      errno = ESTALE;
      return NULL;
    }
  parent->fd = g_steal_fd (&fd);

  return parent;
}

int
devbox_folder_stack_get_parent_fd (DevboxFolderStack *self)
{
  const Level *parent = open_parent (self);

  return parent != NULL ? parent->fd : -1;
}

static DIR *
get_stream (DevboxFolderStack *self)
{
  Level *top = get_top (self);

  if (top->stream != NULL)
    return top->stream;

  top->stream = fdopendir (top->fd);
  if (top->stream != NULL && top->position >= 0)
    seekdir (top->stream, top->position);

  return top->stream;
}

static gboolean
is_dots (const char *name)
{
  return strcmp (name, ".") == 0 || strcmp (name, "..") == 0;
}

const struct dirent *
devbox_folder_stack_read (DevboxFolderStack *self)
{
  DIR *stream = get_stream (self);
  const struct dirent *entry;

  if (stream == NULL)
    return NULL;

  do
    {
      errno = 0;
      entry = readdir (stream);
    }
  while (entry != NULL && is_dots (entry->d_name));

  return entry;
}

void
devbox_folder_stack_rewind (DevboxFolderStack *self)
{
  DIR *stream = get_stream (self);

  if (stream != NULL)
    rewinddir (stream);
}

unsigned char
devbox_folder_entry_get_type (int folder_fd, const char *name, unsigned char listed_type)
{
  struct stat status;

  if (listed_type != DT_UNKNOWN)
    return listed_type;

  return fstatat (folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? IFTODT (status.st_mode) : DT_UNKNOWN;
}

gboolean
devbox_folder_stack_push (DevboxFolderStack *self, const char *name)
{
  devbox_auto_descriptor int fd = openat (get_top (self)->fd, name, FOLDER_FLAGS);
  Level level = { .position = -1 };
  struct stat status;

  if (fd < 0 || fstat (fd, &status) < 0)
    return FALSE;

  level.fd = g_steal_fd (&fd);
  level.device = status.st_dev;
  level.inode = status.st_ino;
  level.name = g_strdup (name);
  g_array_append_val (self->levels, level);
  if (self->levels->len > MAX_OPEN + 1)
    level_close (get_level (self, self->levels->len - 1 - MAX_OPEN));

  return TRUE;
}

gboolean
devbox_folder_stack_pop (DevboxFolderStack *self)
{
  if (open_parent (self) == NULL)
    return FALSE;

  g_array_set_size (self->levels, self->levels->len - 1);

  return TRUE;
}

GString *
devbox_folder_stack_describe (DevboxFolderStack *self, const char *prefix)
{
  GString *path = g_string_new (prefix);
  guint first = MIN (2, self->levels->len);
  gsize size = 0;
  guint begin;

  for (begin = self->levels->len; begin > first && size < MAX_DESCRIBED; begin--)
    size += strlen (get_level (self, begin - 1)->name) + 1;
  if (begin > first)
    g_string_append (path, "/…");
  for (guint i = begin; i < self->levels->len; i++)
    g_string_append_printf (path, "/%s", get_level (self, i)->name);

  return path;
}
