/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* Moves what stands at the end of source, a link as a link, to destination, whose folder is made. Between file systems
 * it is copied under a hidden name, which then becomes destination in one step, and deleted last: a failure leaves the
 * source as it was, or, if only the deletion failed, destination whole. Cancelled only before that step.
 *
 * What is at destination already is CONFLICT, unless `overwrite`: then a file, link and the like replaces another one,
 * and a folder an empty folder; any other pair stays CONFLICT. FILE_NOT_FOUND without a source, VALIDATION_ERROR for a
 * folder that is to go into itself, and for the workspace. */
gboolean devbox_workspace_move (DevboxWorkspace *workspace,
                                const char *source,
                                const char *destination,
                                gboolean overwrite,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
