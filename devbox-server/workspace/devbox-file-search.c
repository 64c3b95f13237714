/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-search-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>

typedef struct
{
  DevboxFoundFiles *found;
  const char *pattern; /* folded */
} FileSearch;

/* Equal for texts that differ in case alone, or in whether an accent is a character of its own. Any bytes. */
static char *
fold (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *folded = g_utf8_casefold (valid, -1);

  return g_utf8_normalize (folded, -1, G_NORMALIZE_DEFAULT_COMPOSE);
}

/* What fold () does to nearly every name there is; FALSE for one that is not all ASCII. */
static gboolean
fold_ascii (const char *name, char folded[NAME_MAX + 1])
{
  gsize i;

  for (i = 0; name[i] != '\0'; i++)
    {
      if (i == NAME_MAX || (guchar) name[i] >= 0x80)
        return FALSE;
      folded[i] = g_ascii_tolower (name[i]);
    }
  folded[i] = '\0';

  return TRUE;
}

static gboolean
name_contains (const char *name, const char *pattern)
{
  char folded_ascii[NAME_MAX + 1];
  g_autofree char *folded = NULL;

  if (fold_ascii (name, folded_ascii))
    return strstr (folded_ascii, pattern) != NULL;

  folded = fold (name);

  return strstr (folded, pattern) != NULL;
}

static gboolean
look_at_file (const DevboxTreeEntry *file, gpointer user_data)
{
  FileSearch *self = user_data;

  return !name_contains (file->name, self->pattern) || devbox_found_files_add (self->found, file->path);
}

DevboxFoundFiles *
devbox_file_search (DevboxWorkspace *workspace,
                    const char *folder,
                    const char *pattern,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (DevboxFoundFiles) found = devbox_found_files_new ();
  g_autofree char *folded = fold (pattern);
  FileSearch self = { .found = found, .pattern = folded };

  if (*pattern == '\0')
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The pattern is empty"));
      return NULL;
    }
  if (!devbox_found_files_search (found, workspace, folder, look_at_file, &self, cancellable, error))
    return NULL;

  devbox_found_files_sort (found);

  return g_steal_pointer (&found);
}
