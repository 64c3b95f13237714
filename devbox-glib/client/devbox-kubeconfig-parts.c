/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-kubeconfig-private.h"

#include "devbox-endpoint-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define MAX_FILE_SIZE (1024 * 1024)
#define MAX_TOKEN_SIZE (64 * 1024)
#define PLATFORM_LABEL "devbox."

void
devbox_kubeconfig_parts_free (DevboxKubeconfigParts *self)
{
  g_free (self->context);
  g_free (self->cluster);
  g_free (self->user);
  g_free (self->name_space);
  g_free (self->server);
  g_free (self->host);
  g_free (self->base_url);
  g_free (self->authorities);
  g_free (self->server_name);
  devbox_secret_free (self->proxy_url);
  g_free (self->impersonated);
  g_free (self->user_name);
  devbox_secret_free (self->password);
  devbox_credential_clear (&self->credential);
  g_free (self->token_path);
  g_clear_pointer (&self->plugin, devbox_exec_plugin_free);
  g_free (self);
}

/* Reading members and files */

typedef struct
{
  DevboxKubeconfigTree *tree;
  DevboxWireKubeconfig wire;
  GCancellable *cancellable;
} Reader;

static gboolean
fail_member (Reader *self, JsonObject *object, const char *name, GError **error, const char *format, ...)
    G_GNUC_PRINTF (5, 6);

static gboolean
fail_member (Reader *self, JsonObject *object, const char *name, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  return devbox_kubeconfig_tree_fail (self->tree, json_object_get_member (object, name), NULL, error, "%s", message);
}

/* What is empty counts as absent. */
static gboolean
get_text (Reader *self, JsonObject *object, const char *name, const char **value, GError **error)
{
  *value = NULL;
  if (!devbox_wire_json_get_string (object, name, FALSE, value, NULL))
    return fail_member (self, object, name, error, _ ("“%s” must be text"), name);
  if (*value != NULL && (*value)[0] == '\0')
    *value = NULL;

  return TRUE;
}

static gboolean
copy_text (Reader *self, JsonObject *object, const char *name, char **copy, GError **error)
{
  const char *value;

  if (!get_text (self, object, name, &value, error))
    return FALSE;

  *copy = g_strdup (value);
  return TRUE;
}

static gboolean
has_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node);
}

/* Base64 that may be broken into lines; what comes of it is text. */
static char *
decode (const char *data)
{
  DevboxWireBase64Decoder decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
  g_autoptr (DevboxSecret) stripped = g_malloc0 (strlen (data) + 1);
  char *text = g_malloc0 (strlen (data) + 4);
  gsize length = 0;
  gsize size = 0;
  gsize consumed;

  for (; *data != '\0'; data++)
    {
      if (!g_ascii_isspace (*data))
        stripped[length++] = *data;
    }
  if (devbox_wire_base64_decode (&decoder, stripped, length, (guint8 *) text, &size, &consumed)
      && devbox_wire_base64_is_complete (&decoder) && memchr (text, '\0', size) == NULL)
    {
      text[size] = '\0';
      return text;
    }

  explicit_bzero (text, size);
  g_free (text);
  return NULL;
}

static char *
read_file (Reader *self, JsonNode *fault, const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) cause = NULL;
  gsize size;
  char *text = devbox_kubeconfig_read_file (file, MAX_FILE_SIZE, &size, self->cancellable, &cause);

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&cause));
  else if (cause != NULL)
    devbox_kubeconfig_tree_fail (self->tree, fault, cause, error,
                                 /* Translators: a file, and why it cannot be read */
                                 _ ("Cannot read “%s”: %s"), path, cause->message);

  return text;
}

/* Data beats the path of a file. */
static gboolean
read_pem (Reader *self, JsonObject *object, const char *data_name, const char *path_name, char **pem, GError **error)
{
  const char *data;
  const char *path;

  if (!get_text (self, object, data_name, &data, error) || !get_text (self, object, path_name, &path, error))
    return FALSE;
  if (data == NULL && path == NULL)
    return TRUE;

  if (data != NULL)
    {
      *pem = decode (data);
      return *pem != NULL || fail_member (self, object, data_name, error, _ ("“%s” is not text in base64"), data_name);
    }

  if (!devbox_kubeconfig_tree_is_local (self->tree))
    return fail_member (self, object, path_name, error,
                        _ ("“%s” names a file, which is read only for a kubeconfig that came from a file"), path_name);
  *pem = read_file (self, json_object_get_member (object, path_name), path, error);
  return *pem != NULL;
}

char *
devbox_kubeconfig_load_token (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) cause = NULL;
  gsize size = 0;
  char *token = devbox_kubeconfig_read_file (file, MAX_TOKEN_SIZE, &size, cancellable, &cause);

  if (token != NULL && g_utf8_validate (token, size, NULL) && g_strstrip (token)[0] != '\0')
    return token;

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&cause));
  else
    devbox_error_set (error, DEVBOX_ERROR_INVALID_KUBECONFIG, &(DevboxErrorDetails){ .path = path, .cause = cause },
                      /* Translators: a file, and why it cannot be read */
                      _ ("Cannot read “%s”: %s"), path, cause != NULL ? cause->message : _ ("It holds no token"));
  if (token != NULL)
    explicit_bzero (token, size);
  g_free (token);

  return NULL;
}

/* Addresses */

/* The platform of a cluster at https://api.example.org:6443 is at https://devbox.example.org. There is none that
 * follows from an address, or from a name without a domain. */
static char *
derive_base_url (GUri *server)
{
  const char *host = g_uri_get_host (server);
  gsize length = strspn (host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

  if (host[length] != '\0' || strchr (host, '.') == NULL || g_hostname_is_ip_address (host)
      || g_str_has_suffix (host, ".localhost"))
    return NULL;

  return g_strconcat (g_uri_get_scheme (server), "://",
                      g_ascii_strncasecmp (host, PLATFORM_LABEL, strlen (PLATFORM_LABEL)) == 0 ? "" : PLATFORM_LABEL,
                      host, NULL);
}

static gboolean
read_addresses (Reader *self, DevboxKubeconfigParts *parts, GError **error)
{
  g_autoptr (DevboxEndpoint) endpoint = NULL;
  g_autoptr (DevboxEndpoint) platform = NULL;
  g_autoptr (GError) cause = NULL;

  if (self->wire.server != NULL && self->wire.server[0] != '\0')
    {
      endpoint = devbox_endpoint_new (self->wire.server, NULL, &cause);
      if (endpoint == NULL)
        return devbox_kubeconfig_tree_fail (self->tree, json_object_get_member (self->wire.cluster_part, "server"),
                                            cause, error, "%s", cause->message);
      parts->server = g_strdup (self->wire.server);
      parts->host = g_strdup (g_uri_get_host (devbox_endpoint_get_uri (endpoint)));
      parts->base_url = derive_base_url (devbox_endpoint_get_uri (endpoint));
    }
  if (self->wire.base_url != NULL && self->wire.base_url[0] != '\0')
    {
      platform = devbox_endpoint_new (self->wire.base_url, NULL, &cause);
      if (platform == NULL)
        return devbox_kubeconfig_tree_fail (self->tree, json_object_get_member (self->wire.cluster_part, "extensions"),
                                            cause, error, "%s", cause->message);
      g_free (parts->base_url);
      parts->base_url = g_strdup (devbox_endpoint_get_url (platform));
      parts->has_extension = TRUE;
    }

  return TRUE;
}

/* The cluster */

static gboolean
read_cluster (Reader *self, DevboxKubeconfigParts *parts, GError **error)
{
  static const char insecure[] = "insecure-skip-tls-verify";
  JsonObject *cluster = self->wire.cluster_part;

  if (cluster == NULL)
    return TRUE;
  if (!read_addresses (self, parts, error)
      || !read_pem (self, cluster, "certificate-authority-data", "certificate-authority", &parts->authorities, error)
      || !copy_text (self, cluster, "tls-server-name", &parts->server_name, error)
      || !copy_text (self, cluster, "proxy-url", &parts->proxy_url, error))
    return FALSE;

  if (!devbox_wire_json_get_boolean (cluster, insecure, FALSE, &parts->is_insecure, NULL))
    return fail_member (self, cluster, insecure, error, _ ("“%s” must be true or false"), insecure);
  if (parts->is_insecure && parts->authorities != NULL)
    return fail_member (self, cluster, insecure, error, _ ("“%s” contradicts the certificate authority that is given"),
                        insecure);

  return TRUE;
}

/* The user */

static gboolean
read_token (Reader *self, DevboxKubeconfigParts *parts, GError **error)
{
  JsonObject *user = self->wire.user_part;
  g_autoptr (GError) cause = NULL;

  if (self->wire.token != NULL)
    {
      parts->credential.token = g_strdup (self->wire.token);
      return TRUE;
    }
  if (!copy_text (self, user, "tokenFile", &parts->token_path, error))
    return FALSE;
  if (parts->token_path == NULL)
    return TRUE;

  if (!devbox_kubeconfig_tree_is_local (self->tree))
    return fail_member (self, user, "tokenFile", error,
                        _ ("“%s” names a file, which is read only for a kubeconfig that came from a file"),
                        "tokenFile");
  parts->credential.token = devbox_kubeconfig_load_token (parts->token_path, self->cancellable, &cause);
  if (parts->credential.token != NULL)
    return TRUE;
  if (cause->domain == G_IO_ERROR)
    g_propagate_error (error, g_steal_pointer (&cause));
  else
    devbox_kubeconfig_tree_fail (self->tree, json_object_get_member (user, "tokenFile"), cause, error, "%s",
                                 cause->message);
  return FALSE;
}

static gboolean
read_certificate (Reader *self, DevboxKubeconfigParts *parts, GError **error)
{
  JsonObject *user = self->wire.user_part;
  DevboxCredential *credential = &parts->credential;

  if (!read_pem (self, user, "client-certificate-data", "client-certificate", &credential->certificate, error)
      || !read_pem (self, user, "client-key-data", "client-key", &credential->key, error))
    return FALSE;
  if ((credential->certificate == NULL) != (credential->key == NULL))
    return devbox_kubeconfig_tree_fail (self->tree, self->wire.fault, NULL, error, "%s",
                                        _ ("A client certificate and its key must be given together"));

  return TRUE;
}

static gboolean
read_identity (Reader *self, DevboxKubeconfigParts *parts, GError **error)
{
  static const char *const unsupported[] = { "as-uid", "as-groups", "as-user-extra" };
  JsonObject *user = self->wire.user_part;

  /* Who leaves them out asks for more than the kubeconfig grants. */
  for (guint i = 0; i < G_N_ELEMENTS (unsupported); i++)
    {
      if (has_member (user, unsupported[i]))
        return fail_member (self, user, unsupported[i], error, _ ("“%s” is not supported"), unsupported[i]);
    }

  return copy_text (self, user, "as", &parts->impersonated, error)
         && copy_text (self, user, "username", &parts->user_name, error)
         && copy_text (self, user, "password", &parts->password, error);
}

/* Only where the kubeconfig itself has no credential. */
static gboolean
read_plugin (Reader *self, DevboxKubeconfigParts *parts, DevboxKubeconfigFlags flags, GError **error)
{
  JsonObject *user = self->wire.user_part;
  JsonObject *exec = NULL;
  g_autoptr (GError) cause = NULL;

  if (has_member (user, "auth-provider"))
    return fail_member (self, user, "auth-provider", error,
                        _ ("“%s” is not supported: it was superseded by exec plugins"), "auth-provider");
  if (!has_member (user, "exec"))
    return devbox_kubeconfig_tree_fail (self->tree, self->wire.fault, NULL, error,
                                        /* Translators: %s is the name of a user */
                                        _ ("The user “%s” has no credential"), parts->user);
  if ((flags & DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC) == 0)
    return fail_member (self, user, "exec", error, _ ("“%s” would run a program, which was not allowed"), "exec");
  if (!devbox_wire_json_get_object (user, "exec", TRUE, &exec, NULL))
    return fail_member (self, user, "exec", error, _ ("“%s” must be a mapping of names to values"), "exec");

  parts->plugin = devbox_exec_plugin_new (exec, &cause);
  if (parts->plugin == NULL)
    return devbox_kubeconfig_tree_fail (self->tree, json_object_get_member (user, "exec"), cause, error, "%s",
                                        cause->message);

  return TRUE;
}

static gboolean
read_user (Reader *self, DevboxKubeconfigParts *parts, DevboxKubeconfigFlags flags, GError **error)
{
  if (self->wire.user_part == NULL)
    return devbox_kubeconfig_tree_fail (self->tree, self->wire.fault, NULL, error,
                                        /* Translators: %s is the name of a context */
                                        _ ("The context “%s” names no user"), parts->context);
  if (!read_token (self, parts, error) || !read_certificate (self, parts, error) || !read_identity (self, parts, error))
    return FALSE;

  return parts->credential.token != NULL || parts->credential.certificate != NULL || parts->password != NULL
         || read_plugin (self, parts, flags, error);
}

DevboxKubeconfigParts *
devbox_kubeconfig_parts_new (DevboxKubeconfigTree *tree,
                             const char *context,
                             DevboxKubeconfigFlags flags,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (DevboxKubeconfigParts) self = g_new0 (DevboxKubeconfigParts, 1);
  Reader reader = { .tree = tree, .cancellable = cancellable };

  if (!devbox_kubeconfig_tree_read (tree, context, &reader.wire, error))
    return NULL;

  self->context = g_strdup (reader.wire.context);
  self->cluster = g_strdup (reader.wire.cluster);
  self->user = g_strdup (reader.wire.user);
  self->name_space = g_strdup (reader.wire.name_space);
  if (!read_cluster (&reader, self, error) || !read_user (&reader, self, flags, error))
    return NULL;

  return g_steal_pointer (&self);
}

gboolean
devbox_kubeconfig_parts_make_tls_settings (const DevboxKubeconfigParts *self,
                                           const DevboxCredential *credential,
                                           DevboxTlsSettings **settings,
                                           GError **error)
{
  DevboxTlsOptions options = {
    .host = self->host,
    .authorities = self->authorities,
    .certificate = credential->certificate,
    .key = credential->key,
    .server_name = self->server_name,
    .proxy_url = self->proxy_url,
    .is_insecure = self->is_insecure,
  };

  *settings = NULL;
  if (self->authorities == NULL && credential->certificate == NULL && self->server_name == NULL
      && self->proxy_url == NULL && !self->is_insecure)
    return TRUE;

  *settings = devbox_tls_settings_new (&options, error);
  return *settings != NULL;
}
