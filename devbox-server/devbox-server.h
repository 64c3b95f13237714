/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The umbrella header of libdevbox-server-1. */
#include "devbox-server-version-macros.h"
#include "devbox-server-types.h"
#include "devbox-server-agent.h"
#include "devbox-server-platform.h"
#include "devbox-server-enum-types.h"
