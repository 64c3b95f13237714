/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devbox-client URL TOKEN: our client, by its public functions. */
#include "config.h"

#include "devbox-glib.h"

#include "contestant.h"

#include <stdlib.h>

typedef struct
{
  DevboxClient *client;
  DevboxInstance *box;
  const char *url;
  const char *token;
} Ours;

static void
add_reuse (GString *figures, DevboxClient *client)
{
  contestant_add_figure (figures, "reuse", devbox_pool_get_reuse_rate (devbox_client_get_pool (client)));
}

static void
check_small (GBytes *contents, const GError *error)
{
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (contents), ==, SMALL_SIZE);
}

static void
read_one_by_one (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  guint count = contestant_parse_count (arguments[0]);

  for (guint i = 0; i < count; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) contents = devbox_instance_load_file_sync (self->box, SMALL_FILE, NULL, &error);

      check_small (contents, error);
    }
  add_reuse (figures, self->client);
}

static void
count_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) contents = devbox_instance_load_file_finish (DEVBOX_INSTANCE (source), result, &error);

  check_small (contents, error);
  ++*(guint *) data;
}

static void
read_one_by_one_async (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  guint count = contestant_parse_count (arguments[0]);

  for (guint i = 0, n_done = 0; i < count; i++)
    {
      devbox_instance_load_file_async (self->box, SMALL_FILE, NULL, count_read, &n_done);
      while (n_done == i)
        g_main_context_iteration (NULL, TRUE);
    }
  add_reuse (figures, self->client);
}

/* How long each call of a crowd waits, and how far it ends from its turn. */
typedef struct
{
  gint64 start;
  guint n_done;
  guint farthest;
  gint64 *waits; /* µs */
} Crowd;

typedef struct
{
  Crowd *crowd;
  guint number;
} CrowdCall;

static void
end_crowd_call (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree CrowdCall *call = data;
  Crowd *crowd = call->crowd;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) contents = devbox_instance_load_file_finish (DEVBOX_INSTANCE (source), result, &error);
  guint distance;

  check_small (contents, error);
  distance = MAX (call->number, crowd->n_done) - MIN (call->number, crowd->n_done);
  crowd->farthest = MAX (crowd->farthest, distance);
  crowd->waits[crowd->n_done++] = g_get_monotonic_time () - crowd->start;
}

static void
read_at_once (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  g_autoptr (DevboxClient) client = devbox_client_new ();
  g_autoptr (DevboxInstance) box = devbox_instance_new_for_agent_with_client (client, self->url, self->token);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) first = devbox_instance_load_file_sync (box, SMALL_FILE, NULL, &error);
  guint count = contestant_parse_count (arguments[0]);
  g_autofree gint64 *waits = g_new0 (gint64, count);
  Crowd crowd = { .waits = waits, .start = g_get_monotonic_time () };

  check_small (first, error);
  devbox_pool_set_max_size (devbox_client_get_pool (client), contestant_parse_count (arguments[1]));
  for (guint i = 0; i < count; i++)
    {
      CrowdCall *call = g_new0 (CrowdCall, 1);

      call->crowd = &crowd;
      call->number = i;
      devbox_instance_load_file_async (box, SMALL_FILE, NULL, end_crowd_call, call);
    }
  contestant_add_figure (figures, "begun_ms", (double) (g_get_monotonic_time () - crowd.start) / 1e3);
  while (crowd.n_done < count)
    g_main_context_iteration (NULL, TRUE);

  qsort (waits, count, sizeof (gint64), contestant_compare_times);
  contestant_add_figure (figures, "median_ms", (double) waits[count / 2] / 1e3);
  contestant_add_figure (figures, "last_ms", (double) waits[count - 1] / 1e3);
  contestant_add_figure (figures, "farthest", crowd.farthest);
  add_reuse (figures, client);
  devbox_client_close (client);
}

static void
download (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = devbox_instance_open_file_sync (self->box, arguments[0], NULL, &error);
  g_autofree char *buffer = g_malloc (PIECE_SIZE);
  gsize n_read = 0;
  gssize n;

  g_assert_no_error (error);
  while ((n = g_input_stream_read (stream, buffer, PIECE_SIZE, NULL, &error)) > 0)
    n_read += (gsize) n;
  g_assert_no_error (error);
  contestant_add_figure (figures, "bytes", (double) n_read);
}

static void
load (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) contents = devbox_instance_load_file_sync (self->box, arguments[0], NULL, &error);

  g_assert_no_error (error);
  contestant_add_figure (figures, "bytes", (double) g_bytes_get_size (contents));
}

static GInputStream *
open_zeros (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/dev/zero");
  g_autoptr (GError) error = NULL;
  GFileInputStream *stream = g_file_read (file, NULL, &error);

  g_assert_no_error (error);

  return G_INPUT_STREAM (stream);
}

static void
upload (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  g_autoptr (GInputStream) zeros = open_zeros ();
  guint size = contestant_parse_count (arguments[1]);
  g_autoptr (GError) error = NULL;

  devbox_instance_replace_file_from_stream_sync (self->box, arguments[0], zeros, size, 0, NULL, &error);
  g_assert_no_error (error);
  contestant_add_figure (figures, "bytes", size);
}

/* "batch FOLDER COUNT SIZE" */
static void
upload_batch (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  guint count = contestant_parse_count (arguments[1]);
  guint size = contestant_parse_count (arguments[2]);
  g_autofree char *text = g_strnfill (size, 'x');
  g_autoptr (GBytes) contents = g_bytes_new (text, size);
  g_autoptr (GHashTable) files
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  g_autoptr (DevboxUploadResult) result = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < count; i++)
    g_hash_table_insert (files, g_strdup_printf ("%s/%u/file-%u.txt", arguments[0], i % 100, i),
                         g_bytes_ref (contents));
  result = devbox_instance_upload_files_sync (self->box, files, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (devbox_upload_result_get_n_processed (result), ==, count);
}

/* A timer that should fire each ms while something large moves in the same main context. */
typedef struct
{
  GArray *delays; /* µs */
  gint64 due;
  char *buffer;
  gsize n_moved;
  gboolean is_done;
} Moving;

static gboolean
tick (gpointer data)
{
  Moving *self = data;
  gint64 now = g_get_monotonic_time ();
  gint64 delay = MAX (now - self->due, 0);

  g_array_append_val (self->delays, delay);
  self->due = now + 1000;

  return G_SOURCE_CONTINUE;
}

static void
go_on_reading (GObject *source, GAsyncResult *result, gpointer data)
{
  Moving *self = data;
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  g_assert_no_error (error);
  self->n_moved += (gsize) n;
  self->is_done = n == 0;
  if (n > 0)
    g_input_stream_read_async (G_INPUT_STREAM (source), self->buffer, PIECE_SIZE, G_PRIORITY_DEFAULT, NULL,
                               go_on_reading, self);
}

static void
begin_reading (GObject *source, GAsyncResult *result, gpointer data)
{
  Moving *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = devbox_instance_open_file_finish (DEVBOX_INSTANCE (source), result, &error);

  g_assert_no_error (error);
  g_input_stream_read_async (stream, self->buffer, PIECE_SIZE, G_PRIORITY_DEFAULT, NULL, go_on_reading, self);
}

static void
end_writing (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  devbox_instance_replace_file_from_stream_finish (DEVBOX_INSTANCE (source), result, &error);
  g_assert_no_error (error);
  ((Moving *) data)->is_done = TRUE;
}

static void
end_loading (GObject *source, GAsyncResult *result, gpointer data)
{
  Moving *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) contents = devbox_instance_load_file_finish (DEVBOX_INSTANCE (source), result, &error);

  g_assert_no_error (error);
  self->n_moved = g_bytes_get_size (contents);
  self->is_done = TRUE;
}

static void
watch_timer (Moving *self, GString *figures)
{
  guint id;

  self->delays = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->due = g_get_monotonic_time () + 1000;
  id = g_timeout_add (1, tick, self);
  while (!self->is_done)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);

  g_array_sort (self->delays, contestant_compare_times);
  contestant_add_figure (figures, "bytes", (double) self->n_moved);
  contestant_add_figure (figures, "count", self->delays->len);
  contestant_add_figure (figures, "median_us", g_array_index (self->delays, gint64, self->delays->len / 2));
  contestant_add_figure (figures, "p999_us", g_array_index (self->delays, gint64, self->delays->len * 999 / 1000));
  contestant_add_figure (figures, "most_us", g_array_index (self->delays, gint64, self->delays->len - 1));
  g_array_unref (self->delays);
}

static void
time_download (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  g_autofree char *buffer = g_malloc (PIECE_SIZE);
  Moving moving = { .buffer = buffer };

  devbox_instance_open_file_async (self->box, arguments[0], NULL, begin_reading, &moving);
  watch_timer (&moving, figures);
}

static void
time_upload (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  g_autoptr (GInputStream) zeros = open_zeros ();
  Moving moving = { .n_moved = contestant_parse_count (arguments[1]) };

  devbox_instance_replace_file_from_stream_async (self->box, arguments[0], zeros, (goffset) moving.n_moved, 0, NULL,
                                                  end_writing, &moving);
  watch_timer (&moving, figures);
}

static void
time_load (gpointer contestant, char **arguments, GString *figures)
{
  Ours *self = contestant;
  Moving moving = { 0 };

  devbox_instance_load_file_async (self->box, arguments[0], NULL, end_loading, &moving);
  watch_timer (&moving, figures);
}

static gboolean
end_rest (gpointer data)
{
  ((Moving *) data)->is_done = TRUE;

  return G_SOURCE_REMOVE;
}

/* For comparison: what the rest of the machine does to the timer while nothing moves. */
static void
time_rest (gpointer contestant, char **arguments, GString *figures)
{
  Moving moving = { 0 };

  g_timeout_add (contestant_parse_count (arguments[0]), end_rest, &moving);
  watch_timer (&moving, figures);
}

int
main (int argc, char *argv[])
{
  static const ContestantOperation operations[] = {
    { "reads", 1, read_one_by_one },
    { "reads-async", 1, read_one_by_one_async },
    { "crowd", 2, read_at_once },
    { "download", 1, download },
    { "load", 1, load },
    { "upload", 2, upload },
    { "batch", 3, upload_batch },
    { "timer-rest", 1, time_rest },
    { "timer-download", 1, time_download },
    { "timer-upload", 2, time_upload },
    { "timer-load", 1, time_load },
  };
  Ours self = { 0 };

  g_assert_cmpint (argc, ==, 3);
  self.url = argv[1];
  self.token = argv[2];
  self.client = devbox_client_new ();
  self.box = devbox_instance_new_for_agent_with_client (self.client, self.url, self.token);
  contestant_serve (&self, operations, G_N_ELEMENTS (operations));

  devbox_client_close (self.client);
  g_object_unref (self.box);
  g_object_unref (self.client);

  return EXIT_SUCCESS;
}
