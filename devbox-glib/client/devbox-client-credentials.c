/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-call-private.h"
#include "devbox-kubeconfig.h"
#include "devbox-platform-source-private.h"

/* Where the platform is, and how a client is let in. */

static void
platform_has_changed (DevboxClient *self, const char *property_name)
{
  devbox_client_forget_agents (self);
  g_object_notify (G_OBJECT (self), property_name);
}

/**
 * devbox_client_new_with_kubeconfig:
 * @kubeconfig: (nullable): the credential, or %NULL for that in the default places
 *
 * Makes a client for the platform that a kubeconfig leads to.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 1.0
 */
DevboxClient *
devbox_client_new_with_kubeconfig (DevboxKubeconfig *kubeconfig)
{
  g_return_val_if_fail (kubeconfig == NULL || DEVBOX_IS_KUBECONFIG (kubeconfig), NULL);

  return g_object_new (DEVBOX_TYPE_CLIENT, "kubeconfig", kubeconfig, NULL);
}

/**
 * devbox_client_new_for_platform:
 * @base_url: the address of the platform, such as `http://127.0.0.1:9758`
 * @token: a token that the platform accepts
 * @error: where to put an error
 *
 * Makes a client for the platform at an address, with a token of it.
 *
 * Nothing is sent yet. Errors: %DEVBOX_ERROR_VALIDATION_ERROR if @base_url is no `http` or `https` address, or @token
 * cannot be a token.
 *
 * Returns: (transfer full): a new client, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxClient *
devbox_client_new_for_platform (const char *base_url, const char *token, GError **error)
{
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;

  g_return_val_if_fail (base_url != NULL, NULL);
  g_return_val_if_fail (token != NULL, NULL);

  kubeconfig = devbox_kubeconfig_new_for_token (base_url, token, error);

  return kubeconfig != NULL ? devbox_client_new_with_kubeconfig (kubeconfig) : NULL;
}

/**
 * devbox_client_dup_kubeconfig:
 * @self: a client
 *
 * Gets the credential by which the platform lets the client in.
 *
 * Returns: (transfer full) (nullable): the kubeconfig; %NULL if none was set, and none was needed yet
 *
 * Since: 1.0
 */
DevboxKubeconfig *
devbox_client_dup_kubeconfig (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  return devbox_platform_source_ref_kubeconfig (devbox_client_get_platform_source (self));
}

/**
 * devbox_client_set_kubeconfig:
 * @self: a client
 * @kubeconfig: (nullable): the credential, or %NULL for that in the default places
 *
 * Sets the credential by which the platform lets the client in.
 *
 * It holds for all calls that are made from now on, by instances too; where the agents of devboxes are that are called
 * by their name is asked anew. Without one the client looks in the default places when the first call needs it: see
 * [func@Devbox.Kubeconfig.load_default_async].
 *
 * Since: 1.0
 */
void
devbox_client_set_kubeconfig (DevboxClient *self, DevboxKubeconfig *kubeconfig)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (kubeconfig == NULL || DEVBOX_IS_KUBECONFIG (kubeconfig));

  if (devbox_platform_source_set_kubeconfig (devbox_client_get_platform_source (self), kubeconfig))
    platform_has_changed (self, "kubeconfig");
}

/**
 * devbox_client_dup_authenticator:
 * @self: a client
 *
 * Gets what authorizes the client's requests instead of its kubeconfig.
 *
 * Returns: (transfer full) (nullable): the authenticator, or %NULL if none was set
 *
 * Since: 1.0
 */
DevboxAuthenticator *
devbox_client_dup_authenticator (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  return devbox_platform_source_ref_authenticator (devbox_client_get_platform_source (self));
}

/**
 * devbox_client_set_authenticator:
 * @self: a client
 * @authenticator: (nullable): what is asked for a credential, or %NULL to use the kubeconfig
 *
 * Sets what authorizes the client's requests to the platform instead of its kubeconfig.
 *
 * It is asked once for each such call, in the thread that makes the call.
 *
 * Since: 1.0
 */
void
devbox_client_set_authenticator (DevboxClient *self, DevboxAuthenticator *authenticator)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (authenticator == NULL || DEVBOX_IS_AUTHENTICATOR (authenticator));

  if (devbox_platform_source_set_authenticator (devbox_client_get_platform_source (self), authenticator))
    platform_has_changed (self, "authenticator");
}

/**
 * devbox_client_dup_base_url:
 * @self: a client
 *
 * Gets the address of the platform, as it was set.
 *
 * Returns: (transfer full) (nullable): the address, or %NULL if it follows from the kubeconfig
 *
 * Since: 1.0
 */
char *
devbox_client_dup_base_url (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  return devbox_platform_source_dup_base_url (devbox_client_get_platform_source (self));
}

/**
 * devbox_client_set_base_url:
 * @self: a client
 * @base_url: (nullable): an address such as `https://devbox.example.org`, or %NULL to take that of the kubeconfig
 *
 * Sets the address of the platform.
 *
 * If it is no `http` or `https` address, calls to the platform fail with %DEVBOX_ERROR_VALIDATION_ERROR.
 *
 * Since: 1.0
 */
void
devbox_client_set_base_url (DevboxClient *self, const char *base_url)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));

  if (devbox_platform_source_set_base_url (devbox_client_get_platform_source (self), base_url))
    platform_has_changed (self, "base-url");
}

/**
 * devbox_client_get_authorization_form:
 * @self: a client
 *
 * Gets how the kubeconfig is sent.
 *
 * Returns: the form
 *
 * Since: 1.0
 */
DevboxAuthorizationForm
devbox_client_get_authorization_form (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), DEVBOX_AUTHORIZATION_FORM_PLAIN);

  return devbox_platform_source_get_form (devbox_client_get_platform_source (self));
}

/**
 * devbox_client_set_authorization_form:
 * @self: a client
 * @form: the form
 *
 * Sets how the kubeconfig is sent.
 *
 * Since: 1.0
 */
void
devbox_client_set_authorization_form (DevboxClient *self, DevboxAuthorizationForm form)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail ((guint) form <= DEVBOX_AUTHORIZATION_FORM_BEARER);

  if (devbox_platform_source_set_form (devbox_client_get_platform_source (self), form))
    g_object_notify (G_OBJECT (self), "authorization-form");
}
