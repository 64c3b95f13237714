/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-server-version-macros.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _DevboxServerAgent DevboxServerAgent;
typedef struct _DevboxServerPlatform DevboxServerPlatform;

G_END_DECLS
