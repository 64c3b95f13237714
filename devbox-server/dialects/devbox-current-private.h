/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-router-private.h"
#include "devbox-object-body-private.h"
#include "devbox-workspace-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The current dialect (docs/wire.md, "Current dialect"): an envelope {status, message, …}, whose status is 0, or tells
 * the failure while HTTP says 200. The user data of every route is the DevboxAgentService. */

#define DEVBOX_CURRENT_PREFIX "/api/"

/* All its routes, with the service as their user data. */
void devbox_current_add_routes (DevboxHttpRouter *router, gpointer service);

/* What came before the handler could look at it */
/* A JSON object, handed to func. Another content type is answered with 415, what is no JSON object with 400. */
void devbox_current_collect_object (DevboxHttpExchange *exchange, DevboxObjectBodyFunc func, gpointer user_data);
/* A body that is not what the route takes: HTTP 400. */
void devbox_current_refuse_body (DevboxHttpExchange *exchange, const GError *error);
/* A member or parameter that is missing or has the wrong type: HTTP 422. */
void devbox_current_reject (DevboxHttpExchange *exchange, const GError *error);

/* The envelope of a success, left open for more members; and its end, which answers. Takes json. */
GString *devbox_current_begin (void);
void devbox_current_reply (DevboxHttpExchange *exchange, GString *json);
void devbox_current_reply_success (DevboxHttpExchange *exchange); /* with "success", and nothing else in it */

#define DEVBOX_CURRENT_INVALID_REQUEST 1422

/* A failure, with the envelope status of its code, or another one. HTTP says 200, but 413 and 429 are themselves. */
void devbox_current_reply_error (DevboxHttpExchange *exchange, const GError *error);
/* With another envelope status; both tell the code where the status does not. */
void devbox_current_reply_error_as (DevboxHttpExchange *exchange, guint envelope_status, const GError *error);
void devbox_current_reply_failure (DevboxHttpExchange *exchange, guint envelope_status, const char *message);
/* The members of a failure, without braces. */
void devbox_current_append_failure (GString *json, guint envelope_status, const char *message);

/* The part of a route's answer to GET /health that a request with a token is given */
void devbox_current_health (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);

/* `,"path":"…"`: the whole path of what a request named, and as `pathBytes` its bytes where it is not UTF-8. */
void devbox_current_append_path (GString *json, DevboxWorkspace *workspace, const char *path);

/* What a write answers, in whatever form it came. n_old_links: see devbox_file_replacement_get_n_old_links (). */
void devbox_current_reply_written (DevboxHttpExchange *exchange,
                                   DevboxWorkspace *workspace,
                                   const char *path,
                                   goffset size,
                                   guint n_old_links);
/* POST /files/write of a form; the user data is the service. */
void devbox_current_write_multipart (DevboxHttpExchange *exchange, gpointer user_data);

/* Its routes, by topic */
extern const DevboxHttpRoute devbox_current_archive_routes[];
extern const DevboxHttpRoute devbox_current_content_routes[];
extern const DevboxHttpRoute devbox_current_download_routes[];
extern const DevboxHttpRoute devbox_current_files_routes[];
extern const DevboxHttpRoute devbox_current_health_routes[];
extern const DevboxHttpRoute devbox_current_multipart_routes[];
extern const DevboxHttpRoute devbox_current_ports_routes[];
extern const DevboxHttpRoute devbox_current_process_routes[];
extern const DevboxHttpRoute devbox_current_search_routes[];
extern const DevboxHttpRoute devbox_current_session_routes[];

G_END_DECLS
