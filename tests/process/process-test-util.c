/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "process-test-util.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#  define SANITIZED TRUE
#elif defined(__has_feature)
#  define SANITIZED __has_feature (address_sanitizer)
#else
#  define SANITIZED FALSE
#endif

static GHashTable *finished; /* commands that were told, by address: only compared while the caller holds them */

static void
on_done (DevboxServerCommand *command, gpointer user_data)
{
  gboolean fresh = g_hash_table_add (finished, command);

  g_assert_true (fresh);
}

DevboxLauncher *
test_launcher_new (void)
{
  g_autoptr (GError) error = NULL;
  DevboxLauncher *launcher = devbox_launcher_new (NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (launcher);

  return launcher;
}

static gboolean
on_deadline (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

void
test_wait_until (gboolean (*condition) (gpointer data), gpointer data, guint milliseconds)
{
  gboolean late = FALSE;
  guint deadline = g_timeout_add (milliseconds, on_deadline, &late);

  while (!condition (data))
    {
      g_assert_false (late);
      g_main_context_iteration (NULL, TRUE);
    }

  if (!late)
    g_source_remove (deadline);
}

DevboxServerCommand *
test_start (DevboxLauncher *launcher, const DevboxCommandSpec *spec)
{
  DevboxCommandSpec full = *spec;
  DevboxServerCommand *command;

  if (finished == NULL)
    finished = g_hash_table_new (NULL, NULL);
  if (full.output_limit == 0)
    full.output_limit = TEST_OUTPUT_LIMIT;
  if (full.cwd_fd == 0)
    full.cwd_fd = -1;

  command = devbox_launcher_start (launcher, &full, on_done, NULL, NULL);
  g_hash_table_remove (finished, command);

  return command;
}

DevboxServerCommand *
test_start_shell (DevboxLauncher *launcher, const char *script)
{
  const char *const argv[] = { "/bin/sh", "-c", script, NULL };

  return test_start (launcher, &(DevboxCommandSpec){ .argv = argv });
}

gboolean
test_is_done (DevboxServerCommand *command)
{
  return g_hash_table_contains (finished, command);
}

static gboolean
is_done (gpointer command)
{
  return test_is_done (command);
}

void
test_wait_done (DevboxServerCommand *command)
{
  test_wait_until (is_done, command, 60 * 1000);
}

DevboxServerCommand *
test_run (DevboxLauncher *launcher, const DevboxCommandSpec *spec)
{
  DevboxServerCommand *command = test_start (launcher, spec);

  test_wait_done (command);

  return command;
}

DevboxServerCommand *
test_run_shell (DevboxLauncher *launcher, const char *script)
{
  DevboxServerCommand *command = test_start_shell (launcher, script);

  test_wait_done (command);

  return command;
}

GString *
test_dup_output (DevboxServerCommand *command, DevboxOutputStream stream)
{
  DevboxOutputLog *log = devbox_server_command_get_log (command);
  GString *output = g_string_new (NULL);
  gsize size = test_get_output_length (command, stream);

  g_string_set_size (output, size);
  g_assert_cmpuint (
      devbox_output_log_read (log, stream, devbox_output_log_get_first_offset (log, stream), output->str, size), ==,
      size);

  return output;
}

gsize
test_get_output_length (DevboxServerCommand *command, DevboxOutputStream stream)
{
  DevboxOutputLog *log = devbox_server_command_get_log (command);

  return devbox_output_log_get_end_offset (log, stream) - devbox_output_log_get_first_offset (log, stream);
}

gboolean
test_is_truncated (DevboxServerCommand *command, DevboxOutputStream stream)
{
  return devbox_output_log_is_truncated (devbox_server_command_get_log (command), stream);
}

gboolean
test_output_contains (DevboxServerCommand *command, DevboxOutputStream stream, const char *text)
{
  g_autoptr (GString) output = test_dup_output (command, stream);

  return strstr (output->str, text) != NULL;
}

void
test_assert_output (DevboxServerCommand *command, DevboxOutputStream stream, const char *expected)
{
  g_autoptr (GString) output = test_dup_output (command, stream);

  g_assert_cmpstr (output->str, ==, expected);
}

static char
read_state_and_parent (const char *pid, int *parent)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "stat", NULL);
  g_autofree char *line = NULL;
  const char *end;
  char state = 'X';

  if (g_file_get_contents (path, &line, NULL, NULL))
    {
      end = strrchr (line, ')');
      g_assert_cmpint (sscanf (end + 1, " %c %d", &state, parent), ==, 2);
    }

  return state;
}

static gboolean
has_argument (const char *pid, const char *marker)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "cmdline", NULL);
  g_autofree char *line = NULL;
  gsize size;

  if (!g_file_get_contents (path, &line, &size, NULL))
    return FALSE;

  for (const char *argument = line; argument < line + size; argument += strlen (argument) + 1)
    {
      if (g_str_equal (argument, marker))
        return TRUE;
    }

  return FALSE;
}

guint
test_count_processes (const char *marker)
{
  g_autoptr (GDir) processes = g_dir_open ("/proc", 0, NULL);
  const char *name;
  guint n = 0;
  int parent;

  while ((name = g_dir_read_name (processes)) != NULL)
    {
      if (g_ascii_isdigit (name[0]) && atoi (name) != getpid () && has_argument (name, marker))
        n += strchr ("ZX", read_state_and_parent (name, &parent)) == NULL;
    }

  return n;
}

guint
test_count_children (GPid pid, gboolean only_zombies)
{
  g_autoptr (GDir) processes = g_dir_open ("/proc", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (processes)) != NULL)
    {
      int parent = 0;
      char state = g_ascii_isdigit (name[0]) ? read_state_and_parent (name, &parent) : 'X';

      n += parent == pid && state != 'X' && (!only_zombies || state == 'Z');
    }

  return n;
}

guint
test_count_descriptors (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", (int) pid);
  g_autoptr (GDir) descriptors = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (descriptors) != NULL)
    n++;

  return n;
}

gsize
test_get_resident (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) pid);
  g_autofree char *text = NULL;
  const char *line;

  g_file_get_contents (path, &text, NULL, NULL);
  g_assert_nonnull (text);
  line = strstr (text, "VmRSS:");

  return line != NULL ? g_ascii_strtoull (line + strlen ("VmRSS:"), NULL, 10) : 0;
}

void
test_assert_growth (gsize before, gsize limit)
{
  const char *preload = g_getenv ("LD_PRELOAD");
  gboolean is_valgrind = preload != NULL && strstr (preload, "vgpreload") != NULL;

  if (!SANITIZED && !is_valgrind)
    g_assert_cmpuint (test_get_resident (getpid ()), <, before + limit);
}
