/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-authenticator.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_AUTHENTICATION (devbox_authentication_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxAuthentication, devbox_authentication, DEVBOX, AUTHENTICATION, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_authentication_get_base_url (DevboxAuthentication *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxAuthorizationForm devbox_authentication_get_form (DevboxAuthentication *self);
DEVBOX_AVAILABLE_IN_1_0
GCancellable *devbox_authentication_get_cancellable (DevboxAuthentication *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_authentication_complete (DevboxAuthentication *self, const char *authorization);
DEVBOX_AVAILABLE_IN_1_0
void devbox_authentication_fail (DevboxAuthentication *self, const GError *error);

G_END_DECLS
