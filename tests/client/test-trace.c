/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-private.h"
#include "devbox-trace-private.h"

#include <string.h>

#define TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN_ID "00f067aa0ba902b7"

static void
test_accepted (void)
{
  static const struct
  {
    const char *parent;
    const char *formatted;
  } cases[] = {
    { "00-" TRACE_ID "-" SPAN_ID "-01", "00-" TRACE_ID "-" SPAN_ID "-01" },
    { "00-" TRACE_ID "-" SPAN_ID "-00", "00-" TRACE_ID "-" SPAN_ID "-00" },
    { "00-" TRACE_ID "-" SPAN_ID "-03", "00-" TRACE_ID "-" SPAN_ID "-03" },
    { "00-" TRACE_ID "-" SPAN_ID "-ff", "00-" TRACE_ID "-" SPAN_ID "-03" },
    { "cc-" TRACE_ID "-" SPAN_ID "-01", "00-" TRACE_ID "-" SPAN_ID "-01" },
    { "01-" TRACE_ID "-" SPAN_ID "-01-what-is-to-come", "00-" TRACE_ID "-" SPAN_ID "-01" },
    { "00-00000000000000000000000000000001-0000000000000001-01",
      "00-00000000000000000000000000000001-0000000000000001-01" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      char formatted[DEVBOX_TRACE_PARENT_LENGTH + 1];
      DevboxTrace trace;

      g_assert_true (devbox_trace_parse (&trace, cases[i].parent, &error));
      g_assert_no_error (error);
      devbox_trace_format (&trace, formatted);
      g_assert_cmpstr (formatted, ==, cases[i].formatted);
    }
}

static void
test_refused (void)
{
  static const char *const parents[] = {
    "",
    "00",
    "00-" TRACE_ID "-" SPAN_ID,
    "00-" TRACE_ID "-" SPAN_ID "-",
    "00-" TRACE_ID "-" SPAN_ID "-1",
    "00-" TRACE_ID "-" SPAN_ID "-0g",
    "00-" TRACE_ID "-" SPAN_ID "-010",
    "00-" TRACE_ID "-" SPAN_ID "-01-",
    "00-" TRACE_ID "-" SPAN_ID "-01 ",
    "01-" TRACE_ID "-" SPAN_ID "-01x",
    " 0-" TRACE_ID "-" SPAN_ID "-01",
    "ff-" TRACE_ID "-" SPAN_ID "-01",
    "0G-" TRACE_ID "-" SPAN_ID "-01",
    "00-" TRACE_ID "-0000000000000000-01",
    "00-00000000000000000000000000000000-" SPAN_ID "-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN_ID "-01",
    "00-" TRACE_ID "-00F067AA0BA902B7-01",
    "00_" TRACE_ID "_" SPAN_ID "_01",
    "00-" TRACE_ID "-" SPAN_ID "_01",
    "00-4bf92f3577b34da6a3ce929d0e0e473\n-" SPAN_ID "-01",
    "00-4bf92f3577b34da6a3ce929d0e0e47\xc3\xa4-" SPAN_ID "-01",
    "00-4bf92f3577b34da6a3ce929d0e0e47\xff\xff-" SPAN_ID "-01",
  };

  for (guint i = 0; i < G_N_ELEMENTS (parents); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *shown = g_utf8_make_valid (parents[i], -1);
      DevboxTrace trace;

      g_test_message ("%s", shown);
      g_assert_false (devbox_trace_parse (&trace, parents[i], &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
      g_assert_cmpstr (devbox_error_info_get_value (devbox_error_get_info (error)), ==, shown);
    }
}

/* Not a byte beyond a text that ends early is read. */
static void
test_cut (void)
{
  static const char parent[] = "00-" TRACE_ID "-" SPAN_ID "-01";

  for (gsize length = 0; length < strlen (parent); length++)
    {
      g_autofree char *cut = g_strndup (parent, length);
      DevboxTrace trace;

      g_assert_false (devbox_trace_parse (&trace, cut, NULL));
    }
}

static void
test_random (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 1000; i++)
    {
      DevboxTrace trace;
      DevboxTrace back;
      char formatted[DEVBOX_TRACE_PARENT_LENGTH + 1];

      devbox_trace_init_random (&trace);
      devbox_trace_format (&trace, formatted);
      g_assert_true (devbox_trace_parse (&back, formatted, NULL));
      g_assert_cmpstr (back.trace_id, ==, trace.trace_id);
      g_assert_cmpstr (back.span_id, ==, trace.span_id);
      g_assert_cmpuint (back.flags, ==, 0);
      g_assert_true (g_hash_table_add (seen, g_strdup (trace.trace_id)));
      g_assert_true (g_hash_table_add (seen, g_strdup (trace.span_id)));
    }
}

static void
test_span (void)
{
  DevboxTrace trace;
  DevboxTrace parent;

  g_assert_true (devbox_trace_parse (&parent, "00-" TRACE_ID "-" SPAN_ID "-01", NULL));
  trace = parent;
  devbox_trace_begin_span (&trace);

  g_assert_cmpstr (trace.trace_id, ==, TRACE_ID);
  g_assert_cmpuint (strlen (trace.span_id), ==, DEVBOX_TRACE_SPAN_ID_LENGTH);
  g_assert_cmpstr (trace.span_id, !=, SPAN_ID);
  g_assert_cmpuint (trace.flags, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/trace/accepted", test_accepted);
  g_test_add_func ("/client/trace/refused", test_refused);
  g_test_add_func ("/client/trace/cut", test_cut);
  g_test_add_func ("/client/trace/random", test_random);
  g_test_add_func ("/client/trace/span", test_span);

  return g_test_run ();
}
