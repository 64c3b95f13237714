/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void devbox_test_watch_objects (void);
int devbox_test_count_objects (void);
char *devbox_test_describe_objects (void);
guint devbox_test_count_sources (void);

G_END_DECLS
