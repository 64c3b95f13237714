/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-libarchive-private.h"

#include "devbox-wire-error-private.h"

#include <dlfcn.h>
#include <glib/gi18n-lib.h>

#define LIBRARY "libarchive.so.13" /* of all versions 3 */

G_STATIC_ASSERT (ARCHIVE_VERSION_NUMBER < 4000000);

DevboxLibarchive devbox_libarchive;

static gboolean
load (void)
{
  void *library = dlopen (LIBRARY, RTLD_NOW | RTLD_LOCAL);

  if (library == NULL)
    return FALSE;

#define LOAD(name)                                                                                                     \
  devbox_libarchive.name = (__typeof__ (devbox_libarchive.name)) dlsym (library, "archive_" #name);                    \
  if (devbox_libarchive.name == NULL)                                                                                  \
    return FALSE;
  DEVBOX_LIBARCHIVE_FUNCTIONS (LOAD)
#undef LOAD

  return TRUE;
}

gboolean
devbox_libarchive_load (GError **error)
{
  static GMutex lock;
  static gboolean is_loaded;
  const char *reason = NULL;

  g_mutex_lock (&lock);
  if (!is_loaded)
    is_loaded = load ();
  if (!is_loaded)
    reason = dlerror ();
  g_mutex_unlock (&lock);

  if (!is_loaded)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE,
                 _ ("Archives need a library that cannot be loaded: %s"), reason != NULL ? reason : LIBRARY);

  return is_loaded;
}
