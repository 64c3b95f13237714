/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_PROCESS_STATUS_UNKNOWN,
  DEVBOX_PROCESS_STATUS_RUNNING,
  DEVBOX_PROCESS_STATUS_COMPLETED,
  DEVBOX_PROCESS_STATUS_FAILED,
  DEVBOX_PROCESS_STATUS_KILLED,
} DevboxProcessStatus;

#define DEVBOX_TYPE_PROCESS (devbox_process_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxProcess, devbox_process, DEVBOX, PROCESS, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_process_get_identifier (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
int devbox_process_get_pid (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_process_get_command (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxProcessStatus devbox_process_get_status (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_process_get_status_text (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_get_if_exited (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
int devbox_process_get_exit_status (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_get_successful (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_get_if_signaled (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
int devbox_process_get_term_sig (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_process_get_start_time (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_process_get_end_time (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_process_get_running_time (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_process_get_cpu (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_process_get_memory (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_process_get_stdout (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_process_get_stderr (DevboxProcess *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_get_truncated (DevboxProcess *self);

DEVBOX_AVAILABLE_IN_1_0
void devbox_process_refresh_async (DevboxProcess *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_refresh_finish (DevboxProcess *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_refresh_sync (DevboxProcess *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_process_send_signal_async (DevboxProcess *self,
                                       int signal_num,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_send_signal_finish (DevboxProcess *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_process_send_signal_sync (DevboxProcess *self, int signal_num, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_process_force_exit_async (DevboxProcess *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_force_exit_finish (DevboxProcess *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_force_exit_sync (DevboxProcess *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_process_wait_async (DevboxProcess *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_wait_finish (DevboxProcess *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_wait_sync (DevboxProcess *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_process_wait_check_async (DevboxProcess *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_wait_check_finish (DevboxProcess *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_process_wait_check_sync (DevboxProcess *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_process_load_log_async (DevboxProcess *self,
                                    guint n_lines,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_process_load_log_finish (DevboxProcess *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *
devbox_process_load_log_sync (DevboxProcess *self, guint n_lines, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_process_open_log_async (DevboxProcess *self,
                                    guint n_lines,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxLogReader *devbox_process_open_log_finish (DevboxProcess *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxLogReader *
devbox_process_open_log_sync (DevboxProcess *self, guint n_lines, GCancellable *cancellable, GError **error);

G_END_DECLS
