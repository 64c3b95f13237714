/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-requests-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-log-reader-private.h"

#include <glib/gi18n-lib.h>

static const struct
{
  const char *path;
  const char *status; /* what follows the identifier */
  DevboxError not_found;
} subjects[] = {
  [DEVBOX_LOG_SUBJECT_PROCESS] = { "/api/v1/process/", "/status", DEVBOX_ERROR_PROCESS_NOT_FOUND },
  [DEVBOX_LOG_SUBJECT_SESSION] = { "/api/v1/sessions/", NULL, DEVBOX_ERROR_SESSION_NOT_FOUND },
};

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  return devbox_agent_check_current (features, _ ("The agent does not know how to keep logs"), error);
}

static DevboxRequest *
request_new (DevboxLogSubject subject, const char *id, const char *after, DevboxRequestParse parse)
{
  g_autofree char *path = devbox_agent_path_new (subjects[subject].path, id, after);
  DevboxRequest *request = devbox_request_new (SOUP_METHOD_GET, path, parse, g_object_unref);

  request->subject = g_strdup (id);
  request->not_found = subjects[subject].not_found;
  request->prepare = prepare;

  return request;
}

static gpointer
parse_log (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);
  GListStore *entries;

  if (object == NULL)
    return NULL;

  entries = devbox_log_read_lines (object, &reason);
  return entries != NULL ? entries : devbox_request_fail_from_bad_reply (request, reason, error);
}

DevboxRequest *
devbox_load_log_request_new (DevboxLogSubject subject, const char *id, guint n_lines)
{
  g_autofree char *after = g_strdup_printf ("/logs?tail=%u", n_lines);
  DevboxRequest *request = request_new (subject, id, n_lines > 0 ? after : "/logs", parse_log);

  request->max_reply_size = DEVBOX_AGENT_MAX_OUTPUT_REPLY_SIZE;

  return request;
}

typedef struct
{
  DevboxAgentHandle *handle;
  DevboxLogTarget target;
  char *id;
} Open;

static void
open_free (gpointer data)
{
  Open *self = data;

  devbox_agent_handle_unref (self->handle);
  g_free (self->id);
  g_free (self);
}

static gpointer
parse_open (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Open *self = request->data;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  return object != NULL ? devbox_log_reader_new_for_log (self->handle, &self->target) : NULL;
}

DevboxRequest *
devbox_open_log_request_new (DevboxAgentHandle *handle, DevboxLogSubject subject, const char *id, guint n_lines)
{
  DevboxRequest *request = request_new (subject, id, subjects[subject].status, parse_open);
  Open *self = g_new0 (Open, 1);

  self->handle = devbox_agent_handle_ref (handle);
  self->id = g_strdup (id);
  self->target = (DevboxLogTarget){ .subject = subject, .id = self->id, .n_lines = n_lines };
  request->data = self;
  request->data_free = open_free;

  return request;
}
