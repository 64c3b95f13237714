/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-platform-listen-policy-private.h"

#include <gio/gio.h>

static void
test_loopback (void)
{
  static const char *const hosts[] = { "127.0.0.1", "127.254.0.1", "::1", "localhost", "LocalHost" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (devbox_platform_check_listen_policy (hosts[i], FALSE, FALSE, &error));
      g_assert_no_error (error);
    }
}

static void
test_beyond (void)
{
  static const char *const hosts[]
      = { "0.0.0.0", "::", "192.168.1.1", "::ffff:127.0.0.1", "example.org", "localhost.example.org", "127.1", "" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (devbox_platform_check_listen_policy (hosts[i], TRUE, FALSE, &error));
      g_assert_true (devbox_platform_check_listen_policy (hosts[i], FALSE, TRUE, &error));
      g_assert_no_error (error);
      g_assert_false (devbox_platform_check_listen_policy (hosts[i], FALSE, FALSE, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listen-policy/loopback", test_loopback);
  g_test_add_func ("/listen-policy/beyond", test_beyond);

  return g_test_run ();
}
