/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DEVBOX_SANDBOX_MAX_FDS 5
/* In the environment of every process of a box that keeps it, with the box's uid. */
#define DEVBOX_SANDBOX_MARK "DEVBOX_BOX_UID"

/* How boxes are kept apart on this machine. Found out once, at the start of the platform, by a trial run. */
typedef struct _DevboxSandbox DevboxSandbox;

/* Where boxes find programs */
#define DEVBOX_SANDBOX_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

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

/* The soft limit of open files that boxes start with, where that of the platform was raised; 0: as it is. */
void devbox_sandbox_set_open_files_limit (DevboxSandbox *self, guint64 soft_limit);
guint64 devbox_sandbox_get_open_files_limit (DevboxSandbox *self);

/* Where the box finds its workspace and home: "/workspace" and "/home/devbox" in bubblewrap, the folders themselves
 * otherwise. Transfer full. */
char *devbox_sandbox_dup_workspace_path (DevboxSandbox *self, const char *box_folder);
char *devbox_sandbox_dup_home_path (DevboxSandbox *self, const char *box_folder);

/* What runs devbox-server in a box. Neither the arguments nor the environment hold anything of the user's (bubblewrap
 * itself would obey LD_PRELOAD) but the name of the box, where it is an RFC 1123 label. */
typedef struct
{
  GStrv arguments;
  GStrv environment;
  char *folder; /* the current folder */
  int fds[DEVBOX_SANDBOX_MAX_FDS];
  guint n_fds; /* these are to be descriptors 3, 4, … of the child */
  int info_fd; /* -1, or where bubblewrap tells of its child, as JSON; not for the child */
} DevboxSandboxCommand;

typedef struct
{
  const char *uid;
  const char *folder; /* boxes/UID */
  const char *name;   /* the host name in bubblewrap; NULL: "devbox" */
  gboolean shares_network;
  guint max_processes; /* where no control group limits them, 0 otherwise */
} DevboxSandboxBox;

/* socket_fd: the box's end, taken. Errors are those of a folder that is not as it should be. */
DevboxSandboxCommand *
devbox_sandbox_build_command (DevboxSandbox *self, const DevboxSandboxBox *box, int socket_fd, GError **error);
void devbox_sandbox_command_free (DevboxSandboxCommand *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxSandboxCommand, devbox_sandbox_command_free)

/* The child is not reaped. setup is called in it before it runs the program, see GSpawnChildSetupFunc. */
gboolean devbox_sandbox_command_spawn (DevboxSandboxCommand *self,
                                       GSpawnChildSetupFunc setup,
                                       gpointer setup_data,
                                       int output_fd,
                                       GPid *pid,
                                       GError **error);

G_END_DECLS
