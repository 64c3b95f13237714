/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* The query of a request: "name=value" pairs, percent-decoded, "+" as a space. Of pairs with the same name the last one
 * counts. Values are bytes without NUL. */
typedef struct _DevboxHttpQuery DevboxHttpQuery;

/* VALIDATION_ERROR for broken escapes, a NUL, or more than 100 pairs. */
DevboxHttpQuery *devbox_http_query_new (DevboxHttpExchange *exchange, GError **error);
DevboxHttpQuery *devbox_http_query_parse (const char *query, GError **error); /* NULL: an empty one */
void devbox_http_query_free (DevboxHttpQuery *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpQuery, devbox_http_query_free)

/* NULL when there is none; "" for a name alone. */
const char *devbox_http_query_get (DevboxHttpQuery *self, const char *name);
/* A missing one leaves *value as it is; another than was asked for is VALIDATION_ERROR, which names it. An empty one is
 * TRUE as a boolean, as are "true" and "1"; "false" and "0" are FALSE. */
gboolean devbox_http_query_get_boolean (DevboxHttpQuery *self, const char *name, gboolean *value, GError **error);
gboolean devbox_http_query_get_int (DevboxHttpQuery *self,
                                    const char *name,
                                    gint64 minimum,
                                    gint64 maximum,
                                    gint64 *value,
                                    GError **error);

G_END_DECLS
