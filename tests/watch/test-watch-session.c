/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-watch-session-private.h"
#include "devbox-websocket-stream-private.h"
#include "devbox-wire-json-private.h"
#include "watch-fixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One socket: the session at one end, a client or a bare descriptor at the other. */
typedef struct
{
  Fixture *fixture;
  DevboxWorkspace *workspace;
  DevboxWatchSession *session;
  SoupWebsocketConnection *server;
  SoupWebsocketConnection *client;
  int raw_fd;
  GPtrArray *messages; /* as they came */
  guint n_replies;
  gboolean closed;
} Socket;

static void
client_message_cb (SoupWebsocketConnection *client, int type, GBytes *message, gpointer user_data)
{
  Socket *self = user_data;
  gsize size;
  const char *text = g_bytes_get_data (message, &size);
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;

  object = devbox_wire_json_parse_object (text, size, &error);
  g_assert_no_error (error);
  g_ptr_array_add (self->messages, g_strndup (text, size));
  self->n_replies += json_object_has_member (object, "success") || json_object_has_member (object, "status");
}

static void
session_closed_cb (DevboxWatchSession *session, gpointer user_data)
{
  ((Socket *) user_data)->closed = TRUE;
}

static SoupWebsocketConnection *
make_connection (int fd, SoupWebsocketConnectionType type, gboolean metered)
{
  g_autoptr (GUri) uri = g_uri_parse ("ws://localhost/ws", G_URI_FLAGS_NONE, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GIOStream) base = NULL;
  g_autoptr (GIOStream) stream = NULL;

  g_assert_no_error (error);
  base = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  stream = metered ? devbox_websocket_stream_new (base) : g_object_ref (base);

  return soup_websocket_connection_new (stream, uri, type, NULL, NULL, NULL);
}

static Socket *
socket_new_with_limits (Fixture *fixture, const DevboxWatchLimits *limits, gboolean raw)
{
  Socket *self = g_new0 (Socket, 1);
  g_autoptr (GError) error = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  self->fixture = fixture;
  self->raw_fd = -1;
  self->messages = g_ptr_array_new_with_free_func (g_free);
  self->workspace = devbox_workspace_new (fixture->path, &error);
  g_assert_no_error (error);
  self->server = make_connection (fds[0], SOUP_WEBSOCKET_CONNECTION_SERVER, TRUE);
  self->session = devbox_watch_session_new (self->server, fixture->watcher, self->workspace, limits);
  devbox_watch_session_set_closed_func (self->session, session_closed_cb, self);
  if (raw)
    {
      self->raw_fd = fds[1];
    }
  else
    {
      self->client = make_connection (fds[1], SOUP_WEBSOCKET_CONNECTION_CLIENT, FALSE);
      g_signal_connect (self->client, "message", G_CALLBACK (client_message_cb), self);
    }

  return self;
}

static Socket *
socket_new (Fixture *fixture)
{
  return socket_new_with_limits (fixture, NULL, FALSE);
}

static void
socket_free (Socket *self)
{
  if (self->client != NULL)
    {
      if (soup_websocket_connection_get_state (self->client) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close (self->client, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
      wait_until (self->closed && soup_websocket_connection_get_state (self->client) == SOUP_WEBSOCKET_STATE_CLOSED);
      g_signal_handlers_disconnect_by_data (self->client, self);
      g_object_unref (self->client);
    }
  if (self->raw_fd >= 0)
    close (self->raw_fd);
  wait_until (self->closed);
  g_assert_cmpuint (devbox_watch_session_get_n_watches (self->session), ==, 0);
  devbox_watch_session_unref (self->session);
  g_object_unref (self->server);
  devbox_workspace_unref (self->workspace);
  g_ptr_array_unref (self->messages);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Socket, socket_free)

/* Sends, and returns what was answered. */
static const char *
ask (Socket *self, const char *text)
{
  guint n_replies = self->n_replies;

  soup_websocket_connection_send_text (self->client, text);
  wait_until (self->n_replies > n_replies);

  for (guint i = self->messages->len; i > 0; i--)
    {
      const char *message = g_ptr_array_index (self->messages, i - 1);

      if (g_str_has_prefix (message, "{\"success\"") || g_str_has_prefix (message, "{\"status\""))
        return message;
    }
  g_assert_not_reached ();
}

static void
assert_says (const char *message, const char *part)
{
  if (strstr (message, part) == NULL)
    g_error ("“%s” is not in %s", part, message);
}

static guint
count_messages (Socket *self, const char *part)
{
  guint n = 0;

  for (guint i = 0; i < self->messages->len; i++)
    n += strstr (g_ptr_array_index (self->messages, i), part) != NULL;

  return n;
}

static void
expect (Socket *self, const char *part)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (count_messages (self, part) == 0)
    {
      if (g_get_monotonic_time () > end)
        {
          for (guint i = 0; i < self->messages->len; i++)
            g_test_message ("got: %s", (char *) g_ptr_array_index (self->messages, i));
          g_error ("“%s” did not come", part);
        }
      wait_turn ();
    }
}

static void
forget_messages (Socket *self)
{
  g_ptr_array_set_size (self->messages, 0);
}

static void
test_paths (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);
  g_autofree char *absolute = g_strdup_printf ("{\"type\":\"watch\",\"path\":\"%s/src\"}", fixture->path);
  g_autofree char *unwatch = g_strdup_printf ("{\"type\":\"unwatch\",\"path\":\"%s/src/\"}", fixture->path);

  make_folders (fixture, "src/inner");
  g_assert_cmpstr (ask (client, "{\"type\":\"watch\",\"path\":\"/src\"}"), ==,
                   "{\"success\":true,\"type\":\"watch\",\"path\":\"/src\",\"status\":\"started\"}");
  assert_says (ask (client, "{\"type\":\"watch\",\"path\":\"./src/\"}"), "\"path\":\"./src/\",\"status\":\"started\"");
  assert_says (ask (client, absolute), "\"success\":true");
  g_assert_cmpuint (devbox_watch_session_get_n_watches (client->session), ==, 1);

  write_file (fixture, "src/inner/f", "");
  write_file (fixture, "beside", "");
  expect (client, "{\"type\":\"file-change\",\"event\":{\"type\":\"add\",\"path\":\"src/inner/f\",\"timestamp\":");
  append_file (fixture, "src/inner/f", "x");
  expect (client, "\"type\":\"change\",\"path\":\"src/inner/f\"");
  remove_file (fixture, "src/inner/f");
  remove_file (fixture, "src/inner");
  expect (client, "\"type\":\"unlink\",\"path\":\"src/inner/f\"");
  expect (client, "\"type\":\"unlink\",\"path\":\"src/inner\"");
  g_assert_cmpuint (count_messages (client, "\"path\":\"src/inner/f\""), ==, 3);
  g_assert_cmpuint (count_messages (client, "\"isDir\":true"), ==, 1);
  g_assert_cmpuint (count_messages (client, "\"seq\":1}"), ==, 1);
  g_assert_cmpuint (count_messages (client, "\"seq\":4}"), ==, 1);
  g_assert_cmpuint (count_messages (client, "beside"), ==, 0);

  g_assert_cmpstr (ask (client, "{\"type\":\"watch\",\"path\":\".\"}"), ==,
                   "{\"success\":true,\"type\":\"watch\",\"path\":\".\",\"status\":\"started\"}");
  assert_says (ask (client, "{\"type\":\"unwatch\",\"path\":\"\"}"), "\"status\":\"stopped\"");
  assert_says (ask (client, unwatch), "\"status\":\"stopped\"");
  forget_messages (client);
  write_file (fixture, "src/late", "");
  wait_ms (50);
  g_assert_cmpuint (client->messages->len, ==, 0);
}

static void
test_errors (Fixture *fixture, gconstpointer kind)
{
  static const struct
  {
    const char *text;
    const char *answer;
  } cases[] = {
    { "", "{\"success\":false,\"error\":" },
    { "watch", "\"code\":\"VALIDATION_ERROR\"" },
    { "[]", "{\"success\":false,\"error\":" },
    { "{}", "{\"success\":false,\"error\":" },
    { "{\"type\":3,\"path\":\"\"}", "{\"success\":false,\"error\":" },
    { "{\"type\":\"dance\",\"path\":\"\"}", "dance" },
    { "{\"type\":\"watch\"}", "path" },
    { "{\"type\":\"watch\",\"path\":7}", "\"success\":false" },
    { "{\"type\":\"watch\",\"path\":\"\",\"recursive\":\"yes\"}", "recursive" },
    { "{\"type\":\"watch\",\"path\":\"\",\"dotfiles\":1}", "dotfiles" },
    { "{\"type\":\"watch\",\"pathBytes\":\"???\"}", "pathBytes" },
    { "{\"type\":\"watch\",\"pathBytes\":\"YQBi\"}", "pathBytes" },
    { "{\"type\":\"watch\",\"path\":\"missing\"}", "\"code\":\"FILE_NOT_FOUND\"" },
    { "{\"type\":\"watch\",\"path\":\"/etc\"}", "\"code\":\"FILE_NOT_FOUND\"" },
    { "{\"type\":\"watch\",\"path\":\"../outside\"}", "\"code\":\"PATH_TRAVERSAL_DETECTED\"" },
    { "{\"type\":\"unwatch\",\"path\":\"\"}", "{\"success\":false,\"type\":\"unwatch\",\"path\":\"\",\"error\":" },
    { "{\"action\":\"subscribe\",\"type\":\"process\",\"targetId\":\"x\"}", "{\"status\":1400,\"message\":" },
    { "{\"type\":\"watch\",\"path\":\"\",\"action\":\"list\"}", "{\"status\":1400,\"message\":" },
  };
  g_autoptr (Socket) client = socket_new (fixture);
  g_autofree char *deep = g_strnfill (60000, '[');

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_says (ask (client, cases[i].text), cases[i].answer);
  assert_says (ask (client, deep), "\"success\":false");
  g_assert_cmpuint (devbox_watch_session_get_n_watches (client->session), ==, 0);
  assert_says (ask (client, "{\"type\":\"watch\",\"path\":\"\"}"), "\"success\":true");
}

static void
test_options (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);

  make_folders (fixture, "sub");
  ask (client, "{\"type\":\"watch\",\"path\":\"\",\"recursive\":false}");
  write_file (fixture, "sub/a", "");
  write_file (fixture, ".a", "");
  write_file (fixture, "b", "");
  expect (client, "\"path\":\"b\"");
  rename_file (fixture, "b", "c");
  expect (client, "\"type\":\"unlink\",\"path\":\"b\"");
  expect (client, "\"type\":\"add\",\"path\":\"c\"");
  g_assert_cmpuint (count_messages (client, "sub/a"), ==, 0);
  g_assert_cmpuint (count_messages (client, "\".a\""), ==, 0);

  assert_says (ask (client, "{\"type\":\"watch\",\"path\":\"/\",\"dotfiles\":true,\"renames\":true}"),
               "\"success\":true");
  g_assert_cmpuint (devbox_watch_session_get_n_watches (client->session), ==, 1);
  forget_messages (client);
  write_file (fixture, ".d", "");
  rename_file (fixture, "c", "sub/c");
  expect (client, "\"path\":\".d\"");
  expect (client, "{\"type\":\"file-change\",\"event\":{\"type\":\"rename\",\"path\":\"sub/c\",\"oldPath\":\"c\",");
  g_assert_cmpuint (count_messages (client, "\"path\":\".d\""), ==, 1);
  g_assert_cmpuint (count_messages (client, "\"path\":\"sub/c\""), ==, 1);

  /* One right after the other: all are answered, the last one holds. */
  forget_messages (client);
  client->n_replies = 0;
  for (guint i = 0; i < 7; i++)
    soup_websocket_connection_send_text (client->client, i % 2 == 0
                                                             ? "{\"type\":\"watch\",\"path\":\"\"}"
                                                             : "{\"type\":\"watch\",\"path\":\"\",\"dotfiles\":true}");
  wait_until (client->n_replies == 7);
  g_assert_cmpuint (count_messages (client, "\"success\":true"), ==, 7);
  write_file (fixture, ".e", "");
  write_file (fixture, "e", "");
  expect (client, "\"path\":\"e\"");
  g_assert_cmpuint (count_messages (client, "\"path\":\".e\""), ==, 0);

  remove_tree (fixture->path);
  expect (client, "{\"type\":\"ended\",\"path\":\"\",");
  assert_says (ask (client, "{\"type\":\"watch\",\"path\":\"sub\"}"), "\"code\":\"FILE_NOT_FOUND\"");
  g_assert_cmpuint (devbox_watch_session_get_n_watches (client->session), ==, 0);
}

static void
test_failed_replacement (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);
  g_autofree char *link = below (fixture, "link");

  make_folders (fixture, "real");
  g_assert_cmpint (symlink ("real", link), ==, 0);
  assert_says (ask (client, "{\"type\":\"watch\",\"path\":\"link\"}"), "\"success\":true");
  g_assert_cmpint (g_unlink (link), ==, 0);
  assert_says (ask (client, "{\"type\":\"watch\",\"path\":\"link\",\"dotfiles\":true}"), "\"code\":\"FILE_NOT_FOUND\"");
  g_assert_cmpuint (devbox_watch_session_get_n_watches (client->session), ==, 1);
  write_file (fixture, "real/f", "");
  expect (client, "\"path\":\"link/f\"");
}

static void
test_names (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);

  make_folders (fixture, "odd\xff");
  /* "odd\xff" */
  g_assert_cmpstr (ask (client, "{\"type\":\"watch\",\"pathBytes\":\"b2Rk/w==\"}"), ==,
                   "{\"success\":true,\"type\":\"watch\",\"path\":\"odd\xef\xbf\xbd\",\"pathBytes\":\"b2Rk/w==\","
                   "\"status\":\"started\"}");
  write_file (fixture, "odd\xff/a\nb\"", "");
  expect (client, "\"path\":\"odd\xef\xbf\xbd/a\\nb\\\"\",\"pathBytes\":\"b2Rk/y9hCmIi\"");
}

static void
test_told_once (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);
  g_autoptr (Socket) other = socket_new (fixture);

  make_folders (fixture, "a/b");
  make_folders (fixture, "x");
  ask (client, "{\"type\":\"watch\",\"path\":\"a/b\"}");
  ask (client, "{\"type\":\"watch\",\"path\":\"\"}");
  ask (client, "{\"type\":\"watch\",\"path\":\"a\",\"dotfiles\":true}");
  ask (other, "{\"type\":\"watch\",\"path\":\"x\"}");
  write_file (fixture, "a/b/f", "");
  write_file (fixture, "a/b/.g", "");
  write_file (fixture, "x/f", "");
  expect (client, "\"path\":\"a/b/f\"");
  expect (client, "\"path\":\"a/b/.g\"");
  expect (other, "\"path\":\"x/f\"");
  wait_ms (50);
  g_assert_cmpuint (count_messages (client, "\"type\":\"add\",\"path\":\"a/b/f\""), ==, 1);
  g_assert_cmpuint (count_messages (client, "\"type\":\"add\",\"path\":\"a/b/.g\""), ==, 1);
  g_assert_cmpuint (count_messages (other, "a/b"), ==, 0);
}

static void
test_ended (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);

  make_folders (fixture, "gone");
  ask (client, "{\"type\":\"watch\",\"path\":\"gone\"}");
  remove_file (fixture, "gone");
  expect (client, "\"type\":\"unlink\",\"path\":\"gone\"");
  expect (client, "{\"type\":\"ended\",\"path\":\"gone\",\"timestamp\":");
  g_assert_cmpuint (devbox_watch_session_get_n_watches (client->session), ==, 0);
  assert_says (ask (client, "{\"type\":\"unwatch\",\"path\":\"gone\"}"), "\"success\":false");
}

static void
test_limit (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);

  for (guint i = 0; i < 129; i++)
    {
      g_autofree char *path = g_strdup_printf ("d%u", i);
      g_autofree char *text = g_strdup_printf ("{\"type\":\"watch\",\"path\":\"d%u\"}", i);

      make_folders (fixture, path);
      assert_says (ask (client, text), i < 128 ? "\"success\":true" : "\"success\":false");
    }
  g_assert_cmpuint (devbox_watch_session_get_n_watches (client->session), ==, 128);
}

static void
test_binary (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);

  soup_websocket_connection_send_binary (client->client, "x", 1);
  wait_until (client->closed);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (client->client), ==,
                    SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA);
}

static void
send_raw (int fd, const char *text)
{
  gsize size = strlen (text);
  guint8 header[6] = { 0x81, 0x80 | size, 0, 0, 0, 0 }; /* a mask of zeros */

  g_assert_cmpuint (size, <, 126);
  g_assert_cmpint (write (fd, header, sizeof header), ==, sizeof header);
  g_assert_cmpint (write (fd, text, size), ==, size);
}

/* The events have long names, and nobody reads them. */
static void
flood (Fixture *fixture, guint n_files)
{
  g_autofree char *name = g_strnfill (200, 'n');

  for (guint i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s-%u", name, i);

      write_file (fixture, path, "");
      remove_file (fixture, path);
      if (i % 100 == 0)
        wait_ms (1);
    }
  wait_ms (50);
}

static void
test_never_reads (Fixture *fixture, gconstpointer kind)
{
  DevboxWatchLimits limits = DEVBOX_WATCH_LIMITS_INIT;
  g_autoptr (Socket) peer = NULL;
  gsize before;
  gint64 begin;

  limits.max_unsent_events = G_MAXUINT;
  limits.stall_timeout_ms = 1500;
  limits.close_timeout_ms = 300;
  limits.check_interval_ms = 50;
  peer = socket_new_with_limits (fixture, &limits, TRUE);
  send_raw (peer->raw_fd, "{\"type\":\"watch\",\"path\":\"\"}");
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 1);
  wait_ms (20);
  flood (fixture, 200);
  before = get_resident_size ();
  begin = g_get_monotonic_time ();
  while (!peer->closed && g_get_monotonic_time () - begin < 5 * G_USEC_PER_SEC)
    flood (fixture, 1000);
  g_assert_true (peer->closed);
  g_test_message ("grown by %" G_GSSIZE_FORMAT " KiB, closed after %" G_GINT64_FORMAT " ms",
                  (gssize) (get_resident_size () - before) / 1024, (g_get_monotonic_time () - begin) / 1000);
  if (!keeps_freed_memory ()) /* then it says nothing */
    g_assert_cmpint ((gssize) (get_resident_size () - before), <, 8 * 1024 * 1024);
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 0);
}

/* Whoever asks without end and reads no answer is not waited for either. */
static void
test_never_reads_replies (Fixture *fixture, gconstpointer kind)
{
  DevboxWatchLimits limits = DEVBOX_WATCH_LIMITS_INIT;
  g_autoptr (Socket) peer = NULL;

  limits.max_unsent_bytes = 64 * 1024;
  limits.close_timeout_ms = 200;
  limits.check_interval_ms = 50;
  peer = socket_new_with_limits (fixture, &limits, TRUE);
  for (guint i = 0; i < 20000 && !peer->closed; i++)
    {
      struct timeval timeout = { 0, 1000 };

      setsockopt (peer->raw_fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
      if (send (peer->raw_fd, "\x81\x80\0\0\0\0", 6, MSG_NOSIGNAL) < 0 && errno == EPIPE)
        break;
      wait_turn ();
    }
  wait_until (peer->closed);
}

static void
test_overflow (Fixture *fixture, gconstpointer kind)
{
  DevboxWatchLimits limits = DEVBOX_WATCH_LIMITS_INIT;
  g_autoptr (Socket) client = NULL;
  guint n_events;

  limits.max_unsent_events = 100;
  client = socket_new_with_limits (fixture, &limits, FALSE);
  ask (client, "{\"type\":\"watch\",\"path\":\"\"}");
  /* The client shares this thread: it reads nothing as long as this writes. */
  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *path = g_strdup_printf ("f%u", i);

      write_file (fixture, path, "");
    }
  expect (client, "{\"type\":\"overflow\",\"path\":\"\",\"timestamp\":");
  n_events = count_messages (client, "\"file-change\"");
  g_assert_cmpuint (n_events, >=, 100);
  g_assert_cmpuint (n_events, <, 3000);

  forget_messages (client);
  write_file (fixture, "after", "");
  expect (client, "\"path\":\"after\"");
}

static void
test_burst_arrives (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);

  ask (client, "{\"type\":\"watch\",\"path\":\"\"}");
  for (guint i = 0; i < 900; i++)
    {
      g_autofree char *path = g_strdup_printf ("f%u", i);
      g_autofree char *full = below (fixture, path);

      g_assert_cmpint (g_mkdir (full, 0700), ==, 0);
    }
  expect (client, "\"path\":\"f899\"");
  g_assert_cmpuint (count_messages (client, "\"type\":\"add\""), ==, 900);
  g_assert_cmpuint (count_messages (client, "overflow"), ==, 0);
}

static void
test_no_pong (Fixture *fixture, gconstpointer kind)
{
  DevboxWatchLimits limits = DEVBOX_WATCH_LIMITS_INIT;
  g_autoptr (Socket) silent = NULL;
  g_autoptr (Socket) client = NULL;

  limits.keepalive_interval_s = 1;
  limits.pong_timeout_ms = 1600;
  limits.close_timeout_ms = 100;
  limits.check_interval_ms = 50;
  silent = socket_new_with_limits (fixture, &limits, TRUE);
  client = socket_new_with_limits (fixture, &limits, FALSE);
  wait_until (silent->closed);
  wait_ms (400);
  g_assert_false (client->closed);
}

/* The socket goes away in the middle of everything. */
static void
test_cut (Fixture *fixture, gconstpointer kind)
{
  guint n_descriptors;

  socket_free (socket_new (fixture));
  n_descriptors = count_descriptors ();
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (Socket) peer = socket_new_with_limits (fixture, NULL, TRUE);
      g_autofree char *path = g_strdup_printf ("f%u", i);

      send_raw (peer->raw_fd, "{\"type\":\"watch\",\"path\":\"\"}");
      if (i % 2 == 0)
        wait_until (devbox_watch_session_get_n_watches (peer->session) == 1);
      write_file (fixture, path, "");
      if (i % 3 == 0)
        wait_ms (1);
    }
  wait_until (count_threads ("devbox-watch") == 0);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

static void
test_close (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Socket) client = socket_new (fixture);

  ask (client, "{\"type\":\"watch\",\"path\":\"\"}");
  devbox_watch_session_close (client->session, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "stopping");
  wait_until (client->closed);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (client->client), ==, SOUP_WEBSOCKET_CLOSE_GOING_AWAY);
  devbox_watch_session_close (client->session, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "stopping");
}

#define ADD(name, func)                                                                                                \
  g_test_add ("/watch-session/" name, Fixture, GINT_TO_POINTER (DEVBOX_TREE_ENGINE_AUTO), fixture_set_up, func,        \
              fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("paths", test_paths);
  ADD ("errors", test_errors);
  ADD ("options", test_options);
  ADD ("failed-replacement", test_failed_replacement);
  ADD ("names", test_names);
  ADD ("told-once", test_told_once);
  ADD ("ended", test_ended);
  ADD ("limit", test_limit);
  ADD ("binary", test_binary);
  ADD ("never-reads", test_never_reads);
  ADD ("never-reads-replies", test_never_reads_replies);
  ADD ("overflow", test_overflow);
  ADD ("burst-arrives", test_burst_arrives);
  ADD ("no-pong", test_no_pong);
  ADD ("cut", test_cut);
  ADD ("close", test_close);

  return g_test_run ();
}
