/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Runs a command to its end. The result is a DevboxCommandResult. The call may take as long as the command may run, and
 * grace_ms on top; 0 is no limit. */
DevboxRequest *devbox_run_request_new (DevboxCommand *command, guint grace_ms, GError **error);

/* For what else ends with the result of a command. */
DevboxCommandResult *devbox_run_request_read_result (JsonObject *object,
                                                     const char *duration_member,
                                                     gboolean has_exit_code,
                                                     GError **error);
/* The same failure under another code, with what the command wrote if there is something. Takes the failure; always
 * returns NULL. */
gpointer devbox_run_request_fail_as (DevboxError code, GError *failure, DevboxCommandResult *result, GError **error);
guint devbox_run_request_add_grace (guint timeout_ms, guint grace_ms);

G_END_DECLS
