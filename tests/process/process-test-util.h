/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"

G_BEGIN_DECLS

#define TEST_OUTPUT_LIMIT (1024 * 1024)

DevboxLauncher *test_launcher_new (void);
/* Iterates the main context until condition () is TRUE; fails after the time. */
void test_wait_until (gboolean (*condition) (gpointer data), gpointer data, guint milliseconds);
/* Does not wait. spec without output_limit: TEST_OUTPUT_LIMIT. */
DevboxServerCommand *test_start (DevboxLauncher *launcher, const DevboxCommandSpec *spec);
DevboxServerCommand *test_start_shell (DevboxLauncher *launcher, const char *script);
gboolean test_is_done (DevboxServerCommand *command);
void test_wait_done (DevboxServerCommand *command);
/* start and wait */
DevboxServerCommand *test_run (DevboxLauncher *launcher, const DevboxCommandSpec *spec);
DevboxServerCommand *test_run_shell (DevboxLauncher *launcher, const char *script);
/* What a command wrote */
GString *test_dup_output (DevboxServerCommand *command, DevboxOutputStream stream);
gsize test_get_output_length (DevboxServerCommand *command, DevboxOutputStream stream); /* that is left */
gboolean test_is_truncated (DevboxServerCommand *command, DevboxOutputStream stream);
gboolean test_output_contains (DevboxServerCommand *command, DevboxOutputStream stream, const char *text);
void test_assert_output (DevboxServerCommand *command, DevboxOutputStream stream, const char *expected);
/* Processes (zombies left out) whose command line holds marker as an argument, this one left out. */
guint test_count_processes (const char *marker);
/* Processes whose parent is pid; only_zombies. */
guint test_count_children (GPid pid, gboolean only_zombies);
guint test_count_descriptors (GPid pid);
gsize test_get_resident (GPid pid); /* KiB */
/* That this process has grown by less, in KiB; under the address sanitizer and valgrind, which keep what was
 * freed, it may have. */
void test_assert_growth (gsize before, gsize limit);

G_END_DECLS
