/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-link-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-box-protocol-private.h"
#include "devbox-port-forwarder-private.h"
#include "devbox-wire-json-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* However a stop goes, the box is gone then. */
#define END_SECONDS 5

#define MAX_FORWARDED 1024 /* connections */
/* The agent takes up to a half of all descriptors for its connections; one that is forwarded takes two. */
#define DESCRIPTORS_PER_FORWARDED 8

typedef struct
{
  DevboxServerAgent *agent;
  int fd;
  GMainLoop *loop;
  guint input_id;
  guint terminate_id;
  guint interrupt_id;

  char *home;                     /* NULL: not configured */
  GStrv environment;              /* of the user */
  DevboxPortForwarder *forwarder; /* NULL: no port was forwarded yet */
  gboolean is_started;
  gboolean is_stopping; /* in a thread, which uses the agent */
  int exit_status;
} Link;

static void
end (Link *self, int exit_status)
{
  self->exit_status = exit_status;
  g_main_loop_quit (self->loop);
}

static void
send_message (Link *self, GString *json)
{
  g_autoptr (GError) error = NULL;

  if (devbox_box_protocol_send (self->fd, json->str, json->len, -1, &error))
    return;

  g_printerr ("devbox-server: %s\n", error->message);
  end (self, EXIT_FAILURE);
}

/* Configuration */

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, message);

  return FALSE;
}

/* The guard lets a request pass that names the address, whoever the client is. */
static void
set_host (Link *self, int listen_fd)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fcntl (listen_fd, F_DUPFD_CLOEXEC, 0), NULL);
  g_autoptr (GSocketAddress) address = socket != NULL ? g_socket_get_local_address (socket, NULL) : NULL;
  g_autofree char *host = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return;

  host = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  g_object_set (self->agent, "host", host, NULL);
}

static gboolean
configure (Link *self, JsonObject *object, int *fd, GError **error)
{
  const char *token, *workspace_path, *home;

  if (!devbox_wire_json_get_string (object, "token", TRUE, &token, error)
      || !devbox_wire_json_get_string (object, "workspace", TRUE, &workspace_path, error)
      || !devbox_wire_json_get_string (object, "home", TRUE, &home, error))
    return FALSE;
  if (token[0] == '\0' || *fd < 0 || self->home != NULL)
    return refuse (error, _ ("The platform configured the devbox in a wrong way"));

  self->home = g_strdup (home);
  set_host (self, *fd);
  g_object_set (self->agent, "token", token, "workspace-path", workspace_path, "listen-fd", g_steal_fd (fd), NULL);

  return TRUE;
}

static GStrv
split_strings (const char *strings, gsize size)
{
  GStrvBuilder *builder = g_strv_builder_new ();
  GStrv result;

  for (gsize i = 0; i < size; i += strlen (strings + i) + 1)
    g_strv_builder_add (builder, strings + i);
  result = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);

  return result;
}

static gboolean
take_environment (Link *self, int fd, GError **error)
{
  g_autofree char *strings = NULL;
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0 || !S_ISREG (info.st_mode) || info.st_size > DEVBOX_BOX_PROTOCOL_MAX_ENVIRONMENT)
    return refuse (error, _ ("The platform passed on no environment"));

  strings = g_malloc0 (info.st_size + 1);
  if (pread (fd, strings, info.st_size, 0) != info.st_size)
    return refuse (error, _ ("The platform passed on no environment"));
  g_strfreev (self->environment);
  self->environment = split_strings (strings, info.st_size);
  explicit_bzero (strings, info.st_size);

  return TRUE;
}

static gboolean
set_startup_command (Link *self, JsonObject *object, GError **error)
{
  const char *command;

  if (!devbox_wire_json_get_string (object, "command", TRUE, &command, error))
    return FALSE;

  g_object_set (self->agent, "startup-command", command, NULL);
  return TRUE;
}

/* Nothing of the platform's own environment but what says where programs are and who runs them. */
static GStrv
build_environment (Link *self)
{
  static const char *const defaults[][2] = {
    { "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin" },
    { "LANG", "C.UTF-8" },
    { "USER", NULL },
  };
  GStrv environment = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      const char *value = g_getenv (defaults[i][0]);

      if (value == NULL)
        value = defaults[i][1] != NULL ? defaults[i][1] : g_get_user_name ();
      environment = g_environ_setenv (environment, defaults[i][0], value, TRUE);
    }
  environment = g_environ_setenv (environment, "HOME", self->home, TRUE);

  for (guint i = 0; self->environment != NULL && self->environment[i] != NULL; i++)
    {
      const char *equals = strchr (self->environment[i], '=');
      g_autofree char *name = equals != NULL ? g_strndup (self->environment[i], equals - self->environment[i]) : NULL;

      if (name != NULL && name[0] != '\0')
        environment = g_environ_setenv (environment, name, equals + 1, TRUE);
    }

  return environment;
}

/* Ports */

static guint
get_max_forwarded (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return MAX_FORWARDED;

  return CLAMP (limit.rlim_cur / DESCRIPTORS_PER_FORWARDED, 1, MAX_FORWARDED);
}

static gboolean
get_port (JsonObject *object, guint16 *port, GError **error)
{
  gint64 number;

  if (!devbox_wire_json_get_int (object, "port", TRUE, 1, G_MAXUINT16, &number, error))
    return FALSE;

  *port = number;
  return TRUE;
}

static gboolean
forward (Link *self, JsonObject *object, int *fd, GError **error)
{
  gboolean shares_network;
  guint16 port;

  if (!get_port (object, &port, error)
      || !devbox_wire_json_get_boolean (object, "shared", TRUE, &shares_network, error))
    return FALSE;

  if (*fd < 0)
    {
      g_printerr (_ ("devbox-server: There is no descriptor left to forward port %u\n"), port);
      return TRUE;
    }

  if (self->forwarder == NULL)
    self->forwarder = devbox_port_forwarder_new (get_max_forwarded (), error);

  return self->forwarder != NULL
         && devbox_port_forwarder_add (self->forwarder, port, shares_network, g_steal_fd (fd), error);
}

static gboolean
unforward (Link *self, JsonObject *object, GError **error)
{
  guint16 port;

  if (!get_port (object, &port, error))
    return FALSE;

  if (self->forwarder != NULL)
    devbox_port_forwarder_remove (self->forwarder, port);
  return TRUE;
}

static void
tell_counters (Link *self)
{
  g_autoptr (GString) json = g_string_new ("{\"type\":\"counted\"");
  guint64 bytes_in, bytes_out;
  guint64 forwarded_in = 0;
  guint64 forwarded_out = 0;

  g_object_get (self->agent, "bytes-received", &bytes_in, "bytes-sent", &bytes_out, NULL);
  if (self->forwarder != NULL)
    devbox_port_forwarder_get_bytes (self->forwarder, &forwarded_in, &forwarded_out);
  g_string_append_printf (json, ",\"bytesIn\":%" G_GUINT64_FORMAT ",\"bytesOut\":%" G_GUINT64_FORMAT "}",
                          bytes_in + forwarded_in, bytes_out + forwarded_out);
  send_message (self, json);
}

/* Start and stop */

static void
tell_failed (Link *self, const char *reason)
{
  g_autoptr (GString) json = g_string_new ("{\"type\":\"failed\",\"error\":");

  devbox_wire_json_append_string (json, reason, -1);
  g_string_append_c (json, '}');
  send_message (self, json);
}

static gboolean
start (Link *self, GError **error)
{
  g_autoptr (GString) ready = g_string_new ("{\"type\":\"ready\"}");
  g_auto (GStrv) environment = NULL;

  if (self->home == NULL || self->is_started)
    return refuse (error, _ ("The platform started a devbox that it did not configure"));

  self->is_started = TRUE;
  environment = build_environment (self);
  g_object_set (self->agent, "base-environment", environment, NULL);
  if (!devbox_server_agent_start (self->agent, NULL, error))
    {
      tell_failed (self, (*error)->message);
      return FALSE;
    }

  send_message (self, ready);
  return TRUE;
}

static void
stop_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  devbox_server_agent_stop (source_object);
  g_task_return_boolean (task, TRUE);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Link *self = user_data;

  self->is_stopping = FALSE;
  end (self, EXIT_SUCCESS);
}

/* It takes some seconds, in which the socket may end. */
static void
stop (Link *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->is_stopping)
    return;

  self->is_stopping = TRUE;
  task = g_task_new (self->agent, NULL, on_stopped, self);
  g_task_run_in_thread (task, stop_in_thread);
}

static gboolean
on_signal (gpointer user_data)
{
  stop (user_data);

  return G_SOURCE_CONTINUE;
}

/* Messages */

static gboolean
handle_message (Link *self, JsonObject *object, int *fd, GError **error)
{
  const char *type;

  if (!devbox_wire_json_get_string (object, "type", TRUE, &type, error))
    return FALSE;

  if (strcmp (type, "configure") == 0)
    return configure (self, object, fd, error);
  if (strcmp (type, "environment") == 0)
    return take_environment (self, *fd, error);
  if (strcmp (type, "forward") == 0)
    return forward (self, object, fd, error);
  if (strcmp (type, "unforward") == 0)
    return unforward (self, object, error);
  if (strcmp (type, "startup") == 0)
    return set_startup_command (self, object, error);
  if (strcmp (type, "start") == 0)
    return start (self, error);

  if (strcmp (type, "count") == 0)
    tell_counters (self);
  else if (strcmp (type, "stop") == 0)
    stop (self);
  else
    return refuse (error, _ ("The platform said something that no platform says"));

  return TRUE;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  Link *self = user_data;
  devbox_auto_descriptor int passed_fd = -1;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = devbox_box_protocol_receive (fd, &passed_fd, &error);

  if (object != NULL && handle_message (self, object, &passed_fd, &error))
    return G_SOURCE_CONTINUE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;

  if (error != NULL)
    g_printerr ("devbox-server: %s\n", error->message);
  end (self, error == NULL ? EXIT_SUCCESS : EXIT_FAILURE);

  return G_SOURCE_CONTINUE;
}

static void
link_clear (Link *self)
{
  g_source_remove (self->input_id);
  g_source_remove (self->terminate_id);
  g_source_remove (self->interrupt_id);
  g_clear_pointer (&self->forwarder, devbox_port_forwarder_free);
  g_clear_object (&self->agent);
  g_main_loop_unref (self->loop);
  devbox_auto_descriptor_clear (&self->fd);
  g_strfreev (self->environment);
  g_free (self->home);
}

int
devbox_box_link_run (DevboxServerAgent *agent, int socket_fd)
{
  Link self = { .agent = agent, .fd = socket_fd };

  /* Programs in the box have our user. One that took a socket that was made outside would have the network there. */
  if (prctl (PR_SET_DUMPABLE, 0) != 0)
    g_warning ("programs in the devbox can look into its agent: %s", g_strerror (errno));

  self.loop = g_main_loop_new (NULL, FALSE);
  self.input_id = g_unix_fd_add (socket_fd, G_IO_IN, on_readable, &self);
  self.terminate_id = g_unix_signal_add (SIGTERM, on_signal, &self);
  self.interrupt_id = g_unix_signal_add (SIGINT, on_signal, &self);
  g_main_loop_run (self.loop);

  /* The launcher kills every command when our end of its socket closes. */
  if (self.is_stopping)
    _exit (self.exit_status);
  alarm (END_SECONDS);
  link_clear (&self);

  return self.exit_status;
}
