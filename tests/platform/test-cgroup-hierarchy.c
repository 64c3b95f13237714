/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-cgroup-hierarchy-private.h"

#include <glib/gstdio.h>

typedef struct
{
  const char *name;
  const char *cgroup;
  const char *mountinfo;
  const char *folders; /* folder=abilities, sorted as they are mounted */
} Case;

static const Case cases[] = {
  { "unified", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope\n",
    "26 25 0:24 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
    "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope=1 " },
  { "hybrid", "5:cpu,cpuacct:/a\n4:memory:/b/c\n3:freezer:/\n2:pids:/a\n1:name=systemd:/x\n0::/x\n",
    "1 0 0:1 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
    "2 1 0:2 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "3 1 0:3 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "4 1 0:4 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "5 1 0:5 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "6 1 0:6 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
    "7 1 0:7 / /sys/fs/cgroup/net_cls rw - cgroup cgroup rw,net_cls\n",
    "/sys/fs/cgroup/unified/x=1 /sys/fs/cgroup/cpu,cpuacct/a=24 /sys/fs/cgroup/memory/b/c=2 "
    "/sys/fs/cgroup/freezer/=32 " },
  { "container", "0::/docker/1234/below\n", "9 8 0:24 /docker/1234 /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
    "/sys/fs/cgroup/below=1 " },
  { "another-container", "0::/docker/12345\n", "9 8 0:24 /docker/1234 /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "" },
  { "outside-of-namespace", "0::/../other\n", "9 8 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "" },
  { "mounted-twice", "0::/\n",
    "9 8 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n9 8 0:24 / /mnt/a\\040b rw - cgroup2 cgroup rw\n",
    "/sys/fs/cgroup/=1 " },
  { "escaped", "0::/\n", "9 8 0:24 / /mnt/a\\040b rw - cgroup2 cgroup rw\n", "/mnt/a b/=1 " },
  { "damaged", "0\n::\n0::", "9 8 - cgroup2\n- cgroup2 a b\n\n9 8 0:24 / /a rw - cgroup2", "" },
  { "nothing", "", "", "" },
};

static void
test_parse (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GPtrArray) hierarchies = devbox_cgroup_hierarchies_parse (c->cgroup, c->mountinfo);
  g_autoptr (GString) folders = g_string_new (NULL);

  for (guint i = 0; i < hierarchies->len; i++)
    {
      const DevboxCgroupHierarchy *hierarchy = hierarchies->pdata[i];

      g_string_append_printf (folders, "%s=%u ", hierarchy->folder, hierarchy->abilities);
    }
  g_assert_cmpstr (folders->str, ==, c->folders);
}

static void
test_read_number (void)
{
  g_autofree char *folder = g_dir_make_tmp ("devbox-cgroup-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  guint64 number = 7;

  g_assert_true (g_file_set_contents (path, "oom_kill_disable 0\noom_kill 12\nmax max\n", -1, NULL));
  g_assert_true (devbox_cgroup_read_number (folder, "file", "oom_kill", &number));
  g_assert_cmpuint (number, ==, 12);
  g_assert_false (devbox_cgroup_read_number (folder, "file", "max", &number));
  g_assert_false (devbox_cgroup_read_number (folder, "file", "oom", &number));
  g_assert_false (devbox_cgroup_read_number (folder, "file", NULL, &number));
  g_assert_false (devbox_cgroup_read_number (folder, "missing", NULL, &number));

  g_assert_true (g_file_set_contents (path, "18446744073709551615\n", -1, NULL));
  g_assert_true (devbox_cgroup_read_number (folder, "file", NULL, &number));
  g_assert_cmpuint (number, ==, G_MAXUINT64);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_foreign_folders_are_left_alone (void)
{
  const char *const folders[] = { "/tmp/devbox-0123456789abcdef",
                                  "/sys/fs/cgroup",
                                  "relative",
                                  "/sys/fs/cgroup/devbox-trial",
                                  "/sys/fs/cgroup/memory/devbox-../devbox-0123456789abcdef",
                                  NULL };

  g_assert_cmpint (g_mkdir (folders[0], 0700), ==, 0);
  devbox_box_cgroup_remove (folders);
  g_assert_true (g_file_test ("/sys/fs/cgroup", G_FILE_TEST_IS_DIR));
  g_assert_cmpint (g_rmdir (folders[0]), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/cgroup-hierarchy/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_parse);
    }
  g_test_add_func ("/cgroup-hierarchy/read-number", test_read_number);
  g_test_add_func ("/cgroup-hierarchy/foreign-folders-are-left-alone", test_foreign_folders_are_left_alone);

  return g_test_run ();
}
