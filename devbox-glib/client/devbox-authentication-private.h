/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-authentication.h"

G_BEGIN_DECLS

/* An authenticator at work, as the calls see it. The base URL is where the credential goes; the deadline is monotonic
 * time in µs, or 0 for none; cancellable may be NULL. What comes of it is the value of the Authorization header, a
 * secret (devbox_secret_free ()), or a DevboxError, or G_IO_ERROR_CANCELLED. An authenticator that lets go of its run
 * without an end fails at once. */

/* Those of one client, all of which end when it is closed. */
typedef struct _DevboxAuthenticationGroup DevboxAuthenticationGroup;

DevboxAuthenticationGroup *devbox_authentication_group_new (void);
void devbox_authentication_group_free (DevboxAuthenticationGroup *self); /* nobody waits in it */
/* Ends them with an error that says so, of which the authenticators are told; and so all that come later. */
void devbox_authentication_group_close (DevboxAuthenticationGroup *self);

/* Takes both; one of them is set. */
typedef void (*DevboxAuthenticationDone) (char *authorization, GError *error, gpointer data);

/* `done` is called once in the caller's thread-default context: before this returns when the answer is at hand. The
 * group stays until then. */
void devbox_authentication_start (DevboxAuthenticationGroup *group,
                                  DevboxAuthenticator *authenticator,
                                  const char *base_url,
                                  DevboxAuthorizationForm form,
                                  gint64 deadline,
                                  GCancellable *cancellable,
                                  DevboxAuthenticationDone done,
                                  gpointer data);
/* Iterates no context. */
char *devbox_authentication_wait (DevboxAuthenticationGroup *group,
                                  DevboxAuthenticator *authenticator,
                                  const char *base_url,
                                  DevboxAuthorizationForm form,
                                  gint64 deadline,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
