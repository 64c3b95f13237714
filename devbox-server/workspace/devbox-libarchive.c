/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-libarchive-private.h"

#include "devbox-library-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

#define LIBRARY "libarchive.so.13" /* of all versions 3 */

G_STATIC_ASSERT (ARCHIVE_VERSION_NUMBER < 4000000);

DevboxLibarchive devbox_libarchive;

gboolean
devbox_libarchive_load (GError **error)
{
#define NAME(name) "archive_" #name,
  static const char *const names[] = { DEVBOX_LIBARCHIVE_FUNCTIONS (NAME) };
#undef NAME
  static GMutex lock;
  static gboolean is_loaded;
  const char *reason = NULL;
  gboolean loaded;

  G_STATIC_ASSERT (sizeof devbox_libarchive == sizeof names);

  g_mutex_lock (&lock);
  if (!is_loaded)
    is_loaded = devbox_library_load (LIBRARY, names, G_N_ELEMENTS (names), &devbox_libarchive, &reason);
  loaded = is_loaded;
  g_mutex_unlock (&lock);

  if (!loaded)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE,
                 _ ("Archives need a library that cannot be loaded: %s"), reason != NULL ? reason : LIBRARY);

  return loaded;
}
