/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-release-reply-private.h"

#include "devbox-platform-reply-private.h"

static DevboxReleaseStatus
parse_status (const char *text)
{
  static const struct
  {
    const char *name;
    DevboxReleaseStatus status;
  } names[] = {
    { "Building", DEVBOX_RELEASE_STATUS_BUILDING },
    { "Pending", DEVBOX_RELEASE_STATUS_BUILDING },
    { "Success", DEVBOX_RELEASE_STATUS_SUCCESS },
    { "Failed", DEVBOX_RELEASE_STATUS_FAILED },
  };

  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (names); i++)
    {
      if (g_ascii_strcasecmp (text, names[i].name) == 0)
        return names[i].status;
    }

  return DEVBOX_RELEASE_STATUS_UNKNOWN;
}

/* The reply to a create says both otherwise than the list. */
static void
read_alternatives (JsonObject *object, DevboxReleaseDetails *details)
{
  if (details->description == NULL)
    details->description = devbox_platform_reply_dup_text (object, "releaseDes");
  if (details->created == NULL)
    details->created = devbox_platform_reply_get_time (object, "createdAt");
}

DevboxRelease *
devbox_release_reply_read (JsonObject *object, const char *devbox_name)
{
  g_auto (DevboxReleaseDetails) details = { 0 };

  details.tag = devbox_platform_reply_dup_text (object, "tag");
  if (details.tag == NULL)
    return NULL;

  details.id = devbox_platform_reply_dup_text (object, "id");
  details.name = devbox_platform_reply_dup_text (object, "devboxName");
  if (details.name == NULL)
    details.name = g_strdup (devbox_name);
  details.description = devbox_platform_reply_dup_text (object, "description");
  details.status_text = devbox_platform_reply_dup_status (object);
  details.status = parse_status (details.status_text);
  details.reason = devbox_platform_reply_dup_text (object, "reason");
  details.runtime = devbox_platform_reply_dup_text (object, "runtime");
  details.image = devbox_platform_reply_dup_text (object, "image");
  details.created = devbox_platform_reply_get_time (object, "createTime");
  read_alternatives (object, &details);

  return devbox_release_new (&details);
}
