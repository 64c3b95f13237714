/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* The JSON body of a write, {path or pathBytes, content, encoding?, permissions?} in any order, on its way into a file:
 * nothing of it is held whole, and members that are not known are skipped. Freed before it is finished, or after an
 * error, it changes nothing. Not thread safe. */
typedef struct _DevboxWriteRequest DevboxWriteRequest;

/* max_size counts the bytes of the file; -1: none. */
DevboxWriteRequest *devbox_write_request_new (DevboxWorkspace *workspace, goffset max_size);
void devbox_write_request_free (DevboxWriteRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWriteRequest, devbox_write_request_free)

/* VALIDATION_ERROR names the member or the byte that is wrong; else as DevboxFileReplacement. An error stays. */
gboolean devbox_write_request_feed (DevboxWriteRequest *self, const char *data, gsize size, GError **error);
/* The body is at its end: replaces the file. */
gboolean devbox_write_request_finish (DevboxWriteRequest *self, GError **error);

/* As it was sent, in bytes; NULL before it came. */
const char *devbox_write_request_get_path (DevboxWriteRequest *self);
/* Both once finished; see devbox_file_replacement_get_n_old_links (). */
goffset devbox_write_request_get_size (DevboxWriteRequest *self);
guint devbox_write_request_get_n_old_links (DevboxWriteRequest *self);

G_END_DECLS
