/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The umbrella header of libdevbox-glib-1. */
#include "devbox-version-macros.h"
#include "devbox-types.h"
#include "devbox-enum-types.h"
#include "devbox-error.h"
#include "devbox-error-info.h"
#include "devbox-pool.h"
#include "devbox-client.h"
#include "devbox-command.h"
#include "devbox-command-result.h"
#include "devbox-context-poll.h"
#include "devbox-file-info.h"
#include "devbox-file-monitor.h"
#include "devbox-file-result.h"
#include "devbox-instance.h"
#include "devbox-upload-result.h"
