/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The recursive watcher that both sides use. It has a thread of its own; events come in batches to the context that a
 * watch names. */

typedef struct _DevboxTreeWatcher DevboxTreeWatcher; /* reference counted, thread safe */
typedef struct _DevboxTreeWatch DevboxTreeWatch;     /* one subscription; reference counted */

typedef enum
{
  DEVBOX_TREE_ENGINE_AUTO,    /* inotify where it exists */
  DEVBOX_TREE_ENGINE_INOTIFY, /* one inotify descriptor for everything */
  DEVBOX_TREE_ENGINE_GIO,     /* GFileMonitor */
} DevboxTreeEngineKind;

typedef enum
{
  DEVBOX_TREE_EVENT_CREATED,
  DEVBOX_TREE_EVENT_CHANGED,
  DEVBOX_TREE_EVENT_DELETED,
  DEVBOX_TREE_EVENT_RENAMED,  /* inside the watched tree; old_path is set. A move in is CREATED, a move out DELETED */
  DEVBOX_TREE_EVENT_OVERFLOW, /* something below path may have been missed: rescan */
  DEVBOX_TREE_EVENT_ENDED,    /* the watched path itself is gone; nothing follows */
} DevboxTreeEventType;

typedef struct
{
  DevboxTreeEventType type;
  const char *path;     /* bytes, relative to the watcher's root, "" for the root itself */
  const char *old_path; /* RENAMED only */
  gboolean is_dir;
  gint64 time; /* real time, µs */
} DevboxTreeEvent;

typedef enum
{
  DEVBOX_TREE_WATCH_NONE = 0,
  DEVBOX_TREE_WATCH_RECURSIVE = 1 << 0,
  DEVBOX_TREE_WATCH_DOT_FILES = 1 << 1, /* else names that begin with a dot, and all below them, are left out */
} DevboxTreeWatchFlags;

typedef void (*DevboxTreeWatchFunc) (const DevboxTreeEvent *events, guint n_events, gpointer user_data);
/* error NULL: the watch stands, every change from now on is told. */
typedef void (*DevboxTreeWatchReadyFunc) (const GError *error, gpointer user_data);

/* root_fd: a directory descriptor (duplicated) below which every watched path is opened without following a link out of
 * it (openat2 RESOLVE_BENEATH, or an O_NOFOLLOW walk where that is refused). No thread, descriptor or watch exists
 * before the first watch or after the last. */
DevboxTreeWatcher *devbox_tree_watcher_new (int root_fd, DevboxTreeEngineKind kind);
DevboxTreeWatcher *devbox_tree_watcher_ref (DevboxTreeWatcher *self);
void devbox_tree_watcher_unref (DevboxTreeWatcher *self);
gboolean devbox_tree_watcher_is_alive (DevboxTreeWatcher *self); /* FALSE only if its thread failed */
guint devbox_tree_watcher_get_n_watched_folders (DevboxTreeWatcher *self);

/* path: relative, "" for the root; a folder or one file. context NULL: the thread default. ready and func are told in
 * context, ready first; after cancel neither is told again (when cancel is called in the context's thread). Errors:
 * DEVBOX_WIRE_ERROR (FILE_NOT_FOUND, PATH_TRAVERSAL_DETECTED, …), or INTERNAL_ERROR with a clear text at the kernel's
 * limits. */
DevboxTreeWatch *devbox_tree_watcher_watch (DevboxTreeWatcher *self,
                                            const char *path,
                                            DevboxTreeWatchFlags flags,
                                            GMainContext *context,
                                            DevboxTreeWatchReadyFunc ready,
                                            DevboxTreeWatchFunc func,
                                            gpointer user_data,
                                            GDestroyNotify destroy);
void devbox_tree_watch_cancel (DevboxTreeWatch *self); /* and drops the caller's reference */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTreeWatcher, devbox_tree_watcher_unref)

G_END_DECLS
