/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-users-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define CLUSTER "devbox-platform"

char *
devbox_platform_users_format_kubeconfig (const char *name,
                                         const char *server,
                                         const char *token,
                                         const char *certificate_pem)
{
  /* Larger than it gets: no copy of the token is left behind as it grows. */
  GString *yaml = g_string_sized_new (2048 + strlen (server) * 2);
  g_autofree char *name_space = g_strconcat ("ns-", name, NULL);
  /* As kubeadm has it: those of several users may stand side by side. */
  g_autofree char *context = g_strconcat (name, "@" CLUSTER, NULL);

  g_string_append (yaml, "apiVersion: v1\n"
                         "kind: Config\n"
                         "clusters:\n"
                         "- name: " CLUSTER "\n"
                         "  cluster:\n");
  devbox_wire_yaml_append_member (yaml, "    server", server);
  if (certificate_pem != NULL)
    {
      g_autofree char *encoded = g_base64_encode ((const guchar *) certificate_pem, strlen (certificate_pem));

      devbox_wire_yaml_append_member (yaml, "    certificate-authority-data", encoded);
    }
  g_string_append (yaml, "    extensions:\n"
                         "    - name: devbox.sealos.io\n"
                         "      extension:\n");
  devbox_wire_yaml_append_member (yaml, "        base-url", server);
  g_string_append (yaml, "contexts:\n");
  devbox_wire_yaml_append_member (yaml, "- name", context);
  g_string_append (yaml, "  context:\n"
                         "    cluster: " CLUSTER "\n");
  devbox_wire_yaml_append_member (yaml, "    namespace", name_space);
  devbox_wire_yaml_append_member (yaml, "    user", name);
  devbox_wire_yaml_append_member (yaml, "current-context", context);
  g_string_append (yaml, "users:\n");
  devbox_wire_yaml_append_member (yaml, "- name", name);
  g_string_append (yaml, "  user:\n");
  devbox_wire_yaml_append_member (yaml, "    token", token);

  return g_string_free (yaml, FALSE);
}

gboolean
devbox_platform_users_write_kubeconfig (const char *path, const char *kubeconfig, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) local_error = NULL;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot make the folder “%s”"), folder);
      return FALSE;
    }
  if (!g_file_set_contents_full (path, kubeconfig, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local_error))
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, devbox_wire_code_from_error (local_error), local_error->message);
      return FALSE;
    }

  return TRUE;
}
