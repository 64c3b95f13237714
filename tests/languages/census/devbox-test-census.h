/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void devbox_test_mark (void);
char *devbox_test_describe_leftovers (guint max_growth_kib);
int devbox_test_count_threads (void);
int devbox_test_get_growth (void);

G_END_DECLS
