/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-shell-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-random-private.h"
#include "devbox-suspend-clock-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_REPORT 256
#define MAX_BASE_OUTPUT (16 * 1024) /* of what it writes outside of any text: why it would not start */
#define INTERRUPT_MS 50
#define MAX_INTERRUPTS 20
#define N_GENTLE_INTERRUPTS 3 /* before what does not heed them is killed */

/* In the slots of its supervisor, below /proc, where the shell opens them by name */
enum
{
  TEXT,
  STDOUT,
  STDERR,
  N_TEXT_SLOTS,
  REPORT = N_TEXT_SLOTS,
  EXPORTS,
  N_SLOTS,
};

/* The shell is an interactive one that reads its own lines from a pipe: whatever goes wrong in a text (a syntax error,
 * an unset variable under `set -u`, an interrupt) brings it back to the next line. A text is read by `.` from a file,
 * so that it needs no quoting, and whatever it does to its descriptors is undone behind it. The pipe is closed
 * meanwhile for all but the shell's own copy, which programs do not inherit. */
struct _DevboxShell
{
  DevboxServerCommand *command;
  GMainContext *context;
  char *slots[N_SLOTS]; /* paths; NULL before it has started */
  int report_fd;
  int report_writer; /* until it has started */
  int exports_fd;
  GSource *report_source;
  GString *report;

  gboolean has_started;
  gboolean is_pending; /* a text was given before that */
  int pending[N_TEXT_SLOTS];
  gboolean is_running;
  char nonce[DEVBOX_ID_LENGTH + 1]; /* of the text that runs: a report that is late tells nothing */
  guint n_interrupts;
  GSource *interrupt_timer;

  const DevboxShellFuncs *funcs; /* NULL: nobody is told any more */
  gpointer user_data;
};

static void
shell_clear (gpointer data)
{
  DevboxShell *self = data;

  devbox_server_command_unref (self->command);
  for (guint i = 0; i < N_SLOTS; i++)
    g_free (self->slots[i]);
  for (guint i = 0; i < N_TEXT_SLOTS; i++)
    devbox_auto_descriptor_clear (&self->pending[i]);
  devbox_auto_descriptor_clear (&self->report_fd);
  devbox_auto_descriptor_clear (&self->report_writer);
  devbox_auto_descriptor_clear (&self->exports_fd);
  g_string_free (self->report, TRUE);
  g_main_context_unref (self->context);
}

static void
shell_unref (gpointer data)
{
  g_rc_box_release_full (data, shell_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxShell, shell_unref)

static void
stop_interrupting (DevboxShell *self)
{
  devbox_clear_source (&self->interrupt_timer);
  self->n_interrupts = 0;
}

/* One line of the report pipe: "NONCE STATUS" */
static void
handle_report (DevboxShell *self, const char *line)
{
  guint64 status;

  if (!self->is_running || self->funcs == NULL || strncmp (line, self->nonce, DEVBOX_ID_LENGTH) != 0
      || line[DEVBOX_ID_LENGTH] != ' '
      || !g_ascii_string_to_unsigned (line + DEVBOX_ID_LENGTH + 1, 10, 0, G_MAXUINT8, &status, NULL))
    return;

  self->is_running = FALSE;
  stop_interrupting (self);
  self->funcs->reported (self, status, self->user_data);
}

static gboolean
on_report (int fd, GIOCondition condition, gpointer user_data)
{
  g_autoptr (DevboxShell) self = g_rc_box_acquire (user_data);
  char buffer[MAX_REPORT];
  const char *end;
  gssize size;

  size = read (fd, buffer, sizeof buffer);
  if (size == 0)
    devbox_clear_source (&self->report_source);
  if (size <= 0)
    return G_SOURCE_CONTINUE;

  g_string_append_len (self->report, buffer, size);
  while (self->report_source != NULL && (end = memchr (self->report->str, '\n', self->report->len)) != NULL)
    {
      g_autofree char *line = g_strndup (self->report->str, end - self->report->str);

      g_string_erase (self->report, 0, strlen (line) + 1);
      handle_report (self, line);
    }
  if (self->report->len > MAX_REPORT)
    g_string_truncate (self->report, 0);

  return G_SOURCE_CONTINUE;
}

/* The last two lines. They come again behind an interrupt, since a shell may drop what it has read of its input. */
static void
append_report_lines (DevboxShell *self, GString *lines)
{
  /* As a command word with a backslash it is no alias, and behind `command` no function. */
  g_string_append_printf (lines, "\\command echo %s \"$?\" >%s\n", self->nonce, self->slots[REPORT]);
  /* Whatever `set -C` says */
  g_string_append_printf (lines, "\\command export -p >|%s\n", self->slots[EXPORTS]);
}

/* Behind `command` an error in `.` does not end a shell that is strict about special built-ins. */
static gboolean
feed_text (DevboxShell *self, const int *fds)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  devbox_random_id (self->nonce);
  g_string_append_printf (lines, "\\command \\. %s </dev/null >%s 2>%s\n", self->slots[TEXT], self->slots[STDOUT],
                          self->slots[STDERR]);
  append_report_lines (self, lines);

  return devbox_server_command_feed (self->command, TEXT, N_TEXT_SLOTS, fds, N_TEXT_SLOTS, lines->str, lines->len);
}

gboolean
devbox_shell_run (DevboxShell *self, int text_fd, int stdout_fd, int stderr_fd)
{
  const int fds[N_TEXT_SLOTS] = { [TEXT] = text_fd, [STDOUT] = stdout_fd, [STDERR] = stderr_fd };

  g_return_val_if_fail (!self->is_running, FALSE);

  if (self->has_started)
    {
      self->is_running = feed_text (self, fds);
      return self->is_running;
    }

  for (guint i = 0; i < N_TEXT_SLOTS; i++)
    {
      self->pending[i] = fcntl (fds[i], F_DUPFD_CLOEXEC, 3);
      if (self->pending[i] < 0)
        return FALSE;
    }
  self->is_pending = TRUE;
  self->is_running = TRUE;

  return TRUE;
}

static void
on_started (DevboxServerCommand *command, gpointer user_data)
{
  DevboxShell *self = user_data;
  const int fds[] = { self->report_writer, self->exports_fd };

  for (guint i = 0; i < N_SLOTS; i++)
    self->slots[i] = devbox_server_command_dup_slot_path (command, i);
  self->has_started = TRUE;
  if (!devbox_server_command_feed (command, REPORT, 0, fds, G_N_ELEMENTS (fds), NULL, 0)
      || (self->is_pending && !feed_text (self, self->pending)))
    devbox_shell_kill (self); /* which is told */

  devbox_auto_descriptor_clear (&self->report_writer);
  for (guint i = 0; i < N_TEXT_SLOTS; i++)
    devbox_auto_descriptor_clear (&self->pending[i]);
}

static void
on_done (DevboxServerCommand *command, gpointer user_data)
{
  g_autoptr (DevboxShell) self = g_rc_box_acquire (user_data);

  self->is_running = FALSE;
  stop_interrupting (self);
  devbox_clear_source (&self->report_source);
  devbox_server_command_kill (command); /* what goes on without it */
  if (self->funcs != NULL)
    self->funcs->ended (self, self->user_data);
}

/* FALSE: such a shell cannot start, for want of descriptors; on_started () then finds them missing. */
static void
open_files (DevboxShell *self)
{
  int ends[2];

  self->exports_fd = memfd_create ("devbox-shell-exports", MFD_CLOEXEC);
  if (pipe2 (ends, O_CLOEXEC) != 0)
    return;

  self->report_fd = ends[0];
  self->report_writer = ends[1];
  fcntl (self->report_fd, F_SETFL, O_NONBLOCK);
  self->report_source = g_unix_fd_source_new (self->report_fd, G_IO_IN);
  g_source_set_callback (self->report_source, G_SOURCE_FUNC (on_report), self, NULL);
  g_source_attach (self->report_source, self->context);
}

char *
devbox_shell_find_program (const char *name, GError **error)
{
  g_autofree char *found = NULL;

  if (name != NULL)
    found = strchr (name, '/') == NULL || g_path_is_absolute (name) ? g_find_program_in_path (name) : NULL;
  else if ((found = g_find_program_in_path ("bash")) == NULL)
    found = g_strdup ("/bin/sh");

  if (found == NULL)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                 _ ("“%s” is no shell: it must be the absolute path or the name of a program"), name);
  return g_steal_pointer (&found);
}

DevboxShell *
devbox_shell_new (DevboxLauncher *launcher,
                  const char *program,
                  const DevboxCommandSpec *spec,
                  const DevboxShellFuncs *funcs,
                  gpointer user_data)
{
  DevboxShell *self = g_rc_box_new0 (DevboxShell);
  g_autofree char *name = g_path_get_basename (program);
  const char *const bash_argv[] = { program, "--noprofile", "--norc", "--noediting", "-i", NULL };
  const char *const argv[] = { program, "-i", NULL };
  DevboxCommandSpec full = *spec;

  full.argv = g_str_equal (name, "bash") ? bash_argv : argv;
  full.timeout_ms = 0;
  full.output_limit = MAX_BASE_OUTPUT;
  full.input = NULL;
  full.is_fed = TRUE;

  self->context = g_main_context_ref_thread_default ();
  self->report_fd = -1;
  self->report_writer = -1;
  for (guint i = 0; i < N_TEXT_SLOTS; i++)
    self->pending[i] = -1;
  self->report = g_string_new (NULL);
  self->funcs = funcs;
  self->user_data = user_data;
  open_files (self);
  self->command = devbox_launcher_start (launcher, &full, on_done, g_rc_box_acquire (self), shell_unref);
  devbox_server_command_set_started_func (self->command, on_started, self);

  return self;
}

void
devbox_shell_free (DevboxShell *self)
{
  self->funcs = NULL;
  stop_interrupting (self);
  devbox_clear_source (&self->report_source);
  devbox_server_command_kill (self->command);
  shell_unref (self);
}

void
devbox_shell_release (DevboxShell *self)
{
  devbox_server_command_feed (self->command, TEXT, N_TEXT_SLOTS, NULL, 0, NULL, 0);
}

static void
interrupt_once (DevboxShell *self)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  devbox_server_command_interrupt (self->command, SIGINT, self->n_interrupts < N_GENTLE_INTERRUPTS ? SIGINT : SIGKILL);
  append_report_lines (self, lines);
  devbox_server_command_feed (self->command, TEXT, 0, NULL, 0, lines->str, lines->len);
  self->n_interrupts++;
}

static gboolean
on_interrupt_timer (gpointer user_data)
{
  DevboxShell *self = user_data;

  if (self->n_interrupts < MAX_INTERRUPTS)
    {
      interrupt_once (self);
      return G_SOURCE_CONTINUE;
    }

  devbox_clear_source (&self->interrupt_timer);
  devbox_shell_kill (self);
  return G_SOURCE_REMOVE;
}

void
devbox_shell_interrupt (DevboxShell *self)
{
  if (!self->is_running || self->interrupt_timer != NULL)
    return;
  if (!self->has_started)
    {
      devbox_shell_kill (self);
      return;
    }

  interrupt_once (self);
  self->interrupt_timer = devbox_suspend_timeout_new (INTERRUPT_MS);
  g_source_set_callback (self->interrupt_timer, on_interrupt_timer, self, NULL);
  g_source_attach (self->interrupt_timer, self->context);
}

void
devbox_shell_kill_leftovers (DevboxShell *self)
{
  devbox_server_command_interrupt (self->command, 0, SIGKILL);
}

void
devbox_shell_kill (DevboxShell *self)
{
  devbox_server_command_kill (self->command);
}

char *
devbox_shell_dup_folder (DevboxShell *self)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/cwd", (int) devbox_server_command_get_pid (self->command));

  return g_file_read_link (path, NULL);
}

int
devbox_shell_get_exports (DevboxShell *self)
{
  return self->exports_fd;
}

DevboxServerCommand *
devbox_shell_get_command (DevboxShell *self)
{
  return self->command;
}
