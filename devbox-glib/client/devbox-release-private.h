/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-release.h"

G_BEGIN_DECLS

/* What a Release tells. Strings that are not nullable in the API are never NULL in it, once it is made. */
typedef struct
{
  char *id;
  char *name;
  char *tag;
  char *description;
  DevboxReleaseStatus status;
  char *status_text;
  char *reason;
  char *runtime;
  char *image;
  GDateTime *created;
} DevboxReleaseDetails;

void devbox_release_details_clear (DevboxReleaseDetails *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxReleaseDetails, devbox_release_details_clear)

/* Takes what the details hold; they are empty afterwards. */
DevboxRelease *devbox_release_new (DevboxReleaseDetails *details);

G_END_DECLS
