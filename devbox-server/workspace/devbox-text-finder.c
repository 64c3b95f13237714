/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-text-finder-private.h"

#include <string.h>

/* A candidate costs about as much as this many bytes that are passed over. */
#define CANDIDATE_COST 32
#define CANDIDATES_FOR_FREE 64

/* Bytes by how often they are met in source code and prose, the most frequent first; others are rare. */
static const char frequent_bytes[] = " etaoinsrl\nhdcu\tmpfg_ybw.,v(k);\"'=-:/x>{}0T1<IASEC\\2*\xe4\xe5\xe6\xe8\xe7\xe9"
                                     "R\xef\xbc\xe3\x80\x81\x82PNDMLO[]F+#B3jU5q4zG8&H!V6W97|%$@?YK";

static guint
get_rarity (char byte)
{
  const char *place = byte != '\0' ? strchr (frequent_bytes, byte) : NULL;

  return place != NULL ? place - frequent_bytes : G_MAXUINT;
}

void
devbox_text_finder_init (DevboxTextFinder *self, const char *text)
{
  self->text = text;
  self->length = strlen (text);
  self->rare = 0;

  g_return_if_fail (self->length > 0);

  /* Further back than that there is hardly a rarer one. */
  for (gsize i = 1; i < MIN (self->length, 256); i++)
    {
      if (get_rarity (text[i]) > get_rarity (text[self->rare]))
        self->rare = i;
    }
}

const guint8 *
devbox_text_finder_find (const DevboxTextFinder *self, const guint8 *data, gsize size)
{
  const guint8 *end = data + size;
  const guint8 *start = data; /* the text may begin from here on */
  guint8 rare = self->text[self->rare];
  gsize n_candidates = 0;

  while ((gsize) (end - start) >= self->length)
    {
      const guint8 *hit = memchr (start + self->rare, rare, end - start - (self->length - 1));

      if (hit == NULL)
        return NULL;

      start = hit - self->rare;
      if (memcmp (start, self->text, self->length) == 0)
        return start;

      start++;
      n_candidates++;
      if (n_candidates > CANDIDATES_FOR_FREE + (gsize) (start - data) / CANDIDATE_COST)
        return memmem (start, end - start, self->text, self->length);
    }

  return NULL;
}
