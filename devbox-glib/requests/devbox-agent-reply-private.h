/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-request-checks-private.h"

G_BEGIN_DECLS

/* What the requests to agents about commands, processes and sessions have in common. */

#define DEVBOX_AGENT_MAX_DURATION_MS 1e15
/* Two streams at the agent's cap of 10 MiB, as text and in base64, escapes included. */
#define DEVBOX_AGENT_MAX_OUTPUT_REPLY_SIZE (64 * 1024 * 1024)

/* A VALIDATION_ERROR with the code name NOT_SUPPORTED: the agent has nothing of the kind. The message is translated.
 * Always returns FALSE. */
gboolean devbox_agent_refuse_unsupported (GError **error, const char *message);
/* The same unless the agent speaks the current dialect. */
gboolean devbox_agent_check_current (const DevboxAgentFeatures *features, const char *message, GError **error);

/* An identifier that an agent gave, as part of a path; transfer full. */
char *devbox_agent_path_new (const char *before, const char *id, const char *after);
/* Whether a list is none, or no longer than that. */
gboolean devbox_agent_check_length (JsonObject *object, const char *name, guint maximum, GError **error);
gboolean devbox_agent_read_id (JsonObject *object, const char *name, const char **id, GError **error); /* required */

/* A string as ISO 8601, or seconds or milliseconds since 1970, told apart by their size; *time stays as it is where
 * there is none. Transfer full. */
gboolean devbox_agent_read_time (JsonObject *object, const char *name, GDateTime **time, GError **error);

/* What an agent says that it can do; NULL if it does not say, or too much. Transfer full. */
gboolean devbox_agent_read_capabilities (JsonObject *object, GStrv *capabilities, GError **error);

/* What a command wrote. The bytes are exact where the agent gives them in base64, which it does for what is no text.
 * Without either member they are NULL, unless they are required. Transfer full. */
gboolean devbox_agent_read_output (JsonObject *object,
                                   const char *text_member,
                                   const char *base64_member,
                                   gboolean required,
                                   GBytes **bytes,
                                   GError **error);

/* ,"env":{"NAME":"value",…}, of what devbox_request_check_environ () let through. */
void devbox_agent_append_environ (GString *json, const char *const *environment);

/* Milliseconds as the seconds of the current dialect: never less. */
guint64 devbox_agent_to_seconds (guint64 ms);

G_END_DECLS
