/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-attributes-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEEP ((uid_t) -1)

static gboolean
change_owner (int fd, uid_t user, gid_t group)
{
  return fchownat (fd, "", user, group, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0;
}

gboolean
devbox_file_give_owner (int fd, uid_t user, gid_t group, gboolean *given)
{
  *given = change_owner (fd, user, group);
  if (*given || change_owner (fd, KEEP, group))
    return TRUE;

  return errno == EPERM || errno == EINVAL;
}

gboolean
devbox_file_set_mode (int fd, mode_t mode)
{
  char link[sizeof "/proc/self/fd/" + 3 * sizeof (int)];

  if (fchmod (fd, mode) == 0)
    return TRUE;
  if (errno != EBADF)
    return FALSE;

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);

  return chmod (link, mode) == 0;
}

gboolean
devbox_file_set_attributes (int fd, const struct stat *model)
{
  const struct timespec times[2] = { model->st_atim, model->st_mtim };
  mode_t mode = model->st_mode & 07777;
  gboolean given;

  /* Owner first: a change of owner clears setuid. */
  if (!devbox_file_give_owner (fd, model->st_uid, model->st_gid, &given))
    return FALSE;
  if (!given)
    mode &= ~(S_ISUID | S_ISGID);

  return (S_ISLNK (model->st_mode) || devbox_file_set_mode (fd, mode))
         && utimensat (fd, "", times, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0;
}

gboolean
devbox_file_is_mount_point (int folder_fd, const char *name)
{
  struct statx status;

  return statx (folder_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &status) == 0
         && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

gboolean
devbox_file_mode_parse (const char *text, guint maximum, guint *mode)
{
  const char *digits = g_str_has_prefix (text, "0o") ? text + 2 : text;
  gsize n_digits = strspn (digits, "01234567");

  if (n_digits == 0 || n_digits > 5 || digits[n_digits] != '\0')
    return FALSE;

  *mode = g_ascii_strtoull (digits, NULL, 8);

  return *mode <= maximum;
}
