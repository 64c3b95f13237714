/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-libsoup-private.h"

#include "devbox-library-private.h"

#define LIBRARY "libsoup-3.0.so.0"

DevboxLibsoup devbox_libsoup;

gboolean
devbox_libsoup_load (void)
{
#define NAME(name) "soup_" #name,
  static const char *const names[] = { DEVBOX_LIBSOUP_FUNCTIONS (NAME) };
#undef NAME
  static GMutex lock;
  static gboolean is_loaded;
  const char *reason = NULL;
  gboolean loaded;

  G_STATIC_ASSERT (sizeof devbox_libsoup == sizeof names);

  g_mutex_lock (&lock);
  if (!is_loaded)
    is_loaded = devbox_library_load (LIBRARY, names, G_N_ELEMENTS (names), &devbox_libsoup, &reason);
  loaded = is_loaded;
  g_mutex_unlock (&lock);

  if (!loaded)
    g_warning ("WebSockets need a library that cannot be loaded: %s", reason != NULL ? reason : LIBRARY);

  return loaded;
}
