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
  guint depth;
  gboolean is_files; /* the member at depth 1 */
  gboolean has_files;
  gboolean in_item;
  DevboxWriteItem *item; /* NULL: none, or it has failed */
  GError *item_error;
  char *item_path; /* of one that has failed */
  DevboxBatchTally *tally;
};

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

static gboolean
end_item (DevboxBatchRequest *self, GError **error)
{
  g_autoptr (DevboxWriteItem) item = NULL;
  g_autofree char *path = NULL;
  GError *item_error = NULL;

  if (self->item != NULL && !devbox_write_item_commit (self->item, &item_error))
    fail_item (self, item_error);

  item = g_steal_pointer (&self->item);
  path = item != NULL ? g_strdup (devbox_write_item_get_path (item)) : g_steal_pointer (&self->item_path);
  self->in_item = FALSE;

  return devbox_batch_tally_add (self->tally, path, item != NULL ? devbox_write_item_get_size (item) : 0,
                                 g_steal_pointer (&self->item_error), error);
}

/* What the item said of an event; in the array itself, a value that is complete is an item that is. */
static gboolean
settle (DevboxBatchRequest *self, gboolean is_taken, GError **item_error, gboolean is_complete, GError **error)
{
  if (!is_taken)
    fail_item (self, g_steal_pointer (item_error));
  if (!is_complete || self->depth != ITEM_DEPTH)
    return TRUE;

  return end_item (self, error);
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
  self->tally = devbox_batch_tally_new (max_total_size);

  return self;
}

void
devbox_batch_request_free (DevboxBatchRequest *self)
{
  devbox_wire_json_reader_free (self->reader);
  g_clear_pointer (&self->item, devbox_write_item_free);
  g_clear_error (&self->item_error);
  g_free (self->item_path);
  devbox_batch_tally_free (self->tally);
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
  return devbox_batch_tally_get_results (self->tally, n_results);
}
