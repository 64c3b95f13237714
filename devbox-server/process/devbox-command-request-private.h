/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"
#include "devbox-workspace-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The JSON object that starts a command (docs/wire.md), checked, and what the launcher needs to run it. */
typedef struct _DevboxCommandRequest DevboxCommandRequest;

/* In what the dialects differ. */
typedef struct
{
  guint timeout_unit; /* ms */
  guint default_timeout;
  guint max_timeout;
  /* `command` is a command line: without `args` its words are the arguments, though no shell runs, and with a shell
   * `args` are further words of it. Otherwise it is a program, and with a shell `args` are positional parameters. */
  gboolean command_is_line;
  DevboxOutputPolicy output;
} DevboxCommandRules;

/* Errors are VALIDATION_ERROR with the name of a member that is missing, or is not of the form that it must have. */
DevboxCommandRequest *devbox_command_request_new (JsonObject *object, const DevboxCommandRules *rules, GError **error);
void devbox_command_request_free (DevboxCommandRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxCommandRequest, devbox_command_request_free)

/* What is to be started, as long as the request. The variables of the request are added to the launcher's environment.
 * Errors are VALIDATION_ERROR for a command that cannot be one, PATH_TRAVERSAL_DETECTED for a `cwd` that leaves the
 * workspace and DEVBOX_OPERATION_FAILED for one that cannot be entered. Once only. */
const DevboxCommandSpec *devbox_command_request_prepare (DevboxCommandRequest *self,
                                                         DevboxWorkspace *workspace,
                                                         DevboxLauncher *launcher,
                                                         GError **error);

G_END_DECLS
