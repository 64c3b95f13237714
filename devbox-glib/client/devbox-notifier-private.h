/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Tells an object, in its own main context and no more often than every interval_ms, that something has changed in
 * other threads, none of which ever holds the object. Reference counted, thread safe. */
typedef struct _DevboxNotifier DevboxNotifier;

/* A program that shows counters is told so often, however much they count. */
#define DEVBOX_NOTIFIER_COUNTERS_MS 100

DevboxNotifier *
devbox_notifier_new (GMainContext *context, GObject *object, guint interval_ms, void (*changed) (GObject *object));
DevboxNotifier *devbox_notifier_ref (DevboxNotifier *self);
void devbox_notifier_unref (DevboxNotifier *self);

void devbox_notifier_schedule (DevboxNotifier *self);
/* For the object's end: it gives up the context, which would keep a notification that nobody dispatches. */
void devbox_notifier_disconnect (DevboxNotifier *self);

G_END_DECLS
