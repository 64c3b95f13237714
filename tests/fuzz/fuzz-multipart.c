/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "../http/multipart-recorder.h"
#include "devbox-http-parameters-private.h"
#include "devbox-wire-error-private.h"

#include <string.h>

/* The first line is a Content-Type, the rest a form: it holds the same, or has the same mistake, whole and cut into
 * pieces. */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What a name looks like in a header reads back as that name. */
static void
check_attachment (const char *name)
{
  g_autofree char *header = devbox_http_parameters_format_attachment (name);
  g_auto (DevboxHttpParameters) parameters = { 0 };
  const char *extended;

  g_assert_null (devbox_http_parameters_parse (&parameters, header));
  extended = devbox_http_parameters_get (&parameters, "filename*");
  if (extended == NULL)
    {
      g_assert_cmpstr (devbox_http_parameters_get (&parameters, "filename"), ==, name);
    }
  else
    {
      g_autofree char *decoded = devbox_http_parameters_decode_extended (extended);
      g_autofree char *shown = g_utf8_make_valid (name, -1);

      g_assert_cmpstr (decoded, ==, shown);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *line_feed = size > 1 ? memchr (data + 1, '\n', size - 1) : NULL;
  g_autofree char *content_type = NULL;
  g_autofree char *boundary = NULL;
  g_autoptr (GString) whole = NULL;
  g_autoptr (GString) cut = NULL;
  g_autoptr (GError) whole_error = NULL;
  g_autoptr (GError) cut_error = NULL;
  gsize body_size;

  if (line_feed == NULL)
    return 0;

  content_type = g_strndup ((const char *) data + 1, line_feed - data - 1);
  check_attachment (content_type);
  boundary = devbox_http_multipart_find_boundary (content_type, NULL);
  if (boundary == NULL)
    return 0;

  body_size = data + size - line_feed - 1;
  whole = multipart_record (boundary, line_feed + 1, body_size, body_size + 1, &whole_error);
  cut = multipart_record (boundary, line_feed + 1, body_size, 1 + data[0] % 16, &cut_error);
  if (whole != NULL)
    {
      g_assert_true (cut != NULL && g_string_equal (whole, cut));
    }
  else
    {
      g_assert_true (whole_error->domain == DEVBOX_WIRE_ERROR);
      g_assert_cmpstr (cut_error->message, ==, whole_error->message);
    }

  return 0;
}
