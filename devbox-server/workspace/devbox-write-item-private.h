/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-replacement-private.h"
#include "devbox-wire-json-reader-private.h"

G_BEGIN_DECLS

/* One file of a write in JSON, {path or pathBytes, content, encoding?, permissions?} in any order, on its way into the
 * workspace: nothing of it is held whole, and members that are not known are skipped. Freed before the commit, or after
 * an error, it changes nothing. Not thread safe. */
typedef struct _DevboxWriteItem DevboxWriteItem;

/* max_size counts the bytes of the file; -1: none. */
DevboxWriteItem *devbox_write_item_new (DevboxWorkspace *workspace, goffset max_size);
void devbox_write_item_free (DevboxWriteItem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWriteItem, devbox_write_item_free)

/* The events of the one value that is the item; its user data is the item. VALIDATION_ERROR names the member or the
 * byte that is wrong; else as DevboxFileReplacement. */
extern const DevboxWireJsonHandler devbox_write_item_handler;
/* The value is at its end: replaces the file. */
gboolean devbox_write_item_commit (DevboxWriteItem *self, GError **error);

/* As it was sent, in bytes; NULL before it came. */
const char *devbox_write_item_get_path (DevboxWriteItem *self);
/* Both after the commit; see devbox_file_replacement_get_n_old_links (). */
goffset devbox_write_item_get_size (DevboxWriteItem *self);
guint devbox_write_item_get_n_old_links (DevboxWriteItem *self);

G_END_DECLS
