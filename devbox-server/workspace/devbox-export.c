/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-export-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-file-replacement-private.h"
#include "devbox-tree-walk-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define PIECE (256 * 1024)

typedef struct
{
  const DevboxExportForm *form;
  gpointer form_data;
  GCancellable *cancellable;
  const char *top; /* the name of what is walked */
  guint8 *buffer;
  GError **error;
} Export;

/* What the path is called outside: without the workspace, "." and ".."; "" for the workspace itself. */
static char *
make_name (DevboxWorkspace *workspace, const char *path, GError **error)
{
  g_autofree char *relative = devbox_workspace_relativize (workspace, path, error);
  g_autofree char *name = relative != NULL ? g_canonicalize_filename (relative, "/") : NULL;

  return name != NULL ? g_strdup (name + 1) : NULL;
}

static gboolean
copy_content (Export *self, int fd, goffset size, const char *name)
{
  while (size > 0)
    {
      gssize n = read (fd, self->buffer, MIN (PIECE, size));

      if (g_cancellable_set_error_if_cancelled (self->cancellable, self->error))
        return FALSE;
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          devbox_wire_set_file_error (self->error, n < 0 ? errno : EIO, _ ("Cannot read “%s” to its end"), name);
          return FALSE;
        }
      if (!self->form->content (self->form_data, self->buffer, n, self->error))
        return FALSE;
      size -= n;
    }

  return TRUE;
}

static gboolean
export_file (Export *self, int fd, const struct stat *status, const char *name)
{
  return self->form->begin_file (self->form_data, name, status, self->error)
         && copy_content (self, fd, status->st_size, name) && self->form->end_file (self->form_data, self->error);
}

static gboolean
export_file_at (Export *self, int folder_fd, const char *base, const char *name)
{
  devbox_auto_descriptor int fd = openat (folder_fd, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat status;

  if (fd < 0 && errno == ENOENT) /* gone meanwhile */
    return TRUE;
  if (fd < 0 || fstat (fd, &status) < 0)
    {
      devbox_wire_set_file_error (self->error, errno, _ ("Cannot open “%s”"), name);
      return FALSE;
    }

  return !S_ISREG (status.st_mode) || export_file (self, fd, &status, name);
}

static gboolean
export_link_at (Export *self, int folder_fd, const char *base, const char *name)
{
  char target[PATH_MAX];
  struct stat status;
  gssize length;

  if (self->form->link == NULL)
    return TRUE;
  length = readlinkat (folder_fd, base, target, sizeof target - 1);
  if (length < 0 || fstatat (folder_fd, base, &status, AT_SYMLINK_NOFOLLOW) < 0)
    return TRUE; /* gone meanwhile, or something else by now */

  target[length] = '\0';
  return self->form->link (self->form_data, name, &status, target, self->error);
}

static gboolean
export_folder_at (Export *self, int folder_fd, const char *base, const char *name)
{
  struct stat status;

  if (self->form->folder == NULL || fstatat (folder_fd, base, &status, AT_SYMLINK_NOFOLLOW) < 0)
    return TRUE;

  return self->form->folder (self->form_data, name, &status, self->error);
}

static DevboxTreeWalkNext
visit (const DevboxTreeEntry *entry, gpointer user_data)
{
  Export *self = user_data;
  g_autofree char *name
      = self->top[0] == '\0' ? g_strdup (entry->path) : g_strconcat (self->top, "/", entry->path, NULL);
  gboolean goes_on = TRUE;

  if (entry->type == DT_DIR)
    goes_on = export_folder_at (self, entry->folder_fd, entry->name, name);
  else if (entry->type == DT_LNK)
    goes_on = export_link_at (self, entry->folder_fd, entry->name, name);
  else if (entry->type == DT_REG && !g_str_has_prefix (entry->name, DEVBOX_FILE_REPLACEMENT_PREFIX))
    goes_on = export_file_at (self, entry->folder_fd, entry->name, name);

  return goes_on ? DEVBOX_TREE_WALK_CONTINUE : DEVBOX_TREE_WALK_STOP;
}

static DevboxTreeWalkNext
fail (const DevboxTreeEntry *entry, gpointer user_data)
{
  Export *self = user_data;

  if (errno == ENOENT)
    return DEVBOX_TREE_WALK_CONTINUE;

  devbox_wire_set_file_error (self->error, errno, _ ("Cannot read the folder “%s”"), entry->path);
  return DEVBOX_TREE_WALK_STOP;
}

static gboolean
export_tree (Export *self, int fd, const struct stat *status, const char *name)
{
  static const DevboxTreeVisitor visitor = { .visit = visit, .fail = fail };
  GError **outer = self->error;
  GError *error = NULL;

  if (name[0] != '\0' && self->form->folder != NULL && !self->form->folder (self->form_data, name, status, self->error))
    return FALSE;

  self->top = name;
  self->error = &error;
  if (!devbox_tree_walk (fd, &visitor, self, self->cancellable) && error == NULL
      && !g_cancellable_set_error_if_cancelled (self->cancellable, &error))
    devbox_wire_set_file_error (&error, errno, _ ("Cannot read the folder “%s”"), name);
  self->error = outer;
  if (error == NULL)
    return TRUE;

  g_propagate_error (self->error, error);
  return FALSE;
}

static int
open_path (DevboxWorkspace *workspace, const char *path, struct stat *status, GError **error)
{
  devbox_auto_descriptor int fd = devbox_workspace_open (workspace, path, O_RDONLY, error);

  if (fd < 0)
    return -1;
  if (fstat (fd, status) == 0 && (S_ISDIR (status->st_mode) || S_ISREG (status->st_mode)))
    return g_steal_fd (&fd);

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is neither a file nor a folder"), path);
  return -1;
}

static gboolean
check_paths (DevboxWorkspace *workspace, const char *const *paths, GError **error)
{
  for (guint i = 0; paths[i] != NULL; i++)
    {
      devbox_auto_descriptor int fd = -1;
      struct stat status;

      fd = open_path (workspace, paths[i], &status, error);
      if (fd < 0)
        return FALSE;
    }

  return TRUE;
}

static gboolean
export_path (Export *self, DevboxWorkspace *workspace, const char *path)
{
  g_autofree char *name = make_name (workspace, path, self->error);
  devbox_auto_descriptor int fd = -1;
  struct stat status;

  if (name == NULL)
    return FALSE;
  fd = open_path (workspace, path, &status, self->error);
  if (fd < 0)
    return FALSE;

  return S_ISDIR (status.st_mode) ? export_tree (self, fd, &status, name) : export_file (self, fd, &status, name);
}

gboolean
devbox_export (DevboxWorkspace *workspace,
               const char *const *paths,
               const DevboxExportForm *form,
               gpointer form_data,
               GCancellable *cancellable,
               GError **error)
{
  g_autofree guint8 *buffer = g_malloc (PIECE);
  Export self = {
    .form = form,
    .form_data = form_data,
    .cancellable = cancellable,
    .buffer = buffer,
    .error = error,
  };

  if (!check_paths (workspace, paths, error))
    return FALSE;

  for (guint i = 0; paths[i] != NULL; i++)
    {
      if (!export_path (&self, workspace, paths[i]))
        return FALSE;
    }

  return TRUE;
}
