/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-batch-tally-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* A form of many files, on their way into the workspace: each field `files` or `file` is one, and its file name the
 * path, slashes included. Other fields are skipped. Each file replaces its target when its part ends; one that fails
 * does not stop the others. A form that is malformed ends the batch: what was written before stays. */
typedef struct _DevboxFormBatch DevboxFormBatch;

/* max_size: of each file, max_total_size: of all of them, in bytes; -1: none. VALIDATION_ERROR when the content type is
 * not that of a form. */
DevboxFormBatch *devbox_form_batch_new (DevboxWorkspace *workspace,
                                        const char *content_type,
                                        goffset max_size,
                                        goffset max_total_size,
                                        GError **error);
void devbox_form_batch_free (DevboxFormBatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxFormBatch, devbox_form_batch_free)

gboolean devbox_form_batch_feed (DevboxFormBatch *self, const char *data, gsize size, GError **error);
gboolean devbox_form_batch_finish (DevboxFormBatch *self, GError **error);

const DevboxBatchResult *devbox_form_batch_get_results (DevboxFormBatch *self, guint *n_results);

G_END_DECLS
