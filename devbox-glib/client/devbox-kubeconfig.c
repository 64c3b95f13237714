/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-kubeconfig-private.h"

#include "devbox-endpoint-private.h"
#include "devbox-kubeconfig-credential-private.h"

#include <glib/gi18n-lib.h>

#define DEFAULT_BASE_URL "https://api.sealos.io"
/* Of context, cluster and user, where only a token is known. */
#define ONLY_NAME "devbox"

/**
 * DevboxKubeconfigFlags:
 * @DEVBOX_KUBECONFIG_FLAGS_NONE: Nothing special
 * @DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC: The program that an `exec` entry names may be run to get the credential
 *
 * What a kubeconfig may do.
 *
 * Since: 1.0
 */

/**
 * DevboxKubeconfig:
 *
 * Which platform a program works with, and as whom: what a kubeconfig says about one of its contexts.
 *
 * It is YAML or JSON of at most 1 MiB, as `kubectl` reads it; YAML aliases are refused. Data that stands in it beats
 * the path of a file, and a token beats the file of one. Files are read only for a kubeconfig that itself came from a
 * file, from whose folder relative paths start; the file of a token is read again from time to time. A program that an
 * `exec` entry names is run only where that was allowed, when its credential is needed, without standard input and for
 * no more than a minute; an `auth-provider` is not supported.
 *
 * Certificate authorities of the cluster are trusted beside those of the system; alone, if the platform is at the same
 * host as the cluster's server. There `tls-server-name` holds as well. `proxy-url`, client certificates and
 * `insecure-skip-tls-verify` hold for the platform wherever it is, and all of them for no agent.
 *
 * A kubeconfig does not change. [method@Devbox.Kubeconfig.with_context] makes one with another context. Its functions
 * may be called in any thread. The memory in which it kept secrets is cleared when they are no longer needed.
 *
 * As a [iface@Devbox.Authenticator] it tells the platform the context alone, as [method@Devbox.Kubeconfig.to_bytes] has
 * it.
 *
 * Since: 1.0
 */
struct _DevboxKubeconfig
{
  GObject parent_instance;

  DevboxKubeconfigTree *tree;
  DevboxKubeconfigFlags flags;
  GStrv contexts;
  const DevboxKubeconfigParts *parts; /* the credential's */
  DevboxKubeconfigCredential *credential;
};

static void authenticator_interface_init (DevboxAuthenticatorInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxKubeconfig,
                               devbox_kubeconfig,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DEVBOX_TYPE_AUTHENTICATOR, authenticator_interface_init))

enum
{
  PROP_CONTEXT = 1,
  PROP_CONTEXTS,
  PROP_CLUSTER,
  PROP_USER,
  PROP_NAMESPACE,
  PROP_SERVER,
  PROP_BASE_URL,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
devbox_kubeconfig_finalize (GObject *object)
{
  DevboxKubeconfig *self = DEVBOX_KUBECONFIG (object);

  g_clear_pointer (&self->tree, devbox_kubeconfig_tree_unref);
  devbox_kubeconfig_credential_unref (self->credential);
  g_strfreev (self->contexts);

  G_OBJECT_CLASS (devbox_kubeconfig_parent_class)->finalize (object);
}

static void
devbox_kubeconfig_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxKubeconfig *self = DEVBOX_KUBECONFIG (object);

  switch (property_id)
    {
    case PROP_CONTEXT:
      g_value_set_string (value, devbox_kubeconfig_get_context (self));
      break;
    case PROP_CONTEXTS:
      g_value_set_boxed (value, devbox_kubeconfig_get_contexts (self));
      break;
    case PROP_CLUSTER:
      g_value_set_string (value, devbox_kubeconfig_get_cluster (self));
      break;
    case PROP_USER:
      g_value_set_string (value, devbox_kubeconfig_get_user (self));
      break;
    case PROP_NAMESPACE:
      g_value_set_string (value, devbox_kubeconfig_get_namespace (self));
      break;
    case PROP_SERVER:
      g_value_set_string (value, devbox_kubeconfig_get_server (self));
      break;
    case PROP_BASE_URL:
      g_value_set_string (value, devbox_kubeconfig_get_base_url (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_kubeconfig_class_init (DevboxKubeconfigClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = devbox_kubeconfig_finalize;
  object_class->get_property = devbox_kubeconfig_get_property;

  /**
   * DevboxKubeconfig:context:
   *
   * The name of the context that is used.
   *
   * Since: 1.0
   */
  properties[PROP_CONTEXT] = g_param_spec_string ("context", NULL, NULL, NULL, flags);

  /**
   * DevboxKubeconfig:contexts:
   *
   * The names of all contexts.
   *
   * Since: 1.0
   */
  properties[PROP_CONTEXTS] = g_param_spec_boxed ("contexts", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxKubeconfig:cluster:
   *
   * The name of the context's cluster.
   *
   * Since: 1.0
   */
  properties[PROP_CLUSTER] = g_param_spec_string ("cluster", NULL, NULL, NULL, flags);

  /**
   * DevboxKubeconfig:user:
   *
   * The name of the context's user.
   *
   * Since: 1.0
   */
  properties[PROP_USER] = g_param_spec_string ("user", NULL, NULL, NULL, flags);

  /**
   * DevboxKubeconfig:namespace:
   *
   * The context's namespace.
   *
   * Since: 1.0
   */
  properties[PROP_NAMESPACE] = g_param_spec_string ("namespace", NULL, NULL, NULL, flags);

  /**
   * DevboxKubeconfig:server:
   *
   * The address of the cluster's own server.
   *
   * Since: 1.0
   */
  properties[PROP_SERVER] = g_param_spec_string ("server", NULL, NULL, NULL, flags);

  /**
   * DevboxKubeconfig:base-url:
   *
   * The address of the platform.
   *
   * Since: 1.0
   */
  properties[PROP_BASE_URL] = g_param_spec_string ("base-url", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

/* Takes the parts. */
static gboolean
take_parts (DevboxKubeconfig *self, DevboxKubeconfigParts *parts, GError **error)
{
  DevboxKubeconfigCredential *credential = devbox_kubeconfig_credential_new (parts, error);

  if (credential == NULL)
    return FALSE;

  g_clear_pointer (&self->credential, devbox_kubeconfig_credential_unref);
  self->credential = credential;
  self->parts = parts;

  return TRUE;
}

/* Bindings can make one that comes from nowhere: it knows the public platform and no credential. */
static void
devbox_kubeconfig_init (DevboxKubeconfig *self)
{
  DevboxKubeconfigParts *parts = g_new0 (DevboxKubeconfigParts, 1);

  parts->context = g_strdup (ONLY_NAME);
  parts->cluster = g_strdup (ONLY_NAME);
  parts->user = g_strdup (ONLY_NAME);
  take_parts (self, parts, NULL);
  self->contexts = g_new0 (char *, 1);
}

DevboxKubeconfig *
devbox_kubeconfig_new_for_tree (DevboxKubeconfigTree *tree,
                                const char *context,
                                DevboxKubeconfigFlags flags,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (DevboxKubeconfig) self = g_object_new (DEVBOX_TYPE_KUBECONFIG, NULL);
  g_autoptr (GError) cause = NULL;
  DevboxKubeconfigParts *parts;

  self->tree = tree;
  self->flags = flags;
  g_strfreev (self->contexts);
  self->contexts = devbox_kubeconfig_tree_dup_contexts (tree);
  parts = devbox_kubeconfig_parts_new (tree, context, flags, cancellable, error);
  if (parts == NULL)
    return NULL;

  if (!take_parts (self, parts, &cause))
    {
      devbox_kubeconfig_tree_fail (tree, NULL, cause, error, "%s", cause->message);
      return NULL;
    }
  if (self->parts->is_insecure)
    g_message (/* Translators: %s is the name of a cluster */
               _ ("The platform's certificate is not checked: the kubeconfig says so for the cluster “%s”"),
               self->parts->cluster);

  return g_steal_pointer (&self);
}

static void
clear_and_free (gpointer secret)
{
  devbox_secret_free (secret);
}

/* The text that says the same. */
static GBytes *
format_token (const char *base_url, const char *token)
{
  DevboxKubeconfigParts parts = {
    .context = (char *) ONLY_NAME,
    .cluster = (char *) ONLY_NAME,
    .user = (char *) ONLY_NAME,
    .server = (char *) base_url,
    .base_url = (char *) base_url,
    .has_extension = base_url != NULL,
  };
  DevboxCredential credential = { .token = (char *) token };
  char *text = devbox_kubeconfig_parts_format (&parts, &credential);

  return g_bytes_new_with_free_func (text, strlen (text), clear_and_free, text);
}

/**
 * devbox_kubeconfig_new_for_token:
 * @base_url: (nullable): the address of the platform, or %NULL for the public one
 * @token: a token that the platform knows
 * @error: where to put an error
 *
 * Makes a kubeconfig for a platform whose address and token are known.
 *
 * A platform that is told who calls with the word `Bearer` gets the token alone.
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR if @base_url does not begin with `http://` or `https://`, holds a user name, a
 * query or a fragment, or if @token is empty or holds a character that cannot stand in a header.
 *
 * Returns: (transfer full): a new kubeconfig
 *
 * Since: 1.0
 */
DevboxKubeconfig *
devbox_kubeconfig_new_for_token (const char *base_url, const char *token, GError **error)
{
  g_autoptr (DevboxEndpoint) endpoint = NULL;
  g_autoptr (GBytes) text = NULL;
  DevboxKubeconfigTree *tree;
  DevboxKubeconfig *self;
  GError *cause = NULL;

  g_return_val_if_fail (token != NULL, NULL);

  endpoint = devbox_endpoint_new (base_url != NULL ? base_url : DEFAULT_BASE_URL, token, &cause);
  if (endpoint == NULL)
    {
      devbox_error_info_note (cause);
      g_propagate_error (error, cause);
      return NULL;
    }

  text = format_token (devbox_endpoint_get_url (endpoint), token);
  tree = devbox_kubeconfig_tree_new_from_bytes (text, NULL);
  self = devbox_kubeconfig_new_for_tree (tree, NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, NULL);
  devbox_kubeconfig_credential_set_is_bare_token (self->credential);

  return self;
}

/**
 * devbox_kubeconfig_get_context:
 * @self: a kubeconfig
 *
 * Gets the name of the context that is used.
 *
 * Returns: the name
 *
 * Since: 1.0
 */
const char *
devbox_kubeconfig_get_context (DevboxKubeconfig *self)
{
  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);

  return self->parts->context;
}

/**
 * devbox_kubeconfig_get_contexts:
 * @self: a kubeconfig
 *
 * Gets the names of all contexts, for [method@Devbox.Kubeconfig.with_context].
 *
 * Returns: (array zero-terminated=1) (transfer none): the names
 *
 * Since: 1.0
 */
const char *const *
devbox_kubeconfig_get_contexts (DevboxKubeconfig *self)
{
  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);

  return (const char *const *) self->contexts;
}

/**
 * devbox_kubeconfig_get_cluster:
 * @self: a kubeconfig
 *
 * Gets the name of the context's cluster.
 *
 * Returns: (nullable): the name, or %NULL when the context names none
 *
 * Since: 1.0
 */
const char *
devbox_kubeconfig_get_cluster (DevboxKubeconfig *self)
{
  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);

  return self->parts->cluster;
}

/**
 * devbox_kubeconfig_get_user:
 * @self: a kubeconfig
 *
 * Gets the name of the context's user.
 *
 * Returns: the name
 *
 * Since: 1.0
 */
const char *
devbox_kubeconfig_get_user (DevboxKubeconfig *self)
{
  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);

  return self->parts->user;
}

/**
 * devbox_kubeconfig_get_namespace:
 * @self: a kubeconfig
 *
 * Gets the context's namespace.
 *
 * Returns: (nullable): the name, or %NULL when the context names none
 *
 * Since: 1.0
 */
const char *
devbox_kubeconfig_get_namespace (DevboxKubeconfig *self)
{
  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);

  return self->parts->name_space;
}

/**
 * devbox_kubeconfig_get_server:
 * @self: a kubeconfig
 *
 * Gets the address of the cluster's own server.
 *
 * Returns: (nullable): the address, or %NULL when there is none
 *
 * Since: 1.0
 */
const char *
devbox_kubeconfig_get_server (DevboxKubeconfig *self)
{
  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);

  return self->parts->server;
}

/**
 * devbox_kubeconfig_get_base_url:
 * @self: a kubeconfig
 *
 * Gets the address of the platform.
 *
 * It is the `base-url` of the cluster's extension `devbox.sealos.io`, which the local platform writes; else the host of
 * the cluster's server with `devbox.` put before it, when that is a name with a domain.
 *
 * Returns: (nullable): the address, or %NULL when the kubeconfig does not say it
 *
 * Since: 1.0
 */
const char *
devbox_kubeconfig_get_base_url (DevboxKubeconfig *self)
{
  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);

  return self->parts->base_url;
}

char *
devbox_kubeconfig_dup_base_url (DevboxKubeconfig *self, GError **error)
{
  if (self->parts->base_url == NULL && self->parts->server != NULL)
    {
      devbox_error_set (error, DEVBOX_ERROR_INVALID_KUBECONFIG, NULL,
                        /* Translators: %s is an address such as "https://192.0.2.1:6443" */
                        _ ("The kubeconfig does not say where the platform is, and it does not follow from “%s”"),
                        self->parts->server);
      return NULL;
    }

  return g_strdup (self->parts->base_url != NULL ? self->parts->base_url : DEFAULT_BASE_URL);
}

DevboxTlsSettings *
devbox_kubeconfig_ref_tls_settings (DevboxKubeconfig *self)
{
  return devbox_kubeconfig_credential_ref_tls_settings (self->credential);
}

/**
 * devbox_kubeconfig_with_context:
 * @self: a kubeconfig
 * @context: the name of one of its contexts
 * @error: where to put an error
 *
 * Makes a kubeconfig like this one that uses another context.
 *
 * The files that the context names are read, which are expected to be small and near.
 *
 * Errors: %DEVBOX_ERROR_INVALID_KUBECONFIG when there is no such context, or when it makes no sense.
 *
 * Returns: (transfer full): another kubeconfig
 *
 * Since: 1.0
 */
DevboxKubeconfig *
devbox_kubeconfig_with_context (DevboxKubeconfig *self, const char *context, GError **error)
{
  GError *cause = NULL;
  DevboxKubeconfig *other;

  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);
  g_return_val_if_fail (context != NULL, NULL);
  g_return_val_if_fail (self->tree != NULL, NULL);

  other = devbox_kubeconfig_new_for_tree (devbox_kubeconfig_tree_ref (self->tree), context, self->flags, NULL, &cause);
  if (other == NULL)
    {
      devbox_error_info_note (cause);
      g_propagate_error (error, cause);
    }

  return other;
}

gboolean
devbox_kubeconfig_has_credential (DevboxKubeconfig *self)
{
  return devbox_kubeconfig_credential_is_known (self->credential);
}

char *
devbox_kubeconfig_dup_authorization (DevboxKubeconfig *self, DevboxAuthorizationForm form, GError **error)
{
  return devbox_kubeconfig_credential_dup_authorization (self->credential, form, error);
}

char **
devbox_kubeconfig_dup_secrets (DevboxKubeconfig *self)
{
  return devbox_kubeconfig_credential_dup_secrets (self->credential);
}

static void
devbox_kubeconfig_authenticate (DevboxAuthenticator *authenticator, DevboxAuthentication *run)
{
  devbox_kubeconfig_credential_tell (DEVBOX_KUBECONFIG (authenticator)->credential, run);
}

static void
authenticator_interface_init (DevboxAuthenticatorInterface *interface)
{
  interface->authenticate = devbox_kubeconfig_authenticate;
}

/**
 * devbox_kubeconfig_to_bytes:
 * @self: a kubeconfig
 *
 * Makes a kubeconfig of the context alone, which is what the platform is told.
 *
 * It is YAML with the credential as it is known at the moment, and names no files and no programs: what stands in files
 * is in it. An address of a proxy, which may hold a password and is of use on this machine only, is left out. The
 * memory is cleared when the last reference goes.
 *
 * Returns: (transfer full): the text
 *
 * Since: 1.0
 */
GBytes *
devbox_kubeconfig_to_bytes (DevboxKubeconfig *self)
{
  char *text;

  g_return_val_if_fail (DEVBOX_IS_KUBECONFIG (self), NULL);

  text = devbox_kubeconfig_credential_format (self->credential);

  return g_bytes_new_with_free_func (text, strlen (text), clear_and_free, text);
}
