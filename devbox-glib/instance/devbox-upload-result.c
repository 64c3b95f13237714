/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-upload-result-private.h"

#include "devbox-file-result.h"

/**
 * DevboxUploadResult:
 *
 * What became of the files of [method@Instance.upload_files_async].
 *
 * It never changes, and can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxUploadResult
{
  GObject parent_instance;

  GListStore *results;
  GListStore *errors;
  guint64 bytes_transferred;
  guint64 duration_ms;
};

G_DEFINE_FINAL_TYPE (DevboxUploadResult, devbox_upload_result, G_TYPE_OBJECT)

enum
{
  PROP_SUCCESSFUL = 1,
  PROP_N_PROCESSED,
  PROP_N_TOTAL,
  PROP_BYTES_TRANSFERRED,
  PROP_DURATION,
  PROP_RESULTS,
  PROP_ERRORS,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_upload_result_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxUploadResult *self = DEVBOX_UPLOAD_RESULT (object);

  switch (property_id)
    {
    case PROP_SUCCESSFUL:
      g_value_set_boolean (value, devbox_upload_result_get_successful (self));
      break;
    case PROP_N_PROCESSED:
      g_value_set_uint (value, devbox_upload_result_get_n_processed (self));
      break;
    case PROP_N_TOTAL:
      g_value_set_uint (value, devbox_upload_result_get_n_total (self));
      break;
    case PROP_BYTES_TRANSFERRED:
      g_value_set_uint64 (value, self->bytes_transferred);
      break;
    case PROP_DURATION:
      g_value_set_uint64 (value, self->duration_ms);
      break;
    case PROP_RESULTS:
      g_value_set_object (value, self->results);
      break;
    case PROP_ERRORS:
      g_value_set_object (value, self->errors);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_upload_result_finalize (GObject *object)
{
  DevboxUploadResult *self = DEVBOX_UPLOAD_RESULT (object);

  g_clear_object (&self->results);
  g_clear_object (&self->errors);

  G_OBJECT_CLASS (devbox_upload_result_parent_class)->finalize (object);
}

static void
devbox_upload_result_class_init (DevboxUploadResultClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_upload_result_get_property;
  object_class->finalize = devbox_upload_result_finalize;

  /**
   * DevboxUploadResult:successful:
   *
   * Whether all files were written.
   *
   * Since: 1.0
   */
  properties[PROP_SUCCESSFUL] = g_param_spec_boolean ("successful", NULL, NULL, FALSE, flags);

  /**
   * DevboxUploadResult:n-processed:
   *
   * How many files were written.
   *
   * Since: 1.0
   */
  properties[PROP_N_PROCESSED] = g_param_spec_uint ("n-processed", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxUploadResult:n-total:
   *
   * How many files there were to write.
   *
   * Since: 1.0
   */
  properties[PROP_N_TOTAL] = g_param_spec_uint ("n-total", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxUploadResult:bytes-transferred:
   *
   * How many bytes the files have together that were written.
   *
   * Since: 1.0
   */
  properties[PROP_BYTES_TRANSFERRED] = g_param_spec_uint64 ("bytes-transferred", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxUploadResult:duration:
   *
   * How long it took, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_DURATION] = g_param_spec_uint64 ("duration", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxUploadResult:results: (type Gio.ListModel)
   *
   * What became of each file: a list of [class@FileResult], in the order of the paths.
   *
   * Since: 1.0
   */
  properties[PROP_RESULTS] = g_param_spec_object ("results", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * DevboxUploadResult:errors: (type Gio.ListModel)
   *
   * Those of the results that are failures.
   *
   * Since: 1.0
   */
  properties[PROP_ERRORS] = g_param_spec_object ("errors", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_upload_result_init (DevboxUploadResult *self)
{
  self->errors = g_list_store_new (DEVBOX_TYPE_FILE_RESULT);
}

DevboxUploadResult *
devbox_upload_result_new (GListStore *results, guint64 bytes_transferred, guint64 duration_ms)
{
  DevboxUploadResult *self = g_object_new (DEVBOX_TYPE_UPLOAD_RESULT, NULL);
  guint n_results = g_list_model_get_n_items (G_LIST_MODEL (results));

  self->results = g_object_ref (results);
  self->bytes_transferred = bytes_transferred;
  self->duration_ms = duration_ms;
  for (guint i = 0; i < n_results; i++)
    {
      g_autoptr (DevboxFileResult) result = g_list_model_get_item (G_LIST_MODEL (results), i);

      if (devbox_file_result_get_status (result) == DEVBOX_FILE_RESULT_STATUS_ERROR)
        g_list_store_append (self->errors, result);
    }

  return self;
}

/**
 * devbox_upload_result_get_successful:
 * @self: the result of an upload
 *
 * Tells whether all files were written.
 *
 * Returns: %TRUE if they were
 *
 * Since: 1.0
 */
gboolean
devbox_upload_result_get_successful (DevboxUploadResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_UPLOAD_RESULT (self), FALSE);

  return g_list_model_get_n_items (G_LIST_MODEL (self->errors)) == 0;
}

/**
 * devbox_upload_result_get_n_processed:
 * @self: the result of an upload
 *
 * Gets how many files were written.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
devbox_upload_result_get_n_processed (DevboxUploadResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_UPLOAD_RESULT (self), 0);

  return g_list_model_get_n_items (G_LIST_MODEL (self->results))
         - g_list_model_get_n_items (G_LIST_MODEL (self->errors));
}

/**
 * devbox_upload_result_get_n_total:
 * @self: the result of an upload
 *
 * Gets how many files there were to write.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
devbox_upload_result_get_n_total (DevboxUploadResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_UPLOAD_RESULT (self), 0);

  return g_list_model_get_n_items (G_LIST_MODEL (self->results));
}

/**
 * devbox_upload_result_get_bytes_transferred:
 * @self: the result of an upload
 *
 * Gets how many bytes the files have together that were written.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
devbox_upload_result_get_bytes_transferred (DevboxUploadResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_UPLOAD_RESULT (self), 0);

  return self->bytes_transferred;
}

/**
 * devbox_upload_result_get_duration:
 * @self: the result of an upload
 *
 * Gets how long the upload took.
 *
 * Returns: the time in milliseconds
 *
 * Since: 1.0
 */
guint64
devbox_upload_result_get_duration (DevboxUploadResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_UPLOAD_RESULT (self), 0);

  return self->duration_ms;
}

/**
 * devbox_upload_result_get_results:
 * @self: the result of an upload
 *
 * Gets what became of each file, in the order of the paths.
 *
 * Returns: (transfer none): a list of [class@FileResult]
 *
 * Since: 1.0
 */
GListModel *
devbox_upload_result_get_results (DevboxUploadResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_UPLOAD_RESULT (self), NULL);

  return G_LIST_MODEL (self->results);
}

/**
 * devbox_upload_result_get_errors:
 * @self: the result of an upload
 *
 * Gets those of the results that are failures.
 *
 * Returns: (transfer none): a list of [class@FileResult]
 *
 * Since: 1.0
 */
GListModel *
devbox_upload_result_get_errors (DevboxUploadResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_UPLOAD_RESULT (self), NULL);

  return G_LIST_MODEL (self->errors);
}
