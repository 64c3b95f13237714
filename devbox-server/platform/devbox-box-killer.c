/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-killer-private.h"

#include "devbox-box-members-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* How much later than bubblewrap its child can have started: 1 s. */
#define MAX_TICKS ((guint64) sysconf (_SC_CLK_TCK))
/* A process that the kernel holds on to for longer than this is left to it. */
#define MAX_ROUNDS 1000
#define MAX_PAUSE 20000 /* µs */

struct _DevboxBoxKiller
{
  char *uid;
  DevboxBoxCgroup *cgroup;
  GPid pid; /* 0: it was waited for */
  guint64 start;
  int info_fd;
  gboolean has_read_info;
  int init_fd; /* of the first process of the sandbox's own: when that has ended all in there have */
};

static GMutex behind_mutex;
static GCond behind_cond;
static guint n_behind;

DevboxBoxKiller *
devbox_box_killer_new (const char *uid, DevboxBoxCgroup *cgroup, GPid pid, int info_fd)
{
  DevboxBoxKiller *self = g_new0 (DevboxBoxKiller, 1);
  DevboxProcessStat stat;

  self->uid = g_strdup (uid);
  self->cgroup = cgroup;
  self->pid = pid;
  self->start = devbox_process_stat_read (pid, &stat) ? stat.start : 0;
  self->info_fd = info_fd;
  self->init_fd = -1;

  return self;
}

void
devbox_box_killer_free (DevboxBoxKiller *self)
{
  g_clear_pointer (&self->cgroup, devbox_box_cgroup_free);
  if (self->info_fd >= 0)
    g_close (self->info_fd, NULL);
  if (self->init_fd >= 0)
    g_close (self->init_fd, NULL);
  g_free (self->uid);
  g_free (self);
}

/* {"child-pid": 4711, …}; the first write has all of the number, and the pipe stays open for the others. The number may
 * have been given away since. */
void
devbox_box_killer_read_info (DevboxBoxKiller *self)
{
  static const char member[] = "\"child-pid\":";
  char text[1024];
  const char *number;
  DevboxProcessStat stat;
  gssize length;
  GPid pid;

  if (self->info_fd < 0 || self->has_read_info)
    return;
  length = read (self->info_fd, text, sizeof text - 1);
  if (length < 0)
    return;

  self->has_read_info = TRUE;
  text[length] = '\0';
  number = strstr (text, member);
  pid = number != NULL ? (GPid) g_ascii_strtoll (number + strlen (member), NULL, 10) : 0;
  if (pid <= 0)
    return;

  self->init_fd = pidfd_open (pid, 0);
  if (self->init_fd >= 0
      && (!devbox_process_stat_read (pid, &stat)
          || (stat.parent != self->pid && (stat.start < self->start || stat.start > self->start + MAX_TICKS))))
    g_close (g_steal_fd (&self->init_fd), NULL);
}

void
devbox_box_killer_set_reaped (DevboxBoxKiller *self)
{
  devbox_box_killer_read_info (self);
  self->pid = 0;
}

static void
kill_all (const GArray *members, guint first)
{
  for (guint i = first; i < members->len; i++)
    devbox_box_member_signal (&g_array_index (members, DevboxBoxMember, i), SIGKILL);
}

static gboolean
has_living (const GArray *members, guint first)
{
  for (guint i = first; i < members->len; i++)
    {
      if (strchr ("ZX", g_array_index (members, DevboxBoxMember, i).stat.state) == NULL)
        return TRUE;
    }

  return FALSE;
}

/* As long as the first process is there, what it or bubblewrap's own child has below is found there, orphans too. So
 * it is held until it has nothing below, and then killed. */
static void
kill_below (DevboxBoxKiller *self)
{
  g_autoptr (GArray) members = NULL;
  const DevboxBoxMember *root;

  kill (self->pid, SIGSTOP);
  members = devbox_box_members_find_below (self->pid);
  root = members->len > 0 ? &g_array_index (members, DevboxBoxMember, 0) : NULL;

  if (has_living (members, 1))
    kill_all (members, 1);
  else if (root == NULL || strchr ("TtZX", root->stat.state) != NULL)
    kill (self->pid, SIGKILL);
}

static gboolean
has_ended (int pidfd)
{
  struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

  return poll (&poll_fd, 1, 0) == 1;
}

static gboolean
kill_what_is_left (DevboxBoxKiller *self)
{
  const char *const uids[] = { self->uid, NULL };
  g_autoptr (GArray) members = NULL;

  if (self->init_fd >= 0)
    {
      if (has_ended (self->init_fd))
        return TRUE;
      pidfd_send_signal (self->init_fd, SIGKILL, NULL, 0);
      return FALSE;
    }

  members = devbox_box_members_find_marked (uids);
  kill_all (members, 0);
  return !has_living (members, 0);
}

gboolean
devbox_box_killer_advance (DevboxBoxKiller *self)
{
  devbox_box_killer_read_info (self);

  if (self->cgroup != NULL)
    {
      if (self->pid == 0 && devbox_box_cgroup_is_empty (self->cgroup))
        return devbox_box_cgroup_remove_folders (self->cgroup);
      devbox_box_cgroup_kill (self->cgroup);
      return FALSE;
    }

  if (self->pid == 0)
    return kill_what_is_left (self);
  kill_below (self);
  return FALSE;
}

static gboolean
reap (DevboxBoxKiller *self)
{
  return self->pid == 0 || waitpid (self->pid, NULL, WNOHANG) != 0; /* also where somebody else has reaped it */
}

static gpointer
finish (gpointer data)
{
  DevboxBoxKiller *self = data;
  guint rounds = 0;

  for (gulong pause = 500; rounds < MAX_ROUNDS; pause = MIN (pause * 2, MAX_PAUSE), rounds++)
    {
      if (self->pid != 0 && reap (self))
        devbox_box_killer_set_reaped (self);
      if (devbox_box_killer_advance (self))
        break;
      g_usleep (pause);
    }

  if (rounds == MAX_ROUNDS)
    g_warning ("The kernel still holds processes of the devbox %s", self->uid);
  devbox_box_killer_free (self);

  g_mutex_lock (&behind_mutex);
  n_behind--;
  g_cond_broadcast (&behind_cond);
  g_mutex_unlock (&behind_mutex);

  return NULL;
}

void
devbox_box_killer_finish_behind (DevboxBoxKiller *self)
{
  GThread *thread;

  g_mutex_lock (&behind_mutex);
  n_behind++;
  g_mutex_unlock (&behind_mutex);

  thread = g_thread_try_new ("devbox-box-end", finish, self, NULL);
  if (thread != NULL)
    g_thread_unref (thread);
  else
    finish (self); /* slowly, but it ends */
}

gboolean
devbox_box_killer_wait_for_all (guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  gboolean is_done;

  g_mutex_lock (&behind_mutex);
  while (n_behind > 0 && g_cond_wait_until (&behind_cond, &behind_mutex, deadline))
    ;
  is_done = n_behind == 0;
  g_mutex_unlock (&behind_mutex);

  return is_done;
}

void
devbox_box_killer_kill_strays (const char *const *uids)
{
  for (guint round = 0; round < 50; round++)
    {
      g_autoptr (GArray) members = devbox_box_members_find_marked (uids);

      kill_all (members, 0);
      if (!has_living (members, 0))
        return;
      g_usleep (2000);
    }
}
