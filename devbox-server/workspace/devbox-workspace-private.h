/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* File access that the kernel confines to one folder: every call resolves below a descriptor of it (openat2
 * RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS, or a component by component O_NOFOLLOW walk that resolves links itself where
 * openat2 is refused). Paths are relative, or the workspace's own absolute path in front; all are bytes. A link whose
 * target is absolute leads outside, whatever it names. Errors are in DEVBOX_WIRE_ERROR. Thread safe. */
typedef struct _DevboxWorkspace DevboxWorkspace;

/* The path must be that of a folder that is there and can be written to. */
DevboxWorkspace *devbox_workspace_new (const char *path, GError **error);
DevboxWorkspace *devbox_workspace_ref (DevboxWorkspace *self);
void devbox_workspace_unref (DevboxWorkspace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWorkspace, devbox_workspace_unref)

const char *devbox_workspace_get_path (DevboxWorkspace *self); /* absolute, canonical */
int devbox_workspace_get_fd (DevboxWorkspace *self);           /* owned by the workspace */
gboolean devbox_workspace_is_usable (DevboxWorkspace *self);   /* still there, still writable */

/* For tests: never use openat2. */
void devbox_workspace_set_force_walk (DevboxWorkspace *self, gboolean force_walk);
/* For tests: as if no file system had O_TMPFILE. */
void devbox_workspace_set_force_named_temporaries (DevboxWorkspace *self, gboolean force);
gboolean devbox_workspace_get_force_named_temporaries (DevboxWorkspace *self);

/* The path below the workspace, without leading slash or the workspace's own path, "" for itself; VALIDATION_ERROR for
 * an empty one, a NUL or one past PATH_MAX, PATH_TRAVERSAL_DETECTED for another absolute one. ".." is left to the
 * kernel. */
char *devbox_workspace_relativize (DevboxWorkspace *self, const char *path, GError **error);

/* The whole path of one below the workspace, for people and programs to read; transfer full. */
char *devbox_workspace_build_path (DevboxWorkspace *self, const char *path);

/* Opens what is there (O_CLOEXEC and O_NOCTTY are added, and O_NONBLOCK so that a FIFO cannot hang it). -1 on error. */
int devbox_workspace_open (DevboxWorkspace *self, const char *path, int flags, GError **error);
/* A regular file for reading, with its size and times; a folder, FIFO or device is VALIDATION_ERROR. */
int devbox_workspace_open_file (DevboxWorkspace *self, const char *path, struct stat *status, GError **error);
/* The parent folder of path (made with its parents if make_parents; O_PATH), and the last component in *name (transfer
 * full). A last component that is a link stays one. -1 on error, and then no folder that was made is left. */
int devbox_workspace_open_parent (DevboxWorkspace *self,
                                  const char *path,
                                  gboolean make_parents,
                                  char **name,
                                  GError **error);

/* Where a path ends: its parent and last component. For a write a last component that is a link was followed. */
typedef struct
{
  int folder_fd;
  char *name;
  gboolean exists;
  struct stat status; /* when it exists: of a regular file, if it is for a write */
  GPtrArray *made;    /* folders that were made on the way, see devbox_made_folders_remove () */
} DevboxWriteTarget;

/* A folder, FIFO, socket or device at the end of the path is VALIDATION_ERROR, a file without write permission
 * INSUFFICIENT_PERMISSIONS. */
gboolean devbox_workspace_open_write_target (DevboxWorkspace *self,
                                             const char *path,
                                             gboolean make_parents,
                                             DevboxWriteTarget *target,
                                             GError **error);
/* For what is done to the entry itself, whatever it is, such as to delete or to move it. VALIDATION_ERROR for the
 * workspace itself, and for what is no folder but has a slash behind it. */
gboolean devbox_workspace_open_entry (DevboxWorkspace *self,
                                      const char *path,
                                      gboolean make_parents,
                                      DevboxWriteTarget *entry,
                                      GError **error);
void devbox_write_target_clear (DevboxWriteTarget *target); /* of zeroes, or filled */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxWriteTarget, devbox_write_target_clear)

G_END_DECLS
