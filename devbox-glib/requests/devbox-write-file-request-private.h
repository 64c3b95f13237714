/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-call-private.h"

G_BEGIN_DECLS

/* Mode 0 leaves the permissions to the agent. The result is TRUE, as a pointer. */
DevboxRequest *devbox_write_file_request_new (const char *path, GBytes *contents, guint mode, GError **error);
/* The same for contents that come from a stream, so many bytes of it; -1: unknown. */
DevboxRequest *devbox_write_file_request_new_for_stream (const char *path, goffset size, guint mode, GError **error);

/* Makes any request one that writes a file - without contents, one that streams them -: method, path, body and the
 * like, but not how its reply is parsed. TRUE if the mode is not in it, and has to be set afterwards. */
gboolean devbox_write_file_request_take_form (DevboxRequest *request,
                                              const DevboxAgentFeatures *features,
                                              const char *path,
                                              GBytes *contents,
                                              guint mode);

G_END_DECLS
