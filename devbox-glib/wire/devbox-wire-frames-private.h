/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Follows the frames that a WebSocket client or server sends (RFC 6455, section 5) as their bytes come, cut anywhere,
 * and keeps none of them. Kept by value. libsoup limits a frame and not the message that frames make up; and it does
 * not say what it reads. */
typedef struct
{
  gsize max_message_size; /* of the payloads of all frames of a message, in bytes */
  gsize message_size;     /* of the message that is under way */
  guint64 n_left;         /* of the payload of the frame that is under way */
  guint8 header[14];
  guint n_header;           /* bytes of an unfinished header */
  guint8 opcode;            /* of the frame that is under way, or else of the last one */
  gboolean in_message;      /* a fragment came, and the last one has not begun */
  gboolean is_refused;      /* for ever */
  guint64 n_data_frames;    /* whose header is complete */
  guint64 n_control_frames; /* likewise */
  gboolean from_server;     /* which does not mask them */
} DevboxWireFrames;

/* clang-format off */
#define DEVBOX_WIRE_FRAMES_INIT(max_message_size) { (max_message_size), 0, 0, { 0 }, 0, 0, FALSE, FALSE, 0, 0, FALSE }
/* clang-format on */

#define DEVBOX_WIRE_FRAMES_CONTINUATION 0x0
#define DEVBOX_WIRE_FRAMES_TEXT 0x1
#define DEVBOX_WIRE_FRAMES_BINARY 0x2
#define DEVBOX_WIRE_FRAMES_CLOSE 0x8
#define DEVBOX_WIRE_FRAMES_PING 0x9
#define DEVBOX_WIRE_FRAMES_PONG 0xa

/* Takes bytes up to the end of a frame at most, and returns how many, which is at least one (size: not 0). Returns 0
 * when a frame breaks the rules (VALIDATION_ERROR) or makes a message too long (FILE_TOO_LARGE): as soon as its header
 * says so, and at every call from then on. */
gsize devbox_wire_frames_take (DevboxWireFrames *self, const guint8 *data, gsize size, GError **error);
gboolean devbox_wire_frames_is_between (const DevboxWireFrames *self); /* no frame is under way; a message may be */

/* A whole text message as a server sends it: one frame, without a mask. */
void devbox_wire_frames_append_text (GByteArray *out, const char *text, gsize size);

G_END_DECLS
