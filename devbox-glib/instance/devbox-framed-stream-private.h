/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The stream beneath a WebSocket to an agent, which may send what it likes: see DevboxWireFramedInput. */
#define DEVBOX_TYPE_FRAMED_STREAM (devbox_framed_stream_get_type ())
G_DECLARE_FINAL_TYPE (DevboxFramedStream, devbox_framed_stream, DEVBOX, FRAMED_STREAM, GIOStream)

/* The owner lives as long as the stream. */
GIOStream *devbox_framed_stream_new (GIOStream *base, gsize max_message_size, GObject *owner);

G_END_DECLS
