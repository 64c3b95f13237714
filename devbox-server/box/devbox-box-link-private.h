/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-server-agent.h"

G_BEGIN_DECLS

/* A box's end of the socket to its platform (devbox-box-protocol-private.h): runs the main loop of the program until
 * the box ends, with the agent as the platform wants it; takes both. Returns the exit status. When the socket ends, all
 * that runs in the box dies at once; "stop", SIGTERM and SIGINT let requests end first. */
int devbox_box_link_run (DevboxServerAgent *agent, int socket_fd);

G_END_DECLS
