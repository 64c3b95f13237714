/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-session-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Results: a DevboxSession. */
DevboxRequest *devbox_create_session_request_new (DevboxAgentHandle *handle,
                                                  const char *working_directory,
                                                  const char *const *environment,
                                                  const char *shell,
                                                  GError **error);
DevboxRequest *devbox_get_session_request_new (DevboxAgentHandle *handle, const char *id, GError **error);

/* Result: a GListStore of DevboxSession. */
DevboxRequest *devbox_list_sessions_request_new (DevboxAgentHandle *handle);

/* They update the session. Results: TRUE. */
DevboxRequest *devbox_session_refresh_request_new (DevboxSession *session);
DevboxRequest *devbox_session_cd_request_new (DevboxSession *session, const char *path, GError **error);
DevboxRequest *
devbox_session_environ_request_new (DevboxSession *session, const char *const *environment, GError **error);
DevboxRequest *devbox_session_terminate_request_new (DevboxSession *session);

/* Updates the session. Result: a DevboxCommandResult. */
DevboxRequest *
devbox_session_run_request_new (DevboxSession *session, const char *line, guint timeout_ms, GError **error);

/* What agents say of a session; a state that could not be read is to be cleared as well. */
gboolean devbox_session_state_read (DevboxSessionState *self, JsonObject *object, GError **error);

G_END_DECLS
