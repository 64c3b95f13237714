/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-random-private.h"

#include <string.h>
#include <sys/random.h>

#define MAX_BYTES 256

static void
fill (void *bytes, gsize n_bytes)
{
  /* A request of up to 256 bytes is neither interrupted nor short. */
  if (getrandom (bytes, n_bytes, 0) != (gssize) n_bytes)
    g_error ("the kernel has no random bytes");
}

char *
devbox_random_hex (gsize n_bytes)
{
  guint8 bytes[MAX_BYTES];
  GString *text = g_string_sized_new (2 * n_bytes + 1);

  g_assert (n_bytes <= sizeof bytes);

  fill (bytes, n_bytes);
  for (gsize i = 0; i < n_bytes; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  explicit_bzero (bytes, n_bytes);

  return g_string_free (text, FALSE);
}

char *
devbox_random_token (void)
{
  return devbox_random_hex (32);
}

guint32
devbox_random_below (guint32 limit)
{
  const guint32 n_even = G_MAXUINT32 / limit * limit; /* the rest would favour the small ones */
  guint32 number;

  do
    fill (&number, sizeof number);
  while (number >= n_even);

  return number % limit;
}

void
devbox_random_id (char id[DEVBOX_ID_LENGTH + 1])
{
  static const char alphabet[] = "-_0123456789abcdefghijklmnopqrstuvwxyz";
  const guint n_letters = sizeof alphabet - 1;
  guint length = 0;

  while (length < DEVBOX_ID_LENGTH)
    {
      guint8 bytes[2 * DEVBOX_ID_LENGTH];

      fill (bytes, sizeof bytes);
      for (guint i = 0; i < sizeof bytes && length < DEVBOX_ID_LENGTH; i++)
        {
          if (bytes[i] < G_MAXUINT8 / n_letters * n_letters) /* the rest would favour the first letters */
            id[length++] = alphabet[bytes[i] % n_letters];
        }
    }

  id[length] = '\0';
}
