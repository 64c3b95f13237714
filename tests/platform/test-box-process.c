/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-cgroup-private.h"
#include "devbox-box-members-private.h"
#include "devbox-box-process-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALL_ABILITIES 0x3f
#define WAIT_MS 10000

typedef struct
{
  DevboxSandboxKind kind;
  DevboxBoxCgroupAbilities forbidden;
} Case;

typedef struct
{
  DevboxSandbox *sandbox;
  DevboxBoxProcess *process;
  char *uid;
  char *folder;
  GStrv cgroups;
  int socket_fd;
  gboolean has_ended;
  char *reason;
  gboolean is_frozen;
  GError *error;
} Fixture;

static void
make_folder (Fixture *fixture)
{
  const char *const names[] = { "workspace", "home" };

  fixture->folder = g_dir_make_tmp ("devbox-box-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, names[i], NULL);

      g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
    }
}

static void
remove_folder (const char *folder)
{
  const char *const argv[] = { "rm", "-rf", "--", folder, NULL };

  g_assert_true (
      g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
}

static void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GError) error = NULL;

  devbox_box_cgroup_forbid (c->forbidden);
  fixture->sandbox = devbox_sandbox_new (c->kind, BOX_AGENT, &error);
  g_assert_no_error (error);
  g_assert_cmpint (devbox_sandbox_get_kind (fixture->sandbox), ==, c->kind);
  g_assert_null (devbox_sandbox_get_reason (fixture->sandbox));

  fixture->uid = g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
  fixture->cgroups = devbox_box_process_plan_cgroups (fixture->uid);
  fixture->socket_fd = -1;
  make_folder (fixture);
}

static void
assert_nothing_is_left (Fixture *fixture)
{
  g_autoptr (GArray) marked = devbox_box_members_find_marked (fixture->uid);

  for (guint i = 0; i < marked->len; i++)
    {
      const DevboxBoxMember *member = &g_array_index (marked, DevboxBoxMember, i);

      g_assert_false (devbox_box_member_lives (member));
    }

  for (guint i = 0; fixture->cgroups != NULL && fixture->cgroups[i] != NULL; i++)
    g_assert_false (g_file_test (fixture->cgroups[i], G_FILE_TEST_EXISTS));
}

static void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->process, devbox_box_process_free);
  g_assert_true (devbox_box_process_wait_for_all (WAIT_MS));
  assert_nothing_is_left (fixture);

  devbox_box_cgroup_forbid (0);
  if (fixture->socket_fd >= 0)
    g_close (fixture->socket_fd, NULL);
  remove_folder (fixture->folder);
  g_clear_pointer (&fixture->sandbox, devbox_sandbox_free);
  g_clear_error (&fixture->error);
  g_strfreev (fixture->cgroups);
  g_free (fixture->folder);
  g_free (fixture->reason);
  g_free (fixture->uid);
}

static void
on_ended (DevboxBoxProcess *process, const char *reason, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_false (fixture->has_ended);
  fixture->has_ended = TRUE;
  fixture->reason = g_strdup (reason);
}

static void
on_frozen (DevboxBoxProcess *process, const GError *error, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->is_frozen = error == NULL;
  fixture->error = error != NULL ? g_error_copy (error) : NULL;
}

static char *
workspace_file (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, "workspace", name, NULL);
}

static void
start_with (Fixture *fixture, const char *script, guint memory)
{
  g_autofree char *path = workspace_file (fixture, "main");
  g_autoptr (GError) error = NULL;
  DevboxBoxStart start = { .uid = fixture->uid, .folder = fixture->folder, .name = "my-box", .cpu = 1000 };
  int fds[2];

  g_assert_true (g_file_set_contents (path, script, -1, NULL));
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), ==, 0);
  fixture->socket_fd = fds[0];
  start.socket_fd = fds[1];
  start.memory = memory;

  fixture->process = devbox_box_process_start (fixture->sandbox, &start, on_ended, fixture, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fixture->process);
}

static void
start (Fixture *fixture, const char *script)
{
  start_with (fixture, script, 256);
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the main loop until condition. */
#define wait_until(condition)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    gint64 deadline = g_get_monotonic_time () + WAIT_MS * 1000;                                                        \
    guint tick = g_timeout_add (2, on_tick, NULL);                                                                     \
                                                                                                                       \
    while (!(condition))                                                                                               \
      {                                                                                                                \
        g_assert_cmpint (g_get_monotonic_time (), <, deadline);                                                        \
        g_main_context_iteration (NULL, TRUE);                                                                         \
      }                                                                                                                \
    g_source_remove (tick);                                                                                            \
  }                                                                                                                    \
  G_STMT_END

static gboolean
has_file (Fixture *fixture, const char *name)
{
  g_autofree char *path = workspace_file (fixture, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static char *
read_file (Fixture *fixture, const char *name)
{
  g_autofree char *path = workspace_file (fixture, name);
  char *text;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static void
run_main_loop_for (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  wait_until (g_get_monotonic_time () >= end);
}

static void
test_ends_by_itself (Fixture *fixture, gconstpointer data)
{
  start (fixture, "echo first\necho 'it \033[1mbroke'\nexit 3\n");
  wait_until (fixture->has_ended);
  g_assert_cmpstr (fixture->reason, ==, "It ended with status 3: it  [1mbroke");
  assert_nothing_is_left (fixture);
}

static void
test_ends_by_signal (Fixture *fixture, gconstpointer data)
{
  start (fixture, "kill -TERM $$\n");
  wait_until (fixture->has_ended);
  g_assert_cmpstr (fixture->reason, ==, "It was ended by signal 15 (Terminated)");
}

static void
test_surroundings (Fixture *fixture, gconstpointer data)
{
  g_autofree char *workspace = devbox_sandbox_dup_workspace_path (fixture->sandbox, fixture->folder);
  g_autofree char *home = devbox_sandbox_dup_home_path (fixture->sandbox, fixture->folder);
  g_autofree char *expected = g_strdup_printf ("%s %s\n", workspace, home);
  g_autofree char *out = NULL;
  g_autofree char *socket = NULL;
  g_autofree char *fds = NULL;

  start (fixture, "echo $PWD $HOME > out\n"
                  "for a; do case $a in --box-socket=*) echo ok ${a#--box-socket=}; readlink /proc/self/fd/${a#*=};; esac; done > socket\n"
                  "ls /proc/$$/fd | grep -vE '^(0|1|2|10)$' | wc -l > fds\n");
  wait_until (fixture->has_ended);
  out = read_file (fixture, "out");
  socket = read_file (fixture, "socket");
  fds = read_file (fixture, "fds");
  g_assert_cmpstr (out, ==, expected);
  g_assert_true (g_str_has_prefix (socket, "ok "));
  g_assert_nonnull (strstr (socket, "socket:"));
  g_assert_cmpstr (fds, ==, "1\n"); /* the socket; 10 is the script itself */
}

/* Everything that makes a process hard to find, and to kill. */
#define ESCAPES                                                                                                        \
  "trap '' TERM HUP INT\n"                                                                                             \
  "setsid sh -c 'trap \"\" TERM; (setsid sleep 1000 &) ; (setsid sh -c \"while :; do sleep 0.01; done\" &); sleep 1000' &\n" \
  "(env -i setsid sleep 1000 &)\n"                                                                                     \
  "sh -c 'kill -STOP $$' &\n"                                                                                          \
  "sleep 0.1\n"                                                                                                        \
  "touch started\n"                                                                                                    \
  "while :; do :; done\n"

static void
test_kill (Fixture *fixture, gconstpointer data)
{
  start (fixture, ESCAPES);
  wait_until (has_file (fixture, "started"));
  devbox_box_process_kill (fixture->process);
  wait_until (fixture->has_ended);
  g_assert_null (fixture->reason);
  assert_nothing_is_left (fixture);
}

static void
test_kill_at_once (Fixture *fixture, gconstpointer data)
{
  start (fixture, ESCAPES);
  devbox_box_process_kill (fixture->process);
  wait_until (fixture->has_ended);
  assert_nothing_is_left (fixture);
}

static void
test_orphans_end_with_agent (Fixture *fixture, gconstpointer data)
{
  start (fixture, "(setsid sleep 1000 &)\nsleep 0.05\nexit 0\n");
  wait_until (fixture->has_ended);
  assert_nothing_is_left (fixture);
}

static void
test_free (Fixture *fixture, gconstpointer data)
{
  start (fixture, ESCAPES);
  wait_until (has_file (fixture, "started"));
  g_clear_pointer (&fixture->process, devbox_box_process_free);
  g_assert_true (devbox_box_process_wait_for_all (WAIT_MS));
  assert_nothing_is_left (fixture);
}

static gint64
read_cpu_time (Fixture *fixture)
{
  guint64 cpu_time;
  guint64 memory;

  g_assert_true (devbox_box_process_get_usage (fixture->process, &cpu_time, &memory));
  g_assert_cmpint (memory, >, 100 * 1024);
  return cpu_time;
}

static void
test_freeze (Fixture *fixture, gconstpointer data)
{
  gint64 before;
  gint64 begin;

  start (fixture, "(while :; do :; done) &\n"
                  "(while :; do /bin/true; done) &\n"
                  "touch started\n"
                  "while :; do date +%N > now; done\n");
  wait_until (has_file (fixture, "started"));
  run_main_loop_for (100);
  g_assert_cmpint (read_cpu_time (fixture), >, 10000);

  begin = g_get_monotonic_time ();
  devbox_box_process_freeze (fixture->process, on_frozen, fixture);
  wait_until (fixture->is_frozen || fixture->error != NULL);
  g_assert_no_error (fixture->error);
  g_test_message ("frozen after %d us", (int) (g_get_monotonic_time () - begin));

  before = read_cpu_time (fixture);
  run_main_loop_for (g_test_slow () ? 5000 : 300);
  g_assert_cmpint (read_cpu_time (fixture), ==, before);

  {
    g_autofree char *path = workspace_file (fixture, "now");

    g_unlink (path);
    begin = g_get_monotonic_time ();
    g_assert_true (devbox_box_process_thaw (fixture->process, NULL));
    wait_until (has_file (fixture, "now"));
    g_test_message ("resumed after %d us", (int) (g_get_monotonic_time () - begin));
  }
}

static void
test_kill_frozen (Fixture *fixture, gconstpointer data)
{
  start (fixture, ESCAPES);
  wait_until (has_file (fixture, "started"));
  devbox_box_process_freeze (fixture->process, on_frozen, fixture);
  wait_until (fixture->is_frozen || fixture->error != NULL);
  g_assert_no_error (fixture->error);
  devbox_box_process_kill (fixture->process);
  wait_until (fixture->has_ended);
  assert_nothing_is_left (fixture);
}

static void
test_freeze_ended (Fixture *fixture, gconstpointer data)
{
  start (fixture, "exit 0\n");
  wait_until (fixture->has_ended);
  devbox_box_process_freeze (fixture->process, on_frozen, fixture);
  g_assert_error (fixture->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED);
  g_assert_false (devbox_box_process_thaw (fixture->process, NULL));
}

static void
test_log_is_bounded (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "log", NULL);
  g_autofree char *text = NULL;
  gsize size;

  start (fixture, "yes | head -c 3000000\necho last words\nexit 1\n");
  wait_until (fixture->has_ended);
  g_assert_cmpstr (fixture->reason, ==, "It ended with status 1: last words");
  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  g_assert_cmpuint (size, ==, 1024 * 1024);
}

/* Each test in each way in which a machine lets a box be held. */
static void
add_in_all_ways (const char *name, void (*func) (Fixture *, gconstpointer))
{
  static const struct
  {
    const char *name;
    Case c;
  } ways[] = {
    { "bubblewrap/cgroups", { DEVBOX_SANDBOX_BUBBLEWRAP, 0 } },
    { "bubblewrap/v1", { DEVBOX_SANDBOX_BUBBLEWRAP, DEVBOX_BOX_CGROUP_UNIFIED } },
    { "bubblewrap/signals", { DEVBOX_SANDBOX_BUBBLEWRAP, ALL_ABILITIES } },
    { "plain/cgroups", { DEVBOX_SANDBOX_NONE, 0 } },
    { "plain/v1", { DEVBOX_SANDBOX_NONE, DEVBOX_BOX_CGROUP_UNIFIED } },
    { "plain/signals", { DEVBOX_SANDBOX_NONE, ALL_ABILITIES } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strdup_printf ("/box-process/%s/%s", ways[i].name, name);

      g_test_add (path, Fixture, &ways[i].c, fixture_set_up, func, fixture_tear_down);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_in_all_ways ("ends-by-itself", test_ends_by_itself);
  add_in_all_ways ("ends-by-signal", test_ends_by_signal);
  add_in_all_ways ("surroundings", test_surroundings);
  add_in_all_ways ("kill", test_kill);
  add_in_all_ways ("kill-at-once", test_kill_at_once);
  add_in_all_ways ("orphans-end-with-agent", test_orphans_end_with_agent);
  add_in_all_ways ("free", test_free);
  add_in_all_ways ("freeze", test_freeze);
  add_in_all_ways ("kill-frozen", test_kill_frozen);
  add_in_all_ways ("freeze-ended", test_freeze_ended);
  add_in_all_ways ("log-is-bounded", test_log_is_bounded);

  return g_test_run ();
}
