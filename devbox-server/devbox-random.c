/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-random-private.h"

#include <sys/random.h>

char *
devbox_random_token (void)
{
  guint8 bytes[32];
  GString *token = g_string_sized_new (2 * sizeof bytes + 1);

  /* A request of up to 256 bytes is neither interrupted nor short. */
  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    g_error ("the kernel has no random bytes");
  for (guint i = 0; i < sizeof bytes; i++)
    g_string_append_printf (token, "%02x", bytes[i]);

  return g_string_free (token, FALSE);
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

      /* A request this small is neither interrupted nor short. */
      if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
        g_error ("the kernel has no random bytes");

      for (guint i = 0; i < sizeof bytes && length < DEVBOX_ID_LENGTH; i++)
        {
          if (bytes[i] < G_MAXUINT8 / n_letters * n_letters) /* the rest would favour the first letters */
            id[length++] = alphabet[bytes[i] % n_letters];
        }
    }

  id[length] = '\0';
}
