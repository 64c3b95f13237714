/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-replacement-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-file-attributes-private.h"
#include "devbox-late-close-private.h"
#include "devbox-path-walk-private.h"
#include "devbox-temporary-file-private.h"
#include "devbox-wire-error-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>

/* For a target that keeps coming and going. */
#define MAX_ATTEMPTS 16

struct _DevboxFileReplacement
{
  DevboxWorkspace *workspace;
  char *path;                /* NULL: not known yet */
  DevboxTemporaryFile *file; /* NULL: content that is there as a whole, before the commit */
  const guint8 *whole;
  gsize whole_size;
  goffset size;
  goffset max_size;
  guint n_old_links;
  gboolean failed;
  gboolean committed;
};

/* Refuses early what the commit would refuse, and opens the folder of the target if it is there already. */
static gboolean
look_ahead (DevboxWorkspace *workspace, const char *path, DevboxWriteTarget *target, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (devbox_workspace_open_write_target (workspace, path, FALSE, target, &local_error)
      || g_error_matches (local_error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

static void
set_error_from_errno (DevboxFileReplacement *self, GError **error)
{
  int saved_errno = errno;

  devbox_wire_set_file_error (error, saved_errno, _ ("Cannot write “%s”"),
                              self->path != NULL ? self->path : devbox_workspace_get_path (self->workspace));
}

DevboxFileReplacement *
devbox_file_replacement_new (DevboxWorkspace *workspace, const char *path, goffset max_size, GError **error)
{
  g_autoptr (DevboxFileReplacement) self = g_new0 (DevboxFileReplacement, 1);
  g_auto (DevboxWriteTarget) target = { 0 };
  int folder_fd = devbox_workspace_get_fd (workspace);

  self->workspace = devbox_workspace_ref (workspace);
  self->path = g_strdup (path);
  self->max_size = max_size;

  if (path != NULL && !look_ahead (workspace, path, &target, error))
    return NULL;
  if (target.name != NULL)
    folder_fd = target.folder_fd;

  self->file = devbox_temporary_file_new (workspace, folder_fd, DEVBOX_TEMPORARY_FILE_NONE);
  if (self->file == NULL)
    {
      set_error_from_errno (self, error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

DevboxFileReplacement *
devbox_file_replacement_new_whole (DevboxWorkspace *workspace,
                                   const char *path,
                                   const guint8 *data,
                                   gsize size,
                                   goffset max_size)
{
  DevboxFileReplacement *self = g_new0 (DevboxFileReplacement, 1);

  self->workspace = devbox_workspace_ref (workspace);
  self->path = g_strdup (path);
  self->max_size = max_size;
  self->whole = data;
  self->whole_size = size;

  return self;
}

void
devbox_file_replacement_free (DevboxFileReplacement *self)
{
  g_clear_pointer (&self->file, devbox_temporary_file_free);
  devbox_workspace_unref (self->workspace);
  g_free (self->path);
  g_free (self);
}

gboolean
devbox_file_replacement_set_path (DevboxFileReplacement *self, const char *path, GError **error)
{
  g_auto (DevboxWriteTarget) target = { 0 };

  if (!look_ahead (self->workspace, path, &target, error))
    return FALSE;

  g_free (self->path);
  self->path = g_strdup (path);

  return TRUE;
}

/* Nothing can be done to it after a failure but to free it. */
static gboolean
check_not_failed (DevboxFileReplacement *self, GError **error)
{
  if (!self->failed)
    return TRUE;

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TRANSFER_FAILED, _ ("An earlier write failed"));

  return FALSE;
}

static gboolean
fail_too_large (DevboxFileReplacement *self, GError **error)
{
  g_autofree char *limit = g_format_size_full (self->max_size, G_FORMAT_SIZE_LONG_FORMAT);

  self->failed = TRUE;
  /* Translators: %s is a size with its unit */
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE, _ ("The file is larger than the limit of %s"),
               limit);

  return FALSE;
}

gboolean
devbox_file_replacement_write_at (DevboxFileReplacement *self,
                                  goffset offset,
                                  const guint8 *data,
                                  gsize size,
                                  GError **error)
{
  g_return_val_if_fail (!self->committed, FALSE);
  g_return_val_if_fail (offset >= 0 && size <= (guint64) (G_MAXOFFSET - offset), FALSE);

  if (!check_not_failed (self, error))
    return FALSE;
  if (self->max_size >= 0 && offset + (goffset) size > self->max_size)
    return fail_too_large (self, error);

  while (size > 0)
    {
      gssize n_written = pwrite (devbox_temporary_file_get_fd (self->file), data, size, offset);

      if (n_written < 0 && errno == EINTR)
        continue;
      if (n_written < 0)
        {
          self->failed = TRUE;
          set_error_from_errno (self, error);
          return FALSE;
        }

      data += n_written;
      size -= n_written;
      offset += n_written;
    }
  self->size = MAX (self->size, offset);

  return TRUE;
}

gboolean
devbox_file_replacement_write (DevboxFileReplacement *self, const guint8 *data, gsize size, GError **error)
{
  return devbox_file_replacement_write_at (self, self->size, data, size, error);
}

gboolean
devbox_file_replacement_read_at (DevboxFileReplacement *self, goffset offset, guint8 *data, gsize size, GError **error)
{
  g_return_val_if_fail (!self->committed, FALSE);
  g_return_val_if_fail (offset >= 0 && offset + (goffset) size <= self->size, FALSE);

  if (!check_not_failed (self, error))
    return FALSE;

  while (size > 0)
    {
      gssize n_read = pread (devbox_temporary_file_get_fd (self->file), data, size, offset);

      if (n_read < 0 && errno == EINTR)
        continue;
      if (n_read <= 0)
        {
          /* Nobody else can have cut it, but a broken disk may end it early. */
          errno = n_read < 0 ? errno : EIO;
          self->failed = TRUE;
          set_error_from_errno (self, error);
          return FALSE;
        }

      data += n_read;
      size -= n_read;
      offset += n_read;
    }

  return TRUE;
}

goffset
devbox_file_replacement_get_size (DevboxFileReplacement *self)
{
  return self->size;
}

int
devbox_file_replacement_get_fd (DevboxFileReplacement *self)
{
  return self->file != NULL ? devbox_temporary_file_get_fd (self->file) : -1;
}

guint
devbox_file_replacement_get_n_old_links (DevboxFileReplacement *self)
{
  return self->n_old_links;
}

/* The owner of the old file, or for a new one the group that its folder passes on. */
static gboolean
apply_owner (int fd, const struct stat *status, const DevboxWriteTarget *target)
{
  struct stat model;
  gboolean given;

  if (target->exists)
    model = target->status;
  else if (fstat (target->folder_fd, &model) < 0)
    return FALSE;
  else
    {
      model.st_uid = status->st_uid;
      if ((model.st_mode & S_ISGID) == 0)
        model.st_gid = status->st_gid;
    }

  if (status->st_uid == model.st_uid && status->st_gid == model.st_gid)
    return TRUE;

  return devbox_file_give_owner (fd, model.st_uid, model.st_gid, &given);
}

static gboolean
apply_mode (DevboxTemporaryFile *file, const struct stat *status, const DevboxWriteTarget *target, int mode)
{
  if (mode < 0 && !target->exists)
    return devbox_temporary_file_set_default_mode (file, target->folder_fd);
  if (mode < 0)
    mode = target->status.st_mode & 0777;

  return (status->st_mode & 07777) == (mode_t) mode || fchmod (devbox_temporary_file_get_fd (file), mode) == 0;
}

/* Owner first: a change of owner clears setuid. */
static gboolean
publish (DevboxFileReplacement *self, const DevboxWriteTarget *target, int mode)
{
  int fd = devbox_temporary_file_get_fd (self->file);
  struct stat status;

  return fstat (fd, &status) == 0 && apply_owner (fd, &status, target) && apply_mode (self->file, &status, target, mode)
         && devbox_temporary_file_publish (self->file, target->folder_fd, target->name, target->exists);
}

/* Moves what was written to the file system of the target; `flags` say under what name it may stand there. */
static gboolean
move_to_target (DevboxFileReplacement *self, const DevboxWriteTarget *target, DevboxTemporaryFileFlags flags)
{
  g_autoptr (DevboxTemporaryFile) copy = NULL;

  copy = devbox_temporary_file_new (self->workspace, target->folder_fd, flags | DEVBOX_TEMPORARY_FILE_IN_FOLDER);
  if (copy == NULL || !devbox_temporary_file_copy (copy, self->file))
    return FALSE;

  devbox_temporary_file_free (self->file);
  self->file = g_steal_pointer (&copy);

  return TRUE;
}

static gboolean
publish_or_move (DevboxFileReplacement *self, const DevboxWriteTarget *target, int mode)
{
  if (publish (self, target, mode))
    return TRUE;

  if (errno == EXDEV && move_to_target (self, target, DEVBOX_TEMPORARY_FILE_NONE) && publish (self, target, mode))
    return TRUE;

  /* The file could not get a name. */
  return errno == ENOENT && move_to_target (self, target, DEVBOX_TEMPORARY_FILE_NAMED) && publish (self, target, mode);
}

static void
take_back (DevboxFileReplacement *self, DevboxWriteTarget *target)
{
  int saved_errno = errno;

  self->failed = TRUE;
  g_clear_pointer (&self->file, devbox_temporary_file_free);
  devbox_made_folders_remove (target->made);
  errno = saved_errno;
}

/* Content that is there as a whole goes into a file only now, and only once. */
static gboolean
ensure_file (DevboxFileReplacement *self, const DevboxWriteTarget *target, GError **error)
{
  if (self->file != NULL)
    return TRUE;

  self->file = devbox_temporary_file_new (self->workspace, target->folder_fd, DEVBOX_TEMPORARY_FILE_NONE);
  if (self->file == NULL)
    {
      set_error_from_errno (self, error);
      return FALSE;
    }

  return devbox_file_replacement_write (self, self->whole, self->whole_size, error);
}

/* Where the last way to it is about to go, so that the rename need not free it. -1: there is none, or it is small. */
static int
hold_old_file (const DevboxWriteTarget *target)
{
  if (!target->exists || target->status.st_nlink > 1 || target->status.st_size < DEVBOX_LATE_CLOSE_SIZE)
    return -1;

  return openat (target->folder_fd, target->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* One attempt; FALSE without an error, if it may be tried again, when target or folder came or went meanwhile. */
static gboolean
try_commit (DevboxFileReplacement *self, int mode, gboolean may_retry, GError **error)
{
  g_auto (DevboxWriteTarget) target = { 0 };
  devbox_auto_descriptor int old_fd = -1;

  if (!devbox_workspace_open_write_target (self->workspace, self->path, TRUE, &target, error))
    {
      self->failed = TRUE;
      return FALSE;
    }

  if (!ensure_file (self, &target, error))
    {
      take_back (self, &target);
      return FALSE;
    }

  self->n_old_links = target.exists ? target.status.st_nlink : 0;
  old_fd = hold_old_file (&target);
  if (publish_or_move (self, &target, mode))
    {
      if (old_fd >= 0)
        devbox_late_close (g_steal_fd (&old_fd));
      return TRUE;
    }
  if (may_retry && (errno == EEXIST || errno == ENOENT))
    return FALSE;

  take_back (self, &target);
  set_error_from_errno (self, error);

  return FALSE;
}

gboolean
devbox_file_replacement_commit (DevboxFileReplacement *self, int mode, GError **error)
{
  g_return_val_if_fail (self->path != NULL, FALSE);
  g_return_val_if_fail (!self->committed, FALSE);

  if (!check_not_failed (self, error))
    return FALSE;

  for (guint i = 1; !self->committed && !self->failed; i++)
    self->committed = try_commit (self, mode, i < MAX_ATTEMPTS, error);

  return self->committed;
}
