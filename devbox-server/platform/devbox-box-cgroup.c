/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-cgroup-private.h"

#include "devbox-cgroup-hierarchy-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PREFIX "devbox-"
#define MAX_HIERARCHIES 6
#define MAX_PROCESSES 256
#define CPU_PERIOD 100000 /* µs */
#define MAX_DEPTH 32
#define LOWEST_FD 32

typedef struct
{
  char *folder;
  DevboxBoxCgroupAbilities abilities;
} Group;

struct _DevboxBoxCgroup
{
  Group groups[MAX_HIERARCHIES];
  int members_fds[MAX_HIERARCHIES];
  guint n_groups;
  DevboxBoxCgroupAbilities abilities;
};

static DevboxBoxCgroupAbilities forbidden;

void
devbox_box_cgroup_forbid (DevboxBoxCgroupAbilities abilities)
{
  forbidden = abilities;
}

static gboolean
is_uid (const char *text)
{
  gsize length = strspn (text, "0123456789abcdef");

  return length == 16 && text[length] == '\0';
}

GStrv
devbox_box_cgroup_plan (const char *uid)
{
  const GPtrArray *hierarchies = devbox_cgroup_hierarchies ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *name = g_strconcat (PREFIX, uid, NULL);
  guint n_folders = 0;

  for (guint i = 0; i < hierarchies->len && n_folders < MAX_HIERARCHIES; i++)
    {
      const DevboxCgroupHierarchy *hierarchy = hierarchies->pdata[i];
      g_autofree char *folder = g_build_filename (hierarchy->folder, name, NULL);

      if ((hierarchy->abilities & ~forbidden) == 0)
        continue;
      g_strv_builder_add (builder, folder);
      n_folders++;
    }

  return n_folders > 0 ? g_strv_builder_end (builder) : NULL;
}

/* A box that was a plain child of root may have made groups of its own below. */
static gboolean
remove_folder (const char *folder, guint depth)
{
  g_autoptr (GDir) children = NULL;
  const char *name;

  if (g_rmdir (folder) == 0 || errno == ENOENT)
    return TRUE;
  if (depth == 0 || (children = g_dir_open (folder, 0, NULL)) == NULL)
    return FALSE;

  while ((name = g_dir_read_name (children)) != NULL)
    {
      g_autofree char *child = g_build_filename (folder, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child, depth - 1);
    }

  return g_rmdir (folder) == 0 || errno == ENOENT;
}

static void
signal_members (const char *folder, guint depth)
{
  g_autofree char *members = devbox_cgroup_read (folder, "cgroup.procs");
  g_auto (GStrv) lines = g_strsplit (members != NULL ? members : "", "\n", -1);
  g_autoptr (GDir) children = depth > 0 ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      int pid = atoi (lines[i]);

      if (pid > 0)
        kill (pid, SIGKILL);
    }

  while (children != NULL && (name = g_dir_read_name (children)) != NULL)
    {
      g_autofree char *child = g_build_filename (folder, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        signal_members (child, depth - 1);
    }
}

/* Where the kernel does not kill a whole group it must at least not fork on meanwhile; and what v1 has frozen dies only
 * when it is thawed. */
static void
kill_group (const Group *group)
{
  if ((group->abilities & DEVBOX_BOX_CGROUP_UNIFIED) != 0 && devbox_cgroup_write (group->folder, "cgroup.kill", "1"))
    return;

  if ((group->abilities & DEVBOX_BOX_CGROUP_PIDS) != 0)
    devbox_cgroup_write (group->folder, "pids.max", "0");
  if ((group->abilities & DEVBOX_BOX_CGROUP_FREEZER) != 0)
    devbox_cgroup_write (group->folder, "freezer.state", "FROZEN");
  signal_members (group->folder, MAX_DEPTH);
  if ((group->abilities & DEVBOX_BOX_CGROUP_FREEZER) != 0)
    devbox_cgroup_write (group->folder, "freezer.state", "THAWED");
}

/* What was recorded may be from a damaged store: only a group, only one of ours. */
static gboolean
look_at_recorded (const char *folder, Group *group)
{
  const char *name = strrchr (folder, '/');
  struct statfs info;

  if (name == NULL || !g_str_has_prefix (name + 1, PREFIX) || !is_uid (name + 1 + strlen (PREFIX)))
    return FALSE;
  if (statfs (folder, &info) != 0 || (info.f_type != CGROUP2_SUPER_MAGIC && info.f_type != CGROUP_SUPER_MAGIC))
    return FALSE;

  group->folder = (char *) folder;
  group->abilities = info.f_type == CGROUP2_SUPER_MAGIC ? DEVBOX_BOX_CGROUP_UNIFIED
                                                        : DEVBOX_BOX_CGROUP_FREEZER | DEVBOX_BOX_CGROUP_PIDS;
  return TRUE;
}

void
devbox_box_cgroup_remove (const char *const *folders)
{
  /* Processes that die take some ms; one that the kernel holds on to is left to the next start. */
  for (guint attempt = 0; attempt < 100; attempt++)
    {
      gboolean is_left = FALSE;

      for (guint i = 0; folders[i] != NULL; i++)
        {
          Group group;

          if (!look_at_recorded (folders[i], &group) || remove_folder (group.folder, MAX_DEPTH))
            continue;
          kill_group (&group);
          is_left = TRUE;
        }

      if (!is_left)
        return;
      g_usleep (1000 + attempt * 40);
    }
}

/* A machine may lack the one file or the other, as that of swap. */
static gboolean
write_limit (const Group *group, const char *name, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);

  if (devbox_cgroup_write (group->folder, name, text))
    return TRUE;

  g_debug ("Cannot write “%s” to %s/%s: %s", text, group->folder, name, g_strerror (errno));
  return FALSE;
}

static gboolean
set_memory_limit (const Group *group, guint memory)
{
  guint64 bytes = (guint64) memory * 1024 * 1024;

  if ((group->abilities & DEVBOX_BOX_CGROUP_UNIFIED) != 0)
    {
      write_limit (group, "memory.swap.max", 0);
      return write_limit (group, "memory.max", bytes);
    }

  /* The one with swap can never be the lower one: which goes first depends on the way the limits go. */
  if (write_limit (group, "memory.limit_in_bytes", bytes))
    {
      write_limit (group, "memory.memsw.limit_in_bytes", bytes);
      return TRUE;
    }

  return write_limit (group, "memory.memsw.limit_in_bytes", bytes)
         && write_limit (group, "memory.limit_in_bytes", bytes);
}

static gboolean
set_cpu_limit (const Group *group, guint cpu)
{
  guint64 quota = MAX ((guint64) cpu * CPU_PERIOD / 1000, 1000);
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT " %d", quota, CPU_PERIOD);

  if ((group->abilities & DEVBOX_BOX_CGROUP_UNIFIED) != 0)
    return devbox_cgroup_write (group->folder, "cpu.max", text);

  return write_limit (group, "cpu.cfs_period_us", CPU_PERIOD) && write_limit (group, "cpu.cfs_quota_us", quota);
}

gboolean
devbox_box_cgroup_set_limits (DevboxBoxCgroup *self, guint cpu, guint memory)
{
  gboolean has_memory_limit = FALSE;
  gboolean has_cpu_limit = FALSE;

  for (guint i = 0; i < self->n_groups; i++)
    {
      const Group *group = &self->groups[i];

      if ((group->abilities & DEVBOX_BOX_CGROUP_MEMORY) != 0)
        has_memory_limit = set_memory_limit (group, memory);
      if ((group->abilities & DEVBOX_BOX_CGROUP_CPU) != 0)
        has_cpu_limit = set_cpu_limit (group, cpu);
      if ((group->abilities & DEVBOX_BOX_CGROUP_PIDS) != 0)
        write_limit (group, "pids.max", MAX_PROCESSES);
    }

  return has_memory_limit && has_cpu_limit;
}

/* Out of the way of the descriptors that a child is given, which are put in their places before it uses these. */
static int
open_members (const char *path)
{
  int low_fd = open (path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  int fd = low_fd >= 0 ? fcntl (low_fd, F_DUPFD_CLOEXEC, LOWEST_FD) : -1;
  int saved_errno = errno;

  if (low_fd >= 0)
    g_close (low_fd, NULL);
  errno = saved_errno;

  return fd;
}

static gboolean
add_group (DevboxBoxCgroup *self, const DevboxCgroupHierarchy *hierarchy, const char *name, GError **error)
{
  Group *group = &self->groups[self->n_groups];
  g_autofree char *folder = g_build_filename (hierarchy->folder, name, NULL);
  g_autofree char *members = g_build_filename (folder, "cgroup.procs", NULL);
  int fd;

  if (g_mkdir (folder, 0755) != 0 && errno != EEXIST)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot make the control group “%s”"), folder);
      return FALSE;
    }

  fd = open_members (members);
  if (fd < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot open “%s”"), members);
      g_rmdir (folder);
      return FALSE;
    }

  group->folder = g_steal_pointer (&folder);
  group->abilities = hierarchy->abilities & ~forbidden;
  self->abilities |= group->abilities;
  self->members_fds[self->n_groups++] = fd;
  return TRUE;
}

DevboxBoxCgroup *
devbox_box_cgroup_new (const char *uid, guint cpu, guint memory, GError **error)
{
  const GPtrArray *hierarchies = devbox_cgroup_hierarchies ();
  g_autofree char *name = g_strconcat (PREFIX, uid, NULL);
  DevboxBoxCgroup *self = g_new0 (DevboxBoxCgroup, 1);

  for (guint i = 0; i < hierarchies->len && self->n_groups < MAX_HIERARCHIES; i++)
    {
      const DevboxCgroupHierarchy *hierarchy = hierarchies->pdata[i];

      if ((hierarchy->abilities & ~forbidden) != 0 && !add_group (self, hierarchy, name, error))
        {
          devbox_box_cgroup_remove_folders (self);
          g_clear_pointer (&self, devbox_box_cgroup_free);
          return NULL;
        }
    }

  if (self->n_groups == 0)
    g_clear_pointer (&self, devbox_box_cgroup_free);
  else
    devbox_box_cgroup_set_limits (self, cpu, memory);

  return self;
}

void
devbox_box_cgroup_free (DevboxBoxCgroup *self)
{
  for (guint i = 0; i < self->n_groups; i++)
    {
      g_close (self->members_fds[i], NULL);
      g_free (self->groups[i].folder);
    }
  g_free (self);
}

DevboxBoxCgroupAbilities
devbox_box_cgroup_get_abilities (DevboxBoxCgroup *self)
{
  return self->abilities;
}

const int *
devbox_box_cgroup_get_members_fds (DevboxBoxCgroup *self, guint *n_fds)
{
  *n_fds = self->n_groups;
  return self->members_fds;
}

static const Group *
find_group (DevboxBoxCgroup *self, DevboxBoxCgroupAbilities ability)
{
  for (guint i = 0; i < self->n_groups; i++)
    {
      if ((self->groups[i].abilities & ability) != 0)
        return &self->groups[i];
    }

  return NULL;
}

gboolean
devbox_box_cgroup_get_cpu_time (DevboxBoxCgroup *self, guint64 *cpu_time)
{
  const Group *group;

  group = find_group (self, DEVBOX_BOX_CGROUP_UNIFIED);
  if (group != NULL && devbox_cgroup_read_number (group->folder, "cpu.stat", "usage_usec", cpu_time))
    return TRUE;

  group = find_group (self, DEVBOX_BOX_CGROUP_CPUACCT);
  if (group == NULL || !devbox_cgroup_read_number (group->folder, "cpuacct.usage", NULL, cpu_time))
    return FALSE;

  *cpu_time /= 1000;
  return TRUE;
}

/* Without what the kernel would give back at once. */
gboolean
devbox_box_cgroup_get_memory (DevboxBoxCgroup *self, guint64 *memory)
{
  const Group *group = find_group (self, DEVBOX_BOX_CGROUP_MEMORY);
  gboolean is_unified = group != NULL && (group->abilities & DEVBOX_BOX_CGROUP_UNIFIED) != 0;
  guint64 cache;

  if (group == NULL
      || !devbox_cgroup_read_number (group->folder, is_unified ? "memory.current" : "memory.usage_in_bytes", NULL,
                                     memory))
    return FALSE;

  if (devbox_cgroup_read_number (group->folder, "memory.stat", is_unified ? "inactive_file" : "total_inactive_file",
                                 &cache))
    *memory -= MIN (*memory, cache);

  return TRUE;
}

gboolean
devbox_box_cgroup_was_out_of_memory (DevboxBoxCgroup *self)
{
  const Group *group = find_group (self, DEVBOX_BOX_CGROUP_MEMORY);
  gboolean is_unified = group != NULL && (group->abilities & DEVBOX_BOX_CGROUP_UNIFIED) != 0;
  guint64 n_killed;

  return group != NULL
         && devbox_cgroup_read_number (group->folder, is_unified ? "memory.events" : "memory.oom_control", "oom_kill",
                                       &n_killed)
         && n_killed > 0;
}

gboolean
devbox_box_cgroup_can_freeze (DevboxBoxCgroup *self)
{
  return find_group (self, DEVBOX_BOX_CGROUP_UNIFIED | DEVBOX_BOX_CGROUP_FREEZER) != NULL;
}

gboolean
devbox_box_cgroup_set_frozen (DevboxBoxCgroup *self, gboolean frozen)
{
  const Group *group = find_group (self, DEVBOX_BOX_CGROUP_UNIFIED);

  if (group != NULL && devbox_cgroup_write (group->folder, "cgroup.freeze", frozen ? "1" : "0"))
    return TRUE;

  group = find_group (self, DEVBOX_BOX_CGROUP_FREEZER);
  return group != NULL && devbox_cgroup_write (group->folder, "freezer.state", frozen ? "FROZEN" : "THAWED");
}

gboolean
devbox_box_cgroup_is_frozen (DevboxBoxCgroup *self)
{
  const Group *group = find_group (self, DEVBOX_BOX_CGROUP_UNIFIED);
  g_autofree char *state = NULL;
  guint64 frozen;

  if (group != NULL && devbox_cgroup_read_number (group->folder, "cgroup.events", "frozen", &frozen))
    return frozen == 1;

  group = find_group (self, DEVBOX_BOX_CGROUP_FREEZER);
  state = group != NULL ? devbox_cgroup_read (group->folder, "freezer.state") : NULL;
  return state != NULL && g_str_equal (g_strchomp (state), "FROZEN");
}

void
devbox_box_cgroup_kill (DevboxBoxCgroup *self)
{
  const Group *group = find_group (self, DEVBOX_BOX_CGROUP_UNIFIED);
  const Group *freezer = find_group (self, DEVBOX_BOX_CGROUP_FREEZER);

  if (group == NULL)
    group = freezer;
  if (group == NULL)
    group = find_group (self, DEVBOX_BOX_CGROUP_PIDS);
  if (group == NULL)
    group = &self->groups[0];

  kill_group (group);
  if (freezer != NULL && freezer != group)
    devbox_cgroup_write (freezer->folder, "freezer.state", "THAWED");
}

/* A process that is dead and not yet waited for is no member any more. */
gboolean
devbox_box_cgroup_is_empty (DevboxBoxCgroup *self)
{
  const Group *group = find_group (self, DEVBOX_BOX_CGROUP_UNIFIED);
  g_autofree char *members = NULL;
  guint64 populated;

  if (group != NULL && devbox_cgroup_read_number (group->folder, "cgroup.events", "populated", &populated))
    return populated == 0;

  members = devbox_cgroup_read (self->groups[0].folder, "cgroup.procs");
  return members == NULL || *members == '\0';
}

gboolean
devbox_box_cgroup_remove_folders (DevboxBoxCgroup *self)
{
  gboolean removed = TRUE;

  for (guint i = 0; i < self->n_groups; i++)
    removed = remove_folder (self->groups[i].folder, MAX_DEPTH) && removed;

  return removed;
}
