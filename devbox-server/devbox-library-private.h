/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Fills the functions with what a shared library has under these names. FALSE, with all as they were, where it cannot
 * be loaded or lacks one; reason says why. It stays loaded. */
gboolean devbox_library_load (const char *library,
                              const char *const *names,
                              gsize n_names,
                              gpointer functions,
                              const char **reason);

G_END_DECLS
