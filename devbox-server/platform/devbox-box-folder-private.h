/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-host-private.h"

G_BEGIN_DECLS

/* The folders of boxes: boxes/UID/workspace and home. */

typedef void (*DevboxBoxFolderFunc) (gpointer user_data, const GError *error);

/* Makes the folder of a box in incoming/, seeds its workspace from the template or the release, and renames it into
 * place; what stood there before, from a creation that was cut off, goes to the trash. In a worker; func is told from
 * the main loop. FALSE: too many wait, and func is not told. */
gboolean devbox_box_folder_provision (DevboxBoxHost *host,
                                      const DevboxBoxRecord *record,
                                      GCancellable *cancellable,
                                      DevboxBoxFolderFunc func,
                                      gpointer user_data,
                                      GError **error);

/* Takes it out of boxes/ at once, if it is there; a worker removes it later, or the next start does. */
gboolean devbox_box_folder_discard (DevboxBoxHost *host, const char *uid, GError **error);

/* Makes the folders there have to be, and throws away what lies in incoming/, trash/ and, unless known () says that it
 * is that of a box, in boxes/. At the start. */
typedef gboolean (*DevboxBoxFolderKnownFunc) (const char *uid, gpointer user_data);
gboolean
devbox_box_folder_sweep (DevboxBoxHost *host, DevboxBoxFolderKnownFunc known, gpointer user_data, GError **error);

G_END_DECLS
