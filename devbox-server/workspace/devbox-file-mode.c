/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-mode-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-deep-walk-private.h"
#include "devbox-file-attributes-private.h"
#include "devbox-wire-error-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#define KEEP ((uid_t) -1)
#define MAX_NUMBER (G_MAXUINT32 - 1) /* the next one means: keep it */

/* For an entry of a database, which may be long where a group has many members */
#define BUFFER_SIZE 1024
#define MAX_BUFFER_SIZE (1024 * 1024)

gboolean
devbox_mode_change_set_mode (DevboxModeChange *self, const char *text, GError **error)
{
  if (devbox_file_mode_parse (text, DEVBOX_MODE_MAX, &self->mode))
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("The mode must be octal, such as “755”, “0755” or “0o755”, not “%.64s”"), text);

  return FALSE;
}

/* Looks a name up; 0 and *number, ENOENT, or another error. */
typedef int (*LookUpFunc) (const char *name, char *buffer, gsize size, guint32 *number);

static int
look_up_user (const char *name, char *buffer, gsize size, guint32 *number)
{
  struct passwd entry, *found = NULL;
  int result = getpwnam_r (name, &entry, buffer, size, &found);

  if (found == NULL)
    return result == 0 ? ENOENT : result;

  *number = found->pw_uid;

  return 0;
}

static int
look_up_group (const char *name, char *buffer, gsize size, guint32 *number)
{
  struct group entry, *found = NULL;
  int result = getgrnam_r (name, &entry, buffer, size, &found);

  if (found == NULL)
    return result == 0 ? ENOENT : result;

  *number = found->gr_gid;

  return 0;
}

static gboolean
look_up (LookUpFunc func, const char *name, guint32 *number)
{
  guint64 value;
  int result = ERANGE;

  for (gsize size = BUFFER_SIZE; result == ERANGE && size <= MAX_BUFFER_SIZE; size *= 2)
    {
      g_autofree char *buffer = g_malloc (size);

      result = func (name, buffer, size, number);
    }
  if (result == 0)
    return TRUE;
  if (!g_ascii_string_to_unsigned (name, 10, 0, MAX_NUMBER, &value, NULL))
    return FALSE;

  *number = value;

  return TRUE;
}

gboolean
devbox_mode_change_set_owner (DevboxModeChange *self, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);
  gboolean is_valid = g_strv_length (parts) > 0;

  self->has_user = is_valid && parts[0][0] != '\0';
  self->has_group = is_valid && parts[1] != NULL;
  /* "user:" is not taken for the user's own group. */
  is_valid = (self->has_user || self->has_group) && (!self->has_group || parts[1][0] != '\0');
  if (!is_valid)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                 _ ("The owner must be “user”, “user:group” or “:group”, not “%.64s”"), text);
  else if (self->has_user && !look_up (look_up_user, parts[0], &self->user))
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("There is no user “%.64s”"), parts[0]);
  else if (self->has_group && !look_up (look_up_group, parts[1], &self->group))
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("There is no group “%.64s”"), parts[1]);
  else
    return TRUE;

  return FALSE;
}

/* Owner first: a change of owner clears setuid. */
static gboolean
change_by_fd (const DevboxModeChange *self, int fd)
{
  struct stat status;

  if (fstat (fd, &status) < 0)
    return FALSE;
  if ((self->has_user || self->has_group)
      && fchownat (fd, "", self->has_user ? self->user : KEEP, self->has_group ? self->group : KEEP, AT_EMPTY_PATH) < 0)
    return FALSE;

  return S_ISLNK (status.st_mode) || self->keeps_mode || devbox_file_set_mode (fd, self->mode);
}

static gboolean
change_at (const DevboxModeChange *self, const DevboxDeepWalkEntry *entry)
{
  devbox_auto_descriptor int fd = openat (entry->folder_fd, entry->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

  return fd >= 0 && change_by_fd (self, fd);
}

/* What is in the folder */
static gboolean
is_within_reach (int folder_fd, const char *name)
{
  return faccessat (folder_fd, name, R_OK | X_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0;
}

/* A folder is changed after what is in it, which may be out of reach then; but before, if it is out of reach now. */
static gboolean
change_before (const DevboxModeChange *self, const DevboxDeepWalkEntry *entry)
{
  return is_within_reach (entry->folder_fd, entry->name) || change_at (self, entry);
}

gboolean
devbox_mode_change_tree (const DevboxModeChange *self,
                         int folder_fd,
                         const char *name,
                         const char *path,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (DevboxDeepWalk) walk = devbox_deep_walk_new (folder_fd, name, path);
  DevboxDeepWalkStep step = DEVBOX_DEEP_WALK_ENTER;

  while (step != DEVBOX_DEEP_WALK_END)
    {
      DevboxDeepWalkEntry entry;
      gboolean done = TRUE;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      step = devbox_deep_walk_next (walk, &entry);
      if (step == DEVBOX_DEEP_WALK_ERROR)
        done = FALSE;
      else if (step == DEVBOX_DEEP_WALK_ENTRY)
        done = change_at (self, &entry);
      else if (step == DEVBOX_DEEP_WALK_ENTER)
        done = change_before (self, &entry);
      else if (step == DEVBOX_DEEP_WALK_LEAVE)
        done = change_by_fd (self, entry.fd);

      /* What went away meanwhile needs no change. */
      if (!done && errno != ENOENT)
        {
          int saved_errno = errno;
          g_autofree char *place = devbox_deep_walk_describe (walk);

          devbox_wire_set_file_error (error, saved_errno, _ ("Cannot change the mode of “%s”"), place);
          return FALSE;
        }
    }

  return TRUE;
}

gboolean
devbox_workspace_change_mode (DevboxWorkspace *workspace,
                              const char *path,
                              const DevboxModeChange *change,
                              gboolean recursive,
                              GCancellable *cancellable,
                              GError **error)
{
  devbox_auto_descriptor int fd = devbox_workspace_open (workspace, path, O_PATH, error);
  struct stat status;

  if (fd < 0)
    return FALSE;

  recursive = recursive && fstat (fd, &status) == 0 && S_ISDIR (status.st_mode);
  if (recursive && is_within_reach (fd, ""))
    return devbox_mode_change_tree (change, fd, ".", path, cancellable, error);
  if (change_by_fd (change, fd))
    return !recursive || devbox_mode_change_tree (change, fd, ".", path, cancellable, error);

  devbox_wire_set_file_error (error, errno, _ ("Cannot change the mode of “%s”"), path);

  return FALSE;
}
