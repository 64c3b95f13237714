/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Replaces every occurrence of a text, from the left and without overlap, in what comes in pieces of any size and
 * leaves in pieces of 256 KiB. */
typedef struct _DevboxTextReplacer DevboxTextReplacer;

typedef gboolean (*DevboxTextWriteFunc) (const guint8 *data, gsize size, gpointer user_data, GError **error);

/* Both texts stay the caller's; from has at least one byte. */
DevboxTextReplacer *
devbox_text_replacer_new (const char *from, const char *to, DevboxTextWriteFunc write, gpointer user_data);
void devbox_text_replacer_free (DevboxTextReplacer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTextReplacer, devbox_text_replacer_free)

/* Both fail when the write does, and then it is over. */
gboolean devbox_text_replacer_feed (DevboxTextReplacer *self, const guint8 *data, gsize size, GError **error);
gboolean devbox_text_replacer_finish (DevboxTextReplacer *self, GError **error);
guint64 devbox_text_replacer_get_n_replacements (DevboxTextReplacer *self);

G_END_DECLS
