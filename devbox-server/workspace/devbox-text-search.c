/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-text-search-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-text-scanner-private.h"
#include "devbox-wire-error-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>

/* What a thread is given at once: handing over costs as much as reading a small file. */
#define BATCH_FILES 32
#define BATCH_BYTES (1024 * 1024)

/* Each may hold a batch of descriptors. */
#define MAX_READS 64

typedef struct
{
  const char *keyword;
  GCancellable *cancellable;
  guint max_helpers;
  GThreadPool *helpers; /* NULL before the first batch is full; each of its tasks is to take one */
  GAsyncQueue *batches; /* that no thread has taken */
  GPtrArray *batch;     /* of File: to be read next */
  goffset batch_bytes;

  GMutex mutex;
  DevboxFoundFiles *found;
  GQueue scanners; /* those that no thread uses */
  gboolean is_full;
} TextSearch;

typedef struct
{
  int fd;
  char path[];
} File;

/* The walker opens the files, for the folder in which they stand is open there; whoever gets the batch reads them. */
static File *
file_new (int fd, const char *path)
{
  gsize size = strlen (path) + 1;
  File *self = g_malloc (sizeof (File) + size);

  self->fd = fd;
  memcpy (self->path, path, size);

  return self;
}

static void
file_free (File *self)
{
  devbox_auto_descriptor_clear (&self->fd);
  g_free (self);
}

static GPtrArray *
batch_new (void)
{
  return g_ptr_array_new_full (BATCH_FILES, (GDestroyNotify) file_free);
}

static DevboxTextScanner *
take_scanner (TextSearch *self)
{
  DevboxTextScanner *scanner;

  g_mutex_lock (&self->mutex);
  scanner = g_queue_pop_head (&self->scanners);
  g_mutex_unlock (&self->mutex);

  return scanner != NULL ? scanner : devbox_text_scanner_new (self->keyword);
}

static void
put_scanner (TextSearch *self, DevboxTextScanner *scanner)
{
  g_mutex_lock (&self->mutex);
  g_queue_push_head (&self->scanners, scanner);
  g_mutex_unlock (&self->mutex);
}

static gboolean
is_over (TextSearch *self)
{
  return g_atomic_int_get (&self->is_full) || g_cancellable_is_cancelled (self->cancellable);
}

static void
add_found (TextSearch *self, const File *file)
{
  g_mutex_lock (&self->mutex);
  if (!devbox_found_files_add (self->found, file->path))
    g_atomic_int_set (&self->is_full, TRUE);
  g_mutex_unlock (&self->mutex);
}

/* In any thread. */
static void
read_batch (TextSearch *self, GPtrArray *batch)
{
  DevboxTextScanner *scanner = take_scanner (self);

  for (guint i = 0; i < batch->len && !is_over (self); i++)
    {
      File *file = g_ptr_array_index (batch, i);

      if (devbox_text_scanner_scan (scanner, file->fd, self->cancellable) == DEVBOX_TEXT_SCAN_FOUND)
        add_found (self, file);
    }

  put_scanner (self, scanner);
}

/* In any thread. */
static void
read_waiting_batch (gpointer task, gpointer user_data)
{
  TextSearch *self = user_data;
  g_autoptr (GPtrArray) batch = g_async_queue_try_pop (self->batches);

  if (batch != NULL)
    read_batch (self, batch);
}

static void
read_own_batch (TextSearch *self)
{
  read_batch (self, self->batch);
  g_ptr_array_set_size (self->batch, 0);
  self->batch_bytes = 0;
}

/* Gives the batch to a helper, if there is one that is not behind. */
static void
hand_over_batch (TextSearch *self)
{
  if (self->helpers == NULL && self->max_helpers > 0)
    self->helpers = g_thread_pool_new (read_waiting_batch, self, self->max_helpers, FALSE, NULL);

  if (self->helpers == NULL || g_async_queue_length (self->batches) >= (int) self->max_helpers)
    {
      read_own_batch (self);
      return;
    }

  g_async_queue_push (self->batches, g_steal_pointer (&self->batch));
  self->batch = batch_new ();
  self->batch_bytes = 0;
  g_thread_pool_push (self->helpers, self, NULL);
}

static int
open_file (TextSearch *self, const DevboxTreeEntry *entry)
{
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  int fd = openat (entry->folder_fd, entry->name, flags);

  if (fd < 0 && (errno == EMFILE || errno == ENFILE))
    {
      read_own_batch (self);
      fd = openat (entry->folder_fd, entry->name, flags);
      if (fd < 0)
        devbox_found_files_set_truncated (self->found);
    }

  return fd;
}

static gboolean
look_at_file (const DevboxTreeEntry *entry, gpointer user_data)
{
  TextSearch *self = user_data;
  devbox_auto_descriptor int fd = open_file (self, entry);
  struct stat status;

  /* It may be another one by now. */
  if (fd < 0 || fstat (fd, &status) < 0 || !S_ISREG (status.st_mode))
    return TRUE;

  g_ptr_array_add (self->batch, file_new (g_steal_fd (&fd), entry->path));
  self->batch_bytes += status.st_size;
  if (self->batch->len == BATCH_FILES || self->batch_bytes >= BATCH_BYTES)
    hand_over_batch (self);

  return !is_over (self);
}

static void
text_search_init (TextSearch *self, DevboxFoundFiles *found, const char *keyword, guint max_reads)
{
  self->keyword = keyword;
  self->max_helpers = CLAMP (max_reads, 1, MAX_READS) - 1;
  self->batch = batch_new ();
  self->batches = g_async_queue_new ();
  self->found = found;
  g_mutex_init (&self->mutex);
  g_queue_init (&self->scanners);
}

/* Reads what is left, for there may be no helper where no thread can be started, and waits for those that still read.
 */
static void
text_search_finish (TextSearch *self)
{
  read_own_batch (self);
  while (g_async_queue_length (self->batches) > 0)
    read_waiting_batch (NULL, self);
  if (self->helpers != NULL)
    g_thread_pool_free (self->helpers, TRUE, TRUE);
  g_ptr_array_unref (self->batch);
  g_async_queue_unref (self->batches);
  g_queue_clear_full (&self->scanners, (GDestroyNotify) devbox_text_scanner_free);
  g_mutex_clear (&self->mutex);
}

DevboxFoundFiles *
devbox_text_search (DevboxWorkspace *workspace,
                    const char *folder,
                    const char *keyword,
                    guint max_reads,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (DevboxFoundFiles) found = devbox_found_files_new ();
  TextSearch self = { .cancellable = cancellable };
  gboolean is_searched;

  if (*keyword == '\0')
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The keyword is empty"));
      return NULL;
    }

  text_search_init (&self, found, keyword, max_reads);
  is_searched = devbox_found_files_search (found, workspace, folder, look_at_file, &self, cancellable, error);
  text_search_finish (&self);
  if (!is_searched || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  devbox_found_files_sort (found);

  return g_steal_pointer (&found);
}
