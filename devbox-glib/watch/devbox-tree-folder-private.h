/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The model of the watched folders: a tree of what is known, whose paths follow from its shape, so that a move is one
 * change of parent. */

typedef struct _DevboxTreeFolder DevboxTreeFolder;

typedef enum
{
  DEVBOX_TREE_COVER_NONE,
  DEVBOX_TREE_COVER_PLAIN,     /* all but names that begin with a dot */
  DEVBOX_TREE_COVER_DOT_FILES, /* all */
} DevboxTreeCover;

typedef enum
{
  DEVBOX_TREE_NAME_UNKNOWN = 0,
  DEVBOX_TREE_NAME_FILE = 1, /* anything that is no folder, symbolic links too */
  DEVBOX_TREE_NAME_FOLDER = 2,
  DEVBOX_TREE_NAME_KIND_MASK = 3,
  DEVBOX_TREE_NAME_WRITTEN = 1 << 2, /* told as created or changed since a writer last closed it */
  DEVBOX_TREE_NAME_SEEN = 1 << 3,    /* met by the listing that is running */
} DevboxTreeName;

struct _DevboxTreeFolder
{
  DevboxTreeFolder *parent; /* NULL: the root */
  char *name;
  gpointer handle; /* the engine's; NULL: not watched */
  guint64 device;  /* of the folder that the handle stands for */
  guint64 inode;
  GHashTable *names;        /* char * → DevboxTreeName: what was told or silently listed; NULL: none */
  GHashTable *folders;      /* name → DevboxTreeFolder, those that are part of the model; NULL: none */
  GPtrArray *subscriptions; /* those for this very folder, or for a file in it; NULL: none */
  GList scan_link;          /* in the queue of folders to look at */
  guint8 cover;             /* DevboxTreeCover: what recursive watches want of the folders below */
  guint8 listing;           /* DevboxTreeCover: which names are kept */
  guint8 queued : 1;        /* scan_link is in the queue */
  guint8 needs_listing : 1;
  guint8 blind : 1; /* it was not watched for a while: once it is again, that is told as an overflow */
};

DevboxTreeFolder *devbox_tree_folder_new (const char *name);
/* Of a folder that has no handle, is in no queue and in no parent. Folders below must be gone. */
void devbox_tree_folder_free (DevboxTreeFolder *self);

void devbox_tree_folder_attach (DevboxTreeFolder *self, DevboxTreeFolder *parent, const char *name);
void devbox_tree_folder_detach (DevboxTreeFolder *self);
DevboxTreeFolder *devbox_tree_folder_lookup (DevboxTreeFolder *self, const char *name);
GPtrArray *devbox_tree_folder_list (DevboxTreeFolder *self); /* of borrowed DevboxTreeFolder; transfer container */

/* Path of name in the folder, or of the folder when name is NULL, relative to the root. */
char *devbox_tree_folder_build_path (DevboxTreeFolder *self, const char *name);
gsize devbox_tree_folder_get_path_length (DevboxTreeFolder *self);

DevboxTreeName devbox_tree_folder_get_name (DevboxTreeFolder *self, const char *name);
void
devbox_tree_folder_set_name (DevboxTreeFolder *self, const char *name, DevboxTreeName value); /* UNKNOWN forgets it */

DevboxTreeCover devbox_tree_cover_inherit (DevboxTreeCover cover, const char *name);

G_END_DECLS
