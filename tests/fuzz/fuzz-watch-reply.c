/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an agent says about file changes: whatever it is, it is understood or refused, and has what its kind has. */
#include "config.h"

#include "devbox-error.h"
#include "devbox-watch-messages-private.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_text (const char *text, gboolean required)
{
  g_assert_true (text != NULL || !required);
  g_assert_true (text == NULL || g_utf8_validate (text, -1, NULL));
}

static void
check_event (const DevboxWatchReply *reply)
{
  g_assert_true (reply->event == G_FILE_MONITOR_EVENT_CREATED || reply->event == G_FILE_MONITOR_EVENT_CHANGED
                 || reply->event == G_FILE_MONITOR_EVENT_DELETED || reply->event == G_FILE_MONITOR_EVENT_RENAMED);
  check_text (reply->path, TRUE);
  check_text (reply->old_path, reply->event == G_FILE_MONITOR_EVENT_RENAMED);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_auto (DevboxWatchReply) reply = DEVBOX_WATCH_REPLY_INIT;
  g_autoptr (GError) error = NULL;

  if (!devbox_watch_reply_parse (&reply, (const char *) data, size, &error))
    {
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);
      return 0;
    }

  g_assert_no_error (error);
  g_assert_true ((reply.kind == DEVBOX_WATCH_REPLY_REFUSED) == (reply.reason != NULL));
  if (reply.kind == DEVBOX_WATCH_REPLY_EVENT)
    check_event (&reply);
  else if (reply.kind == DEVBOX_WATCH_REPLY_OVERFLOW)
    check_text (reply.path, TRUE);
  else
    g_assert_true (reply.path == NULL && reply.old_path == NULL);
  if (reply.reason != NULL)
    g_assert_true (reply.reason->domain == DEVBOX_ERROR && g_utf8_validate (reply.reason->message, -1, NULL));

  return 0;
}
