/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* How finished requests get from an agent's thread to the signal of the agent, in the context where that was made. It
 * keeps neither alive. */
typedef struct _DevboxRequestOutbox DevboxRequestOutbox;

typedef struct
{
  char *method;
  char *path;
  guint status;
  guint64 bytes_sent;
  gint64 duration; /* µs */
} DevboxFinishedRequest;

/* In the target's context. */
typedef void (*DevboxFinishedRequestFunc) (GObject *target, const DevboxFinishedRequest *request);

DevboxRequestOutbox *devbox_request_outbox_new (GObject *target, GMainContext *context, DevboxFinishedRequestFunc func);
void devbox_request_outbox_unref (DevboxRequestOutbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxRequestOutbox, devbox_request_outbox_unref)

void devbox_request_outbox_push (DevboxRequestOutbox *self, DevboxHttpExchange *exchange); /* in the agent's thread */

G_END_DECLS
