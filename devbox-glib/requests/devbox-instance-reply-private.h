/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-instance-info-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Where a devbox is told of decides what its numbers mean: a detail counts cores and GiB, a list millicores and MiB.
 * Platforms do not all keep to that, so a number that cannot be meant is taken for the other unit. */
typedef enum
{
  DEVBOX_INSTANCE_REPLY_DETAIL,
  DEVBOX_INSTANCE_REPLY_ITEM,
} DevboxInstanceReplyForm;

/* FALSE if it tells no name that a devbox can have. All else may be missing, or odd, and is not told then. */
gboolean devbox_instance_reply_read (JsonObject *object, DevboxInstanceReplyForm form, DevboxInstanceDetails *details);
GListStore *devbox_instance_reply_read_ports (JsonArray *array); /* NULL is an empty one */

/* Whether a reply is a success and holds a whole detail, of this devbox if a name is given. */
gboolean devbox_instance_reply_is_detail (const DevboxReply *reply, const char *name);
/* The result of a request that is answered with the detail of a devbox, of this one if a name is given. */
DevboxInstanceInfo *
devbox_instance_reply_parse (DevboxRequest *request, const DevboxReply *reply, const char *name, GError **error);
gboolean devbox_instance_reply_parse_details (DevboxRequest *request,
                                              const DevboxReply *reply,
                                              const char *name,
                                              DevboxInstanceDetails *details,
                                              GError **error);

G_END_DECLS
