/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-private.h"

G_BEGIN_DECLS

/* All boxes of a platform, by owner and name. Of the platform's thread. */
typedef struct _DevboxBoxTable DevboxBoxTable;

guint devbox_box_table_get_n_boxes (DevboxBoxTable *self);
/* DEVBOX_NOT_FOUND, whoever else may have one of that name. Transfer none. */
DevboxBox *devbox_box_table_lookup (DevboxBoxTable *self, const char *owner, const char *name, GError **error);
/* Sorted by name; NULL: of every owner. Transfer container. */
GPtrArray *devbox_box_table_list (DevboxBoxTable *self, const char *owner);
/* Of every owner, in no order; func makes and removes none. */
typedef void (*DevboxBoxTableFunc) (DevboxBox *box, gpointer user_data);
void devbox_box_table_foreach (DevboxBoxTable *self, DevboxBoxTableFunc func, gpointer user_data);

/* Takes a record that is complete but for what devbox_box_record_new () drew. Told when the intent is on disk: is_new
 * is FALSE when the idempotency key and the digest are those of a box that was made before. Errors: CONFLICT,
 * RATE_LIMITED (too many boxes), DISK_FULL. */
typedef void (*DevboxBoxCreatedFunc) (DevboxBox *box, gboolean is_new, const GError *error, gpointer user_data);
void
devbox_box_table_create (DevboxBoxTable *self, DevboxBoxRecord *record, DevboxBoxCreatedFunc func, gpointer user_data);

G_END_DECLS
