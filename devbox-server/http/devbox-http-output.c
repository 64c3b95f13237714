/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-output-private.h"

#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_VECTORS 16
#define MIN_BUFFER_SIZE 4096

typedef struct _Segment Segment;

/* A file (fd ≥ 0), a reference to bytes, or a buffer that small pieces are gathered in */
struct _Segment
{
  Segment *next;
  int fd;
  goffset offset;    /* in the file */
  goffset remaining; /* of the file, or of the memory that starts at data */
  const guint8 *data;
  GBytes *bytes;
  gsize free_space; /* behind the data of a buffer */
  guint8 buffer[];
};

struct _DevboxHttpOutput
{
  Segment *first;
  Segment *last;
  gsize size;
};

static Segment *
segment_new (gsize buffer_size)
{
  Segment *segment = g_malloc (sizeof (Segment) + buffer_size);

  memset (segment, 0, sizeof (Segment));
  segment->fd = -1;
  segment->free_space = buffer_size;

  return segment;
}

static void
segment_free (Segment *segment)
{
  if (segment->fd >= 0)
    close (segment->fd);
  g_clear_pointer (&segment->bytes, g_bytes_unref);
  g_free (segment);
}

static void
add_segment (DevboxHttpOutput **self, Segment *segment)
{
  if (*self == NULL)
    *self = g_new0 (DevboxHttpOutput, 1);
  if ((*self)->last != NULL)
    (*self)->last->next = segment;
  else
    (*self)->first = segment;
  (*self)->last = segment;
}

static void
remove_first (DevboxHttpOutput **self)
{
  Segment *segment = (*self)->first;

  (*self)->first = segment->next;
  if ((*self)->first == NULL)
    g_clear_pointer (self, g_free);
  segment_free (segment);
}

void
devbox_http_output_clear (DevboxHttpOutput **self)
{
  while (*self != NULL)
    remove_first (self);
}

gsize
devbox_http_output_get_size (DevboxHttpOutput *self)
{
  return self != NULL ? self->size : 0;
}

void
devbox_http_output_add_data (DevboxHttpOutput **self, const void *data, gsize size)
{
  Segment *segment = *self != NULL ? (*self)->last : NULL;

  if (size == 0)
    return;
  if (segment == NULL || segment->free_space < size)
    {
      segment = segment_new (MAX (size, MIN_BUFFER_SIZE));
      segment->data = segment->buffer;
      add_segment (self, segment);
    }
  memcpy ((guint8 *) segment->data + segment->remaining, data, size);
  segment->remaining += size;
  segment->free_space -= size;
  (*self)->size += size;
}

void
devbox_http_output_add_bytes (DevboxHttpOutput **self, GBytes *bytes, gsize offset)
{
  Segment *segment;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size == offset)
    return;
  segment = segment_new (0);
  segment->bytes = g_bytes_ref (bytes);
  segment->data = data + offset;
  segment->remaining = size - offset;
  add_segment (self, segment);
  (*self)->size += segment->remaining;
}

void
devbox_http_output_add_file (DevboxHttpOutput **self, int fd, goffset offset, goffset length)
{
  Segment *segment = segment_new (0);

  segment->fd = fd;
  segment->offset = offset;
  segment->remaining = length;
  add_segment (self, segment);
}

static DevboxHttpOutputResult
result_from_errno (int saved_errno)
{
  return saved_errno == EAGAIN || saved_errno == EWOULDBLOCK ? DEVBOX_HTTP_OUTPUT_BLOCKED : DEVBOX_HTTP_OUTPUT_FAILED;
}

/* Takes what was sent off the queue; returns how much of it was not the queue's. */
static gsize
consume (DevboxHttpOutput **self, gsize sent)
{
  while (*self != NULL && sent > 0)
    {
      Segment *segment = (*self)->first;
      gsize part = MIN (sent, (guint64) segment->remaining);

      segment->data += part;
      segment->remaining -= part;
      (*self)->size -= part;
      sent -= part;
      if (segment->remaining > 0)
        break;
      remove_first (self);
    }

  return sent;
}

static guint
gather (DevboxHttpOutput *self, struct iovec *vectors, guint max_vectors, gsize budget, gboolean *is_all)
{
  Segment *segment = self != NULL ? self->first : NULL;
  guint n = 0;

  for (; segment != NULL && segment->fd < 0 && n < max_vectors && budget > 0; segment = segment->next)
    {
      vectors[n].iov_base = (void *) segment->data;
      vectors[n].iov_len = MIN (budget, (guint64) segment->remaining);
      budget -= vectors[n].iov_len;
      n++;
    }
  *is_all = segment == NULL;

  return n;
}

static gssize
send_vectors (int socket, struct iovec *vectors, guint n_vectors, gboolean more)
{
  struct msghdr message = { .msg_iov = vectors, .msg_iovlen = n_vectors };
  int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
  gssize result;

  do
    result = n_vectors == 1 ? send (socket, vectors[0].iov_base, vectors[0].iov_len, flags)
                            : sendmsg (socket, &message, flags);
  while (result < 0 && errno == EINTR);

  return result;
}

static gsize
sum (const struct iovec *vectors, guint n_vectors)
{
  gsize total = 0;

  for (guint i = 0; i < n_vectors; i++)
    total += vectors[i].iov_len;

  return total;
}

static DevboxHttpOutputResult
flush_memory (DevboxHttpOutput **self, int socket, gsize budget, gsize *sent)
{
  struct iovec vectors[MAX_VECTORS];
  gboolean is_all;
  guint n = gather (*self, vectors, G_N_ELEMENTS (vectors), budget, &is_all);
  gsize wanted = sum (vectors, n);
  gssize result = send_vectors (socket, vectors, n, !is_all);

  if (result < 0)
    return result_from_errno (errno);
  *sent += result;
  consume (self, result);

  return (gsize) result < wanted ? DEVBOX_HTTP_OUTPUT_BLOCKED : DEVBOX_HTTP_OUTPUT_MORE;
}

static DevboxHttpOutputResult
flush_file (DevboxHttpOutput **self, int socket, gsize budget, gsize *sent)
{
  Segment *segment = (*self)->first;
  off_t offset = segment->offset;
  gssize result;

  if (segment->remaining == 0)
    {
      remove_first (self);
      return DEVBOX_HTTP_OUTPUT_MORE;
    }

  do
    result = sendfile (socket, segment->fd, &offset, MIN (budget, (guint64) segment->remaining));
  while (result < 0 && errno == EINTR);
  if (result < 0)
    return result_from_errno (errno);
  if (result == 0) /* the file became shorter than was promised */
    return DEVBOX_HTTP_OUTPUT_FAILED;

  *sent += result;
  segment->offset += result;
  segment->remaining -= result;
  if (segment->remaining == 0)
    remove_first (self);

  return DEVBOX_HTTP_OUTPUT_MORE;
}

DevboxHttpOutputResult
devbox_http_output_flush (DevboxHttpOutput **self, int socket, gsize budget, gsize *sent)
{
  *sent = 0;

  while (*self != NULL)
    {
      DevboxHttpOutputResult result;

      if (*sent >= budget)
        return DEVBOX_HTTP_OUTPUT_MORE;
      if ((*self)->first->fd >= 0)
        result = flush_file (self, socket, budget - *sent, sent);
      else
        result = flush_memory (self, socket, budget - *sent, sent);
      if (result != DEVBOX_HTTP_OUTPUT_MORE)
        return result;
    }

  return DEVBOX_HTTP_OUTPUT_EMPTY;
}

/* Queues the vectors but for their first skip bytes. */
static void
add_vectors_from (DevboxHttpOutput **self, const struct iovec *vectors, guint n_vectors, GBytes *bytes, gsize skip)
{
  for (guint i = 0; i < n_vectors; i++)
    {
      gsize offset = MIN (skip, vectors[i].iov_len);

      skip -= offset;
      if (bytes != NULL && i + 1 == n_vectors)
        devbox_http_output_add_bytes (self, bytes, offset);
      else
        devbox_http_output_add_data (self, (const guint8 *) vectors[i].iov_base + offset, vectors[i].iov_len - offset);
    }
}

void
devbox_http_output_add_vectors (DevboxHttpOutput **self, const struct iovec *vectors, guint n_vectors, GBytes *bytes)
{
  add_vectors_from (self, vectors, n_vectors, bytes, 0);
}

DevboxHttpOutputResult
devbox_http_output_send (DevboxHttpOutput **self,
                         int socket,
                         const struct iovec *vectors,
                         guint n_vectors,
                         GBytes *bytes,
                         gsize *sent)
{
  struct iovec all[MAX_VECTORS];
  gboolean is_all;
  guint n = gather (*self, all, G_N_ELEMENTS (all) - n_vectors, G_MAXSIZE, &is_all);
  gssize result;

  *sent = 0;
  if (!is_all) /* the queue is too long for one call, or has a file in it */
    {
      add_vectors_from (self, vectors, n_vectors, bytes, 0);
      return DEVBOX_HTTP_OUTPUT_MORE;
    }

  memcpy (all + n, vectors, n_vectors * sizeof (struct iovec));
  result = send_vectors (socket, all, n + n_vectors, FALSE);
  if (result < 0 && result_from_errno (errno) == DEVBOX_HTTP_OUTPUT_FAILED)
    return DEVBOX_HTTP_OUTPUT_FAILED;

  *sent = MAX (result, 0);
  add_vectors_from (self, vectors, n_vectors, bytes, consume (self, *sent));

  return *self == NULL ? DEVBOX_HTTP_OUTPUT_EMPTY : DEVBOX_HTTP_OUTPUT_BLOCKED;
}
