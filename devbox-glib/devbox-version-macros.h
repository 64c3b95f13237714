/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#ifndef _DEVBOX_EXTERN
#  define _DEVBOX_EXTERN __attribute__ ((visibility ("default"))) extern
#endif

/**
 * DEVBOX_VERSION_1_0:
 *
 * The version 1.0 of the library, encoded for comparison with `DEVBOX_VERSION_MAX_ALLOWED`.
 *
 * Since: 1.0
 */
#define DEVBOX_VERSION_1_0 (G_ENCODE_VERSION (1, 0))

#ifndef DEVBOX_VERSION_MAX_ALLOWED
#  define DEVBOX_VERSION_MAX_ALLOWED DEVBOX_VERSION_1_0
#endif

#if DEVBOX_VERSION_MAX_ALLOWED < DEVBOX_VERSION_1_0
#  define DEVBOX_AVAILABLE_IN_1_0 G_UNAVAILABLE (1, 0) _DEVBOX_EXTERN
#else
#  define DEVBOX_AVAILABLE_IN_1_0 _DEVBOX_EXTERN
#endif
