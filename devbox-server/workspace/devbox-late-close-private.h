/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a file of this size takes to be freed, once nothing leads to it any more, is worth a thread: 30 ms for 256 MiB
 * in memory. */
#define DEVBOX_LATE_CLOSE_SIZE (8 * 1024 * 1024)

/* Closes the descriptor in a thread of its own; at once where none can be started. Leaves errno alone. */
void devbox_late_close (int fd);

G_END_DECLS
