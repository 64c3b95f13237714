/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_SESSION_STATUS_UNKNOWN,
  DEVBOX_SESSION_STATUS_ACTIVE,
  DEVBOX_SESSION_STATUS_TERMINATED,
} DevboxSessionStatus;

#define DEVBOX_TYPE_SESSION (devbox_session_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxSession, devbox_session, DEVBOX, SESSION, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_session_get_identifier (DevboxSession *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_session_get_shell (DevboxSession *self);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_session_dup_cwd (DevboxSession *self);
DEVBOX_AVAILABLE_IN_1_0
GStrv devbox_session_dup_environ (DevboxSession *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxSessionStatus devbox_session_get_status (DevboxSession *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_session_get_created (DevboxSession *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_session_get_last_used (DevboxSession *self);

DEVBOX_AVAILABLE_IN_1_0
void devbox_session_refresh_async (DevboxSession *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_session_refresh_finish (DevboxSession *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_session_refresh_sync (DevboxSession *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_session_run_async (DevboxSession *self,
                               const char *line,
                               guint timeout_ms,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxCommandResult *devbox_session_run_finish (DevboxSession *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxCommandResult *devbox_session_run_sync (DevboxSession *self,
                                              const char *line,
                                              guint timeout_ms,
                                              GCancellable *cancellable,
                                              GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_session_change_directory_async (DevboxSession *self,
                                            const char *path,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_session_change_directory_finish (DevboxSession *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_session_change_directory_sync (DevboxSession *self, const char *path, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_session_set_environ_async (DevboxSession *self,
                                       const char *const *environment,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_session_set_environ_finish (DevboxSession *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_session_set_environ_sync (DevboxSession *self,
                                          const char *const *environment,
                                          GCancellable *cancellable,
                                          GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_session_terminate_async (DevboxSession *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_session_terminate_finish (DevboxSession *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_session_terminate_sync (DevboxSession *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_session_load_log_async (DevboxSession *self,
                                    guint n_lines,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_session_load_log_finish (DevboxSession *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *
devbox_session_load_log_sync (DevboxSession *self, guint n_lines, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_session_open_log_async (DevboxSession *self,
                                    guint n_lines,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxLogReader *devbox_session_open_log_finish (DevboxSession *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxLogReader *
devbox_session_open_log_sync (DevboxSession *self, guint n_lines, GCancellable *cancellable, GError **error);

G_END_DECLS
