/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-request-test-util.h"

#include "devbox-error-info.h"

#include <string.h>

static const char *const ours[] = { "classic", "current", "write-mode", NULL };

static const DevboxAgentFeatures features[N_TEST_AGENTS] = {
  [TEST_AGENT_CLASSIC] = { DEVBOX_DIALECT_CLASSIC, NULL },
  [TEST_AGENT_CURRENT] = { DEVBOX_DIALECT_CURRENT, NULL },
  [TEST_AGENT_BOTH] = { DEVBOX_DIALECT_CLASSIC | DEVBOX_DIALECT_CURRENT, NULL },
  [TEST_AGENT_OURS] = { DEVBOX_DIALECT_CLASSIC | DEVBOX_DIALECT_CURRENT, (GStrv) ours },
};

const DevboxAgentFeatures *
test_agent_get_features (TestAgent agent)
{
  return &features[agent];
}

typedef struct
{
  SoupMessageHeaders *headers;
  GBytes *body;
  DevboxReply reply;
} BuiltReply;

static void
built_reply_clear (BuiltReply *self)
{
  soup_message_headers_unref (self->headers);
  g_bytes_unref (self->body);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BuiltReply, built_reply_clear)

static void
built_reply_init (BuiltReply *self, const TestReply *reply)
{
  self->headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  if (reply->content_type != NULL)
    soup_message_headers_append (self->headers, "Content-Type", reply->content_type);
  self->body = g_bytes_new (reply->data, reply->size);
  self->reply = (DevboxReply){ reply->status, self->headers, self->body, "id" };
}

gpointer
test_request_parse (DevboxRequest *request, const TestReply *reply, GError **error)
{
  g_auto (BuiltReply) built = { 0 };

  built_reply_init (&built, reply);

  return request->parse (request, &built.reply, error);
}

gpointer
test_request_parse_json (DevboxRequest *request, guint status, const char *json, GError **error)
{
  return test_request_parse (request, &(TestReply){ status, "application/json", json, strlen (json) }, error);
}

gboolean
test_request_step (DevboxRequest *request, const TestReply *reply, guint *delay_ms)
{
  g_auto (BuiltReply) built = { 0 };
  guint unused_ms = 0;

  built_reply_init (&built, reply);

  return request->step (request, &built.reply, NULL, delay_ms != NULL ? delay_ms : &unused_ms);
}

gboolean
test_request_step_json (DevboxRequest *request, const char *json, guint *delay_ms)
{
  return test_request_step (request, &(TestReply){ 200, "application/json", json, strlen (json) }, delay_ms);
}

void
test_request_assert_sent (DevboxRequest *request,
                          TestAgent agent,
                          const char *method,
                          const char *path,
                          const char *body)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (request->prepare (request, test_agent_get_features (agent), &error));
  g_assert_no_error (error);
  g_assert_cmpstr (request->method, ==, method);
  g_assert_cmpstr (request->path, ==, path);
  if (body == NULL)
    {
      g_assert_null (request->body);
      return;
    }

  g_assert_cmpmem (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body), body, strlen (body));
  g_assert_cmpstr (request->content_type, ==, "application/json");
}

void
test_request_assert_unsupported (DevboxRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxErrorInfo) info = NULL;

  g_assert_false (request->prepare (request, test_agent_get_features (TEST_AGENT_CLASSIC), &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  info = devbox_error_info_from_error (error);
  g_assert_cmpstr (devbox_error_info_get_code_name (info), ==, "NOT_SUPPORTED");
}

void
test_request_assert_fails (DevboxRequest *request, guint status, const char *json, DevboxError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (test_request_parse_json (request, status, json, &error));
  g_assert_error (error, DEVBOX_ERROR, (int) code);
}
