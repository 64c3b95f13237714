/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-token-file-private.h"

#include "devbox-random-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
token_is_sound (const char *token)
{
  gsize length = strlen (token);

  return length >= 32 && length <= 1024 && strspn (token, "0123456789abcdefABCDEF") == length;
}

char *
devbox_token_file_load_or_create (char **path, gboolean *created, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_state_dir (), "devbox-server", NULL);
  g_autofree char *token = NULL;

  *path = g_build_filename (folder, "token", NULL);
  *created = FALSE;

  if (g_file_get_contents (*path, &token, NULL, NULL) && token_is_sound (g_strchomp (token)))
    return g_steal_pointer (&token);

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   _ ("Cannot make the folder “%s” for the token: %s"), folder, g_strerror (saved_errno));
      return NULL;
    }

  g_free (token);
  token = devbox_random_token ();
  if (!g_file_set_contents_full (*path, token, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
    return NULL;

  *created = TRUE;
  return g_steal_pointer (&token);
}
