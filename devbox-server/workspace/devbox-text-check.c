/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-text-check-private.h"

#include "devbox-wire-text-private.h"

static const guint8 *
skip_ascii (const guint8 *text, const guint8 *end)
{
  while (end - text >= 32)
    {
      guint64 words[4];

      memcpy (words, text, sizeof words);
      if (((words[0] | words[1] | words[2] | words[3]) & DEVBOX_WIRE_EVERY_BYTE (0x80)) != 0)
        break;
      text += sizeof words;
    }

  while (text < end && *text < 0x80)
    text++;

  return text;
}

/* Goes on with the character that was cut; returns how many bytes of it there were in the piece, 0 when it is none. */
static gsize
complete_character (DevboxTextCheck *self, const guint8 *data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    {
      guint length;

      self->cut[self->n_cut++] = data[i];
      switch (devbox_wire_text_check_character (self->cut, self->cut + self->n_cut, &length))
        {
        case DEVBOX_WIRE_UTF8_VALID:
          self->n_cut = 0;
          return i + 1;
        case DEVBOX_WIRE_UTF8_INVALID:
          return 0;
        case DEVBOX_WIRE_UTF8_CUT:
          break;
        default:
          g_assert_not_reached ();
        }
    }

  return size;
}

gboolean
devbox_text_check_feed (DevboxTextCheck *self, const guint8 *data, gsize size)
{
  const guint8 *end = data + size;

  if (size == 0)
    return TRUE;
  if (memchr (data, '\0', size) != NULL)
    return FALSE;

  if (self->n_cut > 0)
    {
      gsize n_bytes = complete_character (self, data, size);

      if (n_bytes == 0)
        return FALSE;
      data += n_bytes;
    }

  while ((data = skip_ascii (data, end)) < end)
    {
      guint length;

      switch (devbox_wire_text_check_character (data, end, &length))
        {
        case DEVBOX_WIRE_UTF8_VALID:
          data += length;
          break;
        case DEVBOX_WIRE_UTF8_CUT:
          self->n_cut = end - data;
          memcpy (self->cut, data, self->n_cut);
          return TRUE;
        default:
          return FALSE;
        }
    }

  return TRUE;
}

gboolean
devbox_text_check_end (const DevboxTextCheck *self)
{
  return self->n_cut == 0;
}
