/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-guard-private.h"
#include "devbox-http-listener-private.h"
#include "devbox-launcher-private.h"
#include "devbox-log-finder-private.h"
#include "devbox-process-table-private.h"
#include "devbox-session-table-private.h"
#include "devbox-tree-watcher-private.h"
#include "devbox-workers-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* What an agent is told before it starts. */
typedef struct
{
  char *workspace_path;
  char *host;
  guint16 port;
  int listen_fd;          /* -1: listen on host and port */
  goffset max_file_size;  /* -1: none */
  goffset max_batch_size; /* likewise */
  guint max_concurrent_reads;
  guint max_connections;
  guint process_retention_ms; /* 0: by the dialect */
  gboolean enable_cors;
  GStrv cors_origins;
  GStrv host_names;
  char *token;
  gboolean allow_unauthenticated;
  gsize output_limit;         /* kept of each stream of a command */
  guint max_sessions;         /* shells that live on; 0: none */
  guint64 open_files_limit;   /* soft, for commands; 0: ours */
  GStrv base_environment;     /* what commands inherit; NULL: ours */
  char *startup_command;      /* for /bin/sh, started with the agent; NULL: none */
  DevboxHttpTraffic *traffic; /* where what comes and goes is counted, or NULL */
} DevboxAgentConfig;

/* The last answer to a health probe, and what it was made from. */
typedef struct
{
  GString *json;
  gint64 uptime_ms;
  gboolean healthy;
} DevboxHealthReply;

void devbox_agent_config_clear (DevboxAgentConfig *config);

/* A running agent: the listener and the operations behind it, all in one thread, that which made it. */
typedef struct _DevboxAgentService DevboxAgentService;

DevboxAgentService *devbox_agent_service_new (DevboxAgentConfig *config,
                                              GError **error); /* takes what config holds, also on failure */
void devbox_agent_service_free (DevboxAgentService *self);     /* closes everything at once */
void devbox_agent_service_set_finished_func (DevboxAgentService *self, DevboxHttpHandler func, gpointer user_data);
/* Stops accepting, waits up to grace_ms for what runs, then tells func once. */
void devbox_agent_service_stop (DevboxAgentService *self, guint grace_ms, GDestroyNotify func, gpointer user_data);

char *devbox_agent_service_dup_uri (DevboxAgentService *self);
const char *devbox_agent_service_get_token (DevboxAgentService *self); /* NULL: open */

DevboxWorkspace *devbox_agent_service_get_workspace (DevboxAgentService *self);
DevboxLauncher *devbox_agent_service_get_launcher (DevboxAgentService *self);
DevboxProcessTable *devbox_agent_service_get_process_table (DevboxAgentService *self);
DevboxLogFinder *devbox_agent_service_get_log_finder (DevboxAgentService *self); /* of processes and sessions */
DevboxSessionTable *devbox_agent_service_get_session_table (DevboxAgentService *self);
DevboxTreeWatcher *devbox_agent_service_get_tree_watcher (DevboxAgentService *self);
DevboxWorkers *devbox_agent_service_get_workers (DevboxAgentService *self); /* for file operations */
/* For those that go through a whole tree, or through the files in it: however many there are, no other one waits. */
DevboxWorkers *devbox_agent_service_get_tree_workers (DevboxAgentService *self);
/* For operations that read or write the body of an exchange as it comes: one client that is slow holds up no other. */
DevboxWorkers *devbox_agent_service_get_transfer_workers (DevboxAgentService *self);
DevboxHttpGuard *devbox_agent_service_get_guard (DevboxAgentService *self);
goffset devbox_agent_service_get_max_file_size (DevboxAgentService *self);
goffset devbox_agent_service_get_max_batch_size (DevboxAgentService *self);
guint devbox_agent_service_get_max_concurrent_reads (DevboxAgentService *self); /* by one search */
gboolean devbox_agent_service_is_healthy (DevboxAgentService *self);
DevboxHealthReply *
devbox_agent_service_get_health_reply (DevboxAgentService *self);  /* a place for the last one, at first empty */
gint64 devbox_agent_service_get_uptime (DevboxAgentService *self); /* µs */

G_END_DECLS
