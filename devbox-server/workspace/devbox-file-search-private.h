/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-found-files-private.h"

G_BEGIN_DECLS

/* The files below `folder` (see devbox_found_files_search ()) whose name contains `pattern`, whatever its case and
 * however its accents are encoded; sorted. VALIDATION_ERROR for an empty pattern. */
DevboxFoundFiles *devbox_file_search (DevboxWorkspace *workspace,
                                      const char *folder,
                                      const char *pattern,
                                      GCancellable *cancellable,
                                      GError **error);

G_END_DECLS
