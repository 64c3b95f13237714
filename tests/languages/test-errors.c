/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every error code in C: the table of error_cases.py, matched by code. */
#include <devbox-glib.h>
#include <string.h>

#define LATE_BY (100 * G_TIME_SPAN_MILLISECOND)
/* A busy machine may be late itself: the best of these counts. */
#define TRIES 5

static GKeyFile *cases;

/* A client of its own, and one call. */
typedef struct
{
  const char *name;
  gboolean is_async;
  char *first;
  char *second;
  DevboxClient *client;
  DevboxInstance *instance;
  DevboxCommand *command;
  DevboxInstanceSpec *spec;
  GBytes *contents;
  GFile *file;

  gboolean has_ended;
  gboolean has_worked;
  GError *error;
  gint64 took;
} Try;

static char *
tell (const char *name, const char *key)
{
  g_autoptr (GError) error = NULL;
  char *value = g_key_file_get_string (cases, name, key, &error);

  g_assert_no_error (error);

  return value;
}

static guint
count (const char *name, const char *key)
{
  g_autofree char *value = tell (name, key);

  return (guint) g_ascii_strtoull (value, NULL, 10);
}

static gboolean
is_so (const char *name, const char *key)
{
  return g_key_file_get_boolean (cases, name, key, NULL);
}

#define DEFINE_CALL(name, function, target, ...)                                                                       \
  static void name##_ended (GObject *source, GAsyncResult *result, gpointer data)                                      \
  {                                                                                                                    \
    Try *self = data;                                                                                                  \
                                                                                                                       \
    self->has_worked = function##_finish (target, result, &self->error) != 0;                                          \
    self->has_ended = TRUE;                                                                                            \
  }                                                                                                                    \
                                                                                                                       \
  static void name (Try *self)                                                                                         \
  {                                                                                                                    \
    if (self->is_async)                                                                                                \
      function##_async (target, __VA_ARGS__, name##_ended, self);                                                      \
    else                                                                                                               \
      self->has_worked = function##_sync (target, __VA_ARGS__, &self->error) != 0;                                     \
  }

/* clang-format off */
DEFINE_CALL (load_file, devbox_instance_load_file, self->instance, self->first, NULL)
DEFINE_CALL (replace_file, devbox_instance_replace_file, self->instance, self->first, self->contents, 0, NULL)
DEFINE_CALL (delete_file, devbox_instance_delete_file, self->instance, self->first, FALSE, NULL)
DEFINE_CALL (move, devbox_instance_move, self->instance, self->first, self->second, FALSE, NULL)
DEFINE_CALL (run, devbox_instance_run, self->instance, self->command, NULL)
DEFINE_CALL (get_process_status, devbox_instance_get_process_status, self->instance, (int) count (self->name, "first"), NULL)
DEFINE_CALL (get_session, devbox_instance_get_session, self->instance, self->first, NULL)
DEFINE_CALL (get_agent_info, devbox_instance_get_agent_info, self->instance, NULL)
DEFINE_CALL (wait_ready, devbox_instance_wait_ready, self->instance, count (self->name, "first"), NULL)
DEFINE_CALL (get_instance, devbox_client_get_instance, self->client, self->first, NULL)
DEFINE_CALL (create_instance, devbox_client_create_instance, self->client, self->spec, NULL)
DEFINE_CALL (start_instance, devbox_client_start_instance, self->client, self->first, NULL)
DEFINE_CALL (delete_instance, devbox_client_delete_instance, self->client, self->first, NULL)
DEFINE_CALL (load_file_of, devbox_client_load_file, self->client, self->first, self->second[0] != '\0' ? self->second : "a", NULL)
/* clang-format on */

static void
load_kubeconfig_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  Try *self = data;

  self->has_worked = devbox_kubeconfig_load_file_finish (result, &self->error) != NULL;
  self->has_ended = TRUE;
}

static void
load_kubeconfig (Try *self)
{
  const DevboxKubeconfigFlags flags = DEVBOX_KUBECONFIG_FLAGS_NONE;

  if (self->is_async)
    devbox_kubeconfig_load_file_async (self->file, NULL, flags, NULL, load_kubeconfig_ended, self);
  else
    self->has_worked = devbox_kubeconfig_load_file_sync (self->file, NULL, flags, NULL, &self->error) != NULL;
}

static const struct
{
  const char *name;
  void (*call) (Try *self);
} calls[] = {
  { "load-file", load_file },
  { "replace-file", replace_file },
  { "delete-file", delete_file },
  { "move", move },
  { "run", run },
  { "get-process-status", get_process_status },
  { "get-session", get_session },
  { "get-agent-info", get_agent_info },
  { "wait-ready", wait_ready },
  { "get-instance", get_instance },
  { "create-instance", create_instance },
  { "start-instance", start_instance },
  { "delete-instance", delete_instance },
  { "load-file-of", load_file_of },
  { "load-kubeconfig", load_kubeconfig },
};

static void
call (Try *self)
{
  g_autofree char *name = tell (self->name, "call");

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      if (g_str_equal (calls[i].name, name))
        {
          calls[i].call (self);
          return;
        }
    }

  g_assert_not_reached ();
}

static DevboxClient *
make_client (const char *name, const char *token)
{
  g_autofree char *platform = tell (name, "platform");
  g_autoptr (GError) error = NULL;
  DevboxClient *client;

  client = platform[0] != '\0' ? devbox_client_new_for_platform (platform, token, &error) : devbox_client_new ();
  g_assert_no_error (error);
  devbox_client_set_header (client, "X-Case", name, &error);
  g_assert_no_error (error);
  devbox_client_set_timeout (client, count (name, "timeout"));
  devbox_client_set_max_retries (client, count (name, "retries"));
  devbox_client_set_retry_delay (client, 1);
  if (count (name, "pool-size") > 0)
    devbox_pool_set_max_size (devbox_client_get_pool (client), count (name, "pool-size"));
  if (count (name, "connection-timeout") > 0)
    devbox_pool_set_connection_timeout (devbox_client_get_pool (client), count (name, "connection-timeout"));

  return client;
}

static void
try_init (Try *self, const char *name, gboolean is_async)
{
  g_autofree char *agent = tell (name, "agent");
  g_autofree char *token = tell (name, "token");

  *self = (Try){ .name = name, .is_async = is_async, .first = tell (name, "first"), .second = tell (name, "second") };
  self->client = make_client (name, token);
  self->instance = devbox_instance_new_for_agent_with_client (self->client,
                                                              agent[0] != '\0' ? agent : "http://127.0.0.1:1", token);
  self->command = devbox_command_new_for_shell (self->first);
  if (count (name, "second") > 0)
    devbox_command_set_timeout (self->command, count (name, "second"));
  self->spec = devbox_instance_spec_new (self->first, "bash");
  self->contents = g_bytes_new (self->second, strlen (self->second));
  self->file = g_file_new_for_path (self->first);
}

static void
try_clear (Try *self)
{
  devbox_client_close (self->client);
  g_clear_object (&self->instance);
  g_clear_object (&self->client);
  g_clear_object (&self->command);
  g_clear_object (&self->spec);
  g_clear_object (&self->file);
  g_clear_pointer (&self->contents, g_bytes_unref);
  g_free (self->first);
  g_free (self->second);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Try, try_clear)

static void
try_run (Try *self)
{
  gint64 start;

  if (is_so (self->name, "busy"))
    devbox_instance_load_file_async (self->instance, "busy", NULL, NULL, NULL);

  start = g_get_monotonic_time ();
  call (self);
  while (self->is_async && !self->has_ended)
    g_main_context_iteration (NULL, TRUE);
  self->took = g_get_monotonic_time () - start;

  g_assert_false (self->has_worked);
}

static int
find_value (GType type, const char *prefix, const char *name)
{
  g_autoptr (GEnumClass) enum_class = g_type_class_ref (type);
  g_autofree char *full_name = g_strconcat (prefix, name, NULL);
  GEnumValue *value = g_enum_get_value_by_name (enum_class, full_name);

  g_assert_nonnull (value);

  return value->value;
}

/* What the table leaves open may be anything. */
static void
assert_told (const char *told, const char *name, const char *key)
{
  g_autofree char *expected = tell (name, key);

  if (expected[0] != '\0')
    g_assert_cmpstr (told, ==, expected);
}

static void
check (Try *self)
{
  const char *name = self->name;
  g_autoptr (DevboxErrorInfo) info = devbox_error_info_from_error (self->error);
  g_autofree char *code = tell (name, "code");
  g_autofree char *family = tell (name, "family");
  g_autofree char *code_name = tell (name, "code-name");
  g_autofree char *attempts = tell (name, "attempts");

  g_assert_error (self->error, DEVBOX_ERROR, find_value (DEVBOX_TYPE_ERROR, "DEVBOX_ERROR_", code));
  g_assert_cmpint (devbox_error_get_family (self->error->code), ==,
                   find_value (DEVBOX_TYPE_ERROR_FAMILY, "DEVBOX_ERROR_FAMILY_", family));
  g_assert_cmpstr (devbox_error_to_string (self->error->code), ==, code);
  g_assert_cmpstr (devbox_error_info_get_code_name (info), ==, code_name);
  g_assert_cmpuint (devbox_error_info_get_http_status (info), ==, count (name, "http-status"));
  g_assert_cmpuint (devbox_error_info_get_retry_after (info), ==, count (name, "retry-after"));
  if (is_so (name, "sent"))
    {
      g_assert_cmpuint (strlen (devbox_error_info_get_trace_id (info)), ==, 32);
      g_assert_nonnull (devbox_error_info_get_request_id (info));
    }
  assert_told (devbox_error_info_get_request_id (info), name, "request-id");
  assert_told (devbox_error_info_get_path (info), name, "path");
  assert_told (devbox_error_info_get_value (info), name, "value");
  if (!g_str_equal (attempts, "-1"))
    g_assert_cmpuint (devbox_error_info_get_n_attempts (info), ==, count (name, "attempts"));
}

/* By how many microseconds the error came after the deadline. */
static gint64
run_once (const char *name, gboolean is_async)
{
  g_auto (Try) self = { 0 };

  try_init (&self, name, is_async);
  try_run (&self);
  check (&self);

  return self.took - count (name, "timeout") * G_TIME_SPAN_MILLISECOND;
}

static void
run_case (const char *name, gboolean is_async)
{
  gint64 late = run_once (name, is_async);

  if (!is_so (name, "deadline"))
    return;

  for (guint i = 0; i < TRIES && late >= LATE_BY; i++)
    late = run_once (name, is_async);
  g_test_message ("%s: %.1f ms late", name, (double) late / G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint (late, >=, 0);
  g_assert_cmpint (late, <, LATE_BY);
}

static void
test_sync (gconstpointer name)
{
  run_case (name, FALSE);
}

static void
test_async (gconstpointer name)
{
  run_case (name, TRUE);
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) names = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);

  cases = g_key_file_new ();
  g_key_file_load_from_file (cases, argv[1], G_KEY_FILE_NONE, &error);
  g_assert_no_error (error);

  names = g_key_file_get_groups (cases, NULL);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *sync_path = g_strdup_printf ("/errors/%s/sync", names[i]);
      g_autofree char *async_path = g_strdup_printf ("/errors/%s/async", names[i]);

      g_test_add_data_func (sync_path, names[i], test_sync);
      g_test_add_data_func (async_path, names[i], test_async);
    }

  status = g_test_run ();
  g_key_file_unref (cases);

  return status;
}
