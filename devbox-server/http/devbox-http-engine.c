/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-connection-private.h"
#include "devbox-suspend-clock-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_INTERVAL G_USEC_PER_SEC
#define MAX_DEPTH 8 /* of nested main loops; below that the engine rests */
#define MAX_EVENTS 256
/* A turn asks for more events while they come in crowds, so that many connections share the price of one turn of the
 * main loop. */
#define MAX_ROUNDS 4
#define CROWD 4

typedef struct
{
  GSource source;
  DevboxHttpEngine *engine;
} EngineSource;

static gboolean
has_work (DevboxHttpEngine *self)
{
  return self->ready.length > 0 || self->dead.length > 0 || (self->is_stop_pending && self->n_connections == 0);
}

static gboolean
engine_source_prepare (GSource *source, int *timeout)
{
  DevboxHttpEngine *self = ((EngineSource *) source)->engine;

  return self->depth < MAX_DEPTH && has_work (self);
}

static void
run_ready (DevboxHttpEngine *self)
{
  /* Those that are queued again meanwhile wait for the next turn. */
  for (guint n = self->ready.length; n > 0 && self->ready.length > 0; n--)
    devbox_http_connection_run (self->ready.head->data);
}

static void
run_events (DevboxHttpEngine *self)
{
  struct epoll_event events[MAX_EVENTS];

  for (guint round = 0; round < MAX_ROUNDS; round++)
    {
      int n = epoll_wait (self->epoll_fd, events, MAX_EVENTS, 0);

      for (int i = 0; i < n; i++)
        {
          DevboxHttpPollable *pollable = events[i].data.ptr;

          pollable->ready (pollable, events[i].events);
        }
      if (n < CROWD)
        break;
    }
}

static void
close_overdue (DevboxHttpEngine *self, GQueue *queue, gint64 oldest)
{
  while (queue->length > 0)
    {
      DevboxHttpConnection *connection = queue->head->data;

      if (connection->since > oldest)
        break;
      devbox_http_connection_close (connection);
    }
}

static void
check_active (DevboxHttpEngine *self, gint64 now)
{
  /* Each goes to the end of the queue before it is looked at, since looking may end it, or others. */
  for (guint n = self->active.length; n > 0 && self->active.length > 0; n--)
    {
      GList *link = g_queue_pop_head_link (&self->active);

      g_queue_push_tail_link (&self->active, link);
      devbox_http_connection_check_deadlines (link->data, now);
    }
}

static void
update_timer (DevboxHttpEngine *self)
{
  gint64 time = self->is_sweeping ? self->next_sweep : -1;

  if (self->is_stop_pending)
    {
      gint64 stop = g_get_monotonic_time () + self->stop_time - devbox_suspend_clock_get_time ();

      time = time < 0 ? stop : MIN (time, stop);
    }
  if (!g_source_is_destroyed (self->source))
    g_source_set_ready_time (self->source, time);
}

static void
set_sweeping (DevboxHttpEngine *self, gboolean is_sweeping)
{
  if (self->is_sweeping == is_sweeping)
    return;

  self->is_sweeping = is_sweeping;
  if (is_sweeping)
    devbox_suspend_clock_hold ();
  else
    devbox_suspend_clock_release ();
}

static void
sweep (DevboxHttpEngine *self)
{
  gint64 now = devbox_suspend_clock_get_time ();

  self->next_sweep = g_get_monotonic_time () + SWEEP_INTERVAL;
  close_overdue (self, &self->fresh, now - self->limits.head_timeout_ms * G_GINT64_CONSTANT (1000));
  close_overdue (self, &self->idle, now - self->limits.idle_timeout_ms * G_GINT64_CONSTANT (1000));
  check_active (self, now);
  set_sweeping (self, self->n_connections > 0);
  if (self->sweep_func != NULL)
    self->sweep_func (self->sweep_data);
  update_timer (self);
}

/* Their owners see the end of the stream. */
static void
shut_upgraded (DevboxHttpEngine *self)
{
  for (guint i = 0; i < self->upgraded->len; i++)
    g_socket_shutdown (g_ptr_array_index (self->upgraded, i), TRUE, TRUE, NULL);
}

static void
close_all (DevboxHttpEngine *self)
{
  GQueue *queues[] = { &self->fresh, &self->idle, &self->active };

  for (guint i = 0; i < G_N_ELEMENTS (queues); i++)
    while (queues[i]->length > 0)
      devbox_http_connection_close (queues[i]->head->data);

  shut_upgraded (self);
}

static void
finish_stop (DevboxHttpEngine *self)
{
  GDestroyNotify func = g_steal_pointer (&self->stop_func);

  self->is_stop_pending = FALSE;
  update_timer (self);
  if (func != NULL)
    func (g_steal_pointer (&self->stop_data));
}

static void
check_stop (DevboxHttpEngine *self)
{
  if (!self->is_stop_pending || (self->n_connections > 0 && devbox_suspend_clock_get_time () < self->stop_time))
    return;
  close_all (self);
  finish_stop (self);
}

static void
free_dead (DevboxHttpEngine *self)
{
  while (self->dead.length > 0)
    devbox_http_connection_free (g_queue_pop_head_link (&self->dead)->data);
  g_ptr_array_set_size (self->dead_pollables, 0);
}

static gboolean
engine_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  DevboxHttpEngine *self = devbox_http_engine_ref (((EngineSource *) source)->engine);

  if (++self->depth == MAX_DEPTH)
    g_source_modify_unix_fd (source, self->epoll_tag, 0);

  run_ready (self);
  if (!g_source_is_destroyed (source) && g_source_query_unix_fd (source, self->epoll_tag) != 0)
    run_events (self);
  if (self->is_sweeping && g_source_get_time (source) >= self->next_sweep)
    sweep (self);
  check_stop (self);

  if (self->depth-- == MAX_DEPTH && !g_source_is_destroyed (source))
    g_source_modify_unix_fd (source, self->epoll_tag, G_IO_IN);
  if (self->depth == 0)
    free_dead (self);
  devbox_http_engine_unref (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs engine_source_funcs = {
  .prepare = engine_source_prepare,
  .dispatch = engine_source_dispatch,
};

DevboxHttpEngine *
devbox_http_engine_new (GMainContext *context, const DevboxHttpLimits *limits)
{
  DevboxHttpEngine *self = g_new0 (DevboxHttpEngine, 1);

  self->ref_count = 1;
  self->limits = *limits;
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  self->upgraded = g_ptr_array_new ();
  self->dead_pollables = g_ptr_array_new_with_free_func (g_free);
  self->reply_buffer = g_string_sized_new (1024);
  g_snprintf (self->id_prefix, sizeof self->id_prefix, "%08x", g_random_int ());

  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd < 0)
    g_error ("Cannot create an epoll descriptor: %s", g_strerror (errno));
  self->source = g_source_new (&engine_source_funcs, sizeof (EngineSource));
  ((EngineSource *) self->source)->engine = self;
  g_source_set_static_name (self->source, "[devbox-server] HTTP engine");
  /* A source that may not recurse leaves and rejoins the poll set of its context at every dispatch, at the price of two
   * system calls. */
  g_source_set_can_recurse (self->source, TRUE);
  self->epoll_tag = g_source_add_unix_fd (self->source, self->epoll_fd, G_IO_IN);
  g_source_attach (self->source, self->context);

  return self;
}

DevboxHttpEngine *
devbox_http_engine_ref (DevboxHttpEngine *self)
{
  self->ref_count++;

  return self;
}

void
devbox_http_engine_unref (DevboxHttpEngine *self)
{
  if (--self->ref_count > 0)
    return;

  if (self->handler_destroy != NULL)
    self->handler_destroy (self->handler_data);
  if (self->finished_destroy != NULL)
    self->finished_destroy (self->finished_data);
  free_dead (self);
  set_sweeping (self, FALSE);
  close (self->epoll_fd);
  g_source_unref (self->source);
  g_clear_pointer (&self->addresses, g_hash_table_unref);
  g_ptr_array_unref (self->upgraded);
  devbox_http_traffic_unref (self->traffic);
  g_ptr_array_unref (self->dead_pollables);
  g_string_free (self->reply_buffer, TRUE);
  g_free (self->spare_buffer);
  g_free (self->spare_head);
  g_main_context_unref (self->context);
  g_free (self);
}

void
devbox_http_engine_close (DevboxHttpEngine *self)
{
  self->is_stopping = TRUE;
  close_all (self);
  g_source_destroy (self->source);
  if (self->is_stop_pending)
    finish_stop (self);
  if (self->depth == 0)
    free_dead (self);
}

void
devbox_http_engine_stop (DevboxHttpEngine *self, guint grace_ms, GDestroyNotify func, gpointer user_data)
{
  g_return_if_fail (!self->is_stopping);

  self->is_stopping = TRUE;
  self->is_stop_pending = TRUE;
  self->stop_time = devbox_suspend_clock_get_time () + grace_ms * G_GINT64_CONSTANT (1000);
  self->stop_func = func;
  self->stop_data = user_data;

  while (self->fresh.length > 0)
    devbox_http_connection_close (self->fresh.head->data);
  while (self->idle.length > 0)
    devbox_http_connection_close (self->idle.head->data);
  /* No request ends there by itself. */
  shut_upgraded (self);
  update_timer (self);
}

gboolean
devbox_http_engine_watch (DevboxHttpEngine *self, int fd, guint32 events, DevboxHttpPollable *pollable)
{
  struct epoll_event event = { .events = events, .data.ptr = pollable };

  return epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void
devbox_http_engine_unwatch (DevboxHttpEngine *self, int fd)
{
  epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void
devbox_http_engine_schedule_sweep (DevboxHttpEngine *self)
{
  if (self->is_sweeping)
    return;
  set_sweeping (self, TRUE);
  self->next_sweep = g_get_monotonic_time () + SWEEP_INTERVAL;
  update_timer (self);
}

static DevboxHttpConnection *
find_incomplete_head (DevboxHttpEngine *self)
{
  for (GList *link = self->active.head; link != NULL; link = link->next)
    {
      DevboxHttpConnection *connection = link->data;

      if (connection->state == DEVBOX_HTTP_CONNECTION_HEAD && connection->head != NULL)
        return connection;
    }

  return NULL;
}

gboolean
devbox_http_engine_evict (DevboxHttpEngine *self)
{
  DevboxHttpConnection *fresh = self->fresh.length > 0 ? self->fresh.head->data : NULL;
  DevboxHttpConnection *idle = self->idle.length > 0 ? self->idle.head->data : NULL;
  DevboxHttpConnection *victim = idle == NULL || (fresh != NULL && fresh->since < idle->since) ? fresh : idle;

  if (victim == NULL)
    victim = find_incomplete_head (self);
  if (victim == NULL)
    return FALSE;
  devbox_http_connection_close (victim);

  return TRUE;
}

/* The 16 bytes of an address; those of IPv4 as ::ffff:a.b.c.d. NULL for another family. */
static GBytes *
peer_to_key (const DevboxHttpPeer *peer)
{
  guint8 key[16] = { 0 };

  if (peer->any.sa_family == AF_INET6)
    return g_bytes_new (&peer->ipv6.sin6_addr, sizeof key);
  if (peer->any.sa_family != AF_INET)
    return NULL;
  key[10] = key[11] = 0xff;
  memcpy (key + 12, &peer->ipv4.sin_addr, 4);

  return g_bytes_new (key, sizeof key);
}

guint
devbox_http_engine_count_address (DevboxHttpEngine *self, const DevboxHttpPeer *peer, int change)
{
  g_autoptr (GBytes) key = NULL;
  guint count;

  if (self->limits.max_connections_per_address == 0)
    return 0;
  key = peer_to_key (peer);
  if (key == NULL)
    return 0;
  if (self->addresses == NULL)
    self->addresses = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  count = GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, key)) + change;
  if (count == 0)
    g_hash_table_remove (self->addresses, key);
  else if (change != 0)
    g_hash_table_replace (self->addresses, g_steal_pointer (&key), GUINT_TO_POINTER (count));

  return count;
}

guint8 *
devbox_http_engine_take_buffer (DevboxHttpEngine *self)
{
  guint8 *buffer = g_steal_pointer (&self->spare_buffer);

  return buffer != NULL ? buffer : g_malloc (DEVBOX_HTTP_PIECE_SIZE);
}

void
devbox_http_engine_give_buffer (DevboxHttpEngine *self, guint8 *buffer)
{
  if (self->spare_buffer == NULL)
    self->spare_buffer = buffer;
  else
    g_free (buffer);
}

const char *
devbox_http_engine_get_date_line (DevboxHttpEngine *self)
{
  static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
  static const char months[][4]
      = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  struct timespec now;
  struct tm tm;

  clock_gettime (CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != self->date_second)
    {
      self->date_second = now.tv_sec;
      gmtime_r (&now.tv_sec, &tm);
      g_snprintf (self->date, sizeof self->date, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
                  tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    }

  return self->date;
}

typedef struct
{
  DevboxHttpEngine *engine;
  DevboxHttpPeer peer;
} Upgraded;

static void
upgraded_gone (gpointer user_data, GObject *socket)
{
  Upgraded *upgraded = user_data;
  DevboxHttpEngine *self = upgraded->engine;

  g_ptr_array_remove_fast (self->upgraded, socket);
  devbox_http_engine_count_address (self, &upgraded->peer, -1);
  self->n_connections--;
  devbox_http_engine_unref (self);
  g_free (upgraded);
}

void
devbox_http_engine_adopt_upgraded (DevboxHttpEngine *self, GSocket *socket, const DevboxHttpPeer *peer)
{
  Upgraded *upgraded = g_new (Upgraded, 1);

  upgraded->engine = devbox_http_engine_ref (self);
  upgraded->peer = *peer;
  g_ptr_array_add (self->upgraded, socket);
  devbox_http_engine_count_address (self, peer, 1);
  self->n_connections++;
  g_object_weak_ref (G_OBJECT (socket), upgraded_gone, upgraded);
}
