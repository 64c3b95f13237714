/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-path-policy.h"

#include "devbox-error-private.h"
#include "devbox-request-checks-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define DEFAULT_WORKSPACE "/workspace"
#define MAX_PATH_LENGTH 4095 /* bytes, as the kernel has it */

/**
 * DevboxPathPolicy:
 *
 * Decides which paths of a workspace a client sends to an agent.
 *
 * A client asks its policy, [property@Devbox.Client:path-policy], before any request goes out. The policy that it has
 * by default lets a relative path pass that stays in the workspace when its `..` are resolved, and an absolute one only
 * below [property@Devbox.PathPolicy:workspace]. The agent has the last word in any case: it alone knows where symbolic
 * links lead.
 *
 * A program with rules of its own derives a class and implements [vfunc@Devbox.PathPolicy.check_path], which may chain
 * up to the rules above:
 *
 * ```python
 * class NoSecrets(Devbox.PathPolicy):
 *     def do_check_path(self, path):
 *         if path.endswith(".pem"):
 *             raise GLib.Error("Keys stay where they are", GLib.quark_to_string(Devbox.error_quark()),
 *                              Devbox.Error.INSUFFICIENT_PERMISSIONS)
 *         return Devbox.PathPolicy.do_check_path(self, path)
 *
 * client = Devbox.Client(path_policy=NoSecrets())
 * ```
 *
 * Since: 1.0
 */
typedef struct
{
  char *workspace;
} DevboxPathPolicyPrivate;

G_DEFINE_TYPE_WITH_PRIVATE (DevboxPathPolicy, devbox_path_policy, G_TYPE_OBJECT)

enum
{
  PROP_WORKSPACE = 1,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* The next component after slashes, with its length; FALSE at the end. */
static gboolean
next_component (const char **path, gsize *length)
{
  while (**path == '/')
    (*path)++;
  *length = strcspn (*path, "/");

  return *length > 0;
}

static gboolean
component_equals (const char *component, gsize length, const char *name)
{
  return strlen (name) == length && strncmp (component, name, length) == 0;
}

/* What is left of an absolute path below the folder, or NULL if it does not begin there. Neither is resolved before: an
 * agent does not either. */
static const char *
skip_folder (const char *path, const char *folder)
{
  gsize path_length;
  gsize folder_length;

  while (next_component (&folder, &folder_length))
    {
      while (next_component (&path, &path_length) && component_equals (path, path_length, "."))
        path += path_length;
      if (path_length != folder_length || strncmp (path, folder, folder_length) != 0)
        return NULL;
      path += path_length;
      folder += folder_length;
    }

  return path;
}

/* Nowhere on its way, and not only in the end. */
static gboolean
stays_inside (const char *path)
{
  guint depth = 0;

  for (gsize length; next_component (&path, &length); path += length)
    {
      if (component_equals (path, length, "."))
        continue;
      if (!component_equals (path, length, ".."))
        depth++;
      else if (depth-- == 0)
        return FALSE;
    }

  return TRUE;
}

static gboolean
devbox_path_policy_real_check_path (DevboxPathPolicy *self, const char *path, GError **error)
{
  DevboxPathPolicyPrivate *priv = devbox_path_policy_get_instance_private (self);
  DevboxErrorDetails details = { .path = path, .value = path };
  const char *rest = path;

  if (path[0] == '/')
    rest = priv->workspace != NULL ? skip_folder (path, priv->workspace) : NULL;

  if (rest == NULL)
    {
      devbox_error_set (error, DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED, &details,
                        _ ("“%s” is an absolute path that is not in the workspace"), path);
      return FALSE;
    }
  if (!stays_inside (rest))
    {
      devbox_error_set (error, DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED, &details, _ ("“%s” leads out of the workspace"),
                        path);
      return FALSE;
    }

  return TRUE;
}

static void
devbox_path_policy_finalize (GObject *object)
{
  DevboxPathPolicyPrivate *priv = devbox_path_policy_get_instance_private (DEVBOX_PATH_POLICY (object));

  g_free (priv->workspace);

  G_OBJECT_CLASS (devbox_path_policy_parent_class)->finalize (object);
}

static void
devbox_path_policy_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  switch (property_id)
    {
    case PROP_WORKSPACE:
      g_value_set_string (value, devbox_path_policy_get_workspace (DEVBOX_PATH_POLICY (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_path_policy_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxPathPolicyPrivate *priv = devbox_path_policy_get_instance_private (DEVBOX_PATH_POLICY (object));

  switch (property_id)
    {
    case PROP_WORKSPACE:
      g_return_if_fail (g_value_get_string (value) == NULL || g_path_is_absolute (g_value_get_string (value)));
      priv->workspace = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_path_policy_class_init (DevboxPathPolicyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = devbox_path_policy_finalize;
  object_class->get_property = devbox_path_policy_get_property;
  object_class->set_property = devbox_path_policy_set_property;
  klass->check_path = devbox_path_policy_real_check_path;

  /**
   * DevboxPathPolicy:workspace:
   *
   * The agent's own workspace, below which absolute paths may lead; %NULL when there are to be none.
   *
   * Since: 1.0
   */
  properties[PROP_WORKSPACE] = g_param_spec_string (
      "workspace", NULL, NULL, DEFAULT_WORKSPACE, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
devbox_path_policy_init (DevboxPathPolicy *self)
{
}

/**
 * devbox_path_policy_new:
 * @workspace: (nullable): the agent's workspace, an absolute path, or %NULL when there are to be no absolute paths
 *
 * Makes a policy with the default rules for another workspace than `/workspace`.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 1.0
 */
DevboxPathPolicy *
devbox_path_policy_new (const char *workspace)
{
  return g_object_new (DEVBOX_TYPE_PATH_POLICY, "workspace", workspace, NULL);
}

/**
 * devbox_path_policy_get_workspace:
 * @self: a path policy
 *
 * Gets the workspace below which absolute paths may lead.
 *
 * Returns: (nullable): the path, or %NULL when no absolute path may pass
 *
 * Since: 1.0
 */
const char *
devbox_path_policy_get_workspace (DevboxPathPolicy *self)
{
  DevboxPathPolicyPrivate *priv = devbox_path_policy_get_instance_private (self);

  g_return_val_if_fail (DEVBOX_IS_PATH_POLICY (self), NULL);

  return priv->workspace;
}

/* What no agent takes; a policy need not look at it. */
static gboolean
check_text (const char *path, GError **error)
{
  if (strnlen (path, MAX_PATH_LENGTH + 1) > MAX_PATH_LENGTH)
    return devbox_request_refuse (error, path, _ ("A path must not be longer than %d bytes"), MAX_PATH_LENGTH);

  return devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error);
}

/* Takes what the virtual function said, which may be nothing. */
static GError *
to_devbox_error (GError *refusal, const char *path)
{
  DevboxErrorDetails details = { .path = path, .value = path, .cause = refusal };
  GError *error;

  if (refusal == NULL)
    return devbox_error_new (DEVBOX_ERROR_VALIDATION_ERROR, &details, _ ("The path policy does not allow “%s”"), path);

  if (refusal->domain == DEVBOX_ERROR)
    {
      details.cause = NULL;
      return devbox_error_complete (refusal, &details);
    }

  error = devbox_error_new (DEVBOX_ERROR_VALIDATION_ERROR, &details, "%s", refusal->message);
  g_error_free (refusal);

  return error;
}

/**
 * devbox_path_policy_check_path: (virtual check_path)
 * @self: a path policy
 * @path: a path, in UTF-8
 * @error: return location for an error
 *
 * Asks whether a path may be sent to an agent.
 *
 * A client does so in the thread that makes a call, before anything is sent. An implementation returns %TRUE or sets an
 * error; it never sees a path that is empty, not UTF-8, or longer than 4,095 bytes, since these are refused at once, as
 * %DEVBOX_ERROR_VALIDATION_ERROR. Errors that are not in the domain `DEVBOX_ERROR` become a
 * %DEVBOX_ERROR_VALIDATION_ERROR with the same text, and hang on it as its cause.
 *
 * The default implementation fails with %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED.
 *
 * Returns: %TRUE if the path may be sent
 *
 * Since: 1.0
 */
gboolean
devbox_path_policy_check_path (DevboxPathPolicy *self, const char *path, GError **error)
{
  GError *refusal = NULL;

  g_return_val_if_fail (DEVBOX_IS_PATH_POLICY (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  if (check_text (path, &refusal))
    {
      if (DEVBOX_PATH_POLICY_GET_CLASS (self)->check_path (self, path, &refusal) && refusal == NULL)
        return TRUE;
      refusal = to_devbox_error (refusal, path);
    }

  devbox_error_info_note (refusal);
  g_propagate_error (error, refusal);

  return FALSE;
}
