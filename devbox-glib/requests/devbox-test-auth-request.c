/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-reply-private.h"
#include "devbox-platform-requests-private.h"

/* GET /api/v1/devbox: the platform has no other request that everybody may make and that changes nothing. */

#define MAX_REPLY_SIZE (32 * 1024 * 1024)

DevboxRequest *
devbox_test_auth_request_new (void)
{
  DevboxRequest *request
      = devbox_platform_request_new (SOUP_METHOD_GET, NULL, NULL, devbox_platform_reply_parse_done, NULL);

  request->max_reply_size = MAX_REPLY_SIZE;

  return request;
}
