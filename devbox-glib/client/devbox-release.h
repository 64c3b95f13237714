/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

/**
 * DevboxReleaseStatus:
 * @DEVBOX_RELEASE_STATUS_UNKNOWN: The platform calls it something that this library does not know
 * @DEVBOX_RELEASE_STATUS_BUILDING: It is being made
 * @DEVBOX_RELEASE_STATUS_SUCCESS: It is complete: devboxes can be made of it
 * @DEVBOX_RELEASE_STATUS_FAILED: It could not be made
 *
 * How far a release has got.
 *
 * Since: 1.0
 */
typedef enum
{
  DEVBOX_RELEASE_STATUS_UNKNOWN,
  DEVBOX_RELEASE_STATUS_BUILDING,
  DEVBOX_RELEASE_STATUS_SUCCESS,
  DEVBOX_RELEASE_STATUS_FAILED,
} DevboxReleaseStatus;

#define DEVBOX_TYPE_RELEASE (devbox_release_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxRelease, devbox_release, DEVBOX, RELEASE, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_release_get_id (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_release_get_name (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_release_get_tag (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_release_get_description (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxReleaseStatus devbox_release_get_status (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_release_get_status_text (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_release_get_reason (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_release_get_runtime (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_release_get_image (DevboxRelease *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_release_get_created (DevboxRelease *self);

G_END_DECLS
