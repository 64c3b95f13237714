/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-host-private.h"
#include "devbox-box-table-private.h"

G_BEGIN_DECLS

/* The side of the table that its service sees. */

/* Reads the boxes, repairs what a platform that was killed has left, and starts what should run. */
DevboxBoxTable *devbox_box_table_new (DevboxBoxHost *host, GError **error);
void devbox_box_table_free (DevboxBoxTable *self); /* ends every box at once */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxBoxTable, devbox_box_table_free)

/* Stops what runs, of which each goes on when the platform starts again; then func is told. */
void devbox_box_table_retire (DevboxBoxTable *self, GDestroyNotify func, gpointer user_data);

G_END_DECLS
