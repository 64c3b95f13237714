/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-record-private.h"

#include "devbox-wire-environment-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>

#define LOWER_CASE "abcdefghijklmnopqrstuvwxyz"
#define UPPER_CASE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define MAX_KEY 1024 /* of idempotency */
#define MAX_CGROUPS 16
#define TOKEN_LENGTH 64

static gboolean
consists_of (const char *text, const char *characters, gsize minimum, gsize maximum)
{
  gsize length = strlen (text);

  return length >= minimum && length <= maximum && strspn (text, characters) == length;
}

gboolean
devbox_box_name_is_valid (const char *name)
{
  return consists_of (name, LOWER_CASE DIGITS "-", 1, DEVBOX_BOX_MAX_NAME) && name[0] != '-'
         && name[strlen (name) - 1] != '-';
}

gboolean
devbox_box_uid_is_valid (const char *uid)
{
  return consists_of (uid, DIGITS "abcdef", DEVBOX_BOX_UID_LENGTH, DEVBOX_BOX_UID_LENGTH);
}

gboolean
devbox_box_protocol_is_valid (const char *protocol)
{
  static const char *const protocols[] = { "HTTP", "GRPC", "WS", "TCP", NULL };

  return g_strv_contains (protocols, protocol);
}

gboolean
devbox_box_variable_is_valid (const char *variable)
{
  gsize length = strcspn (variable, "=");

  return variable[length] == '=' && devbox_wire_is_variable_name (variable, length);
}

gboolean
devbox_release_tag_is_valid (const char *tag)
{
  return consists_of (tag, LOWER_CASE UPPER_CASE DIGITS "_.-", 1, DEVBOX_BOX_MAX_NAME) && g_ascii_isalnum (tag[0]);
}

static gboolean
owner_is_valid (const char *owner)
{
  return g_str_has_prefix (owner, "ns-") && devbox_box_name_is_valid (owner + 3);
}

/* Text as JSON can hold it. */
static gboolean
text_is_valid (const char *text, gsize maximum)
{
  return strlen (text) <= maximum && g_utf8_validate (text, -1, NULL);
}

/* Any name, but for what could be a path. */
static gboolean
runtime_is_valid (const char *runtime)
{
  for (const char *c = runtime; *c != '\0'; c++)
    {
      if (*c == '/' || g_ascii_iscntrl (*c))
        return FALSE;
    }

  return runtime[0] != '\0' && text_is_valid (runtime, DEVBOX_BOX_MAX_NAME) && strcmp (runtime, ".") != 0
         && strcmp (runtime, "..") != 0;
}

static gboolean
optional_text_is_valid (const char *text, gsize maximum)
{
  return text == NULL || text_is_valid (text, maximum);
}

/* 127.1.0.1 to 127.254.255.254, written in the one usual way. */
static gboolean
address_is_valid (const char *address)
{
  g_autoptr (GInetAddress) parsed = g_inet_address_new_from_string (address);
  g_autofree char *usual = NULL;
  const guint8 *bytes;

  if (parsed == NULL || g_inet_address_get_family (parsed) != G_SOCKET_FAMILY_IPV4)
    return FALSE;

  usual = g_inet_address_to_string (parsed);
  bytes = g_inet_address_to_bytes (parsed);

  return strcmp (usual, address) == 0 && bytes[0] == 127 && bytes[1] >= 1 && bytes[1] <= 254
         && !(bytes[1] == 1 && bytes[2] == 0 && bytes[3] == 0)
         && !(bytes[1] == 254 && bytes[2] == 255 && bytes[3] == 255);
}

static gboolean
ports_are_valid (GPtrArray *ports)
{
  if (ports->len > DEVBOX_BOX_MAX_PORTS)
    return FALSE;

  for (guint i = 0; i < ports->len; i++)
    {
      const DevboxBoxPort *port = ports->pdata[i];

      if (port->number == 0 || !devbox_box_name_is_valid (port->name) || !devbox_box_protocol_is_valid (port->protocol))
        return FALSE;
      for (guint j = 0; j < i; j++)
        {
          const DevboxBoxPort *other = ports->pdata[j];

          if (other->number == port->number)
            return FALSE;
        }
    }

  return TRUE;
}

static gboolean
environment_is_valid (char **environment)
{
  gsize size = 0;

  for (guint i = 0; environment[i] != NULL; i++)
    {
      size += strlen (environment[i]) + 1;
      if (size > DEVBOX_WIRE_MAX_ENVIRONMENT_SIZE || !devbox_box_variable_is_valid (environment[i])
          || !g_utf8_validate (environment[i], -1, NULL))
        return FALSE;
    }

  return TRUE;
}

/* They are removed after a crash: each must be where it says it is. */
static gboolean
cgroups_are_valid (char **cgroups)
{
  for (guint i = 0; cgroups != NULL && cgroups[i] != NULL; i++)
    {
      g_autofree char *plain = g_canonicalize_filename (cgroups[i], "/");

      if (i == MAX_CGROUPS || !text_is_valid (cgroups[i], PATH_MAX) || strcmp (plain, cgroups[i]) != 0
          || strcmp (plain, "/") == 0)
        return FALSE;
    }

  return TRUE;
}

/* The value is not told: it may be secret. Reasons are whatever a box wrote last; JSON takes what is text of them. */
static gboolean
check (gboolean is_valid, const char *member, GError **error)
{
  if (!is_valid)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                 /* Translators: %s is the name of a member of a record, such as: address */
                 _ ("“%s” of the record is missing or not valid"), member);

  return is_valid;
}

static gboolean
check_wish (const DevboxBoxRecord *self, GError **error)
{
  return check (self->owner != NULL && owner_is_valid (self->owner), "owner", error)
         && check (self->name != NULL && devbox_box_name_is_valid (self->name), "name", error)
         && check (self->runtime != NULL && runtime_is_valid (self->runtime), "runtime", error)
         && check (self->cpu >= DEVBOX_BOX_MIN_CPU && self->cpu <= DEVBOX_BOX_MAX_CPU, "cpu", error)
         && check (self->memory >= DEVBOX_BOX_MIN_MEMORY && self->memory <= DEVBOX_BOX_MAX_MEMORY, "memory", error)
         && check (self->ports != NULL && ports_are_valid (self->ports), "ports", error)
         && check (self->environment != NULL && environment_is_valid (self->environment), "environment", error)
         && check (optional_text_is_valid (self->startup_command, DEVBOX_BOX_MAX_COMMAND), "startupCommand", error)
         && check (self->release == NULL || devbox_box_uid_is_valid (self->release), "release", error)
         && check (optional_text_is_valid (self->idempotency_key, MAX_KEY), "idempotencyKey", error)
         && check (optional_text_is_valid (self->request_digest, MAX_KEY), "requestDigest", error);
}

gboolean
devbox_box_record_check (const DevboxBoxRecord *self, GError **error)
{
  return check (self->uid != NULL && devbox_box_uid_is_valid (self->uid), "uid", error) && check_wish (self, error)
         && check ((guint) self->goal <= DEVBOX_BOX_GOAL_DELETED, "goal", error)
         && check (self->created >= 0, "created", error)
         && check (self->token != NULL && consists_of (self->token, DIGITS "abcdef", TOKEN_LENGTH, TOKEN_LENGTH),
                   "token", error)
         && check (self->address != NULL && address_is_valid (self->address), "address", error)
         && check (cgroups_are_valid (self->cgroups), "cgroups", error);
}

gboolean
devbox_release_record_check (const DevboxReleaseRecord *self, GError **error)
{
  return check (self->uid != NULL && devbox_box_uid_is_valid (self->uid), "uid", error)
         && check (self->owner != NULL && owner_is_valid (self->owner), "owner", error)
         && check (self->box_name != NULL && devbox_box_name_is_valid (self->box_name), "boxName", error)
         && check (self->tag != NULL && devbox_release_tag_is_valid (self->tag), "tag", error)
         && check (optional_text_is_valid (self->description, DEVBOX_RELEASE_MAX_DESCRIPTION), "description", error)
         && check (self->runtime != NULL && runtime_is_valid (self->runtime), "runtime", error)
         && check (self->created >= 0, "created", error);
}

gboolean
devbox_user_record_check (const DevboxUserRecord *self, GError **error)
{
  return check (self->name != NULL && devbox_box_name_is_valid (self->name), "name", error)
         && check (self->token_digest != NULL
                       && consists_of (self->token_digest, DIGITS "abcdef", TOKEN_LENGTH, TOKEN_LENGTH),
                   "tokenDigest", error)
         && check (self->created >= 0, "created", error);
}
