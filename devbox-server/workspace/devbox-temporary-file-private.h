/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-replacement-private.h"

G_BEGIN_DECLS

/* The file behind a replacement: without a name (O_TMPFILE) where the file system can, so that not even a killed
 * process leaves it; else, and for the instant between a link and a rename, a hidden name. Such names stand in the
 * workspace's own folder, where a sweep finds them and nobody's watch of a source folder sees them, or in the target's
 * folder where that is on another file system. All functions tell errors by errno. */
typedef struct _DevboxTemporaryFile DevboxTemporaryFile;

typedef enum
{
  DEVBOX_TEMPORARY_FILE_NONE = 0,
  DEVBOX_TEMPORARY_FILE_NAMED = 1 << 0,     /* not without a name */
  DEVBOX_TEMPORARY_FILE_IN_FOLDER = 1 << 1, /* its name, if it gets one, stands in the folder itself */
} DevboxTemporaryFileFlags;

/* A hidden name, drawn from so many that it is free. */
#define DEVBOX_TEMPORARY_NAME_RANDOM 8
#define DEVBOX_TEMPORARY_NAME_SIZE (sizeof DEVBOX_FILE_REPLACEMENT_PREFIX + DEVBOX_TEMPORARY_NAME_RANDOM)
void devbox_temporary_name_make (char name[DEVBOX_TEMPORARY_NAME_SIZE]);
gboolean devbox_temporary_name_is (const char *name);

/* Empty, on the file system of the folder. */
DevboxTemporaryFile *
devbox_temporary_file_new (DevboxWorkspace *workspace, int folder_fd, DevboxTemporaryFileFlags flags);
void devbox_temporary_file_free (DevboxTemporaryFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTemporaryFile, devbox_temporary_file_free)

int devbox_temporary_file_get_fd (DevboxTemporaryFile *self);
gboolean devbox_temporary_file_copy (DevboxTemporaryFile *self, DevboxTemporaryFile *source);
/* Gives it the mode of a new file: 0666 less the umask, or what a default ACL says. */
gboolean devbox_temporary_file_set_default_mode (DevboxTemporaryFile *self, int folder_fd);
/* Gives it its name. EEXIST, unless `replace`, when the name is taken; EXDEV when it is on another file system; ENOENT
 * when the folder is gone, or when a file without a name cannot get one on this system. After a failure it can be tried
 * again. */
gboolean devbox_temporary_file_publish (DevboxTemporaryFile *self, int folder_fd, const char *name, gboolean replace);

G_END_DECLS
