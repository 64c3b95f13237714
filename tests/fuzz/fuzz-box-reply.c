/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a box says to its platform, on a real socket: whatever it is, it is refused or understood; what is understood is
 * what the JSON parser for whole documents finds, and a reason is one short line of text. */
#include "config.h"

#include "devbox-box-protocol-private.h"
#include "devbox-box-reply-private.h"
#include "devbox-packet-private.h"
#include "devbox-wire-json-private.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static int platform_fd = -1;
static int box_fd = -1;

static void
tear_down (void)
{
  close (platform_fd);
  close (box_fd);
}

static gboolean
is_line (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      if (!g_unichar_isprint (g_utf8_get_char (text)))
        return FALSE;
    }

  return TRUE;
}

static void
check_understood (const DevboxBoxReply *reply, JsonObject *object)
{
  static const char *const names[] = { "ready", "failed", "counted" };

  g_assert_cmpstr (json_object_get_string_member (object, "type"), ==, names[reply->type]);
  if (reply->type == DEVBOX_BOX_REPLY_FAILED)
    {
      g_assert_true (g_utf8_validate (reply->reason, -1, NULL) && is_line (reply->reason));
      g_assert_cmpuint (strlen (reply->reason), <=, DEVBOX_BOX_REPLY_MAX_REASON);
    }
  else
    {
      g_assert_null (reply->reason);
    }
  if (reply->type == DEVBOX_BOX_REPLY_COUNTED)
    {
      g_assert_cmpuint (reply->bytes_in, <=, DEVBOX_BOX_REPLY_MAX_COUNT);
      g_assert_cmpuint (reply->bytes_out, <=, DEVBOX_BOX_REPLY_MAX_COUNT);
      g_assert_cmpuint (reply->bytes_in, ==, (guint64) json_object_get_double_member (object, "bytesIn"));
      g_assert_cmpuint (reply->bytes_out, ==, (guint64) json_object_get_double_member (object, "bytesOut"));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (JsonObject) whole = devbox_wire_json_parse_object ((const char *) data, size, NULL);
  g_autoptr (GError) error = NULL;
  g_auto (DevboxBoxReply) reply = { 0 };

  if (platform_fd < 0)
    {
      g_assert_true (devbox_box_protocol_open (&platform_fd, &box_fd, &error));
      atexit (tear_down);
    }
  if (size == 0 || !devbox_packet_send (box_fd, data, size, NULL, 0))
    return 0;

  object = devbox_box_protocol_receive (platform_fd, NULL, &error);
  g_assert_true (object != NULL ? error == NULL : error != NULL);
  g_assert_true ((object != NULL) == (whole != NULL && size < DEVBOX_BOX_MAX_PACKET));
  if (object != NULL && devbox_box_reply_parse (&reply, object, &error))
    check_understood (&reply, object);
  else
    g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR));

  return 0;
}
