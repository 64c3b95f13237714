/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

/* What a spec and ports are on their way to the platform, with their units turned into those of the wire. */

void devbox_instance_body_append_resource (GString *json, guint cpu, guint memory); /* ,"resource":{…} if one is set */
void devbox_instance_body_append_ports (GString *json, GListModel *ports);          /* [{…},…] */
void devbox_instance_body_append_environ (GString *json, const char *const *environment); /* [{…},…] */

G_END_DECLS
