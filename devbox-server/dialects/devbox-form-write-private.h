/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-replacement-private.h"

G_BEGIN_DECLS

/* A form with the fields `path` and `file` (or `files`), in either order, on its way into that file; without `path` it
 * is the name of the file. Other fields are skipped. Freed before it is finished, or after an error, it changes
 * nothing. Errors are those of the form (VALIDATION_ERROR) and of DevboxFileReplacement. */
typedef struct _DevboxFormWrite DevboxFormWrite;

/* max_size counts the bytes of the file; -1: none. */
DevboxFormWrite *
devbox_form_write_new (DevboxWorkspace *workspace, const char *content_type, goffset max_size, GError **error);
void devbox_form_write_free (DevboxFormWrite *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxFormWrite, devbox_form_write_free)

gboolean devbox_form_write_feed (DevboxFormWrite *self, const char *data, gsize size, GError **error);
gboolean devbox_form_write_finish (DevboxFormWrite *self, GError **error);

/* Both once finished, and owned by the form. */
const char *devbox_form_write_get_path (DevboxFormWrite *self);
DevboxFileReplacement *devbox_form_write_get_file (DevboxFormWrite *self);

G_END_DECLS
