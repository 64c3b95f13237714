/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-private.h"

#include "devbox-call-private.h"
#include "devbox-transport-error-private.h"
#include "devbox-wire-error-private.h"

#include <gio/gio.h>
#include <string.h>

static void
test_strings (void)
{
  for (int code = 0; code < DEVBOX_WIRE_N_CODES; code++)
    {
      DevboxWireCode back;

      g_assert_cmpstr (devbox_error_to_string (code), ==, devbox_wire_code_to_string (code));
      g_assert_true (devbox_wire_code_from_string (devbox_error_to_string (code), &back));
      g_assert_cmpint ((int) back, ==, code);
    }

  g_assert_cmpstr (devbox_error_to_string (DEVBOX_ERROR_FILE_NOT_FOUND), ==, "FILE_NOT_FOUND");
  g_assert_cmpstr (devbox_error_to_string (1000), ==, "INTERNAL_ERROR");
  g_assert_cmpstr (devbox_error_to_string (-1), ==, "INTERNAL_ERROR");
}

static void
test_families (void)
{
  static const struct
  {
    DevboxError code;
    DevboxErrorFamily family;
  } cases[] = {
    { DEVBOX_ERROR_INTERNAL_ERROR, DEVBOX_ERROR_FAMILY_OTHER },
    { DEVBOX_ERROR_AUTHENTICATION_FAILED, DEVBOX_ERROR_FAMILY_AUTHENTICATION },
    { DEVBOX_ERROR_INVALID_KUBECONFIG, DEVBOX_ERROR_FAMILY_AUTHENTICATION },
    { DEVBOX_ERROR_CONNECTION_FAILED, DEVBOX_ERROR_FAMILY_CONNECTION },
    { DEVBOX_ERROR_CONNECTION_TIMEOUT, DEVBOX_ERROR_FAMILY_CONNECTION },
    { DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED, DEVBOX_ERROR_FAMILY_CONNECTION },
    { DEVBOX_ERROR_DEVBOX_NOT_FOUND, DEVBOX_ERROR_FAMILY_DEVBOX_NOT_FOUND },
    { DEVBOX_ERROR_DEVBOX_CREATION_FAILED, DEVBOX_ERROR_FAMILY_OTHER },
    { DEVBOX_ERROR_FILE_NOT_FOUND, DEVBOX_ERROR_FAMILY_FILE_OPERATION },
    { DEVBOX_ERROR_FILE_TOO_LARGE, DEVBOX_ERROR_FAMILY_FILE_OPERATION },
    { DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED, DEVBOX_ERROR_FAMILY_FILE_OPERATION },
    { DEVBOX_ERROR_OPERATION_TIMEOUT, DEVBOX_ERROR_FAMILY_CONNECTION },
    { DEVBOX_ERROR_VALIDATION_ERROR, DEVBOX_ERROR_FAMILY_VALIDATION },
    { DEVBOX_ERROR_DISK_FULL, DEVBOX_ERROR_FAMILY_FILE_OPERATION },
    { 1000, DEVBOX_ERROR_FAMILY_OTHER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint ((int) devbox_error_get_family (cases[i].code), ==, (int) cases[i].family);
}

static void
test_info (void)
{
  g_autoptr (GError) cause = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "It broke");
  g_autoptr (GError) error = devbox_error_new (DEVBOX_ERROR_CONNECTION_FAILED,
                                               &(DevboxErrorDetails){
                                                   .http_status = 418,
                                                   .request_id = "the-id",
                                                   .path = "a/b",
                                                   .trace_id = "the-trace",
                                                   .value = "odd",
                                                   .retry_after_ms = 7000,
                                                   .n_attempts = 4,
                                                   .cause = cause,
                                               },
                                               "%s %d", "Number", 7);
  g_autoptr (GError) copy = g_error_copy (error);
  g_autoptr (DevboxErrorInfo) info = devbox_error_info_from_error (error);
  g_autoptr (DevboxErrorInfo) copied_info = NULL;
  g_autofree char *path = NULL;
  g_autofree char *code_name = NULL;
  g_autofree char *request_id = NULL;
  g_autofree char *trace_id = NULL;
  g_autofree char *value = NULL;
  g_autoptr (GError) cause_property = NULL;
  guint status;
  guint retry_after;
  guint n_attempts;

  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_assert_cmpstr (error->message, ==, "Number 7");

  g_clear_error (&error);
  copied_info = devbox_error_info_from_error (copy);
  g_assert_true (copied_info == info);
  g_clear_error (&copy);

  g_assert_error (devbox_error_info_get_cause (info), G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_assert_null (devbox_error_info_get_command_result (info));
  g_object_get (info, "http-status", &status, "request-id", &request_id, "path", &path, "code-name", &code_name,
                "trace-id", &trace_id, "value", &value, "retry-after", &retry_after, "n-attempts", &n_attempts, "cause",
                &cause_property, NULL);
  g_assert_cmpuint (status, ==, 418);
  g_assert_cmpstr (request_id, ==, "the-id");
  g_assert_cmpstr (path, ==, "a/b");
  g_assert_cmpstr (code_name, ==, "CONNECTION_FAILED");
  g_assert_cmpstr (trace_id, ==, devbox_error_info_get_trace_id (info));
  g_assert_cmpstr (trace_id, ==, "the-trace");
  g_assert_cmpstr (value, ==, devbox_error_info_get_value (info));
  g_assert_cmpstr (value, ==, "odd");
  g_assert_cmpuint (retry_after, ==, devbox_error_info_get_retry_after (info));
  g_assert_cmpuint (retry_after, ==, 7000);
  g_assert_cmpuint (n_attempts, ==, devbox_error_info_get_n_attempts (info));
  g_assert_cmpuint (n_attempts, ==, 4);
  g_assert_error (cause_property, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
}

static void
test_command_result (void)
{
  g_autoptr (GObject) result = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GError) error = devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, NULL, "Too slow");
  DevboxErrorInfo *info = devbox_error_get_info (error);

  devbox_error_info_set_command_result (info, (DevboxCommandResult *) result);
  g_assert_true ((GObject *) devbox_error_info_get_command_result (info) == result);
  g_clear_error (&error);
  g_assert_finalize_object (g_steal_pointer (&result));
}

static void
test_no_info (void)
{
  g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "No");
  g_autoptr (GError) plain = g_error_new_literal (DEVBOX_ERROR, DEVBOX_ERROR_CONFLICT, "As a language makes it");
  g_autoptr (GError) copy = g_error_copy (plain);

  g_assert_null (devbox_error_info_from_error (foreign));
  g_assert_null (devbox_error_info_from_error (plain));
  g_assert_null (devbox_error_info_from_error (copy));
}

static void
test_complete (void)
{
  DevboxErrorDetails details = { .http_status = 500, .request_id = "filled", .path = "filled" };
  GError *error;
  DevboxErrorInfo *info;

  error = devbox_error_complete (g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled"), &details);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  error = devbox_error_complete (g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DISK_FULL, "Full"), &details);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_DISK_FULL);
  info = devbox_error_get_info (error);
  g_assert_cmpstr (devbox_error_info_get_request_id (info), ==, "filled");
  g_assert_error (devbox_error_info_get_cause (info), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DISK_FULL);
  g_clear_error (&error);

  /* What an error knows already stays. */
  error = devbox_error_complete (
      devbox_error_new (DEVBOX_ERROR_CONFLICT, &(DevboxErrorDetails){ .http_status = 409, .path = "own" }, "No"),
      &details);
  info = devbox_error_get_info (error);
  g_assert_cmpuint (devbox_error_info_get_http_status (info), ==, 409);
  g_assert_cmpstr (devbox_error_info_get_path (info), ==, "own");
  g_assert_cmpstr (devbox_error_info_get_request_id (info), ==, "filled");
  g_assert_cmpstr (devbox_error_info_get_code_name (info), ==, "CONFLICT");
  g_clear_error (&error);
}

static gpointer
get_last_in_thread (gpointer data)
{
  return devbox_error_info_get_last ();
}

static void
test_last (void)
{
  g_autoptr (GError) error = devbox_error_new (DEVBOX_ERROR_CONFLICT, NULL, "No");
  g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "No");
  g_autoptr (DevboxErrorInfo) last = NULL;

  g_assert_null (devbox_error_info_get_last ());
  devbox_error_info_note (error);
  last = devbox_error_info_get_last ();
  g_assert_true (last == devbox_error_get_info (error));
  g_assert_null (g_thread_join (g_thread_new ("other", get_last_in_thread, NULL)));

  devbox_error_info_note (foreign);
  g_assert_null (devbox_error_info_get_last ());
}

/* libsoup and GIO speak of many things; a caller hears of one domain. */
static void
test_transport (void)
{
  struct
  {
    GQuark domain;
    int code;
    DevboxError expected;
  } cases[] = {
    { G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, DEVBOX_ERROR_CONNECTION_FAILED },
    { G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, DEVBOX_ERROR_CONNECTION_FAILED },
    { G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE, DEVBOX_ERROR_CONNECTION_FAILED },
    { G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, DEVBOX_ERROR_CONNECTION_FAILED },
    { G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, DEVBOX_ERROR_CONNECTION_FAILED },
    { G_IO_ERROR, G_IO_ERROR_TIMED_OUT, DEVBOX_ERROR_CONNECTION_TIMEOUT },
    { G_IO_ERROR, G_IO_ERROR_CANCELLED, DEVBOX_ERROR_CONNECTION_FAILED },
    { G_IO_ERROR, G_IO_ERROR_PROXY_FAILED, DEVBOX_ERROR_CONNECTION_FAILED },
    { G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, DEVBOX_ERROR_CONNECTION_FAILED },
    { G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, DEVBOX_ERROR_CONNECTION_FAILED },
    { SOUP_SESSION_ERROR, SOUP_SESSION_ERROR_PARSING, DEVBOX_ERROR_CONNECTION_FAILED },
    { DEVBOX_ERROR, DEVBOX_ERROR_FILE_TOO_LARGE, DEVBOX_ERROR_FILE_TOO_LARGE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) cause = g_error_new_literal (cases[i].domain, cases[i].code, "the reason");
      g_autoptr (GError) error
          = devbox_error_from_transport (cause, "http://a:1", &(DevboxErrorDetails){ .path = "file" });
      DevboxErrorInfo *info = devbox_error_get_info (error);

      g_assert_error (error, DEVBOX_ERROR, (int) cases[i].expected);
      g_assert_nonnull (strstr (error->message, "the reason"));
      g_assert_cmpstr (devbox_error_info_get_path (info), ==, "file");
      if (cases[i].domain != DEVBOX_ERROR)
        {
          g_assert_error (devbox_error_info_get_cause (info), cases[i].domain, cases[i].code);
          g_assert_nonnull (strstr (error->message, "http://a:1"));
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/error/last", test_last);
  g_test_add_func ("/client/error/strings", test_strings);
  g_test_add_func ("/client/error/families", test_families);
  g_test_add_func ("/client/error/info", test_info);
  g_test_add_func ("/client/error/command-result", test_command_result);
  g_test_add_func ("/client/error/no-info", test_no_info);
  g_test_add_func ("/client/error/complete", test_complete);
  g_test_add_func ("/client/error/transport", test_transport);

  return g_test_run ();
}
