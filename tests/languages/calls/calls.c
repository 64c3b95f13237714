/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which calls are made, and how; what the cases share. */
#include "calls-run.h"

#include <string.h>

#define READY_MS 30000

static gboolean is_async;
static GHashTable *called;
static GAsyncResult *last_result;

void
calls_begin (gboolean new_is_async)
{
  if (called == NULL)
    called = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  is_async = new_is_async;
}

void
calls_end (void)
{
  g_clear_object (&last_result);
}

gboolean
calls_note (const char *function)
{
  g_clear_object (&last_result);
  g_hash_table_add (called, g_strconcat (function, is_async ? "_async" : "_sync", NULL));

  return is_async;
}

void
calls_take_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_null (last_result);
  last_result = g_object_ref (result);
}

/* Stays until the next call. */
GAsyncResult *
calls_await (void)
{
  while (last_result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return last_result;
}

gboolean
calls_is_async (void)
{
  return is_async;
}

char *
calls_find_missing (const char *symbols)
{
  g_autoptr (GString) missing = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (symbols, "\n", -1);

  g_assert_nonnull (called);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if ((g_str_has_suffix (lines[i], "_async") || g_str_has_suffix (lines[i], "_sync"))
          && !g_hash_table_contains (called, lines[i]))
        g_string_append_printf (missing, "%s ", lines[i]);
    }

  return missing->len > 0 ? g_string_free (g_steal_pointer (&missing), FALSE) : NULL;
}

DevboxClient *
calls_make_client (void)
{
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;
  g_autoptr (GError) error = NULL;

  kubeconfig = devbox_kubeconfig_load_default_sync (NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, &error);
  g_assert_no_error (error);

  return devbox_client_new_with_kubeconfig (kubeconfig);
}

DevboxInstanceSpec *
calls_make_spec (const char *name)
{
  DevboxInstanceSpec *spec = devbox_instance_spec_new (name, "bash");

  devbox_instance_spec_set_cpu (spec, 1000);
  devbox_instance_spec_set_memory (spec, 1024);

  return spec;
}

DevboxInstance *
calls_make_box (DevboxClient *client, const char *name)
{
  g_autoptr (DevboxInstanceSpec) spec = calls_make_spec (name);
  g_autoptr (GError) error = NULL;
  DevboxInstance *box = devbox_client_create_instance_sync (client, spec, NULL, &error);

  g_assert_no_error (error);
  devbox_instance_wait_ready_sync (box, READY_MS, NULL, &error);
  g_assert_no_error (error);

  return box;
}

char *
calls_make_name (const char *word)
{
  static guint n_made;

  return g_strdup_printf ("%s-%u", word, ++n_made);
}

GBytes *
calls_make_bytes (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

DevboxCommand *
calls_make_shell (const char *line)
{
  return devbox_command_new_for_shell (line);
}

void
calls_write (Calls *self, const char *path, const char *text)
{
  g_autoptr (GBytes) contents = calls_make_bytes (text);

  g_assert_true (CALL (devbox_instance_replace_file, self->box, path, contents, 0, NULL));
}

void
calls_assert_text (GBytes *bytes, const char *text)
{
  gsize size = 0;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  g_assert_cmpmem (data, size, text, strlen (text));
  g_bytes_unref (bytes);
}

void
calls_assert_recent (GDateTime *time)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  g_assert_nonnull (time);
  g_assert_cmpint (ABS (g_date_time_difference (now, time)), <, 2 * G_TIME_SPAN_MINUTE);
}

char *
calls_say (Calls *self, const char *line)
{
  g_autoptr (DevboxCommand) command = calls_make_shell (line);
  g_autoptr (DevboxCommandResult) result = CALL (devbox_instance_run, self->box, command, NULL);

  g_assert_true (devbox_command_result_get_successful (result));

  return g_strchomp (g_strdup (devbox_command_result_get_stdout_text (result)));
}

gpointer
calls_peek_item (gpointer model, guint position)
{
  g_autoptr (GObject) item = g_list_model_get_item (model, position);

  g_assert_nonnull (item);

  return item;
}

/* NULL if there is none. */
gpointer
calls_find_item (gpointer model, const char *property, const char *value)
{
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      gpointer item = calls_peek_item (model, i);
      g_autofree char *actual = NULL;

      g_object_get (item, property, &actual, NULL);
      if (g_strcmp0 (actual, value) == 0)
        return item;
    }

  return NULL;
}
