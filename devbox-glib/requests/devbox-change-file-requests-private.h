/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* Their result is TRUE, as a pointer. */
DevboxRequest *devbox_delete_file_request_new (const char *path, gboolean recursive, GError **error);
DevboxRequest *
devbox_move_file_request_new (const char *source, const char *destination, gboolean overwrite, GError **error);
DevboxRequest *devbox_set_file_mode_request_new (const char *path, guint mode, gboolean recursive, GError **error);
DevboxRequest *
devbox_set_file_owner_request_new (const char *path, const char *owner, gboolean recursive, GError **error);

/* What a change of mode sends. */
GString *devbox_set_file_mode_request_build_body (const char *path, guint mode, gboolean recursive);

G_END_DECLS
