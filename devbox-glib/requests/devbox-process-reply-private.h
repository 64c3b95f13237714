/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-process-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What agents say of a process, in either dialect. A state that could not be read is to be cleared as well. */
gboolean devbox_process_state_read_current (DevboxProcessState *self, JsonObject *object, GError **error);
gboolean devbox_process_state_read_classic (DevboxProcessState *self, JsonObject *object, GError **error);

/* Whether two descriptions are of one process, of which the pid is not enough: it is given again. */
gboolean devbox_process_state_is_same (const DevboxProcessState *current, const DevboxProcessState *classic);
/* Takes over what only the classic dialect tells. */
void devbox_process_state_complete (DevboxProcessState *self, DevboxProcessState *classic);

G_END_DECLS
