/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-instance.h"

G_BEGIN_DECLS

/* What the operations of an instance, each topic in a file of its own, have in common. */

DevboxAgent *devbox_instance_get_agent (DevboxInstance *self); /* transfer none; NULL if the address is not valid */
gboolean devbox_instance_check_endpoint (DevboxInstance *self, GError **error);
/* And whether the path may be sent. */
gboolean devbox_instance_check_path (DevboxInstance *self, const char *path, GError **error);

/* Makes the call and ends the task; takes the request, or else the error because of which there is none. */
void devbox_instance_call_async (DevboxInstance *self, GTask *task, DevboxRequest *request, GError *error);
/* The same, blocking. */
gpointer devbox_instance_call_sync (DevboxInstance *self,
                                    DevboxRequest *request,
                                    GError *cause,
                                    GCancellable *cancellable,
                                    GError **error);

/* The same for a request whose body is the stream, or so many bytes of it; -1: all. */
void devbox_instance_upload_async (DevboxInstance *self,
                                   GTask *task,
                                   DevboxRequest *request,
                                   GError *error,
                                   GInputStream *contents,
                                   goffset size);
gpointer devbox_instance_upload_sync (DevboxInstance *self,
                                      DevboxRequest *request,
                                      GError *cause,
                                      GInputStream *contents,
                                      goffset size,
                                      GCancellable *cancellable,
                                      GError **error);

/* Ends the task for what was wrong before anything was sent. Takes the error. */
void devbox_instance_return_error (GTask *task, GError *error);
/* The last step of a function that fails; the bindings ask for the story of the error afterwards. Takes the cause. */
void devbox_instance_fail (GError *cause, GError **error);

G_END_DECLS
