/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-batch-tally-private.h"
#include "devbox-write-item-private.h"

G_BEGIN_DECLS

/* The JSON body of a batch of writes, {files:[item, …]}: each file is replaced once its item is at its end, and one
 * that fails hinders no other. Not thread safe. */
typedef struct _DevboxBatchRequest DevboxBatchRequest;

/* max_size: of each file, max_total_size: of all of them; -1: none. Past the latter, FILE_TOO_LARGE ends the batch. */
DevboxBatchRequest *devbox_batch_request_new (DevboxWorkspace *workspace, goffset max_size, goffset max_total_size);
void devbox_batch_request_free (DevboxBatchRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxBatchRequest, devbox_batch_request_free)

/* Fails when the document is malformed, or none of a batch; what was replaced before stays. An error stays. */
gboolean devbox_batch_request_feed (DevboxBatchRequest *self, const char *data, gsize size, GError **error);
gboolean devbox_batch_request_finish (DevboxBatchRequest *self, GError **error);

const DevboxBatchResult *devbox_batch_request_get_results (DevboxBatchRequest *self, guint *n_results);

G_END_DECLS
