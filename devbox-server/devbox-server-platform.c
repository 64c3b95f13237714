/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-platform-inner-private.h"

#include "devbox-platform-service-private.h"
#include "devbox-property-private.h"
#include "devbox-request-outbox-private.h"
#include "devbox-server-enum-types.h"
#include "devbox-wire-kubeconfig-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * DevboxServerPlatform:
 *
 * A platform for devboxes on this one machine: the REST API that Sealos has for creating, starting, pausing and
 * deleting them, with nothing else installed.
 *
 * Each devbox is a folder and an agent ([class@Agent]) with its own address, in a bubblewrap sandbox where that can be
 * had. What there is of them is kept in the data folder and outlives the platform: one that is started on the same
 * folder has the same devboxes, and starts those that ran. No process of a devbox outlives the platform.
 *
 * The platform runs in a thread and main context of its own, so that a program may embed it and talk to it with
 * blocking calls, from one thread at a time. Its properties are read when [method@Platform.start] is called; later
 * changes count from the next start. All requests need a token, which stands in a kubeconfig that is written at the
 * first start. The API is told in the wire contract (`docs/wire.md`).
 *
 * ```python
 * platform = DevboxServer.Platform.new("/tmp/devboxes")
 * platform.start(None)
 * print(platform.dup_uri(), platform.dup_kubeconfig_path())
 * platform.stop()
 * ```
 *
 * Since: 1.0
 */

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_SAMPLE_INTERVAL 5000
#define STOP_GRACE_MS 10000

struct _DevboxServerPlatform
{
  GObject parent_instance;

  char *data_folder;
  char *host;
  guint port;
  DevboxServerSandbox sandbox;
  char *agent_program;
  char *kubeconfig_path;
  guint sample_interval;
  GTlsCertificate *tls_certificate;
  gboolean allow_plaintext;
  guint64 open_files_limit;

  DevboxRequestOutbox *outbox;

  /* While it runs */
  DevboxServiceThread *thread;
  DevboxPlatformConfig config; /* until the service takes it */
  char *uri;
  char *active_kubeconfig_path;
  DevboxSandboxKind active_sandbox;
  char *sandbox_reason;
};

G_DEFINE_FINAL_TYPE (DevboxServerPlatform, devbox_server_platform, G_TYPE_OBJECT)

enum
{
  PROP_DATA_FOLDER = 1,
  PROP_HOST,
  PROP_PORT,
  PROP_SANDBOX,
  PROP_AGENT_PROGRAM,
  PROP_KUBECONFIG_PATH,
  PROP_SAMPLE_INTERVAL,
  PROP_TLS_CERTIFICATE,
  PROP_ALLOW_PLAINTEXT,
  PROP_OPEN_FILES_LIMIT,
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

/* The service, in its thread. Dispose joins that thread, so that this object is there as long as these run. */

static void
on_request_finished (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxServerPlatform *self = user_data;

  if (g_signal_has_handler_pending (self, signals[SIGNAL_REQUEST_FINISHED], 0, FALSE))
    devbox_request_outbox_push (self->outbox, exchange);
}

static gpointer
start_service (gpointer data, GError **error)
{
  DevboxServerPlatform *self = data;
  DevboxPlatformService *service = devbox_platform_service_new (&self->config, error);
  DevboxSandbox *sandbox;

  if (service == NULL)
    return NULL;

  devbox_platform_service_set_finished_func (service, on_request_finished, self);
  sandbox = devbox_platform_service_get_sandbox (service);
  self->uri = g_strdup (devbox_platform_service_get_uri (service));
  self->active_sandbox = devbox_sandbox_get_kind (sandbox);
  self->sandbox_reason = g_strdup (devbox_sandbox_get_reason (sandbox));

  return service;
}

static void
stop_service (gpointer service, guint grace_ms, GDestroyNotify func, gpointer user_data)
{
  devbox_platform_service_stop (service, grace_ms, func, user_data);
}

static void
free_service (gpointer service)
{
  devbox_platform_service_free (service);
}

static const DevboxServiceFuncs service_funcs = { "devbox-platform", start_service, stop_service, free_service };

static DevboxSandboxKind
get_sandbox_kind (DevboxServerSandbox sandbox)
{
  switch (sandbox)
    {
    case DEVBOX_SERVER_SANDBOX_BUBBLEWRAP:
      return DEVBOX_SANDBOX_BUBBLEWRAP;
    case DEVBOX_SERVER_SANDBOX_NONE:
      return DEVBOX_SANDBOX_NONE;
    case DEVBOX_SERVER_SANDBOX_AUTO:
    default:
      return DEVBOX_SANDBOX_AUTO;
    }
}

static void
fill_config (DevboxServerPlatform *self)
{
  DevboxPlatformConfig *config = &self->config;

  config->data_folder = devbox_server_platform_dup_data_folder (self);
  config->host = g_strdup (self->host != NULL ? self->host : DEFAULT_HOST);
  config->port = self->port;
  config->sandbox = get_sandbox_kind (self->sandbox);
  config->agent_program = g_strdup (self->agent_program);
  config->kubeconfig_path = g_strdup (self->active_kubeconfig_path);
  config->sample_interval_ms = self->sample_interval;
  config->certificate = self->tls_certificate != NULL ? g_object_ref (self->tls_certificate) : NULL;
  config->allow_plaintext = self->allow_plaintext;
  config->open_files_limit = self->open_files_limit;
}

static void
forget_run (DevboxServerPlatform *self)
{
  devbox_platform_config_clear (&self->config);
  g_clear_pointer (&self->uri, g_free);
  g_clear_pointer (&self->sandbox_reason, g_free);
}

gboolean
devbox_server_platform_call (DevboxServerPlatform *self, DevboxServiceCallFunc func, gpointer user_data, GError **error)
{
  if (self->thread == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, _ ("The platform does not run"));
      return FALSE;
    }

  devbox_service_thread_call (self->thread, func, user_data);
  return TRUE;
}

/**
 * devbox_server_platform_new:
 * @data_folder: (type filename) (nullable): the folder that keeps the devboxes, made when it is missing; %NULL for
 * `devbox-platform` in the user's data folder
 *
 * Makes a platform that listens at `127.0.0.1` and a free port. Set its properties before [method@Platform.start] for
 * anything else.
 *
 * Returns: (transfer full): a new platform that does not run yet
 *
 * Since: 1.0
 */
DevboxServerPlatform *
devbox_server_platform_new (const char *data_folder)
{
  return g_object_new (DEVBOX_SERVER_TYPE_PLATFORM, "data-folder", data_folder, NULL);
}

/**
 * devbox_server_platform_start:
 * @self: a platform
 * @cancellable: (nullable): a cancellable, looked at before the platform starts
 * @error: return location for an error
 *
 * Starts the platform in its own thread and returns when it accepts connections; the devboxes that should run start
 * meanwhile. What a platform that was killed has left on this data folder is put in order first. To start a platform
 * that runs is an error and changes nothing.
 *
 * Returns: whether the platform runs; on failure one of
 *   - %G_IO_ERROR_CANCELLED: @cancellable was cancelled before,
 *   - %G_IO_ERROR_PENDING: the platform runs already,
 *   - %G_IO_ERROR_BUSY: another platform has the data folder,
 *   - %G_IO_ERROR_ADDRESS_IN_USE, %G_IO_ERROR_PERMISSION_DENIED and other socket errors: it cannot listen at its host
 * and port,
 *   - %G_IO_ERROR_NOT_SUPPORTED: it would be reachable from other machines without TLS, see
 * [property@Platform:allow-plaintext],
 *   - %G_IO_ERROR_NO_SPACE, %G_IO_ERROR_PERMISSION_DENIED: the data folder or the kubeconfig cannot be written,
 *   - %G_IO_ERROR_NOT_DIRECTORY: the data folder, or one of those in it, is something else,
 *   - %G_IO_ERROR_NOT_FOUND: the agent's program is missing,
 *   - %G_IO_ERROR_FAILED: bubblewrap was asked for and does not work, or the data is damaged.
 *
 * Since: 1.0
 */
gboolean
devbox_server_platform_start (DevboxServerPlatform *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (self->thread != NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, _ ("The platform runs already"));
      return FALSE;
    }

  g_free (self->active_kubeconfig_path);
  self->active_kubeconfig_path
      = self->kubeconfig_path != NULL ? g_strdup (self->kubeconfig_path) : devbox_wire_kubeconfig_dup_local_path ();
  fill_config (self);
  self->thread = devbox_service_thread_start (&service_funcs, self, error);
  if (self->thread == NULL)
    forget_run (self);

  return self->thread != NULL;
}

/**
 * devbox_server_platform_stop:
 * @self: a platform
 *
 * Stops the platform: it accepts nothing more, lets requests that run end for up to 10 seconds, then stops every
 * devbox, for which it takes up to 10 seconds more. What the devboxes are meant to be stays: those that ran start again
 * with the platform. Blocks until that is done. Does nothing when the platform does not run.
 *
 * Since: 1.0
 */
void
devbox_server_platform_stop (DevboxServerPlatform *self)
{
  g_return_if_fail (DEVBOX_SERVER_IS_PLATFORM (self));

  if (self->thread == NULL)
    return;

  devbox_service_thread_stop (g_steal_pointer (&self->thread), STOP_GRACE_MS);
  forget_run (self);
}

/**
 * devbox_server_platform_is_running:
 * @self: a platform
 *
 * Tells whether the platform was started and not stopped.
 *
 * Returns: whether the platform runs
 *
 * Since: 1.0
 */
gboolean
devbox_server_platform_is_running (DevboxServerPlatform *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), FALSE);

  return self->thread != NULL;
}

/**
 * devbox_server_platform_dup_uri:
 * @self: a platform
 *
 * Gets the base address of the platform's API, such as `http://127.0.0.1:9758`, with the port that it really has.
 *
 * Returns: (transfer full) (nullable): the address, or %NULL when the platform does not run
 *
 * Since: 1.0
 */
char *
devbox_server_platform_dup_uri (DevboxServerPlatform *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), NULL);

  return g_strdup (self->uri);
}

/**
 * devbox_server_platform_dup_data_folder:
 * @self: a platform
 *
 * Gets the folder that keeps the devboxes, or would, when the platform was started now.
 *
 * Returns: (transfer full) (type filename): the path
 *
 * Since: 1.0
 */
char *
devbox_server_platform_dup_data_folder (DevboxServerPlatform *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), NULL);

  return self->data_folder != NULL ? g_strdup (self->data_folder)
                                   : g_build_filename (g_get_user_data_dir (), "devbox-platform", NULL);
}

/**
 * devbox_server_platform_dup_kubeconfig_path:
 * @self: a platform
 *
 * Gets where the kubeconfig of the first user is.
 *
 * Returns: (transfer full) (nullable) (type filename): the path, or %NULL when the platform was never started
 *
 * Since: 1.0
 */
char *
devbox_server_platform_dup_kubeconfig_path (DevboxServerPlatform *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), NULL);

  return g_strdup (self->active_kubeconfig_path);
}

/**
 * devbox_server_platform_dup_kubeconfig:
 * @self: a platform
 *
 * Reads the kubeconfig of the first user, which lets a client in.
 *
 * Returns: (transfer full) (nullable): the kubeconfig, or %NULL when the platform does not run or it cannot be read
 *
 * Since: 1.0
 */
char *
devbox_server_platform_dup_kubeconfig (DevboxServerPlatform *self)
{
  char *kubeconfig = NULL;

  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), NULL);

  if (self->thread != NULL)
    g_file_get_contents (self->active_kubeconfig_path, &kubeconfig, NULL, NULL);

  return kubeconfig;
}

/**
 * devbox_server_platform_get_active_sandbox:
 * @self: a platform
 *
 * Tells how the devboxes of a running platform are kept apart.
 *
 * Returns: %DEVBOX_SERVER_SANDBOX_BUBBLEWRAP or %DEVBOX_SERVER_SANDBOX_NONE; %DEVBOX_SERVER_SANDBOX_AUTO when it does
 * not run, since it is not known then
 *
 * Since: 1.0
 */
DevboxServerSandbox
devbox_server_platform_get_active_sandbox (DevboxServerPlatform *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), DEVBOX_SERVER_SANDBOX_AUTO);

  if (self->thread == NULL)
    return DEVBOX_SERVER_SANDBOX_AUTO;

  return self->active_sandbox == DEVBOX_SANDBOX_BUBBLEWRAP ? DEVBOX_SERVER_SANDBOX_BUBBLEWRAP
                                                           : DEVBOX_SERVER_SANDBOX_NONE;
}

/**
 * devbox_server_platform_dup_sandbox_reason:
 * @self: a platform
 *
 * Tells why the devboxes of a running platform have no sandbox although one was asked for where it can be had.
 *
 * Returns: (transfer full) (nullable): the reason, for people, or %NULL when there is none
 *
 * Since: 1.0
 */
char *
devbox_server_platform_dup_sandbox_reason (DevboxServerPlatform *self)
{
  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), NULL);

  return g_strdup (self->sandbox_reason);
}

static void
devbox_server_platform_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxServerPlatform *self = DEVBOX_SERVER_PLATFORM (object);

  switch (property_id)
    {
    case PROP_DATA_FOLDER:
      g_value_set_string (value, self->data_folder);
      break;
    case PROP_HOST:
      g_value_set_string (value, self->host);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_SANDBOX:
      g_value_set_enum (value, self->sandbox);
      break;
    case PROP_AGENT_PROGRAM:
      g_value_set_string (value, self->agent_program);
      break;
    case PROP_KUBECONFIG_PATH:
      g_value_set_string (value, self->kubeconfig_path);
      break;
    case PROP_SAMPLE_INTERVAL:
      g_value_set_uint (value, self->sample_interval);
      break;
    case PROP_TLS_CERTIFICATE:
      g_value_set_object (value, self->tls_certificate);
      break;
    case PROP_ALLOW_PLAINTEXT:
      g_value_set_boolean (value, self->allow_plaintext);
      break;
    case PROP_OPEN_FILES_LIMIT:
      g_value_set_uint64 (value, self->open_files_limit);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
set_sandbox (DevboxServerPlatform *self, DevboxServerSandbox sandbox)
{
  if (self->sandbox == sandbox)
    return;

  self->sandbox = sandbox;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SANDBOX]);
}

static void
devbox_server_platform_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxServerPlatform *self = DEVBOX_SERVER_PLATFORM (object);

  switch (property_id)
    {
    case PROP_DATA_FOLDER:
      devbox_property_set_string (object, pspec, &self->data_folder, value);
      break;
    case PROP_HOST:
      devbox_property_set_string (object, pspec, &self->host, value);
      break;
    case PROP_PORT:
      devbox_property_set_uint (object, pspec, &self->port, value);
      break;
    case PROP_SANDBOX:
      set_sandbox (self, g_value_get_enum (value));
      break;
    case PROP_AGENT_PROGRAM:
      devbox_property_set_string (object, pspec, &self->agent_program, value);
      break;
    case PROP_KUBECONFIG_PATH:
      devbox_property_set_string (object, pspec, &self->kubeconfig_path, value);
      break;
    case PROP_SAMPLE_INTERVAL:
      devbox_property_set_uint (object, pspec, &self->sample_interval, value);
      break;
    case PROP_TLS_CERTIFICATE:
      if (g_set_object (&self->tls_certificate, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_ALLOW_PLAINTEXT:
      devbox_property_set_boolean (object, pspec, &self->allow_plaintext, value);
      break;
    case PROP_OPEN_FILES_LIMIT:
      devbox_property_set_uint64 (object, pspec, &self->open_files_limit, value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_server_platform_dispose (GObject *object)
{
  devbox_server_platform_stop (DEVBOX_SERVER_PLATFORM (object));

  G_OBJECT_CLASS (devbox_server_platform_parent_class)->dispose (object);
}

static void
devbox_server_platform_finalize (GObject *object)
{
  DevboxServerPlatform *self = DEVBOX_SERVER_PLATFORM (object);

  devbox_request_outbox_unref (self->outbox);
  g_free (self->data_folder);
  g_free (self->host);
  g_free (self->agent_program);
  g_free (self->kubeconfig_path);
  g_free (self->active_kubeconfig_path);
  g_clear_object (&self->tls_certificate);

  G_OBJECT_CLASS (devbox_server_platform_parent_class)->finalize (object);
}

static void
devbox_server_platform_class_init (DevboxServerPlatformClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = devbox_server_platform_get_property;
  object_class->set_property = devbox_server_platform_set_property;
  object_class->dispose = devbox_server_platform_dispose;
  object_class->finalize = devbox_server_platform_finalize;

  /**
   * DevboxServerPlatform:data-folder: (type filename)
   *
   * The folder that keeps the devboxes; %NULL for `devbox-platform` in the user's data folder (`XDG_DATA_HOME`).
   *
   * Since: 1.0
   */
  properties[PROP_DATA_FOLDER] = g_param_spec_string ("data-folder", NULL, NULL, NULL, flags);

  /**
   * DevboxServerPlatform:host:
   *
   * The address to listen at; %NULL for `127.0.0.1`. One that other machines reach needs
   * [property@Platform:tls-certificate] or [property@Platform:allow-plaintext].
   *
   * Since: 1.0
   */
  properties[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, DEFAULT_HOST, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerPlatform:port:
   *
   * The port to listen at; 0 for any that is free.
   *
   * Since: 1.0
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerPlatform:sandbox:
   *
   * How devboxes are to be kept apart.
   *
   * Since: 1.0
   */
  properties[PROP_SANDBOX] = g_param_spec_enum ("sandbox", NULL, NULL, DEVBOX_SERVER_TYPE_SANDBOX,
                                                DEVBOX_SERVER_SANDBOX_AUTO, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerPlatform:agent-program: (type filename)
   *
   * The program that serves a devbox; %NULL for the `devbox-server` that belongs to this library.
   *
   * Since: 1.0
   */
  properties[PROP_AGENT_PROGRAM] = g_param_spec_string ("agent-program", NULL, NULL, NULL, flags);

  /**
   * DevboxServerPlatform:kubeconfig-path: (type filename)
   *
   * Where the kubeconfig of the first user is written, with mode 0600; %NULL for `devbox-platform/kubeconfig` in the
   * user's configuration folder (`XDG_CONFIG_HOME`), where clients without any configuration look.
   *
   * Since: 1.0
   */
  properties[PROP_KUBECONFIG_PATH] = g_param_spec_string ("kubeconfig-path", NULL, NULL, NULL, flags);

  /**
   * DevboxServerPlatform:sample-interval:
   *
   * How often the use of each running devbox is measured, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_SAMPLE_INTERVAL] = g_param_spec_uint ("sample-interval", NULL, NULL, 100, G_MAXINT,
                                                        DEFAULT_SAMPLE_INTERVAL, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerPlatform:tls-certificate:
   *
   * The certificate to serve HTTPS with, private key included; %NULL for plain HTTP.
   *
   * Since: 1.0
   */
  properties[PROP_TLS_CERTIFICATE] = g_param_spec_object ("tls-certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, flags);

  /**
   * DevboxServerPlatform:allow-plaintext:
   *
   * Whether the platform may listen beyond loopback without TLS, where everybody on the way reads the tokens.
   *
   * Since: 1.0
   */
  properties[PROP_ALLOW_PLAINTEXT]
      = g_param_spec_boolean ("allow-plaintext", NULL, NULL, FALSE, flags | G_PARAM_CONSTRUCT);

  /**
   * DevboxServerPlatform:open-files-limit:
   *
   * The soft limit of open files that devboxes start with, where that of this process was raised for the platform's
   * sake; 0 for the process's own. Each devbox takes some descriptors of the platform, and each connection one.
   *
   * Since: 1.0
   */
  properties[PROP_OPEN_FILES_LIMIT]
      = g_param_spec_uint64 ("open-files-limit", NULL, NULL, 0, G_MAXUINT64, 0, flags | G_PARAM_CONSTRUCT);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DevboxServerPlatform::request-finished:
   * @self: the platform
   * @method: the HTTP method
   * @path: the path of the request, as it was sent, without its query
   * @status: the HTTP status of the reply; 0 when the client went away before there was any
   * @bytes_sent: how many bytes the reply had
   * @duration: how long it took, in microseconds
   *
   * Emitted in the main context that was the thread default when the platform was made, after each request to it.
   *
   * Since: 1.0
   */
  signals[SIGNAL_REQUEST_FINISHED]
      = g_signal_new ("request-finished", DEVBOX_SERVER_TYPE_PLATFORM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 5, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_UINT, G_TYPE_UINT64, G_TYPE_INT64);
}

static void
devbox_server_platform_init (DevboxServerPlatform *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->outbox = devbox_request_outbox_new (G_OBJECT (self), context, emit_request_finished);
}
