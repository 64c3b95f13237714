/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* Files and whole folders of the workspace on their way out, one after the other, in some form. */

/* The form. Names are relative to the workspace, in bytes, without ".." and with no slash at either end. Each may be
 * NULL: such things are left out. */
typedef struct
{
  gboolean (*folder) (gpointer form, const char *name, const struct stat *status, GError **error);
  gboolean (*link) (gpointer form, const char *name, const struct stat *status, const char *target, GError **error);
  gboolean (*begin_file) (gpointer form, const char *name, const struct stat *status, GError **error);
  gboolean (*content) (gpointer form, const void *data, gsize size, GError **error); /* st_size bytes in all */
  gboolean (*end_file) (gpointer form, GError **error);
} DevboxExportForm;

/* Where what the form makes goes to. */
typedef gboolean (*DevboxExportWriteFunc) (gpointer user_data, const void *data, gsize size, GError **error);

/* Each path first has to be there and to be a file or folder, so that an error comes before anything was written. A
 * link that is named is followed; one in a folder is told as a link. Sockets, pipes and devices in a folder are left
 * out. A file that cannot be read, or was cut while it was, is an error: what was written so far is no good then. */
gboolean devbox_export (DevboxWorkspace *workspace,
                        const char *const *paths,
                        const DevboxExportForm *form,
                        gpointer form_data,
                        GCancellable *cancellable,
                        GError **error);

G_END_DECLS
