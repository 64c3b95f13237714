/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-http-upgraded-output-private.h"

#include <gio/gunixoutputstream.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  GOutputStream *output;
  int peer;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  int fds[2];
  int size = 4096;

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  g_assert_no_errno (setsockopt (fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
  socket = g_socket_new_from_fd (fds[0], NULL);
  connection = g_socket_connection_factory_create_connection (socket);
  self->output = devbox_http_upgraded_output_new (g_io_stream_get_output_stream (G_IO_STREAM (connection)), NULL);
  g_object_set_data_full (G_OBJECT (self->output), "connection", g_steal_pointer (&connection), g_object_unref);
  self->peer = fds[1];
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_object_unref (self->output);
  if (self->peer >= 0)
    close (self->peer);
}

static gssize
try_write (Fixture *self, const void *data, gsize size, GError **error)
{
  return g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (self->output), data, size, NULL, error);
}

static void
read_some (Fixture *self, GByteArray *got, gsize size)
{
  g_autofree guint8 *buffer = g_malloc (size);
  gssize n = recv (self->peer, buffer, size, MSG_DONTWAIT);

  if (n > 0)
    g_byte_array_append (got, buffer, n);
}

/* Two writers of blocks that name themselves, and a peer that takes a little now and then. */
static void
test_whole (Fixture *self, gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20261123);
  g_autoptr (GByteArray) sent = g_byte_array_new ();
  g_autoptr (GByteArray) got = g_byte_array_new ();
  guint n_refused = 0;

  for (guint i = 0; i < 2000; i++)
    {
      gsize size = g_rand_int_range (random, 1, 20000);
      g_autofree guint8 *block = g_malloc (size);
      g_autoptr (GError) error = NULL;
      gssize n;

      memset (block, i, size);
      n = try_write (self, block, size, &error);
      if (n < 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          n_refused++;
        }
      else
        {
          g_assert_cmpint (n, ==, size);
          g_byte_array_append (sent, block, size);
        }
      read_some (self, got, g_rand_int_range (random, 1, 20000));
      if (g_rand_boolean (random))
        g_main_context_iteration (NULL, FALSE);
    }

  while (got->len < sent->len)
    {
      read_some (self, got, 65536);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (n_refused, >, 0);
  g_assert_cmpmem (got->data, got->len, sent->data, sent->len);
  g_assert_true (g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (self->output)));
}

static gboolean
on_source (GObject *stream, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

/* What waits leaves by itself, and who waits for room is told. */
static void
test_waiting (Fixture *self, gconstpointer data)
{
  g_autoptr (GByteArray) got = g_byte_array_new ();
  g_autofree guint8 *block = g_malloc0 (100000);
  g_autoptr (GSource) source = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_told = FALSE;

  g_assert_cmpint (try_write (self, block, 100000, NULL), ==, 100000);
  g_assert_false (g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (self->output)));
  g_assert_cmpint (try_write (self, block, 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);

  source = g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (self->output), NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_source), &is_told, NULL);
  g_source_attach (source, NULL);
  g_main_context_iteration (NULL, FALSE);
  g_assert_false (is_told);

  while (got->len < 100000)
    {
      read_some (self, got, 65536);
      g_main_context_iteration (NULL, FALSE);
    }
  while (!is_told)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (self->output)));
}

static void
test_peer_gone (Fixture *self, gconstpointer data)
{
  g_autofree guint8 *block = g_malloc0 (100000);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (try_write (self, block, 100000, NULL), ==, 100000);
  close (self->peer);
  self->peer = -1;

  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (try_write (self, block, 100000, &error), ==, -1);
  g_assert_nonnull (error);
  g_assert_false (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/http/upgraded-output/whole", Fixture, NULL, set_up, test_whole, tear_down);
  g_test_add ("/http/upgraded-output/waiting", Fixture, NULL, set_up, test_waiting, tear_down);
  g_test_add ("/http/upgraded-output/peer-gone", Fixture, NULL, set_up, test_peer_gone, tear_down);

  return g_test_run ();
}
