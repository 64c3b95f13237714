/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-output-log-private.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_LOG_PROCESS,
  DEVBOX_LOG_SESSION,
} DevboxLogOwner;

/* Borrowed; NULL: there is none of that identifier, or it is forgotten. */
typedef DevboxOutputLog *(*DevboxLogFinderFunc) (DevboxLogOwner owner, const char *id, gpointer user_data);

/* Finds an output log by what it belongs to, for those who may outlive the tables that hold them. Of one thread. */
typedef struct _DevboxLogFinder DevboxLogFinder;

DevboxLogFinder *devbox_log_finder_new (DevboxLogFinderFunc func, gpointer user_data);
DevboxLogFinder *devbox_log_finder_ref (DevboxLogFinder *self);
void devbox_log_finder_unref (DevboxLogFinder *self);
/* From now on nothing is found, and func is not called. */
void devbox_log_finder_close (DevboxLogFinder *self);
DevboxOutputLog *devbox_log_finder_find (DevboxLogFinder *self, DevboxLogOwner owner, const char *id);

G_END_DECLS
