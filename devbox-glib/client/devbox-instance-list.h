/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-instance-info.h"
#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_INSTANCE_LIST (devbox_instance_list_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxInstanceList, devbox_instance_list, DEVBOX, INSTANCE_LIST, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxClient *devbox_instance_list_get_client (DevboxInstanceList *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstanceStatus devbox_instance_list_get_status (DevboxInstanceList *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_list_get_runtime (DevboxInstanceList *self);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_list_refresh_async (DevboxInstanceList *self,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_list_refresh_finish (DevboxInstanceList *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_list_refresh_sync (DevboxInstanceList *self, GCancellable *cancellable, GError **error);

G_END_DECLS
