/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-instance-info.h"

G_BEGIN_DECLS

/* The endpoints of the platform, in files named after their function. All results are made in the I/O thread; all
 * read both forms of the wire. Each checks its arguments: VALIDATION_ERROR with the offending value. */

typedef enum
{
  DEVBOX_INSTANCE_ACTION_START,
  DEVBOX_INSTANCE_ACTION_PAUSE,
  DEVBOX_INSTANCE_ACTION_RESTART, /* takes long: has a time limit of its own */
  DEVBOX_INSTANCE_ACTION_SHUTDOWN,
  DEVBOX_INSTANCE_ACTION_DELETE,
} DevboxInstanceAction;

/* What every request checks that puts a name into a path. */
gboolean devbox_request_check_devbox_name (const char *name, GError **error);

/* Results: a DevboxInstanceInfo, the whole detail. The first adopts a devbox whose creation was not acknowledged. */
DevboxRequest *devbox_create_instance_request_new (DevboxInstanceSpec *spec, GError **error);
DevboxRequest *devbox_get_instance_request_new (const char *name, GError **error);
DevboxRequest *devbox_update_instance_request_new (const char *name, DevboxInstanceSpec *changes, GError **error);
/* The status is as the platform tells it afterwards; a platform that tells nothing is asked for the detail. */
DevboxRequest *devbox_change_instance_request_new (const char *name, DevboxInstanceAction action, GError **error);
/* Result: a DevboxInstanceInfo; of an agent without a platform one that says no more than Running. Asks, in growing
 * intervals, until the devbox runs and its agent is healthy; DEVBOX_NOT_READY with the reason when it
 * is in Error or being deleted. The agent is where `agent` says; it learns from what the platform tells. */
DevboxRequest *devbox_wait_ready_request_new (DevboxAgent *agent, guint timeout_ms, GError **error);

/* Result: a GListStore of DevboxInstanceInfo (what a list tells). NULL: no filter. */
DevboxRequest *devbox_list_instances_request_new (const char *status, const char *runtime, GError **error);

DevboxRequest *
devbox_set_ports_request_new (const char *name, GListModel *ports, GError **error); /* GListStore of DevboxPort */
/* TRUE. NULL: what the template of the devbox has; "": nothing. */
DevboxRequest *devbox_set_autostart_request_new (const char *name, const char *command, GError **error);
DevboxRequest *devbox_list_templates_request_new (void);                            /* GListStore of DevboxTemplate */
DevboxRequest *devbox_list_releases_request_new (const char *name, GError **error); /* GListStore of DevboxRelease */
DevboxRequest *devbox_create_release_request_new (const char *name,
                                                  const char *tag,
                                                  const char *description,
                                                  GError **error); /* DevboxRelease */
DevboxRequest *devbox_delete_release_request_new (const char *name, const char *tag, GError **error); /* TRUE */
DevboxRequest *devbox_deploy_release_request_new (const char *name,
                                                  const char *tag,
                                                  const char *new_name,
                                                  GError **error); /* DevboxInstanceInfo */
DevboxRequest *devbox_list_samples_request_new (const char *name,
                                                GDateTime *start,
                                                GDateTime *end,
                                                guint step_ms,
                                                GError **error); /* GListStore of DevboxSample */
DevboxRequest *devbox_test_auth_request_new (void);              /* TRUE; AUTHENTICATION_FAILED is the call's error */

/* devbox-agent-address.c: where the agent of a devbox is, and its token; DEVBOX_NOT_READY while nobody knows,
 * VALIDATION_ERROR when what the platform says is no address that may be followed. */
DevboxEndpoint *devbox_agent_address_find (DevboxInstanceInfo *info, const char *platform_base_url, GError **error);

G_END_DECLS
