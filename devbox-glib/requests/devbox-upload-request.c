/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-upload-request-private.h"

#include "devbox-file-request-private.h"
#include "devbox-file-result-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-upload-body-private.h"
#include "devbox-upload-result-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-write-file-request-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_BATCH_FILES 50
#define MAX_BATCH_BYTES (1024 * 1024) /* more is not put together in the I/O thread */
#define MAX_BATCH_PATH 2000           /* what a part's head has room for, however it is written */
#define MAX_REPLY_SIZE (4 * 1024 * 1024)

typedef struct
{
  char **paths; /* NULL-terminated */
  GBytes **contents;
  guint n_files;
  gint64 start_time;

  guint position;   /* the first file of the request that is under way */
  guint n_in_batch; /* its files */
  gboolean is_batch;
  char *content_type;
  GListStore *results;
  guint64 bytes_transferred;
} Upload;

static void
upload_free (gpointer data)
{
  Upload *self = data;

  for (guint i = 0; i < self->n_files; i++)
    g_clear_pointer (&self->contents[i], g_bytes_unref);
  g_free (self->contents);
  g_strfreev (self->paths);
  g_free (self->content_type);
  g_object_unref (self->results);
  g_free (self);
}

/* What is large, or has a long name, goes alone and as it is. */
static gboolean
fits_into_batch (const Upload *self, guint index)
{
  return g_bytes_get_size (self->contents[index]) <= MAX_BATCH_BYTES && strlen (self->paths[index]) <= MAX_BATCH_PATH;
}

static void
choose_files (Upload *self)
{
  guint end = self->position;
  gsize n_bytes = 0;

  self->is_batch = fits_into_batch (self, self->position);
  while (self->is_batch && end < self->n_files && end - self->position < MAX_BATCH_FILES && fits_into_batch (self, end)
         && n_bytes + g_bytes_get_size (self->contents[end]) <= MAX_BATCH_BYTES)
    n_bytes += g_bytes_get_size (self->contents[end++]);

  self->n_in_batch = MAX (end - self->position, 1);
}

static void
take_batch_form (DevboxRequest *request, const DevboxAgentFeatures *features)
{
  Upload *self = request->data;
  const gboolean is_current = (features->dialects & DEVBOX_DIALECT_CURRENT) != 0;
  const char *const *paths = (const char *const *) &self->paths[self->position];
  GBytes *const *contents = &self->contents[self->position];

  devbox_request_take_path (request, SOUP_METHOD_POST,
                            g_strdup (is_current ? "/api/v1/files/batch-upload" : "/files/batch-upload"));
  g_clear_pointer (&request->body, g_bytes_unref);
  g_clear_pointer (&request->body_head, g_free);
  if (is_current)
    {
      request->body = devbox_upload_body_new_form (paths, contents, self->n_in_batch, &self->content_type);
      request->content_type = self->content_type;
    }
  else
    {
      request->body = devbox_upload_body_new_classic (paths, contents, self->n_in_batch);
      request->content_type = "application/json";
    }
  request->expect_continue = FALSE;
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  Upload *self = request->data;

  choose_files (self);
  request->n_files = self->n_in_batch;
  g_free (request->subject);
  request->subject = self->is_batch ? NULL : g_strdup (self->paths[self->position]);
  if (self->is_batch)
    take_batch_form (request, features);
  else
    devbox_write_file_request_take_form (request, features, request->subject, self->contents[self->position], 0);

  return TRUE;
}

/* What is wrong with one file; all else is wrong with the agent, and would be so with the other files. */
static gboolean
is_of_file (const GError *error)
{
  if (error->domain != DEVBOX_ERROR)
    return FALSE;

  switch ((DevboxError) error->code)
    {
    case DEVBOX_ERROR_CONFLICT:
    case DEVBOX_ERROR_DISK_FULL:
    case DEVBOX_ERROR_FILE_NOT_FOUND:
    case DEVBOX_ERROR_FILE_TOO_LARGE:
    case DEVBOX_ERROR_FILE_TRANSFER_FAILED:
    case DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS:
    case DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED:
    case DEVBOX_ERROR_VALIDATION_ERROR:
      return TRUE;
    default:
      return FALSE;
    }
}

static void
add_result (Upload *self, GPtrArray *results, guint index, GError *failure)
{
  const char *path = self->paths[index];

  g_ptr_array_add (results,
                   failure != NULL ? devbox_file_result_new_error (path, failure) : devbox_file_result_new (path, 0));
}

static gboolean
read_file_result (Upload *self,
                  const DevboxReply *reply,
                  JsonObject *object,
                  guint index,
                  GPtrArray *results,
                  GError **error)
{
  const gsize sent = g_bytes_get_size (self->contents[index]);
  GError *failure = NULL;
  gboolean success = FALSE;
  gint64 size = (gint64) sent;

  if (!devbox_wire_json_get_boolean (object, "success", TRUE, &success, error)
      || !devbox_wire_json_get_int (object, "size", FALSE, 0, G_MAXINT64, &size, error))
    return FALSE;

  if (!success)
    failure = devbox_file_reply_read_failure (reply, object, self->paths[index]);
  else if ((guint64) size != sent)
    failure = devbox_file_reply_make_size_error (self->paths[index], sent, (guint64) size);
  add_result (self, results, index, failure);

  return TRUE;
}

/* They come in the order in which the files were sent. */
static gboolean
read_batch_reply (DevboxRequest *request, const DevboxReply *reply, GPtrArray *results, GError **error)
{
  Upload *self = request->data;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);
  g_autoptr (GPtrArray) objects = NULL;
  GError *reason = NULL;

  if (object == NULL)
    return FALSE;
  if (devbox_wire_json_get_objects (object, "results", TRUE, &objects, &reason) && objects->len != self->n_in_batch)
    g_set_error (&reason, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("The agent tells of %u files, but got %u"),
                 objects->len, self->n_in_batch);

  for (guint i = 0; reason == NULL && i < self->n_in_batch; i++)
    read_file_result (self, reply, g_ptr_array_index (objects, i), self->position + i, results, &reason);
  if (reason != NULL)
    devbox_request_fail_from_bad_reply (request, reason, error);

  return reason == NULL;
}

static gboolean
read_single_reply (DevboxRequest *request, const DevboxReply *reply, GPtrArray *results, GError **error)
{
  Upload *self = request->data;
  GError *failure = NULL;

  if (devbox_file_reply_parse_written (request, reply, g_bytes_get_size (self->contents[self->position]), &failure)
          == NULL
      && !is_of_file (failure))
    {
      g_propagate_error (error, failure);
      return FALSE;
    }

  add_result (self, results, self->position, failure);

  return TRUE;
}

/* Notes what became of the files of a request: all of them, or, with an error, none. */
static gboolean
take_reply (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Upload *self = request->data;
  g_autoptr (GPtrArray) results = g_ptr_array_new_with_free_func (g_object_unref);

  if (!(self->is_batch ? read_batch_reply (request, reply, results, error)
                       : read_single_reply (request, reply, results, error)))
    return FALSE;

  for (guint i = 0; i < results->len; i++)
    {
      if (devbox_file_result_get_status (g_ptr_array_index (results, i)) == DEVBOX_FILE_RESULT_STATUS_SUCCESS)
        self->bytes_transferred += g_bytes_get_size (self->contents[self->position + i]);
    }
  g_list_store_splice (self->results, g_list_model_get_n_items (G_LIST_MODEL (self->results)), 0, results->pdata,
                       results->len);
  self->position += self->n_in_batch;

  return TRUE;
}

/* prepare () puts in what comes next. */
static gboolean
step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  Upload *self = request->data;

  return reply != NULL && self->position + self->n_in_batch < self->n_files && take_reply (request, reply, NULL);
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Upload *self = request->data;

  if (!take_reply (request, reply, error))
    return NULL;

  return devbox_upload_result_new (self->results, self->bytes_transferred,
                                   (guint64) (g_get_monotonic_time () - self->start_time) / 1000);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static Upload *
upload_new (GHashTable *files)
{
  Upload *self = g_new0 (Upload, 1);
  guint n_files;
  g_autofree gpointer *paths = g_hash_table_get_keys_as_array (files, &n_files);

  self->n_files = n_files;
  self->paths = g_new0 (char *, n_files + 1);
  self->contents = g_new0 (GBytes *, n_files);
  self->results = g_list_store_new (DEVBOX_TYPE_FILE_RESULT);
  self->start_time = g_get_monotonic_time ();

  qsort (paths, n_files, sizeof (gpointer), compare_paths);
  for (guint i = 0; i < n_files; i++)
    {
      self->paths[i] = g_strdup (paths[i]);
      self->contents[i] = g_bytes_ref (g_hash_table_lookup (files, paths[i]));
    }

  return self;
}

static gboolean
check_files (GHashTable *files, GError **error)
{
  GHashTableIter iter;
  gpointer path;

  if (g_hash_table_size (files) == 0)
    {
      g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR, _ ("There are no files to upload"));
      return FALSE;
    }

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    {
      if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error))
        return FALSE;
    }

  return TRUE;
}

DevboxRequest *
devbox_upload_request_new (GHashTable *files, GError **error)
{
  DevboxRequest *request;

  if (!check_files (files, error))
    return NULL;

  request = devbox_request_new (SOUP_METHOD_POST, "/files/batch-upload", parse, g_object_unref);
  request->max_reply_size = MAX_REPLY_SIZE;
  request->prepare = prepare;
  request->step = step;
  request->data = upload_new (files);
  request->data_free = upload_free;

  return request;
}
