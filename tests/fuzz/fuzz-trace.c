/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is taken for a traceparent is what the grammar of W3C Trace Context says, and goes on as it came; another span
 * of it is well-formed. A traceparent often comes out of a request that a program itself was sent. */
#include "config.h"

#include "devbox-error.h"
#include "devbox-trace-private.h"

#include <string.h>

#define IDENTIFIERS "-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gboolean
is_parent_plainly (const char *text)
{
  return g_regex_match_simple ("^00" IDENTIFIERS "$", text, G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY, 0)
         || g_regex_match_simple ("^(?!00|ff)[0-9a-f]{2}" IDENTIFIERS "(-.*)?$", text,
                                  G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY | G_REGEX_DOTALL, 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autoptr (GError) error = NULL;
  char formatted[DEVBOX_TRACE_PARENT_LENGTH + 1];
  DevboxTrace trace;

  if (!devbox_trace_parse (&trace, text, &error))
    {
      g_assert_false (is_parent_plainly (text));
      g_assert_true (g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR));
      devbox_trace_init_random (&trace);
    }
  else
    {
      g_assert_true (is_parent_plainly (text));
      devbox_trace_format (&trace, formatted);
      /* All but the version and the flags that nobody knows. */
      g_assert_cmpint (strncmp (formatted + 2, text + 2, DEVBOX_TRACE_PARENT_LENGTH - 4), ==, 0);
    }

  devbox_trace_begin_span (&trace);
  devbox_trace_format (&trace, formatted);
  g_assert_true (is_parent_plainly (formatted));

  return 0;
}
