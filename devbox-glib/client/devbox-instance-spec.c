/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-spec-private.h"

#include "devbox-port.h"
#include "devbox-secret-private.h"

/**
 * DevboxInstanceSpec:
 *
 * What a devbox is to be like: given to a platform to make one, or to change one.
 *
 * What is not set is left to the platform when a devbox is made, and left as it is when one is changed. The spec is
 * checked when it is used: what no platform would take ends the call with %DEVBOX_ERROR_VALIDATION_ERROR before
 * anything is sent. White space around names is taken away.
 *
 * A spec can be used any number of times. Using it takes a copy: what is set afterwards counts for the next use. It is
 * not thread safe: set it up in one thread.
 *
 * ```c
 * g_autoptr (DevboxInstanceSpec) spec = devbox_instance_spec_new ("my-app", DEVBOX_RUNTIME_NODE_JS);
 * g_autoptr (DevboxPort) port = devbox_port_new (8080, DEVBOX_PORT_PROTOCOL_HTTP);
 *
 * devbox_instance_spec_set_cpu (spec, 2000);
 * devbox_instance_spec_set_memory (spec, 4096);
 * devbox_instance_spec_add_port (spec, port);
 * devbox_instance_spec_setenv (spec, "LANG", "C.UTF-8", TRUE);
 * ```
 *
 * Since: 1.0
 */
struct _DevboxInstanceSpec
{
  GObject parent_instance;

  char *name;
  char *runtime;
  guint cpu;
  guint memory;
  GListStore *ports; /* NULL: not set */
  GStrv environment;
  gboolean network;
  char *autostart;
  char *release_name;
  char *release_tag;
};

G_DEFINE_FINAL_TYPE (DevboxInstanceSpec, devbox_instance_spec, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_RUNTIME,
  PROP_CPU,
  PROP_MEMORY,
  PROP_PORTS,
  PROP_ENVIRON,
  PROP_NETWORK,
  PROP_AUTOSTART,
  PROP_RELEASE_NAME,
  PROP_RELEASE_TAG,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_instance_spec_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxInstanceSpec *self = DEVBOX_INSTANCE_SPEC (object);

  switch (property_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_RUNTIME:
      g_value_set_string (value, self->runtime);
      break;
    case PROP_CPU:
      g_value_set_uint (value, self->cpu);
      break;
    case PROP_MEMORY:
      g_value_set_uint (value, self->memory);
      break;
    case PROP_PORTS:
      g_value_set_object (value, self->ports);
      break;
    case PROP_ENVIRON:
      g_value_set_boxed (value, self->environment);
      break;
    case PROP_NETWORK:
      g_value_set_boolean (value, self->network);
      break;
    case PROP_AUTOSTART:
      g_value_set_string (value, self->autostart);
      break;
    case PROP_RELEASE_NAME:
      g_value_set_string (value, self->release_name);
      break;
    case PROP_RELEASE_TAG:
      g_value_set_string (value, self->release_tag);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_instance_spec_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxInstanceSpec *self = DEVBOX_INSTANCE_SPEC (object);

  switch (property_id)
    {
    case PROP_NAME:
      devbox_instance_spec_set_name (self, g_value_get_string (value));
      break;
    case PROP_RUNTIME:
      devbox_instance_spec_set_runtime (self, g_value_get_string (value));
      break;
    case PROP_CPU:
      devbox_instance_spec_set_cpu (self, g_value_get_uint (value));
      break;
    case PROP_MEMORY:
      devbox_instance_spec_set_memory (self, g_value_get_uint (value));
      break;
    case PROP_PORTS:
      devbox_instance_spec_set_ports (self, g_value_get_object (value));
      break;
    case PROP_ENVIRON:
      devbox_instance_spec_set_environ (self, g_value_get_boxed (value));
      break;
    case PROP_NETWORK:
      devbox_instance_spec_set_network (self, g_value_get_boolean (value));
      break;
    case PROP_AUTOSTART:
      devbox_instance_spec_set_autostart (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_instance_spec_finalize (GObject *object)
{
  DevboxInstanceSpec *self = DEVBOX_INSTANCE_SPEC (object);

  g_free (self->name);
  g_free (self->runtime);
  g_clear_object (&self->ports);
  devbox_secret_free_strv (self->environment);
  g_free (self->autostart);
  g_free (self->release_name);
  g_free (self->release_tag);

  G_OBJECT_CLASS (devbox_instance_spec_parent_class)->finalize (object);
}

static void
devbox_instance_spec_class_init (DevboxInstanceSpecClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_instance_spec_get_property;
  object_class->set_property = devbox_instance_spec_set_property;
  object_class->finalize = devbox_instance_spec_finalize;

  /**
   * DevboxInstanceSpec:name:
   *
   * The name of the devbox, or %NULL for that of the devbox which is changed.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceSpec:runtime:
   *
   * What the devbox is made of: the name of a [class@Template], or %NULL if it is made of a release or is changed.
   *
   * Since: 1.0
   */
  properties[PROP_RUNTIME] = g_param_spec_string ("runtime", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceSpec:cpu:
   *
   * How much of the processors it may use, in millicores; 0 if that is not set.
   *
   * Since: 1.0
   */
  properties[PROP_CPU] = g_param_spec_uint ("cpu", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxInstanceSpec:memory:
   *
   * How much memory it may use, in MiB; 0 if that is not set.
   *
   * Since: 1.0
   */
  properties[PROP_MEMORY] = g_param_spec_uint ("memory", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxInstanceSpec:ports:
   *
   * Its ports, a list of [class@Port]; %NULL if they are not set.
   *
   * Since: 1.0
   */
  properties[PROP_PORTS] = g_param_spec_object ("ports", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * DevboxInstanceSpec:environ:
   *
   * The variables that all commands in it get, as `NAME=value`, or %NULL if there are none.
   *
   * Since: 1.0
   */
  properties[PROP_ENVIRON] = g_param_spec_boxed ("environ", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxInstanceSpec:network:
   *
   * Whether its programs share the network of the machine that the platform runs on, where the platform knows that.
   *
   * Since: 1.0
   */
  properties[PROP_NETWORK] = g_param_spec_boolean ("network", NULL, NULL, FALSE, flags);

  /**
   * DevboxInstanceSpec:autostart:
   *
   * A line for the shell that is run whenever it starts, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_AUTOSTART] = g_param_spec_string ("autostart", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceSpec:release-name:
   *
   * The devbox whose release it is made of, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_RELEASE_NAME]
      = g_param_spec_string ("release-name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstanceSpec:release-tag:
   *
   * The tag of the release that it is made of, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_RELEASE_TAG]
      = g_param_spec_string ("release-tag", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_instance_spec_init (DevboxInstanceSpec *self)
{
}

/**
 * devbox_instance_spec_new:
 * @name: (nullable): the name: 1 to 63 lower-case letters, digits and hyphens, with a letter or a digit at both ends;
 *   or %NULL
 * @runtime: (nullable): the name of a [class@Template], such as %DEVBOX_RUNTIME_NODE_JS, or %NULL
 *
 * Creates a spec with nothing set but these.
 *
 * A devbox that is made needs both, or a release instead of the runtime. The changes to a devbox that is there need
 * neither, since they cannot be changed.
 *
 * Returns: (transfer full): a new spec
 *
 * Since: 1.0
 */
DevboxInstanceSpec *
devbox_instance_spec_new (const char *name, const char *runtime)
{
  return g_object_new (DEVBOX_TYPE_INSTANCE_SPEC, "name", name, "runtime", runtime, NULL);
}

/* Whether it is another one. */
static gboolean
replace_text (char **text, const char *replacement)
{
  if (g_strcmp0 (*text, replacement) == 0)
    return FALSE;

  g_free (*text);
  *text = g_strdup (replacement);

  return TRUE;
}

/**
 * devbox_instance_spec_get_name:
 * @self: a spec
 *
 * Gets the name of the devbox.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL if it is not set
 *
 * Since: 1.0
 */
const char *
devbox_instance_spec_get_name (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), NULL);

  return self->name;
}

/**
 * devbox_instance_spec_set_name:
 * @self: a spec
 * @name: (nullable): the name, or %NULL
 *
 * Sets the name of the devbox.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_name (DevboxInstanceSpec *self, const char *name)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));

  if (replace_text (&self->name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

/**
 * devbox_instance_spec_get_runtime:
 * @self: a spec
 *
 * Gets what the devbox is made of.
 *
 * Returns: (transfer none) (nullable): the name of a template, or %NULL if it is not set
 *
 * Since: 1.0
 */
const char *
devbox_instance_spec_get_runtime (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), NULL);

  return self->runtime;
}

/**
 * devbox_instance_spec_set_runtime:
 * @self: a spec
 * @runtime: (nullable): the name of a [class@Template], or %NULL
 *
 * Sets what the devbox is made of.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_runtime (DevboxInstanceSpec *self, const char *runtime)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));

  if (replace_text (&self->runtime, runtime))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNTIME]);
}

/**
 * devbox_instance_spec_get_cpu:
 * @self: a spec
 *
 * Gets how much of the processors the devbox may use.
 *
 * Returns: the limit in millicores, thousandths of a processor; 0 if it is not set
 *
 * Since: 1.0
 */
guint
devbox_instance_spec_get_cpu (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), 0);

  return self->cpu;
}

/**
 * devbox_instance_spec_set_cpu:
 * @self: a spec
 * @cpu: the limit in millicores, 100 to 64,000; or 0 for what the platform takes by default
 *
 * Sets how much of the processors the devbox may use.
 *
 * A devbox gets 1,000, one whole processor, if this is not set. Some platforms know but a few sizes: 100, 200, 500,
 * 1000, 2000, 4000, 8000 and 16000.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_cpu (DevboxInstanceSpec *self, guint cpu)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));

  if (self->cpu == cpu)
    return;

  self->cpu = cpu;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CPU]);
}

/**
 * devbox_instance_spec_get_memory:
 * @self: a spec
 *
 * Gets how much memory the devbox may use.
 *
 * Returns: the limit in MiB; 0 if it is not set
 *
 * Since: 1.0
 */
guint
devbox_instance_spec_get_memory (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), 0);

  return self->memory;
}

/**
 * devbox_instance_spec_set_memory:
 * @self: a spec
 * @memory: the limit in MiB, 102 to 524,288; or 0 for what the platform takes by default
 *
 * Sets how much memory the devbox may use.
 *
 * A devbox gets 2,048 if this is not set. Some platforms know but a few sizes: 102 (a tenth of a GiB), 512, 1024, 2048,
 * 4096, 8192, 16384 and 32768. The wire has thousandths of a GiB, so that the devbox may get one MiB more or less.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_memory (DevboxInstanceSpec *self, guint memory)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));

  if (self->memory == memory)
    return;

  self->memory = memory;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MEMORY]);
}

/**
 * devbox_instance_spec_get_ports:
 * @self: a spec
 *
 * Gets the ports of the devbox, a list of [class@Port].
 *
 * Returns: (transfer none) (nullable): the ports, or %NULL if they are not set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_spec_get_ports (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), NULL);

  return (GListModel *) self->ports;
}

/**
 * devbox_instance_spec_set_ports:
 * @self: a spec
 * @ports: (nullable): a list of [class@Port], or %NULL
 *
 * Sets the ports of the devbox.
 *
 * The list is copied. A devbox that is changed has these ports afterwards and no others; %NULL leaves them as they are.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_ports (DevboxInstanceSpec *self, GListModel *ports)
{
  GListStore *copy = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));
  g_return_if_fail (ports == NULL || g_type_is_a (g_list_model_get_item_type (ports), DEVBOX_TYPE_PORT));

  if (ports == (GListModel *) self->ports)
    return;

  if (ports != NULL)
    copy = devbox_instance_spec_copy_ports (ports);
  g_clear_object (&self->ports);
  self->ports = copy;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PORTS]);
}

GListStore *
devbox_instance_spec_copy_ports (GListModel *ports)
{
  GListStore *copy = g_list_store_new (DEVBOX_TYPE_PORT);

  for (guint i = 0; i < g_list_model_get_n_items (ports); i++)
    {
      g_autoptr (DevboxPort) port = g_list_model_get_item (ports, i);

      g_list_store_append (copy, port);
    }

  return copy;
}

/**
 * devbox_instance_spec_add_port:
 * @self: a spec
 * @port: a port
 *
 * Adds a port to those of the devbox.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_add_port (DevboxInstanceSpec *self, DevboxPort *port)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));
  g_return_if_fail (DEVBOX_IS_PORT (port));

  if (self->ports == NULL)
    self->ports = g_list_store_new (DEVBOX_TYPE_PORT);
  g_list_store_append (self->ports, port);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PORTS]);
}

/**
 * devbox_instance_spec_get_environ:
 * @self: a spec
 *
 * Gets the variables that all commands in the devbox get, as `NAME=value`.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the variables, or %NULL if there are none
 *
 * Since: 1.0
 */
const char *const *
devbox_instance_spec_get_environ (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), NULL);

  return (const char *const *) self->environment;
}

static void
take_environment (DevboxInstanceSpec *self, GStrv environment)
{
  devbox_secret_free_strv (self->environment);
  if (environment != NULL && environment[0] == NULL)
    g_clear_pointer (&environment, g_strfreev);
  self->environment = environment;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ENVIRON]);
}

/**
 * devbox_instance_spec_set_environ:
 * @self: a spec
 * @environment: (nullable) (array zero-terminated=1): variables as `NAME=value`, or %NULL
 *
 * Sets the variables that all commands in the devbox get.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_environ (DevboxInstanceSpec *self, const char *const *environment)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));

  if (environment != (const char *const *) self->environment)
    take_environment (self, g_strdupv ((GStrv) environment));
}

/**
 * devbox_instance_spec_getenv:
 * @self: a spec
 * @variable: a name
 *
 * Looks up a variable among those that were set.
 *
 * Returns: (transfer none) (nullable): the value, or %NULL if it was not set here
 *
 * Since: 1.0
 */
const char *
devbox_instance_spec_getenv (DevboxInstanceSpec *self, const char *variable)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), NULL);
  g_return_val_if_fail (variable != NULL, NULL);

  return g_environ_getenv (self->environment, variable);
}

/**
 * devbox_instance_spec_setenv:
 * @self: a spec
 * @variable: a name, which must not hold `=`
 * @value: the value, in UTF-8
 * @overwrite: whether to replace a value that was set before
 *
 * Sets one of the variables that all commands in the devbox get.
 *
 * Names are made of letters, digits and `_`, and do not begin with a digit; all variables together take 128 KiB at
 * most.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_setenv (DevboxInstanceSpec *self, const char *variable, const char *value, gboolean overwrite)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));
  g_return_if_fail (variable != NULL && variable[0] != '\0' && strchr (variable, '=') == NULL);
  g_return_if_fail (value != NULL);

  if (overwrite || g_environ_getenv (self->environment, variable) == NULL)
    take_environment (self, g_environ_setenv (g_strdupv (self->environment), variable, value, TRUE));
}

/**
 * devbox_instance_spec_unsetenv:
 * @self: a spec
 * @variable: a name, which must not hold `=`
 *
 * Takes back what [method@InstanceSpec.setenv] did.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_unsetenv (DevboxInstanceSpec *self, const char *variable)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));
  g_return_if_fail (variable != NULL && variable[0] != '\0' && strchr (variable, '=') == NULL);

  if (g_environ_getenv (self->environment, variable) != NULL)
    take_environment (self, g_environ_unsetenv (g_strdupv (self->environment), variable));
}

/**
 * devbox_instance_spec_get_network:
 * @self: a spec
 *
 * Gets whether the programs of the devbox share the network of the machine that the platform runs on.
 *
 * Returns: %TRUE if they do
 *
 * Since: 1.0
 */
gboolean
devbox_instance_spec_get_network (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), FALSE);

  return self->network;
}

/**
 * devbox_instance_spec_set_network:
 * @self: a spec
 * @network: whether to share the network
 *
 * Sets whether the programs of the devbox share the network of the machine that the platform runs on.
 *
 * A devbox of the local platform has no network of its own in a sandbox. Platforms with a network of their own pay no
 * heed to this.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_network (DevboxInstanceSpec *self, gboolean network)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));

  if (self->network == !!network)
    return;

  self->network = !!network;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NETWORK]);
}

/**
 * devbox_instance_spec_get_autostart:
 * @self: a spec
 *
 * Gets the line for the shell that is run whenever the devbox starts.
 *
 * Returns: (transfer none) (nullable): the line, or %NULL if it is not set
 *
 * Since: 1.0
 */
const char *
devbox_instance_spec_get_autostart (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), NULL);

  return self->autostart;
}

/**
 * devbox_instance_spec_set_autostart:
 * @self: a spec
 * @command: (nullable): a line for the shell, of at most 8 KiB; empty for what the template has; or %NULL for nothing
 *
 * Sets the line for the shell that is run whenever the devbox starts.
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_autostart (DevboxInstanceSpec *self, const char *command)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));

  if (replace_text (&self->autostart, command))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AUTOSTART]);
}

/**
 * devbox_instance_spec_get_release_name:
 * @self: a spec
 *
 * Gets the name of the devbox whose release this one is made of.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL if it is made of a runtime
 *
 * Since: 1.0
 */
const char *
devbox_instance_spec_get_release_name (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), NULL);

  return self->release_name;
}

/**
 * devbox_instance_spec_get_release_tag:
 * @self: a spec
 *
 * Gets the tag of the release that the devbox is made of.
 *
 * Returns: (transfer none) (nullable): the tag, or %NULL if it is made of a runtime
 *
 * Since: 1.0
 */
const char *
devbox_instance_spec_get_release_tag (DevboxInstanceSpec *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (self), NULL);

  return self->release_tag;
}

/**
 * devbox_instance_spec_set_release:
 * @self: a spec
 * @name: (nullable): the devbox that the release is of, or %NULL
 * @tag: (nullable): the tag of the release, or %NULL; both are given, or neither
 *
 * Sets the release that the devbox is made of, instead of a runtime.
 *
 * Not every platform makes a devbox of a release in this way; see also [class@Release].
 *
 * Since: 1.0
 */
void
devbox_instance_spec_set_release (DevboxInstanceSpec *self, const char *name, const char *tag)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (self));
  g_return_if_fail ((name == NULL) == (tag == NULL));

  g_object_freeze_notify (G_OBJECT (self));
  if (replace_text (&self->release_name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RELEASE_NAME]);
  if (replace_text (&self->release_tag, tag))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RELEASE_TAG]);
  g_object_thaw_notify (G_OBJECT (self));
}
