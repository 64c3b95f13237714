/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-exec-plugin-private.h"

#include "devbox-secret-private.h"
#include "devbox-wire-json-private.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#define API_PREFIX "client.authentication.k8s.io/"
#define TIME_LIMIT_MS (60 * 1000)
#define MAX_OUTPUT (256 * 1024)

struct _DevboxExecPlugin
{
  char *api_version;
  GStrv arguments;
  GStrv environment; /* NAME=VALUE, beyond what the program has */
  char *hint;        /* how to install it */
};

void
devbox_exec_plugin_free (DevboxExecPlugin *self)
{
  for (guint i = 0; self->environment != NULL && self->environment[i] != NULL; i++)
    explicit_bzero (self->environment[i], strlen (self->environment[i]));
  g_strfreev (self->environment);
  g_strfreev (self->arguments);
  g_free (self->api_version);
  g_free (self->hint);
  g_free (self);
}

/* What is to be run */

/* A list of {name: …, value: …} */
static GStrv
read_environment (GPtrArray *entries)
{
  g_autoptr (GPtrArray) environment = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_secret_free);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      JsonObject *entry = g_ptr_array_index (entries, i);
      const char *name = NULL;
      const char *value = NULL;

      if (!devbox_wire_json_get_string (entry, "name", TRUE, &name, NULL)
          || !devbox_wire_json_get_string (entry, "value", TRUE, &value, NULL) || name[0] == '\0'
          || strchr (name, '=') != NULL)
        return NULL;
      g_ptr_array_add (environment, g_strconcat (name, "=", value, NULL));
    }
  g_ptr_array_add (environment, NULL);

  return (GStrv) g_ptr_array_steal (environment, NULL);
}

DevboxExecPlugin *
devbox_exec_plugin_new (JsonObject *exec, GError **error)
{
  g_autoptr (DevboxExecPlugin) self = g_new0 (DevboxExecPlugin, 1);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) entries = NULL;
  g_auto (GStrv) more = NULL;
  const char *api_version = NULL;
  const char *command = NULL;
  const char *mode = "IfAvailable";
  const char *hint = NULL;

  if (!devbox_exec_plugin_check (
          devbox_wire_json_get_string (exec, "apiVersion", TRUE, &api_version, NULL)
              && (strcmp (api_version, API_PREFIX "v1") == 0 || strcmp (api_version, API_PREFIX "v1beta1") == 0),
          "apiVersion", error)
      || !devbox_exec_plugin_check (
          devbox_wire_json_get_string (exec, "command", TRUE, &command, NULL) && command[0] != '\0', "command", error)
      || !devbox_exec_plugin_check (devbox_wire_json_get_strv (exec, "args", FALSE, &more, NULL), "args", error)
      || !devbox_exec_plugin_check (devbox_wire_json_get_objects (exec, "env", FALSE, &entries, NULL), "env", error)
      || !devbox_exec_plugin_check (devbox_wire_json_get_string (exec, "installHint", FALSE, &hint, NULL),
                                    "installHint", error)
      /* It could ask nobody anything. */
      || !devbox_exec_plugin_check (devbox_wire_json_get_string (exec, "interactiveMode", FALSE, &mode, NULL)
                                        && (strcmp (mode, "Never") == 0 || strcmp (mode, "IfAvailable") == 0),
                                    "interactiveMode", error))
    return NULL;
  self->environment = read_environment (entries);
  if (!devbox_exec_plugin_check (self->environment != NULL, "env", error))
    return NULL;

  g_ptr_array_add (arguments, g_strdup (command));
  for (guint i = 0; more != NULL && more[i] != NULL; i++)
    g_ptr_array_add (arguments, g_strdup (more[i]));
  g_ptr_array_add (arguments, NULL);
  self->arguments = (GStrv) g_ptr_array_steal (arguments, NULL);
  self->api_version = g_strdup (api_version);
  self->hint = g_strdup (hint);

  return g_steal_pointer (&self);
}

/* Running it */

typedef struct
{
  GMainLoop *loop;
  GSubprocess *process;
  GInputStream *stream;
  char *output;
  gsize size;
  gboolean is_read;
  gboolean has_exited;
  GError *error;
} Run;

/* Takes the error. */
static void
fail (Run *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  g_subprocess_force_exit (self->process);
  g_main_loop_quit (self->loop);
}

static void
quit_at_end (Run *self)
{
  if (self->is_read && self->has_exited)
    g_main_loop_quit (self->loop);
}

static gboolean
output_is_ready (GObject *stream, gpointer data)
{
  Run *self = data;
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), self->output + self->size,
                                                       MAX_OUTPUT + 1 - self->size, NULL, &error);

  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n < 0)
    {
      fail (self, g_steal_pointer (&error));
      return G_SOURCE_REMOVE;
    }

  self->size += (gsize) n;
  if (self->size > MAX_OUTPUT)
    {
      fail (self,
            g_error_new_literal (G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, _ ("The exec plugin prints too much")));
      return G_SOURCE_REMOVE;
    }
  if (n > 0)
    return G_SOURCE_CONTINUE;

  self->is_read = TRUE;
  quit_at_end (self);
  return G_SOURCE_REMOVE;
}

static void
exited_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *self = data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  self->has_exited = TRUE;
  quit_at_end (self);
}

static gboolean
time_is_over (gpointer data)
{
  fail (data, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _ ("The exec plugin did not end in time")));

  return G_SOURCE_REMOVE;
}

static GSource *
attach (GSource *source, GSourceFunc callback, gpointer data, GMainContext *context)
{
  g_source_set_callback (source, callback, data, NULL);
  g_source_attach (source, context);

  return source;
}

static void
run_until_end (Run *self, GMainContext *context)
{
  GSource *reading = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (self->stream), NULL);
  GSource *limit = g_timeout_source_new (TIME_LIMIT_MS);

  attach (reading, G_SOURCE_FUNC (output_is_ready), self, context);
  attach (limit, time_is_over, self, context);
  g_subprocess_wait_async (self->process, NULL, exited_cb, self);
  g_main_loop_run (self->loop);

  g_source_destroy (reading);
  g_source_destroy (limit);
  g_source_unref (reading);
  g_source_unref (limit);
  /* It was killed at least. */
  while (!self->has_exited)
    g_main_context_iteration (context, TRUE);
}

static gboolean
check_exit (GSubprocess *process, GError **error)
{
  if (g_subprocess_get_successful (process))
    return TRUE;

  if (g_subprocess_get_if_exited (process))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("The exec plugin failed with exit status %d"),
                 g_subprocess_get_exit_status (process));
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("The exec plugin was killed by signal %d"),
                 g_subprocess_get_term_sig (process));

  return FALSE;
}

static GSubprocess *
spawn (DevboxExecPlugin *self, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autofree char *info = g_strdup_printf (
      "{\"kind\":\"ExecCredential\",\"apiVersion\":\"%s\",\"spec\":{\"interactive\":false}}", self->api_version);
  g_autoptr (GError) cause = NULL;
  GSubprocess *process;

  for (guint i = 0; self->environment[i] != NULL; i++)
    {
      char *equals = strchr (self->environment[i], '=');
      g_autofree char *name = g_strndup (self->environment[i], (gsize) (equals - self->environment[i]));

      g_subprocess_launcher_setenv (launcher, name, equals + 1, TRUE);
    }
  g_subprocess_launcher_setenv (launcher, "KUBERNETES_EXEC_INFO", info, TRUE);

  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) self->arguments, &cause);
  if (process == NULL && self->hint != NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 /* Translators: why the exec plugin could not be started, and how the kubeconfig says to install it */
                 _ ("%s (%s)"), cause->message, self->hint);
  else if (process == NULL)
    g_propagate_error (error, g_steal_pointer (&cause));

  return process;
}

static gboolean
run_in_context (DevboxExecPlugin *self, GMainContext *context, DevboxCredential *credential, GError **error)
{
  g_autoptr (GSubprocess) process = spawn (self, error);
  g_autoptr (GMainLoop) loop = NULL;
  Run run = { .process = process };
  gboolean is_sound;

  if (process == NULL)
    return FALSE;

  loop = g_main_loop_new (context, FALSE);
  run.loop = loop;
  run.stream = g_subprocess_get_stdout_pipe (process);
  run.output = g_malloc0 (MAX_OUTPUT + 1);
  run_until_end (&run, context);

  if (run.error != NULL)
    g_propagate_error (error, run.error);
  is_sound = run.error == NULL && check_exit (process, error)
             && devbox_credential_parse (credential, self->api_version, run.output, run.size, error);
  explicit_bzero (run.output, MAX_OUTPUT + 1);
  g_free (run.output);

  return is_sound;
}

gboolean
devbox_exec_plugin_run (DevboxExecPlugin *self, DevboxCredential *credential, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  gboolean is_sound;

  g_main_context_push_thread_default (context);
  is_sound = run_in_context (self, context, credential, error);
  g_main_context_pop_thread_default (context);

  return is_sound;
}
