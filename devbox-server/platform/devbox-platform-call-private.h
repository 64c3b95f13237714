/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-json-private.h"
#include "devbox-platform-service-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* One request to the lifecycle API on its way: who sent it, and where the answer goes. Whoever has it answers it once.
 * A client that goes away changes nothing: what it asked for goes on, and the answer is dropped. */
typedef struct _DevboxPlatformCall DevboxPlatformCall;

struct _DevboxPlatformCall
{
  DevboxPlatformService *service;
  DevboxHttpExchange *exchange;
  const char *owner;  /* the namespace of the user; of the exchange, as is name */
  const char *name;   /* of the box in the path, or NULL */
  gconstpointer data; /* what the route gave with it */
};

DevboxPlatformCall *devbox_platform_call_new (DevboxPlatformService *service, DevboxHttpExchange *exchange);
void devbox_platform_call_free (DevboxPlatformCall *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxPlatformCall, devbox_platform_call_free)

/* The same for a request with a body, which func gets with the call (transfer full). */
typedef void (*DevboxPlatformBodyFunc) (DevboxPlatformCall *call, GBytes *body);
void devbox_platform_call_collect (DevboxPlatformService *service,
                                   DevboxHttpExchange *exchange,
                                   DevboxPlatformBodyFunc func,
                                   gconstpointer data);
/* An empty body is an empty object. NULL: answered. */
JsonObject *devbox_platform_call_parse (DevboxPlatformCall *self, GBytes *body);
/* The box of the path; transfer none. NULL: answered. */
DevboxBox *devbox_platform_call_find_box (DevboxPlatformCall *self);
/* Both, the box first. NULL: answered. */
JsonObject *devbox_platform_call_parse_for_box (DevboxPlatformCall *self, GBytes *body, DevboxBox **box);

void devbox_platform_call_reply_error (DevboxPlatformCall *self, const GError *error);
/* {"data":{…},…}: the members (transfer full; without braces) in both forms; some only inside `data`, or NULL. */
void devbox_platform_call_reply (DevboxPlatformCall *self, guint status, const GString *data_members, GString *members);
/* A DevboxBoxFunc with the call (taken) as user_data: the detail, or the error. */
void devbox_platform_call_reply_box (DevboxBox *box, const GError *error, gpointer user_data);
/* {"data":[…],"name":[…]}; array: transfer full. */
void devbox_platform_call_reply_list (DevboxPlatformCall *self, const char *name, GString *array);

/* What is told of a box; *working_folder belongs to the caller, and to the view as long as that is used. */
void devbox_platform_service_view_box (DevboxPlatformService *self,
                                       DevboxBox *box,
                                       char **working_folder,
                                       DevboxBoxView *view);

G_END_DECLS
