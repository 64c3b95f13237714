/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-engine-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A GFileMonitor for each folder. Its descriptor stays open as long: the monitor goes by /proc/self/fd/N, so that no
 * link can lead it astray, and GIO takes two monitors of one path for the same.
 *
 * GIO does not follow a folder that is moved, and loses what happens around it: after such a move, once it is quiet,
 * everything is looked at again. GIO does not tell when the kernel had no watch left, nor when its queue ran over. So
 * after each folder a watch of our own is tried, and a burst that may have been more than the queue holds counts as an
 * overflow. */

#define BURST_US (200 * 1000) /* GIO lets up to 100 ms of events gather in the queue */
#define DOUBT_US (300 * 1000)
#define DEFAULT_QUEUE_SIZE 16384
#define RATE_LIMIT_MS 10

typedef struct _GioEngine GioEngine;

typedef struct
{
  GioEngine *engine;
  DevboxTreeFolder *folder;
  GFileMonitor *monitor;
  int fd;
  char *path;
  guint64 device;
  guint64 inode;
} GioFolder;

struct _GioEngine
{
  DevboxTreeEngine parent;
  DevboxTree *tree;
  int probe_fd;        /* an inotify descriptor to try the limit with */
  GHashTable *folders; /* path → GioFolder, by its descriptor */
  GHashTable *inodes;  /* GioFolder, by device and inode */
  guint max_folders;
  guint burst_limit;
  guint n_burst;
  gint64 burst_time;
  GSource *burst_source;
  GSource *doubt_source; /* ready some time after the last move of a folder */
};

static void
gio_folder_free (gpointer data)
{
  GioFolder *self = data;

  if (self->monitor != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->monitor, self);
      g_file_monitor_cancel (self->monitor);
      g_object_unref (self->monitor);
    }
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GioFolder, gio_folder_free)

static guint
gio_folder_hash (gconstpointer key)
{
  const GioFolder *self = key;

  return (guint) (self->inode ^ self->inode >> 32 ^ self->device);
}

static gboolean
gio_folder_equal (gconstpointer a, gconstpointer b)
{
  const GioFolder *self = a;
  const GioFolder *other = b;

  return self->inode == other->inode && self->device == other->device;
}

/* The name in a watched folder that file stands for. */
static GioFolder *
gio_engine_find (GioEngine *self, GFile *file, const char **name)
{
  const char *path = file != NULL ? g_file_peek_path (file) : NULL;
  const char *slash = path != NULL ? strrchr (path, '/') : NULL;
  g_autofree char *folder_path = NULL;

  if (slash == NULL)
    return NULL;

  folder_path = g_strndup (path, slash - path);
  *name = slash + 1;

  return g_hash_table_lookup (self->folders, folder_path);
}

static gboolean
is_folder (GioFolder *folder, const char *name)
{
  struct stat status;

  return fstatat (folder->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (status.st_mode);
}

static gboolean
burst_over_cb (gpointer user_data)
{
  GioEngine *self = user_data;

  g_clear_pointer (&self->burst_source, g_source_unref);
  devbox_tree_note_overflow (self->tree);

  return G_SOURCE_REMOVE;
}

static void
gio_engine_count (GioEngine *self)
{
  gint64 now = g_get_monotonic_time ();

  if (now - self->burst_time > BURST_US)
    {
      self->burst_time = now;
      self->n_burst = 0;
    }
  if (++self->n_burst != self->burst_limit || self->burst_source != NULL)
    return;

  /* Once what is on its way has come. */
  self->burst_source = g_timeout_source_new (BURST_US / 1000);
  g_source_set_static_name (self->burst_source, "DevboxTree burst");
  g_source_set_callback (self->burst_source, burst_over_cb, self, NULL);
  g_source_attach (self->burst_source, g_main_context_get_thread_default ());
}

static gboolean
doubt_cb (gpointer user_data)
{
  GioEngine *self = user_data;

  g_source_set_ready_time (self->doubt_source, -1);
  devbox_tree_note_doubt (self->tree);

  return G_SOURCE_CONTINUE;
}

static gboolean
doubt_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs doubt_source_funcs = {
  .dispatch = doubt_source_dispatch,
};

static void
gio_engine_doubt (GioEngine *self)
{
  g_source_set_ready_time (self->doubt_source, g_get_monotonic_time () + DOUBT_US);
}

/* The same for both halves, which come from two monitors in any order. */
static guint64
build_move_id (GFile *from, GFile *to)
{
  return (guint64) g_file_hash (from) << 32 | (g_file_hash (to) | 1);
}

static void
gio_engine_remove (DevboxTreeEngine *engine, DevboxTreeFolder *folder)
{
  GioEngine *self = (GioEngine *) engine;
  GioFolder *handle = folder->handle;

  devbox_tree_set_handle (self->tree, folder, NULL);
  g_hash_table_remove (self->inodes, handle);
  g_hash_table_remove (self->folders, handle->path);
}

static void
changed_cb (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer user_data)
{
  GioFolder *folder = user_data;
  GioEngine *self = folder->engine;
  const char *name;
  const char *other_name;
  GioFolder *other_folder = gio_engine_find (self, other, &other_name);
  guint64 id;

  gio_engine_count (self);
  if (gio_engine_find (self, file, &name) != folder)
    {
      /* About the folder itself. GIO also calls it deleted, and looks no more, when it was moved. */
      if (event == G_FILE_MONITOR_EVENT_DELETED || event == G_FILE_MONITOR_EVENT_UNMOUNTED)
        {
          DevboxTreeFolder *lost = folder->folder;

          gio_engine_doubt (self);
          gio_engine_remove (&self->parent, lost);
          devbox_tree_note_lost (self->tree, lost);
        }
      return;
    }

  switch (event)
    {
    case G_FILE_MONITOR_EVENT_CREATED:
      devbox_tree_note (self->tree, folder->folder, DEVBOX_TREE_NOTE_CREATED, name, is_folder (folder, name), 0);
      break;
    case G_FILE_MONITOR_EVENT_CHANGED:
      devbox_tree_note (self->tree, folder->folder, DEVBOX_TREE_NOTE_MODIFIED, name, FALSE, 0);
      break;
    case G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED:
      devbox_tree_note (self->tree, folder->folder, DEVBOX_TREE_NOTE_ATTRIBUTES, name, FALSE, 0);
      break;
    case G_FILE_MONITOR_EVENT_DELETED:
      devbox_tree_note (self->tree, folder->folder, DEVBOX_TREE_NOTE_DELETED, name, FALSE, 0);
      break;
    case G_FILE_MONITOR_EVENT_RENAMED:
      if (other_folder == folder)
        devbox_tree_note_renamed (self->tree, folder->folder, name, other_name, is_folder (folder, other_name));
      break;
    case G_FILE_MONITOR_EVENT_MOVED_OUT:
      id = other_folder != NULL ? build_move_id (file, other) : 0;
      devbox_tree_note (self->tree, folder->folder, DEVBOX_TREE_NOTE_MOVED_FROM, name, FALSE, id);
      break;
    case G_FILE_MONITOR_EVENT_MOVED_IN:
      id = other_folder != NULL ? build_move_id (other, file) : 0;
      devbox_tree_note (self->tree, folder->folder, DEVBOX_TREE_NOTE_MOVED_TO, name, is_folder (folder, name), id);
      break;
    case G_FILE_MONITOR_EVENT_CHANGES_DONE_HINT: /* a changed event went before it */
    case G_FILE_MONITOR_EVENT_PRE_UNMOUNT:
    case G_FILE_MONITOR_EVENT_UNMOUNTED:
    case G_FILE_MONITOR_EVENT_MOVED: /* never with WATCH_MOVES */
    default:
      break;
    }
}

static gboolean
probe (GioEngine *self, const char *path)
{
  int wd = inotify_add_watch (self->probe_fd, path, IN_DELETE_SELF | IN_ONLYDIR);

  return wd >= 0 && inotify_rm_watch (self->probe_fd, wd) == 0;
}

static GioFolder *
gio_folder_new (GioEngine *self, DevboxTreeFolder *folder, int fd)
{
  g_autoptr (GioFolder) handle = g_new0 (GioFolder, 1);
  g_autoptr (GFile) file = NULL;

  handle->engine = self;
  handle->folder = folder;
  handle->fd = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  if (handle->fd < 0)
    return NULL;

  handle->path = g_strdup_printf ("/proc/self/fd/%d", handle->fd);
  file = g_file_new_for_path (handle->path);
  handle->monitor = g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
  if (handle->monitor == NULL)
    {
      errno = ENOSPC;
      return NULL;
    }
  if (!probe (self, handle->path))
    return NULL;

  g_file_monitor_set_rate_limit (handle->monitor, RATE_LIMIT_MS);
  g_signal_connect (handle->monitor, "changed", G_CALLBACK (changed_cb), handle);

  return g_steal_pointer (&handle);
}

static DevboxTreeAddResult
gio_engine_add (DevboxTreeEngine *engine, DevboxTreeFolder *folder, int fd)
{
  GioEngine *self = (GioEngine *) engine;
  GioFolder inode = { 0 };
  GioFolder *other;
  GioFolder *handle;
  struct stat status;

  if (fstat (fd, &status) != 0)
    return DEVBOX_TREE_ADD_FAILED;
  inode.device = status.st_dev;
  inode.inode = status.st_ino;

  other = g_hash_table_lookup (self->inodes, &inode);
  if (other != NULL && other->folder == folder)
    return DEVBOX_TREE_ADD_SAME;

  /* Either was found under a path that means something else by now. And with two monitors of one inode, the end of the
   * first would silence the second. */
  if (other != NULL)
    {
      DevboxTreeFolder *lost = other->folder;

      gio_engine_remove (engine, lost);
      devbox_tree_note_lost (self->tree, lost);
    }
  if (folder->handle != NULL)
    gio_engine_remove (engine, folder);
  if (g_hash_table_size (self->folders) >= self->max_folders)
    {
      errno = EMFILE;
      return DEVBOX_TREE_ADD_FAILED;
    }

  handle = gio_folder_new (self, folder, fd);
  if (handle == NULL)
    return DEVBOX_TREE_ADD_FAILED;

  handle->device = inode.device;
  handle->inode = inode.inode;
  g_hash_table_insert (self->folders, handle->path, handle);
  g_hash_table_add (self->inodes, handle);
  devbox_tree_set_handle (self->tree, folder, handle);

  return DEVBOX_TREE_ADD_NEW;
}

static int
gio_engine_get_fd (DevboxTreeEngine *engine, DevboxTreeFolder *folder)
{
  return ((GioFolder *) folder->handle)->fd;
}

static void
gio_engine_free (DevboxTreeEngine *engine)
{
  GioEngine *self = (GioEngine *) engine;

  if (self->burst_source != NULL)
    {
      g_source_destroy (self->burst_source);
      g_source_unref (self->burst_source);
    }
  g_source_destroy (self->doubt_source);
  g_source_unref (self->doubt_source);
  g_hash_table_unref (self->inodes);
  g_hash_table_unref (self->folders);
  close (self->probe_fd);
  g_free (self);
}

static const DevboxTreeEngineClass gio_engine_class = {
  .add = gio_engine_add,
  .remove = gio_engine_remove,
  .get_fd = gio_engine_get_fd,
  .free = gio_engine_free,
  .in_order = FALSE,
};

static guint
read_queue_size (void)
{
  g_autofree char *text = NULL;
  guint64 size;

  if (!g_file_get_contents ("/proc/sys/fs/inotify/max_queued_events", &text, NULL, NULL)
      || !g_ascii_string_to_unsigned (g_strstrip (text), 10, 1, G_MAXUINT, &size, NULL))
    return DEFAULT_QUEUE_SIZE;

  return size;
}

DevboxTreeEngine *
devbox_tree_engine_gio_new (DevboxTree *tree, GMainContext *context)
{
  int probe_fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  struct rlimit limit;
  GioEngine *self;

  if (probe_fd < 0)
    return NULL;

  self = g_new0 (GioEngine, 1);
  self->parent.klass = &gio_engine_class;
  self->tree = tree;
  self->probe_fd = probe_fd;
  self->folders = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, gio_folder_free);
  self->inodes = g_hash_table_new (gio_folder_hash, gio_folder_equal);
  self->doubt_source = g_source_new (&doubt_source_funcs, sizeof (GSource));
  g_source_set_static_name (self->doubt_source, "DevboxTree doubt");
  g_source_set_callback (self->doubt_source, doubt_cb, self, NULL);
  g_source_attach (self->doubt_source, context);
  self->burst_limit = MAX (read_queue_size () / 4, 16);
  /* Half of the descriptors is left to everyone else. */
  self->max_folders = getrlimit (RLIMIT_NOFILE, &limit) == 0 ? MIN (limit.rlim_cur / 2, G_MAXINT) : 512;

  return &self->parent;
}
