/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command.h"
#include "devbox-error-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-run-request-private.h"
#include "devbox-wire-environment-private.h"
#include "devbox-write-file-request-private.h"

#include <string.h>

#define SECRET "s3same"

/* An argument was refused, with this value (NULL: with none) and no secret in the text. Clears the error. */
static void
assert_refused (gboolean accepted, GError **error, const char *value)
{
  g_assert_false (accepted);
  g_assert_error (*error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpstr (devbox_error_info_get_value (devbox_error_get_info (*error)), ==, value);
  g_assert_null (strstr ((*error)->message, SECRET));
  g_assert_true (g_utf8_validate ((*error)->message, -1, NULL));
  g_clear_error (error);
}

static void
test_text (void)
{
  GError *error = NULL;

  g_assert_true (devbox_request_check_text (DEVBOX_REQUEST_TEXT_PATH, "", &error));
  g_assert_true (devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, "\xc3\xa4", &error));
  assert_refused (devbox_request_check_text (DEVBOX_REQUEST_TEXT_PATH, "a\xff", &error), &error, "a\xef\xbf\xbd");
  assert_refused (devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PROGRAM, "", &error), &error, "");
  assert_refused (devbox_request_check_text (DEVBOX_REQUEST_TEXT_VARIABLE, "NAME=" SECRET "\xff", &error), &error,
                  "NAME");
}

static void
test_refuse (void)
{
  GError *error = NULL;

  g_assert_false (devbox_request_refuse (&error, "a\xff", "Number %d", 7));
  g_assert_cmpstr (error->message, ==, "Number 7");
  assert_refused (FALSE, &error, "a\xef\xbf\xbd");
  g_assert_false (devbox_request_refuse (NULL, "a", "No"));
}

static void
test_trim (void)
{
  static const struct
  {
    const char *text;
    const char *trimmed;
  } cases[] = {
    { NULL, NULL }, { "", "" }, { " \t\n", "" }, { "a", "a" }, { " a b\r\n", "a b" }, { "\xc3\xa4 ", "\xc3\xa4" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *trimmed = devbox_request_trim (cases[i].text);

      g_assert_cmpstr (trimmed, ==, cases[i].trimmed);
    }
}

static void
test_environ (void)
{
  static const char *const accepted[]
      = { "A=1", "_=", "a_1=x=y", "LONG_NAME=a b\nc", "PATH=\xc3\xa4", "A=again", NULL };
  static const char *const none[] = { NULL };
  static const struct
  {
    const char *variable;
    const char *value;
  } refused[] = {
    { "", NULL },
    { SECRET, NULL },
    { "=" SECRET, NULL },
    { "1A=" SECRET, "1A" },
    { "A-B=" SECRET, "A-B" },
    { "A B=" SECRET, "A B" },
    { " A=" SECRET, " A" },
    { "\xc3\xa4=" SECRET, "\xc3\xa4" },
    { "A=" SECRET "\xff", "A" },
    { "A\xff=" SECRET, "A\xef\xbf\xbd" },
  };
  GError *error = NULL;

  g_assert_true (devbox_request_check_environ (NULL, &error));
  g_assert_true (devbox_request_check_environ (none, &error));
  g_assert_true (devbox_request_check_environ (accepted, &error));
  g_assert_no_error (error);

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      const char *const environment[] = { "FINE=1", refused[i].variable, NULL };

      assert_refused (devbox_request_check_environ (environment, &error), &error, refused[i].value);
    }
}

static void
test_environ_size (void)
{
  g_autofree char *large = g_strnfill (DEVBOX_WIRE_MAX_ENVIRONMENT_SIZE - 3, 'x');
  const char *const fits[] = { large, NULL };
  const char *const too_large[] = { large, "B=", NULL };
  GError *error = NULL;

  memcpy (large, "A=", 2);
  g_assert_true (devbox_request_check_environ (fits, &error));
  g_assert_no_error (error);
  assert_refused (devbox_request_check_environ (too_large, &error), &error, NULL);
}

static void
test_mode (void)
{
  static const guint accepted[] = { 0, 1, 0400, 0600, 0644, 0755, 0777, 01750, 01777, 02755, 04755, 07777, 444, 511 };
  static const guint refused[] = { 555, 600, 644, 666, 700, 750, 755, 775, 777, 010000, 10000, G_MAXUINT };
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_assert_true (devbox_request_check_mode (accepted[i], &error));
      g_assert_no_error (error);
    }

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *value = g_strdup_printf ("%u", refused[i]);

      assert_refused (devbox_request_check_mode (refused[i], &error), &error, value);
    }

  g_assert_false (devbox_request_check_mode (755, &error));
  g_assert_nonnull (strstr (error->message, "0755"));
  g_clear_error (&error);
}

static void
test_host (void)
{
  g_autofree char *longest_label = g_strnfill (63, 'a');
  g_autofree char *longer_label = g_strnfill (64, 'a');
  g_autofree char *longest = g_strjoin (".", longest_label, longest_label, longest_label, longest_label + 2, NULL);
  g_autofree char *longer = g_strjoin (".", longest_label, longest_label, longest_label, longest_label + 1, NULL);
  const char *const accepted[]
      = { "a",         "a.b",         "a.b.",  "A-1.example.org", "my_host", "127.0.0.1", "::1", "xn--4ca.org",
          "1.2.3.4.a", longest_label, longest, "fe80::1",         "a--b",    "0x7g",      "1a",  "7.a1" };
  const char *const refused[]
      = { "",           ".",         "a..b",  ".a",          "a b",   "-a",         "a-",      "a/b",   "a:80",
          "[::1]",      "a@b",       "a\n",   "\xc3\xa4.de", "a\xff", "a?b",        "a#b",     "a%2eb", longer,
          longer_label, "1.2.3.4.5", "127.1", "256.0.0.1",   "1",     "0x7f000001", "127.0x1", "a.0X" };
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_test_message ("%s", accepted[i]);
      g_assert_true (devbox_request_check_host (accepted[i], &error));
      g_assert_no_error (error);
    }

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *shown = g_utf8_make_valid (refused[i], -1);

      g_test_message ("%s", shown);
      assert_refused (devbox_request_check_host (refused[i], &error), &error, shown);
    }
}

static void
test_header (void)
{
  static const char *const names[] = { "X-Team", "x", "Cookie", "baggage", "tracestate", "X_1.2~!#$%&'*+^`|" };
  static const char *const bad_names[] = { "",
                                           "a b",
                                           "a:",
                                           "a\r\nb",
                                           "\xc3\xa4",
                                           "a\xff",
                                           "(a)",
                                           "Host",
                                           "host",
                                           "CONNECTION",
                                           "te",
                                           "Content-Length",
                                           "Content-Type",
                                           "Transfer-Encoding",
                                           "Upgrade",
                                           "Trailer",
                                           "Expect",
                                           "Range",
                                           "Authorization",
                                           "User-Agent",
                                           "Proxy-Authorization",
                                           "traceparent",
                                           "TraceParent",
                                           "X-Request-ID",
                                           "idempotency-key",
                                           "Sec-WebSocket-Key" };
  static const char *const bad_values[] = { SECRET "\r\nHost: a", SECRET "\n", SECRET "\x7f", SECRET "\xc3\xa4", "\t" };
  g_autofree char *long_value = g_strnfill (8 * 1024 + 1, 'a');
  g_autofree char *long_name = g_strnfill (257, 'a');
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_assert_true (devbox_request_check_header (names[i], "A value; with=\"things\"", &error));
      g_assert_true (devbox_request_check_header (names[i], "", &error));
      g_assert_no_error (error);
    }

  for (guint i = 0; i < G_N_ELEMENTS (bad_names); i++)
    {
      g_autofree char *shown = g_utf8_make_valid (bad_names[i], -1);

      g_test_message ("%s", shown);
      assert_refused (devbox_request_check_header (bad_names[i], SECRET, &error), &error, shown);
    }
  assert_refused (devbox_request_check_header (long_name, SECRET, &error), &error, long_name);

  for (guint i = 0; i < G_N_ELEMENTS (bad_values); i++)
    assert_refused (devbox_request_check_header ("X-Key", bad_values[i], &error), &error, NULL);
  assert_refused (devbox_request_check_header ("X-Key", long_value, &error), &error, NULL);
}

static void
test_user_agent (void)
{
  static const char *const refused[] = { "", "a\n", "a\r\nHost: b", "\xc3\xa4", "a\xff" };
  GError *error = NULL;

  g_assert_true (devbox_request_check_user_agent ("my-program/1.0 (Linux; x86_64)", &error));
  g_assert_no_error (error);

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *shown = g_utf8_make_valid (refused[i], -1);

      assert_refused (devbox_request_check_user_agent (refused[i], &error), &error, shown);
    }
}

/* The checks are made where requests are. */
static void
test_requests (void)
{
  static const char *const argv[] = { "true", NULL };
  g_autoptr (DevboxCommand) command = devbox_command_new (argv);
  g_autoptr (GBytes) contents = g_bytes_new_static ("a", 1);
  GError *error = NULL;

  devbox_command_setenv (command, "A-B", SECRET, TRUE);
  assert_refused (devbox_run_request_new (command, 0, &error) != NULL, &error, "A-B");
  assert_refused (devbox_write_file_request_new ("a", contents, 755, &error) != NULL, &error, "755");
  assert_refused (devbox_write_file_request_new ("", contents, 0755, &error) != NULL, &error, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/request-checks/text", test_text);
  g_test_add_func ("/client/request-checks/refuse", test_refuse);
  g_test_add_func ("/client/request-checks/trim", test_trim);
  g_test_add_func ("/client/request-checks/environ", test_environ);
  g_test_add_func ("/client/request-checks/environ-size", test_environ_size);
  g_test_add_func ("/client/request-checks/mode", test_mode);
  g_test_add_func ("/client/request-checks/host", test_host);
  g_test_add_func ("/client/request-checks/header", test_header);
  g_test_add_func ("/client/request-checks/user-agent", test_user_agent);
  g_test_add_func ("/client/request-checks/requests", test_requests);

  return g_test_run ();
}
