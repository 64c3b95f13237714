/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The body of a control request: a JSON object of at most 1 MiB. */
typedef void (*DevboxObjectBodyFunc) (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data);
typedef void (*DevboxObjectBodyErrorFunc) (DevboxHttpExchange *exchange, const GError *error);

/* Hands the object to func, which answers the exchange; a body that is none is answered by refuse. */
void devbox_object_body_collect (DevboxHttpExchange *exchange,
                                 DevboxObjectBodyFunc func,
                                 DevboxObjectBodyErrorFunc refuse,
                                 gpointer user_data);

G_END_DECLS
