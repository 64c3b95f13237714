/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-shell-session-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-random-private.h"
#include "devbox-shell-private.h"
#include "devbox-shell-task-private.h"
#include "devbox-suspend-clock-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_LINES 10000
#define MAX_WAITING 100
#define MAX_BACKGROUND 64 /* commands that left something running which holds their output */
#define START_MS 10000
#define CHECK_MS 5000
#define MAX_NOTE 1024
#define SYNTAX_ERROR_CODE 2

typedef struct
{
  DevboxShellEndedFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
} EndedClosure;

struct _DevboxShellSession
{
  guint ref_count;
  DevboxLauncher *launcher;
  GMainContext *context;
  char id[DEVBOX_ID_LENGTH + 1];
  char *program;
  char *folder;
  JsonObject *variables;
  gint64 created;
  gint64 last_used;
  gint64 ended; /* of the suspend clock */

  DevboxShell *shell; /* NULL: it has ended */
  gboolean terminating;
  DevboxShellTask *current;
  GQueue waiting;
  GSource *timer;             /* of the current one */
  DevboxServerCommand *check; /* of its syntax */
  GQueue background;          /* outputs that something still holds */
  DevboxOutputLog *log;
  GPtrArray *ended_closures;
};

static void start_next (DevboxShellSession *self);

static void
note (DevboxShellSession *self, const char *what, const char *text)
{
  g_autofree char *line = g_strndup (text, MIN (strcspn (text, "\n"), MAX_NOTE));
  g_autofree char *whole = g_strdup_printf ("%s: %s\n", what, line);

  devbox_output_log_append (self->log, DEVBOX_OUTPUT_SYSTEM, whole, strlen (whole));
}

static void
note_variables (DevboxShellSession *self, JsonObject *variables)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, variables);
  while (json_object_iter_next (&iter, &name, &node))
    json_object_set_string_member (self->variables, name, json_node_get_string (node));
}

/* Takes task. */
static void
finish_task (DevboxShellTask *task, DevboxShellSession *self, int exit_code, const GError *error)
{
  const DevboxShellResult result = { .exit_code = exit_code,
                                     .log = task->log,
                                     .duration = task->duration,
                                     .timed_out = task->timed_out,
                                     .shell_replaced = task->shell_replaced,
                                     .syntax_error = task->syntax_error,
                                     .error = error };

  if (task->log != NULL)
    devbox_output_log_end (task->log);
  if (task->variables != NULL && error == NULL && exit_code == 0)
    note_variables (self, task->variables);
  if (task->func != NULL)
    task->func (self, &result, task->user_data);
  devbox_shell_task_free (task);
}

static void
finish_current (DevboxShellSession *self, int exit_code, const GError *error)
{
  finish_task (g_steal_pointer (&self->current), self, exit_code, error);
}

static void
on_background_closed (DevboxShellOutputs *outputs, gpointer user_data)
{
  DevboxShellSession *self = user_data;

  g_queue_remove (&self->background, outputs);
  devbox_shell_outputs_free (outputs);
}

static void
end_current_output (DevboxShellSession *self)
{
  DevboxShellTask *task = self->current;
  DevboxShellOutputs *outputs = g_steal_pointer (&task->outputs);

  devbox_clear_source (&self->timer);
  if (outputs == NULL)
    return;

  task->duration = g_get_monotonic_time () - task->started;
  self->last_used = g_get_real_time ();
  if (devbox_shell_outputs_detach (outputs))
    g_queue_push_tail (&self->background, outputs);
  else
    devbox_shell_outputs_free (outputs);
}

static void
note_folder (DevboxShellSession *self)
{
  char *folder = devbox_shell_dup_folder (self->shell);

  if (folder == NULL)
    return;

  g_free (self->folder);
  self->folder = folder;
}

static char *
dup_text (DevboxOutputLog *log, DevboxOutputStream stream)
{
  guint64 first = devbox_output_log_get_first_offset (log, stream);
  gsize size = devbox_output_log_get_end_offset (log, stream) - first;
  char *text = g_malloc (size + 1);

  text[devbox_output_log_read (log, stream, first, text, size)] = '\0';
  return text;
}

static void run_current (DevboxShellSession *self);

/* One that goes on is told. */
static void
finish_check (DevboxShellSession *self)
{
  DevboxShellTask *task = self->current;

  if (task->is_checked)
    {
      finish_current (self, task->exit_code, NULL);
    }
  else if (task->syntax_error != NULL || task->abandoned)
    {
      finish_current (self, SYNTAX_ERROR_CODE, NULL);
    }
  else
    {
      task->is_checked = TRUE;
      run_current (self);
      return;
    }

  start_next (self);
}

static void
on_checked (DevboxServerCommand *command, gpointer user_data)
{
  DevboxShellSession *self = user_data;

  if (self->check != command)
    return;

  if (devbox_server_command_get_state (command) == DEVBOX_COMMAND_EXITED
      && devbox_server_command_get_exit_code (command) != 0)
    {
      self->current->syntax_error = dup_text (devbox_server_command_get_log (command), DEVBOX_OUTPUT_STDERR);
      g_strstrip (self->current->syntax_error);
    }

  g_clear_pointer (&self->check, devbox_server_command_unref);
  finish_check (self);
}

/* What a text that cannot be parsed ends with, other things end with too: the shell is asked in a process of its own.
 * It is let know the extended patterns, which the session may have turned on. The callback holds the session. */
static void
check_syntax (DevboxShellSession *self)
{
  g_autofree char *name = g_path_get_basename (self->program);
  g_autoptr (GBytes) input = g_bytes_new (self->current->text, strlen (self->current->text));
  const char *const bash_argv[] = { self->program, "-O", "extglob", "-n", NULL };
  const char *const argv[] = { self->program, "-n", NULL };
  const DevboxCommandSpec spec = { .argv = g_str_equal (name, "bash") ? bash_argv : argv,
                                   .cwd_fd = -1,
                                   .timeout_ms = CHECK_MS,
                                   .output_limit = MAX_NOTE,
                                   .input = input };

  self->check = devbox_launcher_start (self->launcher, &spec, on_checked, devbox_shell_session_ref (self),
                                       (GDestroyNotify) devbox_shell_session_unref);
}

static void
on_reported (DevboxShell *shell, int status, gpointer user_data)
{
  g_autoptr (DevboxShellSession) self = devbox_shell_session_ref (user_data);
  DevboxShellTask *task = self->current;

  end_current_output (self);
  if (task->timed_out || task->abandoned)
    devbox_shell_kill_leftovers (shell);
  devbox_shell_release (shell);
  note_folder (self);

  if (devbox_shell_task_may_be_syntax_error (task, status))
    {
      task->exit_code = status;
      check_syntax (self);
      return;
    }

  finish_current (self, status, NULL);
  start_next (self);
}

static GError *
new_start_error (DevboxShellSession *self, DevboxServerCommand *command, gboolean timed_out)
{
  const GError *error = devbox_server_command_get_error (command);
  g_autofree char *text = NULL;

  if (error != NULL)
    return g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED, error->message);
  if (timed_out)
    return g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED,
                        _ ("“%s” does not answer as a shell does"), self->program);

  text = dup_text (devbox_server_command_get_log (command), DEVBOX_OUTPUT_STDERR);
  return g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED,
                      _ ("“%s” ended instead of waiting for commands: %s"), self->program, g_strstrip (text));
}

static GError *
new_ended_error (DevboxShellSession *self)
{
  return g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("The session “%s” has ended"), self->id);
}

static void
tell_ended (DevboxShellSession *self)
{
  g_autoptr (GPtrArray) closures = g_steal_pointer (&self->ended_closures);

  for (guint i = 0; closures != NULL && i < closures->len; i++)
    {
      EndedClosure *closure = closures->pdata[i];

      closure->func (self, closure->user_data);
    }
}

static void
stop_check (DevboxShellSession *self)
{
  if (self->check == NULL)
    return;

  devbox_server_command_kill (self->check);
  g_clear_pointer (&self->check, devbox_server_command_unref);
}

static void
end_session (DevboxShellSession *self, int exit_code, GError *error)
{
  g_autoptr (GError) current_error = error;
  g_autoptr (GError) waiting_error = new_ended_error (self);
  DevboxShellTask *task;

  note (self, "ended", self->terminating ? "terminated" : "exit");
  self->ended = devbox_suspend_clock_get_time ();
  g_queue_clear_full (&self->background, (GDestroyNotify) devbox_shell_outputs_free);
  devbox_output_log_end (self->log);

  if (self->current != NULL)
    finish_current (self, exit_code, current_error);
  while ((task = g_queue_pop_head (&self->waiting)) != NULL)
    finish_task (task, self, -1, waiting_error);
  tell_ended (self);
}

static void on_ended (DevboxShell *shell, gpointer user_data);

static const DevboxShellFuncs shell_funcs = { .reported = on_reported, .ended = on_ended };

/* In the folder where the old one was, if that is there; with nothing but its exported variables, all of which it sets
 * itself. */
static void
replace_shell (DevboxShellSession *self, DevboxShell *old)
{
  const char *const nothing[] = { NULL };
  const DevboxCommandSpec spec
      = { .envp = nothing, .cwd_fd = -1, .cwd = g_file_test (self->folder, G_FILE_TEST_IS_DIR) ? self->folder : "/" };
  DevboxShellTask *restore = devbox_shell_task_new (DEVBOX_SHELL_TASK_SETUP, NULL, START_MS, NULL, NULL, NULL);

  restore->text_fd = fcntl (devbox_shell_get_exports (old), F_DUPFD_CLOEXEC, 3);
  note (self, "replaced", self->program);
  self->shell = devbox_shell_new (self->launcher, self->program, &spec, &shell_funcs, self);
  g_queue_push_head (&self->waiting, restore);
  g_queue_push_head (&self->waiting, devbox_shell_task_new (DEVBOX_SHELL_TASK_SETUP, g_strdup (DEVBOX_SHELL_SETUP),
                                                            START_MS, NULL, NULL, NULL));
}

static void
on_ended (DevboxShell *shell, gpointer user_data)
{
  g_autoptr (DevboxShellSession) self = devbox_shell_session_ref (user_data);
  DevboxServerCommand *command = devbox_shell_get_command (shell);
  DevboxShellTask *task = self->current;
  GError *error = NULL;
  int exit_code = devbox_server_command_get_exit_code (command);

  self->shell = NULL;
  devbox_clear_source (&self->timer);
  stop_check (self);
  if (task != NULL && task->started > 0)
    end_current_output (self);

  if (task != NULL && task->kind == DEVBOX_SHELL_TASK_SETUP)
    error = new_start_error (self, command, task->timed_out);
  else if (task != NULL && (self->terminating || task->started == 0))
    error = new_ended_error (self);

  if (task != NULL && error == NULL && (task->timed_out || task->abandoned))
    {
      task->shell_replaced = TRUE;
      replace_shell (self, shell);
      finish_current (self, exit_code, NULL);
      start_next (self);
    }
  else
    {
      end_session (self, exit_code, error);
    }

  devbox_shell_free (shell);
}

static gboolean
on_timeout (gpointer user_data)
{
  DevboxShellSession *self = user_data;

  devbox_clear_source (&self->timer);
  self->current->timed_out = TRUE;
  if (self->current->kind == DEVBOX_SHELL_TASK_SETUP)
    devbox_shell_kill (self->shell);
  else
    devbox_shell_interrupt (self->shell);

  return G_SOURCE_REMOVE;
}

/* FALSE with errno. */
static gboolean
start_task (DevboxShellSession *self, DevboxShellTask *task)
{
  devbox_auto_descriptor int stdout_fd = -1;
  devbox_auto_descriptor int stderr_fd = -1;
  int writers[2];
  gboolean runs;

  if (!devbox_shell_task_open_text (task))
    return FALSE;

  task->started = g_get_monotonic_time ();
  task->outputs = devbox_shell_outputs_new (self->context, task->log, self->log, writers, on_background_closed, self);
  if (task->outputs == NULL)
    return FALSE;

  stdout_fd = writers[0];
  stderr_fd = writers[1];
  runs = devbox_shell_run (self->shell, task->text_fd, stdout_fd, stderr_fd);
  devbox_auto_descriptor_clear (&task->text_fd);

  return runs;
}

static gboolean
on_start_failed (gpointer user_data)
{
  g_autoptr (DevboxShellSession) self = devbox_shell_session_ref (user_data);
  g_autoptr (GError) error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                                          _ ("The command cannot be run: %s"), g_strerror (self->current->start_errno));

  devbox_clear_source (&self->timer);
  finish_current (self, -1, error);
  start_next (self);

  return G_SOURCE_REMOVE;
}

static void
set_timer (DevboxShellSession *self, guint milliseconds, GSourceFunc callback)
{
  self->timer = devbox_suspend_timeout_new (milliseconds);
  g_source_set_callback (self->timer, callback, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
run_current (DevboxShellSession *self)
{
  DevboxShellTask *task = self->current;

  if (start_task (self, task))
    {
      if (task->timeout_ms > 0)
        set_timer (self, task->timeout_ms, on_timeout);
      return;
    }

  task->start_errno = errno;
  if (task->kind == DEVBOX_SHELL_TASK_SETUP)
    devbox_shell_kill (self->shell); /* which is told */
  else
    set_timer (self, 0, on_start_failed);
}

static void
start_next (DevboxShellSession *self)
{
  const DevboxOutputPolicy policy = { .retention = DEVBOX_OUTPUT_KEEP_FIRST };

  if (self->shell == NULL || self->current != NULL || g_queue_is_empty (&self->waiting))
    return;

  self->current = g_queue_pop_head (&self->waiting);
  self->current->log = devbox_launcher_new_log (self->launcher, &policy);
  self->last_used = g_get_real_time ();

  self->current->is_checked = !devbox_shell_task_needs_check (self->current);
  if (self->current->is_checked)
    run_current (self);
  else
    check_syntax (self);
}

static void
ended_closure_free (gpointer data)
{
  EndedClosure *closure = data;

  if (closure->destroy != NULL)
    closure->destroy (closure->user_data);
  g_free (closure);
}

DevboxShellSession *
devbox_shell_session_new (DevboxLauncher *launcher,
                          const char *program,
                          const DevboxCommandSpec *spec,
                          JsonObject *variables,
                          DevboxShellFunc ready,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  const DevboxOutputPolicy policy = { .retention = DEVBOX_OUTPUT_KEEP_LAST, .max_lines = MAX_LINES };
  DevboxShellSession *self = g_new0 (DevboxShellSession, 1);

  self->ref_count = 1;
  self->launcher = launcher;
  self->context = g_main_context_ref_thread_default ();
  devbox_random_id (self->id);
  self->program = g_strdup (program);
  self->folder = g_strdup (spec->cwd);
  self->variables = json_object_new ();
  self->created = g_get_real_time ();
  self->last_used = self->created;
  self->log = devbox_launcher_new_log (launcher, &policy);
  self->ended_closures = g_ptr_array_new_with_free_func (ended_closure_free);
  g_queue_init (&self->waiting);
  g_queue_init (&self->background);
  if (variables != NULL)
    note_variables (self, variables);

  self->shell = devbox_shell_new (launcher, program, spec, &shell_funcs, self);
  g_queue_push_tail (&self->waiting, devbox_shell_task_new (DEVBOX_SHELL_TASK_SETUP, g_strdup (DEVBOX_SHELL_SETUP),
                                                            START_MS, ready, user_data, destroy));
  start_next (self);

  return self;
}

DevboxShellSession *
devbox_shell_session_ref (DevboxShellSession *self)
{
  self->ref_count++;

  return self;
}

void
devbox_shell_session_close (DevboxShellSession *self)
{
  if (self->ended == 0)
    self->ended = devbox_suspend_clock_get_time ();
  devbox_clear_source (&self->timer);
  g_clear_pointer (&self->shell, devbox_shell_free);
  stop_check (self);
  g_clear_pointer (&self->current, devbox_shell_task_free);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) devbox_shell_task_free);
  g_queue_clear_full (&self->background, (GDestroyNotify) devbox_shell_outputs_free);
  g_clear_pointer (&self->ended_closures, g_ptr_array_unref);
  devbox_output_log_end (self->log);
}

void
devbox_shell_session_unref (DevboxShellSession *self)
{
  if (--self->ref_count > 0)
    return;

  devbox_shell_session_close (self);
  devbox_output_log_unref (self->log);
  json_object_unref (self->variables);
  g_main_context_unref (self->context);
  g_free (self->program);
  g_free (self->folder);
  g_free (self);
}

/* Takes task. */
static gboolean
enqueue (DevboxShellSession *self, DevboxShellTask *task, GError **error)
{
  if (self->shell == NULL || self->terminating)
    g_propagate_error (error, new_ended_error (self));
  else if (g_queue_get_length (&self->waiting) >= MAX_WAITING)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                 _ ("%u commands wait in the session “%s”, as many as may"), MAX_WAITING, self->id);
  else if (g_queue_get_length (&self->background) >= MAX_BACKGROUND)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                 _ ("%u commands of the session “%s” still run in the background, as many as may"), MAX_BACKGROUND,
                 self->id);
  else
    {
      g_queue_push_tail (&self->waiting, task);
      start_next (self);
      return TRUE;
    }

  devbox_shell_task_free (task);
  return FALSE;
}

gboolean
devbox_shell_session_exec (DevboxShellSession *self,
                           const char *command,
                           guint timeout_ms,
                           DevboxShellFunc func,
                           gpointer user_data,
                           GDestroyNotify destroy,
                           GError **error)
{
  if (!self->terminating && self->shell != NULL)
    note (self, "exec", command);

  return enqueue (
      self, devbox_shell_task_new (DEVBOX_SHELL_TASK_COMMAND, g_strdup (command), timeout_ms, func, user_data, destroy),
      error);
}

void
devbox_shell_session_abandon (DevboxShellSession *self, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (self->current != NULL && self->current->user_data == user_data && !self->current->abandoned)
    {
      self->current->abandoned = TRUE;
      if (self->check != NULL)
        devbox_server_command_kill (self->check);
      else
        devbox_shell_interrupt (self->shell);
      return;
    }

  for (GList *l = self->waiting.head; l != NULL; l = l->next)
    {
      DevboxShellTask *task = l->data;

      if (task->user_data == user_data)
        {
          g_queue_delete_link (&self->waiting, l);
          error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("Nobody waits for the command any more"));
          finish_task (task, self, -1, error);
          return;
        }
    }
}

gboolean
devbox_shell_session_change_folder (DevboxShellSession *self,
                                    const char *folder,
                                    DevboxShellFunc func,
                                    gpointer user_data,
                                    GDestroyNotify destroy,
                                    GError **error)
{
  return enqueue (self,
                  devbox_shell_task_new (DEVBOX_SHELL_TASK_REQUEST, devbox_shell_task_make_cd (folder), START_MS, func,
                                         user_data, destroy),
                  error);
}

gboolean
devbox_shell_session_set_variables (DevboxShellSession *self,
                                    JsonObject *variables,
                                    DevboxShellFunc func,
                                    gpointer user_data,
                                    GDestroyNotify destroy,
                                    GError **error)
{
  char *text = devbox_shell_task_make_export (variables);
  DevboxShellTask *task = devbox_shell_task_new (DEVBOX_SHELL_TASK_REQUEST, text, START_MS, func, user_data, destroy);

  task->variables = json_object_ref (variables);

  return enqueue (self, task, error);
}

void
devbox_shell_session_terminate (DevboxShellSession *self)
{
  if (self->shell == NULL)
    return;

  self->terminating = TRUE;
  devbox_shell_kill (self->shell);
}

void
devbox_shell_session_add_ended_func (DevboxShellSession *self,
                                     DevboxShellEndedFunc func,
                                     gpointer user_data,
                                     GDestroyNotify destroy)
{
  EndedClosure *closure;

  if (devbox_shell_session_has_ended (self))
    {
      func (self, user_data);
      if (destroy != NULL)
        destroy (user_data);
      return;
    }

  closure = g_new (EndedClosure, 1);
  closure->func = func;
  closure->user_data = user_data;
  closure->destroy = destroy;
  g_ptr_array_add (self->ended_closures, closure);
}

gboolean
devbox_shell_session_has_ended (DevboxShellSession *self)
{
  return self->ended > 0;
}

const char *
devbox_shell_session_get_id (DevboxShellSession *self)
{
  return self->id;
}

const char *
devbox_shell_session_get_program (DevboxShellSession *self)
{
  return self->program;
}

const char *
devbox_shell_session_get_folder (DevboxShellSession *self)
{
  return self->folder;
}

JsonObject *
devbox_shell_session_get_variables (DevboxShellSession *self)
{
  return self->variables;
}

gint64
devbox_shell_session_get_created (DevboxShellSession *self)
{
  return self->created;
}

gint64
devbox_shell_session_get_last_used (DevboxShellSession *self)
{
  return self->last_used;
}

gint64
devbox_shell_session_get_ended (DevboxShellSession *self)
{
  return self->ended;
}

DevboxOutputLog *
devbox_shell_session_get_log (DevboxShellSession *self)
{
  return self->log;
}
