/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-access-private.h"

#include "devbox-http-replies-private.h"
#include "devbox-object-body-private.h"
#include "devbox-secret-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The first user's kubeconfig */

static gboolean
write_kubeconfig (const char *path, const char *uri, const char *token, const char *certificate, GError **error)
{
  g_autoptr (DevboxSecret) kubeconfig
      = devbox_platform_users_format_kubeconfig (DEVBOX_PLATFORM_FIRST_USER, uri, token, certificate);

  return devbox_platform_users_write_kubeconfig (path, kubeconfig, error);
}

/* The token of the kubeconfig, if it is that of the first user still; NULL: there is none. *is_current: it tells this
 * address too. */
static char *
read_token (DevboxPlatformUsers *users, const char *path, const char *uri, gboolean *is_current)
{
  g_autofree char *text = NULL;
  gsize size = 0;
  g_autoptr (DevboxWireSecretNode) root = NULL;
  DevboxWireKubeconfig kubeconfig = { 0 };
  g_autoptr (DevboxSecret) authorization = NULL;
  const char *owner;

  if (!g_file_get_contents (path, &text, &size, NULL))
    return NULL;
  root = devbox_wire_kubeconfig_parse (text, size, NULL, NULL);
  explicit_bzero (text, size);
  if (root == NULL || !devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, NULL) || kubeconfig.token == NULL)
    return NULL;

  authorization = g_strconcat ("Bearer ", kubeconfig.token, NULL);
  owner = devbox_platform_users_check_authorization (users, authorization, NULL);
  if (g_strcmp0 (owner, DEVBOX_PLATFORM_FIRST_NAMESPACE) != 0)
    return NULL;

  *is_current = g_strcmp0 (kubeconfig.server, uri) == 0;
  return g_strdup (kubeconfig.token);
}

gboolean
devbox_platform_access_provide (DevboxPlatformUsers *users,
                                const char *path,
                                const char *uri,
                                const char *certificate,
                                GError **error)
{
  gboolean is_current = FALSE;
  char *token = read_token (users, path, uri, &is_current);
  gboolean is_provided = TRUE;

  if (token == NULL)
    token = devbox_platform_users_add (users, DEVBOX_PLATFORM_FIRST_USER, TRUE, NULL, NULL, error);
  if (token == NULL)
    return FALSE;

  if (!is_current || certificate != NULL)
    is_provided = write_kubeconfig (path, uri, token, certificate, error);
  devbox_secret_free (token);

  return is_provided;
}

static const char *
authenticate (DevboxHttpExchange *exchange, gpointer user_data, GError **error)
{
  return devbox_platform_users_authenticate (user_data, exchange, error);
}

void
devbox_platform_access_set_up_guard (DevboxPlatformUsers *users, DevboxHttpGuard *guard)
{
  devbox_http_guard_set_authenticator (guard, authenticate, users);
}

gboolean
devbox_platform_access_check_again (DevboxPlatformService *service, DevboxHttpExchange *exchange)
{
  g_autoptr (GError) error = NULL;

  if (devbox_platform_users_authenticate (devbox_platform_service_get_users (service), exchange, &error) != NULL)
    return TRUE;

  devbox_http_reply_error (exchange, error);
  return FALSE;
}

/* Operations */

typedef struct
{
  char *kubeconfig;
  const char *path; /* where that is to be written, or NULL */
  DevboxPlatformAccessFunc func;
  gpointer user_data;
} Change;

static void
on_changed (const GError *error, gpointer user_data)
{
  Change *change = user_data;
  g_autoptr (GError) local_error = NULL;

  if (error == NULL && change->path != NULL
      && !devbox_platform_users_write_kubeconfig (change->path, change->kubeconfig, &local_error))
    g_warning ("the new kubeconfig could not be written: %s", local_error->message);
  change->func (error == NULL ? change->kubeconfig : NULL, error, change->user_data);
  devbox_secret_free (change->kubeconfig);
  g_free (change);
}

static Change *
change_new (DevboxPlatformAccessFunc func, gpointer user_data)
{
  Change *change = g_new0 (Change, 1);

  change->func = func;
  change->user_data = user_data;

  return change;
}

static void
give_token (DevboxPlatformService *service,
            const char *name,
            gboolean replace,
            DevboxPlatformAccessFunc func,
            gpointer user_data)
{
  DevboxPlatformUsers *users = devbox_platform_service_get_users (service);
  Change *change = change_new (func, user_data);
  g_autoptr (GError) error = NULL;
  char *token = devbox_platform_users_add (users, name, replace, on_changed, change, &error);

  if (token == NULL)
    {
      on_changed (error, change);
      return;
    }

  change->kubeconfig = devbox_platform_users_format_kubeconfig (name, devbox_platform_service_get_uri (service), token,
                                                                devbox_platform_service_get_certificate (service));
  if (strcmp (name, DEVBOX_PLATFORM_FIRST_USER) == 0)
    change->path = devbox_platform_service_get_kubeconfig_path (service);
  devbox_secret_free (token);
}

void
devbox_platform_access_add_user (DevboxPlatformService *service,
                                 const char *name,
                                 DevboxPlatformAccessFunc func,
                                 gpointer user_data)
{
  give_token (service, name, FALSE, func, user_data);
}

static gboolean
check_exists (DevboxPlatformService *service, const char *name, GError **error)
{
  g_auto (GStrv) users = devbox_platform_users_list (devbox_platform_service_get_users (service));

  if (g_strv_contains ((const char *const *) users, name))
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("There is no user “%s”"), name);
  return FALSE;
}

void
devbox_platform_access_rotate_user (DevboxPlatformService *service,
                                    const char *name,
                                    DevboxPlatformAccessFunc func,
                                    gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (check_exists (service, name, &error))
    give_token (service, name, TRUE, func, user_data);
  else
    func (NULL, error, user_data);
}

/* Whether nothing is left that another user of the same name would find. */
static gboolean
check_removable (DevboxPlatformService *service, const char *name, GError **error)
{
  g_autofree char *owner = g_strconcat ("ns-", name, NULL);
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (devbox_platform_service_get_boxes (service), owner);
  g_autoptr (GPtrArray) releases
      = devbox_release_table_list (devbox_platform_service_get_releases (service), owner, NULL);

  if (strcmp (name, DEVBOX_PLATFORM_FIRST_USER) == 0)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("“%s” cannot be removed"), name);
  else if (boxes->len > 0)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
                 g_dngettext (GETTEXT_PACKAGE, "“%s” has %u devbox; delete it first",
                              "“%s” has %u devboxes; delete them first", boxes->len),
                 name, boxes->len);
  else if (releases->len > 0)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
                 g_dngettext (GETTEXT_PACKAGE, "“%s” has %u release; delete it first",
                              "“%s” has %u releases; delete them first", releases->len),
                 name, releases->len);
  else
    return TRUE;

  return FALSE;
}

void
devbox_platform_access_remove_user (DevboxPlatformService *service,
                                    const char *name,
                                    DevboxPlatformAccessFunc func,
                                    gpointer user_data)
{
  DevboxPlatformUsers *users = devbox_platform_service_get_users (service);
  Change *change = change_new (func, user_data);
  g_autoptr (GError) error = NULL;

  if (!check_removable (service, name, &error)
      || !devbox_platform_users_remove (users, name, on_changed, change, &error))
    on_changed (error, change);
}

/* Routes */

static gboolean
admit_first_user (DevboxHttpExchange *exchange)
{
  g_autoptr (GError) error = NULL;

  if (g_strcmp0 (devbox_http_exchange_get_identity (exchange), DEVBOX_PLATFORM_FIRST_NAMESPACE) == 0)
    return TRUE;

  error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS, _ ("Only “%s” may manage users"),
                       DEVBOX_PLATFORM_FIRST_USER);
  devbox_http_reply_error (exchange, error);
  return FALSE;
}

typedef struct
{
  DevboxHttpExchange *exchange;
  guint status;
  char *name;
} Answer;

static void
reply_changed (const char *kubeconfig, const GError *error, gpointer user_data)
{
  Answer *answer = user_data;
  GString *json = g_string_new ("{\"name\":");

  devbox_wire_json_append_string (json, answer->name, -1);
  g_string_append (json, ",\"namespace\":\"ns-");
  g_string_append_printf (json, "%s\"", answer->name);
  if (kubeconfig != NULL)
    {
      g_string_append (json, ",\"kubeconfig\":");
      devbox_wire_json_append_string (json, kubeconfig, -1);
    }
  g_string_append_c (json, '}');

  if (error != NULL)
    devbox_http_reply_error (answer->exchange, error);
  else
    devbox_http_reply_json (answer->exchange, answer->status, json);
  devbox_secret_free_string (json);
  devbox_http_exchange_unref (answer->exchange);
  g_free (answer->name);
  g_free (answer);
}

static Answer *
answer_new (DevboxHttpExchange *exchange, guint status, const char *name)
{
  Answer *answer = g_new (Answer, 1);

  answer->exchange = devbox_http_exchange_ref (exchange);
  answer->status = status;
  answer->name = g_strdup (name);

  return answer;
}

static void
list_users (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_auto (GStrv) users = devbox_platform_users_list (devbox_platform_service_get_users (user_data));
  GString *json;

  if (!admit_first_user (exchange))
    return;

  json = g_string_new ("{\"data\":[");
  for (guint i = 0; users[i] != NULL; i++)
    g_string_append_printf (json, "%s{\"name\":\"%s\",\"namespace\":\"ns-%s\"}", i > 0 ? "," : "", users[i], users[i]);
  g_string_append (json, "]}");
  devbox_http_reply_json (exchange, 200, json);
  g_string_free (json, TRUE);
}

static void
add_user_of_body (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  const char *name = NULL;
  g_autoptr (GError) error = NULL;

  if (!devbox_platform_access_check_again (user_data, exchange))
    return;

  if (!devbox_wire_json_get_string (object, "name", TRUE, &name, &error))
    devbox_http_reply_error (exchange, error);
  else
    devbox_platform_access_add_user (user_data, name, reply_changed, answer_new (exchange, 201, name));
}

static void
add_user (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  if (admit_first_user (exchange))
    devbox_object_body_collect (exchange, add_user_of_body, devbox_http_reply_error, user_data);
}

static void
rotate_user (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  if (admit_first_user (exchange))
    devbox_platform_access_rotate_user (user_data, argument, reply_changed, answer_new (exchange, 200, argument));
}

static void
remove_user (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  if (admit_first_user (exchange))
    devbox_platform_access_remove_user (user_data, argument, reply_changed, answer_new (exchange, 200, argument));
}

const DevboxHttpRoute devbox_platform_users_routes[] = {
  { "GET", "/api/v1/users", DEVBOX_HTTP_ROUTE_NONE, list_users },
  { "POST", "/api/v1/users", DEVBOX_HTTP_ROUTE_JSON, add_user },
  { "POST", "/api/v1/users/{}/rotate", DEVBOX_HTTP_ROUTE_NONE, rotate_user },
  { "DELETE", "/api/v1/users/{}", DEVBOX_HTTP_ROUTE_NONE, remove_user },
  DEVBOX_HTTP_ROUTES_END,
};
