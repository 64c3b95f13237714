/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-enum-types.h"
#include "devbox-server-platform.h"
#include "../workspace/workspace-fixture.h"

#include <sys/stat.h>
#include <unistd.h>

/* Each step of a start fails once. Nothing of it is left, and the next one succeeds. */

typedef struct
{
  char *folder;
  char *data_folder;
  DevboxServerPlatform *platform;
  DevboxServerPlatform *other;
} Fixture;

typedef struct
{
  const char *name;
  void (*break_it) (Fixture *fixture);
  void (*mend) (Fixture *fixture);
  GIOErrorEnum code;
} Step;

static char *
get_path (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

static void
put_file (Fixture *fixture, const char *name)
{
  g_autofree char *path = get_path (fixture, name);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_no_errno (g_mkdir_with_parents (parent, 0700));
  g_assert_true (g_file_set_contents (path, "What is no folder, and no database either", -1, NULL));
}

static void
take_away (Fixture *fixture, const char *name)
{
  g_autofree char *path = get_path (fixture, name);

  if (unlink (path) != 0)
    remove_tree (path);
}

static void
break_data_folder (Fixture *fixture)
{
  put_file (fixture, "data");
}

static void
mend_data_folder (Fixture *fixture)
{
  take_away (fixture, "data");
}

static void
break_agent (Fixture *fixture)
{
  g_object_set (fixture->platform, "agent-program", "/nonexistent/devbox-server", NULL);
}

static void
mend_agent (Fixture *fixture)
{
  g_object_set (fixture->platform, "agent-program", NULL, NULL);
}

static void
break_database (Fixture *fixture)
{
  put_file (fixture, "data/state.sqlite");
}

static void
break_releases (Fixture *fixture)
{
  put_file (fixture, "data/releases");
}

static void
break_boxes (Fixture *fixture)
{
  g_autofree char *path = get_path (fixture, "data/boxes");

  g_assert_no_errno (g_mkdir_with_parents (fixture->data_folder, 0700));
  g_assert_no_errno (symlink ("nowhere/at/all", path));
}

static void
break_host (Fixture *fixture)
{
  g_object_set (fixture->platform, "host", "0.0.0.0", NULL);
}

static void
mend_host (Fixture *fixture)
{
  g_object_set (fixture->platform, "host", NULL, "port", 0, NULL);
}

static void
break_port (Fixture *fixture)
{
  g_autofree char *folder = get_path (fixture, "other");
  g_autofree char *kubeconfig = get_path (fixture, "other-kubeconfig");
  g_autofree char *uri = NULL;
  g_autoptr (GUri) parsed = NULL;
  g_autoptr (GError) error = NULL;

  fixture->other = devbox_server_platform_new (folder);
  g_object_set (fixture->other, "kubeconfig-path", kubeconfig, "sandbox", DEVBOX_SERVER_SANDBOX_NONE, NULL);
  devbox_server_platform_start (fixture->other, NULL, &error);
  g_assert_no_error (error);
  uri = devbox_server_platform_dup_uri (fixture->other);
  parsed = g_uri_parse (uri, G_URI_FLAGS_NONE, NULL);
  g_object_set (fixture->platform, "port", g_uri_get_port (parsed), NULL);
}

static void
mend_port (Fixture *fixture)
{
  devbox_server_platform_stop (fixture->other);
  g_clear_object (&fixture->other);
  g_object_set (fixture->platform, "port", 0, NULL);
}

static void
break_kubeconfig (Fixture *fixture)
{
  put_file (fixture, "kubeconfig/kubeconfig");
}

static void
mend_kubeconfig (Fixture *fixture)
{
  take_away (fixture, "kubeconfig");
  mend_data_folder (fixture);
}

static void
break_lock (Fixture *fixture)
{
  break_port (fixture);
  g_object_set (fixture->platform, "port", 0, "data-folder", NULL, NULL);
  g_free (fixture->data_folder);
  fixture->data_folder = devbox_server_platform_dup_data_folder (fixture->other);
  g_object_set (fixture->platform, "data-folder", fixture->data_folder, NULL);
}

static void
mend_lock (Fixture *fixture)
{
  mend_port (fixture);
  g_free (fixture->data_folder);
  fixture->data_folder = get_path (fixture, "data");
  g_object_set (fixture->platform, "data-folder", fixture->data_folder, NULL);
}

static const Step steps[] = {
  { "data-folder", break_data_folder, mend_data_folder, G_IO_ERROR_NOT_DIRECTORY },
  { "agent", break_agent, mend_agent, G_IO_ERROR_NOT_FOUND },
  { "lock", break_lock, mend_lock, G_IO_ERROR_BUSY },
  { "database", break_database, mend_data_folder, G_IO_ERROR_FAILED },
  { "releases", break_releases, mend_data_folder, G_IO_ERROR_NOT_DIRECTORY },
  { "boxes", break_boxes, mend_data_folder, G_IO_ERROR_NOT_DIRECTORY },
  { "host", break_host, mend_host, G_IO_ERROR_NOT_SUPPORTED },
  { "port", break_port, mend_port, G_IO_ERROR_ADDRESS_IN_USE },
  { "kubeconfig", break_kubeconfig, mend_kubeconfig, G_IO_ERROR_FAILED },
};

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *kubeconfig = NULL;

  fixture->folder = g_dir_make_tmp ("devbox-platform-XXXXXX", NULL);
  fixture->data_folder = get_path (fixture, "data");
  kubeconfig = get_path (fixture, "kubeconfig");
  fixture->platform = devbox_server_platform_new (fixture->data_folder);
  g_object_set (fixture->platform, "kubeconfig-path", kubeconfig, "sandbox", DEVBOX_SERVER_SANDBOX_NONE, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->platform);
  remove_tree (fixture->folder);
  g_free (fixture->data_folder);
  g_free (fixture->folder);
}

static void
assert_stopped (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (devbox_server_platform_is_running (fixture->platform));
  g_assert_null (devbox_server_platform_dup_uri (fixture->platform));
  g_assert_null (devbox_server_platform_dup_users (fixture->platform, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
}

static void
start_and_stop (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) users = NULL;

  devbox_server_platform_start (fixture->platform, NULL, &error);
  g_assert_no_error (error);
  users = devbox_server_platform_dup_users (fixture->platform, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (users[0], ==, "admin");
  devbox_server_platform_stop (fixture->platform);
  assert_stopped (fixture);
}

static void
test_step (Fixture *fixture, gconstpointer data)
{
  const Step *step = data;
  guint n_descriptors = 0;

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      step->break_it (fixture);
      g_assert_false (devbox_server_platform_start (fixture->platform, NULL, &error));
      g_assert_error (error, G_IO_ERROR, (int) step->code);
      assert_stopped (fixture);
      step->mend (fixture);

      /* GLib opens some at the first time. */
      if (i == 0)
        n_descriptors = count_descriptors ();
      g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
    }

  start_and_stop (fixture);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *path = g_strconcat ("/platform-start/", steps[i].name, NULL);

      g_test_add (path, Fixture, &steps[i], set_up, test_step, tear_down);
    }

  return g_test_run ();
}
