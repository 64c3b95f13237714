/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-release-private.h"

#include "devbox-enum-types.h"

/**
 * DevboxRelease:
 *
 * A snapshot of the workspace of a devbox, under a tag, of which other devboxes can be made.
 *
 * A release never changes; ask again to see how far it has got.
 *
 * Since: 1.0
 */
struct _DevboxRelease
{
  GObject parent_instance;

  DevboxReleaseDetails details;
};

G_DEFINE_FINAL_TYPE (DevboxRelease, devbox_release, G_TYPE_OBJECT)

enum
{
  PROP_ID = 1,
  PROP_NAME,
  PROP_TAG,
  PROP_DESCRIPTION,
  PROP_STATUS,
  PROP_STATUS_TEXT,
  PROP_REASON,
  PROP_RUNTIME,
  PROP_IMAGE,
  PROP_CREATED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

void
devbox_release_details_clear (DevboxReleaseDetails *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->tag, g_free);
  g_clear_pointer (&self->description, g_free);
  g_clear_pointer (&self->status_text, g_free);
  g_clear_pointer (&self->reason, g_free);
  g_clear_pointer (&self->runtime, g_free);
  g_clear_pointer (&self->image, g_free);
  g_clear_pointer (&self->created, g_date_time_unref);
}

static void
devbox_release_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxRelease *self = DEVBOX_RELEASE (object);

  switch (property_id)
    {
    case PROP_ID:
      g_value_set_string (value, self->details.id);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->details.name);
      break;
    case PROP_TAG:
      g_value_set_string (value, self->details.tag);
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->details.description);
      break;
    case PROP_STATUS:
      g_value_set_enum (value, self->details.status);
      break;
    case PROP_STATUS_TEXT:
      g_value_set_string (value, self->details.status_text);
      break;
    case PROP_REASON:
      g_value_set_string (value, self->details.reason);
      break;
    case PROP_RUNTIME:
      g_value_set_string (value, self->details.runtime);
      break;
    case PROP_IMAGE:
      g_value_set_string (value, self->details.image);
      break;
    case PROP_CREATED:
      g_value_set_boxed (value, self->details.created);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_release_finalize (GObject *object)
{
  DevboxRelease *self = DEVBOX_RELEASE (object);

  devbox_release_details_clear (&self->details);

  G_OBJECT_CLASS (devbox_release_parent_class)->finalize (object);
}

static void
devbox_release_class_init (DevboxReleaseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_release_get_property;
  object_class->finalize = devbox_release_finalize;

  /**
   * DevboxRelease:id:
   *
   * What the platform calls the release, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);

  /**
   * DevboxRelease:name:
   *
   * The name of the devbox that the release is of.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * DevboxRelease:tag:
   *
   * The tag, which no other release of the devbox has.
   *
   * Since: 1.0
   */
  properties[PROP_TAG] = g_param_spec_string ("tag", NULL, NULL, NULL, flags);

  /**
   * DevboxRelease:description:
   *
   * What its maker said of it, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);

  /**
   * DevboxRelease:status:
   *
   * How far the release has got.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS]
      = g_param_spec_enum ("status", NULL, NULL, DEVBOX_TYPE_RELEASE_STATUS, DEVBOX_RELEASE_STATUS_UNKNOWN, flags);

  /**
   * DevboxRelease:status-text:
   *
   * The status as the platform calls it.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, NULL, flags);

  /**
   * DevboxRelease:reason:
   *
   * Why the release failed, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_REASON] = g_param_spec_string ("reason", NULL, NULL, NULL, flags);

  /**
   * DevboxRelease:runtime:
   *
   * The runtime of the devbox, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_RUNTIME] = g_param_spec_string ("runtime", NULL, NULL, NULL, flags);

  /**
   * DevboxRelease:image:
   *
   * The container image that the release became, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_IMAGE] = g_param_spec_string ("image", NULL, NULL, NULL, flags);

  /**
   * DevboxRelease:created:
   *
   * When the release was asked for, in UTC, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_CREATED] = g_param_spec_boxed ("created", NULL, NULL, G_TYPE_DATE_TIME, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_release_init (DevboxRelease *self)
{
}

DevboxRelease *
devbox_release_new (DevboxReleaseDetails *details)
{
  DevboxRelease *self = g_object_new (DEVBOX_TYPE_RELEASE, NULL);

  self->details = *details;
  *details = (DevboxReleaseDetails){ 0 };
  if (self->details.name == NULL)
    self->details.name = g_strdup ("");
  if (self->details.tag == NULL)
    self->details.tag = g_strdup ("");
  if (self->details.status_text == NULL)
    self->details.status_text = g_strdup ("");

  return self;
}

/**
 * devbox_release_get_id:
 * @self: a release
 *
 * Gets the platform's own identifier of the release.
 *
 * Returns: (transfer none) (nullable): the identifier, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_release_get_id (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.id;
}

/**
 * devbox_release_get_name:
 * @self: a release
 *
 * Gets the name of the devbox that the release is of.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
devbox_release_get_name (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.name;
}

/**
 * devbox_release_get_tag:
 * @self: a release
 *
 * Gets the tag of the release.
 *
 * Returns: (transfer none): the tag
 *
 * Since: 1.0
 */
const char *
devbox_release_get_tag (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.tag;
}

/**
 * devbox_release_get_description:
 * @self: a release
 *
 * Gets what the maker of the release said of it.
 *
 * Returns: (transfer none) (nullable): the description, or %NULL if there is none
 *
 * Since: 1.0
 */
const char *
devbox_release_get_description (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.description;
}

/**
 * devbox_release_get_status:
 * @self: a release
 *
 * Gets how far the release has got.
 *
 * Returns: the status
 *
 * Since: 1.0
 */
DevboxReleaseStatus
devbox_release_get_status (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), DEVBOX_RELEASE_STATUS_UNKNOWN);

  return self->details.status;
}

/**
 * devbox_release_get_status_text:
 * @self: a release
 *
 * Gets the status in the words of the platform, also where this library does not know it.
 *
 * Returns: (transfer none): the text; empty if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_release_get_status_text (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.status_text;
}

/**
 * devbox_release_get_reason:
 * @self: a release
 *
 * Gets why the release failed.
 *
 * Returns: (transfer none) (nullable): the reason, or %NULL if it did not fail or the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_release_get_reason (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.reason;
}

/**
 * devbox_release_get_runtime:
 * @self: a release
 *
 * Gets the runtime of the devbox that the release is of.
 *
 * Returns: (transfer none) (nullable): the runtime, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_release_get_runtime (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.runtime;
}

/**
 * devbox_release_get_image:
 * @self: a release
 *
 * Gets the container image that the release became.
 *
 * Returns: (transfer none) (nullable): the name of the image, or %NULL where there is none
 *
 * Since: 1.0
 */
const char *
devbox_release_get_image (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.image;
}

/**
 * devbox_release_get_created:
 * @self: a release
 *
 * Gets when the release was asked for.
 *
 * Returns: (transfer none) (nullable): the moment in UTC, or %NULL if the platform did not tell
 *
 * Since: 1.0
 */
GDateTime *
devbox_release_get_created (DevboxRelease *self)
{
  g_return_val_if_fail (DEVBOX_IS_RELEASE (self), NULL);

  return self->details.created;
}
