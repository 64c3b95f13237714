/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

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

/* The same of a text that was put together; one that grew has left its beginnings behind, so make it large enough. */
static inline void
devbox_secret_free_string (GString *secret)
{
  explicit_bzero (secret->str, secret->allocated_len);
  g_string_free (secret, TRUE);
}

static inline void
devbox_secret_free_strv (char **secrets)
{
  for (guint i = 0; secrets != NULL && secrets[i] != NULL; i++)
    devbox_secret_free (secrets[i]);
  g_free (secrets);
}

/* g_autoptr (DevboxSecret) token = g_strconcat (…); */
typedef char DevboxSecret;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxSecret, devbox_secret_free)

G_END_DECLS
