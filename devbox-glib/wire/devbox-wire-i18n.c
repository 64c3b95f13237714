/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>

/* Stands in both libraries, so that either finds our catalogue in a program that knows nothing of it, as any program in
 * Python does. It runs when a library is loaded; what a program binds later wins. DEVBOX_LOCALEDIR in the environment
 * names the folder of another catalogue, such as the one in a build folder; not for programs with raised privileges,
 * since messages are formats. */
__attribute__ ((constructor)) static void
devbox_wire_i18n_init (void)
{
  const char *folder = secure_getenv ("DEVBOX_LOCALEDIR");

  bindtextdomain (GETTEXT_PACKAGE, folder != NULL && folder[0] == '/' ? folder : DEVBOX_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}
