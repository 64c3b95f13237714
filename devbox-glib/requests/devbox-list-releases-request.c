/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-release-reply-private.h"

/* GET /api/v1/devbox/{name}/release */

#define MAX_REPLY_SIZE (16 * 1024 * 1024)

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);
  JsonArray *array;
  GListStore *releases;

  if (root == NULL)
    return NULL;

  array = devbox_platform_reply_find_array (root, "releases");
  if (array == NULL)
    return devbox_platform_reply_fail (request, error);

  releases = g_list_store_new (DEVBOX_TYPE_RELEASE);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = devbox_platform_reply_get_element (array, i);
      g_autoptr (DevboxRelease) release = object != NULL ? devbox_release_reply_read (object, request->subject) : NULL;

      if (release != NULL)
        g_list_store_append (releases, release);
    }

  return releases;
}

DevboxRequest *
devbox_list_releases_request_new (const char *name, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  DevboxRequest *request;

  if (trimmed == NULL)
    return NULL;

  request = devbox_platform_request_new (SOUP_METHOD_GET, trimmed, "/release", parse, g_object_unref);
  request->max_reply_size = MAX_REPLY_SIZE;

  return request;
}
