/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* What is to become of files */
typedef struct
{
  guint mode;
  gboolean keeps_mode; /* instead */
  gboolean has_user;
  uid_t user;
  gboolean has_group;
  gid_t group;
} DevboxModeChange;

#define DEVBOX_MODE_MAX 07777

/* "755", "0755" or "0o755". VALIDATION_ERROR */
gboolean devbox_mode_change_set_mode (DevboxModeChange *self, const char *text, GError **error);
/* "user", "user:group" or ":group", each a name, or a number where there is no such name; VALIDATION_ERROR. Asks the
 * system's databases, which may take long. */
gboolean devbox_mode_change_set_owner (DevboxModeChange *self, const char *text, GError **error);

/* Of what the path leads to, a link within the workspace too; with recursive, of all that is in the folder as well,
 * where no link is followed: those get the owner, not the mode. The workspace itself may be it. What was changed
 * before a failure, or before it was cancelled, stays so. */
gboolean devbox_workspace_change_mode (DevboxWorkspace *workspace,
                                       const char *path,
                                       const DevboxModeChange *change,
                                       gboolean recursive,
                                       GCancellable *cancellable,
                                       GError **error);

/* A file, or a folder with all that is in it. `path` is how errors call it. */
gboolean devbox_mode_change_tree (const DevboxModeChange *self,
                                  int folder_fd,
                                  const char *name,
                                  const char *path,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
