/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether bytes that come in pieces are text: UTF-8 without NUL. Begins as zeroes. */
typedef struct
{
  guint8 cut[4]; /* a character that the end of a piece cut */
  guint n_cut;
} DevboxTextCheck;

gboolean devbox_text_check_feed (DevboxTextCheck *self, const guint8 *data, gsize size);
/* There is no more. */
gboolean devbox_text_check_end (const DevboxTextCheck *self);

G_END_DECLS
