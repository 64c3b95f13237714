/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-log-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LOG (1024 * 1024)
#define MAX_LINE 200
#define READ_SIZE (16 * 1024)
/* In one go, so that a box that only writes does not hold up the others. */
#define MAX_READS 4
#define PAUSE_MS 20

struct _DevboxBoxLog
{
  int file_fd;
  int pipe_fd;
  GMainContext *context;
  GSource *source;
  gsize written;
  char tail[2 * MAX_LINE];
  gsize tail_length;
};

static void
keep_tail (DevboxBoxLog *self, const char *data, gsize size)
{
  gsize taken = MIN (size, sizeof self->tail);
  gsize kept = MIN (self->tail_length, sizeof self->tail - taken);

  memmove (self->tail, self->tail + self->tail_length - kept, kept);
  memcpy (self->tail + kept, data + size - taken, taken);
  self->tail_length = kept + taken;
}

static void
keep (DevboxBoxLog *self, const char *data, gsize size)
{
  gsize wanted = MIN (size, MAX_LOG - self->written);

  keep_tail (self, data, size);
  if (wanted == 0)
    return;

  /* A disk that is full costs the log, not the box. */
  if (write (self->file_fd, data, wanted) == (gssize) wanted)
    self->written += wanted;
  else
    self->written = MAX_LOG;
}

/* FALSE: nobody writes any more. */
static gboolean
read_some (DevboxBoxLog *self)
{
  char data[READ_SIZE];

  for (guint i = 0; i < MAX_READS; i++)
    {
      gssize size = read (self->pipe_fd, data, sizeof data);

      if (size <= 0)
        return size < 0 && (errno == EAGAIN || errno == EINTR);
      keep (self, data, size);
    }

  return TRUE;
}

static void watch_pipe (DevboxBoxLog *self);

static gboolean
on_pause_over (gpointer user_data)
{
  watch_pipe (user_data);

  return G_SOURCE_REMOVE;
}

static void
set_source (DevboxBoxLog *self, GSource *source, GSourceFunc func)
{
  devbox_clear_source (&self->source);
  self->source = source;
  g_source_set_priority (source, G_PRIORITY_LOW);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
}

/* What is not kept any more is read at leisure, so that a box cannot keep the platform busy. */
static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  DevboxBoxLog *self = user_data;
  gboolean is_open = read_some (self);

  if (is_open && self->written == MAX_LOG)
    set_source (self, g_timeout_source_new (PAUSE_MS), on_pause_over);

  return is_open;
}

static void
watch_pipe (DevboxBoxLog *self)
{
  set_source (self, g_unix_fd_source_new (self->pipe_fd, G_IO_IN), G_SOURCE_FUNC (on_readable));
}

static int
open_log (const char *box_folder, GError **error)
{
  g_autofree char *path = g_build_filename (box_folder, "log", NULL);
  struct stat info;
  int fd = open (path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      devbox_wire_set_file_error (error, errno != ELOOP ? errno : EINVAL, _ ("Cannot open “%s”"), path);
      return -1;
    }
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode) || ftruncate (fd, 0) != 0)
    {
      devbox_wire_set_file_error (error, EINVAL, _ ("Cannot write “%s”"), path);
      g_close (fd, NULL);
      return -1;
    }

  return fd;
}

DevboxBoxLog *
devbox_box_log_new (const char *box_folder, int *output_fd, GError **error)
{
  DevboxBoxLog *self;
  int fds[2];
  int file_fd = open_log (box_folder, error);

  if (file_fd < 0)
    return NULL;
  if (!g_unix_open_pipe (fds, FD_CLOEXEC, error))
    {
      g_close (file_fd, NULL);
      return NULL;
    }

  self = g_new0 (DevboxBoxLog, 1);
  self->file_fd = file_fd;
  self->pipe_fd = fds[0];
  g_unix_set_fd_nonblocking (self->pipe_fd, TRUE, NULL);
  self->context = g_main_context_ref_thread_default ();
  watch_pipe (self);

  *output_fd = fds[1];
  return self;
}

void
devbox_box_log_free (DevboxBoxLog *self)
{
  devbox_clear_source (&self->source);
  g_close (self->pipe_fd, NULL);
  g_close (self->file_fd, NULL);
  g_main_context_unref (self->context);
  g_free (self);
}

char *
devbox_box_log_dup_last_line (DevboxBoxLog *self)
{
  g_autofree char *text = NULL;
  g_autofree char *valid = NULL;
  const char *line;

  read_some (self);
  text = g_strchomp (g_strndup (self->tail, self->tail_length));
  line = strrchr (text, '\n');
  valid = g_utf8_make_valid (line != NULL ? line + 1 : text, -1);
  g_strstrip (valid);

  for (char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      if (g_unichar_iscntrl (g_utf8_get_char (c)))
        memset (c, ' ', g_utf8_next_char (c) - c);
    }

  return *valid != '\0' ? g_utf8_substring (valid, 0, MIN (g_utf8_strlen (valid, -1), MAX_LINE)) : NULL;
}
