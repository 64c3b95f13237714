/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-timer-private.h"

#include <glib.h>

G_BEGIN_DECLS

/* A thread with a main context of its own, where libsoup, the pool and their timers live. It starts with the first
 * thing there is to do, is never joined, and ends by itself. Reference counted and thread safe, but for what is marked.
 */
typedef struct _DevboxIoThread DevboxIoThread;

DevboxIoThread *devbox_io_thread_new (void);
DevboxIoThread *devbox_io_thread_ref (DevboxIoThread *self);
void devbox_io_thread_unref (DevboxIoThread *self);

gboolean devbox_io_thread_is_current (DevboxIoThread *self);
GMainContext *devbox_io_thread_get_context (DevboxIoThread *self); /* transfer none; starts the thread */

/* Calls `func` in the thread, soon and in the order of the calls, until it returns G_SOURCE_REMOVE; `destroy` follows
 * in the same thread. When the thread has ended `func` is not called, and `destroy` at once. */
void devbox_io_thread_invoke (DevboxIoThread *self, GSourceFunc func, gpointer data, GDestroyNotify destroy);

/* Calls `shutdown` in the thread, which ends when nothing holds it any more. No more than once; nothing may be invoked
 * after it that needs what `shutdown` frees. */
void devbox_io_thread_stop (DevboxIoThread *self, GDestroyNotify shutdown, gpointer data);

/* In the thread only. */
void devbox_io_thread_hold (DevboxIoThread *self);
void devbox_io_thread_release (DevboxIoThread *self);
DevboxTimerQueue *devbox_io_thread_get_timers (DevboxIoThread *self);

/* How many such threads run in this process. */
guint devbox_io_thread_get_n_running (void);

G_END_DECLS
