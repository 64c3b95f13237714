/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* What the operations of the platform, each topic in a file of its own, have in common. */

/* Tells the object that an operation was made for what came back; `start_time` is when the call was made. */
typedef void (*DevboxPlatformNews) (gpointer source, gpointer result, gint64 start_time);

/* Makes the task of a public function, whose object `source` is, and the call. Takes the request, or else the error
 * because of which there is none. The news, if there are to be any, are told before the callback is called, and where
 * there is none as well. */
void devbox_platform_operation_async (DevboxClient *client,
                                      gpointer source,
                                      gpointer source_tag,
                                      DevboxPlatformNews news,
                                      DevboxRequest *request,
                                      GError *error,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
gpointer devbox_platform_operation_sync (DevboxClient *client,
                                         gpointer source,
                                         DevboxPlatformNews news,
                                         DevboxRequest *request,
                                         GError *cause,
                                         GCancellable *cancellable,
                                         GError **error);

/* What public functions make of a result, or of NULL where there was an error. All take it. */
gboolean devbox_platform_operation_drop_object (gpointer object);
DevboxInstance *devbox_client_take_instance (DevboxClient *self,
                                             DevboxInstanceInfo *detail,
                                             GMainContext *context); /* NULL: the thread-default one */

/* Where the agent of a devbox is, as a detail tells it. transfer full */
DevboxEndpoint *devbox_client_find_endpoint (DevboxClient *self, DevboxInstanceInfo *info, GError **error);

G_END_DECLS
