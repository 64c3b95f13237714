/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What crosses the socket between a platform and one of its boxes: packets of a SOCK_SEQPACKET pair, each one JSON
 * object (fewer than 64 KiB) with at most one descriptor. The end of the socket is the end of the box: whoever reads it
 * there ends. A peer that says anything else is hung up on; the platform trusts nothing that comes from a box.
 *
 * platform → box
 *   {"type":"configure","token":"…","workspace":"/workspace","home":"/home/devbox"}   + the agent's listening socket
 *   {"type":"startup","command":"…"}    for /bin/sh, run once the agent serves
 *   {"type":"environment"}              + a file of NAME=value\0…, what commands get beside PATH, LANG, USER and HOME
 *                                         (optional)
 *   {"type":"forward","port":8080,"shared":false} + a listening socket whose connections go to that port in the box
 *   {"type":"unforward","port":8080}              closes that socket and lets connections go on
 *   {"type":"start"}                              begins to serve
 *   {"type":"count"}                              asks for the counters
 *   {"type":"stop"}                               serve what runs, then end
 * box → platform, never with a descriptor
 *   {"type":"ready"} | {"type":"failed","error":"…"}   once, after "start" or instead of it
 *   {"type":"counted","bytesIn":N,"bytesOut":N}        once for each "count"
 *
 * This file pair frames, checks and sends; it is linked into both sides. */

#define DEVBOX_BOX_MAX_PACKET (64 * 1024)
#define DEVBOX_BOX_PROTOCOL_MAX_ENVIRONMENT (256 * 1024) /* bytes of the file */

/* A pair, CLOEXEC, non-blocking. */
gboolean devbox_box_protocol_open (int *platform_fd, int *box_fd, GError **error);

/* One packet, whole or not at all; fd -1: none (not taken). G_IO_ERROR_WOULD_BLOCK when the peer does not read. */
gboolean devbox_box_protocol_send (int socket_fd, const char *json, gsize size, int fd, GError **error);
/* One packet, parsed (devbox_wire_json_parse_object). *fd is the caller's to close, -1: none, or it could not be had
 * for want of descriptors; a NULL fd takes none, and a packet that has one is an error. NULL without an error at the
 * end of the socket; G_IO_ERROR_WOULD_BLOCK when there is none yet. */
JsonObject *devbox_box_protocol_receive (int socket_fd, int *fd, GError **error);

G_END_DECLS
