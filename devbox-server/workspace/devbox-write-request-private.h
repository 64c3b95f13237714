/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-write-item-private.h"

G_BEGIN_DECLS

/* The JSON body of a write: one DevboxWriteItem. Not thread safe. */
typedef struct _DevboxWriteRequest DevboxWriteRequest;

DevboxWriteRequest *devbox_write_request_new (DevboxWorkspace *workspace, goffset max_size);
void devbox_write_request_free (DevboxWriteRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWriteRequest, devbox_write_request_free)

/* An error stays. */
gboolean devbox_write_request_feed (DevboxWriteRequest *self, const char *data, gsize size, GError **error);
/* The body is at its end: replaces the file. */
gboolean devbox_write_request_finish (DevboxWriteRequest *self, GError **error);

/* See devbox_write_item_get_path () and so on. */
const char *devbox_write_request_get_path (DevboxWriteRequest *self);
goffset devbox_write_request_get_size (DevboxWriteRequest *self);
guint devbox_write_request_get_n_old_links (DevboxWriteRequest *self);

G_END_DECLS
