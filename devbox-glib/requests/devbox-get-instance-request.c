/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-reply-private.h"
#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"

/* GET /api/v1/devbox/{name} */

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  return devbox_instance_reply_parse (request, reply, request->subject, error);
}

DevboxRequest *
devbox_get_instance_request_new (const char *name, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);

  return trimmed != NULL ? devbox_platform_request_new (SOUP_METHOD_GET, trimmed, NULL, parse, g_object_unref) : NULL;
}
