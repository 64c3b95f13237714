/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-upload-private.h"

/* A JSON body can be six times as long as the text in it (\u0041), and carries paths and names beside it. */
#define JSON_EXPANSION 6
#define JSON_OVERHEAD (64 * 1024)

typedef struct
{
  const DevboxUploadFuncs *funcs;
  gpointer target;
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
        self->funcs->reply_error (exchange, error);
      break;
    case DEVBOX_HTTP_BODY_END:
      if (self->funcs->finish (self->target, &error))
        self->funcs->reply (exchange, self->target, self->user_data);
      else
        self->funcs->reply_error (exchange, error);
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
                       gpointer user_data)
{
  Upload *self = g_new (Upload, 1);

  self->funcs = funcs;
  self->target = target;
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
