/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What all endpoints of the platform have in common. Two forms of its replies are in use: {code, message, data: …}, and
 * what `data` holds, bare; a platform may wrap and yet repeat it beside. */

#define DEVBOX_METHOD_PATCH (g_intern_static_string ("PATCH")) /* libsoup 3.2 has no name for it */

/* A request for "/api/v1/devbox" and `rest`, which is already escaped; it is about the devbox, if that is not NULL. */
DevboxRequest *devbox_platform_request_new (const char *method,
                                            const char *devbox_name,
                                            const char *rest,
                                            DevboxRequestParse parse,
                                            GDestroyNotify result_free);
char *devbox_platform_build_path (const char *devbox_name, const char *rest);
/* Turns a request into a GET of the devbox. */
void devbox_platform_request_ask_for_detail (DevboxRequest *request, const char *devbox_name);

/* The HTTP status, or the `code` in the body of what claims to be a success. */
guint devbox_platform_reply_get_status (const DevboxReply *reply);
/* Whether the failed reply says itself that it is the devbox which is not there, rather than the route. */
gboolean devbox_platform_reply_misses_devbox (const DevboxReply *reply);

/* The document of a successful reply; one that has no JSON body is null. NULL: the error is that of the call. */
JsonNode *devbox_platform_reply_parse (DevboxRequest *request, const DevboxReply *reply, GError **error);
/* What the document is about; the node keeps it. NULL: it is of another kind. */
JsonObject *devbox_platform_reply_find_object (JsonNode *root);
JsonArray *devbox_platform_reply_find_array (JsonNode *root, const char *member); /* which an unwrapped reply has */

/* The result of an endpoint that answers with nothing of interest: TRUE. */
gpointer devbox_platform_reply_parse_done (DevboxRequest *request, const DevboxReply *reply, GError **error);
/* A success that is of another kind than the endpoint promises. Always returns NULL. */
gpointer devbox_platform_reply_fail (DevboxRequest *request, GError **error);

/* Members that may be missing, or of any type: then they count as not told. */
char *devbox_platform_reply_dup_text (JsonObject *object, const char *name); /* NULL also if it is empty, or too long */
guint devbox_platform_reply_get_uint (JsonObject *object, const char *name, guint maximum); /* else 0 */
double devbox_platform_reply_get_number (JsonObject *object, const char *name);             /* negative ones are 0 */
JsonObject *devbox_platform_reply_get_object (JsonObject *object, const char *name);
JsonArray *devbox_platform_reply_get_array (JsonObject *object, const char *name);
JsonObject *devbox_platform_reply_get_element (JsonArray *array, guint i);        /* NULL: it is no object */
char *devbox_platform_reply_dup_status (JsonObject *object);                      /* "…", or {value: "…"} */
GDateTime *devbox_platform_reply_get_time (JsonObject *object, const char *name); /* in UTC; transfer full */

G_END_DECLS
