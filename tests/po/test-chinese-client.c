/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <devbox-glib.h>

#include <locale.h>

/* A program that only links the library: its messages come from our catalogue all the same. Run with LANGUAGE=zh_CN. */

static void
test_message (void)
{
  g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent ("ftp://127.0.0.1:3000", NULL);
  g_autoptr (GBytes) contents = NULL;
  g_autoptr (GError) error = NULL;

  contents = devbox_instance_load_file_sync (instance, "a.txt", NULL, &error);
  g_assert_null (contents);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpstr (error->message, ==, "“ftp://127.0.0.1:3000”不是以 http:// 或 https:// 开头");
}

static void
test_sentence_and_value (void)
{
  g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent ("http://127.0.0.1:9", NULL);
  g_autoptr (GBytes) contents = NULL;
  g_autoptr (GError) error = NULL;

  contents = devbox_instance_load_file_sync (instance, "\xff", NULL, &error);
  g_assert_null (contents);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpstr (error->message, ==, "路径不是有效的 UTF-8：“\xef\xbf\xbd”");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (setlocale (LC_ALL, ""));

  g_test_add_func ("/po/client/message", test_message);
  g_test_add_func ("/po/client/sentence-and-value", test_sentence_and_value);

  return g_test_run ();
}
