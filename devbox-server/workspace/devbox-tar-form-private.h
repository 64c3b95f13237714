/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-export-private.h"

G_BEGIN_DECLS

/* tar, with names of any length and any bytes; gzip compressed or not. */
typedef struct _DevboxTarForm DevboxTarForm;
extern const DevboxExportForm devbox_tar_form;
/* NULL with SERVER_UNAVAILABLE where libarchive is not installed. */
DevboxTarForm *
devbox_tar_form_new (gboolean compressed, DevboxExportWriteFunc write, gpointer user_data, GError **error);
void devbox_tar_form_free (DevboxTarForm *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTarForm, devbox_tar_form_free)
gboolean devbox_tar_form_finish (DevboxTarForm *self, GError **error);

G_END_DECLS
