/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-proxy-resolver-private.h"

#include <string.h>

struct _DevboxProxyResolver
{
  GObject parent_instance;
};

static void resolver_interface_init (GProxyResolverInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxProxyResolver,
                               devbox_proxy_resolver,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER, resolver_interface_init))

static gboolean
is_loopback (const char *uri)
{
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) address = NULL;

  if (!g_uri_split_network (uri, G_URI_FLAGS_NONE, NULL, &host, NULL, NULL) || host == NULL)
    return FALSE;

  if (g_ascii_strcasecmp (host, "localhost") == 0 || g_str_has_suffix (host, ".localhost"))
    return TRUE;

  address = g_inet_address_new_from_string (host);

  return address != NULL && g_inet_address_get_is_loopback (address);
}

static gboolean
devbox_proxy_resolver_is_supported (GProxyResolver *resolver)
{
  return TRUE;
}

static char **
get_direct (void)
{
  static const char *const direct[] = { "direct://", NULL };

  return g_strdupv ((char **) direct);
}

static char **
devbox_proxy_resolver_lookup (GProxyResolver *resolver, const char *uri, GCancellable *cancellable, GError **error)
{
  if (is_loopback (uri))
    return get_direct ();

  return g_proxy_resolver_lookup (g_proxy_resolver_get_default (), uri, cancellable, error);
}

static void
lookup_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  char **proxies = g_proxy_resolver_lookup_finish (G_PROXY_RESOLVER (source), result, &error);

  if (proxies != NULL)
    g_task_return_pointer (task, proxies, (GDestroyNotify) g_strfreev);
  else
    g_task_return_error (task, error);
}

static void
devbox_proxy_resolver_lookup_async (GProxyResolver *resolver,
                                    const char *uri,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);

  g_task_set_source_tag (task, devbox_proxy_resolver_lookup_async);

  if (is_loopback (uri))
    g_task_return_pointer (task, get_direct (), (GDestroyNotify) g_strfreev);
  else
    g_proxy_resolver_lookup_async (g_proxy_resolver_get_default (), uri, cancellable, lookup_cb,
                                   g_steal_pointer (&task));
}

static char **
devbox_proxy_resolver_lookup_finish (GProxyResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
resolver_interface_init (GProxyResolverInterface *interface)
{
  interface->is_supported = devbox_proxy_resolver_is_supported;
  interface->lookup = devbox_proxy_resolver_lookup;
  interface->lookup_async = devbox_proxy_resolver_lookup_async;
  interface->lookup_finish = devbox_proxy_resolver_lookup_finish;
}

static void
devbox_proxy_resolver_class_init (DevboxProxyResolverClass *klass)
{
}

static void
devbox_proxy_resolver_init (DevboxProxyResolver *self)
{
}

GProxyResolver *
devbox_proxy_resolver_new (void)
{
  return g_object_new (DEVBOX_TYPE_PROXY_RESOLVER, NULL);
}
