/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-release-folder-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-data-folder-private.h"
#include "devbox-folder-private.h"
#include "devbox-wire-error-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <sys/stat.h>

int
devbox_release_folder_open_data (const char *data_folder, GError **error)
{
  devbox_auto_descriptor int fd = open (data_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot open the data folder “%s”"), data_folder);
      return -1;
    }
  if (!devbox_data_folder_make (fd, DEVBOX_BOX_FOLDER_RELEASES, error)
      || !devbox_data_folder_make (fd, DEVBOX_BOX_FOLDER_INCOMING, error)
      || !devbox_data_folder_make (fd, DEVBOX_BOX_FOLDER_TRASH, error))
    return -1;

  return g_steal_fd (&fd);
}

static char *
build_path (const char *folder, const char *uid)
{
  return g_strconcat (folder, "/", uid, NULL);
}

gboolean
devbox_release_folder_exists (int data_fd, const char *uid)
{
  g_autofree char *path = build_path (DEVBOX_BOX_FOLDER_RELEASES, uid);
  struct stat status;

  return fstatat (data_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (status.st_mode);
}

/* Whether the folder that was copied stands where it stood. If not, it is on its way into the trash, and of what was
 * removed there the copy knows nothing. */
static gboolean
is_still_there (int data_fd, const char *path, int fd)
{
  struct stat status;
  struct stat now;

  return fstat (fd, &status) == 0 && fstatat (data_fd, path, &now, AT_SYMLINK_NOFOLLOW) == 0
         && now.st_ino == status.st_ino && now.st_dev == status.st_dev;
}

static gboolean
copy_whole (int data_fd, const char *path, int folder_fd, GCancellable *cancellable, GError **error)
{
  devbox_auto_descriptor int fd = devbox_data_folder_open (data_fd, path, error);

  if (fd < 0 || !devbox_folder_copy (fd, folder_fd, cancellable, error))
    return FALSE;
  if (is_still_there (data_fd, path, fd))
    return TRUE;

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
                       _ ("The folder was deleted while it was copied"));

  return FALSE;
}

static gboolean
fill (int data_fd, const char *path, const char *box_uid, GCancellable *cancellable, GError **error)
{
  g_autofree char *workspace = g_strconcat (DEVBOX_BOX_FOLDER_BOXES "/", box_uid, "/workspace", NULL);
  devbox_auto_descriptor int fd = -1;

  if (!devbox_data_folder_make (data_fd, path, error))
    return FALSE;
  fd = devbox_data_folder_open (data_fd, path, error);
  if (fd < 0 || !copy_whole (data_fd, workspace, fd, cancellable, error))
    return FALSE;
  if (syncfs (fd) == 0)
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot write the release to the disk"));

  return FALSE;
}

gboolean
devbox_release_folder_make (int data_fd,
                            const char *uid,
                            const char *box_uid,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autofree char *incoming = build_path (DEVBOX_BOX_FOLDER_INCOMING, uid);
  g_autofree char *path = build_path (DEVBOX_BOX_FOLDER_RELEASES, uid);
  devbox_auto_descriptor int incoming_fd = -1;

  if (fill (data_fd, incoming, box_uid, cancellable, error))
    {
      if (renameat (data_fd, incoming, data_fd, path) == 0)
        return TRUE;
      devbox_wire_set_file_error (error, errno, _ ("Cannot make the folder “%s”"), path);
    }

  incoming_fd = devbox_data_folder_open (data_fd, DEVBOX_BOX_FOLDER_INCOMING, NULL);
  if (incoming_fd >= 0)
    devbox_folder_remove (incoming_fd, uid, NULL, NULL);

  return FALSE;
}

gboolean
devbox_release_folder_seed (int data_fd, const char *uid, int folder_fd, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = build_path (DEVBOX_BOX_FOLDER_RELEASES, uid);

  return copy_whole (data_fd, path, folder_fd, cancellable, error);
}

gboolean
devbox_release_folder_discard (int data_fd, const char *uid, DevboxWorkers *workers, GError **error)
{
  g_autofree char *path = build_path (DEVBOX_BOX_FOLDER_RELEASES, uid);
  char entry[DEVBOX_ID_LENGTH + 1];

  if (!devbox_data_folder_discard (data_fd, path, entry, error))
    return FALSE;
  if (workers != NULL)
    devbox_data_folder_empty_trash (data_fd, workers, entry);

  return TRUE;
}
