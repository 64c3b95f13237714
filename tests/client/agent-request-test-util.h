/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-call-private.h"
#include "devbox-error.h"

G_BEGIN_DECLS

/* Requests without a server: what they would send to an agent with some features, and what they make of a reply. */

typedef enum
{
  TEST_AGENT_CLASSIC,
  TEST_AGENT_CURRENT,
  TEST_AGENT_BOTH,
  TEST_AGENT_OURS, /* both, and what devbox-server has beyond them */
  N_TEST_AGENTS
} TestAgent;

const DevboxAgentFeatures *test_agent_get_features (TestAgent agent);

typedef struct
{
  guint status;
  const char *content_type; /* NULL: none */
  const void *data;
  gsize size;
} TestReply;

gpointer test_request_parse (DevboxRequest *request, const TestReply *reply, GError **error);
gpointer test_request_parse_json (DevboxRequest *request, guint status, const char *json, GError **error);
/* Of a request that may have several steps; FALSE when it was the last one. delay_ms may be NULL. */
gboolean test_request_step (DevboxRequest *request, const TestReply *reply, guint *delay_ms);
gboolean test_request_step_json (DevboxRequest *request, const char *json, guint *delay_ms);

void test_request_assert_sent (DevboxRequest *request,
                               TestAgent agent,
                               const char *method,
                               const char *path,
                               const char *body);
/* By an agent of the classic dialect alone. */
void test_request_assert_unsupported (DevboxRequest *request);
void test_request_assert_fails (DevboxRequest *request, guint status, const char *json, DevboxError code);

G_END_DECLS
