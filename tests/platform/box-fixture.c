/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "box-fixture.h"

#include "devbox-box-members-private.h"

#include <glib/gstdio.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One for all tests, since each has a trial run. */
static DevboxSandbox *sandboxes[DEVBOX_SANDBOX_NONE + 1];
char *box_fixture_agent;

gboolean
box_fixture_on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
make_folder (BoxFixture *fixture)
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

void
box_fixture_remove_folder (const char *folder)
{
  const char *const argv[] = { "rm", "-rf", "--", folder, NULL };

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
}

static DevboxSandbox *
get_sandbox (DevboxSandboxKind kind)
{
  g_autoptr (GError) error = NULL;

  if (sandboxes[kind] == NULL)
    sandboxes[kind] = devbox_sandbox_new (kind, box_fixture_agent, &error);
  g_assert_no_error (error);
  g_assert_cmpint (devbox_sandbox_get_kind (sandboxes[kind]), ==, kind);
  g_assert_null (devbox_sandbox_get_reason (sandboxes[kind]));

  return sandboxes[kind];
}

static void
fixture_set_up (BoxFixture *fixture, gconstpointer data)
{
  const BoxCase *c = data;

  devbox_box_cgroup_forbid (c->forbidden);
  make_folder (fixture);
  fixture->sandbox = get_sandbox (c->kind);
  fixture->uid = g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
  fixture->cgroups = devbox_box_process_plan_cgroups (fixture->uid);
  fixture->socket_fd = -1;
}

/* A time by which the sleepers of this test are known, wherever they went. */
static char *
name_sleep (BoxFixture *fixture)
{
  return g_strdup_printf ("86400.%" G_GUINT64_FORMAT, g_ascii_strtoull (fixture->uid, NULL, 16));
}

static gboolean
somebody_sleeps (BoxFixture *fixture)
{
  g_autofree char *sleep = name_sleep (fixture);
  g_autoptr (GDir) processes = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (processes)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc", name, "cmdline", NULL);
      g_autofree char *text = NULL;
      gsize length;

      if (g_ascii_isdigit (*name) && g_file_get_contents (path, &text, &length, NULL)
          && memmem (text, length, sleep, strlen (sleep)) != NULL)
        return TRUE;
    }

  return FALSE;
}

void
box_fixture_assert_nothing_is_left (BoxFixture *fixture)
{
  const char *const uids[] = { fixture->uid, NULL };
  g_autoptr (GArray) marked = devbox_box_members_find_marked (uids);

  for (guint i = 0; i < marked->len; i++)
    {
      const DevboxBoxMember *member = &g_array_index (marked, DevboxBoxMember, i);

      g_assert_false (devbox_box_member_lives (member));
    }

  g_assert_false (somebody_sleeps (fixture));
  for (guint i = 0; fixture->cgroups != NULL && fixture->cgroups[i] != NULL; i++)
    g_assert_false (g_file_test (fixture->cgroups[i], G_FILE_TEST_EXISTS));
}

static void
fixture_tear_down (BoxFixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->process, devbox_box_process_free);
  g_assert_true (devbox_box_process_wait_for_all (WAIT_MS));
  box_fixture_assert_nothing_is_left (fixture);

  devbox_box_cgroup_forbid (0);
  if (fixture->socket_fd >= 0)
    g_close (fixture->socket_fd, NULL);
  box_fixture_remove_folder (fixture->folder);
  g_clear_error (&fixture->error);
  g_strfreev (fixture->cgroups);
  g_free (fixture->folder);
  g_free (fixture->reason);
  g_free (fixture->uid);
}

static void
on_ended (DevboxBoxProcess *process, const char *reason, gpointer user_data)
{
  BoxFixture *fixture = user_data;

  g_assert_false (fixture->has_ended);
  fixture->has_ended = TRUE;
  fixture->reason = g_strdup (reason);
}

void
box_fixture_on_frozen (DevboxBoxProcess *process, const GError *error, gpointer user_data)
{
  BoxFixture *fixture = user_data;

  fixture->is_frozen = error == NULL;
  fixture->error = error != NULL ? g_error_copy (error) : NULL;
}

char *
box_fixture_file (BoxFixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, "workspace", name, NULL);
}

void
box_fixture_start_with (BoxFixture *fixture, const char *script, guint memory)
{
  g_autofree char *path = box_fixture_file (fixture, "main");
  g_autoptr (GError) error = NULL;
  DevboxBoxStart start = { .uid = fixture->uid, .folder = fixture->folder, .name = "my-box" };
  int fds[2];

  g_autofree char *sleep = name_sleep (fixture);
  g_autofree char *whole = g_strdup_printf ("SLEEP=%s\nexport SLEEP\n%s", sleep, script);

  g_assert_true (g_file_set_contents (path, whole, -1, NULL));
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), ==, 0);
  fixture->socket_fd = fds[0];
  start.socket_fd = fds[1];
  start.memory = memory;
  start.cpu = fixture->cpu > 0 ? fixture->cpu : 1000;
  start.shares_network = fixture->shares_network;

  fixture->process = devbox_box_process_start (fixture->sandbox, &start, on_ended, fixture, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fixture->process);
}

void
box_fixture_start (BoxFixture *fixture, const char *script)
{
  box_fixture_start_with (fixture, script, 256);
}

gboolean
box_fixture_has_file (BoxFixture *fixture, const char *name)
{
  g_autofree char *path = box_fixture_file (fixture, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

char *
box_fixture_read_file (BoxFixture *fixture, const char *name)
{
  g_autofree char *path = box_fixture_file (fixture, name);
  char *text;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

void
box_fixture_run_main_loop_for (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  wait_until (g_get_monotonic_time () >= end);
}
/* Each test in each way in which a machine lets a box be held. */
void
box_fixture_add (const char *name, void (*func) (BoxFixture *, gconstpointer), guint wanted)
{
  static const struct
  {
    const char *name;
    BoxCase c;
    guint traits;
  } ways[] = {
    { "bubblewrap/cgroups", { DEVBOX_SANDBOX_BUBBLEWRAP, 0 }, WITH_BUBBLEWRAP | WITH_CGROUPS },
    { "bubblewrap/v1", { DEVBOX_SANDBOX_BUBBLEWRAP, DEVBOX_BOX_CGROUP_UNIFIED }, WITH_BUBBLEWRAP | WITH_CGROUPS },
    { "bubblewrap/signals", { DEVBOX_SANDBOX_BUBBLEWRAP, ALL_ABILITIES }, WITH_BUBBLEWRAP | WITHOUT_CGROUPS },
    { "plain/cgroups", { DEVBOX_SANDBOX_NONE, 0 }, WITHOUT_BUBBLEWRAP | WITH_CGROUPS },
    { "plain/v1", { DEVBOX_SANDBOX_NONE, DEVBOX_BOX_CGROUP_UNIFIED }, WITHOUT_BUBBLEWRAP | WITH_CGROUPS },
    { "plain/signals", { DEVBOX_SANDBOX_NONE, ALL_ABILITIES }, WITHOUT_BUBBLEWRAP | WITHOUT_CGROUPS },
  };
  g_auto (GStrv) groups = devbox_box_process_plan_cgroups ("0123456789abcdef");

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strdup_printf ("/box-process/%s/%s", ways[i].name, name);

      if ((ways[i].traits & wanted) != ways[i].traits || ((ways[i].traits & WITH_CGROUPS) != 0 && groups == NULL))
        continue;
      g_test_add (path, BoxFixture, &ways[i].c, fixture_set_up, func, fixture_tear_down);
    }
}

/* Stands in for devbox-server, and does what the test has put into the workspace. Not among the sources, since these
 * may be where only their owner can read. */
static char *
make_agent (void)
{
  char *folder = g_dir_make_tmp ("devbox-agent-XXXXXX", NULL);

  box_fixture_agent = g_build_filename (folder, "agent", NULL);
  g_assert_true (
      g_file_set_contents_full (box_fixture_agent, "#!/bin/sh\nexec /bin/sh ./main \"$@\"\n", -1, 0, 0755, NULL));
  return folder;
}

gboolean
box_fixture_can_sandbox (void)
{
  const char *const argv[] = { "bwrap", "--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "true", NULL };
  int status = 0;

  return g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                       NULL, &status, NULL)
         && status == 0;
}

/* Why the tests of this run cannot be: of this machine, or of the folder where they were built; NULL: they can. */
static const char *
find_obstacle (int argc, char *argv[])
{
  g_autofree char *program = g_canonicalize_filename (argv[0], NULL);

  if (access (program, X_OK) != 0 || access (".", X_OK) != 0)
    return "the user of these tests cannot reach the folder where they were built";

  for (int i = 1; i < argc; i++)
    {
      if (strstr (argv[i], "bubblewrap") != NULL && !box_fixture_can_sandbox ())
        return "bubblewrap does not run here";
    }

  return NULL;
}

int
box_fixture_run (int argc, char *argv[], void (*add_tests) (void))
{
  const char *user = g_getenv ("DEVBOX_TEST_USER");
  g_autofree char *folder = NULL;
  const char *obstacle;
  int status;

  if (user != NULL && getuid () == 0)
    {
      g_assert_cmpint (setgroups (0, NULL), ==, 0);
      g_assert_cmpint (setgid (atoi (user)), ==, 0);
      g_assert_cmpint (setuid (atoi (user)), ==, 0);
      prctl (PR_SET_DUMPABLE, 1); /* so that we may look at ourselves in /proc */
    }

  obstacle = find_obstacle (argc, argv);
  if (obstacle != NULL)
    {
      g_print ("1..0 # SKIP %s\n", obstacle);
      return 0;
    }

  g_test_init (&argc, &argv, NULL);

  add_tests ();

  folder = make_agent ();
  status = g_test_run ();
  for (guint i = 0; i < G_N_ELEMENTS (sandboxes); i++)
    g_clear_pointer (&sandboxes[i], devbox_sandbox_free);
  box_fixture_remove_folder (folder);
  g_free (box_fixture_agent);

  return status;
}
