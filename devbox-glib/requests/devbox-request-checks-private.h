/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What a text in a request is, for the messages. */
typedef enum
{
  DEVBOX_REQUEST_TEXT_PATH,
  DEVBOX_REQUEST_TEXT_PROGRAM,
  DEVBOX_REQUEST_TEXT_ARGUMENT,
  DEVBOX_REQUEST_TEXT_COMMAND_LINE,
  DEVBOX_REQUEST_TEXT_WORKING_DIRECTORY,
  DEVBOX_REQUEST_TEXT_VARIABLE,
  DEVBOX_REQUEST_TEXT_OWNER,
  DEVBOX_REQUEST_TEXT_SEARCHED,
} DevboxRequestText;

/* What every request checks before it goes out: JSON carries text, so text is what names, arguments and the like have
 * to be. The error is a DEVBOX_ERROR_VALIDATION_ERROR. */
gboolean devbox_request_check_text (DevboxRequestText what, const char *text, GError **error);
gboolean devbox_request_check_not_empty (DevboxRequestText what, const char *text, GError **error); /* and text */

/* The JSON object that a successful reply consists of; (transfer full). */
JsonObject *devbox_request_parse_object (const DevboxReply *reply, GError **error);

/* The same of a reply of the current dialect, whose envelope tells of failures with HTTP status 200: those, and failed
 * replies of any kind, become the errors they are. An older agent nests its members in "Data": they are given either
 * way. (transfer full) */
JsonObject *devbox_request_parse_envelope (DevboxRequest *request, const DevboxReply *reply, GError **error);

/* A reply that is a success and yet not what the endpoint promises: turns the reason, whatever its domain, into a
 * DEVBOX_ERROR_INTERNAL_ERROR. Takes the reason. Always returns NULL. */
gpointer devbox_request_fail_from_bad_reply (DevboxRequest *request, GError *reason, GError **error);

G_END_DECLS
