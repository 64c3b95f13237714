/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

/**
 * DevboxPortProtocol:
 * @DEVBOX_PORT_PROTOCOL_UNKNOWN: Not told, or one that this library does not know; to a platform it leaves the choice
 * @DEVBOX_PORT_PROTOCOL_HTTP: HTTP
 * @DEVBOX_PORT_PROTOCOL_GRPC: gRPC
 * @DEVBOX_PORT_PROTOCOL_WS: WebSockets
 * @DEVBOX_PORT_PROTOCOL_TCP: Any bytes over TCP
 *
 * What is spoken at a port of a devbox.
 *
 * Since: 1.0
 */
typedef enum
{
  DEVBOX_PORT_PROTOCOL_UNKNOWN,
  DEVBOX_PORT_PROTOCOL_HTTP,
  DEVBOX_PORT_PROTOCOL_GRPC,
  DEVBOX_PORT_PROTOCOL_WS,
  DEVBOX_PORT_PROTOCOL_TCP,
} DevboxPortProtocol;

#define DEVBOX_TYPE_PORT (devbox_port_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxPort, devbox_port, DEVBOX, PORT, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxPort *devbox_port_new (guint number, DevboxPortProtocol protocol);

DEVBOX_AVAILABLE_IN_1_0
guint devbox_port_get_number (DevboxPort *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxPortProtocol devbox_port_get_protocol (DevboxPort *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_port_get_protocol_text (DevboxPort *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_port_get_name (DevboxPort *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_port_get_custom_domain (DevboxPort *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_port_get_public_address (DevboxPort *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_port_get_private_address (DevboxPort *self);

G_END_DECLS
