/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-batch-tally-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* The members in which both dialects tell what became of the files of a batch: results, totalFiles and successCount.
 * workspace: NULL, or the one below which the paths of files that were written are told whole. */
void devbox_batch_results_append (GString *json,
                                  DevboxWorkspace *workspace,
                                  const DevboxBatchResult *results,
                                  guint n_results);

G_END_DECLS
