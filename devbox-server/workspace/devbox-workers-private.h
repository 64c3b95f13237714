/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Threads for what may take long: walking folders, reading and writing many files. A few run at once, the rest wait in
 * a line that is bounded too. Of the thread that made it, in whose context results are told. */
typedef struct _DevboxWorkers DevboxWorkers;

DevboxWorkers *devbox_workers_new (guint max_threads, guint max_waiting);
/* Cancels what runs and what waits, waits for the threads, and tells each of them that was not told yet. */
void devbox_workers_free (DevboxWorkers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWorkers, devbox_workers_free)

/* In one of the threads. A job that was cancelled before its turn is not called. */
typedef gboolean (*DevboxWorkFunc) (gpointer data, GCancellable *cancellable, GError **error);
/* Once, from the main loop: error is NULL when the work returned TRUE. */
typedef void (*DevboxWorkDoneFunc) (gpointer data, const GError *error);

/* RATE_LIMITED when too many wait, or no thread can be had, G_IO_ERROR_CANCELLED from what is told while the workers
 * are freed; then neither function is called. The cancellable is used by this job alone. */
gboolean devbox_workers_push (DevboxWorkers *self,
                              DevboxWorkFunc work,
                              DevboxWorkDoneFunc done,
                              gpointer data,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
