/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-instance-spec.h"

G_BEGIN_DECLS

GListStore *devbox_instance_spec_copy_ports (GListModel *ports); /* of Ports, which never change */

G_END_DECLS
