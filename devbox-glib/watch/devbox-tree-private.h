/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-engine-private.h"
#include "devbox-tree-watch-private.h"

G_BEGIN_DECLS

/* The watched folders, the subscriptions to them, and what the engine says put together. Lives in the watcher's thread;
 * only the status is looked at from others.
 *
 * A subscription stands once every folder that it wants is watched and listed: nothing is told before, and everything
 * after. What a listing finds and nobody was told of is told as created. After lost notes no subscription stands until
 * all has been looked at again; then each is told OVERFLOW, so that whoever rescans at that word misses nothing. */

typedef struct
{
  gint n_folders; /* atomic */
  gint failed;    /* atomic; the engine broke */
} DevboxTreeStatus;

DevboxTree *devbox_tree_new (int root_fd, DevboxTreeEngineKind kind, GMainContext *context, DevboxTreeStatus *status);
void devbox_tree_free (DevboxTree *self);
void devbox_tree_add (DevboxTree *self, DevboxTreeWatch *watch);
void devbox_tree_remove (DevboxTree *self, DevboxTreeWatch *watch);

/* The rest is between the files of the tree. */

typedef struct
{
  DevboxTreeWatch *watch;
  DevboxTreeFolder *folder;
  char *file_name;   /* one file in the folder; NULL: the folder */
  char *alias;       /* the path that a watch through a symbolic link is told; NULL: the real one */
  gsize real_length; /* of the real path that alias stands for */
  DevboxTreeWatchFlags flags;
  gboolean started; /* its watch was told that it stands */
  gboolean standing;
} DevboxTreeSubscription;

struct _DevboxTree
{
  int root_fd;
  DevboxTreeEngineKind kind;
  GMainContext *context;
  DevboxTreeStatus *status;
  DevboxTreeEngine *engine;
  DevboxTreeFolder *root;
  GPtrArray *subscriptions; /* owned */
  GPtrArray *observers;     /* scratch */
  GSource *heartbeat;

  GQueue scans; /* of DevboxTreeFolder.scan_link */
  GSource *scan_source;
  GHashTable *blind; /* folders that a limit keeps from being watched */
  gboolean rescanning;
  gboolean rescan_again;

  GQueue moves; /* halves of moves that wait for the other one */
  GSource *move_source;

  gboolean needs_prune;
  gboolean needs_rescan;
  gboolean unsettled; /* a subscription does not stand */
};

/* devbox-tree.c */
gboolean devbox_tree_is_temporary (const char *name);
gboolean devbox_tree_wants_name (DevboxTreeFolder *folder, const char *name);
void devbox_tree_ensure_child (DevboxTree *self, DevboxTreeFolder *folder, const char *name);
void devbox_tree_refit (DevboxTree *self, DevboxTreeFolder *folder); /* after what is wanted of it may have changed */
gboolean devbox_tree_is_needed (DevboxTreeFolder *folder);
void devbox_tree_drop (DevboxTree *self, DevboxTreeFolder *folder); /* with all below; their subscriptions end */
gboolean devbox_tree_has_subscriptions (DevboxTreeFolder *folder);  /* itself or below */
void devbox_tree_end_subscriptions (DevboxTree *self, DevboxTreeFolder *folder);
void devbox_tree_fail_subscription (DevboxTree *self, DevboxTreeSubscription *subscription, const GError *error);
void devbox_tree_settle (DevboxTree *self); /* last in each entry into the tree */

/* devbox-tree-tell.c */
void devbox_tree_collect (DevboxTreeFolder *folder, const char *name, gboolean standing, GPtrArray *subscriptions);
void devbox_tree_tell (DevboxTree *self,
                       DevboxTreeEventType type,
                       DevboxTreeFolder *folder,
                       const char *name,
                       gboolean is_dir);
void devbox_tree_tell_overflow (DevboxTree *self, DevboxTreeFolder *folder);
void devbox_tree_tell_one (DevboxTreeSubscription *subscription,
                           DevboxTreeEventType type,
                           const char *path,
                           const char *old_path,
                           gboolean is_dir);
void devbox_tree_tell_known (DevboxTreeSubscription *subscription, DevboxTreeFolder *folder); /* all below as created */

/* devbox-tree-scan.c */
void devbox_tree_queue_scan (DevboxTree *self, DevboxTreeFolder *folder, gboolean list);
void devbox_tree_queue_subtree (DevboxTree *self, DevboxTreeFolder *folder); /* with listing, parents first */
void devbox_tree_unqueue_scan (DevboxTree *self, DevboxTreeFolder *folder);
/* After name is said to have moved away: looks at the folder again if it is there after all. */
void devbox_tree_look_again (DevboxTree *self, DevboxTreeFolder *folder, const char *name);
void devbox_tree_begin_rescan (DevboxTree *self);
void devbox_tree_retry_blind (DevboxTree *self);
void devbox_tree_set_limit_error (GError **error, int saved_errno, const char *path);

/* devbox-tree-check.c: for an engine whose notes come in no order. What they name is looked at instead. */
void devbox_tree_check (DevboxTree *self, DevboxTreeFolder *folder, const char *name);
void devbox_tree_check_moved_in (DevboxTree *self,
                                 DevboxTreeFolder *folder,
                                 const char *name); /* a file is another one now */
gboolean devbox_tree_check_move (DevboxTree *self,
                                 DevboxTreeFolder *old_folder,
                                 const char *old_name,
                                 DevboxTreeFolder *folder,
                                 const char *name,
                                 gboolean is_dir);

/* devbox-tree-note.c */
void devbox_tree_created (DevboxTree *self,
                          DevboxTreeFolder *folder,
                          const char *name,
                          gboolean is_dir,
                          DevboxTreeName flags);
void devbox_tree_deleted (DevboxTree *self, DevboxTreeFolder *folder, const char *name);
/* Halves of this name (NULL, NULL: all) stay halves. TRUE if there was one. */
gboolean devbox_tree_flush_moves (DevboxTree *self, DevboxTreeFolder *folder, const char *name);
void devbox_tree_forget_moves (DevboxTree *self, DevboxTreeFolder *folder);

G_END_DECLS
