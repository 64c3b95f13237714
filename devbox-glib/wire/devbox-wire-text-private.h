/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* The two inner loops over text that reading and writing JSON share. */

#define DEVBOX_WIRE_EVERY_BYTE(byte) (G_GUINT64_CONSTANT (0x0101010101010101) * (byte))

/* The first byte from `text` on that is a quotation mark, a backslash, a control character or not ASCII; else `end`.
 * Eight bytes a step: subtracting borrows only into bytes that follow one that is found, so the lowest mark is always
 * right. */
static inline const guint8 *
devbox_wire_text_skip_plain (const guint8 *text, const guint8 *end)
{
  while (end - text >= 8)
    {
      guint64 word, found;

      memcpy (&word, text, sizeof word);
      word = GUINT64_FROM_LE (word);
      found = word | (word - DEVBOX_WIRE_EVERY_BYTE (0x20));
      found |= (word ^ DEVBOX_WIRE_EVERY_BYTE ('"')) - DEVBOX_WIRE_EVERY_BYTE (1);
      found |= (word ^ DEVBOX_WIRE_EVERY_BYTE ('\\')) - DEVBOX_WIRE_EVERY_BYTE (1);
      found &= DEVBOX_WIRE_EVERY_BYTE (0x80);
      if (found != 0)
        return text + __builtin_ctzll (found) / 8;
      text += 8;
    }

  while (text < end && *text >= 0x20 && *text < 0x80 && *text != '"' && *text != '\\')
    text++;

  return text;
}

typedef enum
{
  DEVBOX_WIRE_UTF8_VALID,
  DEVBOX_WIRE_UTF8_INVALID,
  DEVBOX_WIRE_UTF8_CUT, /* well-formed as far as the text goes */
} DevboxWireUtf8;

/* Looks at the character that is not ASCII at `text`. *length: of the character; when invalid, of the longest part of
 * it that could have begun one (one at least), which is what a single U+FFFD stands for in the practice that Unicode
 * recommends. */
static inline DevboxWireUtf8
devbox_wire_text_check_character (const guint8 *text, const guint8 *end, guint *length)
{
  guint8 lead = text[0];
  guint8 lowest = 0x80, highest = 0xbf;
  guint n_bytes;

  *length = 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    n_bytes = 2;
  else if (lead >= 0xe0 && lead <= 0xef)
    n_bytes = 3;
  else if (lead >= 0xf0 && lead <= 0xf4)
    n_bytes = 4;
  else
    return DEVBOX_WIRE_UTF8_INVALID;

  /* The second byte rules out overlong forms, surrogates and what lies beyond U+10FFFF. */
  if (lead == 0xe0)
    lowest = 0xa0;
  else if (lead == 0xf0)
    lowest = 0x90;
  else if (lead == 0xed)
    highest = 0x9f;
  else if (lead == 0xf4)
    highest = 0x8f;

  for (; *length < n_bytes; (*length)++)
    {
      if (end - text == *length)
        return DEVBOX_WIRE_UTF8_CUT;
      if (text[*length] < lowest || text[*length] > highest)
        return DEVBOX_WIRE_UTF8_INVALID;
      lowest = 0x80;
      highest = 0xbf;
    }

  return DEVBOX_WIRE_UTF8_VALID;
}

G_END_DECLS
