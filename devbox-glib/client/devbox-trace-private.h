/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DEVBOX_TRACE_PARENT_LENGTH 55
#define DEVBOX_TRACE_ID_LENGTH 32
#define DEVBOX_TRACE_SPAN_ID_LENGTH 16

/* Where a request stands in a trace, as W3C Trace Context has it. All requests of a call have one trace identifier;
 * each is a span of its own. */
typedef struct
{
  char trace_id[DEVBOX_TRACE_ID_LENGTH + 1];
  char span_id[DEVBOX_TRACE_SPAN_ID_LENGTH + 1];
  guint8 flags;
} DevboxTrace;

/* Reads the value of a `traceparent` header. DEVBOX_ERROR_VALIDATION_ERROR: it is none. */
gboolean devbox_trace_parse (DevboxTrace *self, const char *parent, GError **error);
/* `length` hexadecimal digits, a multiple of 8 and not all of them 0, and the NUL behind them. */
void devbox_trace_fill_with_random (char *identifier, gsize length);
/* A trace of its own, which nobody records yet. */
void devbox_trace_init_random (DevboxTrace *self);
/* What each request does before it goes out: another span of the same trace. */
void devbox_trace_begin_span (DevboxTrace *self);
/* What goes into the header. */
void devbox_trace_format (const DevboxTrace *self, char parent[DEVBOX_TRACE_PARENT_LENGTH + 1]);

G_END_DECLS
