/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-private.h"
#include "devbox-error-private.h"

/* How the public functions of clients and instances end. */

void
devbox_client_fail (GError *cause, GError **error)
{
  devbox_error_info_note (cause);
  g_propagate_error (error, cause);
}

static void
return_error (GTask *task, GError *error)
{
  g_task_return_error (task, devbox_error_complete (error, &(DevboxErrorDetails){ 0 }));
}

static gpointer
fail (GError *cause, GError **error)
{
  devbox_client_fail (devbox_error_complete (cause, &(DevboxErrorDetails){ 0 }), error);
  return NULL;
}

void
devbox_client_platform_call_async (DevboxClient *self, GTask *task, DevboxRequest *request, GError *error)
{
  if (request != NULL)
    devbox_client_call_platform_async (self, request, task);
  else
    return_error (task, error);
}

gpointer
devbox_client_platform_call_sync (DevboxClient *self,
                                  DevboxRequest *request,
                                  GError *cause,
                                  GCancellable *cancellable,
                                  GError **error)
{
  if (request != NULL)
    return devbox_client_call_platform_sync (self, request, cancellable, error);

  return fail (cause, error);
}

void
devbox_client_agent_call_async (DevboxClient *self,
                                DevboxAgent *agent,
                                GTask *task,
                                DevboxRequest *request,
                                GError *error)
{
  if (request != NULL)
    devbox_client_call_agent_async (self, agent, request, task);
  else
    return_error (task, error);
}

gpointer
devbox_client_agent_call_sync (DevboxClient *self,
                               DevboxAgent *agent,
                               DevboxRequest *request,
                               GError *cause,
                               GCancellable *cancellable,
                               GError **error)
{
  if (request != NULL)
    return devbox_client_call_agent_sync (self, agent, request, cancellable, error);

  return fail (cause, error);
}
