/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-router-private.h"
#include "devbox-object-body-private.h"

G_BEGIN_DECLS

/* The classic dialect (docs/wire.md, "Classic dialect"). The user data of every route is the DevboxAgentService. */
extern const DevboxHttpRoute devbox_classic_routes[];

/* Its handlers, by topic */
void devbox_classic_health (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_classic_read_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_classic_write_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_classic_delete_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_classic_batch_upload (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_classic_exec (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_classic_process_status (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_classic_websocket (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);

/* A control request; a bad one is answered here. */
void devbox_classic_collect_object (DevboxHttpExchange *exchange, DevboxObjectBodyFunc func, gpointer user_data);

G_END_DECLS
