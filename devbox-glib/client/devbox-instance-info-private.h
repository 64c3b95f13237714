/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-instance-info.h"

G_BEGIN_DECLS

/* What an InstanceInfo tells. Strings that are not nullable in the API are never NULL in it, once it is made. */
typedef struct
{
  char *name;
  char *uid;
  DevboxInstanceStatus status;
  char *status_text;
  char *reason;
  char *runtime;
  char *image;
  guint cpu;
  guint memory;
  char *pod_ip;
  DevboxSshInfo *ssh;
  GStrv environ;
  GListModel *ports;
  GDateTime *created;
  gboolean network;
  char *autostart;
  char *sandbox;
  char *agent_label; /* agentServer.url */
  char *agent_token; /* agentServer.token, decoded */
} DevboxInstanceDetails;

void devbox_instance_details_clear (DevboxInstanceDetails *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxInstanceDetails, devbox_instance_details_clear)

/* Takes what the details hold; they are empty afterwards. */
DevboxInstanceInfo *devbox_instance_info_new (DevboxInstanceDetails *details);

const char *devbox_instance_info_get_agent_label (
    DevboxInstanceInfo *self); /* what the platform made the name of the agent's host from, or NULL */

const char *devbox_instance_info_get_agent_token (DevboxInstanceInfo *self); /* of the agent, as it is sent, or NULL */

G_END_DECLS
