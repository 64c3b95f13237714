/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-instance-list.h"

G_BEGIN_DECLS

/* A list with what the platform told: a list of DevboxInstanceInfo. Changes are told in the context. */
DevboxInstanceList *devbox_instance_list_new (DevboxClient *client,
                                              DevboxInstanceStatus status,
                                              const char *runtime,
                                              GListModel *infos,
                                              GMainContext *context);

/* The same list, as the platform told it later: what was so at that monotonic time. */
void devbox_instance_list_apply (DevboxInstanceList *self, GListModel *infos, gint64 info_time);

G_END_DECLS
