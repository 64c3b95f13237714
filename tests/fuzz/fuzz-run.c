/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target without libFuzzer: once for each file that is named, or that is in a folder that is named, then
 * once for each of its beginnings. */
#include "config.h"

#include "fuzz.h"

#include <stdlib.h>

static guint
run_file (const char *path)
{
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (!g_file_get_contents (path, &contents, &size, &error))
    g_error ("%s", error->message);
  for (gsize length = 0; length <= size; length++)
    {
      g_autofree guint8 *copy = g_memdup2 (contents, length);

      LLVMFuzzerTestOneInput (copy, length);
    }

  return 1;
}

static guint
run_path (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint count = 0;

  if (dir == NULL)
    return run_file (path);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      count += run_file (child);
    }

  return count;
}

int
main (int argc, char *argv[])
{
  guint count = 0;

  for (int i = 1; i < argc; i++)
    count += run_path (argv[i]);
  if (count == 0)
    g_error ("There is no input: name files or folders");
  g_print ("1..1\nok 1 %u inputs and each of their beginnings\n", count);

  return EXIT_SUCCESS;
}
