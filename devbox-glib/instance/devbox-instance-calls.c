/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-body-feed-private.h"
#include "devbox-error-private.h"

#include <glib/gi18n-lib.h>

/* How the operations of an instance begin and end. */

gboolean
devbox_instance_check_platform (DevboxInstance *self, GError **error)
{
  if (devbox_instance_get_name (self) != NULL)
    return TRUE;

  devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, &(DevboxErrorDetails){ 0 }, "%s",
                    _ ("The instance was made for an agent: it has no platform that could be asked"));
  return FALSE;
}

gboolean
devbox_instance_check_path (DevboxInstance *self, const char *path, GError **error)
{
  return devbox_instance_check_endpoint (self, error)
         && devbox_client_check_path (devbox_instance_get_client (self), path, error);
}

void
devbox_instance_return_error (GTask *task, GError *error)
{
  g_task_return_error (task, devbox_error_complete (error, &(DevboxErrorDetails){ 0 }));
}

void
devbox_instance_call_async (DevboxInstance *self, GTask *task, DevboxRequest *request, GError *error)
{
  devbox_client_agent_call_async (devbox_instance_get_client (self), devbox_instance_get_agent (self), task, request,
                                  error);
}

void
devbox_instance_fail (GError *cause, GError **error)
{
  devbox_client_fail (cause, error);
}

gpointer
devbox_instance_call_sync (DevboxInstance *self,
                           DevboxRequest *request,
                           GError *cause,
                           GCancellable *cancellable,
                           GError **error)
{
  return devbox_client_agent_call_sync (devbox_instance_get_client (self), devbox_instance_get_agent (self), request,
                                        cause, cancellable, error);
}

void
devbox_instance_upload_async (DevboxInstance *self,
                              GTask *task,
                              DevboxRequest *request,
                              GError *error,
                              GInputStream *contents,
                              goffset size)
{
  if (request != NULL)
    devbox_body_feed_call_async (devbox_instance_get_client (self), devbox_instance_get_agent (self), task, request,
                                 contents, size);
  else
    devbox_instance_return_error (task, error);
}

gpointer
devbox_instance_upload_sync (DevboxInstance *self,
                             DevboxRequest *request,
                             GError *cause,
                             GInputStream *contents,
                             goffset size,
                             GCancellable *cancellable,
                             GError **error)
{
  if (request == NULL)
    return devbox_instance_call_sync (self, NULL, cause, cancellable, error);

  return devbox_body_feed_call_sync (devbox_instance_get_client (self), devbox_instance_get_agent (self), request,
                                     contents, size, cancellable, error);
}
