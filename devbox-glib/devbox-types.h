/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-version-macros.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _DevboxClient DevboxClient;
typedef struct _DevboxCommand DevboxCommand;
typedef struct _DevboxCommandResult DevboxCommandResult;
typedef struct _DevboxContextPoll DevboxContextPoll;
typedef struct _DevboxErrorInfo DevboxErrorInfo;
typedef struct _DevboxFileMonitor DevboxFileMonitor;
typedef struct _DevboxInstance DevboxInstance;
typedef struct _DevboxPool DevboxPool;

G_END_DECLS
