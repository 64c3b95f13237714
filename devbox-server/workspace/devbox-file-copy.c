/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-copy-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PIECE_SIZE (8 * 1024 * 1024) /* between two looks at the cancellable */
#define BUFFER_SIZE (256 * 1024)

typedef struct
{
  int fd;
  int source_fd;
  guint8 *buffer; /* NULL: the kernel copies */
} FileCopy;

static gssize
copy_by_buffer (FileCopy *self, goffset offset, gsize size)
{
  gssize n_read = pread (self->source_fd, self->buffer, MIN (size, BUFFER_SIZE), offset);

  for (gssize n_written = 0; n_written < n_read;)
    {
      gssize n = pwrite (self->fd, self->buffer + n_written, n_read - n_written, offset + n_written);

      if (n < 0 && errno != EINTR)
        return -1;
      n_written += MAX (n, 0);
    }

  return n_read;
}

/* 0 at the end, -1 and errno. */
static gssize
copy_piece (FileCopy *self, goffset offset, gsize size)
{
  off_t source_offset = offset;
  off_t target_offset = offset;
  gssize n;

  if (self->buffer != NULL)
    return copy_by_buffer (self, offset, size);

  n = copy_file_range (self->source_fd, &source_offset, self->fd, &target_offset, size, 0);
  if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
    return n;

  /* Between two file systems many kernels do not. */
  self->buffer = g_malloc (BUFFER_SIZE);

  return copy_by_buffer (self, offset, size);
}

static gboolean
copy_range (FileCopy *self, goffset offset, goffset end, GCancellable *cancellable)
{
  gssize n = 1;

  while (offset < end && n != 0)
    {
      if (g_cancellable_is_cancelled (cancellable))
        {
          errno = ECANCELED;
          return FALSE;
        }

      n = copy_piece (self, offset, MIN (end - offset, PIECE_SIZE));
      if (n < 0 && errno != EINTR)
        return FALSE;
      offset += MAX (n, 0);
    }

  return TRUE;
}

/* The stretches of data, one after the other. */
static gboolean
copy_data (FileCopy *self, GCancellable *cancellable)
{
  goffset begin = lseek (self->source_fd, 0, SEEK_DATA);

  /* A file system that knows of no holes */
  if (begin < 0 && errno == EINVAL)
    return copy_range (self, 0, G_MAXOFFSET, cancellable);

  while (begin >= 0)
    {
      goffset end = lseek (self->source_fd, begin, SEEK_HOLE);

      if (end < 0)
        break;
      if (!copy_range (self, begin, end, cancellable))
        return FALSE;
      begin = lseek (self->source_fd, end, SEEK_DATA);
    }

  /* ENXIO: nothing but a hole is left. */
  return errno == ENXIO && ftruncate (self->fd, lseek (self->source_fd, 0, SEEK_END)) == 0;
}

gboolean
devbox_file_copy_content (int fd, int source_fd, GCancellable *cancellable)
{
  FileCopy copy = { .fd = fd, .source_fd = source_fd };
  gboolean copied = ioctl (fd, FICLONE, source_fd) == 0 || copy_data (&copy, cancellable);
  int saved_errno = errno;

  g_free (copy.buffer);
  errno = saved_errno;

  return copied;
}
