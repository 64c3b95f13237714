/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tar-form-private.h"

#include "devbox-libarchive-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#define BLOCK (64 * 1024)

struct _DevboxTarForm
{
  struct archive *archive;
  struct archive_entry *entry;
  DevboxExportWriteFunc write;
  gpointer user_data;
  GError *write_error;
};

static la_ssize_t
on_write (struct archive *archive, void *user_data, const void *data, size_t size)
{
  DevboxTarForm *self = user_data;

  if (self->write_error == NULL && self->write (self->user_data, data, size, &self->write_error))
    return size;

  devbox_libarchive.set_error (archive, EIO, "%s", self->write_error->message);
  return -1;
}

DevboxTarForm *
devbox_tar_form_new (gboolean compressed, DevboxExportWriteFunc write, gpointer user_data, GError **error)
{
  DevboxTarForm *self;

  if (!devbox_libarchive_load (error))
    return NULL;

  self = g_new0 (DevboxTarForm, 1);
  self->write = write;
  self->user_data = user_data;
  self->entry = devbox_libarchive.entry_new ();
  self->archive = devbox_libarchive.write_new ();
  if (compressed)
    devbox_libarchive.write_add_filter_gzip (self->archive);
  /* Names go in as the bytes that they are, and every tar there is reads them. */
  devbox_libarchive.write_set_format_gnutar (self->archive);
  /* The time in its header would make each download another one. */
  if (compressed)
    devbox_libarchive.write_set_options (self->archive, "gzip:!timestamp,gzip:compression-level=3");
  devbox_libarchive.write_set_bytes_per_block (self->archive, BLOCK);
  devbox_libarchive.write_set_bytes_in_last_block (self->archive, 1);
  devbox_libarchive.write_open (self->archive, self, NULL, on_write, NULL);

  return self;
}

/* Without devbox_tar_form_finish () before, nothing more is written. */
void
devbox_tar_form_free (DevboxTarForm *self)
{
  if (self->write_error == NULL)
    self->write_error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the archive was given up");
  devbox_libarchive.write_free (self->archive);
  devbox_libarchive.entry_free (self->entry);
  g_clear_error (&self->write_error);
  g_free (self);
}

static gboolean
check (DevboxTarForm *self, int status, GError **error)
{
  if (status >= ARCHIVE_WARN)
    return TRUE;

  if (self->write_error != NULL)
    g_propagate_error (error, g_error_copy (self->write_error));
  else
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR, _ ("Cannot make the archive: %s"),
                 devbox_libarchive.error_string (self->archive));

  return FALSE;
}

gboolean
devbox_tar_form_finish (DevboxTarForm *self, GError **error)
{
  return check (self, devbox_libarchive.write_close (self->archive), error);
}

static void
set_entry (DevboxTarForm *self, const char *name, const struct stat *status)
{
  devbox_libarchive.entry_clear (self->entry);
  devbox_libarchive.entry_copy_stat (self->entry, status);
  devbox_libarchive.entry_copy_pathname (self->entry, name);
}

static gboolean
add_folder (gpointer form, const char *name, const struct stat *status, GError **error)
{
  DevboxTarForm *self = form;

  set_entry (self, name, status);

  return check (self, devbox_libarchive.write_header (self->archive, self->entry), error);
}

static gboolean
add_link (gpointer form, const char *name, const struct stat *status, const char *target, GError **error)
{
  DevboxTarForm *self = form;

  set_entry (self, name, status);
  devbox_libarchive.entry_set_size (self->entry, 0);
  devbox_libarchive.entry_copy_symlink (self->entry, target);

  return check (self, devbox_libarchive.write_header (self->archive, self->entry), error);
}

static gboolean
begin_file (gpointer form, const char *name, const struct stat *status, GError **error)
{
  DevboxTarForm *self = form;

  set_entry (self, name, status);

  return check (self, devbox_libarchive.write_header (self->archive, self->entry), error);
}

static gboolean
add_content (gpointer form, const void *data, gsize size, GError **error)
{
  DevboxTarForm *self = form;

  return check (self, devbox_libarchive.write_data (self->archive, data, size) < 0 ? ARCHIVE_FATAL : ARCHIVE_OK, error);
}

static gboolean
end_file (gpointer form, GError **error)
{
  DevboxTarForm *self = form;

  return check (self, devbox_libarchive.write_finish_entry (self->archive), error);
}

const DevboxExportForm devbox_tar_form = {
  .folder = add_folder,
  .link = add_link,
  .begin_file = begin_file,
  .content = add_content,
  .end_file = end_file,
};
