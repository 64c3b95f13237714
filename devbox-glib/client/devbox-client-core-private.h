/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-client-settings-private.h"
#include "devbox-connection-set-private.h"

G_BEGIN_DECLS

typedef struct _DevboxCall DevboxCall;

/* What a client has in its I/O thread: its connections, its open calls, and who wants to know that it is closed.
 * Counted and used in that thread only, but for what is marked. */
typedef struct _DevboxClientCore DevboxClientCore;

/* A call that the I/O thread makes for itself ends with this; the result is the callee's. */
typedef void (*DevboxCallDone) (gpointer result, const GError *error, gpointer data);

DevboxClientCore *devbox_client_core_new (DevboxIoThread *thread,
                                          DevboxPoolState *state,
                                          DevboxClientSettings *settings,
                                          const char *user_agent); /* any thread */
DevboxClientCore *devbox_client_core_ref (DevboxClientCore *self);
void devbox_client_core_unref (DevboxClientCore *self);

DevboxIoThread *devbox_client_core_get_thread (DevboxClientCore *self);
DevboxPoolState *devbox_client_core_get_pool_state (DevboxClientCore *self);
DevboxConnectionSet *devbox_client_core_get_connections (DevboxClientCore *self);
DevboxClientSettings *devbox_client_core_get_settings (DevboxClientCore *self);
SoupSession *devbox_client_core_new_session (DevboxClientCore *self); /* configured as the pool's are; I/O thread */

/* Takes the request; `agent` is NULL for a call to the platform. */
void devbox_client_core_call (DevboxClientCore *self,
                              DevboxAgent *agent,
                              DevboxEndpoint *platform,
                              DevboxRequest *request,
                              DevboxCallDone done,
                              gpointer data);

void devbox_client_core_add_call (DevboxClientCore *self, GList *link); /* whose data is the DevboxCall */
void devbox_client_core_remove_call (DevboxClientCore *self, GList *link);

gboolean devbox_client_core_close_once (gpointer core); /* for devbox_io_thread_invoke () */
gboolean devbox_client_core_is_closed (DevboxClientCore *self);

/* Any thread. */
gulong devbox_client_core_add_close_func (DevboxClientCore *self, GFunc func, gpointer data);
void devbox_client_core_remove_close_func (DevboxClientCore *self, gulong id);

G_END_DECLS
