/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-result-private.h"

#include "devbox-enum-types.h"

/**
 * DevboxFileResultStatus:
 * @DEVBOX_FILE_RESULT_STATUS_SUCCESS: it was done
 * @DEVBOX_FILE_RESULT_STATUS_SKIPPED: there was nothing to do
 * @DEVBOX_FILE_RESULT_STATUS_ERROR: it failed
 *
 * What became of one of several files.
 *
 * Since: 1.0
 */

/**
 * DevboxFileResult:
 *
 * What became of one file, where an operation is about several.
 *
 * It never changes, and can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxFileResult
{
  GObject parent_instance;

  char *path;
  DevboxFileResultStatus status;
  guint64 n_replacements;
  char *message; /* why it was skipped; or NULL */
  GError *error; /* why it failed; or NULL */
};

G_DEFINE_FINAL_TYPE (DevboxFileResult, devbox_file_result, G_TYPE_OBJECT)

enum
{
  PROP_PATH = 1,
  PROP_STATUS,
  PROP_N_REPLACEMENTS,
  PROP_MESSAGE,
  PROP_ERROR,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_file_result_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxFileResult *self = DEVBOX_FILE_RESULT (object);

  switch (property_id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_STATUS:
      g_value_set_enum (value, self->status);
      break;
    case PROP_N_REPLACEMENTS:
      g_value_set_uint64 (value, self->n_replacements);
      break;
    case PROP_MESSAGE:
      g_value_set_string (value, devbox_file_result_get_message (self));
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_file_result_finalize (GObject *object)
{
  DevboxFileResult *self = DEVBOX_FILE_RESULT (object);

  g_free (self->path);
  g_free (self->message);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (devbox_file_result_parent_class)->finalize (object);
}

static void
devbox_file_result_class_init (DevboxFileResultClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_file_result_get_property;
  object_class->finalize = devbox_file_result_finalize;

  /**
   * DevboxFileResult:path:
   *
   * The path of the file, as it was given.
   *
   * Since: 1.0
   */
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);

  /**
   * DevboxFileResult:status:
   *
   * What became of the file.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS] = g_param_spec_enum ("status", NULL, NULL, DEVBOX_TYPE_FILE_RESULT_STATUS,
                                               DEVBOX_FILE_RESULT_STATUS_SUCCESS, flags);

  /**
   * DevboxFileResult:n-replacements:
   *
   * How many occurrences of a text were replaced in the file.
   *
   * Since: 1.0
   */
  properties[PROP_N_REPLACEMENTS] = g_param_spec_uint64 ("n-replacements", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxFileResult:message:
   *
   * Why the file was skipped or failed, for people; %NULL if there is nothing to say.
   *
   * Since: 1.0
   */
  properties[PROP_MESSAGE] = g_param_spec_string ("message", NULL, NULL, NULL, flags);

  /**
   * DevboxFileResult:error:
   *
   * Why the file failed, a [error@Error]; %NULL if it did not.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_file_result_init (DevboxFileResult *self)
{
}

static DevboxFileResult *
file_result_new (const char *path, DevboxFileResultStatus status)
{
  DevboxFileResult *self = g_object_new (DEVBOX_TYPE_FILE_RESULT, NULL);

  self->path = g_strdup (path);
  self->status = status;

  return self;
}

DevboxFileResult *
devbox_file_result_new (const char *path, guint64 n_replacements)
{
  DevboxFileResult *self = file_result_new (path, DEVBOX_FILE_RESULT_STATUS_SUCCESS);

  self->n_replacements = n_replacements;

  return self;
}

DevboxFileResult *
devbox_file_result_new_skipped (const char *path, const char *message)
{
  DevboxFileResult *self = file_result_new (path, DEVBOX_FILE_RESULT_STATUS_SKIPPED);

  self->message = g_strdup (message);

  return self;
}

DevboxFileResult *
devbox_file_result_new_error (const char *path, GError *error)
{
  DevboxFileResult *self = file_result_new (path, DEVBOX_FILE_RESULT_STATUS_ERROR);

  self->error = error;

  return self;
}

/**
 * devbox_file_result_get_path:
 * @self: the result of a file
 *
 * Gets which file it is about.
 *
 * Returns: (transfer none): the path, as it was given
 *
 * Since: 1.0
 */
const char *
devbox_file_result_get_path (DevboxFileResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_RESULT (self), NULL);

  return self->path;
}

/**
 * devbox_file_result_get_status:
 * @self: the result of a file
 *
 * Gets what became of the file.
 *
 * Returns: the status
 *
 * Since: 1.0
 */
DevboxFileResultStatus
devbox_file_result_get_status (DevboxFileResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_RESULT (self), DEVBOX_FILE_RESULT_STATUS_ERROR);

  return self->status;
}

/**
 * devbox_file_result_get_n_replacements:
 * @self: the result of a file
 *
 * Gets how many occurrences of a text [method@Instance.replace_text_async] replaced in the file.
 *
 * Returns: the number, 0 for all other operations
 *
 * Since: 1.0
 */
guint64
devbox_file_result_get_n_replacements (DevboxFileResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_RESULT (self), 0);

  return self->n_replacements;
}

/**
 * devbox_file_result_get_message:
 * @self: the result of a file
 *
 * Gets why the file was skipped or failed, as a text for people.
 *
 * Returns: (transfer none) (nullable): the text, or %NULL if there is nothing to say
 *
 * Since: 1.0
 */
const char *
devbox_file_result_get_message (DevboxFileResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_RESULT (self), NULL);

  return self->error != NULL ? self->error->message : self->message;
}

/**
 * devbox_file_result_get_error:
 * @self: the result of a file
 *
 * Gets why the file failed, as a [error@Error] that programs can match.
 *
 * Returns: (transfer none) (nullable): the error, or %NULL if the file did not fail
 *
 * Since: 1.0
 */
const GError *
devbox_file_result_get_error (DevboxFileResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_RESULT (self), NULL);

  return self->error;
}
