/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-upload-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-write-request-private.h"

#include <glib/gi18n-lib.h>

/* A JSON body can be six times as long as the text in it (\u0041), and carries paths and names beside it. */
#define JSON_EXPANSION 6
#define JSON_OVERHEAD (64 * 1024)

#define MAX_TURN (2 * 1000) /* µs */

/* What is fed at once, in bytes. */
#define MIN_SLICE 256
#define FIRST_SLICE (16 * 1024)
#define MAX_SLICE (256 * 1024)

typedef struct
{
  DevboxHttpExchange *exchange; /* which owns this */
  const DevboxUploadFuncs *funcs;
  gpointer target;
  DevboxUploadReplyFunc reply;
  DevboxUploadErrorFunc reply_error;
  gpointer user_data;
  goffset limit;
  goffset received;
  gsize slice;
  GByteArray *rest; /* of a piece that took long, while the body is paused */
  GSource *turn;
} Upload;

static void
upload_free (gpointer data)
{
  Upload *self = data;

  if (self->turn != NULL)
    {
      g_source_destroy (self->turn);
      g_source_unref (self->turn);
    }
  g_clear_pointer (&self->rest, g_byte_array_unref);
  self->funcs->free (self->target);
  g_free (self);
}

/* A few bytes can be a file that has to be made, or be one among millions: what the last ones took says how many may be
 * next. */
static gboolean
feed_slice (Upload *self, const guint8 *data, gsize size, GError **error)
{
  gint64 start = g_get_monotonic_time ();
  gboolean fed = self->funcs->feed (self->target, (const char *) data, size, error);
  gint64 elapsed = g_get_monotonic_time () - start;

  if (elapsed > MAX_TURN)
    self->slice = MAX (self->slice / 2, MIN_SLICE);
  else if (elapsed < MAX_TURN / 4)
    self->slice = MIN (self->slice * 2, MAX_SLICE);

  return fed;
}

/* Returns how much was taken before the time was up. */
static gsize
feed_for_a_while (Upload *self, const guint8 *data, gsize size, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + MAX_TURN;
  gsize done = 0;

  do
    {
      gsize slice = MIN (self->slice, size - done);

      if (!feed_slice (self, data + done, slice, error))
        break;
      done += slice;
    }
  while (done < size && g_get_monotonic_time () < deadline);

  return done;
}

static gboolean
take_turn (gpointer user_data)
{
  Upload *self = user_data;
  g_autoptr (GError) error = NULL;
  gsize done = feed_for_a_while (self, self->rest->data, self->rest->len, &error);

  if (error == NULL && done < self->rest->len)
    {
      g_byte_array_remove_range (self->rest, 0, done);
      return G_SOURCE_CONTINUE;
    }

  g_clear_pointer (&self->rest, g_byte_array_unref);
  g_clear_pointer (&self->turn, g_source_unref);
  devbox_http_exchange_resume_body (self->exchange);
  /* Last, since it may be the end of all this. */
  if (error != NULL)
    self->reply_error (self->exchange, error);

  return G_SOURCE_REMOVE;
}

static void
take_later (Upload *self, const guint8 *data, gsize size)
{
  self->rest = g_byte_array_append (g_byte_array_sized_new (size), data, size);
  devbox_http_exchange_pause_body (self->exchange);

  self->turn = g_idle_source_new ();
  g_source_set_priority (self->turn, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->turn, take_turn, self, NULL);
  g_source_attach (self->turn, g_main_context_get_thread_default ());
}

static GError *
make_too_large (goffset limit)
{
  g_autofree char *size = g_format_size_full (limit, G_FORMAT_SIZE_LONG_FORMAT);

  /* Translators: %s is a size with its unit */
  return g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE, _ ("The body is larger than the limit of %s"),
                      size);
}

static void
take_piece (Upload *self, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  gsize done = 0;

  self->received += size;
  if (self->limit >= 0 && self->received > self->limit)
    error = make_too_large (self->limit);
  else
    done = feed_for_a_while (self, data, size, &error);

  if (error != NULL)
    self->reply_error (self->exchange, error);
  else if (done < size)
    take_later (self, data + done, size - done);
}

static void
on_body (DevboxHttpExchange *exchange,
         DevboxHttpBodyEvent event,
         const guint8 *data,
         gsize size,
         const GError *body_error,
         gpointer user_data)
{
  Upload *self = user_data;
  g_autoptr (GError) error = NULL;

  switch (event)
    {
    case DEVBOX_HTTP_BODY_DATA:
      take_piece (self, data, size);
      break;
    case DEVBOX_HTTP_BODY_END:
      if (self->funcs->finish (self->target, &error))
        self->reply (exchange, self->target, self->user_data);
      else
        self->reply_error (exchange, error);
      break;
    case DEVBOX_HTTP_BODY_ABORTED:
      /* It is freed with the exchange, which leaves nothing of it behind. */
      break;
    default:
      g_assert_not_reached ();
    }
}

void
devbox_upload_receive (DevboxHttpExchange *exchange,
                       goffset limit,
                       const DevboxUploadFuncs *funcs,
                       gpointer target,
                       DevboxUploadReplyFunc reply,
                       DevboxUploadErrorFunc reply_error,
                       gpointer user_data)
{
  Upload *self;

  /* Before any of it is read; the engine would answer in one form for all dialects. */
  if (limit >= 0 && devbox_http_exchange_get_content_length (exchange) > limit)
    {
      g_autoptr (GError) error = make_too_large (limit);

      reply_error (exchange, error);
      funcs->free (target);
      return;
    }

  self = g_new0 (Upload, 1);
  self->exchange = exchange;
  self->funcs = funcs;
  self->target = target;
  self->reply = reply;
  self->reply_error = reply_error;
  self->user_data = user_data;
  self->limit = limit;
  self->slice = FIRST_SLICE;
  devbox_http_exchange_read_body (exchange, -1, on_body, self, upload_free);
}

goffset
devbox_upload_get_json_limit (goffset content_size)
{
  if (content_size < 0 || content_size >= G_MAXINT64 / JSON_EXPANSION - JSON_OVERHEAD)
    return -1;

  return content_size * JSON_EXPANSION + JSON_OVERHEAD;
}

static gboolean
feed_write_request (gpointer target, const char *data, gsize size, GError **error)
{
  return devbox_write_request_feed (target, data, size, error);
}

static gboolean
finish_write_request (gpointer target, GError **error)
{
  return devbox_write_request_finish (target, error);
}

const DevboxUploadFuncs devbox_upload_write_request = {
  .feed = feed_write_request,
  .finish = finish_write_request,
  .free = (GDestroyNotify) devbox_write_request_free,
};
