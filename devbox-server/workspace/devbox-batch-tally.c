/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-batch-tally-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _DevboxBatchTally
{
  goffset max_total_size;
  goffset total_size;
  gsize paths_size;
  GArray *results; /* of DevboxBatchResult */
};

static void
result_clear (gpointer data)
{
  DevboxBatchResult *result = data;

  g_free (result->path);
  g_clear_error (&result->error);
}

DevboxBatchTally *
devbox_batch_tally_new (goffset max_total_size)
{
  DevboxBatchTally *self = g_new0 (DevboxBatchTally, 1);

  self->max_total_size = max_total_size;
  self->results = g_array_new (FALSE, FALSE, sizeof (DevboxBatchResult));
  g_array_set_clear_func (self->results, result_clear);

  return self;
}

void
devbox_batch_tally_free (DevboxBatchTally *self)
{
  g_array_unref (self->results);
  g_free (self);
}

gboolean
devbox_batch_tally_check_size (DevboxBatchTally *self, goffset size, GError **error)
{
  if (self->max_total_size < 0 || size <= self->max_total_size - self->total_size)
    return TRUE;

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE,
                       _ ("The files together are larger than is allowed"));
  return FALSE;
}

gboolean
devbox_batch_tally_add (DevboxBatchTally *self, const char *path, goffset size, GError *file_error, GError **error)
{
  DevboxBatchResult result = { g_strdup (path != NULL ? path : ""), size, file_error };

  g_array_append_val (self->results, result);
  self->paths_size += strlen (result.path);
  if (file_error == NULL)
    self->total_size += size;

  if (self->results->len > DEVBOX_BATCH_MAX_FILES)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The batch holds more than %d files"),
                   DEVBOX_BATCH_MAX_FILES);
      return FALSE;
    }
  if (self->paths_size > DEVBOX_BATCH_MAX_PATHS)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("The paths of the batch are longer than %d bytes together"), DEVBOX_BATCH_MAX_PATHS);
      return FALSE;
    }

  return devbox_batch_tally_check_size (self, 0, error);
}

const DevboxBatchResult *
devbox_batch_tally_get_results (DevboxBatchTally *self, guint *n_results)
{
  *n_results = self->results->len;

  return (gconstpointer) self->results->data;
}
