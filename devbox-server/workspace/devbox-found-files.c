/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-found-files-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-file-replacement-private.h"
#include "devbox-wire-error-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_SIZE (8 * 1024 * 1024)

/* What nobody wrote by hand, beside the folders with a dot in front. */
static const char *const left_out_folders[] = {
  "__pycache__", "build", "coverage", "dist", "node_modules", "out", "target", "vendor", "venv", NULL,
};

typedef struct
{
  DevboxFoundFiles *found;
  DevboxFileSearchFunc func;
  gpointer user_data;
} Search;

DevboxFoundFiles *
devbox_found_files_new (void)
{
  DevboxFoundFiles *self = g_new0 (DevboxFoundFiles, 1);

  self->paths = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
devbox_found_files_free (DevboxFoundFiles *self)
{
  g_ptr_array_unref (self->paths);
  g_free (self->prefix);
  g_free (self);
}

void
devbox_found_files_set_truncated (DevboxFoundFiles *self)
{
  g_atomic_int_set (&self->is_truncated, TRUE);
}

gboolean
devbox_found_files_add (DevboxFoundFiles *self, const char *path)
{
  gsize size = strlen (self->prefix) + strlen (path) + 1;

  if (self->paths->len == DEVBOX_FOUND_FILES_MAX || self->size + size > MAX_SIZE)
    {
      devbox_found_files_set_truncated (self);
      return FALSE;
    }

  g_ptr_array_add (self->paths, g_strconcat (self->prefix, path, NULL));
  self->size += size;

  return TRUE;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

void
devbox_found_files_sort (DevboxFoundFiles *self)
{
  g_ptr_array_sort (self->paths, compare_paths);
}

static gboolean
is_left_out (const DevboxTreeEntry *entry)
{
  if (entry->type == DT_DIR)
    return entry->name[0] == '.' || g_strv_contains (left_out_folders, entry->name);

  return entry->type != DT_REG || g_str_has_prefix (entry->name, DEVBOX_FILE_REPLACEMENT_PREFIX);
}

static DevboxTreeWalkNext
visit (const DevboxTreeEntry *entry, gpointer user_data)
{
  Search *self = user_data;

  if (is_left_out (entry))
    return DEVBOX_TREE_WALK_SKIP;
  if (entry->type == DT_DIR || self->func (entry, self->user_data))
    return DEVBOX_TREE_WALK_CONTINUE;

  return DEVBOX_TREE_WALK_STOP;
}

/* What may not be read is nobody's loss, but what cannot be read for want of memory or descriptors may be. */
static DevboxTreeWalkNext
fail (const DevboxTreeEntry *entry, gpointer user_data)
{
  Search *self = user_data;

  if (errno != EACCES && errno != ENOENT && errno != ENOTDIR)
    devbox_found_files_set_truncated (self->found);

  return DEVBOX_TREE_WALK_CONTINUE;
}

/* The absolute path of what is below the folder, up to the last slash. ".." stays: only the kernel knows where it leads
 * to. */
static char *
make_prefix (DevboxWorkspace *workspace, const char *relative)
{
  g_auto (GStrv) components = g_strsplit (relative, "/", -1);
  GString *prefix = g_string_new (devbox_workspace_get_path (workspace));

  if (prefix->str[prefix->len - 1] != '/')
    g_string_append_c (prefix, '/');
  for (guint i = 0; components[i] != NULL; i++)
    {
      if (components[i][0] != '\0' && strcmp (components[i], ".") != 0)
        g_string_append_printf (prefix, "%s/", components[i]);
    }

  return g_string_free (prefix, FALSE);
}

static int
open_folder (DevboxWorkspace *workspace, const char *folder, char **prefix, GError **error)
{
  g_autofree char *relative = NULL;

  if (*folder == '\0')
    folder = ".";
  relative = devbox_workspace_relativize (workspace, folder, error);
  if (relative == NULL)
    return -1;

  *prefix = make_prefix (workspace, relative);

  return devbox_workspace_open (workspace, folder, O_RDONLY | O_DIRECTORY, error);
}

gboolean
devbox_found_files_search (DevboxFoundFiles *self,
                           DevboxWorkspace *workspace,
                           const char *folder,
                           DevboxFileSearchFunc func,
                           gpointer user_data,
                           GCancellable *cancellable,
                           GError **error)
{
  const DevboxTreeVisitor visitor = { .visit = visit, .fail = fail };
  Search search = { .found = self, .func = func, .user_data = user_data };
  devbox_auto_descriptor int fd = -1;

  g_return_val_if_fail (self->prefix == NULL, FALSE);

  fd = open_folder (workspace, folder, &self->prefix, error);
  if (fd < 0)
    return FALSE;
  if (devbox_tree_walk (fd, &visitor, &search, cancellable))
    return TRUE;

  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    devbox_wire_set_file_error (error, errno, _ ("Cannot search “%s”"), folder);

  return FALSE;
}
