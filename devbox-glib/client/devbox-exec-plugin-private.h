/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A credential, as a kubeconfig or a plugin has it: secrets, each of which may be missing. */
typedef struct
{
  char *token;
  char *certificate; /* PEM, with key */
  char *key;
  gint64 expiry; /* real time in µs; G_MAXINT64: never */
} DevboxCredential;

void devbox_credential_clear (DevboxCredential *self);
/* What a plugin of that version printed. The error is of GIO, and repeats nothing of it. */
gboolean devbox_credential_parse (DevboxCredential *self,
                                  const char *api_version,
                                  const char *output,
                                  gsize size,
                                  GError **error);

/* A program that prints a credential (client.authentication.k8s.io, v1 and v1beta1), as the `exec` of a user names it.
 */
typedef struct _DevboxExecPlugin DevboxExecPlugin;

/* Runs nothing. The error is of GIO, and names the member that is wrong. */
DevboxExecPlugin *devbox_exec_plugin_new (JsonObject *exec, GError **error);
void devbox_exec_plugin_free (DevboxExecPlugin *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxExecPlugin, devbox_exec_plugin_free)

/* Runs it, for as long as a minute; blocks, in any thread. The error is of GIO, and repeats nothing that it printed. */
gboolean devbox_exec_plugin_run (DevboxExecPlugin *self, DevboxCredential *credential, GError **error);

/* Fails for the member of that name, unless it is sound. */
gboolean devbox_exec_plugin_check (gboolean is_sound, const char *name, GError **error);

G_END_DECLS
