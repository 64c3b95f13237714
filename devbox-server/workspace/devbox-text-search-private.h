/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-found-files-private.h"

G_BEGIN_DECLS

/* The text files below `folder` (see devbox_found_files_search () and devbox_text_scanner_scan ()) in which `keyword`
 * stands; sorted. Up to max_reads files, and 64, are read at the same time, in threads of its own beside the calling
 * one. Files that cannot be read are left out. VALIDATION_ERROR for an empty keyword. */
DevboxFoundFiles *devbox_text_search (DevboxWorkspace *workspace,
                                      const char *folder,
                                      const char *keyword,
                                      guint max_reads,
                                      GCancellable *cancellable,
                                      GError **error);

G_END_DECLS
