/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-private.h"
#include "devbox-instance-info-private.h"
#include "devbox-platform-requests-private.h"
#include "devbox-port.h"
#include "devbox-request-checks-private.h"
#include "devbox-secret-private.h"
#include "devbox-wire-base64-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the platform says of an agent decides where the calls to it go, and with which token. A platform that lies must
 * not lead them astray: an address is taken as a whole or refused, never repaired. */

#define AGENT_PORT 3000
#define MAX_LABEL_LENGTH 63
#define PLATFORM_LABEL "devbox."

static gboolean
is_host_label (const char *text)
{
  return text[strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' && strlen (text) <= MAX_LABEL_LENGTH;
}

/* The agents of a platform stand beside it, under names of its domain. */
static char *
build_url_from_label (const char *label, const char *platform_base_url, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (platform_base_url, SOUP_HTTP_URI_FLAGS, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  if (!is_host_label (label))
    {
      g_autofree char *shown = g_utf8_make_valid (label, -1);

      devbox_request_refuse (error, shown,
                             _ ("The platform gives “%s” as the name of an agent's host, which it is not"), shown);
      return NULL;
    }
  if (host == NULL || g_hostname_is_ip_address (host))
    {
      devbox_request_refuse (error, label, _ ("The agent “%s” cannot be found: its platform has no domain"), label);
      return NULL;
    }

  if (g_str_has_prefix (host, PLATFORM_LABEL))
    host += strlen (PLATFORM_LABEL);

  return g_strdup_printf ("%s://devbox-%s-agent.%s", g_uri_get_scheme (uri), label, host);
}

static char *
build_url_from_ip (const char *ip, GError **error)
{
  g_autofree char *shown = NULL;

  if (g_hostname_is_ip_address (ip))
    return g_strdup_printf (strchr (ip, ':') != NULL ? "http://[%s]:%d" : "http://%s:%d", ip, AGENT_PORT);

  shown = g_utf8_make_valid (ip, -1);
  devbox_request_refuse (error, shown, _ ("The platform gives “%s” as an IP address, which it is not"), shown);
  return NULL;
}

/* The agent's own port is the first one. */
static char *
dup_port_address (DevboxInstanceInfo *info)
{
  g_autoptr (DevboxPort) port = g_list_model_get_item (devbox_instance_info_get_ports (info), 0);
  const char *address = NULL;

  if (port != NULL)
    address = devbox_port_get_public_address (port);
  if (port != NULL && address == NULL)
    address = devbox_port_get_private_address (port);

  return g_strdup (address);
}

static gpointer
fail_not_ready (DevboxInstanceInfo *info, GError **error)
{
  const char *reason = devbox_instance_info_get_reason (info);
  const char *name = devbox_instance_info_get_name (info);
  const DevboxErrorDetails details = { .path = name };

  if (reason != NULL)
    devbox_error_set (error, DEVBOX_ERROR_DEVBOX_NOT_READY, &details,
                      /* Translators: the name of a devbox, its status, and the platform's reason for that */
                      _ ("The devbox “%s” is not ready: %s (%s)"), name, devbox_instance_info_get_status_text (info),
                      reason);
  else if (devbox_instance_info_get_status (info) != DEVBOX_INSTANCE_STATUS_RUNNING)
    devbox_error_set (error, DEVBOX_ERROR_DEVBOX_NOT_READY, &details,
                      /* Translators: the name of a devbox, and its status */
                      _ ("The devbox “%s” is not ready: %s"), name, devbox_instance_info_get_status_text (info));
  else
    devbox_error_set (error, DEVBOX_ERROR_DEVBOX_NOT_READY, &details,
                      _ ("The platform does not say yet where the agent of the devbox “%s” is"), name);

  return NULL;
}

/* The address of a devbox that does not run may be somebody else's by now. */
static gboolean
may_have_agent (DevboxInstanceInfo *info)
{
  DevboxInstanceStatus status = devbox_instance_info_get_status (info);

  return status == DEVBOX_INSTANCE_STATUS_RUNNING || status == DEVBOX_INSTANCE_STATUS_UNKNOWN;
}

static char *
find_url (DevboxInstanceInfo *info, const char *platform_base_url, GError **error)
{
  const char *label = devbox_instance_info_get_agent_label (info);
  const char *ip = devbox_instance_info_get_pod_ip (info);
  g_autofree char *port_address = NULL;

  if (!may_have_agent (info))
    return fail_not_ready (info, error);
  if (label != NULL)
    return build_url_from_label (label, platform_base_url, error);

  port_address = dup_port_address (info);
  if (port_address != NULL)
    return g_steal_pointer (&port_address);
  if (ip != NULL)
    return build_url_from_ip (ip, error);

  return fail_not_ready (info, error);
}

/* Padding may be missing. */
static char *
decode_token (const char *encoded, GError **error)
{
  g_autofree char *padded = g_strconcat (encoded, &"==="[3 - (4 - strlen (encoded) % 4) % 4], NULL);
  g_autoptr (GBytes) bytes = devbox_wire_base64_decode_all (padded, strlen (padded));
  char *token = NULL;
  gsize size = 0;
  const char *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

  if (size > 0 && memchr (data, '\0', size) == NULL)
    token = g_strndup (data, size);
  else
    devbox_request_refuse (error, NULL, _ ("The token that the platform gives for an agent is not base64"));

  if (size > 0)
    explicit_bzero ((char *) data, size);
  explicit_bzero (padded, strlen (padded));

  return token;
}

DevboxEndpoint *
devbox_agent_address_find (DevboxInstanceInfo *info, const char *platform_base_url, GError **error)
{
  const char *encoded_token = devbox_instance_info_get_agent_token (info);
  g_autofree char *url = find_url (info, platform_base_url, error);
  g_autoptr (DevboxSecret) token = NULL;

  if (url == NULL)
    return NULL;

  if (encoded_token != NULL)
    {
      token = decode_token (encoded_token, error);
      if (token == NULL)
        return NULL;
    }

  return devbox_endpoint_new (url, token, error);
}
