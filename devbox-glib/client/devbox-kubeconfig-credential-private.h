/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-authentication-private.h"
#include "devbox-kubeconfig-private.h"

G_BEGIN_DECLS

/* What a kubeconfig's platform is told, renewed when it has to be. Reference counted, since a plugin may still run when
 * the kubeconfig is gone; thread safe. */
typedef struct _DevboxKubeconfigCredential DevboxKubeconfigCredential;

/* Takes the parts, of which all but the credential stay as they are. The error is of GIO. */
DevboxKubeconfigCredential *devbox_kubeconfig_credential_new (DevboxKubeconfigParts *parts, GError **error);
void devbox_kubeconfig_credential_unref (DevboxKubeconfigCredential *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxKubeconfigCredential, devbox_kubeconfig_credential_unref)

/* The whole of it is a token; before it is used. */
void devbox_kubeconfig_credential_set_is_bare_token (DevboxKubeconfigCredential *self);

/* As the functions of the kubeconfig. */
gboolean devbox_kubeconfig_credential_is_known (DevboxKubeconfigCredential *self);
char *devbox_kubeconfig_credential_dup_authorization (DevboxKubeconfigCredential *self,
                                                      DevboxAuthorizationForm form,
                                                      GError **error);
char **devbox_kubeconfig_credential_dup_secrets (DevboxKubeconfigCredential *self);
DevboxTlsSettings *devbox_kubeconfig_credential_ref_tls_settings (DevboxKubeconfigCredential *self);
char *devbox_kubeconfig_credential_format (DevboxKubeconfigCredential *self);
void devbox_kubeconfig_credential_tell (DevboxKubeconfigCredential *self, DevboxAuthentication *run);

G_END_DECLS
