/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* g_autoptr (DevboxSecret) is text that is cleared before it is freed. */
typedef char DevboxSecret;

/* In a time that does not depend on what they hold. */
static inline gboolean
devbox_secret_equals (const guint8 *a, const guint8 *b, gsize size)
{
  guint8 difference = 0;

  for (gsize i = 0; i < size; i++)
    difference |= a[i] ^ b[i];

  return difference == 0;
}

/* So that it does not lie about in freed memory; NULL is fine. */
static inline void
devbox_secret_free (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxSecret, devbox_secret_free)

G_END_DECLS
