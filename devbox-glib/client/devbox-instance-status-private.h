/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-instance-status.h"

G_BEGIN_DECLS

/* Without regard to case; a word that is not known, or NULL, is UNKNOWN. */
DevboxInstanceStatus devbox_instance_status_from_string (const char *text);
/* As the wire has it. */
const char *devbox_instance_status_to_string (DevboxInstanceStatus status);

G_END_DECLS
