/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-watcher-private.h"
#include "devbox-watch-queue-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* The files and folders that one socket watches. */
typedef struct _DevboxWatchSet DevboxWatchSet;

DevboxWatchSet *devbox_watch_set_new (DevboxWatchQueue *queue, DevboxTreeWatcher *watcher, DevboxWorkspace *workspace);
void devbox_watch_set_free (DevboxWatchSet *self);
/* Does what the text asks for, and answers it. */
void devbox_watch_set_handle (DevboxWatchSet *self, const char *text, gsize size);

G_END_DECLS
