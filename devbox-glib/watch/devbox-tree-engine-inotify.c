/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-engine-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdalign.h>
#include <sys/inotify.h>
#include <unistd.h>

/* All folders in one inotify descriptor, which tells of its own overflow. */

#define BUFFER_SIZE (64 * 1024)
#define MASK                                                                                                           \
  (IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF       \
   | IN_EXCL_UNLINK | IN_ONLYDIR)

typedef struct
{
  DevboxTreeEngine parent;
  DevboxTree *tree;
  int fd;
  GSource *source;
  GHashTable *folders; /* watch descriptor → DevboxTreeFolder */
  alignas (struct inotify_event) char buffer[BUFFER_SIZE];
} InotifyEngine;

static void
inotify_engine_forget (InotifyEngine *self, DevboxTreeFolder *folder)
{
  g_hash_table_remove (self->folders, folder->handle);
  devbox_tree_set_handle (self->tree, folder, NULL);
}

static void
inotify_engine_remove (DevboxTreeEngine *engine, DevboxTreeFolder *folder)
{
  InotifyEngine *self = (InotifyEngine *) engine;
  int wd = GPOINTER_TO_INT (folder->handle);

  inotify_engine_forget (self, folder);
  inotify_rm_watch (self->fd, wd); /* EINVAL: it went with the folder */
}

static DevboxTreeAddResult
inotify_engine_add (DevboxTreeEngine *engine, DevboxTreeFolder *folder, int fd)
{
  InotifyEngine *self = (InotifyEngine *) engine;
  char path[sizeof "/proc/self/fd/" + 3 * sizeof fd];
  DevboxTreeFolder *other;
  int wd;

  g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  wd = inotify_add_watch (self->fd, path, MASK);
  if (wd < 0)
    return DEVBOX_TREE_ADD_FAILED;

  other = g_hash_table_lookup (self->folders, GINT_TO_POINTER (wd));
  if (other == folder)
    return DEVBOX_TREE_ADD_SAME;

  /* Either was found under a path that means something else by now; the latest look is right about this one. */
  if (other != NULL)
    {
      inotify_engine_forget (self, other);
      devbox_tree_note_lost (self->tree, other);
    }
  if (folder->handle != NULL)
    inotify_engine_remove (engine, folder);

  g_hash_table_insert (self->folders, GINT_TO_POINTER (wd), folder);
  devbox_tree_set_handle (self->tree, folder, GINT_TO_POINTER (wd));

  return DEVBOX_TREE_ADD_NEW;
}

static int
inotify_engine_get_fd (DevboxTreeEngine *engine, DevboxTreeFolder *folder)
{
  return -1;
}

static const struct
{
  guint32 mask;
  DevboxTreeNote note;
} notes[] = {
  { IN_CREATE, DEVBOX_TREE_NOTE_CREATED },     { IN_MODIFY, DEVBOX_TREE_NOTE_MODIFIED },
  { IN_CLOSE_WRITE, DEVBOX_TREE_NOTE_CLOSED }, { IN_ATTRIB, DEVBOX_TREE_NOTE_ATTRIBUTES },
  { IN_DELETE, DEVBOX_TREE_NOTE_DELETED },     { IN_MOVED_FROM, DEVBOX_TREE_NOTE_MOVED_FROM },
  { IN_MOVED_TO, DEVBOX_TREE_NOTE_MOVED_TO },
};

static void
inotify_engine_handle (InotifyEngine *self, const struct inotify_event *event)
{
  DevboxTreeFolder *folder;

  if ((event->mask & IN_Q_OVERFLOW) != 0)
    {
      devbox_tree_note_overflow (self->tree);
      return;
    }

  folder = g_hash_table_lookup (self->folders, GINT_TO_POINTER (event->wd));
  if (folder == NULL)
    return; /* what was still on its way when the folder was let go */

  if ((event->mask & IN_IGNORED) != 0)
    {
      inotify_engine_forget (self, folder);
      devbox_tree_note_lost (self->tree, folder);
      return;
    }
  if (event->len == 0)
    return; /* about the folder itself: its parent tells that too */

  for (gsize i = 0; i < G_N_ELEMENTS (notes); i++)
    if ((event->mask & notes[i].mask) != 0)
      {
        devbox_tree_note (self->tree, folder, notes[i].note, event->name, (event->mask & IN_ISDIR) != 0, event->cookie);
        return;
      }
}

static gboolean
inotify_engine_read_cb (int fd, GIOCondition condition, gpointer user_data)
{
  InotifyEngine *self = user_data;
  gssize size = read (self->fd, self->buffer, sizeof self->buffer);

  if (size <= 0)
    {
      if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
      devbox_tree_note_failed (self->tree, size < 0 ? errno : EIO);
      return G_SOURCE_REMOVE;
    }

  for (const char *at = self->buffer; at < self->buffer + size;)
    {
      const struct inotify_event *event = (const struct inotify_event *) (gconstpointer) at;

      at += sizeof *event + event->len;
      inotify_engine_handle (self, event);
    }

  return G_SOURCE_CONTINUE;
}

static void
inotify_engine_free (DevboxTreeEngine *engine)
{
  InotifyEngine *self = (InotifyEngine *) engine;

  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_hash_table_unref (self->folders);
  close (self->fd);
  g_free (self);
}

static const DevboxTreeEngineClass inotify_engine_class = {
  .add = inotify_engine_add,
  .remove = inotify_engine_remove,
  .get_fd = inotify_engine_get_fd,
  .free = inotify_engine_free,
  .in_order = TRUE,
};

DevboxTreeEngine *
devbox_tree_engine_inotify_new (DevboxTree *tree, GMainContext *context)
{
  int fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  InotifyEngine *self;

  if (fd < 0)
    return NULL;

  self = g_new0 (InotifyEngine, 1);
  self->parent.klass = &inotify_engine_class;
  self->tree = tree;
  self->fd = fd;
  self->folders = g_hash_table_new (NULL, NULL);
  self->source = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_static_name (self->source, "DevboxTree inotify");
  g_source_set_callback (self->source, G_SOURCE_FUNC (inotify_engine_read_cb), self, NULL);
  g_source_attach (self->source, context);

  return &self->parent;
}
