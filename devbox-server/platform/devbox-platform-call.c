/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-call-private.h"

#include "devbox-http-replies-private.h"
#include "devbox-platform-access-private.h"
#include "devbox-wire-json-private.h"

#define MAX_BODY_SIZE (1024 * 1024)
#define DETAIL_SIZE 2048

DevboxPlatformCall *
devbox_platform_call_new (DevboxPlatformService *service, DevboxHttpExchange *exchange)
{
  DevboxPlatformCall *self = g_new0 (DevboxPlatformCall, 1);

  self->service = service;
  self->exchange = devbox_http_exchange_ref (exchange);
  self->owner = devbox_http_exchange_get_identity (exchange);
  self->name = devbox_http_exchange_get_argument (exchange, 0);

  return self;
}

void
devbox_platform_call_free (DevboxPlatformCall *self)
{
  devbox_http_exchange_unref (self->exchange);
  g_free (self);
}

typedef struct
{
  DevboxPlatformCall *call;
  DevboxPlatformBodyFunc func;
} Collection;

static void
on_body (DevboxHttpExchange *exchange, GBytes *body, gpointer user_data)
{
  g_autofree Collection *collection = user_data;

  if (body != NULL && devbox_platform_access_check_again (collection->call->service, exchange))
    collection->func (collection->call, body);
  else
    devbox_platform_call_free (collection->call);
}

void
devbox_platform_call_collect (DevboxPlatformService *service,
                              DevboxHttpExchange *exchange,
                              DevboxPlatformBodyFunc func,
                              gconstpointer data)
{
  Collection *collection = g_new (Collection, 1);

  collection->call = devbox_platform_call_new (service, exchange);
  collection->call->data = data;
  collection->func = func;
  devbox_http_exchange_collect_body (exchange, MAX_BODY_SIZE, on_body, collection);
}

JsonObject *
devbox_platform_call_parse (DevboxPlatformCall *self, GBytes *body)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object;
  gsize size;
  const char *data = g_bytes_get_data (body, &size);

  if (size == 0)
    return json_object_new ();

  object = devbox_wire_json_parse_object (data, size, &error);
  if (object == NULL)
    devbox_platform_call_reply_error (self, error);

  return object;
}

DevboxBox *
devbox_platform_call_find_box (DevboxPlatformCall *self)
{
  DevboxBoxTable *boxes = devbox_platform_service_get_boxes (self->service);
  g_autoptr (GError) error = NULL;
  DevboxBox *box = devbox_box_table_lookup (boxes, self->owner, self->name, &error);

  if (box == NULL)
    devbox_platform_call_reply_error (self, error);

  return box;
}

JsonObject *
devbox_platform_call_parse_for_box (DevboxPlatformCall *self, GBytes *body, DevboxBox **box)
{
  *box = devbox_platform_call_find_box (self);

  return *box != NULL ? devbox_platform_call_parse (self, body) : NULL;
}

void
devbox_platform_call_reply_error (DevboxPlatformCall *self, const GError *error)
{
  DevboxWireCode code = devbox_wire_code_from_error (error);

  /* It is not the client that was too slow. */
  devbox_http_reply_error_with_status (
      self->exchange, code == DEVBOX_WIRE_OPERATION_TIMEOUT ? 504 : devbox_wire_code_get_http_status (code), error);
}

static void
reply_json (DevboxPlatformCall *self, guint status, GString *json)
{
  g_autoptr (GBytes) body = g_string_free_to_bytes (json);

  devbox_http_exchange_reply (self->exchange, status, "application/json", body);
}

void
devbox_platform_call_reply (DevboxPlatformCall *self, guint status, const GString *data_members, GString *members)
{
  gsize data_size = data_members != NULL ? data_members->len + 1 : 0;
  GString *json = g_string_sized_new (2 * members->len + data_size + 32);

  g_string_append (json, "{\"data\":{");
  if (data_members != NULL)
    {
      g_string_append_len (json, data_members->str, data_members->len);
      g_string_append_c (json, ',');
    }
  g_string_append_len (json, members->str, members->len);
  g_string_append (json, "},");
  g_string_append_len (json, members->str, members->len);
  g_string_append_c (json, '}');
  g_string_free (members, TRUE);

  reply_json (self, status, json);
}

void
devbox_platform_service_view_box (DevboxPlatformService *self,
                                  DevboxBox *box,
                                  char **working_folder,
                                  DevboxBoxView *view)
{
  DevboxSandbox *sandbox = devbox_platform_service_get_sandbox (self);
  DevboxReleaseTable *releases = devbox_platform_service_get_releases (self);

  *working_folder = devbox_sandbox_dup_workspace_path (sandbox, devbox_box_get_folder (box));
  view->record = devbox_box_get_record (box);
  view->status = devbox_box_get_status (box);
  view->reason = devbox_box_get_reason (box);
  view->working_folder = *working_folder;
  view->sandbox = devbox_sandbox_get_kind (sandbox);
  view->sandbox_reason = devbox_sandbox_get_reason (sandbox);
  view->release
      = view->record->release != NULL ? devbox_release_table_lookup_uid (releases, view->record->release) : NULL;
}

void
devbox_platform_call_reply_box (DevboxBox *box, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) self = user_data;
  g_autofree char *working_folder = NULL;
  GString *members;
  DevboxBoxView view;

  if (error != NULL)
    {
      devbox_platform_call_reply_error (self, error);
      return;
    }

  members = g_string_sized_new (DETAIL_SIZE);
  devbox_platform_service_view_box (self->service, box, &working_folder, &view);
  devbox_box_json_append_detail (members, &view);
  devbox_platform_call_reply (self, 200, NULL, members);
}

void
devbox_platform_call_reply_list (DevboxPlatformCall *self, const char *name, GString *array)
{
  GString *json = g_string_sized_new (2 * array->len + 64);

  g_string_append (json, "{\"data\":");
  g_string_append_len (json, array->str, array->len);
  g_string_append_printf (json, ",\"%s\":", name);
  g_string_append_len (json, array->str, array->len);
  g_string_append_c (json, '}');
  g_string_free (array, TRUE);

  reply_json (self, 200, json);
}
