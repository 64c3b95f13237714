/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pipe-private.h"

#include <string.h>

#define N_BYTES (8 * 1024 * 1024)

static void
write_text (DevboxPipe *pipe, const char *text)
{
  gpointer space = NULL;
  gsize size = devbox_pipe_reserve (pipe, &space);

  g_assert_cmpuint (size, >=, strlen (text));
  memcpy (space, text, strlen (text));
  devbox_pipe_commit (pipe, strlen (text));
}

static void
assert_reads (DevboxPipe *pipe, const char *text)
{
  g_autoptr (GError) error = NULL;
  char buffer[100];
  gssize n = devbox_pipe_read_nonblocking (pipe, buffer, sizeof (buffer), &error);

  g_assert_no_error (error);
  g_assert_cmpmem (buffer, (gsize) n, text, strlen (text));
}

static void
assert_fails (DevboxPipe *pipe, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  char buffer[100];

  g_assert_cmpint (devbox_pipe_read_nonblocking (pipe, buffer, sizeof (buffer), &error), ==, -1);
  g_assert_error (error, domain, code);
}

static void
test_ends (void)
{
  g_autoptr (DevboxPipe) pipe = devbox_pipe_new (100);

  g_assert_false (devbox_pipe_is_readable (pipe));
  assert_fails (pipe, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  write_text (pipe, "one");
  write_text (pipe, "two");
  assert_reads (pipe, "onetwo");
  write_text (pipe, "three");
  devbox_pipe_end (pipe, NULL);
  devbox_pipe_end (pipe, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "too late"));
  assert_reads (pipe, "three");
  assert_reads (pipe, "");
  assert_reads (pipe, "");
  g_assert_cmpuint (devbox_pipe_get_n_read (pipe), ==, strlen ("onetwothree"));
}

static void
test_error_comes_after_the_bytes (void)
{
  g_autoptr (DevboxPipe) pipe = devbox_pipe_new (100);

  write_text (pipe, "all");
  devbox_pipe_end (pipe, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, "gone"));
  assert_reads (pipe, "all");
  assert_fails (pipe, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
  assert_fails (pipe, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
}

static void
test_close (void)
{
  g_autoptr (DevboxPipe) pipe = devbox_pipe_new (100);
  gpointer space;

  write_text (pipe, "lost");
  devbox_pipe_close (pipe);
  assert_fails (pipe, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_cmpuint (devbox_pipe_reserve (pipe, &space), ==, 0);
}

static void
test_rewind (void)
{
  g_autoptr (DevboxPipe) pipe = devbox_pipe_new (100);
  gpointer space;

  write_text (pipe, "not read");
  g_assert_true (devbox_pipe_rewind (pipe));
  g_assert_false (devbox_pipe_take_rewind (pipe));
  assert_reads (pipe, "not read");
  g_assert_false (devbox_pipe_rewind (pipe));

  devbox_pipe_set_can_rewind (pipe, TRUE);
  write_text (pipe, "of old");
  g_assert_true (devbox_pipe_rewind (pipe));
  g_assert_cmpuint (devbox_pipe_reserve (pipe, &space), ==, 0);
  devbox_pipe_commit (pipe, 10);
  devbox_pipe_end (pipe, NULL);
  assert_fails (pipe, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_true (devbox_pipe_take_rewind (pipe));
  g_assert_false (devbox_pipe_take_rewind (pipe));
  write_text (pipe, "anew");
  assert_reads (pipe, "anew");
}

typedef struct
{
  DevboxPipe *pipe;
  GMainContext *context;
  GRand *rand;
  guint32 position;
  gboolean is_done;
} Writer;

static gboolean
write_some (gpointer data)
{
  Writer *self = data;
  gpointer space;
  gsize size = devbox_pipe_reserve (self->pipe, &space);
  gsize piece = (gsize) g_rand_int_range (self->rand, 1, 5000);

  size = MIN (MIN (size, piece), N_BYTES - self->position);
  for (gsize i = 0; i < size; i++)
    ((guint8 *) space)[i] = (guint8) ((self->position + i) % 251);
  devbox_pipe_commit (self->pipe, size);
  self->position += size;
  if (self->position < N_BYTES)
    return G_SOURCE_CONTINUE;

  devbox_pipe_end (self->pipe, NULL);
  self->is_done = TRUE;

  return G_SOURCE_REMOVE;
}

static gpointer
run_writer (gpointer data)
{
  Writer *self = data;
  g_autoptr (GSource) source = devbox_pipe_source_new (self->pipe, DEVBOX_PIPE_WRITABLE);

  self->context = g_main_context_new ();
  self->rand = g_rand_new_with_seed (1);
  g_source_set_callback (source, write_some, self, NULL);
  g_source_attach (source, self->context);
  while (!self->is_done)
    g_main_context_iteration (self->context, TRUE);
  g_main_context_unref (self->context);
  g_rand_free (self->rand);

  return NULL;
}

/* A pipe much smaller than what goes through it, so that it wraps and fills all the time. */
static void
test_threads (void)
{
  g_autoptr (DevboxPipe) pipe = devbox_pipe_new (7919);
  Writer writer = { .pipe = pipe };
  GThread *thread = g_thread_new ("writer", run_writer, &writer);
  guint32 position = 0;
  guint8 buffer[4096];
  gssize n;

  while ((n = devbox_pipe_read (pipe, buffer, 1 + position % sizeof (buffer), NULL, NULL)) > 0)
    {
      for (gssize i = 0; i < n; i++, position++)
        {
          if (buffer[i] != position % 251)
            g_error ("Byte %u is wrong", position);
        }
    }
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpuint (position, ==, N_BYTES);

  g_thread_join (thread);
  devbox_pipe_close (pipe);
}

static gboolean
note_cb (gpointer data)
{
  *(gboolean *) data = TRUE;

  return G_SOURCE_REMOVE;
}

static gpointer
close_soon (gpointer data)
{
  g_usleep (10 * 1000);
  devbox_pipe_close (data);

  return NULL;
}

/* A source that is forgotten without being destroyed goes when the pipe does. */
static void
test_sources (void)
{
  g_autoptr (DevboxPipe) pipe = devbox_pipe_new (100);
  g_autoptr (GMainContext) context = g_main_context_new ();
  GMainContext *forgotten = g_main_context_new ();
  g_autoptr (GSource) closed = devbox_pipe_source_new (pipe, DEVBOX_PIPE_CLOSED);
  GSource *readable = devbox_pipe_source_new (pipe, DEVBOX_PIPE_READABLE);
  gboolean was_called = FALSE;
  gboolean was_closed = FALSE;
  GThread *thread;

  g_source_set_callback (readable, note_cb, &was_called, NULL);
  g_source_attach (readable, forgotten);
  g_source_unref (readable);
  g_assert_false (g_main_context_iteration (forgotten, FALSE));
  g_main_context_unref (forgotten);
  write_text (pipe, "for nobody");
  g_assert_false (was_called);

  g_source_set_callback (closed, note_cb, &was_closed, NULL);
  g_source_attach (closed, context);
  thread = g_thread_new ("closer", close_soon, pipe);
  while (!was_closed)
    g_main_context_iteration (context, TRUE);
  g_thread_join (thread);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/pipe/ends", test_ends);
  g_test_add_func ("/client/pipe/error-comes-after-the-bytes", test_error_comes_after_the_bytes);
  g_test_add_func ("/client/pipe/close", test_close);
  g_test_add_func ("/client/pipe/rewind", test_rewind);
  g_test_add_func ("/client/pipe/threads", test_threads);
  g_test_add_func ("/client/pipe/sources", test_sources);

  return g_test_run ();
}
