/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-info-private.h"

/**
 * DevboxAgentInfo:
 *
 * What the agent of a devbox tells of itself; see [method@Instance.get_agent_info_async].
 *
 * It never changes, and can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxAgentInfo
{
  GObject parent_instance;

  gboolean healthy;
  char *version;
  guint64 uptime_ms;
  GStrv capabilities;
};

G_DEFINE_FINAL_TYPE (DevboxAgentInfo, devbox_agent_info, G_TYPE_OBJECT)

enum
{
  PROP_HEALTHY = 1,
  PROP_VERSION,
  PROP_UPTIME,
  PROP_CAPABILITIES,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_agent_info_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxAgentInfo *self = DEVBOX_AGENT_INFO (object);

  switch (property_id)
    {
    case PROP_HEALTHY:
      g_value_set_boolean (value, self->healthy);
      break;
    case PROP_VERSION:
      g_value_set_string (value, self->version);
      break;
    case PROP_UPTIME:
      g_value_set_uint64 (value, self->uptime_ms);
      break;
    case PROP_CAPABILITIES:
      g_value_set_boxed (value, self->capabilities);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_agent_info_finalize (GObject *object)
{
  DevboxAgentInfo *self = DEVBOX_AGENT_INFO (object);

  g_free (self->version);
  g_strfreev (self->capabilities);

  G_OBJECT_CLASS (devbox_agent_info_parent_class)->finalize (object);
}

static void
devbox_agent_info_class_init (DevboxAgentInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = devbox_agent_info_get_property;
  object_class->finalize = devbox_agent_info_finalize;

  /**
   * DevboxAgentInfo:healthy:
   *
   * Whether the agent is well.
   *
   * Since: 1.0
   */
  properties[PROP_HEALTHY]
      = g_param_spec_boolean ("healthy", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxAgentInfo:version:
   *
   * The version of the agent; %NULL if it does not tell.
   *
   * Since: 1.0
   */
  properties[PROP_VERSION]
      = g_param_spec_string ("version", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxAgentInfo:uptime:
   *
   * For how long the agent has been running, in milliseconds; some tell whole seconds only.
   *
   * Since: 1.0
   */
  properties[PROP_UPTIME]
      = g_param_spec_uint64 ("uptime", NULL, NULL, 0, G_MAXUINT64, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxAgentInfo:capabilities:
   *
   * What the agent can do, in the words of the wire; nothing if it does not tell.
   *
   * Since: 1.0
   */
  properties[PROP_CAPABILITIES]
      = g_param_spec_boxed ("capabilities", NULL, NULL, G_TYPE_STRV, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_agent_info_init (DevboxAgentInfo *self)
{
}

DevboxAgentInfo *
devbox_agent_info_new (gboolean healthy, const char *version, guint64 uptime_ms, const char *const *capabilities)
{
  DevboxAgentInfo *self = g_object_new (DEVBOX_TYPE_AGENT_INFO, NULL);

  self->healthy = healthy;
  self->version = g_strdup (version);
  self->uptime_ms = uptime_ms;
  self->capabilities = capabilities != NULL ? g_strdupv ((GStrv) capabilities) : g_new0 (char *, 1);

  return self;
}

/**
 * devbox_agent_info_get_healthy:
 * @self: what an agent tells of itself
 *
 * Gets whether the agent is well.
 *
 * Returns: %TRUE if it is
 *
 * Since: 1.0
 */
gboolean
devbox_agent_info_get_healthy (DevboxAgentInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_AGENT_INFO (self), FALSE);

  return self->healthy;
}

/**
 * devbox_agent_info_get_version:
 * @self: what an agent tells of itself
 *
 * Gets the version of the agent.
 *
 * Returns: (transfer none) (nullable): the version, or %NULL if it does not tell
 *
 * Since: 1.0
 */
const char *
devbox_agent_info_get_version (DevboxAgentInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_AGENT_INFO (self), NULL);

  return self->version;
}

/**
 * devbox_agent_info_get_uptime:
 * @self: what an agent tells of itself
 *
 * Gets for how long the agent has been running.
 *
 * Returns: the time in milliseconds
 *
 * Since: 1.0
 */
guint64
devbox_agent_info_get_uptime (DevboxAgentInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_AGENT_INFO (self), 0);

  return self->uptime_ms;
}

/**
 * devbox_agent_info_get_capabilities:
 * @self: what an agent tells of itself
 *
 * Gets what the agent can do, in the words of the wire.
 *
 * Returns: (transfer none) (array zero-terminated=1): the capabilities; none if it does not tell
 *
 * Since: 1.0
 */
const char *const *
devbox_agent_info_get_capabilities (DevboxAgentInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_AGENT_INFO (self), NULL);

  return (const char *const *) self->capabilities;
}
