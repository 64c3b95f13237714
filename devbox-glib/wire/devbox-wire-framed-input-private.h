/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-wire-frames-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes that come in while the socket cannot be written. */
#define DEVBOX_WIRE_FRAMED_INPUT_MAX_UNANSWERED (64 * 1024)

/* What a pollable input stream does that stands between a socket and a SoupWebsocketConnection. libsoup reads for as
 * long as something comes, however often, puts no limit to a message, and keeps a pong for each ping until it can be
 * sent. Here a turn ends with each frame, a message has its limit, and nothing more is read behind a ping until the
 * socket can be written. Kept by value. */
typedef struct
{
  GPollableInputStream *input;
  GPollableOutputStream *output;
  DevboxWireFrames frames;
  gsize n_unanswered;     /* bytes since the socket could last be written */
  gboolean awaits_output; /* a ping was handed over */
  gboolean is_turn_over;  /* a frame was handed over */
  gsize begin;            /* of what came and was not handed over */
  gsize end;
  guint8 buffer[4096];
} DevboxWireFramedInput;

void devbox_wire_framed_input_init (DevboxWireFramedInput *self,
                                    GInputStream *input,
                                    GOutputStream *output,
                                    const DevboxWireFrames *frames);
void devbox_wire_framed_input_clear (DevboxWireFramedInput *self);
/* As g_pollable_input_stream_read_nonblocking (); *n_received: bytes that came from the socket. */
gssize
devbox_wire_framed_input_read (DevboxWireFramedInput *self, void *data, gsize size, gsize *n_received, GError **error);
gboolean devbox_wire_framed_input_is_readable (DevboxWireFramedInput *self);
/* Ready at what stands in the way of the next read now: like libsoup, which makes a source for each, a reader must not
 * keep it. */
GSource *devbox_wire_framed_input_create_source (DevboxWireFramedInput *self,
                                                 GPollableInputStream *stream,
                                                 GCancellable *cancellable);

G_END_DECLS
