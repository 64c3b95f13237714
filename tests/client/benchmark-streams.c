/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"
#include "devbox-instance.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a file of 256 MiB costs as a stream, beside bare sockets against the same agent in the same run, medians of
 * interleaved rounds; and how late a timer is in the main context that moves 1 GiB. */

#define N_ROUNDS 5
#define MIB (1024 * 1024)
#define SIZE (256L * MIB)
#define LARGE_SIZE (1024L * MIB)
#define PIECE_SIZE (256 * 1024)

typedef struct
{
  char *folder;
  GSubprocess *agent;
  char *url;
  DevboxInstance *box;
} Stage;

static void
make_file (Stage *self, const char *name, off_t size)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, "", 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (truncate (path, size), ==, 0);
}

static void
set_up (Stage *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) screen = NULL;
  g_autofree char *line = NULL;

  self->folder = g_strdup ("/dev/shm/devbox-benchmark-XXXXXX");
  g_assert_nonnull (g_mkdtemp (self->folder));
  make_file (self, "file", SIZE);
  make_file (self, "large", LARGE_SIZE);
  self->agent = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error,
                                  g_getenv ("DEVBOX_SERVER"), "--host", "127.0.0.1", "--port", "0", "--max-file-size",
                                  "0", "--workspace-path", self->folder, NULL);
  g_assert_no_error (error);

  screen = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->agent));
  do
    {
      g_free (line);
      line = g_data_input_stream_read_line_utf8 (screen, NULL, NULL, NULL);
      g_assert_nonnull (line);
    }
  while (strstr (line, "http://") == NULL);
  self->url = g_strdup (strstr (line, "http://"));
  self->box = devbox_instance_new_for_agent (self->url, NULL);
}

static void
tear_down (Stage *self)
{
  static const char *const names[] = { "file", "large", "copy" };

  g_subprocess_send_signal (self->agent, SIGTERM);
  g_subprocess_wait (self->agent, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->folder, names[i], NULL);

      g_unlink (path);
    }
  g_rmdir (self->folder);
  g_object_unref (self->agent);
  g_object_unref (self->box);
  g_free (self->folder);
  g_free (self->url);
}

static int
connect_bare (Stage *self)
{
  struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  name.sin_port = htons ((guint16) atoi (strrchr (self->url, ':') + 1));
  g_assert_cmpint (connect (fd, (struct sockaddr *) &name, sizeof (name)), ==, 0);

  return fd;
}

static void
download_bare (Stage *self)
{
  static const char request[] = "GET /api/v1/files/read?path=file HTTP/1.1\r\nHost: localhost\r\n\r\n";
  g_autofree char *buffer = g_malloc (PIECE_SIZE);
  int fd = connect_bare (self);
  gsize n_read = 0;

  g_assert_cmpint (send (fd, request, strlen (request), 0), ==, (gssize) strlen (request));
  while (n_read < SIZE)
    {
      gssize n = recv (fd, buffer, PIECE_SIZE, 0);

      g_assert_cmpint (n, >, 0);
      n_read += (gsize) n;
    }
  close (fd);
}

static void
download_stream (Stage *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = devbox_instance_open_file_sync (self->box, "file", NULL, &error);
  g_autofree char *buffer = g_malloc (PIECE_SIZE);
  gsize n_read = 0;
  gssize n;

  g_assert_no_error (error);
  while ((n = g_input_stream_read (stream, buffer, PIECE_SIZE, NULL, &error)) > 0)
    n_read += (gsize) n;
  g_assert_no_error (error);
  g_assert_cmpuint (n_read, ==, SIZE);
}

static void
upload_bare (Stage *self)
{
  g_autofree char *head
      = g_strdup_printf ("POST /api/v1/files/write?path=copy HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                         "application/octet-stream\r\nContent-Length: %ld\r\n\r\n",
                         SIZE);
  g_autofree char *buffer = g_malloc0 (PIECE_SIZE);
  int fd = connect_bare (self);

  g_assert_cmpint (send (fd, head, strlen (head), 0), ==, (gssize) strlen (head));
  for (gsize n_sent = 0; n_sent < SIZE; n_sent += PIECE_SIZE)
    g_assert_cmpint (send (fd, buffer, PIECE_SIZE, 0), ==, PIECE_SIZE);
  g_assert_cmpint (recv (fd, buffer, PIECE_SIZE, 0), >, 0);
  close (fd);
}

static void
upload_stream (Stage *self)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/dev/zero");
  g_autoptr (GInputStream) contents = G_INPUT_STREAM (g_file_read (file, NULL, NULL));
  g_autoptr (GError) error = NULL;

  devbox_instance_replace_file_from_stream_sync (self->box, "copy", contents, SIZE, 0, NULL, &error);
  g_assert_no_error (error);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  return (*(const gint64 *) a > *(const gint64 *) b) - (*(const gint64 *) a < *(const gint64 *) b);
}

static void
measure_rates (Stage *self)
{
  static const struct
  {
    const char *name;
    void (*run) (Stage *self);
  } ways[] = {
    { "download, bare", download_bare },
    { "download, stream", download_stream },
    { "upload, bare", upload_bare },
    { "upload, stream", upload_stream },
  };
  gint64 times[G_N_ELEMENTS (ways)][N_ROUNDS];

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
        {
          gint64 start = g_get_monotonic_time ();

          ways[i].run (self);
          times[i][round] = g_get_monotonic_time () - start;
        }
    }

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      qsort (times[i], N_ROUNDS, sizeof (gint64), compare_times);
      g_print ("%-18s %7.0f MiB/s  %4.2f of bare\n", ways[i].name,
               (double) SIZE / MIB * G_USEC_PER_SEC / (double) times[i][N_ROUNDS / 2],
               (double) times[i - i % 2][N_ROUNDS / 2] / (double) times[i][N_ROUNDS / 2]);
    }
}

typedef struct
{
  GArray *late; /* µs */
  gint64 due;
  char *buffer;
  gsize n_read;
  gboolean is_done;
} Moving;

static gboolean
tick (gpointer data)
{
  Moving *self = data;
  gint64 now = g_get_monotonic_time ();
  gint64 late = MAX (now - self->due, 0);

  g_array_append_val (self->late, late);
  self->due = now + 1000;

  return G_SOURCE_CONTINUE;
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Moving *self = data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  g_assert_cmpint (n, >=, 0);
  self->n_read += (gsize) n;
  self->is_done = n == 0;
  if (n > 0)
    g_input_stream_read_async (G_INPUT_STREAM (source), self->buffer, PIECE_SIZE, G_PRIORITY_DEFAULT, NULL, read_cb,
                               self);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  devbox_instance_replace_file_from_stream_finish (DEVBOX_INSTANCE (source), result, &error);
  g_assert_no_error (error);
  ((Moving *) data)->is_done = TRUE;
}

static void
move (Moving *self, const char *name)
{
  guint id;

  self->due = g_get_monotonic_time () + 1000;
  id = g_timeout_add (1, tick, self);
  while (!self->is_done)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);

  g_array_sort (self->late, compare_times);
  g_print ("timer, 1 GiB %s: %u times; late by %" G_GINT64_FORMAT " us at the median, %" G_GINT64_FORMAT
           " us at p99.9, %" G_GINT64_FORMAT " us at most\n",
           name, self->late->len, g_array_index (self->late, gint64, self->late->len / 2),
           g_array_index (self->late, gint64, self->late->len * 999 / 1000),
           g_array_index (self->late, gint64, self->late->len - 1));
  g_array_set_size (self->late, 0);
  self->is_done = FALSE;
}

static void
measure_lateness (Stage *self)
{
  g_autoptr (GInputStream) stream = devbox_instance_open_file_sync (self->box, "large", NULL, NULL);
  g_autoptr (GFile) file = g_file_new_for_path ("/dev/zero");
  g_autoptr (GInputStream) contents = G_INPUT_STREAM (g_file_read (file, NULL, NULL));
  g_autofree char *buffer = g_malloc (PIECE_SIZE);
  Moving moving = { .late = g_array_new (FALSE, FALSE, sizeof (gint64)), .buffer = buffer };

  g_input_stream_read_async (stream, buffer, PIECE_SIZE, G_PRIORITY_DEFAULT, NULL, read_cb, &moving);
  move (&moving, "down");
  g_assert_cmpuint (moving.n_read, ==, LARGE_SIZE);

  devbox_instance_replace_file_from_stream_async (self->box, "copy", contents, LARGE_SIZE, 0, NULL, written_cb,
                                                  &moving);
  move (&moving, "up");
  g_array_unref (moving.late);
}

int
main (void)
{
  Stage stage = { 0 };

  if (g_getenv ("DEVBOX_SERVER") == NULL)
    {
      g_printerr ("DEVBOX_SERVER must name the agent's program\n");
      return EXIT_FAILURE;
    }

  set_up (&stage);
  measure_rates (&stage);
  measure_lateness (&stage);
  tear_down (&stage);

  return EXIT_SUCCESS;
}
