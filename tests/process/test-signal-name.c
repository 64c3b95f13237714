/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-signal-name-private.h"

#include <glib.h>
#include <signal.h>
#include <string.h>

static void
test_names (void)
{
  static const struct
  {
    const char *name;
    int signum;
  } cases[] = {
    { "SIGTERM", SIGTERM }, { "TERM", SIGTERM },     { "term", SIGTERM },
    { "sigTerm", SIGTERM }, { "15", SIGTERM },       { "KILL", SIGKILL },
    { "9", SIGKILL },       { "SIGHUP", SIGHUP },    { "int", SIGINT },
    { "USR1", SIGUSR1 },    { "STOP", SIGSTOP },     { "CONT", SIGCONT },
    { "WINCH", SIGWINCH },  { "SIGABRT", SIGABRT },  { "IOT", SIGABRT },
    { "CHLD", SIGCHLD },    { "CLD", SIGCHLD },      { "POLL", SIGPOLL },
    { "IO", SIGPOLL },      { "SYS", SIGSYS },       { "1", 1 },
    { "64", 64 },           { "STKFLT", SIGSTKFLT }, { "PWR", SIGPWR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (devbox_signal_from_name (cases[i].name), ==, cases[i].signum);
}

static void
test_real_time (void)
{
  g_assert_cmpint (devbox_signal_from_name ("SIGRTMIN"), ==, SIGRTMIN);
  g_assert_cmpint (devbox_signal_from_name ("RTMIN+1"), ==, SIGRTMIN + 1);
  g_assert_cmpint (devbox_signal_from_name ("rtmax"), ==, SIGRTMAX);
  g_assert_cmpint (devbox_signal_from_name ("SIGRTMAX-2"), ==, SIGRTMAX - 2);
  g_assert_cmpint (devbox_signal_from_name ("RTMIN-1"), ==, 0);
  g_assert_cmpint (devbox_signal_from_name ("RTMIN+31"), ==, 0);
  g_assert_cmpint (devbox_signal_from_name ("RTMAX+1"), ==, 0);
  g_assert_cmpint (devbox_signal_from_name ("RTMIN+"), ==, 0);
}

/* Every signal that there is has a name, and each name its own signal. */
static void
test_all (void)
{
  for (int signum = 1; signum < 32; signum++)
    {
      g_autofree char *name = g_strconcat ("SIG", sigabbrev_np (signum), NULL);

      g_assert_cmpint (devbox_signal_from_name (name), ==, signum);
    }
}

static void
test_unknown (void)
{
  static const char *const names[]
      = { "",           "0",         "-1",  "65", "99999999999999999999", "9 ", " 9", "+9", "9x", "SIG",
          "SIGSIGTERM", "TERMINATE", "TER", "ä" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpint (devbox_signal_from_name (names[i]), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-name/names", test_names);
  g_test_add_func ("/signal-name/real-time", test_real_time);
  g_test_add_func ("/signal-name/all", test_all);
  g_test_add_func ("/signal-name/unknown", test_unknown);

  return g_test_run ();
}
