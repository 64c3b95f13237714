/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-connection-group-private.h"

static guint
hash_key (gconstpointer data)
{
  const DevboxPoolKey *key = data;

  return g_str_hash (key->devbox_name) * 31 + g_str_hash (key->address) + g_direct_hash (key->tls);
}

static gboolean
equal_keys (gconstpointer a, gconstpointer b)
{
  const DevboxPoolKey *left = a;
  const DevboxPoolKey *right = b;

  return left->tls == right->tls && g_str_equal (left->devbox_name, right->devbox_name)
         && g_str_equal (left->address, right->address);
}

static void
ticket_timed_out (gpointer data)
{
  DevboxTicket *ticket = data;
  g_autoptr (DevboxConnectionGroup) group = devbox_connection_group_ref (ticket->group);

  devbox_connection_set_leave (ticket);
  ticket->called (ticket, NULL);
  devbox_connection_group_leave_if_empty (group);
}

static DevboxConnectionGroup *
ensure_group (DevboxConnectionSet *self, const DevboxPoolKey *key)
{
  DevboxConnectionGroup *group = g_hash_table_lookup (self->groups, key);

  if (group == NULL)
    {
      group = devbox_connection_group_new (self, key);
      g_hash_table_insert (self->groups, &group->key, group);
    }
  if (group->key.health_uri == NULL && key->health_uri != NULL)
    group->key.health_uri = g_uri_ref (key->health_uri);

  return group;
}

void
devbox_connection_set_acquire (DevboxConnectionSet *self, const DevboxPoolKey *key, DevboxTicket *ticket)
{
  DevboxConnectionGroup *group = ensure_group (self, key);
  DevboxPoolSettings settings;

  if (self->registration == 0)
    self->registration = devbox_pool_state_register (self->state, self->thread, self);
  devbox_pool_state_get_settings (self->state, &settings);

  ticket->group = group;
  ticket->member = NULL;
  ticket->link.data = ticket;
  g_queue_push_tail_link (&group->waiting, &ticket->link);
  devbox_timer_init (&ticket->timer, devbox_io_thread_get_timers (self->thread), ticket_timed_out, ticket);
  if (settings.connection_timeout > 0)
    devbox_timer_start (&ticket->timer,
                        g_get_monotonic_time () + settings.connection_timeout * G_TIME_SPAN_MILLISECOND);

  devbox_connection_group_serve (group, &settings);
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

void
devbox_ticket_move (DevboxTicket *ticket, DevboxTicket *from)
{
  *ticket = (DevboxTicket){ .member = g_steal_pointer (&from->member) };
}

void
devbox_connection_set_release (DevboxTicket *ticket)
{
  DevboxPoolMember *member = g_steal_pointer (&ticket->member);
  g_autoptr (DevboxConnectionGroup) group = devbox_connection_group_ref (member->group);
  DevboxPoolSettings settings;

  devbox_pool_state_get_settings (group->set->state, &settings);

  if (group->set->is_closed || member->is_unwanted || group->members->len > settings.max_size
      || !devbox_connection_is_reusable (member->connection))
    devbox_pool_member_drop (member);
  else
    {
      devbox_pool_member_note_proof (member);
      devbox_pool_member_set_idle (member, &settings);
      devbox_pool_check_plan (group, &settings);
    }

  devbox_connection_group_serve (group, &settings);
  devbox_connection_group_leave_if_empty (group);
}

/* Of which each may leave meanwhile. */
static GList *
ref_groups (DevboxConnectionSet *self)
{
  GList *groups = g_hash_table_get_values (self->groups);

  for (GList *l = groups; l != NULL; l = l->next)
    devbox_connection_group_ref (l->data);

  return groups;
}

void
devbox_connection_set_close (DevboxConnectionSet *self)
{
  self->is_closed = TRUE;
  devbox_connection_set_drop_all (self, NULL);
}

void
devbox_connection_set_drop_all (gpointer self, gpointer data)
{
  g_autolist (DevboxConnectionGroup) groups = ref_groups (self);

  for (GList *l = groups; l != NULL; l = l->next)
    devbox_connection_group_drop_all (l->data);
}

void
devbox_connection_set_apply_settings (gpointer self, gpointer data)
{
  g_autolist (DevboxConnectionGroup) groups = ref_groups (self);
  DevboxPoolSettings settings;

  devbox_pool_state_get_settings (((DevboxConnectionSet *) self)->state, &settings);
  for (GList *l = groups; l != NULL; l = l->next)
    devbox_connection_group_apply_settings (l->data, &settings);
}

void
devbox_connection_set_sweep (gpointer self, gpointer sweep)
{
  g_autolist (DevboxConnectionGroup) groups = ref_groups (self);

  for (GList *l = groups; l != NULL; l = l->next)
    devbox_pool_check_sweep (l->data, sweep);
}

DevboxConnectionSet *
devbox_connection_set_new (DevboxIoThread *thread, DevboxPoolState *state, const char *user_agent)
{
  DevboxConnectionSet *self = g_new0 (DevboxConnectionSet, 1);

  self->ref_count = 1;
  self->thread = devbox_io_thread_ref (thread);
  self->state = devbox_pool_state_ref (state);
  self->user_agent = g_strdup (user_agent);
  self->groups = g_hash_table_new_full (hash_key, equal_keys, NULL, (GDestroyNotify) devbox_connection_group_unref);

  return self;
}

DevboxConnectionSet *
devbox_connection_set_ref (DevboxConnectionSet *self)
{
  self->ref_count++;

  return self;
}

void
devbox_connection_set_unref (DevboxConnectionSet *self)
{
  if (--self->ref_count > 0)
    return;

  g_assert (g_hash_table_size (self->groups) == 0);

  g_hash_table_unref (self->groups);
  g_free (self->user_agent);
  devbox_pool_state_unref (self->state);
  devbox_io_thread_unref (self->thread);
  g_free (self);
}

/* Checks that were under way may end later. */
void
devbox_connection_set_free (DevboxConnectionSet *self)
{
  devbox_connection_set_close (self);
  if (self->registration != 0)
    devbox_pool_state_unregister (self->state, self->registration);
  devbox_connection_set_unref (self);
}
