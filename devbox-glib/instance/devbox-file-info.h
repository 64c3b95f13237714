/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum /*< flags >*/
{
  DEVBOX_LIST_FILES_FLAGS_NONE = 0,
  DEVBOX_LIST_FILES_FLAGS_SHOW_HIDDEN = 1 << 0,
} DevboxListFilesFlags;

#define DEVBOX_TYPE_FILE_INFO (devbox_file_info_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxFileInfo, devbox_file_info, DEVBOX, FILE_INFO, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_file_info_get_name (DevboxFileInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_file_info_get_path (DevboxFileInfo *self);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_file_info_get_path_bytes (DevboxFileInfo *self);
DEVBOX_AVAILABLE_IN_1_0
GFileType devbox_file_info_get_file_type (DevboxFileInfo *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_file_info_get_size (DevboxFileInfo *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_file_info_get_mode (DevboxFileInfo *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_file_info_get_modified (DevboxFileInfo *self);

G_END_DECLS
