/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-operation-private.h"

#include "devbox-instance-info.h"
#include "devbox-instance-private.h"
#include "devbox-platform-requests-private.h"
#include "devbox-platform-source-private.h"

/* What the task needs when its call has ended. */
typedef struct
{
  DevboxPlatformNews news;
  gint64 start_time;
  GDestroyNotify result_free;
} Operation;

/* Without a callback nobody finishes the task: so the news do not wait for that. */
static void
call_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Operation *operation = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &error);

  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  operation->news (g_task_get_source_object (task), value, operation->start_time);
  g_task_return_pointer (task, value, operation->result_free);
}

/* The task for the call itself, which ends the other one. Takes that one. */
static GTask *
call_task_new (GTask *task, DevboxPlatformNews news, DevboxRequest *request)
{
  Operation *operation = g_new0 (Operation, 1);
  GTask *call_task;

  operation->news = news;
  operation->start_time = g_get_monotonic_time ();
  operation->result_free = request != NULL ? request->result_free : NULL;
  g_task_set_task_data (task, operation, g_free);

  call_task = g_task_new (NULL, g_task_get_cancellable (task), call_ended, task);
  g_task_set_source_tag (call_task, call_task_new);

  return call_task;
}

/* Where the request goes that waits for a devbox: to the platform and to the agent in turn. */
static DevboxAgent *
find_agent (gpointer source)
{
  return DEVBOX_IS_INSTANCE (source) ? devbox_instance_get_agent (source) : NULL;
}

void
devbox_platform_operation_async (DevboxClient *client,
                                 gpointer source,
                                 gpointer source_tag,
                                 DevboxPlatformNews news,
                                 DevboxRequest *request,
                                 GError *error,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (source, cancellable, callback, user_data);

  g_task_set_source_tag (task, source_tag);
  if (news != NULL)
    task = call_task_new (task, news, request);
  devbox_client_agent_call_async (client, find_agent (source), task, request, error);
}

gpointer
devbox_platform_operation_sync (DevboxClient *client,
                                gpointer source,
                                DevboxPlatformNews news,
                                DevboxRequest *request,
                                GError *cause,
                                GCancellable *cancellable,
                                GError **error)
{
  gint64 start_time = g_get_monotonic_time ();
  gpointer result = devbox_client_agent_call_sync (client, find_agent (source), request, cause, cancellable, error);

  if (result != NULL && news != NULL)
    news (source, result, start_time);

  return result;
}

gboolean
devbox_platform_operation_drop_object (gpointer object)
{
  if (object == NULL)
    return FALSE;

  g_object_unref (object);
  return TRUE;
}

DevboxInstance *
devbox_client_take_instance (DevboxClient *self, DevboxInstanceInfo *detail, GMainContext *context)
{
  g_autoptr (DevboxInstanceInfo) info = detail;
  g_autoptr (GMainContext) own_context = NULL;

  if (info == NULL)
    return NULL;

  own_context = context != NULL ? g_main_context_ref (context) : g_main_context_ref_thread_default ();

  return devbox_instance_new_for_info (self, info, own_context, g_get_monotonic_time ());
}

DevboxEndpoint *
devbox_client_find_endpoint (DevboxClient *self, DevboxInstanceInfo *info, GError **error)
{
  g_autoptr (DevboxEndpoint) platform
      = devbox_platform_source_ref_known (devbox_client_get_platform_source (self), TRUE);

  return devbox_agent_address_find (info, platform != NULL ? devbox_endpoint_get_url (platform) : "", error);
}
