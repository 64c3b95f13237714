/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-library-private.h"

#include <dlfcn.h>
#include <string.h>

gboolean
devbox_library_load (const char *library,
                     const char *const *names,
                     gsize n_names,
                     gpointer functions,
                     const char **reason)
{
  g_autofree gpointer *found = g_new (gpointer, n_names);
  void *handle = dlopen (library, RTLD_NOW | RTLD_LOCAL);

  for (gsize i = 0; handle != NULL && i < n_names; i++)
    {
      found[i] = dlsym (handle, names[i]);
      if (found[i] == NULL)
        handle = NULL;
    }

  if (handle == NULL)
    {
      *reason = dlerror ();
      return FALSE;
    }

  memcpy (functions, found, n_names * sizeof *found);
  return TRUE;
}
