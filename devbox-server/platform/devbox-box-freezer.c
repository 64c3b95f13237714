/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-freezer-private.h"

#include "devbox-box-members-private.h"

#include <signal.h>
#include <string.h>

struct _DevboxBoxFreezer
{
  DevboxBoxCgroup *cgroup; /* NULL: by signals */
  GPid root;
  GArray *stopped; /* of DevboxBoxMember, by us: one that its user has stopped stays so */
  guint n_quiet_scans;
};

DevboxBoxFreezer *
devbox_box_freezer_new (DevboxBoxCgroup *cgroup, GPid root)
{
  DevboxBoxFreezer *self = g_new0 (DevboxBoxFreezer, 1);

  self->cgroup = cgroup != NULL && devbox_box_cgroup_can_freeze (cgroup) ? cgroup : NULL;
  self->root = root;
  self->stopped = g_array_new (FALSE, FALSE, sizeof (DevboxBoxMember));

  return self;
}

void
devbox_box_freezer_free (DevboxBoxFreezer *self)
{
  g_array_unref (self->stopped);
  g_free (self);
}

static gboolean
was_stopped (DevboxBoxFreezer *self, const DevboxBoxMember *member)
{
  for (guint i = 0; i < self->stopped->len; i++)
    {
      const DevboxBoxMember *other = &g_array_index (self->stopped, DevboxBoxMember, i);

      if (other->pid == member->pid && other->stat.start == member->stat.start)
        return TRUE;
    }

  return FALSE;
}

/* One that is about to stop may still have forked: only when a second scan finds nobody who runs is there nobody. */
static gboolean
stop_those_that_run (DevboxBoxFreezer *self)
{
  g_autoptr (GArray) members = devbox_box_members_find_below (self->root);
  gboolean is_quiet = TRUE;

  for (guint i = 0; i < members->len; i++)
    {
      const DevboxBoxMember *member = &g_array_index (members, DevboxBoxMember, i);

      if (strchr ("TtZX", member->stat.state) != NULL)
        continue;

      /* In the kernel, for example in a vfork () whose child is stopped; it stops before it leaves it. */
      if (member->stat.state == 'D' && was_stopped (self, member))
        continue;

      is_quiet = FALSE;
      if (devbox_box_member_signal (member, SIGSTOP) && !was_stopped (self, member))
        g_array_append_vals (self->stopped, member, 1);
    }

  self->n_quiet_scans = is_quiet ? self->n_quiet_scans + 1 : 0;
  return members->len > 0;
}

gboolean
devbox_box_freezer_advance (DevboxBoxFreezer *self, gboolean *is_frozen)
{
  if (self->cgroup == NULL)
    {
      gboolean is_there = stop_those_that_run (self);

      *is_frozen = self->n_quiet_scans >= 2;
      return is_there;
    }

  if (!devbox_box_cgroup_set_frozen (self->cgroup, TRUE))
    return FALSE;

  *is_frozen = devbox_box_cgroup_is_frozen (self->cgroup);
  return TRUE;
}

gboolean
devbox_box_freezer_thaw (DevboxBoxFreezer *self)
{
  if (self->cgroup != NULL)
    return devbox_box_cgroup_set_frozen (self->cgroup, FALSE);

  for (guint i = self->stopped->len; i > 0; i--)
    devbox_box_member_signal (&g_array_index (self->stopped, DevboxBoxMember, i - 1), SIGCONT);
  g_array_set_size (self->stopped, 0);
  self->n_quiet_scans = 0;

  return TRUE;
}
