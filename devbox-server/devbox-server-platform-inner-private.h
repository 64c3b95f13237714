/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-server-platform.h"
#include "devbox-service-thread-private.h"

G_BEGIN_DECLS

/* Has func called with the platform's service in its thread. G_IO_ERROR_NOT_CONNECTED where it does not run. */
gboolean devbox_server_platform_call (DevboxServerPlatform *self,
                                      DevboxServiceCallFunc func,
                                      gpointer user_data,
                                      GError **error);

G_END_DECLS
