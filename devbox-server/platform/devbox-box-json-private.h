/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-private.h"
#include "devbox-sandbox-private.h"

G_BEGIN_DECLS

/* A devbox as the lifecycle API tells of it (docs/wire.md, "Platform"). */

/* All that is told; nothing belongs to it. */
typedef struct
{
  const DevboxBoxRecord *record;
  DevboxBoxStatus status;
  const char *reason;         /* why it is in error, or NULL */
  const char *working_folder; /* where the box finds its workspace */
  DevboxSandboxKind sandbox;
  const char *sandbox_reason;         /* why it is in none, or NULL */
  const DevboxReleaseRecord *release; /* that it came from, NULL: none, or one that is gone */
} DevboxBoxView;

/* An element of a list: {…}, with millicores and MiB. */
void devbox_box_json_append_item (GString *json, const DevboxBoxView *view);
/* The members of one devbox, without braces, with cores and GiB. */
void devbox_box_json_append_detail (GString *json, const DevboxBoxView *view);
/* The ports [{…}, …] of its programs. */
void devbox_box_json_append_ports (GString *json, const DevboxBoxRecord *record);
/* What the answer to a creation has besides (`"sshPort":0,…`): there is no SSH here. */
void devbox_box_json_append_access (GString *json, const DevboxBoxView *view);

/* How the agent's own port is called among those of a box. */
#define DEVBOX_BOX_AGENT_PORT_NAME "agent"
#define DEVBOX_BOX_AGENT_PORT 3000

G_END_DECLS
