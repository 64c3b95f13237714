/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A request body that lends its bytes and can take them back: libsoup may keep the stream for a while after a call has
 * ended, the caller's bytes must not be kept with it. */
#define DEVBOX_TYPE_BODY_STREAM (devbox_body_stream_get_type ())
G_DECLARE_FINAL_TYPE (DevboxBodyStream, devbox_body_stream, DEVBOX, BODY_STREAM, GInputStream)

GInputStream *devbox_body_stream_new (const void *data, gsize size);
/* The same in base64, encoded as it is read, between two other texts, which are copied. */
GInputStream *devbox_body_stream_new_base64 (const void *data, gsize size, const char *head, const char *tail);
void devbox_body_stream_detach (DevboxBodyStream *self);

G_END_DECLS
