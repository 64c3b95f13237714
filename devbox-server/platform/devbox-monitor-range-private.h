/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-query-private.h"

G_BEGIN_DECLS

/* Which samples a request wants: `start`, `end` and `step` of its query (docs/wire.md, "Platform"). */
typedef struct
{
  gint64 start; /* ms of the epoch, as is end */
  gint64 end;
  gint64 step; /* ms; 0: each sample */
} DevboxMonitorRange;

/* now: ms of the epoch. VALIDATION_ERROR names the parameter, and what is wrong with it. */
gboolean devbox_monitor_range_read (DevboxMonitorRange *self, DevboxHttpQuery *query, gint64 now, GError **error);

G_END_DECLS
