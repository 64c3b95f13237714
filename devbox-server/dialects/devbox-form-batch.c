/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-form-batch-private.h"

#include "devbox-file-replacement-private.h"
#include "devbox-http-multipart-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _DevboxFormBatch
{
  DevboxWorkspace *workspace;
  goffset max_size;
  DevboxBatchTally *tally;

  DevboxHttpMultipart *multipart;
  gboolean in_file;
  char *path;
  DevboxFileReplacement *file; /* NULL: it failed */
  GError *failure;
  goffset size; /* of it, as far as it came */
};

static void
clear_file (DevboxFormBatch *self)
{
  self->in_file = FALSE;
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->file, devbox_file_replacement_free);
  g_clear_error (&self->failure);
}

static gboolean
begin_part (gpointer user_data, const DevboxHttpPart *part, GError **error)
{
  DevboxFormBatch *self = user_data;

  if (strcmp (part->name, "files") != 0 && strcmp (part->name, "file") != 0)
    return TRUE;

  self->in_file = TRUE;
  self->size = 0;
  self->path = g_strdup (part->file_name != NULL ? part->file_name : "");
  if (self->path[0] != '\0')
    self->file = devbox_file_replacement_new (self->workspace, self->path, self->max_size, &self->failure);
  else
    g_set_error_literal (&self->failure, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                         _ ("The part has no file name, which is the path"));

  return TRUE;
}

static gboolean
take_data (gpointer user_data, const guint8 *data, gsize size, GError **error)
{
  DevboxFormBatch *self = user_data;

  if (!self->in_file)
    return TRUE;

  self->size += size;
  if (self->file != NULL && !devbox_file_replacement_write (self->file, data, size, &self->failure))
    g_clear_pointer (&self->file, devbox_file_replacement_free);

  return devbox_batch_tally_check_size (self->tally, self->size, error);
}

static gboolean
end_part (gpointer user_data, GError **error)
{
  DevboxFormBatch *self = user_data;
  gboolean may_go_on;

  if (!self->in_file)
    return TRUE;

  if (self->file != NULL)
    devbox_file_replacement_commit (self->file, -1, &self->failure);
  may_go_on = devbox_batch_tally_add (self->tally, self->path, self->size, g_steal_pointer (&self->failure), error);
  clear_file (self);

  return may_go_on;
}

static const DevboxHttpMultipartHandler handler = { begin_part, take_data, end_part };

DevboxFormBatch *
devbox_form_batch_new (DevboxWorkspace *workspace,
                       const char *content_type,
                       goffset max_size,
                       goffset max_total_size,
                       GError **error)
{
  g_autofree char *boundary = devbox_http_multipart_find_boundary (content_type, error);
  DevboxFormBatch *self;

  if (boundary == NULL)
    return NULL;

  self = g_new0 (DevboxFormBatch, 1);
  self->workspace = devbox_workspace_ref (workspace);
  self->max_size = max_size;
  self->tally = devbox_batch_tally_new (max_total_size);
  self->multipart = devbox_http_multipart_new (boundary, &handler, self);

  return self;
}

void
devbox_form_batch_free (DevboxFormBatch *self)
{
  clear_file (self);
  devbox_http_multipart_free (self->multipart);
  devbox_batch_tally_free (self->tally);
  devbox_workspace_unref (self->workspace);
  g_free (self);
}

gboolean
devbox_form_batch_feed (DevboxFormBatch *self, const char *data, gsize size, GError **error)
{
  return devbox_http_multipart_feed (self->multipart, (const guint8 *) data, size, error);
}

gboolean
devbox_form_batch_finish (DevboxFormBatch *self, GError **error)
{
  return devbox_http_multipart_finish (self->multipart, error);
}

const DevboxBatchResult *
devbox_form_batch_get_results (DevboxFormBatch *self, guint *n_results)
{
  return devbox_batch_tally_get_results (self->tally, n_results);
}
