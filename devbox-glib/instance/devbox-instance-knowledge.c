/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-instance-info-private.h"

/* Lists, and some replies to operations, have the state and not much else. */
static gboolean
is_detail (DevboxInstanceInfo *info)
{
  return devbox_instance_info_get_agent_token (info) != NULL || devbox_instance_info_get_agent_label (info) != NULL
         || devbox_instance_info_get_image (info) != NULL || devbox_instance_info_get_pod_ip (info) != NULL
         || devbox_instance_info_get_ssh (info) != NULL || devbox_instance_info_get_environ (info) != NULL
         || g_list_model_get_n_items (devbox_instance_info_get_ports (info)) > 0;
}

static const char *
prefer (const char *text, const char *otherwise)
{
  return text != NULL && text[0] != '\0' ? text : otherwise;
}

static void
copy_status (DevboxInstanceDetails *details, DevboxInstanceInfo *info)
{
  details->status = devbox_instance_info_get_status (info);
  details->status_text = g_strdup (devbox_instance_info_get_status_text (info));
  details->reason = g_strdup (devbox_instance_info_get_reason (info));
}

static void
copy_what_only_details_tell (DevboxInstanceDetails *details, DevboxInstanceInfo *info)
{
  details->image = g_strdup (devbox_instance_info_get_image (info));
  details->pod_ip = g_strdup (devbox_instance_info_get_pod_ip (info));
  g_set_object (&details->ssh, devbox_instance_info_get_ssh (info));
  details->environ = g_strdupv ((GStrv) devbox_instance_info_get_environ (info));
  g_set_object (&details->ports, devbox_instance_info_get_ports (info));
  details->network = devbox_instance_info_get_network (info);
  details->autostart = g_strdup (devbox_instance_info_get_autostart (info));
  details->sandbox = g_strdup (devbox_instance_info_get_sandbox (info));
  details->agent_label = g_strdup (devbox_instance_info_get_agent_label (info));
  details->agent_token = g_strdup (devbox_instance_info_get_agent_token (info));
}

DevboxInstanceInfo *
devbox_instance_info_merge (DevboxInstanceInfo *before, DevboxInstanceInfo *info)
{
  g_auto (DevboxInstanceDetails) details = { 0 };
  GDateTime *created = devbox_instance_info_get_created (info);

  if (is_detail (info))
    return g_object_ref (info);

  copy_status (&details, devbox_instance_info_get_status_text (info)[0] != '\0' ? info : before);
  copy_what_only_details_tell (&details, before);
  details.name = g_strdup (devbox_instance_info_get_name (before));
  details.uid = g_strdup (prefer (devbox_instance_info_get_uid (info), devbox_instance_info_get_uid (before)));
  details.runtime
      = g_strdup (prefer (devbox_instance_info_get_runtime (info), devbox_instance_info_get_runtime (before)));
  details.cpu = devbox_instance_info_get_cpu (devbox_instance_info_get_cpu (info) != 0 ? info : before);
  details.memory = devbox_instance_info_get_memory (devbox_instance_info_get_memory (info) != 0 ? info : before);
  if (created == NULL)
    created = devbox_instance_info_get_created (before);
  details.created = created != NULL ? g_date_time_ref (created) : NULL;

  return devbox_instance_info_new (&details);
}
