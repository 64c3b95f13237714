/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#ifndef _DEVBOX_SERVER_EXTERN
#  define _DEVBOX_SERVER_EXTERN __attribute__ ((visibility ("default"))) extern
#endif

/**
 * DEVBOX_SERVER_VERSION_1_0:
 *
 * The version 1.0 of the library, encoded for comparison with `DEVBOX_SERVER_VERSION_MAX_ALLOWED`.
 *
 * Since: 1.0
 */
#define DEVBOX_SERVER_VERSION_1_0 (G_ENCODE_VERSION (1, 0))

#ifndef DEVBOX_SERVER_VERSION_MAX_ALLOWED
#  define DEVBOX_SERVER_VERSION_MAX_ALLOWED DEVBOX_SERVER_VERSION_1_0
#endif

#if DEVBOX_SERVER_VERSION_MAX_ALLOWED < DEVBOX_SERVER_VERSION_1_0
#  define DEVBOX_SERVER_AVAILABLE_IN_1_0 G_UNAVAILABLE (1, 0) _DEVBOX_SERVER_EXTERN
#else
#  define DEVBOX_SERVER_AVAILABLE_IN_1_0 _DEVBOX_SERVER_EXTERN
#endif
