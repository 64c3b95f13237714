/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-instance.h"

G_BEGIN_DECLS

/* What the operations of an instance, each topic in a file of its own, have in common. */

DevboxAgent *devbox_instance_get_agent (DevboxInstance *self); /* transfer none; NULL if the address is not valid */
gboolean devbox_instance_check_endpoint (DevboxInstance *self, GError **error);
/* And whether the path may be sent. */
gboolean devbox_instance_check_path (DevboxInstance *self, const char *path, GError **error);

/* Makes the call and ends the task; takes the request, or else the error because of which there is none. */
void devbox_instance_call_async (DevboxInstance *self, GTask *task, DevboxRequest *request, GError *error);
/* The same, blocking. */
gpointer devbox_instance_call_sync (DevboxInstance *self,
                                    DevboxRequest *request,
                                    GError *cause,
                                    GCancellable *cancellable,
                                    GError **error);

/* The same for a request whose body is the stream, or so many bytes of it; -1: all. */
void devbox_instance_upload_async (DevboxInstance *self,
                                   GTask *task,
                                   DevboxRequest *request,
                                   GError *error,
                                   GInputStream *contents,
                                   goffset size);
gpointer devbox_instance_upload_sync (DevboxInstance *self,
                                      DevboxRequest *request,
                                      GError *cause,
                                      GInputStream *contents,
                                      goffset size,
                                      GCancellable *cancellable,
                                      GError **error);

/* Ends the task for what was wrong before anything was sent. Takes the error. */
void devbox_instance_return_error (GTask *task, GError *error);
/* The last step of a function that fails; the bindings ask for the story of the error afterwards. Takes the cause. */
void devbox_instance_fail (GError *cause, GError **error);

/* Whether what became of a health request says that the agent is well. Takes the cause. */
gboolean devbox_client_judge_health (DevboxClient *self, gpointer health, GError *cause, GError **error);

/* An instance of a devbox that the platform told of. */
DevboxInstance *devbox_instance_new_for_info (DevboxClient *client,
                                              DevboxInstanceInfo *info,
                                              GMainContext *context, /* where changes are told */
                                              gint64 info_time);
gboolean devbox_instance_check_platform (DevboxInstance *self, GError **error);
/* What the platform told last, or NULL. transfer full */
DevboxInstanceInfo *devbox_instance_dup_known_info (DevboxInstance *self);

/* A snapshot with what `info` tells, and what it leaves out as it was before: a list tells less than a detail. transfer
 * full */
DevboxInstanceInfo *devbox_instance_info_merge (DevboxInstanceInfo *before, DevboxInstanceInfo *info);

/* Brings the properties up to date, and tells of changes in the context of the instance. `info_time` is when that was
 * so, in monotonic time: nothing happens if something later is known. */
void devbox_instance_apply_info (DevboxInstance *self, DevboxInstanceInfo *info, gint64 info_time);
/* The same, as a DevboxPlatformNews: how the devbox was when the call was made, or later, and how it is since the call
 * has ended. */
void devbox_instance_apply_read (gpointer instance, gpointer info, gint64 start_time);
void devbox_instance_apply_change (gpointer instance, gpointer info, gint64 start_time);

G_END_DECLS
