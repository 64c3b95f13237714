/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-deep-walk-private.h"

#include "devbox-folder-stack-private.h"

#include <errno.h>

struct _DevboxDeepWalk
{
  DevboxFolderStack *stack;
  char *path;
  GString *name; /* of the last entry that is not left */
  DevboxDeepWalkStep last;
};

DevboxDeepWalk *
devbox_deep_walk_new (int folder_fd, const char *name, const char *path)
{
  DevboxDeepWalk *self = g_new0 (DevboxDeepWalk, 1);

  self->stack = devbox_folder_stack_new (folder_fd);
  self->path = g_strdup (path);
  self->name = g_string_new (name);
  self->last = DEVBOX_DEEP_WALK_END;

  return self;
}

void
devbox_deep_walk_free (DevboxDeepWalk *self)
{
  int saved_errno = errno;

  devbox_folder_stack_free (self->stack);
  g_string_free (self->name, TRUE);
  g_free (self->path);
  g_free (self);
  errno = saved_errno;
}

static DevboxDeepWalkStep
step_to (DevboxDeepWalk *self, DevboxDeepWalkEntry *entry, unsigned char listed_type)
{
  unsigned char type;

  entry->folder_fd = devbox_folder_stack_get_fd (self->stack);
  entry->name = self->name->str;
  entry->fd = -1;
  type = devbox_folder_entry_get_type (entry->folder_fd, entry->name, listed_type);
  if (type == DT_UNKNOWN)
    return DEVBOX_DEEP_WALK_ERROR;

  return type == DT_DIR ? DEVBOX_DEEP_WALK_ENTER : DEVBOX_DEEP_WALK_ENTRY;
}

static DevboxDeepWalkStep
step_out (DevboxDeepWalk *self, DevboxDeepWalkEntry *entry)
{
  entry->folder_fd = devbox_folder_stack_get_parent_fd (self->stack);
  entry->name = devbox_folder_stack_get_name (self->stack);
  entry->fd = devbox_folder_stack_get_fd (self->stack);

  return entry->folder_fd < 0 ? DEVBOX_DEEP_WALK_ERROR : DEVBOX_DEEP_WALK_LEAVE;
}

static DevboxDeepWalkStep
read_entry (DevboxDeepWalk *self, DevboxDeepWalkEntry *entry)
{
  const struct dirent *dirent = devbox_folder_stack_read (self->stack);

  /* ENOENT: the folder was deleted meanwhile. */
  if (dirent == NULL)
    return errno == 0 || errno == ENOENT ? step_out (self, entry) : DEVBOX_DEEP_WALK_ERROR;

  g_string_assign (self->name, dirent->d_name);

  return step_to (self, entry, dirent->d_type);
}

DevboxDeepWalkStep
devbox_deep_walk_next (DevboxDeepWalk *self, DevboxDeepWalkEntry *entry)
{
  DevboxDeepWalkStep last = self->last;

  self->last = DEVBOX_DEEP_WALK_ERROR;
  if (last == DEVBOX_DEEP_WALK_ENTER && !devbox_folder_stack_push (self->stack, self->name->str))
    return DEVBOX_DEEP_WALK_ERROR;
  if (last == DEVBOX_DEEP_WALK_LEAVE && !devbox_folder_stack_pop (self->stack))
    return DEVBOX_DEEP_WALK_ERROR;

  if (devbox_folder_stack_get_depth (self->stack) > 0)
    self->last = read_entry (self, entry);
  else
    self->last = last == DEVBOX_DEEP_WALK_END ? step_to (self, entry, DT_UNKNOWN) : DEVBOX_DEEP_WALK_END;

  return self->last;
}

void
devbox_deep_walk_skip (DevboxDeepWalk *self)
{
  g_return_if_fail (self->last == DEVBOX_DEEP_WALK_ENTER);

  self->last = DEVBOX_DEEP_WALK_ENTRY;
}

void
devbox_deep_walk_reread (DevboxDeepWalk *self)
{
  g_return_if_fail (self->last == DEVBOX_DEEP_WALK_LEAVE);

  devbox_folder_stack_rewind (self->stack);
  self->last = DEVBOX_DEEP_WALK_ENTRY;
}

char *
devbox_deep_walk_describe (DevboxDeepWalk *self)
{
  GString *path = devbox_folder_stack_describe (self->stack, self->path);

  if (self->last != DEVBOX_DEEP_WALK_LEAVE && devbox_folder_stack_get_depth (self->stack) > 0)
    g_string_append_printf (path, "/%s", self->name->str);

  return g_string_free (path, FALSE);
}
