/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-store-database-private.h"

G_BEGIN_DECLS

/* Between the store (devbox-store.c) and the kinds of records that it keeps (devbox-store-records.c). */

/* Takes record and error. record is NULL: the row goes; with an error nothing is changed, and it is told. */
void devbox_store_push_change (DevboxStore *self,
                               DevboxStoreTable table,
                               const char *key,
                               char *record,
                               GError *error,
                               DevboxStoreFunc func,
                               gpointer user_data);
gboolean devbox_store_load (DevboxStore *self,
                            DevboxStoreTable table,
                            DevboxStoreRowFunc func,
                            gpointer user_data,
                            GError **error);

G_END_DECLS
