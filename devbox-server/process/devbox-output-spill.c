/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-output-spill-private.h"

#include "devbox-auto-descriptor-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a file system gives and takes back, as a rule. */
#define PAGE_SIZE 4096
#define NO_BLOCK G_MAXUINT32

/* One file for all logs, so that a thousand of them take one descriptor. Each block has a place of its own in it, which
 * takes room on the disk only as far as it is written, and gives it back when it is freed. */
struct _DevboxOutputSpill
{
  char *folder; /* NULL: the system's */
  guint64 limit;
  guint64 size;
  int fd; /* -1: there is none */
  guint32 n_blocks;
  GArray *free_blocks; /* of guint32, below n_blocks */

  guint8 *cache; /* of the block that was looked at last */
  guint32 cached_block;
  gsize cached_size;
};

DevboxOutputSpill *
devbox_output_spill_new (const char *folder, guint64 limit)
{
  DevboxOutputSpill *self = g_rc_box_new0 (DevboxOutputSpill);

  self->folder = g_strdup (folder);
  self->limit = limit;
  self->fd = -1;
  self->free_blocks = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->cached_block = NO_BLOCK;

  return self;
}

DevboxOutputSpill *
devbox_output_spill_ref (DevboxOutputSpill *self)
{
  return g_rc_box_acquire (self);
}

static void
spill_clear (gpointer data)
{
  DevboxOutputSpill *self = data;

  devbox_auto_descriptor_clear (&self->fd);
  g_array_unref (self->free_blocks);
  g_free (self->cache);
  g_free (self->folder);
}

void
devbox_output_spill_unref (DevboxOutputSpill *self)
{
  g_rc_box_release_full (self, spill_clear);
}

void
devbox_output_spill_set_limit (DevboxOutputSpill *self, guint64 limit)
{
  self->limit = limit;
}

guint64
devbox_output_spill_get_size (DevboxOutputSpill *self)
{
  return self->size;
}

static int
open_unnamed (const char *folder)
{
  g_autofree char *name = NULL;
  int fd = open (folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
    return fd;

  name = g_build_filename (folder, "devbox-output-XXXXXX", NULL);
  fd = g_mkstemp_full (name, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    g_unlink (name);

  return fd;
}

static gboolean
ensure_file (DevboxOutputSpill *self)
{
  if (self->fd < 0)
    self->fd = open_unnamed (self->folder != NULL ? self->folder : g_get_tmp_dir ());

  return self->fd >= 0;
}

static guint64
size_on_disk (guint64 size)
{
  return (size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
}

static gboolean
write_block (int fd, const guint8 *data, gsize size, off_t offset)
{
  while (size > 0)
    {
      gssize n = pwrite (fd, data, size, offset);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;

      data += n;
      size -= n;
      offset += n;
    }

  return TRUE;
}

/* Where holes cannot be made the room is used again, at least. */
static void
punch_hole (DevboxOutputSpill *self, guint32 first, guint n_blocks)
{
  if (fallocate (self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t) first * DEVBOX_OUTPUT_BLOCK_SIZE,
                 (off_t) n_blocks * DEVBOX_OUTPUT_BLOCK_SIZE)
      != 0)
    g_debug ("No room was given back to the disk: %s", g_strerror (errno));
}

gboolean
devbox_output_spill_store (DevboxOutputSpill *self, const void *data, gsize size, guint32 *block)
{
  gboolean is_new = self->free_blocks->len == 0;

  g_return_val_if_fail (size > 0 && size <= DEVBOX_OUTPUT_BLOCK_SIZE, FALSE);

  if (self->size + size_on_disk (size) > self->limit || self->n_blocks == NO_BLOCK || !ensure_file (self))
    return FALSE;

  *block = is_new ? self->n_blocks : g_array_index (self->free_blocks, guint32, self->free_blocks->len - 1);
  if (!write_block (self->fd, data, size, (off_t) *block * DEVBOX_OUTPUT_BLOCK_SIZE))
    {
      punch_hole (self, *block, 1);
      return FALSE;
    }

  if (is_new)
    self->n_blocks++;
  else
    g_array_set_size (self->free_blocks, self->free_blocks->len - 1);
  self->size += size_on_disk (size);

  return TRUE;
}

const guint8 *
devbox_output_spill_peek (DevboxOutputSpill *self, guint32 block, gsize size)
{
  gsize length = 0;

  if (self->cached_block == block && self->cached_size == size)
    return self->cache;

  if (self->cache == NULL)
    self->cache = g_malloc (DEVBOX_OUTPUT_BLOCK_SIZE);
  self->cached_block = NO_BLOCK;

  while (length < size)
    {
      gssize n
          = pread (self->fd, self->cache + length, size - length, (off_t) block * DEVBOX_OUTPUT_BLOCK_SIZE + length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return NULL;

      length += n;
    }

  self->cached_block = block;
  self->cached_size = size;
  return self->cache;
}

static void
close_file (DevboxOutputSpill *self)
{
  devbox_auto_descriptor_clear (&self->fd);
  self->n_blocks = 0;
  g_array_set_size (self->free_blocks, 0);
  self->cached_block = NO_BLOCK;
}

void
devbox_output_spill_free_blocks (DevboxOutputSpill *self, guint32 first, guint n_blocks, guint64 size)
{
  self->size -= size_on_disk (size);
  if (self->size == 0)
    {
      close_file (self);
      return;
    }

  punch_hole (self, first, n_blocks);
  for (guint32 block = first + n_blocks; block-- > first;) /* taken from the end, so that they stay in order */
    g_array_append_val (self->free_blocks, block);
  if (self->cached_block != NO_BLOCK && self->cached_block - first < n_blocks)
    self->cached_block = NO_BLOCK;
}
