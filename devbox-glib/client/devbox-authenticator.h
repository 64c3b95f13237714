/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_AUTHORIZATION_FORM_PLAIN,
  DEVBOX_AUTHORIZATION_FORM_BEARER,
} DevboxAuthorizationForm;

#define DEVBOX_TYPE_AUTHENTICATOR (devbox_authenticator_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_INTERFACE (DevboxAuthenticator, devbox_authenticator, DEVBOX, AUTHENTICATOR, GObject)

struct _DevboxAuthenticatorInterface
{
  GTypeInterface parent_interface;

  void (*authenticate) (DevboxAuthenticator *self, DevboxAuthentication *run);
};

DEVBOX_AVAILABLE_IN_1_0
void devbox_authenticator_authenticate (DevboxAuthenticator *self, DevboxAuthentication *run);

G_END_DECLS
