/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-walk-private.h"

#include "devbox-folder-stack-private.h"

#include <errno.h>
#include <string.h>

#define ROOT_DEPTH 1 /* the folder where the walk began, opened for reading */

typedef struct
{
  const DevboxTreeVisitor *visitor;
  gpointer user_data;
  DevboxFolderStack *folders;
  GString *path; /* of the folder where the walk stands, or of the entry that is looked at */
  gboolean is_over;
  int error; /* with which it ended, or 0 */
} Walk;

static void
walk_clear (Walk *self)
{
  int saved_errno = errno;

  devbox_folder_stack_free (self->folders);
  g_string_free (self->path, TRUE);
  errno = saved_errno;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

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

static void
end (Walk *self, int error)
{
  self->is_over = TRUE;
  self->error = error;
}

static void
visit (Walk *self, const struct dirent *dirent)
{
  int folder_fd = devbox_folder_stack_get_fd (self->folders);
  gsize path_length = self->path->len;
  unsigned char type = devbox_folder_entry_get_type (folder_fd, dirent->d_name, dirent->d_type);
  DevboxTreeWalkNext next;
  gsize name_start;

  /* It is gone already. */
  if (type == DT_UNKNOWN)
    return;

  if (path_length > 0)
    g_string_append_c (self->path, '/');
  name_start = self->path->len;
  g_string_append (self->path, dirent->d_name);

  next = call (self, self->visitor->visit, folder_fd, name_start, type);
  if (next == DEVBOX_TREE_WALK_CONTINUE && type == DT_DIR)
    {
      if (devbox_folder_stack_push (self->folders, self->path->str + name_start))
        return;
      next = call (self, self->visitor->fail, folder_fd, name_start, DT_DIR);
    }
  g_string_truncate (self->path, path_length);

  if (next == DEVBOX_TREE_WALK_STOP)
    end (self, 0);
}

/* Out of the folder where the walk stands. read_error: 0, or why it was not read to its end. */
static void
leave (Walk *self, int read_error)
{
  DevboxTreeWalkFunc func = read_error != 0 ? self->visitor->fail : self->visitor->leave;
  int parent_fd = devbox_folder_stack_get_parent_fd (self->folders);
  DevboxTreeWalkNext next;
  gsize name_start;

  if (parent_fd < 0)
    {
      end (self, errno);
      return;
    }

  name_start = self->path->len - strlen (devbox_folder_stack_get_name (self->folders));
  errno = read_error;
  next = call (self, func, parent_fd, name_start, DT_DIR);
  g_string_truncate (self->path, name_start > 0 ? name_start - 1 : 0);

  if (next == DEVBOX_TREE_WALK_STOP)
    end (self, 0);
  else if (!devbox_folder_stack_pop (self->folders))
    end (self, errno);
}

static void
step (Walk *self)
{
  const struct dirent *entry = devbox_folder_stack_read (self->folders);

  if (entry != NULL)
    visit (self, entry);
  else if (devbox_folder_stack_get_depth (self->folders) > ROOT_DEPTH)
    leave (self, errno);
  else
    end (self, errno);
}

gboolean
devbox_tree_walk (int folder_fd, const DevboxTreeVisitor *visitor, gpointer user_data, GCancellable *cancellable)
{
  g_auto (Walk) walk = { .visitor = visitor, .user_data = user_data };

  walk.folders = devbox_folder_stack_new (folder_fd);
  walk.path = g_string_new (NULL);

  if (!devbox_folder_stack_push (walk.folders, "."))
    return FALSE;

  while (!walk.is_over)
    {
      if (g_cancellable_is_cancelled (cancellable))
        end (&walk, ECANCELED);
      else
        step (&walk);
    }

  errno = walk.error;

  return walk.error == 0;
}
