/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-store-private.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/* The database of a store: every call blocks, and one thread at a time may make them. Errors are DEVBOX_WIRE_ERROR. */
typedef struct _DevboxStoreDatabase DevboxStoreDatabase;

/* Each has rows of a key and a record in JSON. */
typedef enum
{
  DEVBOX_STORE_BOXES,
  DEVBOX_STORE_RELEASES,
  DEVBOX_STORE_USERS,
  DEVBOX_STORE_N_TABLES
} DevboxStoreTable;

/* A sample that waits to be written. */
typedef struct
{
  char uid[DEVBOX_BOX_UID_LENGTH + 1];
  DevboxBoxSample sample;
} DevboxStoreSampleRow;

#define DEVBOX_STORE_MAX_READ_SAMPLES 11000

/* Makes the file where there is none. One that is foreign, newer or damaged is left as it is. */
DevboxStoreDatabase *devbox_store_database_open (const char *path, GError **error);
void devbox_store_database_close (DevboxStoreDatabase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxStoreDatabase, devbox_store_database_close)

gboolean devbox_store_database_begin (DevboxStoreDatabase *self, GError **error);
gboolean devbox_store_database_commit (DevboxStoreDatabase *self, GError **error);
void devbox_store_database_roll_back (DevboxStoreDatabase *self);
/* Whether a commit waits for the disk, as it does from the start; not within a transaction. */
void devbox_store_database_set_durable (DevboxStoreDatabase *self, gboolean durable);

/* Within a transaction. */
gboolean devbox_store_database_put (DevboxStoreDatabase *self,
                                    DevboxStoreTable table,
                                    const char *key,
                                    const char *record,
                                    GError **error);
/* A box goes with its samples. */
gboolean
devbox_store_database_delete (DevboxStoreDatabase *self, DevboxStoreTable table, const char *key, GError **error);
/* In the order in which they came; what func says of a row ends it. */
typedef gboolean (
    *DevboxStoreRowFunc) (const char *key, const char *record, gsize size, gpointer user_data, GError **error);
gboolean devbox_store_database_load (DevboxStoreDatabase *self,
                                     DevboxStoreTable table,
                                     DevboxStoreRowFunc func,
                                     gpointer user_data,
                                     GError **error);

/* Samples (devbox-store-samples.c). Those of boxes that are not there any more are passed over. */
gboolean devbox_store_database_add_sample (DevboxStoreDatabase *self, const DevboxStoreSampleRow *row, GError **error);
/* A part of them, and whether there may be more. */
gboolean
devbox_store_database_purge_samples (DevboxStoreDatabase *self, gint64 before, gboolean *has_more, GError **error);
GArray *devbox_store_database_read_samples (DevboxStoreDatabase *self,
                                            const char *uid,
                                            gint64 start,
                                            gint64 end,
                                            gint64 step,
                                            GError **error);

/* Between the two halves: a prepared statement, to be run and then reset. */
typedef enum
{
  DEVBOX_STORE_ADD_SAMPLE = 3 * DEVBOX_STORE_N_TABLES,
  DEVBOX_STORE_DELETE_SAMPLES,
  DEVBOX_STORE_PURGE_SAMPLES,
  DEVBOX_STORE_READ_SAMPLES,
  DEVBOX_STORE_N_STATEMENTS
} DevboxStoreStatement;

sqlite3_stmt *devbox_store_database_get_statement (DevboxStoreDatabase *self, DevboxStoreStatement statement);
/* Of one that gives no rows; resets it. */
gboolean devbox_store_database_run (DevboxStoreDatabase *self, sqlite3_stmt *statement, GError **error);
int devbox_store_database_get_n_changes (DevboxStoreDatabase *self);
/* From what the last call said; returns FALSE. */
gboolean devbox_store_database_fail (DevboxStoreDatabase *self, GError **error);

G_END_DECLS
