/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-finder-private.h"
#include "devbox-client-core-private.h"
#include "devbox-error-private.h"
#include "devbox-retry-private.h"
#include "devbox-trace-private.h"

G_BEGIN_DECLS

/* Between the client and its calls, and between the parts of a call. */

DevboxClientCore *devbox_client_get_core (DevboxClient *self); /* transfer none */

#define DEVBOX_REQUEST_ID_LENGTH 16

/* One call, from the caller's thread to the I/O thread and back.
 *
 * The I/O thread uses what is the caller's - task, cancellable, request, client - only until the call is settled, and
 * never releases it: that happens in the source that settling attaches to the task's context, or in the thread that
 * waits. What the I/O thread still holds after that is the memory of the call itself. A call that the I/O thread makes
 * for itself has a function instead of a task. */
struct _DevboxCall
{
  gatomicrefcount ref_count;
  DevboxIoThread *thread;
  DevboxAgent *agent; /* NULL: it is for the platform */
  char request_id[DEVBOX_REQUEST_ID_LENGTH + 1];
  guint timeout_ms;
  gint64 start_time;

  /* The caller's. */
  DevboxClient *client;
  DevboxRequest *request;
  GCancellable *cancellable;
  gulong cancelled_id;
  GTask *task; /* NULL: a thread waits */
  GSource *return_source;

  /* Written by the I/O thread before the call goes back. */
  gpointer result;
  GError *error;
  GMutex mutex;
  GCond cond;
  gboolean is_back;

  /* The I/O thread's. */
  DevboxCallDone done; /* of a call of its own */
  gpointer done_data;
  guint n_io_refs;
  DevboxClientCore *core;
  gboolean is_settled;
  GList link;
  DevboxTimer deadline;

  /* Of its run; see devbox-call-run.c. */
  gboolean waits_for_platform;
  DevboxEndpoint *platform; /* or NULL; written by the caller's thread before the call is there */
  DevboxEndpoint *endpoint; /* of the attempt in hand */
  DevboxAgentSearch search;
  DevboxTimer pause; /* before the next attempt */
  DevboxRetryRules rules;
  GPtrArray *headers;
  DevboxMetricsRecorder *recorder; /* NULL in a call of the I/O thread's own */
  DevboxTrace trace;
  guint64 n_bytes;
  GError *step_error; /* what the step before the pause was taken for, or NULL */
  guint n_retries;
  gboolean was_sent_again;
  gboolean was_found_again;
  DevboxTicket ticket;
  DevboxConnection *connection;
};

DevboxCall *devbox_call_ref (DevboxCall *self);
void devbox_call_unref (gpointer call);

/* All in the I/O thread. */

/* While the I/O thread has to do with the call, its core must not go. */
void devbox_call_io_ref (DevboxCall *self);
void devbox_call_io_unref (DevboxCall *self);

void devbox_call_run (DevboxCall *self);      /* the first attempt, or the next one */
void devbox_call_stop_run (DevboxCall *self); /* whatever it is at; its connection comes back by itself */

/* Ends the call; takes result and error, of which one is set. */
void devbox_call_settle (DevboxCall *self, gpointer result, GError *error);
DevboxErrorDetails devbox_call_get_error_details (DevboxCall *self);
/* Monotonic time in µs; G_MAXINT64 for none. It moves as long as a body that comes through a pipe does. */
gint64 devbox_call_get_deadline (DevboxCall *self);

/* Ends an open call because its client was closed. */
void devbox_call_fail_closed (DevboxCall *self);

G_END_DECLS
