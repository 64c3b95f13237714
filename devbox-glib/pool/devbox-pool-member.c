/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-connection-group-private.h"

#include <time.h>

/* A connection that is used again sooner than this is not watched, which would cost more than it tells. */
#define WATCH_DELAY_US (100 * G_TIME_SPAN_MILLISECOND)

/* A laptop that was shut for a night has connections which are long dead, and monotonic time stood still. */
static gint64
get_time_awake_or_asleep (void)
{
  struct timespec now;

  clock_gettime (CLOCK_BOOTTIME, &now);

  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
stop_waiting (DevboxPoolMember *self)
{
  devbox_timer_stop (&self->idle_timer);
  if (self->watch != NULL)
    g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
}

static void
set_status (DevboxPoolMember *self, DevboxMemberStatus status)
{
  int was_busy = self->status == DEVBOX_MEMBER_BUSY;
  int is_busy = status == DEVBOX_MEMBER_BUSY;

  if (status != DEVBOX_MEMBER_IDLE)
    stop_waiting (self);
  self->status = status;
  if (is_busy != was_busy)
    devbox_pool_state_count_connections (self->group->set->state, 0, is_busy - was_busy, 0);
}

static void
drop_and_leave (DevboxPoolMember *self)
{
  g_autoptr (DevboxConnectionGroup) group = devbox_connection_group_ref (self->group);

  devbox_pool_member_drop (self);
  devbox_connection_group_leave_if_empty (group);
}

/* libsoup closes it where it comes upon its end. */
gboolean
devbox_pool_member_has_died (DevboxPoolMember *self)
{
  GSocket *socket = devbox_connection_get_socket (self->connection);

  return socket != NULL && (g_socket_is_closed (socket) || g_socket_condition_check (socket, G_IO_IN) != 0);
}

/* Nothing comes unasked but the connection's end. */
static gboolean
readable_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  drop_and_leave (data);

  return G_SOURCE_REMOVE;
}

static void
watch (DevboxPoolMember *self)
{
  GSocket *socket = devbox_connection_get_socket (self->connection);

  if (self->watch != NULL || socket == NULL)
    return;

  self->watch = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_static_name (self->watch, "[devbox] idle connection");
  g_source_set_callback (self->watch, G_SOURCE_FUNC (readable_cb), self, NULL);
  g_source_attach (self->watch, devbox_io_thread_get_context (self->group->set->thread));
}

/* When it is closed if nothing uses it until then. A check keeps it alive with the server, but is no use. */
static gint64
get_retirement (DevboxPoolMember *self, const DevboxPoolSettings *settings)
{
  gint64 due = devbox_connection_get_expiry (self->connection);

  if (settings->max_idle_time > 0)
    due = MIN (due, self->idle_since + settings->max_idle_time * G_TIME_SPAN_MILLISECOND);

  return due;
}

static void
idle_timer_fired (gpointer data)
{
  DevboxPoolMember *self = data;
  DevboxPoolSettings settings;
  gint64 due;

  devbox_pool_state_get_settings (self->group->set->state, &settings);
  due = get_retirement (self, &settings);
  if (due <= g_get_monotonic_time () || devbox_pool_member_has_died (self))
    {
      drop_and_leave (self);
      return;
    }

  watch (self);
  if (due != G_MAXINT64)
    devbox_timer_start (&self->idle_timer, due);
}

DevboxPoolMember *
devbox_pool_member_new (DevboxConnectionGroup *group)
{
  DevboxConnectionSet *set = group->set;
  DevboxPoolMember *self = g_new0 (DevboxPoolMember, 1);

  self->group = group;
  self->connection = devbox_connection_new (set->thread, set->state, set->user_agent, group->key.tls);
  self->status = DEVBOX_MEMBER_IDLE;
  devbox_timer_init (&self->idle_timer, devbox_io_thread_get_timers (set->thread), idle_timer_fired, self);
  devbox_pool_check_init_member (self);
  devbox_pool_member_note_proof (self);
  g_ptr_array_add (group->members, self);
  devbox_pool_state_count_connections (set->state, 1, 0, 0);

  return self;
}

void
devbox_pool_member_drop (DevboxPoolMember *self)
{
  g_assert (self->sweeps == NULL && !self->is_awaited);

  stop_waiting (self);
  devbox_pool_state_count_connections (self->group->set->state, -1, self->status == DEVBOX_MEMBER_BUSY ? -1 : 0,
                                       self->is_unhealthy ? -1 : 0);
  g_ptr_array_remove (self->group->members, self);
  devbox_connection_free (self->connection);
  g_free (self);
}

void
devbox_pool_member_set_busy (DevboxPoolMember *self)
{
  set_status (self, DEVBOX_MEMBER_BUSY);
}

void
devbox_pool_member_set_idle (DevboxPoolMember *self, const DevboxPoolSettings *settings)
{
  if (self->status == DEVBOX_MEMBER_BUSY)
    self->idle_since = g_get_monotonic_time ();
  set_status (self, DEVBOX_MEMBER_IDLE);
  devbox_timer_start (&self->idle_timer, MIN (get_retirement (self, settings), self->last_proof + WATCH_DELAY_US));
}

void
devbox_pool_member_set_in_check (DevboxPoolMember *self)
{
  set_status (self, DEVBOX_MEMBER_IN_CHECK);
}

void
devbox_pool_member_note_proof (DevboxPoolMember *self)
{
  self->last_proof = g_get_monotonic_time ();
  self->last_proof_awake = get_time_awake_or_asleep ();
}

void
devbox_pool_member_set_unhealthy (DevboxPoolMember *self, gboolean is_unhealthy)
{
  if (self->is_unhealthy == is_unhealthy)
    return;

  self->is_unhealthy = is_unhealthy;
  devbox_pool_state_count_connections (self->group->set->state, 0, 0, is_unhealthy ? 1 : -1);
}

gint64
devbox_pool_member_get_limit_of_trust (DevboxConnectionGroup *group, const DevboxPoolSettings *settings)
{
  if (group->key.health_uri == NULL || settings->keep_alive_interval == 0)
    return G_MININT64;

  return get_time_awake_or_asleep () - settings->keep_alive_interval * G_TIME_SPAN_MILLISECOND;
}
