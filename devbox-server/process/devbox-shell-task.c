/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-shell-task-private.h"

#include "devbox-auto-descriptor-private.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_SYNTAX_ERROR_CODE 2 /* with 1 or 2 shells tell of one, as programs tell of other things */

DevboxShellTask *
devbox_shell_task_new (DevboxShellTaskKind kind,
                       char *text,
                       guint timeout_ms,
                       DevboxShellFunc func,
                       gpointer user_data,
                       GDestroyNotify destroy)
{
  DevboxShellTask *self = g_new0 (DevboxShellTask, 1);

  self->kind = kind;
  self->text = text;
  self->text_fd = -1;
  self->timeout_ms = timeout_ms;
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;

  return self;
}

void
devbox_shell_task_free (DevboxShellTask *self)
{
  if (self->destroy != NULL)
    self->destroy (self->user_data);
  if (self->outputs != NULL)
    devbox_shell_outputs_free (self->outputs);
  g_clear_pointer (&self->log, devbox_output_log_unref);
  g_clear_pointer (&self->variables, json_object_unref);
  devbox_auto_descriptor_clear (&self->text_fd);
  g_free (self->text);
  g_free (self->syntax_error);
  g_free (self);
}

gboolean
devbox_shell_task_open_text (DevboxShellTask *self)
{
  gsize size = self->text != NULL ? strlen (self->text) : 0;
  gsize written = 0;

  if (self->text_fd >= 0)
    return TRUE;

  self->text_fd = memfd_create ("devbox-shell-text", MFD_CLOEXEC);
  while (self->text_fd >= 0 && written < size)
    {
      gssize n = write (self->text_fd, self->text + written, size - written);

      if (n < 0 && errno != EINTR)
        return FALSE;
      written += MAX (n, 0);
    }

  return self->text_fd >= 0;
}

/* bash 5.2 can crash where a command substitution is not closed. A text that has one forks anyway; arithmetic does not.
 */
gboolean
devbox_shell_task_needs_check (const DevboxShellTask *self)
{
  const char *c = self->kind == DEVBOX_SHELL_TASK_COMMAND ? self->text : "";

  while ((c = strstr (c, "$(")) != NULL && c[2] == '(')
    c += strlen ("$((");

  return c != NULL;
}

/* A shell tells of a syntax error on the standard error of the text. */
gboolean
devbox_shell_task_may_be_syntax_error (const DevboxShellTask *self, int status)
{
  return self->kind == DEVBOX_SHELL_TASK_COMMAND && !self->timed_out && !self->abandoned && status > 0
         && status <= MAX_SYNTAX_ERROR_CODE && devbox_output_log_get_end_offset (self->log, DEVBOX_OUTPUT_STDERR) > 0;
}

/* "-" is no other than a name here, and CDPATH is nothing. */
char *
devbox_shell_task_make_cd (const char *folder)
{
  g_autofree char *plain = g_strconcat (g_path_is_absolute (folder) ? "" : "./", folder, NULL);
  g_autofree char *quoted = g_shell_quote (plain);

  return g_strdup_printf ("\\command cd -- %s\n", quoted);
}

/* Names are no program text, and values stand between single quotes, where nothing but another one means anything. */
char *
devbox_shell_task_make_export (JsonObject *variables)
{
  GString *text = g_string_new ("\\command export --");
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (json_object_get_size (variables) == 0)
    g_string_assign (text, ":"); /* export alone would show them all */

  json_object_iter_init (&iter, variables);
  while (json_object_iter_next (&iter, &name, &node))
    {
      g_autofree char *quoted = g_shell_quote (json_node_get_string (node));

      g_string_append_printf (text, " %s=%s", name, quoted);
    }
  g_string_append_c (text, '\n');

  return g_string_free (text, FALSE);
}
