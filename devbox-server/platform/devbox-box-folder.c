/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-folder-private.h"

#include "devbox-data-folder-private.h"
#include "devbox-folder-private.h"
#include "devbox-random-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const folders[]
    = { DEVBOX_BOX_FOLDER_BOXES, DEVBOX_BOX_FOLDER_RELEASES, DEVBOX_BOX_FOLDER_INCOMING, DEVBOX_BOX_FOLDER_TRASH };

gboolean
devbox_box_folder_discard (DevboxBoxHost *host, const char *uid, GError **error)
{
  g_autofree char *path = g_strconcat (DEVBOX_BOX_FOLDER_BOXES "/", uid, NULL);
  char entry[DEVBOX_ID_LENGTH + 1];

  if (!devbox_data_folder_discard (host->folder_fd, path, entry, error))
    return FALSE;

  devbox_data_folder_empty_trash (host->folder_fd, host->slow_workers, entry);
  return TRUE;
}

/* Making one */

typedef struct
{
  DevboxBoxHost *host;
  DevboxBoxRecord *record;
  DevboxBoxFolderFunc func;
  gpointer user_data;
  char replaced[DEVBOX_ID_LENGTH + 1]; /* what lies in the trash now; "": nothing stood there */
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
  int box_fd = devbox_data_folder_open (incoming_fd, self->record->uid, error);
  int workspace_fd = -1;
  gboolean is_filled;

  if (box_fd < 0)
    return FALSE;

  is_filled = devbox_data_folder_make (box_fd, "home", error) && devbox_data_folder_make (box_fd, "workspace", error)
              && (workspace_fd = devbox_data_folder_open (box_fd, "workspace", error)) >= 0
              && seed (self, workspace_fd, cancellable, error);
  if (workspace_fd >= 0)
    g_close (workspace_fd, NULL);
  g_close (box_fd, NULL);

  return is_filled;
}

/* One that was put in place before may be there, when the platform was killed before that was written down. */
static gboolean
put_in_place (Provision *self, GError **error)
{
  int data_fd = self->host->folder_fd;
  const char *uid = self->record->uid;
  g_autofree char *from = g_strconcat (DEVBOX_BOX_FOLDER_INCOMING "/", uid, NULL);
  g_autofree char *to = g_strconcat (DEVBOX_BOX_FOLDER_BOXES "/", uid, NULL);

  if (faccessat (data_fd, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0
      && !devbox_data_folder_discard (data_fd, to, self->replaced, error))
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
  int incoming_fd = devbox_data_folder_open (self->host->folder_fd, DEVBOX_BOX_FOLDER_INCOMING, error);
  gboolean is_done;

  if (incoming_fd < 0)
    return FALSE;

  /* One that was cut off in this same process may have left its beginning. */
  is_done = devbox_folder_remove (incoming_fd, self->record->uid, cancellable, error)
            && devbox_data_folder_make (incoming_fd, self->record->uid, error)
            && fill (self, incoming_fd, cancellable, error) && put_in_place (self, error);
  if (!is_done)
    devbox_folder_remove (incoming_fd, self->record->uid, NULL, NULL);
  g_close (incoming_fd, NULL);

  return is_done;
}

static void
on_provisioned (gpointer data, const GError *error)
{
  Provision *self = data;

  if (self->replaced[0] != '\0')
    devbox_data_folder_empty_trash (self->host->folder_fd, self->host->slow_workers, self->replaced);
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
  DevboxWorkers *workers = record->release != NULL ? host->slow_workers : host->workers;

  self->host = host;
  self->record = devbox_box_record_copy (record);
  self->func = func;
  self->user_data = user_data;
  if (devbox_workers_push (workers, provision, on_provisioned, self, cancellable, error))
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

  if (!known->known (entry, known->user_data) && !devbox_data_folder_discard (known->data_fd, path, id, &error))
    g_warning ("%s", error->message);
}

static void
discard_incoming (int fd, const char *entry, gpointer data)
{
  g_autofree char *path = g_strconcat (DEVBOX_BOX_FOLDER_INCOMING "/", entry, NULL);
  g_autoptr (GError) error = NULL;
  char id[DEVBOX_ID_LENGTH + 1];

  if (!devbox_data_folder_discard (GPOINTER_TO_INT (data), path, id, &error))
    g_warning ("%s", error->message);
}

gboolean
devbox_box_folder_sweep (DevboxBoxHost *host, DevboxBoxFolderKnownFunc known, gpointer user_data, GError **error)
{
  Known data = { host->folder_fd, known, user_data };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      if (!devbox_data_folder_make (host->folder_fd, folders[i], error))
        return FALSE;
    }

  devbox_data_folder_for_each (host->folder_fd, DEVBOX_BOX_FOLDER_BOXES, discard_unknown, &data);
  devbox_data_folder_for_each (host->folder_fd, DEVBOX_BOX_FOLDER_INCOMING, discard_incoming,
                               GINT_TO_POINTER (host->folder_fd));
  devbox_data_folder_empty_trash (host->folder_fd, host->slow_workers, NULL);

  return TRUE;
}
