/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-watcher-private.h"

#include "devbox-tree-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

/* One life of the thread: from a first watch to a last cancel. */
typedef struct
{
  DevboxTreeWatcher *watcher;
  GMainContext *context;
  GThread *previous; /* the life before, which may not be over: two would need twice the descriptors */
  DevboxTree *tree;
  gboolean finished;
} Runner;

struct _DevboxTreeWatcher
{
  gatomicrefcount ref_count;
  int root_fd;
  int dup_errno;
  DevboxTreeEngineKind kind;
  DevboxTreeStatus status;

  GMutex lock;
  Runner *runner;  /* borrowed: it belongs to its thread */
  GThread *thread; /* of runner, or of the last one */
  guint n_watches;
};

typedef struct
{
  Runner *runner;
  DevboxTreeWatch *watch;
  gboolean add;
} Command;

static void
command_free (gpointer data)
{
  Command *command = data;

  devbox_tree_watch_unref (command->watch);
  g_free (command);
}

static void
runner_finish_if_idle (Runner *self)
{
  DevboxTreeWatcher *watcher = self->watcher;

  g_mutex_lock (&watcher->lock);
  if (watcher->n_watches == 0)
    {
      watcher->runner = NULL;
      self->finished = TRUE;
    }
  g_mutex_unlock (&watcher->lock);
}

static gboolean
command_cb (gpointer user_data)
{
  Command *command = user_data;
  Runner *runner = command->runner;

  if (command->add)
    {
      devbox_tree_add (runner->tree, command->watch);
    }
  else
    {
      devbox_tree_remove (runner->tree, command->watch);
      runner_finish_if_idle (runner);
    }

  return G_SOURCE_REMOVE;
}

/* With the lock held, so that commands are in order. */
static void
runner_post (Runner *self, DevboxTreeWatch *watch, gboolean add)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Command *command = g_new (Command, 1);

  command->runner = self;
  command->watch = devbox_tree_watch_ref (watch);
  command->add = add;
  g_source_set_static_name (source, "DevboxTreeWatcher command");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, command_cb, command, command_free);
  g_source_attach (source, self->context);
}

static gpointer
runner_run (gpointer data)
{
  Runner *self = data;

  if (self->previous != NULL)
    g_thread_join (g_steal_pointer (&self->previous));

  g_main_context_push_thread_default (self->context);
  self->tree = devbox_tree_new (self->watcher->root_fd, self->watcher->kind, self->context, &self->watcher->status);
  while (!self->finished)
    g_main_context_iteration (self->context, TRUE);
  devbox_tree_free (self->tree);
  g_main_context_pop_thread_default (self->context);

  g_main_context_unref (self->context);
  devbox_tree_watcher_unref (self->watcher);
  g_free (self);

  return NULL;
}

/* With the lock held. */
static gboolean
ensure_runner (DevboxTreeWatcher *self, GError **error)
{
  Runner *runner;
  GThread *thread;
  g_autoptr (GError) local_error = NULL;

  if (self->runner != NULL)
    return TRUE;

  runner = g_new0 (Runner, 1);
  runner->watcher = self;
  runner->context = g_main_context_new ();
  runner->previous = self->thread;

  thread = g_thread_try_new ("devbox-watch", runner_run, runner, &local_error);
  if (thread == NULL)
    {
      g_atomic_int_set (&self->status.failed, TRUE);
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR, _ ("Cannot start the watcher's thread: %s"),
                   local_error->message);
      g_main_context_unref (runner->context);
      g_free (runner);
      return FALSE;
    }

  devbox_tree_watcher_ref (self); /* the runner's: it cannot look before it has a command */
  self->thread = thread;
  self->runner = runner;

  return TRUE;
}

DevboxTreeWatcher *
devbox_tree_watcher_new (int root_fd, DevboxTreeEngineKind kind)
{
  DevboxTreeWatcher *self = g_new0 (DevboxTreeWatcher, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->kind = kind;
  self->root_fd = fcntl (root_fd, F_DUPFD_CLOEXEC, 3);
  self->dup_errno = self->root_fd < 0 ? errno : 0;

  return self;
}

DevboxTreeWatcher *
devbox_tree_watcher_ref (DevboxTreeWatcher *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_tree_watcher_unref (DevboxTreeWatcher *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->thread, g_thread_unref);
  if (self->root_fd >= 0)
    close (self->root_fd);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
devbox_tree_watcher_is_alive (DevboxTreeWatcher *self)
{
  return !g_atomic_int_get (&self->status.failed);
}

guint
devbox_tree_watcher_get_n_watched_folders (DevboxTreeWatcher *self)
{
  return g_atomic_int_get (&self->status.n_folders);
}

/* "./a//b/" is "a/b"; ".." depends on what a name is and stays. */
static char *
clean_path (const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  GString *clean = g_string_new (*path == '/' ? "/" : NULL);

  for (gsize i = 0; names[i] != NULL; i++)
    {
      if (*names[i] == '\0' || strcmp (names[i], ".") == 0)
        continue;
      if (clean->len > 0 && clean->str[clean->len - 1] != '/')
        g_string_append_c (clean, '/');
      g_string_append (clean, names[i]);
    }

  return g_string_free (clean, FALSE);
}

DevboxTreeWatch *
devbox_tree_watcher_watch (DevboxTreeWatcher *self,
                           const char *path,
                           DevboxTreeWatchFlags flags,
                           GMainContext *context,
                           DevboxTreeWatchReadyFunc ready,
                           DevboxTreeWatchFunc func,
                           gpointer user_data,
                           GDestroyNotify destroy)
{
  g_autofree char *clean = clean_path (path);
  DevboxTreeWatch *watch = devbox_tree_watch_new (self, clean, flags, context, ready, func, user_data, destroy);
  g_autoptr (GError) error = NULL;

  if (self->root_fd < 0)
    devbox_wire_set_file_error (&error, self->dup_errno, _ ("Cannot watch “%s”"), path);

  g_mutex_lock (&self->lock);
  self->n_watches++;
  if (error == NULL && ensure_runner (self, &error))
    runner_post (self->runner, watch, TRUE);
  g_mutex_unlock (&self->lock);

  if (error != NULL)
    devbox_tree_watch_fail (watch, error);

  return watch;
}

void
devbox_tree_watch_cancel (DevboxTreeWatch *self)
{
  DevboxTreeWatcher *watcher = devbox_tree_watch_get_watcher (self);

  g_mutex_lock (&watcher->lock);
  watcher->n_watches--;
  if (watcher->runner != NULL)
    runner_post (watcher->runner, self, FALSE);
  g_mutex_unlock (&watcher->lock);

  devbox_tree_watch_close (self);
}
