/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How boxes are kept apart on this machine. Found out once, at the start of the platform, by a trial run. */
typedef struct _DevboxSandbox DevboxSandbox;

typedef enum
{
  DEVBOX_SANDBOX_AUTO,       /* bubblewrap where a trial run succeeds */
  DEVBOX_SANDBOX_BUBBLEWRAP, /* or an error */
  DEVBOX_SANDBOX_NONE,       /* plain children */
} DevboxSandboxKind;

/* Blocking, some 10 ms. agent_program: devbox-server; NULL: DEVBOX_SERVER of the environment, else the installed one.
 * Errors are DEVBOX_WIRE_ERROR and say what is missing (the package, or what bubblewrap said). */
DevboxSandbox *devbox_sandbox_new (DevboxSandboxKind kind, const char *agent_program, GError **error);
void devbox_sandbox_free (DevboxSandbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxSandbox, devbox_sandbox_free)

DevboxSandboxKind devbox_sandbox_get_kind (DevboxSandbox *self); /* BUBBLEWRAP or NONE */
const char *devbox_sandbox_get_reason (DevboxSandbox *self);     /* why it is NONE though AUTO was asked for; or NULL */

/* Where the box finds its workspace and home: "/workspace" and "/home/devbox" in bubblewrap, the folders themselves
 * otherwise. Transfer full. */
char *devbox_sandbox_dup_workspace_path (DevboxSandbox *self, const char *box_folder);
char *devbox_sandbox_dup_home_path (DevboxSandbox *self, const char *box_folder);

/* The argument vector that runs devbox-server with these arguments for the box, socket_fd as --box-socket; transfer
 * full. Neither it nor the environment below hold anything of the user's: bubblewrap itself would obey LD_PRELOAD. */
GStrv
devbox_sandbox_build_arguments (DevboxSandbox *self, const char *box_folder, gboolean shares_network, int socket_fd);
GStrv devbox_sandbox_build_environment (DevboxSandbox *self, const char *box_folder);

G_END_DECLS
