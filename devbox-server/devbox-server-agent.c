/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-agent.h"

#include "devbox-agent-thread-private.h"
#include "devbox-property-private.h"
#include "devbox-request-outbox-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

/**
 * DevboxServerAgent:
 *
 * The HTTP and WebSocket server that runs inside a devbox: it reads and writes files of one folder, the workspace, runs
 * commands there and reports changes of files.
 *
 * The agent runs in a thread and main context of its own, so that a program may embed it and talk to it with blocking
 * calls. Its properties are read when [method@Agent.start] is called; later changes count from the next start.
 *
 * With no token it is open to everybody who reaches its address; that is allowed on loopback only, and beyond it a
 * random token is made unless [property@Agent:allow-unauthenticated] is set. See “Authorization” in the wire contract
 * (`docs/wire.md`).
 *
 * ```python
 * agent = DevboxServer.Agent.new("/tmp/workspace")
 * agent.start(None)
 * print(agent.dup_uri())
 * agent.stop()
 * ```
 *
 * Since: 1.0
 */

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_MAX_FILE_SIZE 104857600
#define DEFAULT_MAX_BATCH_SIZE 1073741824
#define DEFAULT_MAX_CONNECTIONS 4096
#define DEFAULT_MAX_CONCURRENT_READS 4
#define DEFAULT_MAX_SESSIONS 100
#define DEFAULT_OUTPUT_LIMIT 10485760
#define STOP_GRACE_MS 10000

struct _DevboxServerAgent
{
  GObject parent_instance;

  char *workspace_path;
  char *host;
  guint port;
  guint64 max_file_size;
  guint64 max_batch_size;
  guint max_connections;
  guint max_sessions;
  guint64 output_limit;
  guint process_retention;
  guint max_concurrent_reads;
  gboolean enable_cors;
  GStrv cors_origins;
  GStrv host_names;
  char *token;
  gboolean allow_unauthenticated;
  int listen_fd;
  GStrv base_environment;
  guint64 open_files_limit;
  char *startup_command;

  DevboxRequestOutbox *outbox;
  DevboxHttpTraffic *traffic;
  DevboxAgentThread *thread; /* while it runs */
  char *effective_token;
};

G_DEFINE_FINAL_TYPE (DevboxServerAgent, devbox_server_agent, G_TYPE_OBJECT)

enum
{
  PROP_WORKSPACE_PATH = 1,
  PROP_HOST,
  PROP_PORT,
  PROP_MAX_FILE_SIZE,
  PROP_MAX_BATCH_SIZE,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_SESSIONS,
  PROP_OUTPUT_LIMIT,
  PROP_PROCESS_RETENTION,
  PROP_MAX_CONCURRENT_READS,
  PROP_ENABLE_CORS,
  PROP_CORS_ORIGINS,
  PROP_HOST_NAMES,
  PROP_TOKEN,
  PROP_ALLOW_UNAUTHENTICATED,
  PROP_LISTEN_FD,
  PROP_BASE_ENVIRONMENT,
  PROP_OPEN_FILES_LIMIT,
  PROP_STARTUP_COMMAND,
  PROP_BYTES_RECEIVED,
  PROP_BYTES_SENT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_REQUEST_FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
emit_request_finished (GObject *target, const DevboxFinishedRequest *request)
{
  g_signal_emit (target, signals[SIGNAL_REQUEST_FINISHED], 0, request->method, request->path, request->status,
                 request->bytes_sent, request->duration);
}

/* In the agent's thread. The agent's dispose joins that thread, so that its memory is there as long as this runs. */
static void
on_request_finished (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxServerAgent *self = user_data;

  if (g_signal_has_handler_pending (self, signals[SIGNAL_REQUEST_FINISHED], 0, FALSE))
    devbox_request_outbox_push (self->outbox, exchange);
}

static gboolean
check_is_set (const char *string, const char *property, GError **error)
{
  if (string != NULL)
    return TRUE;

  /* Translators: %s is the name of a property in the code, such as “host” */
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("The agent's property “%s” is not set"), property);
  return FALSE;
}

static goffset
get_limit (guint64 size)
{
  return size == 0 || size > G_MAXINT64 ? -1 : (goffset) size;
}

static void
fill_config (DevboxServerAgent *self, DevboxAgentConfig *config)
{
  config->workspace_path = g_strdup (self->workspace_path);
  config->host = g_strdup (self->host);
  config->port = self->port;
  config->listen_fd = self->listen_fd;
  config->max_file_size = get_limit (self->max_file_size);
  config->max_batch_size = get_limit (self->max_batch_size);
  config->max_connections = self->max_connections;
  config->max_sessions = self->max_sessions;
  config->output_limit = self->output_limit == 0 ? G_MAXSSIZE : MIN (self->output_limit, G_MAXSSIZE);
  config->process_retention_ms = self->process_retention;
  config->max_concurrent_reads = self->max_concurrent_reads;
  config->enable_cors = self->enable_cors;
  config->cors_origins = g_strdupv (self->cors_origins);
  config->host_names = g_strdupv (self->host_names);
  config->token = g_strdup (self->token);
  config->allow_unauthenticated = self->allow_unauthenticated;
  config->base_environment = g_strdupv (self->base_environment);
  config->open_files_limit = self->open_files_limit;
  config->startup_command = g_strdup (self->startup_command);
  config->traffic = devbox_http_traffic_ref (self->traffic);
  self->listen_fd = -1;
}

/**
 * devbox_server_agent_start:
 * @self: an agent
 * @cancellable: (nullable): a cancellable, looked at before the agent starts
 * @error: return location for an error
 *
 * Starts the agent in its own thread and returns when it accepts connections, within some milliseconds. To start an
 * agent that runs is an error and changes nothing.
 *
 * Returns: whether the agent runs; on failure one of
 *   - %G_IO_ERROR_CANCELLED: @cancellable was cancelled before,
 *   - %G_IO_ERROR_PENDING: the agent runs already,
 *   - %G_IO_ERROR_INVALID_ARGUMENT: its workspace or host is %NULL,
 *   - %G_IO_ERROR_ADDRESS_IN_USE, %G_IO_ERROR_PERMISSION_DENIED and other socket errors: it cannot listen at its host
 * and port,
 *   - %G_IO_ERROR_NOT_FOUND, %G_IO_ERROR_NOT_DIRECTORY, %G_IO_ERROR_PERMISSION_DENIED: the workspace is missing, is no
 * folder, or cannot be written to,
 *   - %G_IO_ERROR_FAILED: the launcher of commands cannot start.
 *
 * Since: 1.0
 */
gboolean
devbox_server_agent_start (DevboxServerAgent *self, GCancellable *cancellable, GError **error)
{
  DevboxAgentConfig config = { 0 };

  g_return_val_if_fail (DEVBOX_SERVER_IS_AGENT (self), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (self->thread != NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, _ ("The agent runs already"));
      return FALSE;
    }

  if (!check_is_set (self->workspace_path, "workspace-path", error) || !check_is_set (self->host, "host", error))
    return FALSE;

  fill_config (self, &config);
  self->thread = devbox_agent_thread_start (&config, on_request_finished, self, error);
  if (self->thread == NULL)
    return FALSE;

  g_free (self->effective_token);
  self->effective_token = g_strdup (devbox_agent_thread_get_token (self->thread));

  return TRUE;
}

/**
 * devbox_server_agent_stop:
 * @self: an agent
 *
 * Stops the agent: it accepts nothing more, lets requests that run end for up to 10 seconds, then closes every
 * connection and kills every command it started. Blocks until that is done. Does nothing when the agent does not run.
 *
 * Since: 1.0
 */
void
devbox_server_agent_stop (DevboxServerAgent *self)
{
  g_return_if_fail (DEVBOX_SERVER_IS_AGENT (self));

  if (self->thread != NULL)
    devbox_agent_thread_stop (g_steal_pointer (&self->thread), STOP_GRACE_MS);
}

/**
 * devbox_server_agent_is_running:
 * @self: an agent
 *
 * Tells whether the agent was started and not stopped.
 *
 * Returns: whether the agent runs
 *
 * Since: 1.0
 */
gboolean
devbox_server_agent_is_running (DevboxServerAgent *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_AGENT (self), FALSE);

  return self->thread != NULL;
}

/**
 * devbox_server_agent_dup_uri:
 * @self: an agent
 *
 * Gets the address at which the agent can be reached from this machine, such as `http://127.0.0.1:3000`, with the port
 * that it really has.
 *
 * Returns: (transfer full) (nullable): the address, or %NULL when the agent does not run or has no IP socket
 *
 * Since: 1.0
 */
char *
devbox_server_agent_dup_uri (DevboxServerAgent *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_AGENT (self), NULL);

  return self->thread != NULL ? g_strdup (devbox_agent_thread_get_uri (self->thread)) : NULL;
}

/**
 * devbox_server_agent_dup_token:
 * @self: an agent
 *
 * Gets the token that requests must carry: the one that was set, or the random one of an agent that was started beyond
 * loopback without any.
 *
 * Returns: (transfer full) (nullable): the token, or %NULL when none is asked for or the agent was never started
 *
 * Since: 1.0
 */
char *
devbox_server_agent_dup_token (DevboxServerAgent *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_AGENT (self), NULL);

  return g_strdup (self->effective_token);
}

/**
 * devbox_server_agent_new:
 * @workspace_path: (type filename): the folder to serve, absolute or relative to the current folder; it must exist and
 * be writable when the agent starts
 *
 * Makes an agent that listens at `127.0.0.1` and a free port. Set its properties before [method@Agent.start] for
 * anything else.
 *
 * Returns: (transfer full): a new agent that does not run yet
 *
 * Since: 1.0
 */
DevboxServerAgent *
devbox_server_agent_new (const char *workspace_path)
{
  g_return_val_if_fail (workspace_path != NULL, NULL);

  return g_object_new (DEVBOX_SERVER_TYPE_AGENT, "workspace-path", workspace_path, NULL);
}

static void
devbox_server_agent_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxServerAgent *self = DEVBOX_SERVER_AGENT (object);

  switch (property_id)
    {
    case PROP_WORKSPACE_PATH:
      g_value_set_string (value, self->workspace_path);
      break;
    case PROP_HOST:
      g_value_set_string (value, self->host);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_MAX_FILE_SIZE:
      g_value_set_uint64 (value, self->max_file_size);
      break;
    case PROP_MAX_BATCH_SIZE:
      g_value_set_uint64 (value, self->max_batch_size);
      break;
    case PROP_MAX_CONNECTIONS:
      g_value_set_uint (value, self->max_connections);
      break;
    case PROP_MAX_SESSIONS:
      g_value_set_uint (value, self->max_sessions);
      break;
    case PROP_OUTPUT_LIMIT:
      g_value_set_uint64 (value, self->output_limit);
      break;
    case PROP_PROCESS_RETENTION:
      g_value_set_uint (value, self->process_retention);
      break;
    case PROP_MAX_CONCURRENT_READS:
      g_value_set_uint (value, self->max_concurrent_reads);
      break;
    case PROP_ENABLE_CORS:
      g_value_set_boolean (value, self->enable_cors);
      break;
    case PROP_CORS_ORIGINS:
      g_value_set_boxed (value, self->cors_origins);
      break;
    case PROP_HOST_NAMES:
      g_value_set_boxed (value, self->host_names);
      break;
    case PROP_TOKEN:
      g_value_set_string (value, self->token);
      break;
    case PROP_ALLOW_UNAUTHENTICATED:
      g_value_set_boolean (value, self->allow_unauthenticated);
      break;
    case PROP_LISTEN_FD:
      g_value_set_int (value, self->listen_fd);
      break;
    case PROP_BASE_ENVIRONMENT:
      g_value_set_boxed (value, self->base_environment);
      break;
    case PROP_OPEN_FILES_LIMIT:
      g_value_set_uint64 (value, self->open_files_limit);
      break;
    case PROP_STARTUP_COMMAND:
      g_value_set_string (value, self->startup_command);
      break;
    case PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, devbox_http_traffic_get_received (self->traffic));
      break;
    case PROP_BYTES_SENT:
      g_value_set_uint64 (value, devbox_http_traffic_get_sent (self->traffic));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_server_agent_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxServerAgent *self = DEVBOX_SERVER_AGENT (object);

  switch (property_id)
    {
    case PROP_WORKSPACE_PATH:
      devbox_property_set_string (object, pspec, &self->workspace_path, value);
      break;
    case PROP_HOST:
      devbox_property_set_string (object, pspec, &self->host, value);
      break;
    case PROP_PORT:
      devbox_property_set_uint (object, pspec, &self->port, value);
      break;
    case PROP_MAX_FILE_SIZE:
      devbox_property_set_uint64 (object, pspec, &self->max_file_size, value);
      break;
    case PROP_MAX_BATCH_SIZE:
      devbox_property_set_uint64 (object, pspec, &self->max_batch_size, value);
      break;
    case PROP_MAX_CONNECTIONS:
      devbox_property_set_uint (object, pspec, &self->max_connections, value);
      break;
    case PROP_MAX_SESSIONS:
      devbox_property_set_uint (object, pspec, &self->max_sessions, value);
      break;
    case PROP_OUTPUT_LIMIT:
      devbox_property_set_uint64 (object, pspec, &self->output_limit, value);
      break;
    case PROP_PROCESS_RETENTION:
      devbox_property_set_uint (object, pspec, &self->process_retention, value);
      break;
    case PROP_MAX_CONCURRENT_READS:
      devbox_property_set_uint (object, pspec, &self->max_concurrent_reads, value);
      break;
    case PROP_ENABLE_CORS:
      devbox_property_set_boolean (object, pspec, &self->enable_cors, value);
      break;
    case PROP_CORS_ORIGINS:
      devbox_property_set_strv (object, pspec, &self->cors_origins, value);
      break;
    case PROP_HOST_NAMES:
      devbox_property_set_strv (object, pspec, &self->host_names, value);
      break;
    case PROP_TOKEN:
      devbox_property_set_string (object, pspec, &self->token, value);
      break;
    case PROP_STARTUP_COMMAND:
      devbox_property_set_string (object, pspec, &self->startup_command, value);
      break;
    case PROP_ALLOW_UNAUTHENTICATED:
      devbox_property_set_boolean (object, pspec, &self->allow_unauthenticated, value);
      break;
    case PROP_LISTEN_FD:
      if (self->listen_fd >= 0)
        g_close (self->listen_fd, NULL);
      self->listen_fd = g_value_get_int (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_BASE_ENVIRONMENT:
      devbox_property_set_strv (object, pspec, &self->base_environment, value);
      break;
    case PROP_OPEN_FILES_LIMIT:
      devbox_property_set_uint64 (object, pspec, &self->open_files_limit, value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_server_agent_dispose (GObject *object)
{
  DevboxServerAgent *self = DEVBOX_SERVER_AGENT (object);

  if (self->thread != NULL)
    devbox_agent_thread_stop (g_steal_pointer (&self->thread), 0);

  G_OBJECT_CLASS (devbox_server_agent_parent_class)->dispose (object);
}

static void
devbox_server_agent_finalize (GObject *object)
{
  DevboxServerAgent *self = DEVBOX_SERVER_AGENT (object);

  g_free (self->workspace_path);
  g_free (self->host);
  g_strfreev (self->cors_origins);
  g_strfreev (self->host_names);
  g_free (self->token);
  g_free (self->effective_token);
  g_strfreev (self->base_environment);
  g_free (self->startup_command);
  if (self->listen_fd >= 0)
    g_close (self->listen_fd, NULL);
  devbox_request_outbox_unref (self->outbox);
  devbox_http_traffic_unref (self->traffic);

  G_OBJECT_CLASS (devbox_server_agent_parent_class)->finalize (object);
}

static void
devbox_server_agent_class_init (DevboxServerAgentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = devbox_server_agent_get_property;
  object_class->set_property = devbox_server_agent_set_property;
  object_class->dispose = devbox_server_agent_dispose;
  object_class->finalize = devbox_server_agent_finalize;

  /**
   * DevboxServerAgent:workspace-path:
   *
   * The folder that is served, the only one that file requests can reach.
   *
   * Since: 1.0
   */
  properties[PROP_WORKSPACE_PATH]
      = g_param_spec_string ("workspace-path", NULL, NULL, "/workspace", flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:host:
   *
   * The address to listen at: an IP address, or `localhost`. `0.0.0.0` and `::` mean every address of the machine.
   *
   * Since: 1.0
   */
  properties[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, DEFAULT_HOST, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:port:
   *
   * The TCP port to listen at; 0 for any free one, which [method@Agent.dup_uri] tells.
   *
   * Since: 1.0
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:max-file-size:
   *
   * How large a file may be that a request writes, in bytes after decoding; 0 for no limit.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_FILE_SIZE] = g_param_spec_uint64 ("max-file-size", NULL, NULL, 0, G_MAXUINT64,
                                                        DEFAULT_MAX_FILE_SIZE, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:max-batch-size:
   *
   * How much the files of one request may take together, such as those of a batch or an archive, in bytes after
   * decoding; 0 for no limit.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_BATCH_SIZE] = g_param_spec_uint64 ("max-batch-size", NULL, NULL, 0, G_MAXUINT64,
                                                         DEFAULT_MAX_BATCH_SIZE, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:max-connections:
   *
   * How many connections may be open at once. One more closes the one that has been idle for the longest time. They
   * never take more than half of the process's limit of open files.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_CONNECTIONS] = g_param_spec_uint ("max-connections", NULL, NULL, 1, G_MAXUINT,
                                                        DEFAULT_MAX_CONNECTIONS, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:max-sessions:
   *
   * How many sessions, which are shells that live on, may be active at once; 0 for none at all.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_SESSIONS]
      = g_param_spec_uint ("max-sessions", NULL, NULL, 0, G_MAXUINT, DEFAULT_MAX_SESSIONS, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:output-limit:
   *
   * How much is kept of each stream that a command writes, in bytes; 0 for as much as all commands may take together,
   * 1 GiB. What is dropped beyond it is marked as missing.
   *
   * Since: 1.0
   */
  properties[PROP_OUTPUT_LIMIT] = g_param_spec_uint64 ("output-limit", NULL, NULL, 0, G_MAXUINT64, DEFAULT_OUTPUT_LIMIT,
                                                       flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:process-retention:
   *
   * How long a command stays known after its end, with what it wrote, in milliseconds; 0 for 30 seconds, or 4 hours if
   * it was started in the current dialect. Where many end at once, the oldest go sooner.
   *
   * Since: 1.0
   */
  properties[PROP_PROCESS_RETENTION]
      = g_param_spec_uint ("process-retention", NULL, NULL, 0, G_MAXINT, 0, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:max-concurrent-reads:
   *
   * How many files a search for text reads at the same time; it never reads more than 64.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_CONCURRENT_READS] = g_param_spec_uint ("max-concurrent-reads", NULL, NULL, 1, G_MAXUINT,
                                                             DEFAULT_MAX_CONCURRENT_READS, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:enable-cors:
   *
   * Whether pages of loopback origins, and of those in [property@Agent:cors-origins], may use the agent.
   *
   * Since: 1.0
   */
  properties[PROP_ENABLE_CORS] = g_param_spec_boolean ("enable-cors", NULL, NULL, FALSE, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:cors-origins:
   *
   * Further origins whose pages may use the agent, such as `https://app.example`; `*` means all. Naming any turns CORS
   * on.
   *
   * Since: 1.0
   */
  properties[PROP_CORS_ORIGINS] = g_param_spec_boxed ("cors-origins", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxServerAgent:host-names:
   *
   * Names by which the agent is reached beside loopback ones. An agent without a token answers no request whose `Host`
   * is another.
   *
   * Since: 1.0
   */
  properties[PROP_HOST_NAMES] = g_param_spec_boxed ("host-names", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxServerAgent:token:
   *
   * The token that requests must carry as `Authorization: Bearer`, or %NULL (or an empty one) for none; see
   * [method@Agent.dup_token] for what holds then.
   *
   * Since: 1.0
   */
  properties[PROP_TOKEN] = g_param_spec_string ("token", NULL, NULL, NULL, flags);

  /**
   * DevboxServerAgent:allow-unauthenticated:
   *
   * Whether an agent that is reached beyond loopback may go without a token.
   *
   * Since: 1.0
   */
  properties[PROP_ALLOW_UNAUTHENTICATED]
      = g_param_spec_boolean ("allow-unauthenticated", NULL, NULL, FALSE, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:listen-fd:
   *
   * A listening stream socket to accept connections from instead of host and port, or -1. The agent owns it, and the
   * next start uses it up.
   *
   * Since: 1.0
   */
  properties[PROP_LISTEN_FD] = g_param_spec_int ("listen-fd", NULL, NULL, -1, G_MAXINT, -1, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:base-environment:
   *
   * The environment that commands start from, as `NAME=value` strings; %NULL for that of this process. The agent's own
   * secrets are left out of either.
   *
   * Since: 1.0
   */
  properties[PROP_BASE_ENVIRONMENT] = g_param_spec_boxed ("base-environment", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxServerAgent:open-files-limit:
   *
   * The soft limit of open files that commands start with, where that of this process was raised for the agent's sake;
   * 0 for the process's own.
   *
   * Since: 1.0
   */
  properties[PROP_OPEN_FILES_LIMIT]
      = g_param_spec_uint64 ("open-files-limit", NULL, NULL, 0, G_MAXUINT64, 0, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerAgent:startup-command:
   *
   * A command line for `/bin/sh` that is started in the workspace as soon as the agent runs, and is one of the
   * processes that it lists from then on; %NULL for none. It has no deadline, and ends with the agent at the latest.
   *
   * Since: 1.0
   */
  properties[PROP_STARTUP_COMMAND] = g_param_spec_string ("startup-command", NULL, NULL, NULL, flags);

  /**
   * DevboxServerAgent:bytes-received:
   *
   * How many bytes came in on connections of the agent, WebSockets included, with all of HTTP around them, since the
   * agent was made; a start does not set it back. It may be read in any thread, and is not notified.
   *
   * Since: 1.0
   */
  properties[PROP_BYTES_RECEIVED] = g_param_spec_uint64 ("bytes-received", NULL, NULL, 0, G_MAXUINT64, 0,
                                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxServerAgent:bytes-sent:
   *
   * How many bytes went out on connections of the agent; see [property@Agent:bytes-received].
   *
   * Since: 1.0
   */
  properties[PROP_BYTES_SENT]
      = g_param_spec_uint64 ("bytes-sent", NULL, NULL, 0, G_MAXUINT64, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DevboxServerAgent::request-finished:
   * @self: the agent
   * @method: the HTTP method
   * @path: the path of the request, as it was sent, without its query
   * @status: the HTTP status of the reply; 0 when the client went away before there was any
   * @bytes_sent: how many bytes the reply had
   * @duration: how long it took, in microseconds
   *
   * Emitted in the main context that was the thread default when the agent was made, after each request.
   *
   * Since: 1.0
   */
  signals[SIGNAL_REQUEST_FINISHED]
      = g_signal_new ("request-finished", DEVBOX_SERVER_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                      5, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_UINT, G_TYPE_UINT64, G_TYPE_INT64);
}

static void
devbox_server_agent_init (DevboxServerAgent *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->outbox = devbox_request_outbox_new (G_OBJECT (self), context, emit_request_finished);
  self->traffic = devbox_http_traffic_new ();
  self->listen_fd = -1;
}
