/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Blocks of bytes in one file that has no name, shared by the output logs of an agent. It is there while there are
 * blocks. Reference counted, of one thread. Reads and writes go through the page cache: the caller does few at a time.
 */
typedef struct _DevboxOutputSpill DevboxOutputSpill;

#define DEVBOX_OUTPUT_BLOCK_SIZE (16 * 1024)

/* folder NULL: $TMPDIR, else /tmp. limit: bytes on disk. */
DevboxOutputSpill *devbox_output_spill_new (const char *folder, guint64 limit);
DevboxOutputSpill *devbox_output_spill_ref (DevboxOutputSpill *self);
void devbox_output_spill_unref (DevboxOutputSpill *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxOutputSpill, devbox_output_spill_unref)

void devbox_output_spill_set_limit (DevboxOutputSpill *self, guint64 limit);
guint64 devbox_output_spill_get_size (DevboxOutputSpill *self); /* on disk */

/* size: 1 to DEVBOX_OUTPUT_BLOCK_SIZE. FALSE: there is no file, its limit is reached, or the disk is full. */
gboolean devbox_output_spill_store (DevboxOutputSpill *self, const void *data, gsize size, guint32 *block);
/* The block, of the size that was stored, until the next call; NULL: the disk has failed. */
const guint8 *devbox_output_spill_peek (DevboxOutputSpill *self, guint32 block, gsize size);
/* Blocks with consecutive numbers, which hold size bytes together. */
void devbox_output_spill_free_blocks (DevboxOutputSpill *self, guint32 first, guint n_blocks, guint64 size);

G_END_DECLS
