/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-watcher-private.h"

G_BEGIN_DECLS

/* The delivery side of a watch: a bounded queue between the watcher's thread and the context of whoever watches. */

#define DEVBOX_TREE_WATCH_MAX_EVENTS 10000
#define DEVBOX_TREE_WATCH_MAX_PATH_BYTES (1024 * 1024)
/* A few events go at once, each for itself; where they go on to come faster than one in this time, those of such a time
 * go together. */
#define DEVBOX_TREE_WATCH_CREDIT 32
#define DEVBOX_TREE_WATCH_WINDOW_US (G_GINT64_CONSTANT (10) * 1000)

DevboxTreeWatch *devbox_tree_watch_new (DevboxTreeWatcher *watcher,
                                        const char *path,
                                        DevboxTreeWatchFlags flags,
                                        GMainContext *context,
                                        DevboxTreeWatchReadyFunc ready,
                                        DevboxTreeWatchFunc func,
                                        gpointer user_data,
                                        GDestroyNotify destroy);
DevboxTreeWatch *devbox_tree_watch_ref (DevboxTreeWatch *self);
void devbox_tree_watch_unref (DevboxTreeWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTreeWatch, devbox_tree_watch_unref)

DevboxTreeWatcher *devbox_tree_watch_get_watcher (DevboxTreeWatch *self);
const char *devbox_tree_watch_get_path (DevboxTreeWatch *self);
DevboxTreeWatchFlags devbox_tree_watch_get_flags (DevboxTreeWatch *self);

/* From the watcher's thread; none of them calls back. */
void devbox_tree_watch_set_path (DevboxTreeWatch *self, const char *path);
void devbox_tree_watch_start (DevboxTreeWatch *self);                     /* it stands */
void devbox_tree_watch_fail (DevboxTreeWatch *self, const GError *error); /* it will never stand */
void devbox_tree_watch_push (DevboxTreeWatch *self,
                             DevboxTreeEventType type,
                             const char *path,
                             const char *old_path,
                             gboolean is_dir);

/* Ends the delivery and drops the caller's reference. */
void devbox_tree_watch_close (DevboxTreeWatch *self);

G_END_DECLS
