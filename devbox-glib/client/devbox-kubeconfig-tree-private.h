/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-error-private.h"
#include "devbox-secret-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What kubeconfig files say, merged into one tree: of two entries with the same name the one of the earlier file
 * counts. Relative paths in it are absolute already. Immutable; reference counted, thread safe; its memory is cleared
 * at the end. All errors are INVALID_KUBECONFIG, with the file and line, or G_IO_ERROR_CANCELLED. */
typedef struct _DevboxKubeconfigTree DevboxKubeconfigTree;

DevboxKubeconfigTree *devbox_kubeconfig_tree_new_from_bytes (GBytes *bytes, GError **error);
/* GFiles: all, or the first that exists. Those that do not exist are skipped; with none left that is the error, which
 * names them. Blocks. */
DevboxKubeconfigTree *
devbox_kubeconfig_tree_load (GPtrArray *files, gboolean merges, GCancellable *cancellable, GError **error);
DevboxKubeconfigTree *devbox_kubeconfig_tree_ref (DevboxKubeconfigTree *self);
void devbox_kubeconfig_tree_unref (DevboxKubeconfigTree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxKubeconfigTree, devbox_kubeconfig_tree_unref)

/* Whether it came from files, so that the files which it names may be read. */
gboolean devbox_kubeconfig_tree_is_local (DevboxKubeconfigTree *self);
GStrv devbox_kubeconfig_tree_dup_contexts (DevboxKubeconfigTree *self);
/* context: NULL for the current one. The strings belong to the tree. */
gboolean devbox_kubeconfig_tree_read (DevboxKubeconfigTree *self,
                                      const char *context,
                                      DevboxWireKubeconfig *kubeconfig,
                                      GError **error);
/* Fails because of something at `fault`, or of the whole when it is NULL. Returns FALSE. */
gboolean devbox_kubeconfig_tree_fail (DevboxKubeconfigTree *self,
                                      JsonNode *fault,
                                      const GError *cause,
                                      GError **error,
                                      const char *format,
                                      ...) G_GNUC_PRINTF (5, 6);

/* A regular file as text with a NUL behind it, no longer than `limit`: transfer full, a secret of `size` bytes. The
 * error is of GIO. Blocks. */
char *devbox_kubeconfig_read_file (GFile *file, gsize limit, gsize *size, GCancellable *cancellable, GError **error);

G_END_DECLS
