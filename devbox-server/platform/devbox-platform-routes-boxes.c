/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-http-query-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ITEM_SIZE 256

/* List */

typedef struct
{
  DevboxBoxStatus status;
  gboolean has_status;
  gboolean is_foreign; /* the status is one that no devbox of this platform ever has */
  const char *runtime; /* NULL: any */
} Filter;

static gboolean
read_status (Filter *filter, const char *name, GError **error)
{
  for (DevboxBoxStatus status = DEVBOX_BOX_PENDING; status <= DEVBOX_BOX_ERROR; status++)
    {
      if (g_ascii_strcasecmp (devbox_box_status_to_string (status), name) == 0)
        {
          filter->status = status;
          filter->has_status = TRUE;
          return TRUE;
        }
    }

  filter->is_foreign = g_ascii_strcasecmp (name, "Paused") == 0 || g_ascii_strcasecmp (name, "Unknown") == 0;
  if (filter->is_foreign)
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("The parameter “status” is “%.80s”, which is no state of a devbox"), name);
  return FALSE;
}

static gboolean
read_filter (Filter *filter, DevboxHttpQuery *query, GError **error)
{
  const char *status = devbox_http_query_get (query, "status");

  filter->runtime = devbox_http_query_get (query, "runtime");
  return status == NULL || read_status (filter, status, error);
}

static gboolean
filter_lets_pass (const Filter *filter, DevboxBox *box)
{
  if (filter->is_foreign || (filter->has_status && devbox_box_get_status (box) != filter->status))
    return FALSE;

  return filter->runtime == NULL || strcmp (devbox_box_get_record (box)->runtime, filter->runtime) == 0;
}

static GString *
format_list (GPtrArray *boxes, const Filter *filter)
{
  GString *array = g_string_sized_new (boxes->len * ITEM_SIZE + 2);

  g_string_append_c (array, '[');
  for (guint i = 0; i < boxes->len; i++)
    {
      DevboxBox *box = g_ptr_array_index (boxes, i);
      DevboxBoxView view = {
        .record = devbox_box_get_record (box),
        .status = devbox_box_get_status (box),
        .reason = devbox_box_get_reason (box),
      };

      if (!filter_lets_pass (filter, box))
        continue;
      if (array->len > 1)
        g_string_append_c (array, ',');
      devbox_box_json_append_item (array, &view);
    }

  return g_string_append_c (array, ']');
}

static void
list (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = devbox_platform_call_new (user_data, exchange);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxHttpQuery) query = NULL;
  g_autoptr (GPtrArray) boxes = NULL;
  Filter filter = { 0 };

  query = devbox_http_query_new (exchange, &error);
  if (query == NULL || !read_filter (&filter, query, &error))
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  boxes = devbox_box_table_list (devbox_platform_service_get_boxes (call->service), call->owner);
  devbox_platform_call_reply_list (call, "devboxes", format_list (boxes, &filter));
}

/* Create */

static gboolean
set_origin (DevboxPlatformCall *call, DevboxBoxRecord *record, const DevboxBoxRequest *request, GError **error)
{
  DevboxReleaseTable *releases = devbox_platform_service_get_releases (call->service);
  const DevboxReleaseRecord *release;

  if (request->release_tag == NULL)
    return TRUE;

  release = devbox_release_table_lookup (releases, call->owner, request->release_name, request->release_tag, error);
  if (release == NULL || !devbox_release_table_check_complete (releases, release->uid, error))
    return FALSE;

  record->release = g_strdup (release->uid);
  record->runtime = g_strdup (release->runtime);
  return TRUE;
}

static DevboxBoxRecord *
make_record (DevboxPlatformCall *call, JsonObject *object, GError **error)
{
  g_autoptr (DevboxBoxRequest) request = devbox_box_request_read_create (object, error);
  g_autoptr (DevboxBoxRecord) record = NULL;

  if (request == NULL)
    return NULL;

  record = devbox_platform_new_record (call);
  if (!set_origin (call, record, request, error)
      || !devbox_platform_furnish_record (call->service, record, request, error))
    return NULL;

  return g_steal_pointer (&record);
}

static void
create_from_body (DevboxPlatformCall *data, GBytes *body)
{
  g_autoptr (DevboxPlatformCall) call = data;
  g_autoptr (JsonObject) object = devbox_platform_call_parse (call, body);
  g_autoptr (GError) error = NULL;
  DevboxBoxRecord *record;

  if (object == NULL)
    return;

  record = make_record (call, object, &error);
  if (record == NULL)
    devbox_platform_call_reply_error (call, error);
  else
    devbox_platform_create_box (g_steal_pointer (&call), record, body);
}

static void
create (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, create_from_body, NULL);
}

/* Get */

static void
show (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = devbox_platform_call_new (user_data, exchange);
  DevboxBox *box = devbox_platform_call_find_box (call);

  if (box != NULL)
    devbox_platform_call_reply_box (box, NULL, g_steal_pointer (&call));
}

/* Update */

void
devbox_platform_update_box (DevboxPlatformCall *data,
                            GBytes *body,
                            DevboxPlatformReadUpdateFunc read,
                            DevboxBoxFunc reply)
{
  g_autoptr (DevboxPlatformCall) call = data;
  DevboxBox *box;
  g_autoptr (JsonObject) object = devbox_platform_call_parse_for_box (call, body, &box);
  g_autoptr (DevboxBoxRequest) request = NULL;
  g_autoptr (GError) error = NULL;

  if (object == NULL)
    return;

  request = read (object, devbox_box_get_record (box)->ports, &error);
  if (request == NULL)
    devbox_platform_call_reply_error (call, error);
  else
    devbox_box_update (box, request->cpu, request->memory, request->ports, reply, g_steal_pointer (&call));
}

static void
update_from_body (DevboxPlatformCall *call, GBytes *body)
{
  devbox_platform_update_box (call, body, devbox_box_request_read_update, devbox_platform_call_reply_box);
}

static void
update (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, update_from_body, NULL);
}

const DevboxHttpRoute devbox_platform_box_routes[] = {
  { "GET", DEVBOX_PLATFORM_PREFIX, DEVBOX_HTTP_ROUTE_NONE, list },
  { "POST", DEVBOX_PLATFORM_PREFIX, DEVBOX_HTTP_ROUTE_JSON, create },
  { "GET", DEVBOX_PLATFORM_PREFIX "/{}", DEVBOX_HTTP_ROUTE_NONE, show },
  { "PATCH", DEVBOX_PLATFORM_PREFIX "/{}", DEVBOX_HTTP_ROUTE_JSON, update },
  DEVBOX_HTTP_ROUTES_END,
};
