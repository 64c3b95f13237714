/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-data-folder-private.h"
#include "devbox-release-table-private.h"
#include "devbox-sandbox-private.h"
#include "devbox-store-private.h"
#include "devbox-template-set-private.h"
#include "devbox-workers-private.h"

G_BEGIN_DECLS

/* What every box of a platform lives on; owned by the service. */
typedef struct
{
  char *folder; /* of all data */
  int folder_fd;
  DevboxStore *store;
  DevboxSandbox *sandbox;
  DevboxTemplateSet *templates;
  DevboxReleaseTable *releases;
  DevboxWorkers *workers;      /* for folders, as long as that takes little time */
  DevboxWorkers *slow_workers; /* for what takes as long as a user makes it: whatever touches a workspace */
} DevboxBoxHost;

G_END_DECLS
