/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What became of the files of a batch, one after the other, and whether there may be more. */
typedef struct _DevboxBatchTally DevboxBatchTally;

typedef struct
{
  char *path;   /* as it was sent, in bytes; "" when it was not */
  goffset size; /* when there is no error */
  GError *error;
} DevboxBatchResult;

/* What stays in memory until the batch is answered */
#define DEVBOX_BATCH_MAX_FILES 50000
#define DEVBOX_BATCH_MAX_PATHS (8 * 1024 * 1024) /* bytes of all paths */

/* max_total_size: of all files, in bytes; -1: none. */
DevboxBatchTally *devbox_batch_tally_new (goffset max_total_size);
void devbox_batch_tally_free (DevboxBatchTally *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxBatchTally, devbox_batch_tally_free)

/* Takes the error, which is NULL for a file that was written; path may be NULL. FALSE when the batch has to end here:
 * VALIDATION_ERROR for too many files, FILE_TOO_LARGE as devbox_batch_tally_check_size (). */
gboolean
devbox_batch_tally_add (DevboxBatchTally *self, const char *path, goffset size, GError *file_error, GError **error);
/* Whether what was written and `size` bytes more are within the limit. */
gboolean devbox_batch_tally_check_size (DevboxBatchTally *self, goffset size, GError **error);

const DevboxBatchResult *devbox_batch_tally_get_results (DevboxBatchTally *self, guint *n_results);

G_END_DECLS
