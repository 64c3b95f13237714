/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-folder-private.h"

#include "devbox-folder-private.h"
#include "devbox-random-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const char *const folders[]
    = { DEVBOX_BOX_FOLDER_BOXES, DEVBOX_BOX_FOLDER_RELEASES, DEVBOX_BOX_FOLDER_INCOMING, DEVBOX_BOX_FOLDER_TRASH };

static gboolean
make_folder (int parent_fd, const char *name, GError **error)
{
  if (mkdirat (parent_fd, name, 0700) == 0 || errno == EEXIST)
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot make the folder “%s”"), name);
  return FALSE;
}

static int
open_folder (int parent_fd, const char *name, GError **error)
{
  int fd = openat (parent_fd, name, OPEN_FOLDER);

  if (fd < 0)
    devbox_wire_set_file_error (error, errno, _ ("Cannot open the folder “%s”"), name);

  return fd;
}

/* Away from where it is, by a name that nothing in the trash has. ENOENT is success. */
static gboolean
move_to_trash (int data_fd, const char *path, char id[DEVBOX_ID_LENGTH + 1], GError **error)
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
  int data_fd;                      /* the host's */
  char entry[DEVBOX_ID_LENGTH + 1]; /* "": every one */
} Removal;

static void
for_each_entry (int data_fd, const char *name, void (*func) (int fd, const char *entry, gpointer data), gpointer data)
{
  int fd = openat (data_fd, name, OPEN_FOLDER);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (GDir) dir = fd >= 0 ? g_dir_open (path, 0, NULL) : NULL;
  const char *entry;

  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    func (fd, entry, data);
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
      for_each_entry (removal->data_fd, DEVBOX_BOX_FOLDER_TRASH, remove_entry, cancellable);
      return TRUE;
    }

  trash_fd = open_folder (removal->data_fd, DEVBOX_BOX_FOLDER_TRASH, error);
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

/* What is not removed now, the next start removes. */
static void
remove_later (DevboxBoxHost *host, const char *entry)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Removal *removal = g_new0 (Removal, 1);

  removal->data_fd = host->folder_fd;
  g_strlcpy (removal->entry, entry, sizeof removal->entry);
  if (!devbox_workers_push (host->workers, remove_from_trash, on_removed, removal, cancellable, NULL))
    g_free (removal);
}

gboolean
devbox_box_folder_discard (DevboxBoxHost *host, const char *uid, GError **error)
{
  g_autofree char *path = g_strconcat (DEVBOX_BOX_FOLDER_BOXES "/", uid, NULL);
  char entry[DEVBOX_ID_LENGTH + 1];

  if (!move_to_trash (host->folder_fd, path, entry, error))
    return FALSE;

  remove_later (host, entry);
  return TRUE;
}

/* Making one */

typedef struct
{
  DevboxBoxHost *host;
  DevboxBoxRecord *record;
  DevboxBoxFolderFunc func;
  gpointer user_data;
} Provision;

static void
provision_free (Provision *self)
{
  devbox_box_record_free (self->record);
  g_free (self);
}

static gboolean
seed (Provision *self, int workspace_fd, GCancellable *cancellable, GError **error)
{
  DevboxBoxHost *host = self->host;

  if (self->record->release != NULL)
    return devbox_release_table_seed (host->releases, self->record->release, workspace_fd, cancellable, error);
  else
    return devbox_template_set_seed (host->templates, self->record->runtime, workspace_fd, cancellable, error);
}

static gboolean
fill (Provision *self, int incoming_fd, GCancellable *cancellable, GError **error)
{
  int box_fd = open_folder (incoming_fd, self->record->uid, error);
  int workspace_fd = -1;
  gboolean is_filled;

  if (box_fd < 0)
    return FALSE;

  is_filled = make_folder (box_fd, "home", error) && make_folder (box_fd, "workspace", error)
              && (workspace_fd = open_folder (box_fd, "workspace", error)) >= 0
              && seed (self, workspace_fd, cancellable, error);
  if (workspace_fd >= 0)
    g_close (workspace_fd, NULL);
  g_close (box_fd, NULL);

  return is_filled;
}

static gboolean
put_in_place (Provision *self, GError **error)
{
  int data_fd = self->host->folder_fd;
  const char *uid = self->record->uid;
  char entry[DEVBOX_ID_LENGTH + 1];
  g_autofree char *from = g_strconcat (DEVBOX_BOX_FOLDER_INCOMING "/", uid, NULL);
  g_autofree char *to = g_strconcat (DEVBOX_BOX_FOLDER_BOXES "/", uid, NULL);

  if (!move_to_trash (data_fd, to, entry, error))
    return FALSE;
  if (renameat (data_fd, from, data_fd, to) == 0)
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot make the folder “%s”"), to);
  return FALSE;
}

static gboolean
provision (gpointer data, GCancellable *cancellable, GError **error)
{
  Provision *self = data;
  int incoming_fd = open_folder (self->host->folder_fd, DEVBOX_BOX_FOLDER_INCOMING, error);
  gboolean is_done;

  if (incoming_fd < 0)
    return FALSE;

  /* One that was cut off in this same process may have left its beginning. */
  is_done = devbox_folder_remove (incoming_fd, self->record->uid, cancellable, error)
            && make_folder (incoming_fd, self->record->uid, error) && fill (self, incoming_fd, cancellable, error)
            && put_in_place (self, error);
  if (!is_done)
    devbox_folder_remove (incoming_fd, self->record->uid, NULL, NULL);
  g_close (incoming_fd, NULL);

  return is_done;
}

static void
on_provisioned (gpointer data, const GError *error)
{
  Provision *self = data;

  self->func (self->user_data, error);
  provision_free (self);
}

gboolean
devbox_box_folder_provision (DevboxBoxHost *host,
                             const DevboxBoxRecord *record,
                             GCancellable *cancellable,
                             DevboxBoxFolderFunc func,
                             gpointer user_data,
                             GError **error)
{
  Provision *self = g_new0 (Provision, 1);

  self->host = host;
  self->record = devbox_box_record_copy (record);
  self->func = func;
  self->user_data = user_data;
  if (devbox_workers_push (host->workers, provision, on_provisioned, self, cancellable, error))
    return TRUE;

  provision_free (self);
  return FALSE;
}

/* The start */

typedef struct
{
  int data_fd;
  DevboxBoxFolderKnownFunc known;
  gpointer user_data;
} Known;

static void
discard_unknown (int fd, const char *entry, gpointer data)
{
  Known *known = data;
  g_autofree char *path = g_strconcat (DEVBOX_BOX_FOLDER_BOXES "/", entry, NULL);
  g_autoptr (GError) error = NULL;
  char id[DEVBOX_ID_LENGTH + 1];

  if (!known->known (entry, known->user_data) && !move_to_trash (known->data_fd, path, id, &error))
    g_warning ("%s", error->message);
}

static void
discard_incoming (int fd, const char *entry, gpointer data)
{
  g_autofree char *path = g_strconcat (DEVBOX_BOX_FOLDER_INCOMING "/", entry, NULL);
  g_autoptr (GError) error = NULL;
  char id[DEVBOX_ID_LENGTH + 1];

  if (!move_to_trash (GPOINTER_TO_INT (data), path, id, &error))
    g_warning ("%s", error->message);
}

gboolean
devbox_box_folder_sweep (DevboxBoxHost *host, DevboxBoxFolderKnownFunc known, gpointer user_data, GError **error)
{
  Known data = { host->folder_fd, known, user_data };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      if (!make_folder (host->folder_fd, folders[i], error))
        return FALSE;
    }

  for_each_entry (host->folder_fd, DEVBOX_BOX_FOLDER_BOXES, discard_unknown, &data);
  for_each_entry (host->folder_fd, DEVBOX_BOX_FOLDER_INCOMING, discard_incoming, GINT_TO_POINTER (host->folder_fd));
  remove_later (host, "");

  return TRUE;
}
