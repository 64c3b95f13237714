/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-authenticator.h"

#include "devbox-authentication-private.h"

#include <glib/gi18n-lib.h>

/**
 * DevboxAuthorizationForm:
 * @DEVBOX_AUTHORIZATION_FORM_PLAIN: The whole kubeconfig, percent-encoded and without the word `Bearer`, as platforms
 * expect it today
 * @DEVBOX_AUTHORIZATION_FORM_BEARER: The word `Bearer`, and then the credential
 *
 * How a platform is told who calls.
 *
 * Since: 1.0
 */

/**
 * DevboxAuthenticator:
 *
 * Knows what a platform is told about who calls.
 *
 * [class@Devbox.Kubeconfig] is one. A program that gets its credentials elsewhere implements this interface and gives
 * the object to its client. Agents are never asked about with it: each has a token of its own.
 *
 * Since: 1.0
 */

/**
 * DevboxAuthenticatorInterface:
 * @parent_interface: the parent interface
 * @authenticate: finds out what the platform is told
 *
 * What an authenticator has to implement.
 *
 * Since: 1.0
 */

G_DEFINE_INTERFACE (DevboxAuthenticator, devbox_authenticator, G_TYPE_OBJECT)

static void
devbox_authenticator_default_authenticate (DevboxAuthenticator *self, DevboxAuthentication *run)
{
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                          /* Translators: %s is the name of a class in the program */
                                          _ ("“%s” does not implement authenticate ()"), G_OBJECT_TYPE_NAME (self));

  devbox_authentication_fail (run, error);
}

static void
devbox_authenticator_default_init (DevboxAuthenticatorInterface *interface)
{
  interface->authenticate = devbox_authenticator_default_authenticate;
}

/**
 * devbox_authenticator_authenticate:
 * @self: an authenticator
 * @run: what is asked, and how the answer is given
 *
 * Finds out what the platform is told about who calls.
 *
 * It ends with [method@Devbox.Authentication.complete] or [method@Devbox.Authentication.fail], at once or later, in any
 * thread. It is called in the thread that makes the call at the platform, before each such call, and must not block: a
 * call that does not block waits for the end in its main context, one that blocks does not run any.
 *
 * An authenticator that asks another one may hand on the same @run.
 *
 * Since: 1.0
 */
void
devbox_authenticator_authenticate (DevboxAuthenticator *self, DevboxAuthentication *run)
{
  g_return_if_fail (DEVBOX_IS_AUTHENTICATOR (self));
  g_return_if_fail (DEVBOX_IS_AUTHENTICATION (run));

  DEVBOX_AUTHENTICATOR_GET_IFACE (self)->authenticate (self, run);
}
