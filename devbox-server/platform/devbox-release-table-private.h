/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-private.h"
#include "devbox-store-private.h"
#include "devbox-workers-private.h"

G_BEGIN_DECLS

/* Snapshots of workspaces. Of the platform's thread; the copies are made by workers, a few at a time. A box is copied
 * as it runs. */
typedef struct _DevboxReleaseTable DevboxReleaseTable;

#define DEVBOX_RELEASE_TABLE_MAX 1000 /* of one owner */

/* Reads them; moves what the store does not know from releases/ to the trash, and finishes what was begun or says why
 * it failed. What was copied by halves stays in incoming/, for whoever empties that at the start. */
DevboxReleaseTable *
devbox_release_table_new (DevboxStore *store, DevboxWorkers *workers, const char *data_folder, GError **error);
/* Before the store, after the workers. */
void devbox_release_table_free (DevboxReleaseTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxReleaseTable, devbox_release_table_free)

/* Of one box name, the newest first; box_name NULL: all of the owner. Transfer container, of const DevboxReleaseRecord.
 */
GPtrArray *devbox_release_table_list (DevboxReleaseTable *self, const char *owner, const char *box_name);
/* FILE_NOT_FOUND. Transfer none. */
const DevboxReleaseRecord *devbox_release_table_lookup (DevboxReleaseTable *self,
                                                        const char *owner,
                                                        const char *box_name,
                                                        const char *tag,
                                                        GError **error);
const DevboxReleaseRecord *devbox_release_table_lookup_uid (DevboxReleaseTable *self, const char *uid);

/* Told once: of a new one when the intent is on disk (is_complete FALSE until the copy is done, or failed and says why
 * in reason), of a removal when the release is gone. VALIDATION_ERROR for the tag or the description, CONFLICT where
 * there is one or the box has no folder, RATE_LIMITED when there are too many, FILE_NOT_FOUND. */
typedef void (*DevboxReleaseFunc) (const DevboxReleaseRecord *release, const GError *error, gpointer user_data);
void devbox_release_table_create (DevboxReleaseTable *self,
                                  DevboxBox *box,
                                  const char *tag,
                                  const char *description,
                                  DevboxReleaseFunc func,
                                  gpointer user_data);
void devbox_release_table_remove (DevboxReleaseTable *self,
                                  const char *owner,
                                  const char *box_name,
                                  const char *tag,
                                  DevboxReleaseFunc func,
                                  gpointer user_data);
/* CONFLICT, with the reason, where nothing can be made of it (yet). In any thread. */
gboolean devbox_release_table_check_complete (DevboxReleaseTable *self, const char *uid, GError **error);
/* Fills an empty folder from a complete release (CONFLICT otherwise, with its reason). In a worker thread. */
gboolean devbox_release_table_seed (DevboxReleaseTable *self,
                                    const char *uid,
                                    int folder_fd,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
