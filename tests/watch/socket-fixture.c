/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket-fixture.h"

#include "devbox-http-upgraded-stream-private.h"
#include "devbox-libsoup-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LINES 100
#define MEBIBYTE (1024 * 1024)

static void
on_closed (SoupWebsocketConnection *connection, gpointer user_data)
{
  ((SocketFixture *) user_data)->is_closed = TRUE;
}

static GIOStream *
make_stream (int fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GSocketConnection) connection = NULL;

  g_assert_no_error (error);
  connection = g_socket_connection_factory_create_connection (socket);

  return devbox_http_upgraded_stream_new (connection, 64 * 1024, NULL);
}

static DevboxOutputLog *
find_log (DevboxLogOwner owner, const char *id, gpointer user_data)
{
  SocketFixture *self = user_data;

  return owner == DEVBOX_LOG_PROCESS && strcmp (id, SOCKET_FIXTURE_ID) == 0 ? self->log : NULL;
}

static void
make_log (SocketFixture *self)
{
  const DevboxOutputPolicy policy
      = { .retention = DEVBOX_OUTPUT_KEEP_LAST, .limit = 64 * MEBIBYTE, .max_lines = MAX_LINES };
  DevboxOutputBudget *budget = devbox_output_budget_new (64 * MEBIBYTE);
  DevboxOutputSpill *spill = devbox_output_spill_new (self->folder, 0);

  self->log = devbox_output_log_new (&policy, g_main_context_default (), budget, spill);
  self->log_finder = devbox_log_finder_new (find_log, self);
  devbox_output_spill_unref (spill);
  devbox_output_budget_unref (budget);
}

void
socket_fixture_set_up (SocketFixture *self, gconstpointer patience)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) uri = g_uri_parse ("ws://localhost/ws", G_URI_FLAGS_NONE, NULL);
  g_autoptr (GIOStream) stream = NULL;
  int fds[2], root;

  self->folder = g_dir_make_tmp ("devbox-session-XXXXXX", &error);
  g_assert_no_error (error);
  self->workspace = devbox_workspace_new (self->folder, &error);
  g_assert_no_error (error);
  root = open (self->folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (root, >=, 0);
  self->watcher = devbox_tree_watcher_new (root, DEVBOX_TREE_ENGINE_AUTO);
  close (root);

  make_log (self);
  self->received = g_byte_array_new ();
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds));
  self->fd = fds[1];
  stream = make_stream (fds[0]);
  self->connection = soup_websocket_connection_new (stream, uri, SOUP_WEBSOCKET_CONNECTION_SERVER, NULL, NULL, NULL);
  g_signal_connect (self->connection, "closed", G_CALLBACK (on_closed), self);
  g_assert_true (devbox_libsoup_load ());
  devbox_socket_session_start (self->connection, self->watcher, self->workspace, self->log_finder, patience);
}

void
socket_fixture_turn (void)
{
  if (!g_main_context_iteration (NULL, FALSE))
    g_usleep (1000);
}

void
socket_fixture_tear_down (SocketFixture *self, gconstpointer patience)
{
  g_autoptr (GDir) folder = g_dir_open (self->folder, 0, NULL);
  const char *name;

  close (self->fd);
  while (!self->is_closed)
    socket_fixture_turn ();
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (self->connection);
  devbox_output_log_unref (self->log);
  devbox_log_finder_unref (self->log_finder);
  g_byte_array_unref (self->received);
  devbox_tree_watcher_unref (self->watcher);
  devbox_workspace_unref (self->workspace);

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_assert_no_errno (g_unlink (path));
    }
  g_assert_no_errno (g_rmdir (self->folder));
  g_free (self->folder);
}

/* A text with a mask of zeros, as short ones may be written by hand. */
void
socket_fixture_send_text (SocketFixture *self, const char *text)
{
  g_autoptr (GString) frame = g_string_new ("\x81");

  g_string_append_c (frame, (char) (0x80 | strlen (text)));
  g_string_append_len (frame, "\0\0\0\0", 4);
  g_string_append (frame, text);
  g_assert_cmpint (send (self->fd, frame->str, frame->len, MSG_NOSIGNAL), ==, frame->len);
}

/* Of the frame at the beginning of what was received, as a server writes it: the size of its head and of all of it; 0:
 * it is not there yet. */
static gsize
measure_frame (const GByteArray *received, gsize *head)
{
  const guint8 *data = received->data;
  gsize size;

  if (received->len < 4)
    return 0;

  *head = data[1] < 126 ? 2 : data[1] == 126 ? 4 : 10;
  if (received->len < *head)
    return 0;

  size = data[1];
  if (*head == 4)
    size = data[2] << 8 | data[3];
  else if (*head == 10)
    size = data[6] << 24 | data[7] << 16 | data[8] << 8 | data[9];

  return received->len < *head + size ? 0 : *head + size;
}

char *
socket_fixture_receive_text (SocketFixture *self)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  guint8 buffer[4096];
  gsize size, head;
  char *text;

  while ((size = measure_frame (self->received, &head)) == 0)
    {
      gssize n = recv (self->fd, buffer, sizeof buffer, 0);

      g_assert_cmpint (n, !=, 0);
      if (n > 0)
        g_byte_array_append (self->received, buffer, n);
      else
        socket_fixture_turn ();
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }

  g_assert_cmpuint (self->received->data[0], ==, 0x81);
  text = g_strndup ((const char *) self->received->data + head, size - head);
  g_byte_array_remove_range (self->received, 0, size);

  return text;
}
