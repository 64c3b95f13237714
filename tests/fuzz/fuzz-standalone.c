/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target over files and folders of files, where libFuzzer is not at hand. */
#include <glib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
run_file (const char *path)
{
  g_autofree char *contents = NULL;
  g_autofree guint8 *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (!g_file_get_contents (path, &contents, &size, &error))
    g_error ("%s", error->message);

  data = g_memdup2 (contents, size); /* without the NUL that GLib adds, so that reading past the end shows */
  LLVMFuzzerTestOneInput (data, size);
}

static guint
run (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  guint n_files = 0;
  const char *name;

  if (folder == NULL)
    {
      run_file (path);
      return 1;
    }

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      n_files += run (child);
    }

  return n_files;
}

int
main (int argc, char **argv)
{
  guint n_files = 0;

  for (int i = 1; i < argc; i++)
    n_files += run (argv[i]);

  if (n_files == 0)
    g_error ("Usage: %s FILE-OR-FOLDER…", argv[0]);
  g_print ("%u inputs\n", n_files);

  return 0;
}
