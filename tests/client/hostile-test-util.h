/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "hostile-server.h"

#include "devbox-client.h"
#include "devbox-instance.h"

G_BEGIN_DECLS

/* What the tests of platforms and agents that lie share. */

#define TOKEN "marker-token-0b7e51"

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define CLOSED_JSON JSON_HEAD "Connection: close\r\n\r\n"
#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

typedef struct
{
  HostileServer *server;
  HostileServer *other; /* whom nobody may call */
  DevboxClient *client;
  DevboxInstance *agent;
} HostileTest;

typedef gboolean (*HostileTestAct) (HostileTest *self, GError **error);

void hostile_test_set_up (HostileTest *self, gconstpointer data);
/* Sees that nobody called the other server. */
void hostile_test_tear_down (HostileTest *self, gconstpointer data);

#define HOSTILE_TEST_ADD(name, test)                                                                                   \
  g_test_add ("/client/hostile/" name, HostileTest, NULL, hostile_test_set_up, test, hostile_test_tear_down)

/* What is asked. */
gboolean hostile_test_get_instance (HostileTest *self, GError **error);
gboolean hostile_test_list_instances (HostileTest *self, GError **error);
gboolean hostile_test_list_templates (HostileTest *self, GError **error);
gboolean hostile_test_list_releases (HostileTest *self, GError **error);
gboolean hostile_test_list_samples (HostileTest *self, GError **error);
gboolean hostile_test_find_agent (HostileTest *self, GError **error);
gboolean hostile_test_list_files (HostileTest *self, GError **error);
gboolean hostile_test_find_files (HostileTest *self, GError **error);
gboolean hostile_test_list_processes (HostileTest *self, GError **error);
gboolean hostile_test_list_sessions (HostileTest *self, GError **error);
gboolean hostile_test_list_ports (HostileTest *self, GError **error);
gboolean hostile_test_get_agent_info (HostileTest *self, GError **error);
gboolean hostile_test_run (HostileTest *self, GError **error);
gboolean hostile_test_run_streamed (HostileTest *self, GError **error);
gboolean hostile_test_open_file (HostileTest *self, GError **error);
gboolean hostile_test_monitor (HostileTest *self, GError **error);

/* An error is one line of text, and holds nothing secret. */
void hostile_test_assert_decent (const GError *error);

G_END_DECLS
