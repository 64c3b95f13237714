/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a process takes, itself alone. FALSE: there is none of that number any more. */
gboolean devbox_process_usage_read (GPid pid, gint64 *cpu_time /* µs */, guint64 *resident /* bytes */);

G_END_DECLS
