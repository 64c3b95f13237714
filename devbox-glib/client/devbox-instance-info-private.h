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
  char *agent_label;
  char *agent_token;
} DevboxInstanceDetails;

void devbox_instance_details_clear (DevboxInstanceDetails *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxInstanceDetails, devbox_instance_details_clear)

/* Takes what the details hold; they are empty afterwards. */
DevboxInstanceInfo *devbox_instance_info_new (DevboxInstanceDetails *details);

const char *devbox_instance_info_get_agent_label (DevboxInstanceInfo *self); /* agentServer.url, or NULL */

const char *devbox_instance_info_get_agent_token (DevboxInstanceInfo *self); /* agentServer.token, in base64, or NULL */

G_END_DECLS
