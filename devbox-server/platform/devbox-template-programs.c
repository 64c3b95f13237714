/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-template-set-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void
devbox_template_free (DevboxTemplate *self)
{
  g_free (self->name);
  g_free (self->kind);
  g_free (self->description);
  g_strfreev (self->programs);
  g_strfreev (self->packages);
  g_clear_pointer (&self->ports, g_array_unref);
  g_free (self->command);
  g_free (self);
}

/* In bubblewrap there is no folder of the machine but /usr: a link that leads elsewhere is broken there. */
static gboolean
is_usable (const char *path, DevboxSandboxKind kind)
{
  char *real = realpath (path, NULL);
  struct stat status;
  gboolean usable = real != NULL && stat (real, &status) == 0 && S_ISREG (status.st_mode) && access (real, X_OK) == 0
                    && (kind == DEVBOX_SANDBOX_NONE || g_str_has_prefix (real, "/usr/"));

  free (real);

  return usable;
}

static gboolean
is_installed (const char *program, DevboxSandboxKind kind, const char *const *folders)
{
  if (program[0] == '/')
    return is_usable (program, kind);

  for (guint i = 0; folders[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (folders[i], program, NULL);

      if (folders[i][0] == '/' && is_usable (path, kind))
        return TRUE;
    }

  return FALSE;
}

static void
add_word (GString *words, const char *separator, const char *word)
{
  if (words->len > 0)
    g_string_append (words, separator);
  g_string_append (words, word);
}

gboolean
devbox_template_check_programs (const DevboxTemplate *self, DevboxSandboxKind kind, const char *path, GError **error)
{
  g_auto (GStrv) folders = g_strsplit (path != NULL ? path : DEVBOX_SANDBOX_PATH, ":", -1);
  g_autoptr (GString) missing = g_string_new (NULL);
  g_autoptr (GString) install = g_string_new (NULL);
  g_autoptr (GHashTable) named = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; self->programs[i] != NULL; i++)
    {
      g_autofree char *words = NULL;

      if (is_installed (self->programs[i], kind, (const char *const *) folders))
        continue;
      /* A program that is missing, and the Debian package that it is in */
      words = g_strdup_printf (_ ("“%s” (package %s)"), self->programs[i], self->packages[i]);
      add_word (missing, ", ", words);
      if (g_hash_table_add (named, self->packages[i]))
        add_word (install, " ", self->packages[i]);
    }
  if (missing->len == 0)
    return TRUE;

  g_set_error (
      error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
      _ ("The runtime “%s” needs what is not installed on this machine: %s; on Debian “sudo apt-get install %s” "
         "installs it"),
      self->name, missing->str, install->str);

  return FALSE;
}
