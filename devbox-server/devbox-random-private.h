/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *devbox_random_token (void); /* 256 bits from the kernel, 64 hexadecimal digits; transfer full */

G_END_DECLS
