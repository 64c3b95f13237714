/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-call-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What the requests about files have in common. */

/* A POST of a JSON object that only the current dialect has. `not_supported` is the untranslated sentence for an agent
 * that does not speak it. Takes json. */
DevboxRequest *devbox_file_request_new_current (const char *path,
                                                GString *json,
                                                const char *not_supported,
                                                DevboxRequestParse parse,
                                                GDestroyNotify result_free);

/* "…?path=…": takes the path as it is and escapes it. */
char *devbox_file_request_build_path (const char *route, const char *path);

/* The members of a success, in either dialect; (transfer full). */
JsonObject *devbox_file_reply_parse_object (DevboxRequest *request, const DevboxReply *reply, GError **error);
/* Where nothing but the success is told: TRUE, as a pointer. */
gpointer devbox_file_reply_parse_success (DevboxRequest *request, const DevboxReply *reply, GError **error);
/* The same of a file that was written: nothing is well unless `size` bytes were. */
gpointer
devbox_file_reply_parse_written (DevboxRequest *request, const DevboxReply *reply, guint64 size, GError **error);
/* What else than the whole content was written; path is that of the file. */
GError *devbox_file_reply_make_size_error (const char *path, guint64 sent, guint64 written);

/* Which failure an agent tells of one of several files: "error" and, if it is known, "code". Never NULL. */
GError *devbox_file_reply_read_failure (const DevboxReply *reply, JsonObject *object, const char *path);

G_END_DECLS
