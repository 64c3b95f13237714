/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-platform-requests-private.h"

G_BEGIN_DECLS

/* What the platform would refuse is refused before it is sent; all are VALIDATION_ERROR with the offending value. */

/* The name without the white space around it; NULL: it is none. */
char *devbox_platform_take_name (const char *name, GError **error);
char *devbox_platform_take_tag (const char *tag, GError **error);
char *devbox_platform_take_runtime (const char *runtime, GError **error);
/* 0 is not set. */
gboolean devbox_platform_check_resources (guint cpu, guint memory, GError **error);
gboolean devbox_platform_check_ports (GListModel *ports, GError **error);
gboolean devbox_platform_check_autostart (const char *command, GError **error);

/* Whether it may be the name of a devbox: an RFC 1123 label. */
gboolean devbox_platform_is_label (const char *text);

G_END_DECLS
