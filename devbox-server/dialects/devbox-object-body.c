/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-object-body-private.h"

#include "devbox-wire-json-private.h"

#define MAX_SIZE (1024 * 1024)

typedef struct
{
  DevboxObjectBodyFunc func;
  DevboxObjectBodyErrorFunc refuse;
  gpointer user_data;
} ObjectBody;

static void
on_body (DevboxHttpExchange *exchange, GBytes *body, gpointer user_data)
{
  g_autofree ObjectBody *self = user_data;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;

  if (body == NULL)
    return;

  object = devbox_wire_json_parse_object (g_bytes_get_data (body, NULL), g_bytes_get_size (body), &error);
  if (object == NULL)
    self->refuse (exchange, error);
  else
    self->func (exchange, object, self->user_data);
}

void
devbox_object_body_collect (DevboxHttpExchange *exchange,
                            DevboxObjectBodyFunc func,
                            DevboxObjectBodyErrorFunc refuse,
                            gpointer user_data)
{
  ObjectBody *self = g_new (ObjectBody, 1);

  self->func = func;
  self->refuse = refuse;
  self->user_data = user_data;
  devbox_http_exchange_collect_body (exchange, MAX_SIZE, on_body, self);
}
