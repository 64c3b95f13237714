/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-reply-private.h"
#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"

#include <string.h>

/* GET /api/v1/devbox?status=&runtime= */

#define MAX_REPLY_SIZE (32 * 1024 * 1024) /* ten thousand devboxes, told twice */

typedef struct
{
  char *status;
  char *runtime;
} Filter;

static void
filter_free (gpointer data)
{
  Filter *filter = data;

  g_free (filter->status);
  g_free (filter->runtime);
  g_free (filter);
}

/* Not every platform knows the filters. */
static gboolean
filter_lets_pass (const Filter *filter, const DevboxInstanceDetails *details)
{
  return (filter->status == NULL
          || (details->status_text != NULL && g_ascii_strcasecmp (filter->status, details->status_text) == 0))
         && (filter->runtime == NULL || g_strcmp0 (filter->runtime, details->runtime) == 0);
}

/* What has no name is no devbox, and hides no other. */
static GListStore *
read_items (JsonArray *array, const Filter *filter)
{
  GListStore *infos = g_list_store_new (DEVBOX_TYPE_INSTANCE_INFO);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = devbox_platform_reply_get_element (array, i);
      g_auto (DevboxInstanceDetails) details = { 0 };

      if (object != NULL && devbox_instance_reply_read (object, DEVBOX_INSTANCE_REPLY_ITEM, &details)
          && filter_lets_pass (filter, &details))
        {
          g_autoptr (DevboxInstanceInfo) info = devbox_instance_info_new (&details);

          g_list_store_append (infos, info);
        }
    }

  return infos;
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);
  JsonArray *array;

  if (root == NULL)
    return NULL;

  array = devbox_platform_reply_find_array (root, "devboxes");

  return array != NULL ? read_items (array, request->data) : devbox_platform_reply_fail (request, error);
}

static void
append_parameter (GString *query, const char *name, const char *value)
{
  g_autofree char *escaped = value != NULL ? g_uri_escape_string (value, NULL, FALSE) : NULL;

  if (escaped != NULL)
    g_string_append_printf (query, "%c%s=%s", query->len == 0 ? '?' : '&', name, escaped);
}

DevboxRequest *
devbox_list_instances_request_new (const char *status, const char *runtime, GError **error)
{
  g_autofree char *trimmed_runtime = NULL;
  g_autoptr (GString) query = g_string_new (NULL);
  DevboxRequest *request;
  Filter *filter;

  if (runtime != NULL)
    {
      trimmed_runtime = devbox_platform_take_runtime (runtime, error);
      if (trimmed_runtime == NULL)
        return NULL;
    }

  append_parameter (query, "status", status);
  append_parameter (query, "runtime", trimmed_runtime);

  filter = g_new0 (Filter, 1);
  filter->status = g_strdup (status);
  filter->runtime = g_steal_pointer (&trimmed_runtime);

  request = devbox_platform_request_new (SOUP_METHOD_GET, NULL, query->str, parse, g_object_unref);
  request->max_reply_size = MAX_REPLY_SIZE;
  request->data = filter;
  request->data_free = filter_free;

  return request;
}
