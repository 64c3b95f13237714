/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-folder-list-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-temporary-file-private.h"
#include "devbox-wire-error-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_NAMES 65536

static guint max_names = MAX_NAMES;

typedef struct
{
  DIR *folder;
  gboolean show_hidden;
  GCancellable *cancellable;
} FolderReader;

static void
folder_reader_clear (FolderReader *self)
{
  int saved_errno = errno;

  if (self->folder != NULL)
    closedir (self->folder);
  errno = saved_errno;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FolderReader, folder_reader_clear)

void
devbox_folder_list_set_max_names (guint n)
{
  g_atomic_int_set (&max_names, n);
}

static void
folder_entry_free (DevboxFolderEntry *self)
{
  g_free (self->name);
  g_free (self);
}

static gboolean
is_shown (FolderReader *self, const char *name)
{
  if (name[0] != '.')
    return TRUE;

  return self->show_hidden && strcmp (name, ".") != 0 && strcmp (name, "..") != 0 && !devbox_temporary_name_is (name);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Sorts, and leaves the first n. */
static void
keep_first (GPtrArray *names, guint n)
{
  g_ptr_array_sort (names, compare_names);
  if (names->len > n)
    g_ptr_array_set_size (names, n);
}

/* The first n names behind `after` (NULL: of all), sorted, of a folder that is read once for it. NULL and errno. */
static GPtrArray *
read_names (FolderReader *self, const char *after, guint n)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *last = NULL; /* n names are known that come no later */

  rewinddir (self->folder);
  for (;;)
    {
      struct dirent *entry;

      if (g_cancellable_is_cancelled (self->cancellable))
        {
          errno = ECANCELED;
          return NULL;
        }

      errno = 0;
      entry = readdir (self->folder);
      if (entry == NULL && errno != 0)
        return NULL;
      if (entry == NULL)
        break;

      if (!is_shown (self, entry->d_name) || (after != NULL && strcmp (entry->d_name, after) <= 0)
          || (last != NULL && strcmp (entry->d_name, last) >= 0))
        continue;

      g_ptr_array_add (names, g_strdup (entry->d_name));
      if (names->len == 2 * n)
        {
          keep_first (names, n);
          last = g_ptr_array_index (names, n - 1);
        }
    }
  keep_first (names, n);

  return g_steal_pointer (&names);
}

/* Adds what is there of names from `first` on, up to `limit` of them; returns how many names it took. */
static guint
add_entries (FolderReader *self, GPtrArray *entries, const GPtrArray *names, guint first, guint limit)
{
  guint end = first + MIN (limit, names->len - first);

  for (guint i = first; i < end; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      DevboxFolderEntry *entry;
      struct stat status;

      /* It was deleted meanwhile. */
      if (fstatat (dirfd (self->folder), name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        continue;

      entry = g_new (DevboxFolderEntry, 1);
      entry->name = g_strdup (name);
      entry->status = status;
      g_ptr_array_add (entries, entry);
    }

  return end - first;
}

/* Stretch by stretch of the sorted names, each by a reading of its own. */
static GPtrArray *
read_entries (FolderReader *self, guint64 offset, guint limit)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) folder_entry_free);
  g_autofree char *after = NULL;
  guint max = g_atomic_int_get (&max_names);

  for (;;)
    {
      guint n = MIN (max, offset < max ? offset + limit : max);
      g_autoptr (GPtrArray) names = read_names (self, after, n);

      if (names == NULL)
        return NULL;

      if (offset < names->len)
        limit -= add_entries (self, entries, names, offset, limit);
      if (names->len < n || limit == 0)
        return g_steal_pointer (&entries);

      offset -= MIN (offset, names->len);
      g_free (after);
      after = g_strdup (g_ptr_array_index (names, n - 1));
    }
}

GPtrArray *
devbox_workspace_list (DevboxWorkspace *workspace,
                       const char *path,
                       gboolean show_hidden,
                       guint64 offset,
                       guint limit,
                       GCancellable *cancellable,
                       GError **error)
{
  g_auto (FolderReader) reader = { .show_hidden = show_hidden, .cancellable = cancellable };
  devbox_auto_descriptor int fd = -1;
  GPtrArray *entries = NULL;

  g_return_val_if_fail (limit > 0, NULL);

  fd = devbox_workspace_open (workspace, path, O_RDONLY | O_DIRECTORY, error);
  if (fd < 0)
    return NULL;

  reader.folder = fdopendir (fd);
  if (reader.folder != NULL)
    {
      fd = -1; /* the folder's now */
      entries = read_entries (&reader, offset, limit);
    }
  if (entries == NULL && !g_cancellable_set_error_if_cancelled (cancellable, error))
    devbox_wire_set_file_error (error, errno, _ ("Cannot list “%s”"), path);

  return entries;
}
