/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-template-private.h"

#include "devbox-port.h"

/**
 * DevboxTemplate:
 *
 * A runtime that a platform offers: what [ctor@InstanceSpec.new] takes by name.
 *
 * A template never changes, and can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxTemplate
{
  GObject parent_instance;

  DevboxTemplateDetails details;
};

G_DEFINE_FINAL_TYPE (DevboxTemplate, devbox_template, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_TITLE,
  PROP_UID,
  PROP_KIND,
  PROP_DESCRIPTION,
  PROP_AVAILABLE,
  PROP_REASON,
  PROP_PORTS,
  PROP_RELEASE_COMMAND,
  PROP_RELEASE_ARGUMENTS,
  PROP_USER,
  PROP_WORKING_DIRECTORY,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

void
devbox_template_details_clear (DevboxTemplateDetails *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->uid, g_free);
  g_clear_pointer (&self->kind, g_free);
  g_clear_pointer (&self->description, g_free);
  g_clear_pointer (&self->reason, g_free);
  g_clear_object (&self->ports);
  g_clear_pointer (&self->release_command, g_strfreev);
  g_clear_pointer (&self->release_arguments, g_strfreev);
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->working_directory, g_free);
}

static void
devbox_template_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxTemplate *self = DEVBOX_TEMPLATE (object);

  switch (property_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->details.name);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->details.title);
      break;
    case PROP_UID:
      g_value_set_string (value, self->details.uid);
      break;
    case PROP_KIND:
      g_value_set_string (value, self->details.kind);
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->details.description);
      break;
    case PROP_AVAILABLE:
      g_value_set_boolean (value, self->details.available);
      break;
    case PROP_REASON:
      g_value_set_string (value, self->details.reason);
      break;
    case PROP_PORTS:
      g_value_set_object (value, self->details.ports);
      break;
    case PROP_RELEASE_COMMAND:
      g_value_set_boxed (value, self->details.release_command);
      break;
    case PROP_RELEASE_ARGUMENTS:
      g_value_set_boxed (value, self->details.release_arguments);
      break;
    case PROP_USER:
      g_value_set_string (value, self->details.user);
      break;
    case PROP_WORKING_DIRECTORY:
      g_value_set_string (value, self->details.working_directory);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_template_finalize (GObject *object)
{
  DevboxTemplate *self = DEVBOX_TEMPLATE (object);

  devbox_template_details_clear (&self->details);

  G_OBJECT_CLASS (devbox_template_parent_class)->finalize (object);
}

static void
devbox_template_class_init (DevboxTemplateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_template_get_property;
  object_class->finalize = devbox_template_finalize;

  /**
   * DevboxTemplate:name:
   *
   * The name, which is the runtime of a devbox made of it.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * DevboxTemplate:title:
   *
   * What the template is called in front of people, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);

  /**
   * DevboxTemplate:uid:
   *
   * The platform's own identifier of the template, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_UID] = g_param_spec_string ("uid", NULL, NULL, NULL, flags);

  /**
   * DevboxTemplate:kind:
   *
   * What kind of thing it is: `FRAMEWORK`, `OS`, `LANGUAGE`, `SERVICE`, `CUSTOM` or another word, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_KIND] = g_param_spec_string ("kind", NULL, NULL, NULL, flags);

  /**
   * DevboxTemplate:description:
   *
   * A sentence about it for people, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);

  /**
   * DevboxTemplate:available:
   *
   * Whether a devbox can be made of it now.
   *
   * Since: 1.0
   */
  properties[PROP_AVAILABLE] = g_param_spec_boolean ("available", NULL, NULL, FALSE, flags);

  /**
   * DevboxTemplate:reason:
   *
   * What is missing where it is not available, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_REASON] = g_param_spec_string ("reason", NULL, NULL, NULL, flags);

  /**
   * DevboxTemplate:ports:
   *
   * The ports where its programs usually listen: a list of [class@Port].
   *
   * Since: 1.0
   */
  properties[PROP_PORTS] = g_param_spec_object ("ports", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * DevboxTemplate:release-command:
   *
   * The command that starts its example, in parts, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_RELEASE_COMMAND] = g_param_spec_boxed ("release-command", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxTemplate:release-arguments:
   *
   * The arguments of that command, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_RELEASE_ARGUMENTS] = g_param_spec_boxed ("release-arguments", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxTemplate:user:
   *
   * The user that its programs run as, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_USER] = g_param_spec_string ("user", NULL, NULL, NULL, flags);

  /**
   * DevboxTemplate:working-directory:
   *
   * The folder of its example, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_WORKING_DIRECTORY] = g_param_spec_string ("working-directory", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_template_init (DevboxTemplate *self)
{
}

DevboxTemplate *
devbox_template_new (DevboxTemplateDetails *details)
{
  DevboxTemplate *self = g_object_new (DEVBOX_TYPE_TEMPLATE, NULL);

  self->details = *details;
  *details = (DevboxTemplateDetails){ 0 };
  if (self->details.name == NULL)
    self->details.name = g_strdup ("");
  if (self->details.ports == NULL)
    self->details.ports = G_LIST_MODEL (g_list_store_new (DEVBOX_TYPE_PORT));

  return self;
}

/**
 * devbox_template_get_name:
 * @self: a template
 *
 * Gets the name of the template, which is the runtime of a devbox that is made of it.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
devbox_template_get_name (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.name;
}

/**
 * devbox_template_get_title:
 * @self: a template
 *
 * Gets what the template is called in front of people.
 *
 * Returns: (transfer none) (nullable): the title, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_template_get_title (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.title;
}

/**
 * devbox_template_get_uid:
 * @self: a template
 *
 * Gets the platform's own identifier of the template.
 *
 * Returns: (transfer none) (nullable): the identifier, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_template_get_uid (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.uid;
}

/**
 * devbox_template_get_kind:
 * @self: a template
 *
 * Gets what kind of thing the template is: `FRAMEWORK`, `OS`, `LANGUAGE`, `SERVICE`, `CUSTOM` or another word.
 *
 * Returns: (transfer none) (nullable): the kind, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_template_get_kind (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.kind;
}

/**
 * devbox_template_get_description:
 * @self: a template
 *
 * Gets a sentence about the template for people.
 *
 * Returns: (transfer none) (nullable): the description, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_template_get_description (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.description;
}

/**
 * devbox_template_get_available:
 * @self: a template
 *
 * Gets whether a devbox can be made of the template now.
 *
 * On one machine the programs that it needs may not be installed: [method@Template.get_reason] tells which.
 *
 * Returns: %TRUE if it can, or if the platform says nothing about it
 *
 * Since: 1.0
 */
gboolean
devbox_template_get_available (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), FALSE);

  return self->details.available;
}

/**
 * devbox_template_get_reason:
 * @self: a template
 *
 * Gets what is missing where the template is not available.
 *
 * Returns: (transfer none) (nullable): the reason, or %NULL if it is available or the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_template_get_reason (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.reason;
}

/**
 * devbox_template_get_ports:
 * @self: a template
 *
 * Gets the ports where the programs of the template usually listen.
 *
 * It is a list of [class@Port], which may be given to [method@InstanceSpec.add_port] as they are.
 *
 * Returns: (transfer none): the ports
 *
 * Since: 1.0
 */
GListModel *
devbox_template_get_ports (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.ports;
}

/**
 * devbox_template_get_release_command:
 * @self: a template
 *
 * Gets the command that starts the example of the template, in parts.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the program and what follows, or %NULL if the
 * platform told none
 *
 * Since: 1.0
 */
const char *const *
devbox_template_get_release_command (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return (const char *const *) self->details.release_command;
}

/**
 * devbox_template_get_release_arguments:
 * @self: a template
 *
 * Gets the arguments of [method@Template.get_release_command].
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the arguments, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *const *
devbox_template_get_release_arguments (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return (const char *const *) self->details.release_arguments;
}

/**
 * devbox_template_get_user:
 * @self: a template
 *
 * Gets the user that the programs of the template run as.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_template_get_user (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.user;
}

/**
 * devbox_template_get_working_directory:
 * @self: a template
 *
 * Gets the folder where the example of the template lies.
 *
 * Returns: (transfer none) (nullable): the absolute path, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_template_get_working_directory (DevboxTemplate *self)
{
  g_return_val_if_fail (DEVBOX_IS_TEMPLATE (self), NULL);

  return self->details.working_directory;
}
