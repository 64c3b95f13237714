/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-export-private.h"

G_BEGIN_DECLS

/* multipart/mixed: a part for each file, whose name is that of its Content-Disposition. */
typedef struct _DevboxMultipartForm DevboxMultipartForm;
extern const DevboxExportForm devbox_multipart_form;
DevboxMultipartForm *devbox_multipart_form_new (const char *boundary, DevboxExportWriteFunc write, gpointer user_data);
void devbox_multipart_form_free (DevboxMultipartForm *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxMultipartForm, devbox_multipart_form_free)
gboolean devbox_multipart_form_finish (DevboxMultipartForm *self, GError **error);

G_END_DECLS
