/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-record-private.h"

G_BEGIN_DECLS

/* The memory of the platform: one SQLite database in write-ahead mode, synchronous FULL, written by one thread of its
 * own in the order of the calls. A put is answered when it is on disk, in the context that was the thread default when
 * the store was made. Errors are DEVBOX_WIRE_ERROR: DISK_FULL, INTERNAL_ERROR, VALIDATION_ERROR for a record that could
 * not be read back, SERVER_UNAVAILABLE once the store is being freed. */
typedef struct _DevboxStore DevboxStore;

/* Opens state.sqlite of the folder, makes or upgrades its tables. CONFLICT where another process has it (flock on
 * "lock"); INTERNAL_ERROR with what to do for a database that is damaged or of a newer version (it is left alone). */
DevboxStore *devbox_store_new (const char *folder, GError **error);
void devbox_store_free (DevboxStore *self); /* writes what waits, tells everybody, lets the lock go */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxStore, devbox_store_free)

/* At the start; blocking. A row that cannot be read is an error. */
GPtrArray *devbox_store_load_boxes (DevboxStore *self, GError **error);    /* of DevboxBoxRecord */
GPtrArray *devbox_store_load_releases (DevboxStore *self, GError **error); /* of DevboxReleaseRecord */
GPtrArray *devbox_store_load_users (DevboxStore *self, GError **error);    /* of DevboxUserRecord */

typedef void (*DevboxStoreFunc) (const GError *error, gpointer user_data);

/* Records are copied. func may be NULL; a failure is then a warning. */
void devbox_store_put_box (DevboxStore *self, const DevboxBoxRecord *record, DevboxStoreFunc func, gpointer user_data);
void devbox_store_delete_box (DevboxStore *self,
                              const char *uid,
                              DevboxStoreFunc func,
                              gpointer user_data); /* with its samples */
void devbox_store_put_release (DevboxStore *self,
                               const DevboxReleaseRecord *record,
                               DevboxStoreFunc func,
                               gpointer user_data);
void devbox_store_delete_release (DevboxStore *self, const char *uid, DevboxStoreFunc func, gpointer user_data);
void
devbox_store_put_user (DevboxStore *self, const DevboxUserRecord *record, DevboxStoreFunc func, gpointer user_data);
void devbox_store_delete_user (DevboxStore *self, const char *name, DevboxStoreFunc func, gpointer user_data);

/* Samples: kept for 24 hours, older ones are removed as new ones come. They are gathered, and written every half minute
 * without waiting for the disk; a kill loses those. Bounded: while 64 Ki wait, more are dropped. */
typedef struct
{
  const char *uid;
  DevboxBoxSample sample;
} DevboxStoreSample;

void devbox_store_add_samples (DevboxStore *self, const DevboxStoreSample *samples, guint n_samples);

/* Those of [start, end] in ms of the epoch, in the order of time, also those that are not written yet; with step > 0
 * one for each step that has any: means of cpu, memory and disk, the last of the counters, the time of the step's begin
 * (the first begins at start). More than 11,000 are a VALIDATION_ERROR (as with Prometheus); RATE_LIMITED while too
 * many others read. samples is NULL with an error, and the caller's to reference. */
typedef void (*DevboxStoreSamplesFunc) (GArray *samples,
                                        const GError *error,
                                        gpointer user_data); /* of DevboxBoxSample */
void devbox_store_read_samples (DevboxStore *self,
                                const char *uid,
                                gint64 start,
                                gint64 end,
                                gint64 step,
                                DevboxStoreSamplesFunc func,
                                gpointer user_data);

G_END_DECLS
