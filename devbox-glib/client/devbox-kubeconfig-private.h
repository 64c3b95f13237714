/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-authenticator.h"
#include "devbox-exec-plugin-private.h"
#include "devbox-kubeconfig-tree-private.h"
#include "devbox-kubeconfig.h"
#include "devbox-tls-settings-private.h"

G_BEGIN_DECLS

/* For the core */

/* Where the platform is: as the kubeconfig says, or follows from its server; the public one when it names no server.
 * INVALID_KUBECONFIG when a server is named from which nothing follows: its credential must not go anywhere else. */
char *devbox_kubeconfig_dup_base_url (DevboxKubeconfig *self, GError **error);
/* What the platform is told, as the value of the Authorization header: a secret (devbox_secret_free ()). Blocks where a
 * token file has to be read again, or a plugin to be run; authenticate () does not. */
char *devbox_kubeconfig_dup_authorization (DevboxKubeconfig *self, DevboxAuthorizationForm form, GError **error);
/* What is secret about what it says now, NULL-terminated: devbox_secret_free_strv (). */
char **devbox_kubeconfig_dup_secrets (DevboxKubeconfig *self);
/* Whether what it said last still holds, so that it need not be asked again. */
gboolean devbox_kubeconfig_has_credential (DevboxKubeconfig *self);
/* For the connections to the platform, or NULL when these need none. They may be other ones after an authentication:
 * then connections that were made before are not to be used any more. transfer full */
DevboxTlsSettings *devbox_kubeconfig_ref_tls_settings (DevboxKubeconfig *self);

/* Between the files of the class */

/* What the chosen context comes to. */
typedef struct
{
  char *context;
  char *cluster; /* NULL: none, as below */
  char *user;
  char *name_space;
  char *server;
  char *host; /* of the server */
  char *base_url;
  gboolean has_extension; /* the base URL is told, not derived */

  char *authorities; /* PEM */
  char *server_name;
  char *proxy_url;
  gboolean is_insecure;

  char *impersonated; /* whom to act as */
  char *user_name;    /* with password */
  char *password;
  DevboxCredential credential; /* as far as it stands in the files */
  char *token_path;
  DevboxExecPlugin *plugin;
} DevboxKubeconfigParts;

/* Reads the files that the context names; blocks. */
DevboxKubeconfigParts *devbox_kubeconfig_parts_new (DevboxKubeconfigTree *tree,
                                                    const char *context,
                                                    DevboxKubeconfigFlags flags,
                                                    GCancellable *cancellable,
                                                    GError **error);
void devbox_kubeconfig_parts_free (DevboxKubeconfigParts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxKubeconfigParts, devbox_kubeconfig_parts_free)
/* What stands in a token file; INVALID_KUBECONFIG. */
char *devbox_kubeconfig_load_token (const char *path, GCancellable *cancellable, GError **error);
/* *settings: NULL when there is nothing special. */
gboolean devbox_kubeconfig_parts_make_tls_settings (const DevboxKubeconfigParts *self,
                                                    const DevboxCredential *credential,
                                                    DevboxTlsSettings **settings,
                                                    GError **error);
/* The context alone, with nothing but what the text itself says: a secret. */
char *devbox_kubeconfig_parts_format (const DevboxKubeconfigParts *self, const DevboxCredential *credential);

/* Blocks; tree: transfer full. */
DevboxKubeconfig *devbox_kubeconfig_new_for_tree (DevboxKubeconfigTree *tree,
                                                  const char *context,
                                                  DevboxKubeconfigFlags flags,
                                                  GCancellable *cancellable,
                                                  GError **error);

G_END_DECLS
