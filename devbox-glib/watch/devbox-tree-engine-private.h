/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-folder-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _DevboxTree DevboxTree;
typedef struct _DevboxTreeEngine DevboxTreeEngine;

typedef enum
{
  DEVBOX_TREE_ADD_FAILED, /* errno says why */
  DEVBOX_TREE_ADD_SAME,   /* the folder was watched already, as this very inode */
  DEVBOX_TREE_ADD_NEW,
} DevboxTreeAddResult;

/* What brings the kernel's word about single folders. All calls and notes are in the watcher's thread. */
typedef struct
{
  /* Watches the folder behind fd, in place of whatever stood for it before. */
  DevboxTreeAddResult (*add) (DevboxTreeEngine *self, DevboxTreeFolder *folder, int fd);
  void (*remove) (DevboxTreeEngine *self, DevboxTreeFolder *folder); /* of one that has a handle */
  int (*get_fd) (DevboxTreeEngine *self, DevboxTreeFolder *folder);  /* a descriptor of it if the engine keeps one, or
                                                                      * -1;  an engine that is not in order must */
  void (*free) (DevboxTreeEngine *self);
  gboolean in_order; /* notes come in the order of what happened, across folders too */
} DevboxTreeEngineClass;

struct _DevboxTreeEngine
{
  const DevboxTreeEngineClass *klass;
};

/* Attached to context. NULL and errno on failure. */
DevboxTreeEngine *devbox_tree_engine_inotify_new (DevboxTree *tree, GMainContext *context);
DevboxTreeEngine *devbox_tree_engine_gio_new (DevboxTree *tree, GMainContext *context);

typedef enum
{
  DEVBOX_TREE_NOTE_CREATED,
  DEVBOX_TREE_NOTE_MODIFIED,
  DEVBOX_TREE_NOTE_CLOSED, /* by one who could write */
  DEVBOX_TREE_NOTE_ATTRIBUTES,
  DEVBOX_TREE_NOTE_DELETED,
  DEVBOX_TREE_NOTE_MOVED_FROM,
  DEVBOX_TREE_NOTE_MOVED_TO,
} DevboxTreeNote;

/* move_id: joins the two halves of a move; 0: there is no other half. The folder may be freed by any of these. */
void devbox_tree_note (DevboxTree *self,
                       DevboxTreeFolder *folder,
                       DevboxTreeNote note,
                       const char *name,
                       gboolean is_dir,
                       guint64 move_id);
void devbox_tree_note_renamed (DevboxTree *self,
                               DevboxTreeFolder *folder,
                               const char *old_name,
                               const char *name,
                               gboolean is_dir);                         /* inside one folder, both halves at once */
void devbox_tree_note_overflow (DevboxTree *self);                       /* notes were lost */
void devbox_tree_note_lost (DevboxTree *self, DevboxTreeFolder *folder); /* it has no handle any more */
void devbox_tree_note_doubt (
    DevboxTree *self); /* notes may be missing: everything is looked at again, and differences told */
void devbox_tree_note_failed (DevboxTree *self, int saved_errno); /* the engine is of no more use */
void devbox_tree_set_handle (DevboxTree *self, DevboxTreeFolder *folder, gpointer handle);

G_END_DECLS
