/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-connection-group-private.h"

/* A check is one small request over the very connection that it is about, without a token. What the server says does
 * not matter, as long as it is the server that says it: a gateway says with 5xx that there is none behind it. */

#define MAX_REPLY_SIZE (64 * 1024)

/* No call is made to wait for a check that has taken this part of its time. */
#define PATIENCE 3

static void
set_awaited (DevboxPoolMember *member, gboolean is_awaited)
{
  member->group->n_awaited += (is_awaited ? 1 : 0) - (member->is_awaited ? 1 : 0);
  member->is_awaited = is_awaited;
}

static void
count_removal (GPtrArray *sweeps)
{
  for (guint i = 0; sweeps != NULL && i < sweeps->len; i++)
    devbox_pool_sweep_count (g_ptr_array_index (sweeps, i));
}

static gboolean
is_passed (DevboxPoolMember *member, const DevboxConnectionReply *reply)
{
  return !member->is_aborted && reply->body != NULL && reply->was_reused
         && soup_message_get_status (reply->message) < SOUP_STATUS_INTERNAL_SERVER_ERROR
         && devbox_connection_is_reusable (member->connection);
}

void
devbox_pool_check_abort (DevboxPoolMember *member)
{
  member->is_aborted = TRUE;
  devbox_connection_abort (member->connection);
}

/* libsoup would ask over a connection of its own making once it found this one closed. */
static void
restarted_cb (SoupMessage *message, gpointer data)
{
  devbox_pool_check_abort (data);
}

static void
check_done_cb (DevboxConnection *connection, const DevboxConnectionReply *reply, gpointer data)
{
  DevboxPoolMember *member = data;
  g_autoptr (DevboxConnectionSet) set = member->group->set; /* the check's reference */
  g_autoptr (DevboxConnectionGroup) group = devbox_connection_group_ref (member->group);
  g_autoptr (GPtrArray) sweeps = g_steal_pointer (&member->sweeps); /* which may end with it */
  gboolean has_passed = is_passed (member, reply);
  gboolean is_unwanted = member->is_unwanted;
  DevboxPoolSettings settings;

  devbox_pool_state_get_settings (set->state, &settings);
  g_signal_handlers_disconnect_by_func (reply->message, restarted_cb, member);
  devbox_timer_stop (&member->check_timer);
  set_awaited (member, FALSE);

  if (has_passed && !is_unwanted && group->members->len <= settings.max_size)
    {
      devbox_pool_member_set_unhealthy (member, FALSE);
      devbox_pool_member_note_proof (member);
      devbox_pool_member_set_idle (member, &settings);
      devbox_pool_check_plan (group, &settings);
    }
  else
    devbox_pool_member_drop (member);

  if (!has_passed && !is_unwanted)
    count_removal (sweeps);
  if (!has_passed && !set->is_closed)
    devbox_connection_group_replace (group, &settings);
  devbox_connection_group_serve (group, &settings);
  devbox_connection_group_leave_if_empty (group);
}

/* First nobody waits for it any longer, then it is closed. */
static void
check_takes_long (gpointer data)
{
  DevboxPoolMember *member = data;
  g_autoptr (DevboxConnectionGroup) group = devbox_connection_group_ref (member->group);
  gboolean was_awaited = member->is_awaited;
  DevboxPoolSettings settings;

  if (member->is_unhealthy)
    {
      devbox_pool_check_abort (member);
      return;
    }

  devbox_pool_state_get_settings (group->set->state, &settings);
  devbox_pool_member_set_unhealthy (member, TRUE);
  set_awaited (member, FALSE);
  devbox_timer_start (&member->check_timer,
                      member->check_timer.due
                          + (settings.health_check_timeout - settings.health_check_timeout / PATIENCE)
                                * G_TIME_SPAN_MILLISECOND);

  if (was_awaited)
    devbox_connection_group_replace (group, &settings);
  devbox_connection_group_serve (group, &settings);
}

void
devbox_pool_check_start (DevboxPoolMember *member, gboolean is_awaited)
{
  DevboxConnectionGroup *group = member->group;
  g_autoptr (SoupMessage) message = soup_message_new_from_uri (SOUP_METHOD_GET, group->key.health_uri);
  DevboxPoolSettings settings;

  devbox_pool_state_get_settings (group->set->state, &settings);
  devbox_connection_set_ref (group->set);
  devbox_pool_member_set_in_check (member);
  set_awaited (member, is_awaited);
  devbox_timer_start (&member->check_timer,
                      g_get_monotonic_time () + settings.health_check_timeout / PATIENCE * G_TIME_SPAN_MILLISECOND);
  g_signal_connect (message, "restarted", G_CALLBACK (restarted_cb), member);
  devbox_connection_send (member->connection,
                          &(DevboxExchangeRequest){ .message = message, .max_reply_size = MAX_REPLY_SIZE }, NULL,
                          check_done_cb, member);
}

static gint64
get_keep_alive_due (DevboxPoolMember *member, const DevboxPoolSettings *settings)
{
  if (settings->keep_alive_interval == 0)
    return G_MAXINT64;

  return member->last_proof + settings->keep_alive_interval * G_TIME_SPAN_MILLISECOND;
}

static void
start_due_checks (DevboxConnectionGroup *group, const DevboxPoolSettings *settings)
{
  gint64 now = g_get_monotonic_time ();
  gboolean is_round = group->next_round <= now;

  for (guint i = 0; i < group->members->len; i++)
    {
      DevboxPoolMember *member = g_ptr_array_index (group->members, i);

      if (member->status == DEVBOX_MEMBER_IDLE && (is_round || get_keep_alive_due (member, settings) <= now))
        devbox_pool_check_start (member, FALSE);
    }

  if (is_round)
    group->next_round = 0;
}

static void
checks_are_due (gpointer data)
{
  DevboxConnectionGroup *group = data;
  DevboxPoolSettings settings;

  devbox_pool_state_get_settings (group->set->state, &settings);
  start_due_checks (group, &settings);
  devbox_pool_check_replan (group, &settings);
}

void
devbox_pool_check_init (DevboxConnectionGroup *group)
{
  devbox_timer_init (&group->check_timer, devbox_io_thread_get_timers (group->set->thread), checks_are_due, group);
}

void
devbox_pool_check_init_member (DevboxPoolMember *member)
{
  devbox_timer_init (&member->check_timer, devbox_io_thread_get_timers (member->group->set->thread), check_takes_long,
                     member);
}

/* A connection that became idle later is due later: who is planned for already needs no other time. */
void
devbox_pool_check_plan (DevboxConnectionGroup *group, const DevboxPoolSettings *settings)
{
  if (group->check_timer.iter == NULL)
    devbox_pool_check_replan (group, settings);
}

void
devbox_pool_check_replan (DevboxConnectionGroup *group, const DevboxPoolSettings *settings)
{
  gint64 interval = settings->health_check_interval * G_TIME_SPAN_MILLISECOND;
  gint64 now = g_get_monotonic_time ();
  gint64 due = G_MAXINT64;
  gboolean is_idle = FALSE;

  devbox_timer_stop (&group->check_timer);
  if (group->key.health_uri == NULL)
    return;

  for (guint i = 0; i < group->members->len; i++)
    {
      DevboxPoolMember *member = g_ptr_array_index (group->members, i);

      if (member->status == DEVBOX_MEMBER_IDLE)
        {
          due = MIN (due, get_keep_alive_due (member, settings));
          is_idle = TRUE;
        }
    }

  if (interval == 0)
    group->next_round = G_MAXINT64;
  else if (group->next_round <= now || group->next_round > now + interval)
    group->next_round = now + interval;

  due = MIN (due, group->next_round);
  if (is_idle && due != G_MAXINT64)
    devbox_timer_start (&group->check_timer, due);
}

static void
add_sweep (DevboxPoolMember *member, DevboxPoolSweep *sweep)
{
  if (member->sweeps == NULL)
    member->sweeps = g_ptr_array_new_with_free_func (devbox_pool_sweep_release);
  g_ptr_array_add (member->sweeps, devbox_pool_sweep_hold (sweep));
}

void
devbox_pool_check_sweep (DevboxConnectionGroup *group, DevboxPoolSweep *sweep)
{
  for (guint i = group->members->len; i > 0; i--)
    {
      DevboxPoolMember *member = g_ptr_array_index (group->members, i - 1);

      if (member->status == DEVBOX_MEMBER_IDLE && devbox_pool_member_has_died (member))
        {
          devbox_pool_member_drop (member);
          devbox_pool_sweep_count (sweep);
          continue;
        }

      if (member->status == DEVBOX_MEMBER_IDLE && group->key.health_uri != NULL)
        devbox_pool_check_start (member, FALSE);
      if (member->status == DEVBOX_MEMBER_IN_CHECK)
        add_sweep (member, sweep);
    }

  devbox_connection_group_leave_if_empty (group);
}
