/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-service-private.h"

#include "devbox-classic-private.h"
#include "devbox-current-private.h"
#include "devbox-file-replacement-private.h"
#include "devbox-http-access-log-private.h"
#include "devbox-http-router-private.h"
#include "devbox-random-private.h"
#include "devbox-secret-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

struct _DevboxAgentService
{
  DevboxAgentConfig config;
  gint64 start_time;

  DevboxWorkspace *workspace;
  DevboxWorkers *workers;
  DevboxWorkers *tree_workers;
  DevboxWorkers *transfer_workers;
  DevboxTreeWatcher *tree_watcher;
  DevboxLauncher *launcher;
  DevboxProcessTable *process_table;
  DevboxLogFinder *log_finder;
  DevboxSessionTable *session_table;

  DevboxHttpGuard *guard;
  DevboxHttpRouter *router;
  DevboxHttpListener *listener;

  DevboxHttpHandler finished;
  gpointer finished_data;

  gboolean is_healthy; /* as it was at health_time */
  gint64 health_time;
  DevboxHealthReply health_reply;
};

/* µs. A probe that comes thousands of times a second need not ask the kernel each time. */
#define HEALTH_MAX_AGE (100 * 1000)

/* File operations that may take long: those that run at once, and those that wait for them. */
#define MAX_STARTUP_LINES 10000
#define MAX_WORKERS 4
#define MAX_TREE_WORKERS 4
#define MAX_WAITING_WORK 1000
#define MAX_TRANSFERS 64

void
devbox_agent_config_clear (DevboxAgentConfig *config)
{
  g_free (config->workspace_path);
  g_free (config->host);
  g_strfreev (config->cors_origins);
  g_strfreev (config->host_names);
  devbox_secret_free (config->token);
  g_strfreev (config->base_environment);
  g_free (config->startup_command);
  devbox_http_traffic_unref (config->traffic);
  memset (config, 0, sizeof *config);
  config->listen_fd = -1;
}

static void
on_request (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxAgentService *self = user_data;

  devbox_http_router_dispatch (self->router, exchange);
}

static void
on_finished (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxAgentService *self = user_data;

  devbox_http_access_log (exchange);
  if (self->finished != NULL)
    self->finished (exchange, self->finished_data);
}

/* Files and commands need descriptors too: connections never take more than half of them. */
static void
limit_connections (DevboxHttpLimits *limits, guint max_connections)
{
  struct rlimit open_files;

  limits->max_connections = max_connections;
  if (getrlimit (RLIMIT_NOFILE, &open_files) == 0)
    limits->max_connections = CLAMP (open_files.rlim_cur / 2, 1, limits->max_connections);
}

static gboolean
listen_for_requests (DevboxAgentService *self, GError **error)
{
  DevboxHttpLimits limits = DEVBOX_HTTP_LIMITS_INIT;
  int listen_fd = self->config.listen_fd;

  limit_connections (&limits, self->config.max_connections);
  self->listener = devbox_http_listener_new (g_main_context_get_thread_default (), &limits, on_request, self, NULL);
  devbox_http_listener_set_finished_func (self->listener, on_finished, self, NULL);
  devbox_http_listener_set_traffic (self->listener, self->config.traffic);

  if (listen_fd >= 0)
    {
      self->config.listen_fd = -1;
      return devbox_http_listener_listen_fd (self->listener, listen_fd, error);
    }

  return devbox_http_listener_listen (self->listener, self->config.host, self->config.port, error);
}

/* The rule of docs/wire.md, "Authorization": open on loopback, never open by mistake beyond it. */
static void
set_up_guard (DevboxAgentService *self)
{
  DevboxAgentConfig *config = &self->config;

  /* An empty one would be carried by every request that offers it. */
  if (config->token != NULL && config->token[0] == '\0')
    g_clear_pointer (&config->token, g_free);
  if (config->token == NULL && !config->allow_unauthenticated && !devbox_http_listener_is_loopback (self->listener))
    config->token = devbox_random_token ();

  devbox_http_guard_set_token (self->guard, config->token);
  devbox_http_guard_allow_host (self->guard, config->host);
  for (guint i = 0; config->host_names != NULL && config->host_names[i] != NULL; i++)
    devbox_http_guard_allow_host (self->guard, config->host_names[i]);
  if (config->enable_cors || config->cors_origins != NULL)
    devbox_http_guard_enable_cors (self->guard, (const char *const *) config->cors_origins);
}

/* Root may write everywhere by its permissions, and yet not to a read-only or made-up file system: only a try tells. */
static gboolean
try_to_write (DevboxWorkspace *workspace, GError **error)
{
  g_autoptr (DevboxFileReplacement) replacement = devbox_file_replacement_new (workspace, NULL, -1, error);

  return replacement != NULL;
}

static DevboxOutputLog *
find_log (DevboxLogOwner owner, const char *id, gpointer user_data)
{
  DevboxAgentService *self = user_data;

  if (owner == DEVBOX_LOG_PROCESS)
    {
      DevboxServerCommand *command = devbox_process_table_lookup_id (self->process_table, id);

      return command != NULL ? devbox_server_command_get_log (command) : NULL;
    }
  else
    {
      DevboxShellSession *session = devbox_session_table_lookup (self->session_table, id);

      return session != NULL ? devbox_shell_session_get_log (session) : NULL;
    }
}

static void
on_startup_command_done (DevboxServerCommand *command, gpointer user_data)
{
  const GError *error = devbox_server_command_get_error (command);

  if (error != NULL)
    g_warning ("the startup command cannot be started: %s", error->message);
}

/* It runs for as long as it likes, and is one of the processes that are listed. */
static gboolean
start_startup_command (DevboxAgentService *self, GError **error)
{
  const char *argv[] = { "/bin/sh", "-c", self->config.startup_command, NULL };
  const DevboxCommandSpec spec = {
    .argv = argv,
    .cwd_fd = devbox_workspace_get_fd (self->workspace),
    .output_retention = DEVBOX_OUTPUT_KEEP_LAST,
    .max_lines = MAX_STARTUP_LINES,
  };
  g_autoptr (DevboxServerCommand) command = NULL;

  if (self->config.startup_command == NULL)
    return TRUE;

  command = devbox_process_table_start (self->process_table, DEVBOX_PROCESS_BACKGROUND, &spec, on_startup_command_done,
                                        NULL, NULL, error);
  return command != NULL;
}

DevboxAgentService *
devbox_agent_service_new (DevboxAgentConfig *config, GError **error)
{
  DevboxAgentService *self = g_new0 (DevboxAgentService, 1);

  self->config = *config;
  memset (config, 0, sizeof *config);
  config->listen_fd = -1;
  self->start_time = g_get_monotonic_time ();
  self->health_reply.json = g_string_new (NULL);

  self->guard = devbox_http_guard_new ();
  self->router = devbox_http_router_new (self->guard);
  devbox_http_router_add (self->router, devbox_classic_routes, self);
  devbox_current_add_routes (self->router, self);
  self->workers = devbox_workers_new (MAX_WORKERS, MAX_WAITING_WORK);
  self->tree_workers = devbox_workers_new (MAX_TREE_WORKERS, MAX_WAITING_WORK);
  self->transfer_workers = devbox_workers_new (MAX_TRANSFERS, 0);

  self->workspace = devbox_workspace_new (self->config.workspace_path, error);
  if (self->workspace == NULL || !try_to_write (self->workspace, error) || !listen_for_requests (self, error))
    goto fail;
  devbox_workspace_sweep_temporaries (self->workspace);
  self->launcher = devbox_launcher_new (NULL, error);
  if (self->launcher == NULL)
    goto fail;

  if (self->config.base_environment != NULL)
    devbox_launcher_set_base_environment (self->launcher, (const char *const *) self->config.base_environment);
  devbox_launcher_set_open_files_limit (self->launcher, self->config.open_files_limit);
  devbox_launcher_set_output_limit (self->launcher, self->config.output_limit);
  self->process_table = devbox_process_table_new (self->launcher);
  self->log_finder = devbox_log_finder_new (find_log, self);
  for (guint i = 0; self->config.process_retention_ms > 0 && i < DEVBOX_PROCESS_N_ORIGINS; i++)
    devbox_process_table_set_retention (self->process_table, i, self->config.process_retention_ms);
  if (!start_startup_command (self, error))
    goto fail;
  self->session_table = devbox_session_table_new (self->launcher);
  devbox_session_table_set_max_sessions (self->session_table, self->config.max_sessions);
  self->tree_watcher = devbox_tree_watcher_new (devbox_workspace_get_fd (self->workspace), DEVBOX_TREE_ENGINE_AUTO);
  set_up_guard (self);

  return self;

fail:
  devbox_agent_service_free (self);
  return NULL;
}

void
devbox_agent_service_free (DevboxAgentService *self)
{
  if (self->log_finder != NULL)
    devbox_log_finder_close (self->log_finder);
  g_clear_pointer (&self->log_finder, devbox_log_finder_unref);
  g_clear_pointer (&self->listener, devbox_http_listener_unref);
  g_clear_pointer (&self->workers, devbox_workers_free);
  g_clear_pointer (&self->tree_workers, devbox_workers_free);
  g_clear_pointer (&self->transfer_workers, devbox_workers_free);
  g_clear_pointer (&self->session_table, devbox_session_table_free);
  g_clear_pointer (&self->process_table, devbox_process_table_free);
  g_clear_pointer (&self->launcher, devbox_launcher_unref);
  g_clear_pointer (&self->tree_watcher, devbox_tree_watcher_unref);
  g_clear_pointer (&self->workspace, devbox_workspace_unref);
  g_clear_pointer (&self->router, devbox_http_router_free);
  g_clear_pointer (&self->guard, devbox_http_guard_free);
  g_string_free (self->health_reply.json, TRUE);
  if (self->config.listen_fd >= 0)
    g_close (self->config.listen_fd, NULL);
  devbox_agent_config_clear (&self->config);
  g_free (self);
}

void
devbox_agent_service_set_finished_func (DevboxAgentService *self, DevboxHttpHandler func, gpointer user_data)
{
  self->finished = func;
  self->finished_data = user_data;
}

void
devbox_agent_service_stop (DevboxAgentService *self, guint grace_ms, GDestroyNotify func, gpointer user_data)
{
  devbox_http_listener_stop (self->listener, grace_ms, func, user_data);
}

char *
devbox_agent_service_dup_uri (DevboxAgentService *self)
{
  return devbox_http_listener_dup_uri (self->listener);
}

const char *
devbox_agent_service_get_token (DevboxAgentService *self)
{
  return self->config.token;
}

DevboxWorkspace *
devbox_agent_service_get_workspace (DevboxAgentService *self)
{
  return self->workspace;
}

DevboxLauncher *
devbox_agent_service_get_launcher (DevboxAgentService *self)
{
  return self->launcher;
}

DevboxProcessTable *
devbox_agent_service_get_process_table (DevboxAgentService *self)
{
  return self->process_table;
}

DevboxLogFinder *
devbox_agent_service_get_log_finder (DevboxAgentService *self)
{
  return self->log_finder;
}

DevboxSessionTable *
devbox_agent_service_get_session_table (DevboxAgentService *self)
{
  return self->session_table;
}

DevboxTreeWatcher *
devbox_agent_service_get_tree_watcher (DevboxAgentService *self)
{
  return self->tree_watcher;
}

DevboxWorkers *
devbox_agent_service_get_workers (DevboxAgentService *self)
{
  return self->workers;
}

DevboxWorkers *
devbox_agent_service_get_tree_workers (DevboxAgentService *self)
{
  return self->tree_workers;
}

DevboxWorkers *
devbox_agent_service_get_transfer_workers (DevboxAgentService *self)
{
  return self->transfer_workers;
}

DevboxHttpGuard *
devbox_agent_service_get_guard (DevboxAgentService *self)
{
  return self->guard;
}

goffset
devbox_agent_service_get_max_file_size (DevboxAgentService *self)
{
  return self->config.max_file_size;
}

goffset
devbox_agent_service_get_max_batch_size (DevboxAgentService *self)
{
  return self->config.max_batch_size;
}

guint
devbox_agent_service_get_max_concurrent_reads (DevboxAgentService *self)
{
  return self->config.max_concurrent_reads;
}

gboolean
devbox_agent_service_is_healthy (DevboxAgentService *self)
{
  gint64 now = g_get_monotonic_time ();

  if (now - self->health_time >= HEALTH_MAX_AGE)
    {
      self->is_healthy = devbox_workspace_is_usable (self->workspace) && devbox_launcher_is_alive (self->launcher)
                         && devbox_tree_watcher_is_alive (self->tree_watcher);
      self->health_time = now;
    }

  return self->is_healthy;
}

DevboxHealthReply *
devbox_agent_service_get_health_reply (DevboxAgentService *self)
{
  return &self->health_reply;
}

gint64
devbox_agent_service_get_uptime (DevboxAgentService *self)
{
  return g_get_monotonic_time () - self->start_time;
}
