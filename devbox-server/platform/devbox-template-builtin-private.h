/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-template-set-private.h"

G_BEGIN_DECLS

/* The templates that the library brings along; their files are a GResource of it. */
guint devbox_template_builtin_get_n_templates (void);
DevboxTemplate *devbox_template_builtin_new (guint i); /* transfer full */

/* The name of one of them by another one that clients use, or that name. */
const char *devbox_template_builtin_resolve_alias (const char *name);

/* See devbox_template_set_seed (). */
gboolean devbox_template_builtin_seed (const char *name, int folder_fd, GCancellable *cancellable, GError **error);

G_END_DECLS
