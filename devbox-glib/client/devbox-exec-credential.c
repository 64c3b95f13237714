/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-exec-plugin-private.h"

#include "devbox-secret-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

/* A credential is renewed a little before its end. */
#define EXPIRY_MARGIN_US (10 * G_USEC_PER_SEC)

void
devbox_credential_clear (DevboxCredential *self)
{
  g_clear_pointer (&self->token, devbox_secret_free);
  g_clear_pointer (&self->certificate, devbox_secret_free);
  g_clear_pointer (&self->key, devbox_secret_free);
  self->expiry = 0;
}

gboolean
devbox_exec_plugin_check (gboolean is_sound, const char *name, GError **error)
{
  if (!is_sound)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 /* Translators: %s is the name of a member */
                 _ ("“%s” of the exec plugin is missing or malformed"), name);

  return is_sound;
}

static gboolean
get_secret (JsonObject *status, const char *name, char **secret, GError **error)
{
  const char *value = NULL;

  if (!devbox_exec_plugin_check (devbox_wire_json_get_string (status, name, FALSE, &value, NULL), name, error))
    return FALSE;
  if (value != NULL && value[0] != '\0')
    *secret = g_strdup (value);

  return TRUE;
}

static gboolean
get_expiry (JsonObject *status, gint64 *expiry, GError **error)
{
  static const char name[] = "expirationTimestamp";
  const char *text = NULL;
  g_autoptr (GDateTime) time = NULL;

  *expiry = G_MAXINT64;
  if (!devbox_exec_plugin_check (devbox_wire_json_get_string (status, name, FALSE, &text, NULL), name, error))
    return FALSE;
  if (text == NULL)
    return TRUE;

  time = g_date_time_new_from_iso8601 (text, NULL);
  if (!devbox_exec_plugin_check (time != NULL, name, error))
    return FALSE;
  *expiry = g_date_time_to_unix (time) * G_USEC_PER_SEC - EXPIRY_MARGIN_US;

  return TRUE;
}

static gboolean
read_credential (DevboxCredential *self, const char *api_version, JsonObject *root, GError **error)
{
  const char *kind = NULL;
  const char *told_version = NULL;
  JsonObject *status = NULL;

  return devbox_exec_plugin_check (devbox_wire_json_get_string (root, "kind", TRUE, &kind, NULL)
                                       && strcmp (kind, "ExecCredential") == 0,
                                   "kind", error)
         && devbox_exec_plugin_check (devbox_wire_json_get_string (root, "apiVersion", TRUE, &told_version, NULL)
                                          && strcmp (told_version, api_version) == 0,
                                      "apiVersion", error)
         && devbox_exec_plugin_check (devbox_wire_json_get_object (root, "status", TRUE, &status, NULL), "status",
                                      error)
         && get_secret (status, "token", &self->token, error)
         && get_secret (status, "clientCertificateData", &self->certificate, error)
         && get_secret (status, "clientKeyData", &self->key, error) && get_expiry (status, &self->expiry, error)
         && devbox_exec_plugin_check ((self->certificate == NULL) == (self->key == NULL), "clientKeyData", error)
         && devbox_exec_plugin_check (self->token != NULL || self->certificate != NULL, "token", error);
}

gboolean
devbox_credential_parse (DevboxCredential *self,
                         const char *api_version,
                         const char *output,
                         gsize size,
                         GError **error)
{
  g_autoptr (DevboxWireSecretNode) root = devbox_wire_json_parse (output, size, NULL);

  if (!devbox_exec_plugin_check (root != NULL && JSON_NODE_HOLDS_OBJECT (root), "stdout", error))
    return FALSE;
  if (read_credential (self, api_version, json_node_get_object (root), error))
    return TRUE;

  devbox_credential_clear (self);
  return FALSE;
}
