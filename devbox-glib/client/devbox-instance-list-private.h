/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-instance-list.h"

G_BEGIN_DECLS

/* An empty list, which changes and tells of it in the thread-default context. */
DevboxInstanceList *devbox_instance_list_new (DevboxClient *client, DevboxInstanceStatus status, const char *runtime);

DevboxRequest *devbox_instance_list_request_new (DevboxInstanceList *self, GError **error);

/* The list as the platform told it, in a list of DevboxInstanceInfo, at that monotonic time; in any thread. */
void devbox_instance_list_apply (DevboxInstanceList *self, GListModel *infos, gint64 info_time);
/* The same for the first time, while nobody else has the list. Takes what came back, which is NULL where there was an
 * error, and returns the list, transfer full, or NULL. */
DevboxInstanceList *devbox_instance_list_fill (DevboxInstanceList *self, GListModel *infos);

G_END_DECLS
