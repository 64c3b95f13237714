/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-port-private.h"

#include "devbox-enum-types.h"

#define MAX_NUMBER 65535

/**
 * DevboxPort:
 *
 * A port where a program in a devbox listens, and how it is reached from elsewhere.
 *
 * One that is made with [ctor@Port.new] says what a devbox is to have: see [method@InstanceSpec.add_port]. What a
 * platform tells of a devbox has addresses, too. A port never changes, and can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxPort
{
  GObject parent_instance;

  DevboxPortDetails details;
};

G_DEFINE_FINAL_TYPE (DevboxPort, devbox_port, G_TYPE_OBJECT)

enum
{
  PROP_NUMBER = 1,
  PROP_PROTOCOL,
  PROP_PROTOCOL_TEXT,
  PROP_NAME,
  PROP_CUSTOM_DOMAIN,
  PROP_PUBLIC_ADDRESS,
  PROP_PRIVATE_ADDRESS,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static const char *const protocols[] = {
  [DEVBOX_PORT_PROTOCOL_HTTP] = "HTTP",
  [DEVBOX_PORT_PROTOCOL_GRPC] = "GRPC",
  [DEVBOX_PORT_PROTOCOL_WS] = "WS",
  [DEVBOX_PORT_PROTOCOL_TCP] = "TCP",
};

void
devbox_port_details_clear (DevboxPortDetails *self)
{
  g_clear_pointer (&self->protocol_text, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->custom_domain, g_free);
  g_clear_pointer (&self->public_address, g_free);
  g_clear_pointer (&self->private_address, g_free);
}

static void
devbox_port_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxPort *self = DEVBOX_PORT (object);

  switch (property_id)
    {
    case PROP_NUMBER:
      g_value_set_uint (value, self->details.number);
      break;
    case PROP_PROTOCOL:
      g_value_set_enum (value, devbox_port_get_protocol (self));
      break;
    case PROP_PROTOCOL_TEXT:
      g_value_set_string (value, self->details.protocol_text);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->details.name);
      break;
    case PROP_CUSTOM_DOMAIN:
      g_value_set_string (value, self->details.custom_domain);
      break;
    case PROP_PUBLIC_ADDRESS:
      g_value_set_string (value, self->details.public_address);
      break;
    case PROP_PRIVATE_ADDRESS:
      g_value_set_string (value, self->details.private_address);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_port_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxPort *self = DEVBOX_PORT (object);

  switch (property_id)
    {
    case PROP_NUMBER:
      self->details.number = g_value_get_uint (value);
      break;
    case PROP_PROTOCOL:
      self->details.protocol_text = g_strdup (protocols[g_value_get_enum (value)]);
      break;
    case PROP_NAME:
      self->details.name = g_value_dup_string (value);
      break;
    case PROP_CUSTOM_DOMAIN:
      self->details.custom_domain = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_port_finalize (GObject *object)
{
  DevboxPort *self = DEVBOX_PORT (object);

  devbox_port_details_clear (&self->details);

  G_OBJECT_CLASS (devbox_port_parent_class)->finalize (object);
}

static void
devbox_port_class_init (DevboxPortClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  const GParamFlags construct_flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_port_get_property;
  object_class->set_property = devbox_port_set_property;
  object_class->finalize = devbox_port_finalize;

  /**
   * DevboxPort:number:
   *
   * The number, 1 to 65535.
   *
   * Since: 1.0
   */
  properties[PROP_NUMBER] = g_param_spec_uint ("number", NULL, NULL, 0, MAX_NUMBER, 0, construct_flags);

  /**
   * DevboxPort:protocol:
   *
   * What is spoken there.
   *
   * Since: 1.0
   */
  properties[PROP_PROTOCOL] = g_param_spec_enum ("protocol", NULL, NULL, DEVBOX_TYPE_PORT_PROTOCOL,
                                                 DEVBOX_PORT_PROTOCOL_UNKNOWN, construct_flags);

  /**
   * DevboxPort:protocol-text:
   *
   * What is spoken there, as the platform calls it, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_PROTOCOL_TEXT] = g_param_spec_string ("protocol-text", NULL, NULL, NULL, flags);

  /**
   * DevboxPort:name:
   *
   * The name of the port, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, construct_flags);

  /**
   * DevboxPort:custom-domain:
   *
   * The domain of the caller's own that leads to the port, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_CUSTOM_DOMAIN] = g_param_spec_string ("custom-domain", NULL, NULL, NULL, construct_flags);

  /**
   * DevboxPort:public-address:
   *
   * The URL that leads to the port from outside, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_PUBLIC_ADDRESS] = g_param_spec_string ("public-address", NULL, NULL, NULL, flags);

  /**
   * DevboxPort:private-address:
   *
   * The URL that leads to the port within the platform, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_PRIVATE_ADDRESS] = g_param_spec_string ("private-address", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_port_init (DevboxPort *self)
{
}

DevboxPort *
devbox_port_new_from_details (DevboxPortDetails *details)
{
  DevboxPort *self = g_object_new (DEVBOX_TYPE_PORT, NULL);

  g_free (self->details.protocol_text);
  self->details = *details;
  *details = (DevboxPortDetails){ 0 };

  return self;
}

/**
 * devbox_port_new:
 * @number: the number, 1 to 65535
 * @protocol: what is spoken there, or %DEVBOX_PORT_PROTOCOL_UNKNOWN for what the platform takes by default
 *
 * Creates a port for a devbox to have.
 *
 * To give it a name or a domain as well, set [property@Port:name] and [property@Port:custom-domain] with
 * [ctor@GObject.Object.new].
 *
 * Returns: (transfer full): a new port
 *
 * Since: 1.0
 */
DevboxPort *
devbox_port_new (guint number, DevboxPortProtocol protocol)
{
  g_return_val_if_fail (number >= 1 && number <= MAX_NUMBER, NULL);
  g_return_val_if_fail ((guint) protocol < G_N_ELEMENTS (protocols), NULL);

  return g_object_new (DEVBOX_TYPE_PORT, "number", number, "protocol", protocol, NULL);
}

/**
 * devbox_port_get_number:
 * @self: a port
 *
 * Gets the number of the port.
 *
 * Returns: the number, 1 to 65535
 *
 * Since: 1.0
 */
guint
devbox_port_get_number (DevboxPort *self)
{
  g_return_val_if_fail (DEVBOX_IS_PORT (self), 0);

  return self->details.number;
}

/**
 * devbox_port_get_protocol:
 * @self: a port
 *
 * Gets what is spoken at the port.
 *
 * Returns: the protocol; %DEVBOX_PORT_PROTOCOL_UNKNOWN if none was told, or one that this library does not know
 *
 * Since: 1.0
 */
DevboxPortProtocol
devbox_port_get_protocol (DevboxPort *self)
{
  g_return_val_if_fail (DEVBOX_IS_PORT (self), DEVBOX_PORT_PROTOCOL_UNKNOWN);

  for (guint i = DEVBOX_PORT_PROTOCOL_HTTP; self->details.protocol_text != NULL && i < G_N_ELEMENTS (protocols); i++)
    {
      if (g_ascii_strcasecmp (self->details.protocol_text, protocols[i]) == 0)
        return (DevboxPortProtocol) i;
    }

  return DEVBOX_PORT_PROTOCOL_UNKNOWN;
}

/**
 * devbox_port_get_protocol_text:
 * @self: a port
 *
 * Gets what is spoken at the port in the words of the platform, also where this library does not know it.
 *
 * Returns: (transfer none) (nullable): the text, or %NULL if none was told
 *
 * Since: 1.0
 */
const char *
devbox_port_get_protocol_text (DevboxPort *self)
{
  g_return_val_if_fail (DEVBOX_IS_PORT (self), NULL);

  return self->details.protocol_text;
}

/**
 * devbox_port_get_name:
 * @self: a port
 *
 * Gets the name of the port.
 *
 * A platform makes one up where none is given.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL
 *
 * Since: 1.0
 */
const char *
devbox_port_get_name (DevboxPort *self)
{
  g_return_val_if_fail (DEVBOX_IS_PORT (self), NULL);

  return self->details.name;
}

/**
 * devbox_port_get_custom_domain:
 * @self: a port
 *
 * Gets the domain of the caller's own that is to lead to the port.
 *
 * Returns: (transfer none) (nullable): the domain, or %NULL
 *
 * Since: 1.0
 */
const char *
devbox_port_get_custom_domain (DevboxPort *self)
{
  g_return_val_if_fail (DEVBOX_IS_PORT (self), NULL);

  return self->details.custom_domain;
}

/**
 * devbox_port_get_public_address:
 * @self: a port
 *
 * Gets the URL that leads to the port from outside of the platform.
 *
 * Returns: (transfer none) (nullable): the URL, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_port_get_public_address (DevboxPort *self)
{
  g_return_val_if_fail (DEVBOX_IS_PORT (self), NULL);

  return self->details.public_address;
}

/**
 * devbox_port_get_private_address:
 * @self: a port
 *
 * Gets the URL that leads to the port within the platform.
 *
 * Returns: (transfer none) (nullable): the URL, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_port_get_private_address (DevboxPort *self)
{
  g_return_val_if_fail (DEVBOX_IS_PORT (self), NULL);

  return self->details.private_address;
}
