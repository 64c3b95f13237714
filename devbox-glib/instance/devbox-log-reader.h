/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-log-entry.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_LOG_READER (devbox_log_reader_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxLogReader, devbox_log_reader, DEVBOX, LOG_READER, GObject)

DEVBOX_AVAILABLE_IN_1_0
void devbox_log_reader_next_entry_async (DevboxLogReader *self,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxLogEntry *devbox_log_reader_next_entry_finish (DevboxLogReader *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxLogEntry *devbox_log_reader_next_entry_sync (DevboxLogReader *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
DevboxCommandResult *devbox_log_reader_get_result (DevboxLogReader *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_log_reader_get_n_missed (DevboxLogReader *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_log_reader_is_closed (DevboxLogReader *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_log_reader_close (DevboxLogReader *self);

G_END_DECLS
