/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-cgroup-hierarchy-private.h"

#include "devbox-random-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a group, a file of which is longer than anything that is read here. */
#define MAX_TEXT 8192

static const struct
{
  const char *controller;
  DevboxBoxCgroupAbilities ability;
} controllers[] = {
  { "memory", DEVBOX_BOX_CGROUP_MEMORY },   { "pids", DEVBOX_BOX_CGROUP_PIDS },       { "cpu", DEVBOX_BOX_CGROUP_CPU },
  { "cpuacct", DEVBOX_BOX_CGROUP_CPUACCT }, { "freezer", DEVBOX_BOX_CGROUP_FREEZER },
};

static int
open_file (const char *folder, const char *name, int flags)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return open (path, flags | O_CLOEXEC | O_NOFOLLOW);
}

char *
devbox_cgroup_read (const char *folder, const char *name)
{
  char text[MAX_TEXT];
  gssize length;
  int fd = open_file (folder, name, O_RDONLY);

  if (fd < 0)
    return NULL;

  length = read (fd, text, sizeof text - 1);
  g_close (fd, NULL);
  if (length < 0)
    return NULL;

  return g_strndup (text, length);
}

gboolean
devbox_cgroup_write (const char *folder, const char *name, const char *text)
{
  gssize written;
  int saved_errno;
  int fd = open_file (folder, name, O_WRONLY);

  if (fd < 0)
    return FALSE;

  written = write (fd, text, strlen (text));
  saved_errno = errno;
  g_close (fd, NULL);
  errno = saved_errno;

  return written == (gssize) strlen (text);
}

gboolean
devbox_cgroup_read_number (const char *folder, const char *file, const char *name, guint64 *number)
{
  g_autofree char *text = devbox_cgroup_read (folder, file);
  gsize length = name != NULL ? strlen (name) : 0;
  const char *line = text;

  while (line != NULL && name != NULL && !(strncmp (line, name, length) == 0 && line[length] == ' '))
    {
      line = strchr (line, '\n');
      if (line != NULL)
        line++;
    }
  if (line == NULL)
    return FALSE;

  line += name != NULL ? length + 1 : 0;
  if (!g_ascii_isdigit (*line))
    return FALSE;

  *number = g_ascii_strtoull (line, NULL, 10);
  return TRUE;
}

static void
hierarchy_free (DevboxCgroupHierarchy *self)
{
  g_free (self->folder);
  g_free (self);
}

static DevboxBoxCgroupAbilities
abilities_of_list (const char *list, const char *separator)
{
  g_auto (GStrv) names = g_strsplit (list, separator, -1);
  DevboxBoxCgroupAbilities abilities = 0;

  for (guint i = 0; i < G_N_ELEMENTS (controllers); i++)
    {
      if (g_strv_contains ((const char *const *) names, controllers[i].controller))
        abilities |= controllers[i].ability;
    }

  return abilities;
}

/* Our group in the hierarchy that is mounted: /proc/self/cgroup tells it from the root of the hierarchy, and only a
 * part of that may be mounted. NULL: out of reach. */
static char *
find_own_folder (const char *cgroup, gboolean is_unified, const char *options, const char *root, const char *mount)
{
  g_auto (GStrv) lines = g_strsplit (cgroup, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", 3); /* number:controllers:path */
      const char *path;

      if (g_strv_length (fields) != 3)
        continue;
      if (is_unified ? !g_str_equal (fields[0], "0") || *fields[1] != '\0'
                     : abilities_of_list (fields[1], ",") != abilities_of_list (options, ","))
        continue;

      path = fields[2];
      if (strstr (path, "/..") != NULL)
        return NULL;
      if (g_str_equal (root, "/"))
        return g_build_filename (mount, path, NULL);
      if (g_str_has_prefix (path, root) && strchr ("/", path[strlen (root)]) != NULL)
        return g_build_filename (mount, path + strlen (root), NULL);
      return NULL;
    }

  return NULL;
}

static gboolean
is_listed (GPtrArray *hierarchies, const DevboxCgroupHierarchy *hierarchy)
{
  for (guint i = 0; i < hierarchies->len; i++)
    {
      const DevboxCgroupHierarchy *other = hierarchies->pdata[i];

      if ((other->abilities & hierarchy->abilities) != 0)
        return TRUE;
    }

  return FALSE;
}

static void
parse_mount (GPtrArray *hierarchies, const char *line, const char *cgroup)
{
  /* 26 25 0:24 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw */
  g_auto (GStrv) halves = g_strsplit (line, " - ", 2);
  g_auto (GStrv) fields = NULL;
  g_auto (GStrv) source = NULL;
  g_autofree char *root = NULL;
  g_autofree char *mount = NULL;
  g_autofree DevboxCgroupHierarchy *hierarchy = NULL;
  gboolean is_unified;

  if (g_strv_length (halves) != 2)
    return;
  fields = g_strsplit (halves[0], " ", -1);
  source = g_strsplit (halves[1], " ", 3);
  if (g_strv_length (fields) < 6 || g_strv_length (source) != 3)
    return;

  is_unified = g_str_equal (source[0], "cgroup2");
  if (!is_unified && !g_str_equal (source[0], "cgroup"))
    return;

  root = g_strcompress (fields[3]); /* a space is \040 */
  mount = g_strcompress (fields[4]);
  hierarchy = g_new0 (DevboxCgroupHierarchy, 1);
  hierarchy->abilities = is_unified ? DEVBOX_BOX_CGROUP_UNIFIED : abilities_of_list (source[2], ",");
  if (hierarchy->abilities == 0 || is_listed (hierarchies, hierarchy))
    return;

  hierarchy->folder = find_own_folder (cgroup, is_unified, source[2], root, mount);
  if (hierarchy->folder != NULL)
    g_ptr_array_add (hierarchies, g_steal_pointer (&hierarchy));
}

GPtrArray *
devbox_cgroup_hierarchies_parse (const char *cgroup, const char *mountinfo)
{
  GPtrArray *hierarchies = g_ptr_array_new_with_free_func ((GDestroyNotify) hierarchy_free);
  g_auto (GStrv) lines = g_strsplit (mountinfo, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    parse_mount (hierarchies, lines[i], cgroup);

  return hierarchies;
}

static gboolean
is_alone (const char *folder)
{
  g_autofree char *members = devbox_cgroup_read (folder, "cgroup.procs");
  g_autofree char *own = g_strdup_printf ("%d\n", (int) getpid ());

  return members != NULL && g_str_equal (members, own);
}

/* A group of v2 that hands controllers on must hold no processes itself, the root of all apart. Where its only process
 * is this one (a service with Delegate=), it moves into a group beside those of the boxes. */
static gboolean
enable_controllers (const char *folder, const char *wanted)
{
  g_autofree char *leaf = NULL;

  if (devbox_cgroup_write (folder, "cgroup.subtree_control", wanted))
    return TRUE;
  if (errno != EBUSY || !is_alone (folder))
    return FALSE;

  leaf = g_build_filename (folder, "devbox-platform", NULL);
  if ((g_mkdir (leaf, 0755) != 0 && errno != EEXIST) || !devbox_cgroup_write (leaf, "cgroup.procs", "0"))
    return FALSE;
  if (devbox_cgroup_write (folder, "cgroup.subtree_control", wanted))
    return TRUE;

  devbox_cgroup_write (folder, "cgroup.procs", "0");
  g_rmdir (leaf);
  return FALSE;
}

/* Which of the controllers of v2 the groups that are made below ours will have. */
static DevboxBoxCgroupAbilities
delegate_controllers (const char *folder)
{
  g_autofree char *available = devbox_cgroup_read (folder, "cgroup.controllers");
  g_autofree char *enabled = NULL;
  g_autoptr (GString) wanted = g_string_new (NULL);
  DevboxBoxCgroupAbilities abilities;

  if (available == NULL)
    return 0;

  abilities = abilities_of_list (g_strchomp (available), " ")
              & (DEVBOX_BOX_CGROUP_MEMORY | DEVBOX_BOX_CGROUP_PIDS | DEVBOX_BOX_CGROUP_CPU);
  for (guint i = 0; i < G_N_ELEMENTS (controllers); i++)
    {
      if ((abilities & controllers[i].ability) != 0)
        g_string_append_printf (wanted, "%s+%s", wanted->len > 0 ? " " : "", controllers[i].controller);
    }
  if (wanted->len > 0)
    enable_controllers (folder, wanted->str);

  enabled = devbox_cgroup_read (folder, "cgroup.subtree_control");
  return enabled != NULL ? abilities & abilities_of_list (g_strchomp (enabled), " ") : 0;
}

static void
join_group (gpointer user_data)
{
  if (write (GPOINTER_TO_INT (user_data), "0", 1) != 1)
    _exit (1);
}

/* Permissions alone do not tell whether a process can be moved: one moves. */
static gboolean
try_group (const char *folder)
{
  char *const argv[] = { "/bin/true", NULL };
  char id[DEVBOX_ID_LENGTH + 1];
  g_autofree char *name = NULL;
  g_autofree char *trial = NULL;
  gboolean succeeded = FALSE;
  int status;
  int fd;

  devbox_random_id (id);
  name = g_strconcat ("devbox-trial-", id, NULL);
  trial = g_build_filename (folder, name, NULL);
  if (g_mkdir (trial, 0755) != 0)
    return FALSE;

  fd = open_file (trial, "cgroup.procs", O_WRONLY);
  if (fd >= 0)
    {
      succeeded = g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, join_group, GINT_TO_POINTER (fd), NULL,
                                NULL, &status, NULL)
                  && g_spawn_check_wait_status (status, NULL);
      g_close (fd, NULL);
    }

  g_rmdir (trial);
  return succeeded;
}

static GPtrArray *
find_hierarchies (void)
{
  g_autofree char *cgroup = NULL;
  g_autofree char *mountinfo = NULL;
  GPtrArray *hierarchies;

  if (!g_file_get_contents ("/proc/self/cgroup", &cgroup, NULL, NULL)
      || !g_file_get_contents ("/proc/self/mountinfo", &mountinfo, NULL, NULL))
    return g_ptr_array_new ();

  hierarchies = devbox_cgroup_hierarchies_parse (cgroup, mountinfo);
  for (guint i = hierarchies->len; i > 0; i--)
    {
      DevboxCgroupHierarchy *hierarchy = hierarchies->pdata[i - 1];

      if (!try_group (hierarchy->folder))
        g_ptr_array_remove_index (hierarchies, i - 1);
      else if (hierarchy->abilities == DEVBOX_BOX_CGROUP_UNIFIED)
        hierarchy->abilities |= delegate_controllers (hierarchy->folder);
    }

  return hierarchies;
}

const GPtrArray *
devbox_cgroup_hierarchies (void)
{
  static GPtrArray *hierarchies;

  if (g_once_init_enter (&hierarchies))
    g_once_init_leave (&hierarchies, find_hierarchies ());

  return hierarchies;
}
