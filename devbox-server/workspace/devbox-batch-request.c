/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-batch-request-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define FILES "files"
#define FILES_DEPTH 1 /* the containers around "files" */
#define ITEM_DEPTH 2  /* and those around an item */

struct _DevboxBatchRequest
{
  DevboxWireJsonReader *reader;
  DevboxWorkspace *workspace;
  goffset max_size;
  goffset max_total_size;
  goffset total_size;
  guint depth;
  gboolean is_files; /* the member at depth 1 */
  gboolean has_files;
  gboolean in_item;
  DevboxWriteItem *item; /* NULL: none, or it has failed */
  GError *item_error;
  char *item_path; /* of one that has failed */
  GArray *results; /* of DevboxBatchResult */
};

static void
result_clear (gpointer data)
{
  DevboxBatchResult *result = data;

  g_free (result->path);
  g_clear_error (&result->error);
}

static gboolean
fail (const char *message, GError **error)
{
  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, message);

  return FALSE;
}

static gboolean
is_in_files (const DevboxBatchRequest *self)
{
  return self->is_files && self->depth >= ITEM_DEPTH;
}

/* The rest of what belongs to it is skipped; the temporary file goes now. */
static void
fail_item (DevboxBatchRequest *self, GError *error)
{
  self->item_path = g_strdup (devbox_write_item_get_path (self->item));
  self->item_error = error;
  g_clear_pointer (&self->item, devbox_write_item_free);
}

static void
begin_item (DevboxBatchRequest *self)
{
  if (self->in_item)
    return;

  self->in_item = TRUE;
  self->item = devbox_write_item_new (self->workspace, self->max_size);
}

static void
note_result (DevboxBatchRequest *self)
{
  DevboxBatchResult result
      = { .path = g_steal_pointer (&self->item_path), .error = g_steal_pointer (&self->item_error) };

  if (self->item != NULL)
    {
      result.path = g_strdup (devbox_write_item_get_path (self->item));
      result.size = devbox_write_item_get_size (self->item);
      self->total_size += result.size;
    }
  if (result.path == NULL)
    result.path = g_strdup ("");
  g_array_append_val (self->results, result);
}

static void
end_item (DevboxBatchRequest *self)
{
  GError *error = NULL;

  if (self->item != NULL && !devbox_write_item_commit (self->item, &error))
    fail_item (self, error);

  note_result (self);
  g_clear_pointer (&self->item, devbox_write_item_free);
  self->in_item = FALSE;
}

static gboolean
check_total (DevboxBatchRequest *self, GError **error)
{
  if (self->results->len > DEVBOX_BATCH_MAX_FILES)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“files” holds more than %d files"),
                   DEVBOX_BATCH_MAX_FILES);
      return FALSE;
    }
  if (self->max_total_size >= 0 && self->total_size > self->max_total_size)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE,
                           _ ("The files together are larger than is allowed"));
      return FALSE;
    }

  return TRUE;
}

/* What the item said of an event; in the array itself, a value that is complete is an item that is. */
static gboolean
settle (DevboxBatchRequest *self, gboolean is_taken, GError **item_error, gboolean is_complete, GError **error)
{
  if (!is_taken)
    fail_item (self, g_steal_pointer (item_error));
  if (!is_complete || self->depth != ITEM_DEPTH)
    return TRUE;

  end_item (self);

  return check_total (self, error);
}

/* For a value that is in no item: what is neither in "files" nor the object around it is skipped. */
static gboolean
check_place (DevboxBatchRequest *self, GError **error)
{
  if (self->depth == 0)
    return fail (_ ("The JSON text must be an object"), error);

  return self->depth > FILES_DEPTH || !self->is_files || fail (_ ("“files” must be an array"), error);
}

static gboolean
begin_object (gpointer user_data, GError **error)
{
  DevboxBatchRequest *self = user_data;
  GError *item_error = NULL;

  if (is_in_files (self))
    {
      begin_item (self);
      if (self->item != NULL && !devbox_write_item_handler.begin_object (self->item, &item_error))
        fail_item (self, item_error);
    }
  else if (self->depth > 0 && !check_place (self, error))
    return FALSE;
  self->depth++;

  return TRUE;
}

static gboolean
begin_array (gpointer user_data, GError **error)
{
  DevboxBatchRequest *self = user_data;
  GError *item_error = NULL;

  if (is_in_files (self))
    {
      begin_item (self);
      if (self->item != NULL && !devbox_write_item_handler.begin_array (self->item, &item_error))
        fail_item (self, item_error);
    }
  else if (self->depth == FILES_DEPTH && self->is_files)
    self->has_files = TRUE;
  else if (!check_place (self, error))
    return FALSE;
  self->depth++;

  return TRUE;
}

static gboolean
end_container (gpointer user_data, GError **error)
{
  DevboxBatchRequest *self = user_data;
  GError *item_error = NULL;

  self->depth--;
  if (!is_in_files (self))
    return TRUE;

  return settle (self, self->item == NULL || devbox_write_item_handler.end_object (self->item, &item_error),
                 &item_error, TRUE, error);
}

static gboolean
begin_member (gpointer user_data, const char *name, GError **error)
{
  DevboxBatchRequest *self = user_data;
  GError *item_error = NULL;

  if (self->depth == FILES_DEPTH)
    {
      self->is_files = strcmp (name, FILES) == 0;
      return !self->is_files || !self->has_files || fail (_ ("“files” is there twice"), error);
    }

  return settle (self, self->item == NULL || devbox_write_item_handler.member (self->item, name, &item_error),
                 &item_error, FALSE, error);
}

static gboolean
take_string (gpointer user_data, const char *data, gsize size, gboolean last, GError **error)
{
  DevboxBatchRequest *self = user_data;
  GError *item_error = NULL;

  if (!is_in_files (self))
    return check_place (self, error);

  begin_item (self);
  return settle (self,
                 self->item == NULL || devbox_write_item_handler.string (self->item, data, size, last, &item_error),
                 &item_error, last, error);
}

static gboolean
take_number (gpointer user_data, const char *text, GError **error)
{
  DevboxBatchRequest *self = user_data;
  GError *item_error = NULL;

  if (!is_in_files (self))
    return check_place (self, error);

  begin_item (self);
  return settle (self, self->item == NULL || devbox_write_item_handler.number (self->item, text, &item_error),
                 &item_error, TRUE, error);
}

static gboolean
take_boolean (gpointer user_data, gboolean value, GError **error)
{
  DevboxBatchRequest *self = user_data;
  GError *item_error = NULL;

  if (!is_in_files (self))
    return check_place (self, error);

  begin_item (self);
  return settle (self, self->item == NULL || devbox_write_item_handler.boolean (self->item, value, &item_error),
                 &item_error, TRUE, error);
}

static gboolean
take_null (gpointer user_data, GError **error)
{
  DevboxBatchRequest *self = user_data;
  GError *item_error = NULL;

  if (!is_in_files (self))
    return check_place (self, error);

  begin_item (self);
  return settle (self, self->item == NULL || devbox_write_item_handler.null (self->item, &item_error), &item_error,
                 TRUE, error);
}

static const DevboxWireJsonHandler handler = {
  .begin_object = begin_object,
  .end_object = end_container,
  .begin_array = begin_array,
  .end_array = end_container,
  .member = begin_member,
  .string = take_string,
  .number = take_number,
  .boolean = take_boolean,
  .null = take_null,
};

DevboxBatchRequest *
devbox_batch_request_new (DevboxWorkspace *workspace, goffset max_size, goffset max_total_size)
{
  DevboxBatchRequest *self = g_new0 (DevboxBatchRequest, 1);

  self->reader = devbox_wire_json_reader_new (&handler, self);
  self->workspace = devbox_workspace_ref (workspace);
  self->max_size = max_size;
  self->max_total_size = max_total_size;
  self->results = g_array_new (FALSE, FALSE, sizeof (DevboxBatchResult));
  g_array_set_clear_func (self->results, result_clear);

  return self;
}

void
devbox_batch_request_free (DevboxBatchRequest *self)
{
  devbox_wire_json_reader_free (self->reader);
  g_clear_pointer (&self->item, devbox_write_item_free);
  g_clear_error (&self->item_error);
  g_free (self->item_path);
  g_array_unref (self->results);
  devbox_workspace_unref (self->workspace);
  g_free (self);
}

gboolean
devbox_batch_request_feed (DevboxBatchRequest *self, const char *data, gsize size, GError **error)
{
  return devbox_wire_json_reader_feed (self->reader, data, size, error);
}

gboolean
devbox_batch_request_finish (DevboxBatchRequest *self, GError **error)
{
  return devbox_wire_json_reader_finish (self->reader, error)
         && (self->has_files || fail (_ ("“files” is missing"), error));
}

const DevboxBatchResult *
devbox_batch_request_get_results (DevboxBatchRequest *self, guint *n_results)
{
  *n_results = self->results->len;

  return (const DevboxBatchResult *) (gpointer) self->results->data;
}
