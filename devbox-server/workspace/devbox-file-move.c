/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-move-private.h"

#include "devbox-file-mode-private.h"
#include "devbox-file-removal-private.h"
#include "devbox-path-walk-private.h"
#include "devbox-rename-private.h"
#include "devbox-temporary-file-private.h"
#include "devbox-tree-copy-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  const char *source_path;
  const char *path;
  DevboxWriteTarget source;
  DevboxWriteTarget target;
  gboolean overwrite;
} Move;

static void
move_clear (Move *self)
{
  devbox_write_target_clear (&self->source);
  devbox_write_target_clear (&self->target);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Move, move_clear)

static gboolean
is_same_file (const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static gboolean
is_same_name (Move *self)
{
  struct stat source_folder, folder;

  return strcmp (self->source.name, self->target.name) == 0 && fstat (self->source.folder_fd, &source_folder) == 0
         && fstat (self->target.folder_fd, &folder) == 0 && is_same_file (&source_folder, &folder);
}

/* What the kernel said, or would say, of the two. Always FALSE. */
static gboolean
fail (Move *self, int saved_errno, GError **error)
{
  g_autofree char *source = g_utf8_make_valid (self->source_path, -1);
  g_autofree char *target = g_utf8_make_valid (self->path, -1);

  if ((saved_errno == EEXIST || saved_errno == ENOTEMPTY) && !self->overwrite)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("“%s” exists already"), target);
  else if (saved_errno == EEXIST || saved_errno == ENOTEMPTY)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
                 _ ("“%s” is a folder that is not empty, which nothing replaces"), target);
  else if (saved_errno == EISDIR)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("“%s” is a folder, which only a folder replaces"),
                 target);
  else if (saved_errno == ENOTDIR && self->target.exists && S_ISDIR (self->source.status.st_mode))
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("“%s” is no folder, and no folder replaces it"),
                 target);
  else if (saved_errno == EINVAL)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” cannot be moved into itself"),
                 source);
  else
    devbox_wire_set_file_error (error, saved_errno, _ ("Cannot move “%s” to “%s”"), self->source_path, self->path);

  return FALSE;
}

static gboolean
rename_to_target (Move *self, int folder_fd, const char *name)
{
  if (self->overwrite)
    return renameat (folder_fd, name, self->target.folder_fd, self->target.name) == 0;

  return devbox_rename_new (folder_fd, name, self->target.folder_fd, self->target.name);
}

/* Of two names of one file a rename leaves both. */
static gboolean
drop_second_name (Move *self)
{
  if (!self->target.exists || S_ISDIR (self->source.status.st_mode) || self->source.status.st_nlink < 2
      || !is_same_file (&self->source.status, &self->target.status))
    return TRUE;

  return unlinkat (self->source.folder_fd, self->source.name, 0) == 0 || errno == ENOENT;
}

/* What a rename would say of the kinds of the two, before anything is copied. */
static int
find_conflict (Move *self)
{
  gboolean is_folder = S_ISDIR (self->source.status.st_mode);

  if (!self->target.exists)
    return 0;
  if (!self->overwrite)
    return EEXIST;
  if (is_folder == S_ISDIR (self->target.status.st_mode))
    return 0;

  return is_folder ? ENOTDIR : EISDIR;
}

/* Nobody has put something else in its place since it was copied. */
static gboolean
is_unchanged (const DevboxWriteTarget *source)
{
  struct stat status;

  return fstatat (source->folder_fd, source->name, &status, AT_SYMLINK_NOFOLLOW) == 0
         && is_same_file (&status, &source->status)
         && (S_ISDIR (status.st_mode)
             || (status.st_size == source->status.st_size
                 && memcmp (&status.st_mtim, &source->status.st_mtim, sizeof status.st_mtim) == 0));
}

static gboolean
delete_source (Move *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *source = g_utf8_make_valid (self->source_path, -1);
  g_autofree char *target = g_utf8_make_valid (self->path, -1);

  if (!is_unchanged (&self->source))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
                   _ ("“%s” was copied to “%s” and not deleted, since it changed meanwhile"), source, target);
      return FALSE;
    }
  if (devbox_remove_tree (self->source.folder_fd, self->source.name, self->source_path, NULL, &local_error))
    return TRUE;

  g_set_error (error, local_error->domain, local_error->code, _ ("“%s” was copied to “%s”, but not deleted: %s"),
               source, target, local_error->message);

  return FALSE;
}

/* A copy that was given up may have folders that forbid us to empty them. */
static void
drop_copy (Move *self, const char *name)
{
  const DevboxModeChange change = { .mode = 0700 };

  devbox_mode_change_tree (&change, self->target.folder_fd, name, self->path, NULL, NULL);
  devbox_remove_tree (self->target.folder_fd, name, self->path, NULL, NULL);
}

static gboolean
copy_to_target (Move *self, GCancellable *cancellable, GError **error)
{
  char name[DEVBOX_TEMPORARY_NAME_SIZE];
  gboolean copied;

  devbox_temporary_name_make (name);
  copied = devbox_tree_copy (self->source.folder_fd, self->source.name, self->target.folder_fd, name, self->source_path,
                             cancellable, error);
  if (copied && rename_to_target (self, self->target.folder_fd, name))
    return TRUE;
  if (copied)
    fail (self, errno, error);
  drop_copy (self, name);

  return FALSE;
}

static gboolean
move_by_copy (Move *self, GCancellable *cancellable, GError **error)
{
  int conflict = find_conflict (self);

  if (conflict != 0)
    return fail (self, conflict, error);
  if (faccessat (self->source.folder_fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
    return fail (self, errno, error);

  return copy_to_target (self, cancellable, error) && delete_source (self, error);
}

static gboolean
move_entry (Move *self, GCancellable *cancellable, GError **error)
{
  if (is_same_name (self))
    return self->overwrite || fail (self, EEXIST, error);
  if (!S_ISDIR (self->source.status.st_mode) && g_str_has_suffix (self->path, "/"))
    return fail (self, ENOTDIR, error);

  if (rename_to_target (self, self->source.folder_fd, self->source.name))
    return drop_second_name (self) || fail (self, errno, error);

  return errno == EXDEV ? move_by_copy (self, cancellable, error) : fail (self, errno, error);
}

gboolean
devbox_workspace_move (DevboxWorkspace *workspace,
                       const char *source,
                       const char *destination,
                       gboolean overwrite,
                       GCancellable *cancellable,
                       GError **error)
{
  g_auto (Move) self = { .source_path = source, .path = destination, .overwrite = overwrite };

  if (!devbox_workspace_open_entry (workspace, source, FALSE, &self.source, error))
    return FALSE;
  if (!self.source.exists)
    {
      devbox_wire_set_file_error (error, ENOENT, _ ("Cannot move “%s”"), source);
      return FALSE;
    }
  if (!devbox_workspace_open_entry (workspace, destination, TRUE, &self.target, error))
    return FALSE;

  if (move_entry (&self, cancellable, error))
    return TRUE;

  devbox_made_folders_remove (self.target.made);

  return FALSE;
}
