/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "SIGTERM", "TERM", "term", "15", "RTMIN+1"; 0 for anything else. */
int devbox_signal_from_name (const char *name);

G_END_DECLS
