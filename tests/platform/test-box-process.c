/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "box-fixture.h"

#include "devbox-box-members-private.h"
#include "devbox-box-setup-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
test_ends_by_itself (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, "echo first\necho 'it \033[1mbroke'\nexit 3\n");
  wait_until (fixture->has_ended);
  g_assert_cmpstr (fixture->reason, ==, "It ended with status 3: it  [1mbroke");
  box_fixture_assert_nothing_is_left (fixture);
}

static void
test_ends_by_signal (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, "kill -TERM $$\n");
  wait_until (fixture->has_ended);
  g_assert_cmpstr (fixture->reason, ==, "It was ended by signal 15 (Terminated)");
}

static void
test_surroundings (BoxFixture *fixture, gconstpointer data)
{
  g_autofree char *workspace = devbox_sandbox_dup_workspace_path (fixture->sandbox, fixture->folder);
  g_autofree char *home = devbox_sandbox_dup_home_path (fixture->sandbox, fixture->folder);
  g_autofree char *expected = g_strdup_printf ("%s %s\n", workspace, home);
  g_autofree char *out = NULL;
  g_autofree char *socket = NULL;
  g_autofree char *fds = NULL;

  box_fixture_start (
      fixture, "echo $PWD $HOME > out\n"
               "for a; do case $a in --box-socket=*) echo ok ${a#--box-socket=}; readlink /proc/self/fd/${a#*=};; "
               "esac; done > socket\n"
               "ls /proc/$$/fd > fds\n");
  wait_until (fixture->has_ended);
  out = box_fixture_read_file (fixture, "out");
  socket = box_fixture_read_file (fixture, "socket");
  fds = box_fixture_read_file (fixture, "fds");
  g_assert_cmpstr (out, ==, expected);
  g_assert_true (g_str_has_prefix (socket, "ok "));
  g_assert_nonnull (strstr (socket, "socket:"));
  g_assert_true (g_regex_match_simple ("^0\n1\n10\n(11\n)?2\n[3-7]\n$", fds, 0, 0)); /* from 10 on the shell's own */
}

/* Everything that makes a process hard to find, and to kill. */
#define ESCAPES "(env -i PATH=$PATH setsid sleep $SLEEP &)\n" MARKED_ESCAPES
/* But for this: where there are neither sandbox nor control groups, those that a platform left behind when it was
 * killed are known by their environment alone. */
#define MARKED_ESCAPES                                                                                                 \
  "trap '' TERM HUP INT\n"                                                                                             \
  "setsid sh -c 'trap \"\" TERM; (setsid sleep $SLEEP &) ; (setsid sh -c \"while :; do sleep 0.01; done\" &); sleep "  \
  "1000' &\n"                                                                                                          \
  "sh -c 'kill -STOP $$' &\n"                                                                                          \
  "sleep 0.1\n"                                                                                                        \
  "touch started\n"                                                                                                    \
  "while :; do :; done\n"

static void
test_kill (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, ESCAPES);
  wait_until (box_fixture_has_file (fixture, "started"));
  devbox_box_process_kill (fixture->process);
  wait_until (fixture->has_ended);
  g_assert_null (fixture->reason);
  box_fixture_assert_nothing_is_left (fixture);
}

static void
test_kill_at_once (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, ESCAPES);
  devbox_box_process_kill (fixture->process);
  wait_until (fixture->has_ended);
  box_fixture_assert_nothing_is_left (fixture);
}

static void
test_orphans_end_with_agent (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, "(setsid sleep $SLEEP &)\nsleep 0.05\nexit 0\n");
  wait_until (fixture->has_ended);
  box_fixture_assert_nothing_is_left (fixture);
}

static void
test_free (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, ESCAPES);
  wait_until (box_fixture_has_file (fixture, "started"));
  g_clear_pointer (&fixture->process, devbox_box_process_free);
  g_assert_true (devbox_box_process_wait_for_all (WAIT_MS));
  box_fixture_assert_nothing_is_left (fixture);
}

static gint64
read_cpu_time (BoxFixture *fixture)
{
  guint64 cpu_time;
  guint64 memory;

  g_assert_true (devbox_box_process_get_usage (fixture->process, &cpu_time, &memory));
  g_assert_cmpint (memory, >, 100 * 1024);
  return cpu_time;
}

static void
test_freeze (BoxFixture *fixture, gconstpointer data)
{
  gint64 before;
  gint64 begin;

  fixture->cpu = 4000; /* so that it does not wait for its next share when it goes on */
  box_fixture_start (fixture, "(while :; do :; done) &\n"
                              "(while :; do /bin/true; done) &\n"
                              "touch started\n"
                              "while :; do date +%N > now; done\n");
  wait_until (box_fixture_has_file (fixture, "started"));
  wait_until (read_cpu_time (fixture) >= 20000);

  begin = g_get_monotonic_time ();
  devbox_box_process_freeze (fixture->process, box_fixture_on_frozen, fixture);
  wait_until (fixture->is_frozen || fixture->error != NULL);
  g_assert_no_error (fixture->error);
  g_test_message ("frozen after %d us", (int) (g_get_monotonic_time () - begin));

  /* A frozen program may still owe the kernel's books the microseconds of its last tick. */
  before = read_cpu_time (fixture);
  box_fixture_run_main_loop_for (g_test_slow () ? 5000 : 300);
  g_assert_cmpint (read_cpu_time (fixture), <, before + 1000);

  {
    g_autofree char *path = box_fixture_file (fixture, "now");

    g_unlink (path);
    begin = g_get_monotonic_time ();
    g_assert_true (devbox_box_process_thaw (fixture->process, NULL));
    wait_until (box_fixture_has_file (fixture, "now"));
    g_test_message ("resumed after %d us", (int) (g_get_monotonic_time () - begin));
  }
}

static void
test_kill_frozen (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, ESCAPES);
  wait_until (box_fixture_has_file (fixture, "started"));
  devbox_box_process_freeze (fixture->process, box_fixture_on_frozen, fixture);
  wait_until (fixture->is_frozen || fixture->error != NULL);
  g_assert_no_error (fixture->error);
  devbox_box_process_kill (fixture->process);
  wait_until (fixture->has_ended);
  box_fixture_assert_nothing_is_left (fixture);
}

static void
test_freeze_ended (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, "exit 0\n");
  wait_until (fixture->has_ended);
  devbox_box_process_freeze (fixture->process, box_fixture_on_frozen, fixture);
  wait_until (fixture->is_frozen || fixture->error != NULL);
  g_assert_error (fixture->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED);
  g_assert_false (devbox_box_process_thaw (fixture->process, NULL));
}

static void
test_log_is_bounded (BoxFixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "log", NULL);
  g_autofree char *text = NULL;
  gsize size;

  box_fixture_start (fixture, "yes | head -c 1500000\necho last words\nexit 1\n");
  wait_until (fixture->has_ended);
  g_assert_cmpstr (fixture->reason, ==, "It ended with status 1: last words");
  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  g_assert_cmpuint (size, ==, 1024 * 1024);
}

static void
test_memory (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start_with (fixture, "echo $$ > started\nx=$(head -c 400000000 /dev/zero | tr '\\0' a)\nexit 0\n", 64);
  wait_until (fixture->has_ended);
  g_assert_cmpstr (fixture->reason, ==, "It needed more than its 64 MiB of memory");
}

#ifndef DEVBOX_BOX_SETUP_KEEPS_DATA
/* It keeps RLIMIT_DATA to itself. */
static gboolean
is_under_valgrind (void)
{
  const char *preload = g_getenv ("LD_PRELOAD");

  return preload != NULL && strstr (preload, "vgpreload") != NULL;
}

/* Where memory is not accounted, a process gets no more. */
static void
test_memory_of_process (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start_with (fixture, "dd if=/dev/zero of=/dev/null bs=200M count=1\nexit $?\n", 64);
  wait_until (fixture->has_ended);
  g_assert_true (g_str_has_prefix (fixture->reason, "It ended with status 1: dd: memory exhausted"));
}
#endif

static void
test_fork_bomb (BoxFixture *fixture, gconstpointer data)
{
  const char *const uids[] = { fixture->uid, NULL };
  g_autoptr (GArray) members = NULL;
  gint64 begin;

  box_fixture_start (fixture, "bomb () { sleep $SLEEP & while :; do bomb & done; }\n"
                              "(i=0; while [ $i -lt 400 ]; do sleep $SLEEP & i=$((i + 1)); done)\n"
                              ": > full\n"
                              "(bomb) &\n"
                              "while :; do :; done\n");
  wait_until (box_fixture_has_file (fixture, "full"));
  box_fixture_run_main_loop_for (50);

  members = devbox_box_members_find_marked (uids);
  g_test_message ("%u processes", members->len);
  g_assert_cmpuint (members->len, <=, 300);
  g_assert_cmpuint (members->len, >, 100);

  begin = g_get_monotonic_time ();
  devbox_box_process_kill (fixture->process);
  wait_until (fixture->has_ended);
  g_test_message ("ended after %d us", (int) (g_get_monotonic_time () - begin));
  box_fixture_assert_nothing_is_left (fixture);
}

static void
test_cpu (BoxFixture *fixture, gconstpointer data)
{
  gint64 before;
  gint64 begin;
  double share;

  box_fixture_start (fixture, "touch started\n(while :; do :; done) & while :; do :; done\n");
  wait_until (box_fixture_has_file (fixture, "started"));
  g_assert_true (devbox_box_process_set_limits (fixture->process, 200, 128));
  box_fixture_run_main_loop_for (100);
  before = read_cpu_time (fixture);
  begin = g_get_monotonic_time ();
  box_fixture_run_main_loop_for (600);
  share = (double) (read_cpu_time (fixture) - before) / (g_get_monotonic_time () - begin);
  g_test_message ("%.2f of a core", share);
  g_assert_cmpfloat (share, <, 0.3);
}

static void
test_one_cpu (BoxFixture *fixture, gconstpointer data)
{
  g_autofree char *out = NULL;

  box_fixture_start (fixture, "nproc > out\n");
  wait_until (fixture->has_ended);
  out = box_fixture_read_file (fixture, "out");
  g_assert_cmpstr (out, ==, "1\n");
}

static void
test_usage_grows (BoxFixture *fixture, gconstpointer data)
{
  gint64 last = 0;

  box_fixture_start (fixture, "touch started\nwhile :; do /bin/true; done\n");
  wait_until (box_fixture_has_file (fixture, "started"));
  for (guint i = 0; i < 5; i++)
    {
      gint64 cpu_time;

      wait_until (read_cpu_time (fixture) >= last + 10000);
      cpu_time = read_cpu_time (fixture);
      g_assert_cmpint (cpu_time, >=, last);
      last = cpu_time;
    }
}

/* What its user has stopped stays so. */
static void
test_thaw_leaves_stopped (BoxFixture *fixture, gconstpointer data)
{
  g_autofree char *before = NULL;

  box_fixture_start (fixture, "sh -c 'while :; do echo x >> ticks; sleep 0.01; done' &\n"
                              "kill -STOP $!\nsleep 0.05\ntouch started\nsleep $SLEEP\n");
  wait_until (box_fixture_has_file (fixture, "started"));
  before = box_fixture_has_file (fixture, "ticks") ? box_fixture_read_file (fixture, "ticks") : g_strdup ("");
  devbox_box_process_freeze (fixture->process, box_fixture_on_frozen, fixture);
  wait_until (fixture->is_frozen);
  g_assert_true (devbox_box_process_thaw (fixture->process, NULL));
  box_fixture_run_main_loop_for (60);

  if (box_fixture_has_file (fixture, "ticks"))
    {
      g_autofree char *after = box_fixture_read_file (fixture, "ticks");

      g_assert_cmpstr (after, ==, before);
    }
}

static void
test_thaw_while_freezing (BoxFixture *fixture, gconstpointer data)
{
  box_fixture_start (fixture, "touch started\nwhile :; do touch alive; /bin/true; done\n");
  wait_until (box_fixture_has_file (fixture, "started"));
  devbox_box_process_freeze (fixture->process, box_fixture_on_frozen, fixture);
  g_assert_true (devbox_box_process_thaw (fixture->process, NULL));
  wait_until (fixture->is_frozen || fixture->error != NULL);
  g_assert_error (fixture->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED);
  {
    g_autofree char *path = box_fixture_file (fixture, "alive");

    wait_until (box_fixture_has_file (fixture, "alive"));
    g_unlink (path);
    wait_until (box_fixture_has_file (fixture, "alive"));
  }
}

static int
listen_somewhere (guint16 *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &length), ==, 0);
  *port = ntohs (address.sin_port);
  return fd;
}

static int
listen_at_name (const char *name)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpuint (strlen (name), <, sizeof address.sun_path - 1);
  strcpy (address.sun_path + 1, name);
  g_assert_cmpint (
      bind (fd, (struct sockaddr *) &address, G_STRUCT_OFFSET (struct sockaddr_un, sun_path) + 1 + strlen (name)), ==,
      0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  return fd;
}

static void
test_escape (BoxFixture *fixture, gconstpointer data)
{
  g_autofree char *probe = box_fixture_file (fixture, "escape-probe.py");
  g_autofree char *secret = g_build_filename (fixture->folder, "secret", NULL);
  g_autofree char *log = g_build_filename (fixture->folder, "log", NULL);
  g_auto (GStrv) agent_parts = g_strsplit (box_fixture_agent, "/", 3);
  g_auto (GStrv) launcher_parts = g_strsplit (g_getenv ("DEVBOX_LAUNCHER"), "/", 3);
  g_autofree char *script = NULL;
  g_autofree char *source = NULL;
  g_autofree char *found = NULL;
  g_autofree char *text = NULL;
  guint16 port;
  int listener = listen_somewhere (&port);
  int named = listen_at_name (fixture->uid);

  g_assert_true (g_file_get_contents (ESCAPE_PROBE, &source, NULL, NULL));
  g_assert_true (g_file_set_contents (probe, source, -1, NULL));
  g_assert_true (g_file_set_contents (secret, "secret", -1, NULL));
  script = g_strdup_printf (
      "export PROGRAM_TOPS='%s %s'\n"
      "export ALLOWED=\"PATH HOME USER LOGNAME SHELL LANG LANGUAGE LC_ALL LC_CTYPE LC_MESSAGES TZ PWD OLDPWD _ SHLVL "
      "LD_LIBRARY_PATH DEVBOX_BOX_UID DEVBOX_LAUNCHER GCOV_PREFIX ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS TSAN_OPTIONS "
      "G_DEBUG G_MESSAGES_DEBUG ALLOWED PROGRAM_TOPS SLEEP\"\n"
      "exec /usr/bin/python3 ./escape-probe.py 127.0.0.1 %u %s %s\n",
      agent_parts[1], launcher_parts[1], port, fixture->uid, secret);
  box_fixture_start (fixture, script);
  wait_until (fixture->has_ended);

  g_assert_true (g_file_get_contents (log, &text, NULL, NULL));
  g_test_message ("%s", text);
  g_assert_cmpstr (fixture->reason, ==, "It ended with status 0: checked the environment");
  found = box_fixture_read_file (fixture, "found");
  g_assert_cmpstr (found, ==, "");

  g_close (listener, NULL);
  g_close (named, NULL);
}

static void
test_shared_network (BoxFixture *fixture, gconstpointer data)
{
  g_autofree char *script = NULL;
  guint16 port;
  int listener = listen_somewhere (&port);

  script = g_strdup_printf ("exec /usr/bin/python3 -c 'import socket; socket.gethostbyname (socket.gethostname ()); "
                            "socket.create_connection ((\"localhost\", %u))'\n",
                            port);
  fixture->shares_network = TRUE;
  box_fixture_start (fixture, script);
  wait_until (fixture->has_ended);
  g_assert_cmpstr (fixture->reason, ==, "It ended with status 0");
  g_close (listener, NULL);
}

/* The folder of a box is not always as it should be. */
static void
test_links_are_refused (BoxFixture *fixture, gconstpointer data)
{
  g_autofree char *log = g_build_filename (fixture->folder, "log", NULL);
  g_autofree char *workspace = g_build_filename (fixture->folder, "workspace", NULL);
  DevboxBoxStart start = { .uid = fixture->uid, .folder = fixture->folder, .cpu = 1000, .memory = 128 };
  const char *const links[] = { log, workspace };

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_autoptr (GError) error = NULL;
      int fds[2];

      g_rmdir (links[i]);
      g_assert_cmpint (symlink ("/etc", links[i]), ==, 0);
      g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), ==, 0);
      start.socket_fd = fds[1];
      g_assert_null (devbox_box_process_start (fixture->sandbox, &start, NULL, NULL, &error));
      g_assert_nonnull (error);
      g_test_message ("%s", error->message);
      g_assert_cmpint (read (fds[0], &start, 1), ==, 0); /* the other end was closed */
      g_close (fds[0], NULL);
    }
}

/* The platform is killed: below is what it leaves, above what its next start makes of it. */
static void
test_crash (BoxFixture *fixture, gconstpointer data)
{
  const BoxCase *c = data;
  const char *const uids[] = { fixture->uid, NULL };

  if (!g_test_subprocess ())
    {
      g_setenv ("DEVBOX_TEST_UID", fixture->uid, TRUE);
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_failed ();
      if (fixture->cgroups != NULL)
        devbox_box_process_remove_cgroups ((const char *const *) fixture->cgroups);
      devbox_box_process_kill_strays (uids);
      box_fixture_assert_nothing_is_left (fixture);
      return;
    }

  g_free (fixture->uid);
  fixture->uid = g_strdup (g_getenv ("DEVBOX_TEST_UID"));
  box_fixture_start (fixture,
                     c->kind == DEVBOX_SANDBOX_NONE && c->forbidden == ALL_ABILITIES ? MARKED_ESCAPES : ESCAPES);
  wait_until (box_fixture_has_file (fixture, "started"));
  devbox_box_process_freeze (fixture->process, box_fixture_on_frozen, fixture);
  wait_until (fixture->is_frozen);
  box_fixture_remove_folder (fixture->folder);
  kill (getpid (), SIGKILL);
}

/* The kernel lets root have as many processes as it likes. */
static guint
ways_to_limit_processes (void)
{
  return getuid () == 0 ? ALL_WAYS & ~WITHOUT_CGROUPS : ALL_WAYS;
}

static void
add_tests (void)
{
  box_fixture_add ("ends-by-itself", test_ends_by_itself, ALL_WAYS);
  box_fixture_add ("ends-by-signal", test_ends_by_signal, ALL_WAYS);
  box_fixture_add ("surroundings", test_surroundings, ALL_WAYS);
  box_fixture_add ("kill", test_kill, ALL_WAYS);
  box_fixture_add ("kill-at-once", test_kill_at_once, ALL_WAYS);
  box_fixture_add ("orphans-end-with-agent", test_orphans_end_with_agent, ALL_WAYS);
  box_fixture_add ("free", test_free, ALL_WAYS);
  box_fixture_add ("freeze", test_freeze, ALL_WAYS);
  box_fixture_add ("kill-frozen", test_kill_frozen, ALL_WAYS);
  box_fixture_add ("freeze-ended", test_freeze_ended, ALL_WAYS);
  box_fixture_add ("thaw-leaves-stopped", test_thaw_leaves_stopped, ALL_WAYS);
  box_fixture_add ("thaw-while-freezing", test_thaw_while_freezing, ALL_WAYS);
  box_fixture_add ("log-is-bounded", test_log_is_bounded, ALL_WAYS);
  box_fixture_add ("usage-grows", test_usage_grows, ALL_WAYS);
  box_fixture_add ("links-are-refused", test_links_are_refused, ALL_WAYS);
  box_fixture_add ("crash", test_crash, ALL_WAYS);
  box_fixture_add ("escape", test_escape, ALL_WAYS & ~WITHOUT_BUBBLEWRAP);
  box_fixture_add ("shared-network", test_shared_network, ALL_WAYS & ~WITHOUT_BUBBLEWRAP);
  box_fixture_add ("memory", test_memory, ALL_WAYS & ~WITHOUT_CGROUPS);
#ifndef DEVBOX_BOX_SETUP_KEEPS_DATA
  if (!is_under_valgrind ())
    box_fixture_add ("memory-of-process", test_memory_of_process, ALL_WAYS & ~WITH_CGROUPS);
#endif
  box_fixture_add ("cpu", test_cpu, ALL_WAYS & ~WITHOUT_CGROUPS);
  box_fixture_add ("one-cpu", test_one_cpu, ALL_WAYS & ~WITH_CGROUPS);
  box_fixture_add ("fork-bomb", test_fork_bomb, ways_to_limit_processes ());
}

int
main (int argc, char *argv[])
{
  return box_fixture_run (argc, argv, add_tests);
}
