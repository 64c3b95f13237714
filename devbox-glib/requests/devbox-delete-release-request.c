/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"

/* DELETE /api/v1/devbox/{name}/release/{tag} */

DevboxRequest *
devbox_delete_release_request_new (const char *name, const char *tag, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  g_autofree char *trimmed_tag = trimmed != NULL ? devbox_platform_take_tag (tag, error) : NULL;
  g_autofree char *rest = NULL;
  DevboxRequest *request;

  if (trimmed_tag == NULL)
    return NULL;

  rest = g_strconcat ("/release/", trimmed_tag, NULL);
  request = devbox_platform_request_new (SOUP_METHOD_DELETE, trimmed, rest, devbox_platform_reply_parse_done, NULL);
  request->not_found = 0;
  request->failed = DEVBOX_ERROR_DEVBOX_OPERATION_FAILED;

  return request;
}
