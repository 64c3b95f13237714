/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-watch-session-private.h"

#include "devbox-watch-message-private.h"
#include "devbox-watch-queue-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define CLOSE_TRY_AGAIN_LATER 1013 /* IANA's WebSocket close codes; libsoup has no name for it */

#define MAX_WAITING 16 /* requests for one path that are not answered yet */

typedef struct _SessionWatch SessionWatch;

struct _SessionWatch
{
  DevboxWatchSession *session;
  DevboxWatchRequest request;
  guint64 id;
  DevboxTreeWatch *watch;
  GPtrArray *waiting;     /* paths, as they were sent, of requests that wait for it to stand; NULL once it does */
  SessionWatch *replaces; /* the one with other options, until this one stands */
  gboolean overflowed;    /* its events are dropped until there is room to tell so */
};

struct _DevboxWatchSession
{
  guint ref_count;
  SoupWebsocketConnection *connection; /* NULL once it is closed */
  DevboxTreeWatcher *watcher;
  DevboxWorkspace *workspace;
  DevboxWatchLimits limits;
  GMainContext *context;
  DevboxWatchQueue *queue;
  GHashTable *watches; /* key, of the value → SessionWatch */
  guint64 last_id;
  guint64 sequence;
  gint64 heard_time; /* monotonic */
  gint64 close_time; /* monotonic, when the closing handshake has to be over; 0: not closing */
  GSource *check_source;
  DevboxWatchSessionFunc closed_func;
  gpointer closed_data;
};

static void
session_watch_free (gpointer data)
{
  SessionWatch *self = data;

  g_clear_pointer (&self->watch, devbox_tree_watch_cancel);
  g_clear_pointer (&self->replaces, session_watch_free);
  g_clear_pointer (&self->waiting, g_ptr_array_unref);
  devbox_watch_request_clear (&self->request);
  g_free (self);
}

static void
send_text (DevboxWatchSession *self, GString *text)
{
  if (self->close_time != 0)
    return;

  devbox_watch_queue_push (self->queue, text->str, text->len);

  /* Events stop well before. Whoever makes us answer that much and does not read is not waited for. */
  if (devbox_watch_queue_get_n_bytes (self->queue) > 2 * self->limits.max_unsent_bytes)
    devbox_watch_session_close (self, CLOSE_TRY_AGAIN_LATER, "the replies are not read");
}

static void
send_reply (DevboxWatchSession *self, gboolean unwatch, const char *path)
{
  g_autoptr (GString) text = g_string_new (NULL);

  devbox_watch_message_append_reply (text, unwatch, path);
  send_text (self, text);
}

static void
send_error (DevboxWatchSession *self, const DevboxWatchRequest *request, const GError *error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  devbox_watch_message_append_error (text, request->unwatch, request->path, error);
  send_text (self, text);
}

static void
send_notice (DevboxWatchSession *self, const char *type, const char *path, gint64 time)
{
  g_autoptr (GString) text = g_string_new (NULL);

  devbox_watch_message_append_notice (text, type, path, time, ++self->sequence);
  send_text (self, text);
}

static gboolean
has_room (DevboxWatchSession *self)
{
  return devbox_watch_queue_get_n_messages (self->queue) < self->limits.max_unsent_events
         && devbox_watch_queue_get_n_bytes (self->queue) < self->limits.max_unsent_bytes;
}

/* What was dropped is told once all that came before has left: that is when the peer reads again. */
static void
queue_sent_cb (gpointer user_data)
{
  DevboxWatchSession *self = user_data;
  GHashTableIter iter;
  gpointer value;

  if (devbox_watch_queue_get_n_messages (self->queue) > 0)
    return;

  g_hash_table_iter_init (&iter, self->watches);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      SessionWatch *watch = value;

      if (!watch->overflowed)
        continue;
      watch->overflowed = FALSE;
      send_notice (self, "overflow", watch->request.key, g_get_real_time ());
    }
}

/* Whether the watch is told itself of what is at path. */
static gboolean
watch_covers (SessionWatch *watch, const char *path)
{
  gsize length = strlen (watch->request.key);
  const char *rest = path;

  if (length > 0)
    {
      if (strncmp (path, watch->request.key, length) != 0 || path[length] != '/')
        return FALSE;
      rest = path + length + 1;
    }
  if (*rest == '\0' || (!watch->request.recursive && strchr (rest, '/') != NULL))
    return FALSE;

  return watch->request.dot_files || (*rest != '.' && strstr (rest, "/.") == NULL);
}

/* A socket is told once, however many of its watches see it. */
static gboolean
is_told_by_another (SessionWatch *self, const DevboxTreeEvent *event)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->session->watches);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      SessionWatch *other = value;

      if (other->id < self->id && other->waiting == NULL && other->request.renames == self->request.renames
          && watch_covers (other, event->path) && (event->old_path == NULL || watch_covers (other, event->old_path)))
        return TRUE;
    }

  return FALSE;
}

static void
send_event (SessionWatch *watch, const char *type, const char *path, const char *old_path, const DevboxTreeEvent *event)
{
  DevboxWatchSession *self = watch->session;
  g_autoptr (GString) text = NULL;

  if (watch->overflowed || !has_room (self))
    {
      watch->overflowed = TRUE;
      return;
    }

  text = g_string_new (NULL);
  devbox_watch_message_append_event (text, type, path, old_path, event->is_dir, event->time, ++self->sequence);
  send_text (self, text);
}

static void
handle_event (SessionWatch *watch, const DevboxTreeEvent *event)
{
  switch (event->type)
    {
    case DEVBOX_TREE_EVENT_CREATED:
      send_event (watch, "add", event->path, NULL, event);
      break;
    case DEVBOX_TREE_EVENT_CHANGED:
      send_event (watch, "change", event->path, NULL, event);
      break;
    case DEVBOX_TREE_EVENT_DELETED:
    case DEVBOX_TREE_EVENT_ENDED:
      send_event (watch, "unlink", event->path, NULL, event);
      break;
    case DEVBOX_TREE_EVENT_RENAMED:
      if (watch->request.renames)
        {
          send_event (watch, "rename", event->path, event->old_path, event);
          break;
        }
      send_event (watch, "unlink", event->old_path, NULL, event);
      send_event (watch, "add", event->path, NULL, event);
      break;
    case DEVBOX_TREE_EVENT_OVERFLOW:
      if (has_room (watch->session) && !watch->overflowed)
        send_notice (watch->session, "overflow", event->path, event->time);
      else
        watch->overflowed = TRUE;
      break;
    default:
      g_assert_not_reached ();
    }
}

/* The one that it was to replace, if any, goes on. */
static void
remove_watch (SessionWatch *watch)
{
  GHashTable *watches = watch->session->watches;
  SessionWatch *owner = g_hash_table_lookup (watches, watch->request.key);
  SessionWatch *former = g_steal_pointer (&watch->replaces);

  if (owner != watch)
    {
      while (owner->replaces != watch)
        owner = owner->replaces;
      owner->replaces = former;
      session_watch_free (watch);
    }
  else if (former != NULL)
    {
      g_hash_table_replace (watches, former->request.key, former);
    }
  else
    {
      g_hash_table_remove (watches, watch->request.key);
    }
}

static void
events_cb (const DevboxTreeEvent *events, guint n_events, gpointer user_data)
{
  SessionWatch *watch = user_data;
  DevboxWatchSession *self = watch->session;

  for (guint i = 0; i < n_events; i++)
    {
      if (events[i].type == DEVBOX_TREE_EVENT_OVERFLOW || events[i].type == DEVBOX_TREE_EVENT_ENDED
          || !is_told_by_another (watch, &events[i]))
        handle_event (watch, &events[i]);
      if (events[i].type != DEVBOX_TREE_EVENT_ENDED)
        continue;

      /* Always the last one. */
      if (g_hash_table_lookup (self->watches, watch->request.key) == watch)
        send_notice (self, "ended", events[i].path, events[i].time);
      remove_watch (watch);
      return;
    }
}

static void
ready_cb (const GError *error, gpointer user_data)
{
  SessionWatch *watch = user_data;
  DevboxWatchSession *self = watch->session;
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&watch->waiting);

  for (guint i = 0; i < waiting->len; i++)
    {
      const DevboxWatchRequest answered = { .path = g_ptr_array_index (waiting, i) };

      if (error == NULL)
        send_reply (self, FALSE, answered.path);
      else
        send_error (self, &answered, error);
    }

  if (error == NULL)
    g_clear_pointer (&watch->replaces, session_watch_free);
  else
    remove_watch (watch);
}

static gboolean
same_options (const DevboxWatchRequest *a, const DevboxWatchRequest *b)
{
  return a->recursive == b->recursive && a->dot_files == b->dot_files && a->renames == b->renames;
}

static void
start_watch (DevboxWatchSession *self, DevboxWatchRequest *request, SessionWatch *replaces)
{
  SessionWatch *watch = g_new0 (SessionWatch, 1);
  DevboxTreeWatchFlags flags = DEVBOX_TREE_WATCH_NONE;

  if (request->recursive)
    flags |= DEVBOX_TREE_WATCH_RECURSIVE;
  if (request->dot_files)
    flags |= DEVBOX_TREE_WATCH_DOT_FILES;

  watch->session = self;
  watch->id = ++self->last_id;
  watch->replaces = replaces;
  watch->waiting = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (watch->waiting, g_strdup (request->path));
  watch->request = *request;
  *request = (DevboxWatchRequest){ 0 };
  g_hash_table_replace (self->watches, watch->request.key, watch);
  watch->watch = devbox_tree_watcher_watch (self->watcher, watch->request.key, flags, self->context, ready_cb,
                                            events_cb, watch, NULL);
}

static guint
count_waiting (SessionWatch *watch)
{
  guint n = 0;

  for (; watch != NULL; watch = watch->replaces)
    n += watch->waiting != NULL ? watch->waiting->len : 0;

  return n;
}

static void
handle_watch (DevboxWatchSession *self, DevboxWatchRequest *request)
{
  SessionWatch *former = g_hash_table_lookup (self->watches, request->key);
  g_autoptr (GError) error = NULL;

  if (count_waiting (former) >= MAX_WAITING)
    {
      g_set_error_literal (&error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                           _ ("Too many requests wait for the same path to be watched"));
      send_error (self, request, error);
      return;
    }
  if (former != NULL && same_options (&former->request, request))
    {
      if (former->waiting != NULL)
        g_ptr_array_add (former->waiting, g_strdup (request->path));
      else
        send_reply (self, FALSE, request->path);
      return;
    }
  if (former == NULL && g_hash_table_size (self->watches) >= self->limits.max_watches)
    {
      g_set_error (&error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("A socket can have %u watches, and this one has them"), self->limits.max_watches);
      send_error (self, request, error);
      return;
    }

  if (former != NULL)
    g_hash_table_steal (self->watches, request->key);
  start_watch (self, request, former);
}

static void
handle_unwatch (DevboxWatchSession *self, const DevboxWatchRequest *request)
{
  g_autoptr (GError) error = NULL;

  if (g_hash_table_remove (self->watches, request->key))
    {
      send_reply (self, TRUE, request->path);
      return;
    }

  g_set_error_literal (&error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The path is not being watched"));
  send_error (self, request, error);
}

static void
handle_text (DevboxWatchSession *self, const char *data, gsize size)
{
  DevboxWatchRequest request;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = NULL;

  switch (devbox_watch_request_parse (&request, self->workspace, data, size, &error))
    {
    case DEVBOX_WATCH_MESSAGE_WATCH:
      if (request.unwatch)
        handle_unwatch (self, &request);
      else
        handle_watch (self, &request);
      break;
    case DEVBOX_WATCH_MESSAGE_ACTION:
      text = g_string_new (NULL);
      devbox_watch_message_append_status (text, 1400, _ ("Actions are not supported on this socket"));
      send_text (self, text);
      break;
    case DEVBOX_WATCH_MESSAGE_INVALID:
    default:
      send_error (self, &request, error);
      break;
    }
  devbox_watch_request_clear (&request);
}

static void
message_cb (SoupWebsocketConnection *connection, int type, GBytes *message, gpointer user_data)
{
  DevboxWatchSession *self = user_data;
  gsize size;
  const char *data = g_bytes_get_data (message, &size);

  self->heard_time = g_get_monotonic_time ();
  if (self->close_time != 0)
    return;

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    handle_text (self, data != NULL ? data : "", size);
  else
    devbox_watch_session_close (self, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA, "only text is understood here");
}

static void
pong_cb (SoupWebsocketConnection *connection, GBytes *message, gpointer user_data)
{
  DevboxWatchSession *self = user_data;

  self->heard_time = g_get_monotonic_time ();
}

static void
closed_cb (SoupWebsocketConnection *connection, gpointer user_data)
{
  DevboxWatchSession *self = user_data;

  g_signal_handlers_disconnect_by_data (connection, self);
  g_source_destroy (self->check_source);
  g_clear_pointer (&self->check_source, g_source_unref);
  g_hash_table_remove_all (self->watches);
  g_clear_pointer (&self->queue, devbox_watch_queue_free);
  g_clear_object (&self->connection);

  if (self->closed_func != NULL)
    self->closed_func (self, self->closed_data);
  devbox_watch_session_unref (self);
}

static gboolean
is_past (gint64 since, guint timeout_ms)
{
  return since != 0 && g_get_monotonic_time () - since > (gint64) timeout_ms * 1000;
}

static gboolean
check_cb (gpointer user_data)
{
  DevboxWatchSession *self = user_data;

  if (self->close_time != 0)
    {
      /* The peer takes no part in the closing: libsoup would wait for ever to send what is before its close frame. */
      if (is_past (self->close_time, self->limits.close_timeout_ms))
        g_io_stream_close (soup_websocket_connection_get_io_stream (self->connection), NULL, NULL);
    }
  else if (is_past (devbox_watch_queue_get_move_time (self->queue), self->limits.stall_timeout_ms))
    {
      devbox_watch_session_close (self, CLOSE_TRY_AGAIN_LATER, "the events are not read");
    }
  else if (is_past (self->heard_time, self->limits.pong_timeout_ms))
    {
      devbox_watch_session_close (self, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "no answer to a ping");
    }

  return G_SOURCE_CONTINUE;
}

DevboxWatchSession *
devbox_watch_session_new (SoupWebsocketConnection *connection,
                          DevboxTreeWatcher *watcher,
                          DevboxWorkspace *workspace,
                          const DevboxWatchLimits *limits)
{
  static const DevboxWatchLimits default_limits = DEVBOX_WATCH_LIMITS_INIT;
  DevboxWatchSession *self = g_new0 (DevboxWatchSession, 1);

  self->ref_count = 2; /* the caller's, and the socket's */
  self->connection = g_object_ref (connection);
  self->watcher = devbox_tree_watcher_ref (watcher);
  self->workspace = devbox_workspace_ref (workspace);
  self->limits = limits != NULL ? *limits : default_limits;
  self->context = g_main_context_ref_thread_default ();
  self->watches = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, session_watch_free);
  self->queue = devbox_watch_queue_new (connection, queue_sent_cb, self);
  self->heard_time = g_get_monotonic_time ();

  soup_websocket_connection_set_keepalive_interval (connection, self->limits.keepalive_interval_s);
  g_signal_connect (connection, "message", G_CALLBACK (message_cb), self);
  g_signal_connect (connection, "pong", G_CALLBACK (pong_cb), self);
  g_signal_connect (connection, "closed", G_CALLBACK (closed_cb), self);

  self->check_source = g_timeout_source_new (self->limits.check_interval_ms);
  g_source_set_static_name (self->check_source, "DevboxWatchSession");
  g_source_set_callback (self->check_source, check_cb, self, NULL);
  g_source_attach (self->check_source, self->context);

  return self;
}

DevboxWatchSession *
devbox_watch_session_ref (DevboxWatchSession *self)
{
  self->ref_count++;

  return self;
}

void
devbox_watch_session_unref (DevboxWatchSession *self)
{
  if (--self->ref_count > 0)
    return;

  g_assert (self->connection == NULL);
  g_hash_table_unref (self->watches);
  g_main_context_unref (self->context);
  devbox_workspace_unref (self->workspace);
  devbox_tree_watcher_unref (self->watcher);
  g_free (self);
}

void
devbox_watch_session_set_closed_func (DevboxWatchSession *self, DevboxWatchSessionFunc func, gpointer user_data)
{
  self->closed_func = func;
  self->closed_data = user_data;
}

void
devbox_watch_session_close (DevboxWatchSession *self, gushort code, const char *reason)
{
  if (self->connection == NULL || self->close_time != 0)
    return;

  /* The watches stay until the socket is closed: this may be called in the middle of one. */
  self->close_time = g_get_monotonic_time ();
  if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->connection, code, reason);
}

guint
devbox_watch_session_get_n_watches (DevboxWatchSession *self)
{
  return g_hash_table_size (self->watches);
}
