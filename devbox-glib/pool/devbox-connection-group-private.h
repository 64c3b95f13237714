/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-connection-set-private.h"
#include "devbox-pool-sweep-private.h"

G_BEGIN_DECLS

/* What the files of the pool share about a set; everything here lives in the I/O thread. */
struct _DevboxConnectionSet
{
  guint ref_count; /* the owner's, and one of each check under way */
  DevboxIoThread *thread;
  DevboxPoolState *state;
  guint registration; /* with the state; 0: nothing was acquired yet */
  char *user_agent;
  gboolean is_closed;
  GHashTable *groups; /* by their key */
};

/* The connections to one devbox at one address. */
struct _DevboxConnectionGroup
{
  guint ref_count;
  DevboxConnectionSet *set;
  DevboxPoolKey key;
  gboolean is_listed; /* among the set's groups */
  GPtrArray *members;
  guint last_chosen;
  GQueue waiting; /* of DevboxTicket, by its link */

  guint n_awaited; /* members whose check a waiting ticket counts on */
  DevboxTimer check_timer;
  gint64 next_round; /* when all idle members are checked */
};

typedef enum
{
  DEVBOX_MEMBER_IDLE,
  DEVBOX_MEMBER_BUSY,
  DEVBOX_MEMBER_IN_CHECK,
} DevboxMemberStatus;

/* A connection in its group. */
struct _DevboxPoolMember
{
  DevboxConnectionGroup *group;
  DevboxConnection *connection;
  DevboxMemberStatus status;
  gboolean is_unwanted; /* closed as soon as it is free */

  gint64 idle_since;       /* monotonic time of its last call's end */
  gint64 last_proof;       /* monotonic time of its last call's or check's end */
  gint64 last_proof_awake; /* the same on a clock that goes on while the machine is asleep */
  DevboxTimer idle_timer;
  GSource *watch; /* of its socket */

  DevboxTimer check_timer;
  gboolean is_awaited;
  gboolean is_unhealthy;
  gboolean is_aborted;
  GPtrArray *sweeps; /* that want to know how the check ends; or NULL */
};

/* devbox-connection-set.c */
DevboxConnectionSet *devbox_connection_set_ref (DevboxConnectionSet *self);
void devbox_connection_set_unref (DevboxConnectionSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxConnectionSet, devbox_connection_set_unref)

/* devbox-connection-group.c */
DevboxConnectionGroup *devbox_connection_group_new (DevboxConnectionSet *set, const DevboxPoolKey *key);
DevboxConnectionGroup *devbox_connection_group_ref (DevboxConnectionGroup *self);
void devbox_connection_group_unref (DevboxConnectionGroup *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxConnectionGroup, devbox_connection_group_unref)
/* Gives out what there is, first come, first served. */
void devbox_connection_group_serve (DevboxConnectionGroup *self, const DevboxPoolSettings *settings);
/* Gives who waits longest a new connection, in the place of one that is no good. */
void devbox_connection_group_replace (DevboxConnectionGroup *self, const DevboxPoolSettings *settings);
void devbox_connection_group_apply_settings (DevboxConnectionGroup *self, const DevboxPoolSettings *settings);
void devbox_connection_group_drop_all (DevboxConnectionGroup *self); /* what is busy, when it is released */
void devbox_connection_group_leave_if_empty (DevboxConnectionGroup *self);

/* devbox-pool-member.c */
DevboxPoolMember *devbox_pool_member_new (DevboxConnectionGroup *group);
void devbox_pool_member_drop (DevboxPoolMember *self); /* not while it carries an exchange */
void devbox_pool_member_set_busy (DevboxPoolMember *self);
void devbox_pool_member_set_idle (DevboxPoolMember *self, const DevboxPoolSettings *settings);
void devbox_pool_member_set_in_check (DevboxPoolMember *self);
void devbox_pool_member_note_proof (DevboxPoolMember *self);
void devbox_pool_member_set_unhealthy (DevboxPoolMember *self, gboolean is_unhealthy);
/* A call should not rely on a member of the group whose last proof, asleep counted, is older. */
gint64 devbox_pool_member_get_limit_of_trust (DevboxConnectionGroup *group, const DevboxPoolSettings *settings);
gboolean devbox_pool_member_has_died (DevboxPoolMember *self); /* an idle one, as far as this side knows */

/* devbox-pool-choice.c: one of the idle members, or NULL. */
DevboxPoolMember *devbox_pool_choose_sound (DevboxConnectionGroup *group, const DevboxPoolSettings *settings);
DevboxPoolMember *devbox_pool_choose_doubtful (DevboxConnectionGroup *group);

/* devbox-pool-check.c */
void devbox_pool_check_init (DevboxConnectionGroup *group);
void devbox_pool_check_init_member (DevboxPoolMember *member);
void devbox_pool_check_start (DevboxPoolMember *member, gboolean is_awaited);
void devbox_pool_check_abort (DevboxPoolMember *member);
void devbox_pool_check_plan (DevboxConnectionGroup *group, const DevboxPoolSettings *settings); /* if it is not yet */
void devbox_pool_check_replan (DevboxConnectionGroup *group, const DevboxPoolSettings *settings);
void devbox_pool_check_sweep (DevboxConnectionGroup *group, DevboxPoolSweep *sweep);

G_END_DECLS
