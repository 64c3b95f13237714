/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-content-writer-private.h"

#include "devbox-wire-base64-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <stddef.h>
#include <string.h>

#define BUFFER_SIZE (64 * 1024)
/* What is encoded back at a time, of bytes and of characters: 224 KiB together. */
#define BLOCK_BYTES (96 * 1024)
#define BLOCK_CHARACTERS (BLOCK_BYTES / 3 * 4)

typedef enum
{
  MODE_SPECULATION, /* the encoding is unknown, and so far the text is canonical base64: it is decoded */
  MODE_PLAIN,
  MODE_BASE64,
} Mode;

struct _DevboxContentWriter
{
  DevboxWorkspace *workspace;
  char *path;
  goffset max_size;
  DevboxFileReplacement *file; /* NULL: what was written is in the buffer alone */

  Mode mode;
  DevboxWireBase64Decoder decoder;
  guint64 n_canonical; /* characters of the text that are canonical base64 from its start on */
  gboolean failed;

  gsize n_buffer;
  guint8 buffer[BUFFER_SIZE]; /* the last member: not cleared */
};

DevboxContentWriter *
devbox_content_writer_new (DevboxWorkspace *workspace, goffset max_size)
{
  DevboxContentWriter *self = g_malloc (sizeof (DevboxContentWriter));

  memset (self, 0, offsetof (DevboxContentWriter, buffer));
  self->workspace = devbox_workspace_ref (workspace);
  self->max_size = max_size;

  return self;
}

void
devbox_content_writer_free (DevboxContentWriter *self)
{
  g_clear_pointer (&self->file, devbox_file_replacement_free);
  devbox_workspace_unref (self->workspace);
  g_free (self->path);
  g_free (self);
}

static gboolean
ensure_file (DevboxContentWriter *self, GError **error)
{
  if (self->file == NULL)
    self->file = devbox_file_replacement_new (self->workspace, self->path, self->max_size, error);

  return self->file != NULL;
}

/* The bytes that the file would have now. */
goffset
devbox_content_writer_get_size (DevboxContentWriter *self)
{
  return (self->file != NULL ? devbox_file_replacement_get_size (self->file) : 0) + (goffset) self->n_buffer;
}

gboolean
devbox_content_writer_set_path (DevboxContentWriter *self, const char *path, GError **error)
{
  g_free (self->path);
  self->path = g_strdup (path);

  /* The file, once there is one, says whether it can be that path; a small one is made by the commit alone. */
  if (self->file != NULL && !devbox_file_replacement_set_path (self->file, path, error))
    self->failed = TRUE;

  return !self->failed;
}

static gboolean
flush (DevboxContentWriter *self, GError **error)
{
  gsize size = self->n_buffer;

  if (!ensure_file (self, error))
    return FALSE;

  self->n_buffer = 0;

  return size == 0 || devbox_file_replacement_write (self->file, self->buffer, size, error);
}

static gboolean
write_plain (DevboxContentWriter *self, const char *data, gsize size, GError **error)
{
  if (size > BUFFER_SIZE - self->n_buffer && !flush (self, error))
    return FALSE;
  if (size > BUFFER_SIZE)
    return devbox_file_replacement_write (self->file, (const guint8 *) data, size, error);

  memcpy (self->buffer + self->n_buffer, data, size);
  self->n_buffer += size;

  return TRUE;
}

/* Decodes as far as the text is canonical: *consumed says how far that was. */
static gboolean
write_decoded (DevboxContentWriter *self, const char *data, gsize size, gsize *consumed, GError **error)
{
  gboolean canonical = TRUE;

  *consumed = 0;
  while (canonical && *consumed < size)
    {
      /* The decoder asks for this much room, (n + 3) / 4 * 3, at least for one character. */
      gsize room = (BUFFER_SIZE - self->n_buffer) / 3 * 4;
      gsize n_taken, n_decoded;

      if (room < 8)
        {
          if (!flush (self, error))
            return FALSE;
          continue;
        }

      canonical = devbox_wire_base64_decode (&self->decoder, data + *consumed, MIN (room - 3, size - *consumed),
                                             self->buffer + self->n_buffer, &n_decoded, &n_taken);
      self->n_buffer += n_decoded;
      *consumed += n_taken;
    }

  self->n_canonical += *consumed;

  return TRUE;
}

/* In place, the last block first: what a block turns into begins behind the bytes that are still to be read. */
static gboolean
encode_file_back (DevboxContentWriter *self, GError **error)
{
  goffset size = devbox_file_replacement_get_size (self->file);
  g_autofree guint8 *bytes = g_malloc (BLOCK_BYTES);
  g_autofree char *characters = g_malloc (BLOCK_CHARACTERS);

  for (goffset n_blocks = (size + BLOCK_BYTES - 1) / BLOCK_BYTES; n_blocks > 0; n_blocks--)
    {
      goffset start = (n_blocks - 1) * BLOCK_BYTES;
      gsize n_bytes = MIN (size - start, BLOCK_BYTES);
      gsize n_characters;

      if (!devbox_file_replacement_read_at (self->file, start, bytes, n_bytes, error))
        return FALSE;
      n_characters = devbox_wire_base64_encode (bytes, n_bytes, characters);
      if (!devbox_file_replacement_write_at (self->file, start / 3 * 4, (const guint8 *) characters, n_characters,
                                             error))
        return FALSE;
    }

  return TRUE;
}

static void
encode_buffer_back (DevboxContentWriter *self)
{
  g_autofree char *characters = NULL;

  if (self->n_buffer == 0)
    return;

  characters = g_malloc ((self->n_buffer + 2) / 3 * 4);
  self->n_buffer = devbox_wire_base64_encode (self->buffer, self->n_buffer, characters);
  memcpy (self->buffer, characters, self->n_buffer);
}

/* The speculation failed: puts the text in the place of what was decoded of it. */
static gboolean
go_plain (DevboxContentWriter *self, GError **error)
{
  self->mode = MODE_PLAIN;

  /* Mostly it fails after a word or two, long before anything was written out. */
  if (devbox_content_writer_get_size (self) == (goffset) self->n_buffer && self->n_buffer <= BUFFER_SIZE / 4 * 3)
    encode_buffer_back (self);
  else if (!flush (self, error) || !encode_file_back (self, error))
    return FALSE;

  return write_plain (self, (const char *) self->decoder.pending, self->decoder.n_pending, error);
}

static gboolean
fail_not_canonical (DevboxContentWriter *self, GError **error)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               /* Translators: the number counts characters from 0 */
               _ ("The content is not canonical base64 at character %llu"), (unsigned long long) self->n_canonical);

  return FALSE;
}

static gboolean
go_base64 (DevboxContentWriter *self, GError **error)
{
  if (self->mode == MODE_PLAIN)
    return fail_not_canonical (self, error);

  self->mode = MODE_BASE64;

  return TRUE;
}

gboolean
devbox_content_writer_set_encoding (DevboxContentWriter *self, DevboxContentEncoding encoding, GError **error)
{
  gboolean accepted = TRUE;

  if (encoding == DEVBOX_CONTENT_UTF8 && self->mode == MODE_SPECULATION)
    accepted = go_plain (self, error);
  else if (encoding == DEVBOX_CONTENT_BASE64)
    accepted = go_base64 (self, error);
  self->failed |= !accepted;

  return accepted;
}

/* A limit that the bytes in the buffer pass already is told before they reach the file. */
static gboolean
check_size (DevboxContentWriter *self, GError **error)
{
  if (self->max_size < 0 || devbox_content_writer_get_size (self) <= self->max_size)
    return TRUE;

  return flush (self, error);
}

static gboolean
write_text (DevboxContentWriter *self, const char *data, gsize size, GError **error)
{
  gsize consumed = 0;

  if (self->mode != MODE_PLAIN)
    {
      if (!write_decoded (self, data, size, &consumed, error))
        return FALSE;
      if (consumed < size && self->mode == MODE_BASE64)
        return fail_not_canonical (self, error);
      if (consumed < size && !go_plain (self, error))
        return FALSE;
    }

  return write_plain (self, data + consumed, size - consumed, error) && check_size (self, error);
}

gboolean
devbox_content_writer_write (DevboxContentWriter *self, const char *data, gsize size, GError **error)
{
  gboolean written = size == 0 || write_text (self, data, size, error);

  self->failed |= !written;

  return written;
}

static gboolean
finish_text (DevboxContentWriter *self, GError **error)
{
  if (self->mode == MODE_SPECULATION && !go_plain (self, error))
    return FALSE;
  if (self->mode == MODE_BASE64 && !devbox_wire_base64_is_complete (&self->decoder))
    return fail_not_canonical (self, error);

  if (self->file != NULL)
    return flush (self, error);

  self->file
      = devbox_file_replacement_new_whole (self->workspace, self->path, self->buffer, self->n_buffer, self->max_size);
  self->n_buffer = 0;
  return TRUE;
}

gboolean
devbox_content_writer_commit (DevboxContentWriter *self, int mode, GError **error)
{
  g_return_val_if_fail (self->path != NULL, FALSE);

  if (self->failed)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TRANSFER_FAILED, _ ("An earlier write failed"));
      return FALSE;
    }

  return finish_text (self, error) && devbox_file_replacement_commit (self->file, mode, error);
}

guint
devbox_content_writer_get_n_old_links (DevboxContentWriter *self)
{
  return self->file != NULL ? devbox_file_replacement_get_n_old_links (self->file) : 0;
}
