/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Goes through a file or a folder with everything in it, however deep, with few descriptors and no C stack, on
 * descriptors alone: no link is followed. */
typedef struct _DevboxDeepWalk DevboxDeepWalk;

typedef enum
{
  DEVBOX_DEEP_WALK_END,
  DEVBOX_DEEP_WALK_ERROR, /* errno says which; the walk can go on with what comes next */
  DEVBOX_DEEP_WALK_ENTRY, /* no folder */
  DEVBOX_DEEP_WALK_ENTER, /* a folder that is about to be opened, before what is in it */
  DEVBOX_DEEP_WALK_LEAVE, /* the same, after what is in it */
} DevboxDeepWalkStep;

/* Valid until the next step */
typedef struct
{
  int folder_fd; /* of the folder that holds it */
  const char *name;
  int fd; /* of a folder that is left, open for reading; else -1 */
} DevboxDeepWalkEntry;

/* Begins with `name` in the folder, whose descriptor must stay open for as long. `path` is how errors call it. */
DevboxDeepWalk *devbox_deep_walk_new (int folder_fd, const char *name, const char *path);
void devbox_deep_walk_free (DevboxDeepWalk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxDeepWalk, devbox_deep_walk_free)

DevboxDeepWalkStep devbox_deep_walk_next (DevboxDeepWalk *self, DevboxDeepWalkEntry *entry);
/* After ENTER: goes on with what comes after the folder, which is neither opened nor left. */
void devbox_deep_walk_skip (DevboxDeepWalk *self);
/* After LEAVE: reads the folder again, instead of leaving it. */
void devbox_deep_walk_reread (DevboxDeepWalk *self);
/* Where the walk stands, for people. */
char *devbox_deep_walk_describe (DevboxDeepWalk *self);

G_END_DECLS
