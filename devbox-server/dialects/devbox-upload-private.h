/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* A request body on its way into files. */
typedef struct
{
  gboolean (*feed) (gpointer target, const char *data, gsize size, GError **error);
  gboolean (*finish) (gpointer target, GError **error); /* the body is whole */
  GDestroyNotify free;                                  /* before finish () it has to leave nothing behind */
} DevboxUploadFuncs;

typedef void (*DevboxUploadReplyFunc) (DevboxHttpExchange *exchange, gpointer target, gpointer user_data);
typedef void (*DevboxUploadErrorFunc) (DevboxHttpExchange *exchange, const GError *error);

/* Feeds the body to the target, piece by piece, and answers. An error is answered at once, which is a refusal: the
 * engine drops the rest of the body. Takes target; funcs must be static. limit: of the body, in bytes; -1 for none;
 * past it FILE_TOO_LARGE is answered. Where a piece takes long, others have a turn of the main loop meanwhile. */
void devbox_upload_receive (DevboxHttpExchange *exchange,
                            goffset limit,
                            const DevboxUploadFuncs *funcs,
                            gpointer target,
                            DevboxUploadReplyFunc reply,
                            DevboxUploadErrorFunc reply_error,
                            gpointer user_data);

/* The target is a DevboxWriteRequest. */
extern const DevboxUploadFuncs devbox_upload_write_request;

/* The most that a JSON body can take for so many bytes of content. */
goffset devbox_upload_get_json_limit (goffset content_size);

G_END_DECLS
