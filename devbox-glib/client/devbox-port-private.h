/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-port.h"

G_BEGIN_DECLS

/* What a Port tells. */
typedef struct
{
  guint number;
  char *protocol_text; /* the protocol follows from it; NULL: not told */
  char *name;
  char *custom_domain;
  char *public_address;
  char *private_address;
} DevboxPortDetails;

void devbox_port_details_clear (DevboxPortDetails *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxPortDetails, devbox_port_details_clear)

/* Takes what the details hold; they are empty afterwards. */
DevboxPort *devbox_port_new_from_details (DevboxPortDetails *details);

G_END_DECLS
