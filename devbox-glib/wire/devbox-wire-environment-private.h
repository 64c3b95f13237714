/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DEVBOX_WIRE_MAX_ENVIRONMENT_SIZE (128 * 1024) /* bytes of all variables of a command, each with its NUL */

/* Whether so many bytes are a name that every shell knows as one: [A-Za-z_][A-Za-z0-9_]*. */
static inline gboolean
devbox_wire_is_variable_name (const char *name, gsize length)
{
  if (length == 0 || g_ascii_isdigit (name[0]))
    return FALSE;

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isalnum (name[i]) && name[i] != '_')
        return FALSE;
    }

  return TRUE;
}

G_END_DECLS
