/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-endpoint-private.h"
#include "devbox-metrics-recorder-private.h"
#include "devbox-trace-private.h"

G_BEGIN_DECLS

/* What a client shares with its I/O thread, which never holds the client itself. Reference counted, thread safe. */
typedef struct _DevboxClientSettings DevboxClientSettings;

DevboxClientSettings *devbox_client_settings_new (void);
DevboxClientSettings *devbox_client_settings_ref (DevboxClientSettings *self);
void devbox_client_settings_unref (DevboxClientSettings *self);

guint devbox_client_settings_get_timeout (DevboxClientSettings *self); /* ms, 0: none */
void devbox_client_settings_set_timeout (DevboxClientSettings *self, guint timeout_ms);
guint devbox_client_settings_get_max_retries (DevboxClientSettings *self);
void devbox_client_settings_set_max_retries (DevboxClientSettings *self, guint max_retries);
guint devbox_client_settings_get_retry_delay (DevboxClientSettings *self); /* ms */
void devbox_client_settings_set_retry_delay (DevboxClientSettings *self, guint delay_ms);

/* Where the platform is, and what it is told to let the program in; NULL: not known yet. transfer full */
DevboxEndpoint *devbox_client_settings_ref_platform (DevboxClientSettings *self);
void devbox_client_settings_set_platform (DevboxClientSettings *self, DevboxEndpoint *platform);

/* Who is told of calls. The first is transfer full; the second takes the new one and gives back the old one. */
DevboxMetricsRecorder *devbox_client_settings_ref_recorder (DevboxClientSettings *self);
DevboxMetricsRecorder *devbox_client_settings_take_recorder (DevboxClientSettings *self,
                                                             DevboxMetricsRecorder *recorder);

/* The trace that calls belong to, or NULL; FALSE if it is that already. */
char *devbox_client_settings_dup_traceparent (DevboxClientSettings *self);
gboolean devbox_client_settings_set_traceparent (DevboxClientSettings *self, const char *traceparent);
void devbox_client_settings_begin_trace (DevboxClientSettings *self, DevboxTrace *trace); /* of a call */

/* The headers that every request carries: name, value, name, value, …; transfer full. */
GPtrArray *devbox_client_settings_ref_headers (DevboxClientSettings *self);
void devbox_client_settings_set_header (DevboxClientSettings *self, const char *name, const char *value); /* or NULL */

G_END_DECLS
