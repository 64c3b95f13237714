/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-handle-private.h"
#include "devbox-session.h"

G_BEGIN_DECLS

/* What an agent tells of a session; what it does not tell is NULL. */
typedef struct
{
  char *id;
  char *shell;
  char *cwd;
  GStrv environment;
  DevboxSessionStatus status;
  GDateTime *created;
  GDateTime *last_used;
} DevboxSessionState;

void devbox_session_state_clear (DevboxSessionState *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxSessionState, devbox_session_state_clear)

/* Both take what is in the state. Any thread; it notifies in the context of the handle. What the new state does not
 * tell stays. */
DevboxSession *devbox_session_new_from_state (DevboxAgentHandle *handle, DevboxSessionState *state);
void devbox_session_update (DevboxSession *self, DevboxSessionState *state);

DevboxAgentHandle *devbox_session_get_handle (DevboxSession *self);

G_END_DECLS
