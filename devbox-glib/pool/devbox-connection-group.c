/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-connection-group-private.h"

DevboxConnectionGroup *
devbox_connection_group_new (DevboxConnectionSet *set, const DevboxPoolKey *key)
{
  DevboxConnectionGroup *self = g_new0 (DevboxConnectionGroup, 1);

  self->ref_count = 1;
  self->set = set;
  self->key.devbox_name = g_strdup (key->devbox_name);
  self->key.address = g_strdup (key->address);
  self->key.tls = key->tls != NULL ? devbox_tls_settings_ref (key->tls) : NULL;
  self->is_listed = TRUE;
  self->members = g_ptr_array_new ();
  g_queue_init (&self->waiting);
  devbox_pool_check_init (self);

  return self;
}

DevboxConnectionGroup *
devbox_connection_group_ref (DevboxConnectionGroup *self)
{
  self->ref_count++;

  return self;
}

void
devbox_connection_group_unref (DevboxConnectionGroup *self)
{
  if (--self->ref_count > 0)
    return;

  g_assert (self->waiting.length == 0 && self->members->len == 0 && self->n_awaited == 0);

  g_ptr_array_unref (self->members);
  g_clear_pointer (&self->key.health_uri, g_uri_unref);
  g_clear_pointer (&self->key.tls, devbox_tls_settings_unref);
  g_free ((char *) self->key.devbox_name);
  g_free ((char *) self->key.address);
  g_free (self);
}

static void
call_next (DevboxConnectionGroup *self, DevboxPoolMember *member)
{
  DevboxTicket *ticket = self->waiting.head->data;

  devbox_connection_set_leave (ticket);
  devbox_pool_member_set_busy (member);
  ticket->member = member;
  ticket->called (ticket, member->connection);
}

/* For the head of the line. Whoever is behind may rely on the checks that are under way, as far as they go round. */
static DevboxPoolMember *
find_member (DevboxConnectionGroup *self, const DevboxPoolSettings *settings)
{
  DevboxPoolMember *member = devbox_pool_choose_sound (self, settings);
  DevboxPoolMember *doubtful;

  if (member != NULL)
    return member;

  while (self->n_awaited < self->waiting.length && (doubtful = devbox_pool_choose_doubtful (self)) != NULL)
    devbox_pool_check_start (doubtful, TRUE);

  if (self->n_awaited < self->waiting.length && self->members->len < settings->max_size)
    return devbox_pool_member_new (self);

  return NULL;
}

/* Whoever is called may come back to the group, and to the head of the line only by its turn. */
void
devbox_connection_group_serve (DevboxConnectionGroup *self, const DevboxPoolSettings *settings)
{
  g_autoptr (DevboxConnectionGroup) group = devbox_connection_group_ref (self);

  while (group->waiting.length > 0)
    {
      DevboxPoolMember *member = find_member (group, settings);

      if (member == NULL)
        break;
      call_next (group, member);
    }
}

void
devbox_connection_group_replace (DevboxConnectionGroup *self, const DevboxPoolSettings *settings)
{
  if (self->waiting.length > 0 && self->members->len < settings->max_size)
    call_next (self, devbox_pool_member_new (self));
}

static DevboxPoolMember *
find_idle (DevboxConnectionGroup *self)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      DevboxPoolMember *member = g_ptr_array_index (self->members, i);

      if (member->status == DEVBOX_MEMBER_IDLE)
        return member;
    }

  return NULL;
}

void
devbox_connection_group_apply_settings (DevboxConnectionGroup *self, const DevboxPoolSettings *settings)
{
  DevboxPoolMember *member;

  while (self->members->len > settings->max_size && (member = find_idle (self)) != NULL)
    devbox_pool_member_drop (member);
  for (guint i = 0; i < self->members->len; i++)
    {
      member = g_ptr_array_index (self->members, i);
      if (member->status == DEVBOX_MEMBER_IDLE)
        devbox_pool_member_set_idle (member, settings);
    }
  devbox_pool_check_replan (self, settings);

  devbox_connection_group_serve (self, settings);
  devbox_connection_group_leave_if_empty (self);
}

static DevboxPoolMember *
find_unwanted_in_check (DevboxConnectionGroup *self)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      DevboxPoolMember *member = g_ptr_array_index (self->members, i);

      if (member->status == DEVBOX_MEMBER_IN_CHECK && member->is_unwanted && !member->is_aborted)
        return member;
    }

  return NULL;
}

/* The end of a check may change the group in any way: each is looked for anew. */
void
devbox_connection_group_drop_all (DevboxConnectionGroup *self)
{
  g_autoptr (DevboxConnectionGroup) group = devbox_connection_group_ref (self);
  DevboxPoolMember *member;

  while ((member = find_idle (group)) != NULL)
    devbox_pool_member_drop (member);
  for (guint i = 0; i < group->members->len; i++)
    ((DevboxPoolMember *) g_ptr_array_index (group->members, i))->is_unwanted = TRUE;
  while ((member = find_unwanted_in_check (group)) != NULL)
    devbox_pool_check_abort (member);

  devbox_connection_group_leave_if_empty (group);
}

void
devbox_connection_group_leave_if_empty (DevboxConnectionGroup *self)
{
  if (self->members->len > 0 || self->waiting.length > 0 || !self->is_listed)
    return;

  self->is_listed = FALSE;
  devbox_timer_stop (&self->check_timer);
  g_hash_table_remove (self->set->groups, &self->key);
}
