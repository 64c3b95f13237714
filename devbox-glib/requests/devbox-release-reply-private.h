/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-release-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* NULL if it has no tag. The devbox is the one that was asked for, where the platform does not tell. */
DevboxRelease *devbox_release_reply_read (JsonObject *object, const char *devbox_name);

G_END_DECLS
