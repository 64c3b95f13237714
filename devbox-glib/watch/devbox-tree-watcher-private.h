/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The recursive watcher that both sides use. It has a thread of its own; events come in batches to the context that a
 * watch names.
 *
 * What is told:
 * - Every change from the moment that ready says so, in the order in which it came about; the first one at once, those
 *   within the next 10 ms together. Changes of a file that follow its creation or an earlier change in the same batch
 *   are left out.
 * - A folder that appears is told, and then all that is in it, however quickly it was filled. One that is moved is one
 *   event; one that is removed or moved away is one event too if nobody emptied it before.
 * - A symbolic link is an entry like a file. It is followed on the way to the watched path (inside the root), not
 *   below it; what happens is then told below the path that was asked for.
 * - A watch of one file goes by its name: it goes on when the file is deleted, made again or replaced by a rename
 *   (CHANGED), and ends with the folder.
 * - Names that begin with ".devbox-tmp-" are never told. A rename from one is CHANGED if the target was there, else
 *   CREATED.
 * - OVERFLOW comes when the kernel lost events, when 10,000 events or 1 MiB of paths wait to be taken, when a limit
 * keeps a folder from being watched (again every second as long as that lasts). The watcher has then looked at
 * everything again itself: a rescan by whoever is told misses nothing. Writes through a mapping are told when the file
 * is closed. A change of mode or times alone is not told.
 *
 * The GFileMonitor engine is less exact: it may tell CREATED late, RENAMED as DELETED and CREATED, and OVERFLOW where
 * nothing was lost. Each folder that it watches holds a descriptor. */

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
gboolean devbox_tree_watcher_is_alive (DevboxTreeWatcher *self); /* FALSE once it broke, until a watch stands again */
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
