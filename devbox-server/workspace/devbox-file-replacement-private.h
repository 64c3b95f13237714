/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* A write in progress: bytes go to a temporary file (see devbox-temporary-file-private.h), and replace the target at
 * once on commit. Freed without a commit it leaves nothing behind. Mode (without the setuid, setgid and sticky bits),
 * owner and a final symlink inside the workspace survive a replacement. Not thread safe. */
typedef struct _DevboxFileReplacement DevboxFileReplacement;

/* path NULL: not known yet (set_path before commit; when the target turns out to lie on another file system the bytes
 * are copied). max_size -1: none. */
DevboxFileReplacement *
devbox_file_replacement_new (DevboxWorkspace *workspace, const char *path, goffset max_size, GError **error);
/* Of content that is there as a whole, and has to stay until the commit: everything is done then, which takes fewer
 * steps. Nothing else may be written to it. */
DevboxFileReplacement *devbox_file_replacement_new_whole (DevboxWorkspace *workspace,
                                                          const char *path,
                                                          const guint8 *data,
                                                          gsize size,
                                                          goffset max_size);
gboolean devbox_file_replacement_set_path (DevboxFileReplacement *self, const char *path, GError **error);
/* FILE_TOO_LARGE past max_size, DISK_FULL, … */
gboolean devbox_file_replacement_write (DevboxFileReplacement *self, const guint8 *data, gsize size, GError **error);
gboolean devbox_file_replacement_write_at (DevboxFileReplacement *self,
                                           goffset offset,
                                           const guint8 *data,
                                           gsize size,
                                           GError **error);
/* Exactly `size` bytes of what was written. */
gboolean
devbox_file_replacement_read_at (DevboxFileReplacement *self, goffset offset, guint8 *data, gsize size, GError **error);
goffset devbox_file_replacement_get_size (DevboxFileReplacement *self);
int devbox_file_replacement_get_fd (DevboxFileReplacement *self);
/* mode -1: the old file's, or 0666 less the umask for a new one. Parents are made, and taken away again when it fails.
 * Fails after a write that failed. */
gboolean devbox_file_replacement_commit (DevboxFileReplacement *self, int mode, GError **error);
/* After the commit: how many names the old file had, 0 when there was none. The others keep the old content. */
guint devbox_file_replacement_get_n_old_links (DevboxFileReplacement *self);
void devbox_file_replacement_free (DevboxFileReplacement *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxFileReplacement, devbox_file_replacement_free)

/* Names of temporary files, which listings and watches leave out. */
#define DEVBOX_FILE_REPLACEMENT_PREFIX ".devbox-tmp-"
/* Removes what agents that were killed left in the workspace's own folder, where all temporary names are but those of
 * other file systems mounted below it. Returns how many. A write that is going on, in any process, is left alone. */
guint devbox_workspace_sweep_temporaries (DevboxWorkspace *workspace);

G_END_DECLS
