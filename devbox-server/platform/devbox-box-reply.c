/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-reply-private.h"

#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const char *const type_names[] = {
  [DEVBOX_BOX_REPLY_READY] = "ready",
  [DEVBOX_BOX_REPLY_FAILED] = "failed",
  [DEVBOX_BOX_REPLY_COUNTED] = "counted",
};

static gboolean
parse_type (const char *name, DevboxBoxReplyType *type, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (type_names); i++)
    {
      if (strcmp (name, type_names[i]) == 0)
        {
          *type = i;
          return TRUE;
        }
    }

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                       _ ("The devbox said something that no devbox says"));
  return FALSE;
}

/* It ends on a terminal, in a log, in a reply. */
static char *
clean_reason (const char *reason)
{
  GString *text = g_string_new (NULL);

  for (; *reason != '\0'; reason = g_utf8_next_char (reason))
    {
      gunichar character = g_utf8_get_char (reason);

      if (text->len + g_unichar_to_utf8 (character, NULL) > DEVBOX_BOX_REPLY_MAX_REASON)
        break;
      g_string_append_unichar (text, g_unichar_isprint (character) ? character : ' ');
    }

  return g_string_free (text, FALSE);
}

static gboolean
parse_failed (DevboxBoxReply *reply, JsonObject *object, GError **error)
{
  const char *reason;

  if (!devbox_wire_json_get_string (object, "error", TRUE, &reason, error))
    return FALSE;

  reply->reason = clean_reason (reason);
  return TRUE;
}

static gboolean
parse_count (JsonObject *object, const char *name, guint64 *count, GError **error)
{
  gint64 number;

  if (!devbox_wire_json_get_int (object, name, TRUE, 0, DEVBOX_BOX_REPLY_MAX_COUNT, &number, error))
    return FALSE;

  *count = number;
  return TRUE;
}

gboolean
devbox_box_reply_parse (DevboxBoxReply *reply, JsonObject *object, GError **error)
{
  const char *name;

  memset (reply, 0, sizeof *reply);
  if (!devbox_wire_json_get_string (object, "type", TRUE, &name, error) || !parse_type (name, &reply->type, error))
    return FALSE;

  switch (reply->type)
    {
    case DEVBOX_BOX_REPLY_FAILED:
      return parse_failed (reply, object, error);
    case DEVBOX_BOX_REPLY_COUNTED:
      return parse_count (object, "bytesIn", &reply->bytes_in, error)
             && parse_count (object, "bytesOut", &reply->bytes_out, error);
    case DEVBOX_BOX_REPLY_READY:
    default:
      return TRUE;
    }
}

void
devbox_box_reply_clear (DevboxBoxReply *reply)
{
  g_clear_pointer (&reply->reason, g_free);
}
