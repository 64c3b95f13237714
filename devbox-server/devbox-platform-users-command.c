/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-options-private.h"
#include "devbox-program-private.h"
#include "devbox-secret-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <glib/gi18n-lib.h>
#include <libsoup/soup.h>
#include <stdlib.h>
#include <string.h>

/* devbox-platform users …: a client of the platform that runs, with the kubeconfig of its first user. */

#define TIMEOUT_S 30

typedef struct
{
  char *server;
  char *token;
  GTlsCertificate *authority; /* the one that the platform has itself, or NULL */
} Access;

static void
access_clear (Access *self)
{
  g_free (self->server);
  devbox_secret_free (self->token);
  g_clear_object (&self->authority);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Access, access_clear)

static GTlsCertificate *
read_authority (const char *encoded, GError **error)
{
  gsize size = 0;
  g_autofree guchar *pem = g_base64_decode (encoded, &size);

  return g_tls_certificate_new_from_pem ((const char *) pem, size, error);
}

static gboolean
read_access (const DevboxPlatformOptions *options, Access *self, GError **error)
{
  g_autofree char *path = options->kubeconfig_path != NULL ? g_strdup (options->kubeconfig_path)
                                                           : devbox_wire_kubeconfig_dup_local_path ();
  g_autofree char *text = NULL;
  gsize size = 0;
  g_autoptr (DevboxWireSecretNode) root = NULL;
  DevboxWireKubeconfig kubeconfig = { 0 };

  if (!g_file_get_contents (path, &text, &size, error))
    return FALSE;
  root = devbox_wire_kubeconfig_parse (text, size, NULL, error);
  if (root == NULL || !devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, error))
    return FALSE;
  if (kubeconfig.server == NULL || kubeconfig.token == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("“%s” is not the kubeconfig of a local platform"),
                   path);
      return FALSE;
    }

  if (kubeconfig.authority != NULL)
    {
      self->authority = read_authority (kubeconfig.authority, error);
      if (self->authority == NULL)
        return FALSE;
    }
  self->server = g_strdup (kubeconfig.server);
  self->token = g_strdup (kubeconfig.token);
  return TRUE;
}

static GError *
error_of_answer (SoupMessage *message, GBytes *body)
{
  g_autoptr (JsonObject) object
      = devbox_wire_json_parse_object (g_bytes_get_data (body, NULL), g_bytes_get_size (body), NULL);
  const char *text = NULL;

  if (object == NULL || !devbox_wire_json_get_string (object, "error", TRUE, &text, NULL))
    text = soup_message_get_reason_phrase (message);

  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, text);
}

/* The kubeconfig tells whose certificate it is, whoever signed it and whatever name it bears. */
static gboolean
on_accept_certificate (SoupMessage *message,
                       GTlsCertificate *certificate,
                       GTlsCertificateFlags errors,
                       const Access *access)
{
  return access->authority != NULL && g_tls_certificate_is_same (certificate, access->authority);
}

static JsonObject *
ask (const Access *access, const char *method, const char *path, const char *body, GError **error)
{
  g_autofree char *uri = g_strconcat (access->server, path, NULL);
  g_autofree char *authorization = g_strconcat ("Bearer ", access->token, NULL);
  g_autoptr (SoupSession) session = soup_session_new_with_options ("timeout", TIMEOUT_S, "proxy-resolver", NULL, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (method, uri);
  g_autoptr (GBytes) request = body != NULL ? g_bytes_new (body, strlen (body)) : NULL;
  g_autoptr (GBytes) answer = NULL;

  if (message == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("“%s” is no address"), access->server);
      return NULL;
    }

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  g_signal_connect (message, "accept-certificate", G_CALLBACK (on_accept_certificate), (gpointer) access);
  soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", authorization);
  if (request != NULL)
    soup_message_set_request_body_from_bytes (message, "application/json", request);
  answer = soup_session_send_and_read (session, message, NULL, error);
  if (answer == NULL)
    return NULL;

  if (!SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (message)))
    {
      g_propagate_error (error, error_of_answer (message, answer));
      return NULL;
    }

  return devbox_wire_json_parse_object (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), error);
}

static gboolean
list_users (const Access *access, GError **error)
{
  g_autoptr (JsonObject) answer = ask (access, SOUP_METHOD_GET, "/api/v1/users", NULL, error);
  JsonArray *users = NULL;

  if (answer == NULL || !devbox_wire_json_get_array (answer, "data", TRUE, &users, error))
    return FALSE;

  for (guint i = 0; i < json_array_get_length (users); i++)
    {
      JsonNode *node = json_array_get_element (users, i);
      const char *name = NULL;

      if (!JSON_NODE_HOLDS_OBJECT (node)
          || !devbox_wire_json_get_string (json_node_get_object (node), "name", TRUE, &name, error))
        return FALSE;
      g_print ("%s\n", name);
    }

  return TRUE;
}

/* What came is the only copy: it goes to standard output, for a file. */
static gboolean
print_kubeconfig (JsonObject *answer, GError **error)
{
  G_GNUC_UNUSED g_autoptr (JsonObject) owned = answer;
  const char *kubeconfig = NULL;

  if (answer == NULL || !devbox_wire_json_get_string (answer, "kubeconfig", TRUE, &kubeconfig, error))
    return FALSE;

  g_print ("%s", kubeconfig);
  return TRUE;
}

static gboolean
add_user (const Access *access, const char *name, GError **error)
{
  g_autoptr (GString) body = g_string_new ("{\"name\":");

  devbox_wire_json_append_string (body, name, -1);
  g_string_append_c (body, '}');

  return print_kubeconfig (ask (access, SOUP_METHOD_POST, "/api/v1/users", body->str, error), error);
}

static char *
get_path (const char *name, const char *action)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);

  return g_strconcat ("/api/v1/users/", escaped, action, NULL);
}

static gboolean
rotate_user (const Access *access, const char *name, GError **error)
{
  g_autofree char *path = get_path (name, "/rotate");

  return print_kubeconfig (ask (access, SOUP_METHOD_POST, path, "{}", error), error);
}

static gboolean
remove_user (const Access *access, const char *name, GError **error)
{
  g_autofree char *path = get_path (name, "");
  g_autoptr (JsonObject) answer = ask (access, SOUP_METHOD_DELETE, path, NULL, error);

  return answer != NULL;
}

static gboolean
run (const Access *access, const char *const *command, GError **error)
{
  const char *action = command[1];

  if (strcmp (action, "list") == 0)
    return list_users (access, error);
  else if (strcmp (action, "add") == 0)
    return add_user (access, command[2], error);
  else if (strcmp (action, "rotate") == 0)
    return rotate_user (access, command[2], error);
  else
    return remove_user (access, command[2], error);
}

static gboolean
is_valid (const char *const *command)
{
  static const char *const with_name[] = { "add", "rotate", "remove", NULL };
  guint length = g_strv_length ((char **) command);

  if (strcmp (command[0], "users") != 0)
    return FALSE;

  return (length == 2 && strcmp (command[1], "list") == 0) || (length == 3 && g_strv_contains (with_name, command[1]));
}

int
devbox_platform_run_users_command (const DevboxPlatformOptions *options)
{
  g_auto (Access) access = { 0 };
  const char *const *command = (const char *const *) options->command;
  g_autoptr (GError) error = NULL;

  if (!is_valid (command))
    {
      g_printerr ("devbox-platform: %s\n",
                  _ ("Commands are: users list, users add NAME, users rotate NAME, users remove NAME"));
      return DEVBOX_PROGRAM_EXIT_USAGE;
    }

  if (read_access (options, &access, &error) && run (&access, command, &error))
    return EXIT_SUCCESS;

  g_printerr ("devbox-platform: %s\n", error->message);
  return EXIT_FAILURE;
}
