/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-version-macros.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _DevboxAgentInfo DevboxAgentInfo;
typedef struct _DevboxAuthentication DevboxAuthentication;
typedef struct _DevboxAuthenticator DevboxAuthenticator;
typedef struct _DevboxClient DevboxClient;
typedef struct _DevboxCommand DevboxCommand;
typedef struct _DevboxCommandResult DevboxCommandResult;
typedef struct _DevboxContextPoll DevboxContextPoll;
typedef struct _DevboxErrorInfo DevboxErrorInfo;
typedef struct _DevboxFileInfo DevboxFileInfo;
typedef struct _DevboxFileMonitor DevboxFileMonitor;
typedef struct _DevboxFileResult DevboxFileResult;
typedef struct _DevboxInstance DevboxInstance;
typedef struct _DevboxInstanceInfo DevboxInstanceInfo;
typedef struct _DevboxInstanceList DevboxInstanceList;
typedef struct _DevboxInstanceSpec DevboxInstanceSpec;
typedef struct _DevboxKubeconfig DevboxKubeconfig;
typedef struct _DevboxLogEntry DevboxLogEntry;
typedef struct _DevboxLogReader DevboxLogReader;
typedef struct _DevboxMetrics DevboxMetrics;
typedef struct _DevboxMetricsSnapshot DevboxMetricsSnapshot;
typedef struct _DevboxPathPolicy DevboxPathPolicy;
typedef struct _DevboxPool DevboxPool;
typedef struct _DevboxPoolStats DevboxPoolStats;
typedef struct _DevboxPort DevboxPort;
typedef struct _DevboxProcess DevboxProcess;
typedef struct _DevboxRelease DevboxRelease;
typedef struct _DevboxSample DevboxSample;
typedef struct _DevboxSession DevboxSession;
typedef struct _DevboxSshInfo DevboxSshInfo;
typedef struct _DevboxTemplate DevboxTemplate;
typedef struct _DevboxUploadResult DevboxUploadResult;

G_END_DECLS
