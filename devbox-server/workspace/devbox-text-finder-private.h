/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Finds a text in memory: goes by the byte of it that is the rarest in ordinary texts, as fast as memchr () for most,
 * and in linear time for all. */
typedef struct
{
  const char *text;
  gsize length;
  gsize rare; /* where in the text that byte is */
} DevboxTextFinder;

/* The text, at least one byte, stays the caller's. */
void devbox_text_finder_init (DevboxTextFinder *self, const char *text);
/* The first occurrence, or NULL. */
const guint8 *devbox_text_finder_find (const DevboxTextFinder *self, const guint8 *data, gsize size);

G_END_DECLS
