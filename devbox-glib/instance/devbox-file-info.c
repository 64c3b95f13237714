/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-info-private.h"

#include <string.h>

/**
 * DevboxListFilesFlags:
 * @DEVBOX_LIST_FILES_FLAGS_NONE: leave out names that begin with a dot
 * @DEVBOX_LIST_FILES_FLAGS_SHOW_HIDDEN: list names that begin with a dot as well
 *
 * What [method@Instance.list_files_async] tells of.
 *
 * Since: 1.0
 */

/**
 * DevboxFileInfo:
 *
 * What a folder of a devbox says of one of the files in it.
 *
 * It tells how the file was when it was listed, never changes, and can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxFileInfo
{
  GObject parent_instance;

  char *name;
  char *path;
  GBytes *path_bytes;
  GFileType type;
  guint64 size;
  guint mode;
  GDateTime *modified;
};

G_DEFINE_FINAL_TYPE (DevboxFileInfo, devbox_file_info, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_PATH,
  PROP_PATH_BYTES,
  PROP_FILE_TYPE,
  PROP_SIZE,
  PROP_MODE,
  PROP_MODIFIED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_file_info_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxFileInfo *self = DEVBOX_FILE_INFO (object);

  switch (property_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_PATH_BYTES:
      g_value_set_boxed (value, self->path_bytes);
      break;
    case PROP_FILE_TYPE:
      g_value_set_enum (value, self->type);
      break;
    case PROP_SIZE:
      g_value_set_uint64 (value, self->size);
      break;
    case PROP_MODE:
      g_value_set_uint (value, self->mode);
      break;
    case PROP_MODIFIED:
      g_value_set_boxed (value, self->modified);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_file_info_finalize (GObject *object)
{
  DevboxFileInfo *self = DEVBOX_FILE_INFO (object);

  g_free (self->name);
  g_free (self->path);
  g_clear_pointer (&self->path_bytes, g_bytes_unref);
  g_clear_pointer (&self->modified, g_date_time_unref);

  G_OBJECT_CLASS (devbox_file_info_parent_class)->finalize (object);
}

static void
devbox_file_info_class_init (DevboxFileInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_file_info_get_property;
  object_class->finalize = devbox_file_info_finalize;

  /**
   * DevboxFileInfo:name:
   *
   * The name of the file in its folder, with U+FFFD for what is not UTF-8.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * DevboxFileInfo:path:
   *
   * The whole path of the file in the devbox, with U+FFFD for what is not UTF-8.
   *
   * Since: 1.0
   */
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);

  /**
   * DevboxFileInfo:path-bytes:
   *
   * The whole path of the file in the devbox, byte for byte.
   *
   * Since: 1.0
   */
  properties[PROP_PATH_BYTES] = g_param_spec_boxed ("path-bytes", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * DevboxFileInfo:file-type:
   *
   * What kind of file it is.
   *
   * Since: 1.0
   */
  properties[PROP_FILE_TYPE]
      = g_param_spec_enum ("file-type", NULL, NULL, G_TYPE_FILE_TYPE, G_FILE_TYPE_UNKNOWN, flags);

  /**
   * DevboxFileInfo:size:
   *
   * The size of the file in bytes.
   *
   * Since: 1.0
   */
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxFileInfo:mode:
   *
   * The permissions of the file, such as 0644.
   *
   * Since: 1.0
   */
  properties[PROP_MODE] = g_param_spec_uint ("mode", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxFileInfo:modified:
   *
   * When the content of the file was last changed; %NULL if that is not known.
   *
   * Since: 1.0
   */
  properties[PROP_MODIFIED] = g_param_spec_boxed ("modified", NULL, NULL, G_TYPE_DATE_TIME, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_file_info_init (DevboxFileInfo *self)
{
}

DevboxFileInfo *
devbox_file_info_new (const DevboxFileDetails *details)
{
  DevboxFileInfo *self = g_object_new (DEVBOX_TYPE_FILE_INFO, NULL);

  self->name = g_strdup (details->name);
  self->path = g_strdup (details->path);
  self->path_bytes = details->path_bytes != NULL ? g_bytes_ref (details->path_bytes)
                                                 : g_bytes_new (details->path, strlen (details->path));
  self->type = details->type;
  self->size = details->size;
  self->mode = details->mode;
  self->modified = details->modified != NULL ? g_date_time_ref (details->modified) : NULL;

  return self;
}

/**
 * devbox_file_info_get_name:
 * @self: what is known of a file
 *
 * Gets the name of the file in its folder.
 *
 * What is not UTF-8 in it is shown as U+FFFD.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
devbox_file_info_get_name (DevboxFileInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_INFO (self), NULL);

  return self->name;
}

/**
 * devbox_file_info_get_path:
 * @self: what is known of a file
 *
 * Gets the whole path of the file in the devbox.
 *
 * What is not UTF-8 in it is shown as U+FFFD; [method@FileInfo.get_path_bytes] has the truth.
 *
 * Returns: (transfer none): the path
 *
 * Since: 1.0
 */
const char *
devbox_file_info_get_path (DevboxFileInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_INFO (self), NULL);

  return self->path;
}

/**
 * devbox_file_info_get_path_bytes:
 * @self: what is known of a file
 *
 * Gets the whole path of the file in the devbox, byte for byte: on Linux, names need not be text.
 *
 * In Python the result is a `bytes` object.
 *
 * Returns: (transfer none): the bytes of the path
 *
 * Since: 1.0
 */
GBytes *
devbox_file_info_get_path_bytes (DevboxFileInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_INFO (self), NULL);

  return self->path_bytes;
}

/**
 * devbox_file_info_get_file_type:
 * @self: what is known of a file
 *
 * Gets what kind of file it is.
 *
 * An agent that tells folders from everything else only has %G_FILE_TYPE_REGULAR for all that is no folder.
 *
 * Returns: %G_FILE_TYPE_DIRECTORY, %G_FILE_TYPE_REGULAR, %G_FILE_TYPE_SYMBOLIC_LINK, or %G_FILE_TYPE_SPECIAL
 *
 * Since: 1.0
 */
GFileType
devbox_file_info_get_file_type (DevboxFileInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_INFO (self), G_FILE_TYPE_UNKNOWN);

  return self->type;
}

/**
 * devbox_file_info_get_size:
 * @self: what is known of a file
 *
 * Gets the size of the file.
 *
 * Returns: the size in bytes
 *
 * Since: 1.0
 */
guint64
devbox_file_info_get_size (DevboxFileInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_INFO (self), 0);

  return self->size;
}

/**
 * devbox_file_info_get_mode:
 * @self: what is known of a file
 *
 * Gets the permissions of the file.
 *
 * Returns: the permissions, such as 0644; 0 also if they are not known
 *
 * Since: 1.0
 */
guint
devbox_file_info_get_mode (DevboxFileInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_INFO (self), 0);

  return self->mode;
}

/**
 * devbox_file_info_get_modified:
 * @self: what is known of a file
 *
 * Gets when the content of the file was last changed.
 *
 * Returns: (transfer none) (nullable): the time, or %NULL if it is not known
 *
 * Since: 1.0
 */
GDateTime *
devbox_file_info_get_modified (DevboxFileInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_INFO (self), NULL);

  return self->modified;
}
