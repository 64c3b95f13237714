/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-request-checks-private.h"

#include "devbox-error-private.h"
#include "devbox-wire-environment-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_MODE 07777
#define MAX_HOST_LENGTH 253
#define MAX_LABEL_LENGTH 63
#define MAX_HEADER_NAME_LENGTH 256
#define MAX_HEADER_VALUE_LENGTH (8 * 1024) /* what servers take */

/* Whole sentences, since no language but English puts them together from a noun and the rest. */
static const struct
{
  const char *not_text;
  const char *empty; /* NULL: it may be */
} messages[] = {
  [DEVBOX_REQUEST_TEXT_PATH] = { N_ ("The path is not valid UTF-8"), N_ ("The path is empty") },
  [DEVBOX_REQUEST_TEXT_PROGRAM] = { N_ ("The program is not valid UTF-8"), N_ ("The program is empty") },
  [DEVBOX_REQUEST_TEXT_ARGUMENT] = { N_ ("The argument is not valid UTF-8"), NULL },
  [DEVBOX_REQUEST_TEXT_COMMAND_LINE] = { N_ ("The command line is not valid UTF-8"), N_ ("The command line is empty") },
  [DEVBOX_REQUEST_TEXT_WORKING_DIRECTORY]
  = { N_ ("The working directory is not valid UTF-8"), N_ ("The working directory is empty") },
  [DEVBOX_REQUEST_TEXT_VARIABLE] = { N_ ("The environment variable is not valid UTF-8"), NULL },
  [DEVBOX_REQUEST_TEXT_IDENTIFIER] = { N_ ("The identifier is not valid UTF-8"), N_ ("The identifier is empty") },
  [DEVBOX_REQUEST_TEXT_OWNER] = { N_ ("The owner is not valid UTF-8"), N_ ("The owner is empty") },
  [DEVBOX_REQUEST_TEXT_SEARCHED] = { N_ ("The text is not valid UTF-8"), N_ ("There is no text to look for") },
};

gboolean
devbox_request_refuse (GError **error, const char *value, const char *format, ...)
{
  g_autofree char *shown = value != NULL ? g_utf8_make_valid (value, -1) : NULL;
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, &(DevboxErrorDetails){ .value = shown }, "%s", message);
  return FALSE;
}

char *
devbox_request_trim (const char *text)
{
  return text != NULL ? g_strstrip (g_strdup (text)) : NULL;
}

/* The value of a variable is nobody's business. */
static char *
get_shown (DevboxRequestText what, const char *text)
{
  if (what == DEVBOX_REQUEST_TEXT_VARIABLE)
    {
      g_autofree char *name = g_strndup (text, strcspn (text, "="));

      return g_utf8_make_valid (name, -1);
    }

  return g_utf8_make_valid (text, -1);
}

gboolean
devbox_request_check_text (DevboxRequestText what, const char *text, GError **error)
{
  g_autofree char *shown = NULL;

  if (g_utf8_validate (text, -1, NULL))
    return TRUE;

  shown = get_shown (what, text);
  /* Translators: a sentence such as: The path is not valid UTF-8; then the path */
  return devbox_request_refuse (error, shown, _ ("%s: “%s”"), _ (messages[what].not_text), shown);
}

gboolean
devbox_request_check_not_empty (DevboxRequestText what, const char *text, GError **error)
{
  if (text[0] != '\0')
    return devbox_request_check_text (what, text, error);

  return devbox_request_refuse (error, text, "%s", _ (messages[what].empty));
}

static gboolean
check_variable (const char *variable, GError **error)
{
  const char *equals = strchr (variable, '=');
  g_autofree char *name = NULL;

  /* Without a name it may be nothing but a secret. */
  if (equals == NULL || equals == variable)
    return devbox_request_refuse (error, NULL, _ ("An environment variable is not of the form NAME=value"));

  if (!devbox_request_check_text (DEVBOX_REQUEST_TEXT_VARIABLE, variable, error))
    return FALSE;

  name = g_strndup (variable, equals - variable);
  if (!devbox_wire_is_variable_name (name, strlen (name)))
    return devbox_request_refuse (error, name,
                                  _ ("“%s” cannot be the name of an environment variable: that takes letters, digits "
                                     "and “_”, with no digit in front"),
                                  name);

  return TRUE;
}

gboolean
devbox_request_check_environ (const char *const *environment, GError **error)
{
  gsize size = 0;

  for (guint i = 0; environment != NULL && environment[i] != NULL; i++)
    {
      if (!check_variable (environment[i], error))
        return FALSE;

      size += strlen (environment[i]) + 1;
      if (size > DEVBOX_WIRE_MAX_ENVIRONMENT_SIZE)
        return devbox_request_refuse (error, NULL, _ ("The environment variables take more than %d bytes"),
                                      DEVBOX_WIRE_MAX_ENVIRONMENT_SIZE);
    }

  return TRUE;
}

/* 755 is 01363, which nobody wants: sticky, and its owner cannot read it. Numbers beyond 0777 of three octal digits are
 * all like that; smaller ones may be meant. */
static gboolean
looks_octal (guint mode)
{
  return mode > 0777 && mode <= 777 && mode % 10 < 8 && mode / 10 % 10 < 8;
}

gboolean
devbox_request_check_mode (guint mode, GError **error)
{
  g_autofree char *value = g_strdup_printf ("%u", mode);

  if (looks_octal (mode))
    return devbox_request_refuse (error, value,
                                  /* Translators: a number such as 755, three times */
                                  _ ("Permissions are octal: %u is probably meant to be 0%u in C, 0o%u elsewhere"),
                                  mode, mode, mode);
  if (mode > MAX_MODE)
    return devbox_request_refuse (error, value, _ ("The permissions %o are not between 0 and %o (octal)"), mode,
                                  MAX_MODE);

  return TRUE;
}

static gboolean
is_label (const char *label)
{
  const gsize length = strlen (label);

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isalnum (label[i]) && label[i] != '-' && label[i] != '_')
        return FALSE;
    }

  return length > 0 && length <= MAX_LABEL_LENGTH && label[0] != '-' && label[length - 1] != '-';
}

/* What ends so is an IPv4 address or nothing, and there are ways to write one that not everybody reads alike: 127.1. */
static gboolean
is_number (const char *label)
{
  const gboolean is_hex = g_ascii_strncasecmp (label, "0x", 2) == 0;

  for (const char *c = is_hex ? label + 2 : label; *c != '\0'; c++)
    {
      if (is_hex ? !g_ascii_isxdigit (*c) : !g_ascii_isdigit (*c))
        return FALSE;
    }

  return TRUE;
}

/* The dot of the root at the end is fine. */
static gboolean
is_dns_name (const char *host)
{
  g_autofree char *name = g_strdup (host);
  g_auto (GStrv) labels = NULL;

  if (g_str_has_suffix (name, "."))
    name[strlen (name) - 1] = '\0';
  if (strlen (name) > MAX_HOST_LENGTH)
    return FALSE;

  labels = g_strsplit (name, ".", -1);
  for (guint i = 0; labels[i] != NULL; i++)
    {
      if (!is_label (labels[i]))
        return FALSE;
    }

  return labels[0] != NULL && !is_number (labels[g_strv_length (labels) - 1]);
}

gboolean
devbox_request_check_host (const char *host, GError **error)
{
  g_autofree char *shown = NULL;

  if (g_hostname_is_ip_address (host) || is_dns_name (host))
    return TRUE;

  shown = g_utf8_make_valid (host, -1);
  return devbox_request_refuse (error, shown, _ ("“%s” is neither the name of a host nor an IP address"), shown);
}

/* RFC 9110, section 5.6.2. */
static gboolean
is_header_name (const char *name)
{
  for (const char *c = name; *c != '\0'; c++)
    {
      if (!g_ascii_isalnum (*c) && strchr ("!#$%&'*+-.^_`|~", *c) == NULL)
        return FALSE;
    }

  return name[0] != '\0' && strlen (name) <= MAX_HEADER_NAME_LENGTH;
}

static gboolean
is_printable (const char *text)
{
  while (g_ascii_isprint (*text))
    text++;

  return *text == '\0';
}

static gboolean
is_own_header (const char *name)
{
  static const char *const names[] = { "Accept-Encoding",
                                       "Authorization",
                                       "Connection",
                                       "Content-Encoding",
                                       "Content-Length",
                                       "Content-Type",
                                       "Expect",
                                       "Host",
                                       "Idempotency-Key",
                                       "Keep-Alive",
                                       "Proxy-Authorization",
                                       "Proxy-Connection",
                                       "Range",
                                       "TE",
                                       "Trailer",
                                       "Transfer-Encoding",
                                       "Upgrade",
                                       "User-Agent",
                                       "X-Request-Id",
                                       "traceparent" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_ascii_strcasecmp (name, names[i]) == 0)
        return TRUE;
    }

  return g_ascii_strncasecmp (name, "Sec-WebSocket-", strlen ("Sec-WebSocket-")) == 0;
}

gboolean
devbox_request_check_header (const char *name, const char *value, GError **error)
{
  if (!is_header_name (name))
    {
      g_autofree char *shown = g_utf8_make_valid (name, -1);

      return devbox_request_refuse (error, shown, _ ("“%s” cannot be the name of a header"), shown);
    }
  if (is_own_header (name))
    return devbox_request_refuse (error, name, _ ("The header “%s” is set by the client itself"), name);
  if (!is_printable (value) || strlen (value) > MAX_HEADER_VALUE_LENGTH)
    return devbox_request_refuse (error, NULL,
                                  _ ("The value of the header “%s” is too long, or not all printable ASCII"), name);

  return TRUE;
}

gboolean
devbox_request_check_user_agent (const char *user_agent, GError **error)
{
  g_autofree char *shown = NULL;

  if (user_agent[0] != '\0' && is_printable (user_agent) && strlen (user_agent) <= MAX_HEADER_VALUE_LENGTH)
    return TRUE;

  shown = g_utf8_make_valid (user_agent, -1);
  return devbox_request_refuse (error, shown, _ ("The user agent “%s” is empty, too long, or not all printable ASCII"),
                                shown);
}

JsonObject *
devbox_request_parse_object (const DevboxReply *reply, GError **error)
{
  gsize size;
  const char *data = g_bytes_get_data (reply->body, &size);

  return devbox_wire_json_parse_object (data, size, error);
}

gpointer
devbox_request_fail_from_bad_reply (DevboxRequest *request, GError *reason, GError **error)
{
  g_autoptr (GError) owned = reason;

  /* Translators: the first %s is an address such as "/files/read", the second says what is wrong with the reply */
  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("The reply to %s makes no sense: %s"),
               request->path, owned->message);
  return NULL;
}
