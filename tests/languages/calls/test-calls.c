/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every function of the client library that has an asynchronous and a blocking form, in both of them, beside a
 * platform. */
#include "calls-run.h"
#include "devbox-test-census.h"

#include <string.h>

static const CallsCase *const cases[] = {
  calls_client_cases,  calls_file_cases,  calls_kubeconfig_cases, calls_life_cases,    calls_platform_cases,
  calls_process_cases, calls_proxy_cases, calls_search_cases,     calls_session_cases,
};

/* Each thread keeps the story of its last error: there shall be one whenever objects are counted. */
static void
note_error (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/none");
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_kubeconfig_load_file_sync (file, NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INVALID_KUBECONFIG);
}

static void
assert_nothing_left (void)
{
  const gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  g_autofree char *left = NULL;

  note_error ();
  while ((left = devbox_test_describe_leftovers (0)) != NULL && g_get_monotonic_time () < end)
    {
      g_clear_pointer (&left, g_free);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (1000);
    }
  g_assert_cmpstr (left, ==, NULL);
}

static void
calls_init (Calls *self)
{
  g_autoptr (GError) error = NULL;

  self->client = calls_make_client ();
  self->box = devbox_client_get_instance_sync (self->client, CALLS_BOX, NULL, &error);
  g_assert_no_error (error);
}

static void
calls_clear (Calls *self)
{
  devbox_client_close (self->client);
  g_clear_object (&self->box);
  g_clear_object (&self->client);
}

static void
run_case (const CallsCase *each, gboolean is_async)
{
  const gint64 start = g_get_monotonic_time ();
  Calls self = { 0 };

  note_error ();
  devbox_test_mark ();
  calls_begin (is_async);
  calls_init (&self);
  each->run (&self);
  calls_clear (&self);
  calls_end ();
  assert_nothing_left ();
  g_test_message ("%" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - start) / 1000);
}

static void
test_sync (gconstpointer data)
{
  run_case (data, FALSE);
}

static void
test_async (gconstpointer data)
{
  run_case (data, TRUE);
}

static void
test_every_function (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *symbols = NULL;
  g_autofree char *missing = NULL;

  g_file_get_contents (g_getenv ("DEVBOX_GLIB_SYMBOLS"), &symbols, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (symbols, "\ndevbox_client_run_async\n"));
  missing = calls_find_missing (symbols);
  g_assert_cmpstr (missing, ==, NULL);
}

static void
test_missing_is_seen (void)
{
  g_autofree char *missing = calls_find_missing ("devbox_client_run_async\ndevbox_new_call_sync\ndevbox_client_new\n");

  g_assert_cmpstr (missing, ==, "devbox_new_call_sync ");
}

static void
add_case (const CallsCase *each)
{
  g_autofree char *sync_path = g_strdup_printf ("/calls/%s/sync", each->name);
  g_autofree char *async_path = g_strdup_printf ("/calls/%s/async", each->name);

  g_test_add_data_func (sync_path, each, test_sync);
  g_test_add_data_func (async_path, each, test_async);
}

/* Every type of the library is there, before anything is counted. */
static void
ensure_types (void)
{
  const GType types[] = {
    DEVBOX_TYPE_AGENT_INFO,    DEVBOX_TYPE_AUTHENTICATION, DEVBOX_TYPE_CLIENT,        DEVBOX_TYPE_COMMAND,
    DEVBOX_TYPE_FILE_INFO,     DEVBOX_TYPE_FILE_MONITOR,   DEVBOX_TYPE_FILE_RESULT,   DEVBOX_TYPE_COMMAND_RESULT,
    DEVBOX_TYPE_INSTANCE,      DEVBOX_TYPE_INSTANCE_INFO,  DEVBOX_TYPE_INSTANCE_LIST, DEVBOX_TYPE_INSTANCE_SPEC,
    DEVBOX_TYPE_KUBECONFIG,    DEVBOX_TYPE_LOG_ENTRY,      DEVBOX_TYPE_LOG_READER,    DEVBOX_TYPE_METRICS,
    DEVBOX_TYPE_PATH_POLICY,   DEVBOX_TYPE_POOL,           DEVBOX_TYPE_POOL_STATS,    DEVBOX_TYPE_PORT,
    DEVBOX_TYPE_PROCESS,       DEVBOX_TYPE_RELEASE,        DEVBOX_TYPE_SAMPLE,        DEVBOX_TYPE_SESSION,
    DEVBOX_TYPE_UPLOAD_RESULT, DEVBOX_TYPE_TEMPLATE,       DEVBOX_TYPE_SSH_INFO,      DEVBOX_TYPE_METRICS_SNAPSHOT,
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_type_ensure (types[i]);
}

static void
make_shared_box (void)
{
  g_autoptr (DevboxClient) client = calls_make_client ();

  g_object_unref (calls_make_box (client, CALLS_BOX));
  devbox_client_close (client);
}

static void
delete_shared_box (void)
{
  g_autoptr (DevboxClient) client = calls_make_client ();
  g_autoptr (GError) error = NULL;

  devbox_client_delete_instance_sync (client, CALLS_BOX, NULL, &error);
  g_assert_no_error (error);
  devbox_client_close (client);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);

  calls_listen_as_proxy ();
  ensure_types ();
  make_shared_box ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (const CallsCase *each = cases[i]; each->name != NULL; each++)
        add_case (each);
    }
  /* After all of them: a suite of its own, for those are run in this order. */
  g_test_add_func ("/calls/all/every-function", test_every_function);
  g_test_add_func ("/calls/all/missing-is-seen", test_missing_is_seen);

  status = g_test_run ();
  delete_shared_box ();
  calls_stop_proxy ();

  return status;
}
