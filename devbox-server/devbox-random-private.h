/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DEVBOX_ID_LENGTH 8

/* Eight characters of -_0-9a-z, and a NUL. */
void devbox_random_id (char id[DEVBOX_ID_LENGTH + 1]);

char *devbox_random_token (void); /* 256 bits from the kernel, 64 hexadecimal digits; transfer full */

G_END_DECLS
