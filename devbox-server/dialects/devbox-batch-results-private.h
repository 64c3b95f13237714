/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-batch-request-private.h"

G_BEGIN_DECLS

/* The members in which both dialects tell what became of the files of a batch: results, totalFiles and successCount. */
void devbox_batch_results_append (GString *json, const DevboxBatchResult *results, guint n_results);

G_END_DECLS
