/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-service-private.h"
#include "devbox-command-request-private.h"
#include "devbox-current-private.h"

G_BEGIN_DECLS

/* What the routes below /api/v1/process share, and their handlers. */

#define DEVBOX_CURRENT_MAX_TIMEOUT (30 * 24 * 60 * 60)

/* The request, or NULL when it was answered. */
DevboxCommandRequest *
devbox_current_process_read_request (DevboxHttpExchange *exchange, JsonObject *object, const DevboxCommandRules *rules);

const DevboxCommandSpec *
devbox_current_process_prepare (DevboxCommandRequest *request, DevboxAgentService *service, GError **error);

/* The process of that id, which runs in the background; NULL when it was answered that there is none. */
DevboxServerCommand *
devbox_current_process_find (DevboxHttpExchange *exchange, DevboxAgentService *service, const char *id);
/* ",name:value" for processId, pid, processStatus and exitCode. */
void devbox_current_process_append_status (GString *json, const char *id, DevboxServerCommand *command);
void devbox_current_process_append_exit_code (GString *json, DevboxServerCommand *command); /* null after a signal */
gint64 devbox_current_process_get_end_time (DevboxServerCommand *command); /* real, µs; of one that has ended */

/* Answers with what json opened, and the last lines of a log, or all if tail is negative. Takes json. */
void devbox_current_reply_log (DevboxHttpExchange *exchange, GString *json, DevboxOutputLog *log, gint64 tail);

void devbox_current_process_list (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_current_process_status (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_current_process_kill (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_current_process_logs (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);
void devbox_current_process_stream (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);

G_END_DECLS
