/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-upload-private.h"

#include "devbox-write-request-private.h"

/* A JSON body can be six times as long as the text in it (\u0041), and carries paths and names beside it. */
#define JSON_EXPANSION 6
#define JSON_OVERHEAD (64 * 1024)

typedef struct
{
  const DevboxUploadFuncs *funcs;
  gpointer target;
  DevboxUploadReplyFunc reply;
  DevboxUploadErrorFunc reply_error;
  gpointer user_data;
} Upload;

static void
upload_free (gpointer data)
{
  Upload *self = data;

  self->funcs->free (self->target);
  g_free (self);
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
      if (!self->funcs->feed (self->target, (const char *) data, size, &error))
        self->reply_error (exchange, error);
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
  Upload *self = g_new (Upload, 1);

  self->funcs = funcs;
  self->target = target;
  self->reply = reply;
  self->reply_error = reply_error;
  self->user_data = user_data;
  devbox_http_exchange_read_body (exchange, limit, on_body, self, upload_free);
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
