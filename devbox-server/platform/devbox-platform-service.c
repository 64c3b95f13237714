/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-service-private.h"

#include "devbox-box-host-private.h"
#include "devbox-box-process-private.h"
#include "devbox-box-table-inner-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-http-access-log-private.h"
#include "devbox-http-tls-front-private.h"
#include "devbox-platform-access-private.h"
#include "devbox-platform-listen-policy-private.h"
#include "devbox-sampler-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FOLDER_WORKERS 2
#define MAX_SLOW_WORKERS 4        /* up to two copy releases, and up to one measures */
#define MAX_WAITING_FOLDERS 20000 /* every box of a user may be made or deleted at once */
#define LAST_BYTES_MS 1000        /* for replies that wait behind TLS */
#define RETIRE_TIMEOUT_MS 20000   /* each box has 10 s; one may be held by the kernel for longer */
#define KILL_TIMEOUT_MS 5000
#define MAX_HEAD_SIZE (64 * 1024) /* a whole kubeconfig stands in a header */

struct _DevboxPlatformService
{
  DevboxPlatformConfig config;
  gint64 start_time;
  DevboxBoxHost host;
  DevboxBoxTable *boxes;
  DevboxPlatformUsers *users;
  DevboxSampler *sampler;
  DevboxHttpGuard *guard;
  DevboxHttpRouter *router;
  DevboxHttpListener *listener;
  DevboxHttpTlsFront *tls_front; /* NULL: plain HTTP */
  char *uri;
  char *certificate; /* PEM, or NULL */
  DevboxHttpHandler finished;
  gpointer finished_data;
  GDestroyNotify stopped;
  gpointer stopped_data;
  GSource *deadline; /* of the boxes, to stop */
};

void
devbox_platform_config_clear (DevboxPlatformConfig *config)
{
  g_clear_pointer (&config->data_folder, g_free);
  g_clear_pointer (&config->host, g_free);
  g_clear_pointer (&config->agent_program, g_free);
  g_clear_pointer (&config->kubeconfig_path, g_free);
  g_clear_object (&config->certificate);
}

static void
on_request (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxPlatformService *self = user_data;

  devbox_http_router_dispatch (self->router, exchange);
}

static void
on_finished (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxPlatformService *self = user_data;

  devbox_http_access_log (exchange);
  if (self->finished != NULL)
    self->finished (exchange, self->finished_data);
}

/* The tokens of all users lie in there, and what it holds is run. */
static gboolean
close_to_others (int folder_fd, const char *path, GError **error)
{
  struct stat info;

  if (fstat (folder_fd, &info) == 0 && info.st_uid == geteuid ()
      && ((info.st_mode & 0077) == 0 || fchmod (folder_fd, 0700) == 0))
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS,
               _ ("The data folder “%s” belongs to somebody else"), path);
  return FALSE;
}

static gboolean
open_data_folder (DevboxPlatformService *self, GError **error)
{
  const char *path = self->config.data_folder;

  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot make the data folder “%s”"), path);
      return FALSE;
    }

  self->host.folder = realpath (path, NULL);
  self->host.folder_fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->host.folder != NULL && self->host.folder_fd >= 0)
    return close_to_others (self->host.folder_fd, path, error);

  devbox_wire_set_file_error (error, errno, _ ("Cannot open the data folder “%s”"), path);
  return FALSE;
}

static void
count_entry (int fd, const char *entry, gpointer user_data)
{
  guint *n_entries = user_data;

  (*n_entries)++;
}

/* What the store does not know is removed; a store that knows nobody was lost. It has a user before it has a devbox. */
static gboolean
check_store (DevboxBoxHost *host, GError **error)
{
  g_autoptr (GPtrArray) users = devbox_store_load_users (host->store, error);
  guint n_entries = 0;

  if (users == NULL)
    return FALSE;
  if (users->len > 0)
    return TRUE;

  devbox_data_folder_for_each (host->folder_fd, DEVBOX_BOX_FOLDER_BOXES, count_entry, &n_entries);
  devbox_data_folder_for_each (host->folder_fd, DEVBOX_BOX_FOLDER_RELEASES, count_entry, &n_entries);
  if (n_entries == 0)
    return TRUE;

  g_set_error (
      error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
      _ ("“%s” has the folders of devboxes, but state.sqlite in there knows none: put a good copy of it in its "
         "place, or move the folders “boxes” and “releases” away"),
      host->folder);
  return FALSE;
}

static gboolean
open_host (DevboxPlatformService *self, GError **error)
{
  DevboxBoxHost *host = &self->host;

  if (!open_data_folder (self, error))
    return FALSE;
  host->sandbox = devbox_sandbox_new (self->config.sandbox, self->config.agent_program, error);
  if (host->sandbox == NULL)
    return FALSE;
  devbox_sandbox_set_open_files_limit (host->sandbox, self->config.open_files_limit);
  if (devbox_sandbox_get_reason (host->sandbox) != NULL)
    g_message ("devboxes run as plain processes, without a sandbox: %s", devbox_sandbox_get_reason (host->sandbox));

  host->workers = devbox_workers_new (MAX_FOLDER_WORKERS, MAX_WAITING_FOLDERS);
  host->slow_workers = devbox_workers_new (MAX_SLOW_WORKERS, MAX_WAITING_FOLDERS);
  host->templates = devbox_template_set_new ();
  host->store = devbox_store_new (host->folder, error);
  if (host->store == NULL || !check_store (host, error))
    return FALSE;

  host->releases = devbox_release_table_new (host->store, host->slow_workers, host->folder, error);
  return host->releases != NULL;
}

static void
close_host (DevboxBoxHost *host)
{
  /* What they tell at their end finds them still, and is refused. */
  if (host->workers != NULL)
    devbox_workers_free (host->workers);
  if (host->slow_workers != NULL)
    devbox_workers_free (host->slow_workers);
  g_clear_pointer (&host->releases, devbox_release_table_free);
  g_clear_pointer (&host->store, devbox_store_free);
  g_clear_pointer (&host->templates, devbox_template_set_free);
  g_clear_pointer (&host->sandbox, devbox_sandbox_free);
  g_clear_pointer (&host->folder, free);
  if (host->folder_fd >= 0)
    g_close (host->folder_fd, NULL);
}

/* A client that has the kubeconfig trusts this certificate and no other. */
static gboolean
listen_with_tls (DevboxPlatformService *self, GError **error)
{
  g_autofree char *uri = NULL;

  self->tls_front = devbox_http_tls_front_new (self->listener, self->config.certificate, error);
  if (self->tls_front == NULL
      || !devbox_http_tls_front_listen (self->tls_front, self->config.host, self->config.port, error))
    return FALSE;

  g_object_get (self->config.certificate, "certificate-pem", &self->certificate, NULL);
  uri = devbox_http_listener_dup_uri (self->listener);
  self->uri = g_strconcat ("https", uri + strlen ("http"), NULL);

  return TRUE;
}

/* Boxes need descriptors too: connections never take more than half of them, three each behind TLS. */
static void
limit_connections (DevboxHttpLimits *limits, gboolean has_tls)
{
  struct rlimit open_files;

  if (getrlimit (RLIMIT_NOFILE, &open_files) == 0)
    limits->max_connections = CLAMP (open_files.rlim_cur / 2 / (has_tls ? 3 : 1), 1, limits->max_connections);
}

static gboolean
open_listener (DevboxPlatformService *self, GError **error)
{
  DevboxPlatformConfig *config = &self->config;
  DevboxHttpLimits limits = DEVBOX_HTTP_LIMITS_INIT;

  if (!devbox_platform_check_listen_policy (config->host, config->certificate != NULL, config->allow_plaintext, error))
    return FALSE;

  limits.max_head_size = MAX_HEAD_SIZE;
  limit_connections (&limits, config->certificate != NULL);
  self->listener = devbox_http_listener_new (g_main_context_get_thread_default (), &limits, on_request, self, NULL);
  devbox_http_listener_set_finished_func (self->listener, on_finished, self, NULL);
  if (config->certificate != NULL)
    return listen_with_tls (self, error);
  if (!devbox_http_listener_listen (self->listener, config->host, config->port, error))
    return FALSE;

  self->uri = devbox_http_listener_dup_uri (self->listener);
  return TRUE;
}

static gboolean
open_access (DevboxPlatformService *self, GError **error)
{
  self->users = devbox_platform_users_new (self->host.store, error);

  return self->users != NULL
         && devbox_platform_access_provide (self->users, self->config.kubeconfig_path, self->uri, self->certificate,
                                            error);
}

DevboxPlatformService *
devbox_platform_service_new (DevboxPlatformConfig *config, GError **error)
{
  DevboxPlatformService *self = g_new0 (DevboxPlatformService, 1);

  self->config = *config;
  memset (config, 0, sizeof *config);
  self->start_time = g_get_monotonic_time ();
  self->host.folder_fd = -1;
  self->guard = devbox_http_guard_new ();
  self->router = devbox_http_router_new (self->guard);
  devbox_platform_add_routes (self->router, self);
  devbox_http_router_add (self->router, devbox_platform_users_routes, self);

  if (!open_host (self, error) || !open_listener (self, error) || !open_access (self, error))
    goto fail;
  devbox_platform_access_set_up_guard (self->users, self->guard);
  self->boxes = devbox_box_table_new (&self->host, error);
  if (self->boxes == NULL)
    goto fail;
  self->sampler
      = devbox_sampler_new (self->boxes, self->host.store, self->host.slow_workers, self->config.sample_interval_ms);

  return self;

fail:
  devbox_platform_service_free (self);
  return NULL;
}

void
devbox_platform_service_free (DevboxPlatformService *self)
{
  devbox_clear_source (&self->deadline);
  g_clear_pointer (&self->tls_front, devbox_http_tls_front_free);
  g_clear_pointer (&self->listener, devbox_http_listener_unref);
  g_clear_pointer (&self->sampler, devbox_sampler_free);
  g_clear_pointer (&self->boxes, devbox_box_table_free);
  if (!devbox_box_process_wait_for_all (KILL_TIMEOUT_MS))
    g_warning ("some processes of devboxes are not gone yet");
  close_host (&self->host);
  g_clear_pointer (&self->users, devbox_platform_users_free);
  g_clear_pointer (&self->router, devbox_http_router_free);
  g_clear_pointer (&self->guard, devbox_http_guard_free);
  devbox_platform_config_clear (&self->config);
  g_free (self->uri);
  g_free (self->certificate);
  g_free (self);
}

void
devbox_platform_service_set_finished_func (DevboxPlatformService *self, DevboxHttpHandler func, gpointer user_data)
{
  self->finished = func;
  self->finished_data = user_data;
}

/* Stopping: first the requests, then the boxes. */

static void
on_boxes_retired (gpointer data)
{
  DevboxPlatformService *self = data;

  devbox_clear_source (&self->deadline);
  self->stopped (self->stopped_data);
}

static gboolean
on_deadline (gpointer data)
{
  on_boxes_retired (data);

  return G_SOURCE_REMOVE;
}

static void
on_front_stopped (gpointer data)
{
  DevboxPlatformService *self = data;

  self->deadline = g_timeout_source_new (RETIRE_TIMEOUT_MS);
  g_source_set_callback (self->deadline, on_deadline, self, NULL);
  g_source_attach (self->deadline, g_main_context_get_thread_default ());
  devbox_box_table_retire (self->boxes, on_boxes_retired, self);
}

static void
on_listener_stopped (gpointer data)
{
  DevboxPlatformService *self = data;

  if (self->tls_front != NULL)
    devbox_http_tls_front_stop (self->tls_front, LAST_BYTES_MS, on_front_stopped, self);
  else
    on_front_stopped (self);
}

void
devbox_platform_service_stop (DevboxPlatformService *self, guint grace_ms, GDestroyNotify func, gpointer user_data)
{
  self->stopped = func;
  self->stopped_data = user_data;
  devbox_http_listener_stop (self->listener, grace_ms, on_listener_stopped, self);
}

DevboxBoxTable *
devbox_platform_service_get_boxes (DevboxPlatformService *self)
{
  return self->boxes;
}

DevboxReleaseTable *
devbox_platform_service_get_releases (DevboxPlatformService *self)
{
  return self->host.releases;
}

DevboxTemplateSet *
devbox_platform_service_get_templates (DevboxPlatformService *self)
{
  return self->host.templates;
}

DevboxPlatformUsers *
devbox_platform_service_get_users (DevboxPlatformService *self)
{
  return self->users;
}

DevboxSandbox *
devbox_platform_service_get_sandbox (DevboxPlatformService *self)
{
  return self->host.sandbox;
}

DevboxStore *
devbox_platform_service_get_store (DevboxPlatformService *self)
{
  return self->host.store;
}

const char *
devbox_platform_service_get_uri (DevboxPlatformService *self)
{
  return self->uri;
}

const char *
devbox_platform_service_get_certificate (DevboxPlatformService *self)
{
  return self->certificate;
}

const char *
devbox_platform_service_get_kubeconfig_path (DevboxPlatformService *self)
{
  return self->config.kubeconfig_path;
}

gint64
devbox_platform_service_get_uptime (DevboxPlatformService *self)
{
  return g_get_monotonic_time () - self->start_time;
}

gboolean
devbox_platform_service_is_healthy (DevboxPlatformService *self)
{
  return g_access (self->host.folder, W_OK) == 0;
}
