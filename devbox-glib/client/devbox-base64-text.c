/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-base64-text-private.h"

#include "devbox-wire-base64-private.h"

#include <string.h>

#define QUANTUM 3

struct _DevboxBase64Text
{
  GString *text; /* that waits to be read */
  gsize position;
  char *tail;
  gboolean is_complete; /* the tail is in the text */
  guint8 rest[QUANTUM]; /* of the content, less than a quantum */
  gsize n_rest;
};

DevboxBase64Text *
devbox_base64_text_new (const char *head, const char *tail)
{
  DevboxBase64Text *self = g_new0 (DevboxBase64Text, 1);

  self->text = g_string_new (head);
  self->tail = g_strdup (tail);

  return self;
}

void
devbox_base64_text_free (DevboxBase64Text *self)
{
  g_string_free (self->text, TRUE);
  g_free (self->tail);
  g_free (self);
}

goffset
devbox_base64_text_get_size (const char *head, const char *tail, goffset content_size)
{
  return (goffset) (strlen (head) + strlen (tail)) + (content_size + 2) / 3 * 4;
}

gboolean
devbox_base64_text_wants_more (DevboxBase64Text *self)
{
  return self->position == self->text->len && !self->is_complete;
}

static void
append (DevboxBase64Text *self, const guint8 *content, gsize size)
{
  gsize length = self->text->len;

  g_string_set_size (self->text, length + (size + 2) / 3 * 4);
  devbox_wire_base64_encode (content, size, self->text->str + length);
}

/* Returns how much of the content it took. */
static gsize
complete_rest (DevboxBase64Text *self, const guint8 *content, gsize size)
{
  gsize n_taken = self->n_rest > 0 ? MIN (QUANTUM - self->n_rest, size) : 0;

  memcpy (self->rest + self->n_rest, content, n_taken);
  self->n_rest += n_taken;
  if (self->n_rest == QUANTUM)
    {
      append (self, self->rest, QUANTUM);
      self->n_rest = 0;
    }

  return n_taken;
}

void
devbox_base64_text_add (DevboxBase64Text *self, const guint8 *content, gsize size, gboolean is_last)
{
  gsize n_taken;
  gsize whole;

  g_string_truncate (self->text, 0);
  self->position = 0;

  n_taken = size > 0 ? complete_rest (self, content, size) : 0;
  whole = (size - n_taken) / QUANTUM * QUANTUM;
  if (whole > 0)
    append (self, content + n_taken, whole);
  if (n_taken + whole < size)
    {
      self->n_rest = size - n_taken - whole;
      memcpy (self->rest, content + n_taken + whole, self->n_rest);
    }

  if (is_last)
    {
      append (self, self->rest, self->n_rest);
      g_string_append (self->text, self->tail);
      self->is_complete = TRUE;
    }
}

gsize
devbox_base64_text_read (DevboxBase64Text *self, void *buffer, gsize count)
{
  gsize n_read = MIN (count, self->text->len - self->position);

  memcpy (buffer, self->text->str + self->position, n_read);
  self->position += n_read;

  return n_read;
}
