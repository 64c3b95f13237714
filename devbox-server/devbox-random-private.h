/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DEVBOX_ID_LENGTH 8

/* Eight characters of -_0-9a-z, and a NUL. */
void devbox_random_id (char id[DEVBOX_ID_LENGTH + 1]);

/* So many bytes from the kernel, at most 256, as twice as many hexadecimal digits; transfer full. */
char *devbox_random_hex (gsize n_bytes);
char *devbox_random_token (void); /* 256 bits, 64 hexadecimal digits; transfer full */

guint32 devbox_random_below (guint32 limit); /* each number from 0 to limit - 1 is as likely */

G_END_DECLS
