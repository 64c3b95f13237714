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
  DEVBOX_REQUEST_TEXT_IDENTIFIER,
  DEVBOX_REQUEST_TEXT_OWNER,
  DEVBOX_REQUEST_TEXT_SEARCHED,
} DevboxRequestText;

/* Refuses an argument: a DEVBOX_ERROR_VALIDATION_ERROR whose info carries the offending value; NULL for a secret, which
 * must not stand in the text either. Always returns FALSE. */
gboolean devbox_request_refuse (GError **error, const char *value, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Without the white space around it, for names and the like that people type; NULL stays NULL. Never for paths,
 * arguments and contents, where it counts. */
char *devbox_request_trim (const char *text);

/* What every request checks before it goes out: JSON carries text, so text is what names, arguments and the like have
 * to be. */
gboolean devbox_request_check_text (DevboxRequestText what, const char *text, GError **error);
gboolean devbox_request_check_not_empty (DevboxRequestText what, const char *text, GError **error); /* and text */

/* NAME=value, each; NULL is no variable. The values may be secrets: no error names more than a NAME. */
gboolean devbox_request_check_environ (const char *const *environment, GError **error);

/* The permissions of a file, 0 to 07777. The decimal numbers 644 and 755 are refused as well, and their like: whoever
 * writes them means octal ones. */
gboolean devbox_request_check_mode (guint mode, GError **error);

/* A DNS name or an IP address, without a port. */
gboolean devbox_request_check_host (const char *host, GError **error);

/* A header that a program adds to every request: none that says how a request is framed, or that the client sets by
 * itself. The value may be a secret. */
gboolean devbox_request_check_header (const char *name, const char *value, GError **error);
gboolean devbox_request_check_user_agent (const char *user_agent, GError **error);

/* The JSON object that a successful reply consists of; (transfer full). */
JsonObject *devbox_request_parse_object (const DevboxReply *reply, GError **error);

/* The same of a reply of the current dialect, whose envelope tells of failures with HTTP status 200: those, and failed
 * replies of any kind, become the errors they are. An older agent nests its members in "Data": they are given either
 * way. (transfer full) */
JsonObject *devbox_request_parse_envelope (DevboxRequest *request, const DevboxReply *reply, GError **error);

/* Whether a reply with this head is such an envelope, where an endpoint gives the content of a file otherwise: that is
 * an attachment, whatever is in it. */
gboolean devbox_request_head_is_envelope (SoupMessageHeaders *headers);

/* A reply that is a success and yet not what the endpoint promises: turns the reason, whatever its domain, into a
 * DEVBOX_ERROR_INTERNAL_ERROR. Takes the reason. Always returns NULL. */
gpointer devbox_request_fail_from_bad_reply (DevboxRequest *request, GError *reason, GError **error);

G_END_DECLS
