/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-data-folder-private.h"

#include "devbox-folder-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

gboolean
devbox_data_folder_make (int parent_fd, const char *name, GError **error)
{
  struct stat info;

  if (mkdirat (parent_fd, name, 0700) == 0)
    return TRUE;
  if (errno == EEXIST && fstatat (parent_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0)
    {
      if (S_ISDIR (info.st_mode))
        return TRUE;
      errno = ENOTDIR;
    }

  devbox_wire_set_file_error (error, errno, _ ("Cannot make the folder “%s”"), name);
  return FALSE;
}

int
devbox_data_folder_open (int parent_fd, const char *name, GError **error)
{
  int fd = openat (parent_fd, name, OPEN_FOLDER);

  if (fd < 0)
    devbox_wire_set_file_error (error, errno, _ ("Cannot open the folder “%s”"), name);

  return fd;
}

gboolean
devbox_data_folder_discard (int data_fd, const char *path, char id[DEVBOX_ID_LENGTH + 1], GError **error)
{
  g_autofree char *target = NULL;

  devbox_random_id (id);
  target = g_strconcat (DEVBOX_BOX_FOLDER_TRASH "/", id, NULL);
  if (renameat (data_fd, path, data_fd, target) == 0 || errno == ENOENT)
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot remove the folder “%s”"), path);
  return FALSE;
}

/* Removing what lies in the trash */

typedef struct
{
  int data_fd;                      /* the caller's */
  char entry[DEVBOX_ID_LENGTH + 1]; /* "": every one */
} Removal;

void
devbox_data_folder_for_each (int data_fd, const char *name, DevboxDataFolderFunc func, gpointer user_data)
{
  int fd = openat (data_fd, name, OPEN_FOLDER);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (GDir) dir = fd >= 0 ? g_dir_open (path, 0, NULL) : NULL;
  const char *entry;

  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    func (fd, entry, user_data);
  if (fd >= 0)
    g_close (fd, NULL);
}

static void
remove_entry (int fd, const char *entry, gpointer data)
{
  GCancellable *cancellable = data;
  g_autoptr (GError) error = NULL;

  if (!g_cancellable_is_cancelled (cancellable) && !devbox_folder_remove (fd, entry, cancellable, &error)
      && !g_cancellable_is_cancelled (cancellable))
    g_warning ("cannot empty the trash: %s", error->message);
}

static gboolean
remove_from_trash (gpointer data, GCancellable *cancellable, GError **error)
{
  Removal *removal = data;
  int trash_fd;
  gboolean is_removed;

  if (removal->entry[0] == '\0')
    {
      devbox_data_folder_for_each (removal->data_fd, DEVBOX_BOX_FOLDER_TRASH, remove_entry, cancellable);
      return TRUE;
    }

  trash_fd = devbox_data_folder_open (removal->data_fd, DEVBOX_BOX_FOLDER_TRASH, error);
  if (trash_fd < 0)
    return FALSE;
  is_removed = devbox_folder_remove (trash_fd, removal->entry, cancellable, error);
  g_close (trash_fd, NULL);

  return is_removed;
}

static void
on_removed (gpointer data, const GError *error)
{
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_warning ("cannot empty the trash: %s", error->message);
  g_free (data);
}

void
devbox_data_folder_empty_trash (int data_fd, DevboxWorkers *workers, const char *entry)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Removal *removal = g_new0 (Removal, 1);

  removal->data_fd = data_fd;
  if (entry != NULL)
    g_strlcpy (removal->entry, entry, sizeof removal->entry);
  if (!devbox_workers_push (workers, remove_from_trash, on_removed, removal, cancellable, NULL))
    g_free (removal);
}
