/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-connection-set-private.h"

struct _DevboxConnectionSet
{
  DevboxIoThread *thread;
  DevboxPoolState *state;
  char *user_agent;
  gboolean is_closed;
  GHashTable *groups; /* by address */
};

/* The connections to one address. */
struct _DevboxConnectionGroup
{
  DevboxConnectionSet *set;
  char *address;
  GPtrArray *members;
  guint last_chosen;
  GQueue waiting; /* of DevboxTicket, by its link */
};

/* A connection in its group. */
struct _DevboxPoolMember
{
  DevboxConnectionGroup *group;
  DevboxConnection *connection;
  gboolean is_busy;
  DevboxTimer retirement;
};

static void
group_free (DevboxConnectionGroup *self)
{
  g_assert (self->waiting.length == 0 && self->members->len == 0);

  g_ptr_array_unref (self->members);
  g_free (self->address);
  g_free (self);
}

static void
drop_member (DevboxPoolMember *member)
{
  DevboxConnectionGroup *group = member->group;

  devbox_timer_stop (&member->retirement);
  devbox_pool_state_count_connections (group->set->state, -1, member->is_busy ? -1 : 0);
  g_ptr_array_remove (group->members, member);
  devbox_connection_free (member->connection);
  g_free (member);
}

static void
drop_group_if_empty (DevboxConnectionGroup *group)
{
  if (group->members->len == 0 && group->waiting.length == 0)
    g_hash_table_remove (group->set->groups, group->address);
}

static void
retire (gpointer data)
{
  DevboxPoolMember *member = data;
  DevboxConnectionGroup *group = member->group;

  drop_member (member);
  drop_group_if_empty (group);
}

static DevboxPoolMember *
add_member (DevboxConnectionGroup *self)
{
  DevboxConnectionSet *set = self->set;
  DevboxPoolMember *member = g_new0 (DevboxPoolMember, 1);

  member->group = self;
  member->connection = devbox_connection_new (set->thread, set->user_agent);
  devbox_timer_init (&member->retirement, devbox_io_thread_get_timers (set->thread), retire, member);
  g_ptr_array_add (self->members, member);
  devbox_pool_state_count_connections (set->state, 1, 0);

  return member;
}

static guint
find_least_used (GPtrArray *members)
{
  guint best = members->len;
  guint64 least = G_MAXUINT64;

  for (guint i = 0; i < members->len; i++)
    {
      DevboxPoolMember *member = g_ptr_array_index (members, i);
      guint64 n_uses = devbox_connection_get_n_uses (member->connection);

      if (!member->is_busy && n_uses < least)
        {
          best = i;
          least = n_uses;
        }
    }

  return best;
}

/* The first idle one at or after `start`, going round. */
static guint
find_idle_from (GPtrArray *members, guint start)
{
  for (guint i = 0; i < members->len; i++)
    {
      guint index = (start + i) % members->len;
      DevboxPoolMember *member = g_ptr_array_index (members, index);

      if (!member->is_busy)
        return index;
    }

  return members->len;
}

static guint
find_random (GPtrArray *members)
{
  guint n_idle = 0;
  guint chosen = members->len;

  for (guint i = 0; i < members->len; i++)
    {
      DevboxPoolMember *member = g_ptr_array_index (members, i);

      if (!member->is_busy && g_random_int_range (0, (gint32) ++n_idle) == 0)
        chosen = i;
    }

  return chosen;
}

static DevboxPoolMember *
choose_idle (DevboxConnectionGroup *self, DevboxPoolStrategy strategy)
{
  guint index;

  switch (strategy)
    {
    case DEVBOX_POOL_STRATEGY_ROUND_ROBIN:
      index = find_idle_from (self->members, self->last_chosen + 1);
      break;
    case DEVBOX_POOL_STRATEGY_RANDOM:
      index = find_random (self->members);
      break;
    case DEVBOX_POOL_STRATEGY_LEAST_USED:
    default:
      index = find_least_used (self->members);
      break;
    }

  if (index == self->members->len)
    return NULL;

  self->last_chosen = index;

  return g_ptr_array_index (self->members, index);
}

static DevboxPoolMember *
take (DevboxConnectionGroup *self, const DevboxPoolSettings *settings)
{
  DevboxPoolMember *member = choose_idle (self, settings->strategy);

  if (member == NULL && self->members->len < settings->max_size)
    member = add_member (self);
  if (member == NULL)
    return NULL;

  devbox_timer_stop (&member->retirement);
  member->is_busy = TRUE;
  devbox_pool_state_count_connections (self->set->state, 0, 1);

  return member;
}

/* Whoever is called may come back to the group, and to the head of the line only by its turn. */
static void
serve_waiting (DevboxConnectionGroup *self, const DevboxPoolSettings *settings)
{
  while (self->waiting.length > 0)
    {
      DevboxTicket *ticket = self->waiting.head->data;
      DevboxPoolMember *member = take (self, settings);

      if (member == NULL)
        break;

      devbox_connection_set_leave (ticket);
      ticket->member = member;
      ticket->called (ticket, member->connection);
    }
}

static void
ticket_timed_out (gpointer data)
{
  DevboxTicket *ticket = data;
  DevboxConnectionGroup *group = ticket->group;

  devbox_connection_set_leave (ticket);
  ticket->called (ticket, NULL);
  drop_group_if_empty (group);
}

void
devbox_connection_set_acquire (DevboxConnectionSet *self, const char *address, DevboxTicket *ticket)
{
  DevboxConnectionGroup *group = g_hash_table_lookup (self->groups, address);
  DevboxPoolSettings settings;

  if (group == NULL)
    {
      group = g_new0 (DevboxConnectionGroup, 1);
      group->set = self;
      group->address = g_strdup (address);
      group->members = g_ptr_array_new ();
      g_queue_init (&group->waiting);
      g_hash_table_insert (self->groups, group->address, group);
    }

  devbox_pool_state_get_settings (self->state, &settings);

  ticket->group = group;
  ticket->member = NULL;
  ticket->link.data = ticket;
  g_queue_push_tail_link (&group->waiting, &ticket->link);
  devbox_timer_init (&ticket->timer, devbox_io_thread_get_timers (self->thread), ticket_timed_out, ticket);
  if (settings.connection_timeout > 0)
    devbox_timer_start (&ticket->timer,
                        g_get_monotonic_time () + settings.connection_timeout * G_TIME_SPAN_MILLISECOND);

  serve_waiting (group, &settings);
}

void
devbox_connection_set_leave (DevboxTicket *ticket)
{
  if (ticket->group == NULL)
    return;

  g_queue_unlink (&ticket->group->waiting, &ticket->link);
  devbox_timer_stop (&ticket->timer);
  ticket->group = NULL;
}

static void
wait_for_next_use (DevboxPoolMember *member, const DevboxPoolSettings *settings)
{
  gint64 due = devbox_connection_get_expiry (member->connection);

  member->is_busy = FALSE;
  devbox_pool_state_count_connections (member->group->set->state, 0, -1);

  if (settings->max_idle_time > 0)
    due = MIN (due, g_get_monotonic_time () + settings->max_idle_time * G_TIME_SPAN_MILLISECOND);
  if (due != G_MAXINT64)
    devbox_timer_start (&member->retirement, due);
}

void
devbox_ticket_move (DevboxTicket *ticket, DevboxTicket *from)
{
  *ticket = (DevboxTicket){ .member = g_steal_pointer (&from->member) };
}

void
devbox_connection_set_release (DevboxTicket *ticket)
{
  DevboxPoolMember *member = g_steal_pointer (&ticket->member);
  DevboxConnectionGroup *group = member->group;
  DevboxPoolSettings settings;

  devbox_pool_state_get_settings (group->set->state, &settings);

  if (group->set->is_closed || group->members->len > settings.max_size
      || !devbox_connection_is_reusable (member->connection))
    drop_member (member);
  else
    wait_for_next_use (member, &settings);

  serve_waiting (group, &settings);
  drop_group_if_empty (group);
}

void
devbox_connection_set_close (DevboxConnectionSet *self)
{
  g_autoptr (GList) groups = g_hash_table_get_values (self->groups);

  self->is_closed = TRUE;

  for (GList *l = groups; l != NULL; l = l->next)
    {
      DevboxConnectionGroup *group = l->data;

      for (guint j = group->members->len; j > 0; j--)
        {
          DevboxPoolMember *member = g_ptr_array_index (group->members, j - 1);

          if (!member->is_busy)
            drop_member (member);
        }
      drop_group_if_empty (group);
    }
}

DevboxConnectionSet *
devbox_connection_set_new (DevboxIoThread *thread, DevboxPoolState *state, const char *user_agent)
{
  DevboxConnectionSet *self = g_new0 (DevboxConnectionSet, 1);

  self->thread = thread;
  self->state = devbox_pool_state_ref (state);
  self->user_agent = g_strdup (user_agent);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) group_free);

  return self;
}

void
devbox_connection_set_free (DevboxConnectionSet *self)
{
  devbox_connection_set_close (self);
  g_assert (g_hash_table_size (self->groups) == 0);

  g_hash_table_unref (self->groups);
  g_free (self->user_agent);
  devbox_pool_state_unref (self->state);
  g_free (self);
}
