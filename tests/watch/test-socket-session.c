/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session of `/ws` over one end of a socket pair; the test is the peer at the other end. */
#include "devbox-http-upgraded-stream-private.h"
#include "devbox-watch-session-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCH "{\"type\":\"watch\",\"path\":\"\"}"
#define PING "\x89\x80mask"

typedef struct
{
  char *folder;
  DevboxWorkspace *workspace;
  DevboxTreeWatcher *watcher;
  SoupWebsocketConnection *connection;
  int fd; /* the peer's */
  gboolean is_closed;
} Fixture;

static void
on_closed (SoupWebsocketConnection *connection, gpointer user_data)
{
  ((Fixture *) user_data)->is_closed = TRUE;
}

static GIOStream *
make_stream (int fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GSocketConnection) connection = NULL;

  g_assert_no_error (error);
  connection = g_socket_connection_factory_create_connection (socket);

  return devbox_http_upgraded_stream_new (connection, 64 * 1024);
}

static void
set_up (Fixture *fixture, gconstpointer patience)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) uri = g_uri_parse ("ws://localhost/ws", G_URI_FLAGS_NONE, NULL);
  g_autoptr (GIOStream) stream = NULL;
  int fds[2], root;

  fixture->folder = g_dir_make_tmp ("devbox-session-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->workspace = devbox_workspace_new (fixture->folder, &error);
  g_assert_no_error (error);
  root = open (fixture->folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (root, >=, 0);
  fixture->watcher = devbox_tree_watcher_new (root, DEVBOX_TREE_ENGINE_AUTO);
  close (root);

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds));
  fixture->fd = fds[1];
  stream = make_stream (fds[0]);
  fixture->connection = soup_websocket_connection_new (stream, uri, SOUP_WEBSOCKET_CONNECTION_SERVER, NULL, NULL, NULL);
  g_signal_connect (fixture->connection, "closed", G_CALLBACK (on_closed), fixture);
  devbox_watch_session_start (fixture->connection, fixture->watcher, fixture->workspace, patience);
}

static void
turn (void)
{
  if (!g_main_context_iteration (NULL, FALSE))
    g_usleep (1000);
}

static void
tear_down (Fixture *fixture, gconstpointer patience)
{
  g_autoptr (GDir) folder = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  close (fixture->fd);
  while (!fixture->is_closed)
    turn ();
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (fixture->connection);
  devbox_tree_watcher_unref (fixture->watcher);
  devbox_workspace_unref (fixture->workspace);

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

      g_assert_no_errno (g_unlink (path));
    }
  g_assert_no_errno (g_rmdir (fixture->folder));
  g_free (fixture->folder);
}

/* A text with a mask of zeros, as short ones may be written by hand. */
static void
send_text (Fixture *fixture, const char *text)
{
  g_autoptr (GString) frame = g_string_new ("\x81");

  g_string_append_c (frame, (char) (0x80 | strlen (text)));
  g_string_append_len (frame, "\0\0\0\0", 4);
  g_string_append (frame, text);
  g_assert_cmpint (send (fixture->fd, frame->str, frame->len, MSG_NOSIGNAL), ==, frame->len);
}

static void
touch (Fixture *fixture, guint number)
{
  g_autofree char *name = g_strdup_printf ("%s/%0200u", fixture->folder, number);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (name, "", 0, &error);
  g_assert_no_error (error);
}

/* All that comes until the end of the stream; -1 with errno when that is no regular one. */
static gssize
receive (Fixture *fixture, char *buffer, gsize size)
{
  gsize received = 0;

  for (;;)
    {
      gssize n = recv (fixture->fd, buffer + received, size - received, 0);

      if (n == 0)
        return received;
      if (n < 0 && errno != EAGAIN)
        return -1;
      if (n > 0)
        received += n;
      g_assert_cmpuint (received, <, size);
      turn ();
    }
}

/* The peer asks for events and reads none. */
static void
test_stall (Fixture *fixture, gconstpointer data)
{
  const DevboxWatchPatience *patience = data;
  gint64 began = g_get_monotonic_time ();
  guint n_files = 0;

  send_text (fixture, WATCH);
  while (!fixture->is_closed)
    {
      g_assert_cmpint (g_get_monotonic_time () - began, <, 20 * G_USEC_PER_SEC);
      if (n_files < 3000)
        touch (fixture, n_files++);
      turn ();
    }
  g_assert_cmpint (g_get_monotonic_time () - began, >=, patience->stall_ms * 1000);
}

/* Events come and are read: whatever time goes by, there is no stall. */
static void
test_reader (Fixture *fixture, gconstpointer data)
{
  const DevboxWatchPatience *patience = data;
  gint64 end = g_get_monotonic_time () + 3 * patience->stall_ms * G_GINT64_CONSTANT (1000);
  char buffer[65536];
  guint n_files = 0;

  send_text (fixture, WATCH);
  while (g_get_monotonic_time () < end)
    {
      touch (fixture, n_files++ % 100);
      while (recv (fixture->fd, buffer, sizeof buffer, 0) > 0)
        ;
      turn ();
      g_assert_false (fixture->is_closed);
    }
}

/* The peer says nothing, not even a pong: it gets a close frame (1001), after our pings. */
static void
test_silence (Fixture *fixture, gconstpointer data)
{
  const DevboxWatchPatience *patience = data;
  gint64 began = g_get_monotonic_time ();
  char buffer[4096];
  gssize received = receive (fixture, buffer, sizeof buffer);

  g_assert_cmpint (g_get_monotonic_time () - began, >=, patience->silence_ms * 1000);
  g_assert_cmpint (received, >=, 4);
  g_assert_cmpmem (buffer + received - 4, 4, "\x88\x02\x03\xe9", 4);
}

/* The peer pings and reads nothing: it cannot go on for ever; and no ping that was taken is forgotten. */
static void
test_pings (Fixture *fixture, gconstpointer data)
{
  const char *ping = PING;
  const gsize size = strlen (PING);
  gsize n_sent = 0, n_answered = 0;
  guint n_turns = 0;
  char pong[2];

  /* Until the agent has taken nothing for a hundred turns. Only whole frames count: a socket of this kind takes all or
   * nothing of so few bytes. */
  while (n_turns < 100)
    {
      gssize n = send (fixture->fd, ping, size, MSG_NOSIGNAL);

      if (n > 0)
        {
          g_assert_cmpint (n, ==, size);
          n_sent++;
          n_turns = 0;
        }
      else
        {
          g_assert_cmpint (errno, ==, EAGAIN);
          n_turns++;
          turn ();
        }
      g_assert_cmpuint (n_sent, <, 1000000);
    }

  while (n_answered < n_sent)
    {
      if (recv (fixture->fd, pong, sizeof pong, 0) == sizeof pong)
        {
          g_assert_cmpmem (pong, sizeof pong, "\x8a\x00", 2);
          n_answered++;
        }
      else
        turn ();
      g_assert_false (fixture->is_closed);
    }
}

/* A message that never ends is refused as soon as it is too long. (Who upgrades the socket says so to the peer, which
 * is nobody here.) */
static void
test_endless_message (Fixture *fixture, gconstpointer data)
{
  char frame[1008] = "\x01\xfe\x03\xe8mask";
  char buffer[16];
  gsize sent = 0;

  while (sent < 1024 * 1024)
    {
      gssize n = send (fixture->fd, frame, sizeof frame, MSG_NOSIGNAL);

      if (n < 0 && errno != EAGAIN)
        break;
      if (n > 0)
        {
          g_assert_cmpint (n, ==, sizeof frame);
          frame[0] = 0;
          sent += n;
        }
      turn ();
    }
  g_assert_cmpuint (sent, <, 1024 * 1024);
  g_assert_cmpint (recv (fixture->fd, buffer, sizeof buffer, 0), <=, 0);
  for (guint i = 0; i < 1000 && !fixture->is_closed; i++)
    turn ();
  g_assert_true (fixture->is_closed);
}

int
main (int argc, char **argv)
{
  static const DevboxWatchPatience stalls = { .stall_ms = 300, .ping_interval_s = 30, .silence_ms = 75000 };
  static const DevboxWatchPatience silences = { .stall_ms = 30000, .ping_interval_s = 1, .silence_ms = 1500 };

  g_test_init (&argc, &argv, NULL);

  g_test_add ("/watch/session/stall", Fixture, &stalls, set_up, test_stall, tear_down);
  g_test_add ("/watch/session/reader", Fixture, &stalls, set_up, test_reader, tear_down);
  g_test_add ("/watch/session/silence", Fixture, &silences, set_up, test_silence, tear_down);
  g_test_add ("/watch/session/pings", Fixture, NULL, set_up, test_pings, tear_down);
  g_test_add ("/watch/session/endless-message", Fixture, NULL, set_up, test_endless_message, tear_down);

  return g_test_run ();
}
