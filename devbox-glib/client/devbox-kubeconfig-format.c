/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-kubeconfig-private.h"

static void
append_pem (GString *yaml, const char *indent_and_name, const char *pem)
{
  g_autoptr (DevboxSecret) encoded = pem != NULL ? g_base64_encode ((const guchar *) pem, strlen (pem)) : NULL;

  devbox_wire_yaml_append_member (yaml, indent_and_name, encoded);
}

static void
append_cluster (GString *yaml, const DevboxKubeconfigParts *parts)
{
  if (parts->cluster == NULL)
    return;

  g_string_append (yaml, "clusters:\n");
  devbox_wire_yaml_append_member (yaml, "- name", parts->cluster);
  if (parts->server == NULL && parts->base_url == NULL)
    {
      g_string_append (yaml, "  cluster: {}\n");
      return;
    }
  g_string_append (yaml, "  cluster:\n");
  devbox_wire_yaml_append_member (yaml, "    server", parts->server);
  append_pem (yaml, "    certificate-authority-data", parts->authorities);
  devbox_wire_yaml_append_member (yaml, "    tls-server-name", parts->server_name);
  if (parts->is_insecure)
    g_string_append (yaml, "    insecure-skip-tls-verify: true\n");
  if (parts->has_extension)
    {
      g_string_append (yaml, "    extensions:\n"
                             "    - name: devbox.sealos.io\n"
                             "      extension:\n");
      devbox_wire_yaml_append_member (yaml, "        base-url", parts->base_url);
    }
}

static void
append_context (GString *yaml, const DevboxKubeconfigParts *parts)
{
  g_string_append (yaml, "contexts:\n");
  devbox_wire_yaml_append_member (yaml, "- name", parts->context);
  g_string_append (yaml, "  context:\n");
  devbox_wire_yaml_append_member (yaml, "    cluster", parts->cluster);
  devbox_wire_yaml_append_member (yaml, "    namespace", parts->name_space);
  devbox_wire_yaml_append_member (yaml, "    user", parts->user);
  devbox_wire_yaml_append_member (yaml, "current-context", parts->context);
}

static void
append_user (GString *yaml, const DevboxKubeconfigParts *parts, const DevboxCredential *credential)
{
  g_string_append (yaml, "users:\n");
  devbox_wire_yaml_append_member (yaml, "- name", parts->user);
  if (credential->token == NULL && credential->certificate == NULL && parts->password == NULL)
    {
      g_string_append (yaml, "  user: {}\n");
      return;
    }
  g_string_append (yaml, "  user:\n");
  devbox_wire_yaml_append_member (yaml, "    as", parts->impersonated);
  devbox_wire_yaml_append_member (yaml, "    username", parts->user_name);
  devbox_wire_yaml_append_member (yaml, "    password", parts->password);
  append_pem (yaml, "    client-certificate-data", credential->certificate);
  append_pem (yaml, "    client-key-data", credential->key);
  devbox_wire_yaml_append_member (yaml, "    token", credential->token);
}

static gsize
measure (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

char *
devbox_kubeconfig_parts_format (const DevboxKubeconfigParts *self, const DevboxCredential *credential)
{
  /* More than it gets, but for odd names: no copy of a secret is left behind as it grows. */
  gsize size = 4096
               + 2
                     * (measure (self->authorities) + measure (credential->certificate) + measure (credential->key)
                        + measure (credential->token) + measure (self->password));
  GString *yaml = g_string_sized_new (size);

  g_string_append (yaml, "apiVersion: v1\n"
                         "kind: Config\n");
  append_cluster (yaml, self);
  append_context (yaml, self);
  append_user (yaml, self, credential);

  return g_string_free (yaml, FALSE);
}
