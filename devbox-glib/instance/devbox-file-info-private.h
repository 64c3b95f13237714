/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-info.h"

G_BEGIN_DECLS

/* All members are copied. */
typedef struct
{
  const char *name;
  const char *path;
  GBytes *path_bytes; /* NULL: those of the path */
  GFileType type;
  guint64 size;
  guint mode;
  GDateTime *modified; /* or NULL */
} DevboxFileDetails;

DevboxFileInfo *devbox_file_info_new (const DevboxFileDetails *details);

G_END_DECLS
