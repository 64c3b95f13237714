/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Blocks of bytes in one file that has no name, shared by the output logs of an agent. It is made with the first block;
 * where none can be made, every store fails. Reference counted, of one thread. */
typedef struct _DevboxOutputSpill DevboxOutputSpill;

#define DEVBOX_OUTPUT_BLOCK_SIZE (64 * 1024)

/* folder NULL: $TMPDIR, else /tmp. limit: bytes on disk. */
DevboxOutputSpill *devbox_output_spill_new (const char *folder, guint64 limit);
DevboxOutputSpill *devbox_output_spill_ref (DevboxOutputSpill *self);
void devbox_output_spill_unref (DevboxOutputSpill *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxOutputSpill, devbox_output_spill_unref)

void devbox_output_spill_set_limit (DevboxOutputSpill *self, guint64 limit);
guint64 devbox_output_spill_get_size (DevboxOutputSpill *self);

/* size: 1 to DEVBOX_OUTPUT_BLOCK_SIZE. FALSE: the limit is reached, or the disk is full. */
gboolean devbox_output_spill_store (DevboxOutputSpill *self, const void *data, gsize size, guint32 *block);
/* The bytes [offset, offset + size) of a block; FALSE: the disk has failed. */
gboolean devbox_output_spill_load (DevboxOutputSpill *self, guint32 block, gsize offset, void *buffer, gsize size);
void devbox_output_spill_free_block (DevboxOutputSpill *self, guint32 block, gsize size);

G_END_DECLS
