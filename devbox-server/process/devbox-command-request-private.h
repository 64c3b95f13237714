/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"
#include "devbox-workspace-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The JSON object of `/process/exec` (docs/wire.md), checked, and what the launcher needs to run it. */
typedef struct _DevboxCommandRequest DevboxCommandRequest;

/* The environment of the object is added to the launcher's. Errors are VALIDATION_ERROR with the member's name, and
 * PATH_TRAVERSAL_DETECTED for a `cwd` that leaves the workspace. */
DevboxCommandRequest *devbox_command_request_new (JsonObject *object,
                                                  DevboxWorkspace *workspace,
                                                  DevboxLauncher *launcher,
                                                  gsize output_limit,
                                                  GError **error);
void devbox_command_request_free (DevboxCommandRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxCommandRequest, devbox_command_request_free)

const DevboxCommandSpec *devbox_command_request_get_spec (DevboxCommandRequest *self); /* as long as the request */

G_END_DECLS
