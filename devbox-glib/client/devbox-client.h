/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_CLIENT (devbox_client_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxClient, devbox_client, DEVBOX, CLIENT, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxClient *devbox_client_new (void);

DEVBOX_AVAILABLE_IN_1_0
DevboxPool *devbox_client_get_pool (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_client_get_timeout (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_timeout (DevboxClient *self, guint timeout_ms);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_client_get_max_retries (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_max_retries (DevboxClient *self, guint max_retries);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_client_get_retry_delay (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_retry_delay (DevboxClient *self, guint delay_ms);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_client_get_user_agent (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_close (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_is_closed (DevboxClient *self);

G_END_DECLS
