/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-text-replacer-private.h"

#include "devbox-text-finder-private.h"

#include <string.h>

#define PIECE_SIZE (256 * 1024)

typedef struct
{
  guint8 *data;
  gsize length;
  gsize size;
} Buffer;

struct _DevboxTextReplacer
{
  DevboxTextFinder from;
  const char *to;
  gsize to_length;
  guint64 n_replacements;

  Buffer input; /* what may yet be the beginning of `from`, and what came after it */
  Buffer output;
  DevboxTextWriteFunc write;
  gpointer user_data;
};

DevboxTextReplacer *
devbox_text_replacer_new (const char *from, const char *to, DevboxTextWriteFunc write, gpointer user_data)
{
  DevboxTextReplacer *self = g_new0 (DevboxTextReplacer, 1);

  devbox_text_finder_init (&self->from, from);
  self->to = to;
  self->to_length = strlen (to);
  self->write = write;
  self->user_data = user_data;
  /* What is kept is moved with each piece. */
  self->input.size = self->from.length + MAX (PIECE_SIZE, self->from.length);
  self->input.data = g_malloc (self->input.size);
  self->output.size = PIECE_SIZE;
  self->output.data = g_malloc (self->output.size);

  return self;
}

void
devbox_text_replacer_free (DevboxTextReplacer *self)
{
  g_free (self->input.data);
  g_free (self->output.data);
  g_free (self);
}

guint64
devbox_text_replacer_get_n_replacements (DevboxTextReplacer *self)
{
  return self->n_replacements;
}

static gsize
buffer_fill (Buffer *buffer, const guint8 *data, gsize size)
{
  gsize n = MIN (size, buffer->size - buffer->length);

  memcpy (buffer->data + buffer->length, data, n);
  buffer->length += n;

  return n;
}

static gboolean
flush (DevboxTextReplacer *self, GError **error)
{
  gsize length = self->output.length;

  self->output.length = 0;

  return length == 0 || self->write (self->output.data, length, self->user_data, error);
}

static gboolean
emit (DevboxTextReplacer *self, const void *data, gsize size, GError **error)
{
  const guint8 *bytes = data;

  while (size > 0)
    {
      gsize n = buffer_fill (&self->output, bytes, size);

      bytes += n;
      size -= n;
      if (self->output.length == self->output.size && !flush (self, error))
        return FALSE;
    }

  return TRUE;
}

/* Emits the input with its occurrences replaced, but for the last `n_open` bytes, in which one may have begun; those of
 * them that are behind the last occurrence stay. */
static gboolean
replace_in_input (DevboxTextReplacer *self, gsize n_open, GError **error)
{
  const guint8 *data = self->input.data;
  const guint8 *end = data + self->input.length;
  const guint8 *found;
  gsize n_kept;

  while ((found = devbox_text_finder_find (&self->from, data, end - data)) != NULL)
    {
      if (!emit (self, data, found - data, error) || !emit (self, self->to, self->to_length, error))
        return FALSE;
      data = found + self->from.length;
      self->n_replacements++;
    }

  n_kept = MIN (n_open, (gsize) (end - data));
  if (!emit (self, data, end - data - n_kept, error))
    return FALSE;
  memmove (self->input.data, end - n_kept, n_kept);
  self->input.length = n_kept;

  return TRUE;
}

gboolean
devbox_text_replacer_feed (DevboxTextReplacer *self, const guint8 *data, gsize size, GError **error)
{
  while (size > 0)
    {
      gsize n = buffer_fill (&self->input, data, size);

      data += n;
      size -= n;
      if (self->input.length == self->input.size && !replace_in_input (self, self->from.length - 1, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
devbox_text_replacer_finish (DevboxTextReplacer *self, GError **error)
{
  return replace_in_input (self, 0, error) && flush (self, error);
}
