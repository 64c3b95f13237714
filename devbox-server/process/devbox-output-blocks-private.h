/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-output-log-private.h"

G_BEGIN_DECLS

/* The bytes of one stream of an output log, in blocks: the older ones in the file, the younger ones in memory. By value
 * within the log, whose policy, budget and file it borrows. */
typedef struct
{
  const DevboxOutputPolicy *policy;
  DevboxOutputBudget *budget;
  DevboxOutputSpill *spill;
  GArray *blocks;  /* all of the full size but the last; NULL before the first */
  guint n_spilled; /* so many from the front are in the file */
  guint64 first;   /* offset of the first block */
  guint64 end;
  gsize tail_size; /* memory taken by the last block */
  gsize memory;    /* of the blocks */
  gboolean truncated;
} DevboxOutputBlocks;

void devbox_output_blocks_clear (DevboxOutputBlocks *self);
/* How many bytes were taken; less than size with KEEP_FIRST alone. */
gsize devbox_output_blocks_append (DevboxOutputBlocks *self, const guint8 *data, gsize size);
/* The bytes at offset that lie together, until the next call for this or another stream of the same file; NULL: none.
 */
const guint8 *devbox_output_blocks_peek (DevboxOutputBlocks *self, guint64 offset, gsize *size);

/* Once nothing more is appended. */
void devbox_output_blocks_trim (DevboxOutputBlocks *self);
gboolean devbox_output_blocks_spill_all (DevboxOutputBlocks *self);
void devbox_output_blocks_discard (DevboxOutputBlocks *self);
guint64 devbox_output_blocks_get_size_in_file (const DevboxOutputBlocks *self);

G_END_DECLS
