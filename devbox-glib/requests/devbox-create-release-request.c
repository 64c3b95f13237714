/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-release-reply-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* POST /api/v1/devbox/{name}/release {tag, releaseDes?} */

#define MAX_DESCRIPTION_LENGTH (4 * 1024)

typedef struct
{
  char *tag;
  char *description;
} Wanted;

static void
wanted_free (gpointer data)
{
  Wanted *wanted = data;

  g_free (wanted->tag);
  g_free (wanted->description);
  g_free (wanted);
}

/* A platform that tells nothing of it has begun with it all the same. */
static DevboxRelease *
make_release (const Wanted *wanted, const char *devbox_name)
{
  g_auto (DevboxReleaseDetails) details = {
    .name = g_strdup (devbox_name),
    .tag = g_strdup (wanted->tag),
    .description = g_strdup (wanted->description),
    .status = DEVBOX_RELEASE_STATUS_BUILDING,
    .status_text = g_strdup ("Building"),
  };

  return devbox_release_new (&details);
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);
  JsonObject *object;
  DevboxRelease *release;

  if (root == NULL)
    return NULL;

  object = devbox_platform_reply_find_object (root);
  release = object != NULL ? devbox_release_reply_read (object, request->subject) : NULL;

  return release != NULL ? release : make_release (request->data, request->subject);
}

static gboolean
check_description (const char *description, GError **error)
{
  if (!g_utf8_validate (description, -1, NULL))
    {
      g_autofree char *shown = g_utf8_make_valid (description, -1);

      return devbox_request_refuse (error, shown, _ ("The description of a release is not valid UTF-8: “%s”"), shown);
    }
  if (strlen (description) > MAX_DESCRIPTION_LENGTH)
    return devbox_request_refuse (error, NULL, _ ("The description of a release has more than %d bytes"),
                                  MAX_DESCRIPTION_LENGTH);

  return TRUE;
}

DevboxRequest *
devbox_create_release_request_new (const char *name, const char *tag, const char *description, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  g_autofree char *trimmed_tag = trimmed != NULL ? devbox_platform_take_tag (tag, error) : NULL;
  DevboxRequest *request;
  Wanted *wanted;
  GString *json;

  if (trimmed_tag == NULL || (description != NULL && !check_description (description, error)))
    return NULL;

  json = g_string_new ("{\"tag\":");
  devbox_wire_json_append_string (json, trimmed_tag, -1);
  if (description != NULL)
    devbox_wire_json_append_member (json, "releaseDes", description);
  g_string_append_c (json, '}');

  request = devbox_platform_request_new (SOUP_METHOD_POST, trimmed, "/release", parse, g_object_unref);
  devbox_request_take_json (request, json);
  request->failed = DEVBOX_ERROR_DEVBOX_OPERATION_FAILED;

  wanted = g_new0 (Wanted, 1);
  wanted->tag = g_steal_pointer (&trimmed_tag);
  wanted->description = g_strdup (description);
  request->data = wanted;
  request->data_free = wanted_free;

  return request;
}
