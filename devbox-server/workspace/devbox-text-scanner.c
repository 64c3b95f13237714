/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-text-scanner-private.h"

#include "devbox-text-check-private.h"
#include "devbox-text-finder-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct _DevboxTextScanner
{
  DevboxTextFinder finder;
  guint8 *data; /* the end of the last piece, where a keyword may have begun, and a piece */
  gsize n_kept;
  gsize piece_size;
};

DevboxTextScanner *
devbox_text_scanner_new (const char *keyword)
{
  DevboxTextScanner *self = g_new0 (DevboxTextScanner, 1);

  devbox_text_finder_init (&self->finder, keyword);
  /* What is kept is moved with each piece. */
  self->piece_size = MAX (DEVBOX_TEXT_PIECE_SIZE, self->finder.length);
  self->data = g_malloc (self->finder.length - 1 + self->piece_size);

  return self;
}

void
devbox_text_scanner_free (DevboxTextScanner *self)
{
  g_free (self->data);
  g_free (self);
}

gssize
devbox_text_read (int fd, guint8 *data, gsize size)
{
  gssize n_read;

  do
    n_read = read (fd, data, size);
  while (n_read < 0 && errno == EINTR);

  return n_read;
}

/* Fills the piece; less than all of it is the end of the file, or an error. */
static gssize
read_piece (DevboxTextScanner *self, int fd)
{
  gsize size = 0;

  while (size < self->piece_size)
    {
      gssize n_read = devbox_text_read (fd, self->data + self->n_kept + size, self->piece_size - size);

      if (n_read < 0)
        return -1;
      if (n_read == 0)
        break;
      size += n_read;
    }

  return size;
}

static gboolean
is_text (const guint8 *data, gsize size, gboolean is_whole)
{
  DevboxTextCheck check = { 0 };

  return devbox_text_check_feed (&check, data, MIN (size, DEVBOX_TEXT_PIECE_SIZE))
         && (!is_whole || size > DEVBOX_TEXT_PIECE_SIZE || devbox_text_check_end (&check));
}

DevboxTextScan
devbox_text_scanner_scan (DevboxTextScanner *self, int fd, GCancellable *cancellable)
{
  gboolean is_first = TRUE;

  self->n_kept = 0;
  for (;;)
    {
      gssize n_read = read_piece (self, fd);
      gsize size = self->n_kept + n_read;
      gsize n_kept = MIN (self->finder.length - 1, size);

      if (n_read < 0)
        return DEVBOX_TEXT_SCAN_FAILED;
      if (is_first && !is_text (self->data, size, (gsize) n_read < self->piece_size))
        return DEVBOX_TEXT_SCAN_NOT_TEXT;
      if (devbox_text_finder_find (&self->finder, self->data, size) != NULL)
        return DEVBOX_TEXT_SCAN_FOUND;
      if ((gsize) n_read < self->piece_size)
        return DEVBOX_TEXT_SCAN_NOT_FOUND;
      if (g_cancellable_is_cancelled (cancellable))
        {
          errno = ECANCELED;
          return DEVBOX_TEXT_SCAN_FAILED;
        }

      memmove (self->data, self->data + size - n_kept, n_kept);
      self->n_kept = n_kept;
      is_first = FALSE;
    }
}
