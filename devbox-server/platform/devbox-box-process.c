/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-process-private.h"

#include "devbox-box-cgroup-private.h"
#include "devbox-box-freezer-private.h"
#include "devbox-box-killer-private.h"
#include "devbox-box-log-private.h"
#include "devbox-box-members-private.h"
#include "devbox-box-setup-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROCESSES 256
#define MAX_PAUSE_MS 50
#define FREEZE_MS 5000

struct _DevboxBoxProcess
{
  GMainContext *context;
  GPid pid;
  gboolean is_wrapped;
  guint memory;

  DevboxBoxCgroup *cgroup; /* or NULL; the killer's */
  DevboxBoxLog *log;
  DevboxBoxKiller *killer; /* NULL: nothing is left */
  DevboxBoxFreezer *freezer;

  GSource *child_source;
  GSource *info_source;
  GSource *end_source;
  guint end_pause;

  gboolean was_killed;
  gboolean has_exited;
  int status;
  DevboxBoxEndedFunc ended;
  gpointer user_data;

  GSource *freeze_source;
  gboolean was_thawed;
  gint64 freeze_deadline;
  DevboxBoxFrozenFunc frozen;
  gpointer frozen_data;
};

static void schedule_end (DevboxBoxProcess *self);

GStrv
devbox_box_process_plan_cgroups (const char *uid)
{
  return devbox_box_cgroup_plan (uid);
}

void
devbox_box_process_remove_cgroups (const char *const *cgroups)
{
  devbox_box_cgroup_remove (cgroups);
}

void
devbox_box_process_kill_strays (const char *const *uids)
{
  devbox_box_killer_kill_strays (uids);
}

gboolean
devbox_box_process_wait_for_all (guint timeout_ms)
{
  return devbox_box_killer_wait_for_all (timeout_ms);
}

static GSource *
attach (DevboxBoxProcess *self, GSource *source, GSourceFunc func)
{
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);

  return source;
}

/* bubblewrap tells how its program ended as a shell does. */
static int
find_signal (DevboxBoxProcess *self)
{
  if (WIFSIGNALED (self->status))
    return WTERMSIG (self->status);
  if (self->is_wrapped && WEXITSTATUS (self->status) > 128)
    return WEXITSTATUS (self->status) - 128;

  return 0;
}

static char *
explain_end (DevboxBoxProcess *self)
{
  g_autofree char *line = devbox_box_log_dup_last_line (self->log);
  int signum = find_signal (self);

  if (signum == SIGKILL && self->cgroup != NULL && devbox_box_cgroup_was_out_of_memory (self->cgroup))
    return g_strdup_printf (_ ("It needed more than its %u MiB of memory"), self->memory);
  if (signum != 0)
    return g_strdup_printf (_ ("It was ended by signal %d (%s)"), signum, g_strsignal (signum));
  if (line != NULL)
    return g_strdup_printf (_ ("It ended with status %d: %s"), WEXITSTATUS (self->status), line);

  return g_strdup_printf (_ ("It ended with status %d"), WEXITSTATUS (self->status));
}

static void
tell_frozen (DevboxBoxProcess *self, const GError *error)
{
  DevboxBoxFrozenFunc func = g_steal_pointer (&self->frozen);

  devbox_clear_source (&self->freeze_source);
  func (self, error, self->frozen_data);
}

static void
fail_freeze (DevboxBoxProcess *self, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_set_error_literal (&error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED, reason);
  tell_frozen (self, error);
}

static void
tell_ended (DevboxBoxProcess *self, const char *reason)
{
  DevboxBoxEndedFunc func = g_steal_pointer (&self->ended);

  devbox_clear_source (&self->end_source);
  self->cgroup = NULL;
  g_clear_pointer (&self->freezer, devbox_box_freezer_free);
  g_clear_pointer (&self->killer, devbox_box_killer_free);
  if (func != NULL)
    func (self, reason, self->user_data);
}

static gboolean
on_end (gpointer user_data)
{
  DevboxBoxProcess *self = user_data;
  g_autofree char *reason = self->has_exited && !self->was_killed ? explain_end (self) : NULL;

  /* What the reason is made of goes with the groups. */
  if (devbox_box_killer_advance (self->killer))
    tell_ended (self, reason);
  else
    schedule_end (self);

  return G_SOURCE_REMOVE; /* self may be gone */
}

static void
schedule_end (DevboxBoxProcess *self)
{
  devbox_clear_source (&self->end_source);
  self->end_source = attach (self, g_timeout_source_new (self->end_pause), on_end);
  self->end_pause = MIN (self->end_pause * 2 + 1, MAX_PAUSE_MS);
}

static void
on_exit_of_child (GPid pid, int status, gpointer user_data)
{
  DevboxBoxProcess *self = user_data;

  self->has_exited = TRUE;
  self->status = status;
  devbox_clear_source (&self->child_source);
  devbox_clear_source (&self->info_source);
  devbox_box_killer_set_reaped (self->killer);

  self->end_pause = 0;
  schedule_end (self);
}

static gboolean
on_info (int fd, GIOCondition condition, gpointer user_data)
{
  DevboxBoxProcess *self = user_data;

  devbox_clear_source (&self->info_source);
  devbox_box_killer_read_info (self->killer);

  return G_SOURCE_REMOVE;
}

static void
watch_child (DevboxBoxProcess *self, int info_fd)
{
  self->child_source = attach (self, g_child_watch_source_new (self->pid), G_SOURCE_FUNC (on_exit_of_child));
  if (info_fd >= 0)
    self->info_source = attach (self, g_unix_fd_source_new (info_fd, G_IO_IN), G_SOURCE_FUNC (on_info));
}

static gboolean
spawn (DevboxBoxProcess *self,
       DevboxSandbox *sandbox,
       DevboxSandboxCommand *command,
       const DevboxBoxStart *start,
       GError **error)
{
  DevboxBoxSetup setup;
  gboolean spawned;
  int output_fd;

  self->log = devbox_box_log_new (start->folder, &output_fd, error);
  if (self->log == NULL)
    return FALSE;

  devbox_box_setup_init (&setup, self->cgroup, self->is_wrapped, start->cpu, start->memory, MAX_PROCESSES);
  setup.open_files = devbox_sandbox_get_open_files_limit (sandbox);
  spawned = devbox_sandbox_command_spawn (command, devbox_box_setup_run, &setup, output_fd, &self->pid, error);
  g_close (output_fd, NULL);

  return spawned;
}

/* How many processes the sandbox itself has to allow. */
static guint
count_allowed_processes (DevboxBoxCgroup *cgroup)
{
  DevboxBoxCgroupAbilities abilities = cgroup != NULL ? devbox_box_cgroup_get_abilities (cgroup) : 0;

  return (abilities & DEVBOX_BOX_CGROUP_PIDS) != 0 ? 0 : MAX_PROCESSES;
}

DevboxBoxProcess *
devbox_box_process_start (DevboxSandbox *sandbox,
                          const DevboxBoxStart *start,
                          DevboxBoxEndedFunc ended,
                          gpointer user_data,
                          GError **error)
{
  g_autoptr (DevboxBoxProcess) self = g_new0 (DevboxBoxProcess, 1);
  g_autoptr (DevboxSandboxCommand) command = NULL;
  g_autoptr (GError) local_error = NULL;
  DevboxSandboxBox box = { start->uid, start->folder, start->name, start->shares_network, 0 };
  int info_fd;

  self->context = g_main_context_ref_thread_default ();
  self->is_wrapped = devbox_sandbox_get_kind (sandbox) == DEVBOX_SANDBOX_BUBBLEWRAP;
  self->memory = start->memory;
  self->cgroup = devbox_box_cgroup_new (start->uid, start->cpu, start->memory, &local_error);
  if (local_error != NULL)
    {
      g_close (start->socket_fd, NULL);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }

  box.max_processes = count_allowed_processes (self->cgroup);
  command = devbox_sandbox_build_command (sandbox, &box, start->socket_fd, error);
  if (command == NULL || !spawn (self, sandbox, command, start, error))
    {
      if (self->cgroup != NULL)
        {
          devbox_box_cgroup_remove_folders (self->cgroup);
          g_clear_pointer (&self->cgroup, devbox_box_cgroup_free);
        }
      return NULL;
    }

  info_fd = g_steal_fd (&command->info_fd);
  self->killer = devbox_box_killer_new (start->uid, self->cgroup, self->pid, info_fd);
  self->freezer = devbox_box_freezer_new (self->cgroup, self->pid);
  self->ended = ended;
  self->user_data = user_data;
  watch_child (self, info_fd);

  return g_steal_pointer (&self);
}

void
devbox_box_process_free (DevboxBoxProcess *self)
{
  devbox_clear_source (&self->child_source);
  devbox_clear_source (&self->info_source);
  devbox_clear_source (&self->end_source);
  devbox_clear_source (&self->freeze_source);
  g_clear_pointer (&self->freezer, devbox_box_freezer_free);
  g_clear_pointer (&self->log, devbox_box_log_free);

  if (self->killer != NULL && devbox_box_killer_advance (self->killer))
    g_clear_pointer (&self->killer, devbox_box_killer_free);
  if (self->killer != NULL)
    devbox_box_killer_finish_behind (g_steal_pointer (&self->killer));

  g_main_context_unref (self->context);
  g_free (self);
}

void
devbox_box_process_kill (DevboxBoxProcess *self)
{
  if (self->killer == NULL)
    return;

  self->was_killed = TRUE;
  self->end_pause = 0;
  schedule_end (self);
}

static void schedule_freeze (DevboxBoxProcess *self, guint pause);

static void
advance_freeze (DevboxBoxProcess *self)
{
  gboolean is_frozen = FALSE;
  gboolean is_possible = devbox_box_freezer_advance (self->freezer, &is_frozen);

  if (is_possible && is_frozen)
    {
      tell_frozen (self, NULL);
    }
  else if (is_possible && g_get_monotonic_time () < self->freeze_deadline)
    {
      schedule_freeze (self, 1);
    }
  else
    {
      devbox_box_freezer_thaw (self->freezer);
      fail_freeze (self, is_possible ? _ ("A process of the devbox could not be frozen in time")
                                     : _ ("The devbox cannot be frozen"));
    }
}

static gboolean
on_freeze (gpointer user_data)
{
  DevboxBoxProcess *self = user_data;

  if (self->freezer == NULL || self->has_exited || self->was_killed)
    fail_freeze (self, _ ("The devbox has ended"));
  else if (self->was_thawed)
    fail_freeze (self, _ ("The devbox was thawed before it was frozen"));
  else
    advance_freeze (self);

  return G_SOURCE_REMOVE; /* self may be gone */
}

static void
schedule_freeze (DevboxBoxProcess *self, guint pause)
{
  devbox_clear_source (&self->freeze_source);
  self->freeze_source = attach (self, g_timeout_source_new (pause), on_freeze);
}

void
devbox_box_process_freeze (DevboxBoxProcess *self, DevboxBoxFrozenFunc func, gpointer user_data)
{
  self->frozen = func;
  self->frozen_data = user_data;
  self->was_thawed = FALSE;
  self->freeze_deadline = g_get_monotonic_time () + FREEZE_MS * 1000;
  schedule_freeze (self, 0);
}

gboolean
devbox_box_process_thaw (DevboxBoxProcess *self, GError **error)
{
  self->was_thawed = TRUE;
  if (self->freezer != NULL && devbox_box_freezer_thaw (self->freezer))
    return TRUE;

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED,
                       self->freezer == NULL ? _ ("The devbox has ended") : _ ("The devbox cannot be thawed"));
  return FALSE;
}

gboolean
devbox_box_process_set_limits (DevboxBoxProcess *self, guint cpu, guint memory)
{
  if (self->cgroup == NULL || !devbox_box_cgroup_set_limits (self->cgroup, cpu, memory))
    return FALSE;

  self->memory = memory;
  return TRUE;
}

gboolean
devbox_box_process_get_usage (DevboxBoxProcess *self, guint64 *cpu_time, guint64 *memory)
{
  gboolean has_cpu_time = self->cgroup != NULL && devbox_box_cgroup_get_cpu_time (self->cgroup, cpu_time);
  gboolean has_memory = self->cgroup != NULL && devbox_box_cgroup_get_memory (self->cgroup, memory);
  g_autoptr (GArray) members = NULL;
  guint64 members_cpu_time = 0;
  guint64 members_memory = 0;

  if (!has_cpu_time)
    *cpu_time = 0;
  if (!has_memory)
    *memory = 0;
  if (has_cpu_time && has_memory)
    return TRUE;
  if (self->has_exited)
    return FALSE;

  members = devbox_box_members_find_below (self->pid);
  for (guint i = 0; i < members->len; i++)
    {
      const DevboxProcessStat *stat = &g_array_index (members, DevboxBoxMember, i).stat;

      members_cpu_time += stat->cpu_time + stat->children_cpu_time;
      members_memory += stat->resident;
    }

  if (!has_cpu_time)
    *cpu_time = members_cpu_time;
  if (!has_memory)
    *memory = members_memory;
  return members->len > 0;
}
