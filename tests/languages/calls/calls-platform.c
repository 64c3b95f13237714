/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a platform keeps beside devboxes: lists of them, releases, templates and samples. */
#include "calls.h"

#include <string.h>

static void
note_change (GListModel *model, guint position, guint n_removed, guint n_added, gpointer data)
{
  guint *n_changes = data;

  *n_changes += n_removed + n_added;
}

static void
test_list (Calls *self)
{
  g_autofree char *name = calls_make_name ("listed");
  g_autoptr (DevboxInstanceList) all
      = CALL (devbox_client_list_instances, self->client, DEVBOX_INSTANCE_STATUS_UNKNOWN, "bash", NULL);
  g_autoptr (DevboxInstanceList) stopped
      = CALL (devbox_client_list_instances, self->client, DEVBOX_INSTANCE_STATUS_STOPPED, NULL, NULL);
  g_autoptr (DevboxInstance) shared = g_object_ref (calls_find_item (all, "name", CALLS_BOX));
  g_autoptr (DevboxInstance) box = NULL;
  guint n_changes = 0;

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (all)) == DEVBOX_TYPE_INSTANCE);
  calls_assert_properties (all, "client", self->client, "status", DEVBOX_INSTANCE_STATUS_UNKNOWN, "runtime", "bash",
                           "item-type", DEVBOX_TYPE_INSTANCE, "n-items", g_list_model_get_n_items (G_LIST_MODEL (all)),
                           NULL);
  g_assert_true (devbox_instance_list_get_client (stopped) == self->client);
  g_assert_cmpint (devbox_instance_list_get_status (stopped), ==, DEVBOX_INSTANCE_STATUS_STOPPED);
  g_assert_null (devbox_instance_list_get_runtime (stopped));
  g_assert_null (calls_find_item (stopped, "name", CALLS_BOX));

  g_signal_connect (all, "items-changed", G_CALLBACK (note_change), &n_changes);
  box = calls_make_box (self->client, name);
  g_assert_true (CALL (devbox_instance_list_refresh, all, NULL));
  g_assert_nonnull (calls_find_item (all, "name", name));
  g_assert_cmpuint (n_changes, >=, 1);
  g_assert_true (calls_find_item (all, "name", CALLS_BOX) == shared);
  g_assert_true (CALL (devbox_instance_pause, box, NULL));
  g_assert_true (CALL (devbox_instance_list_refresh, stopped, NULL));
  g_assert_nonnull (calls_find_item (stopped, "name", name));
  g_assert_null (calls_find_item (stopped, "name", CALLS_BOX));
  g_assert_true (CALL (devbox_instance_delete, box, NULL));
}

static void
check_release (DevboxRelease *release, const char *tag, const char *description)
{
  calls_assert_properties (release, "id", devbox_release_get_id (release), "name", CALLS_BOX, "tag", tag, "description",
                           description, "status", devbox_release_get_status (release), "status-text",
                           devbox_release_get_status_text (release), "reason", NULL, "runtime", "bash", "image",
                           devbox_release_get_image (release), "created", devbox_release_get_created (release), NULL);
  g_assert_cmpstr (devbox_release_get_name (release), ==, CALLS_BOX);
  g_assert_cmpstr (devbox_release_get_tag (release), ==, tag);
  g_assert_cmpstr (devbox_release_get_description (release), ==, description);
  g_assert_cmpstr (devbox_release_get_runtime (release), ==, "bash");
  g_assert_null (devbox_release_get_reason (release));
  g_assert_cmpuint (strlen (devbox_release_get_id (release)), >, 0);
  calls_assert_recent (devbox_release_get_created (release));
}

/* Waits until the release can be used. */
static void
check_built (GListModel *(*list_releases) (Calls *self), Calls *self, const char *tag, const char *description)
{
  DevboxReleaseStatus status = DEVBOX_RELEASE_STATUS_BUILDING;

  while (status == DEVBOX_RELEASE_STATUS_BUILDING)
    {
      g_autoptr (GListModel) releases = list_releases (self);
      DevboxRelease *release = calls_find_item (releases, "tag", tag);

      g_assert_true (g_list_model_get_item_type (releases) == DEVBOX_TYPE_RELEASE);
      check_release (release, tag, description);
      status = devbox_release_get_status (release);
      g_usleep (1000);
    }
  g_assert_cmpint (status, ==, DEVBOX_RELEASE_STATUS_SUCCESS);
}

static GListModel *
list_of_instance (Calls *self)
{
  return CALL (devbox_instance_list_releases, self->box, NULL);
}

static GListModel *
list_by_name (Calls *self)
{
  return CALL (devbox_client_list_releases, self->client, CALLS_BOX, NULL);
}

/* It has the file that was there when the release was made. */
static void
check_copy (Calls *self, DevboxInstance *copy, const char *name)
{
  g_assert_cmpstr (devbox_instance_get_name (copy), ==, name);
  g_assert_true (CALL (devbox_instance_wait_ready, copy, 30000, NULL));
  calls_assert_text (CALL (devbox_instance_load_file, copy, "released", NULL), "kept");
  g_assert_true (CALL (devbox_instance_delete, copy, NULL));
  g_object_unref (copy);
}

/* The other way to it. */
static DevboxInstance *
create_from_release (Calls *self, const char *tag, const char *name)
{
  static const char *const environment[] = { "GREETING=hello", NULL };
  g_autoptr (DevboxInstanceSpec) spec = calls_make_spec (name);
  g_autoptr (DevboxPort) port = devbox_port_new (8080, DEVBOX_PORT_PROTOCOL_HTTP);

  devbox_instance_spec_set_release (spec, CALLS_BOX, tag);
  devbox_instance_spec_set_environ (spec, environment);
  devbox_instance_spec_add_port (spec, port);
  devbox_instance_spec_set_autostart (spec, "true");
  calls_assert_properties (spec, "name", name, "runtime", "bash", "cpu", 1000, "memory", 1024, "ports",
                           devbox_instance_spec_get_ports (spec), "environ", environment, "network", FALSE, "autostart",
                           "true", "release-name", CALLS_BOX, "release-tag", tag, NULL);
  g_assert_cmpstr (devbox_instance_spec_getenv (spec, "GREETING"), ==, "hello");
  g_assert_true (calls_peek_item (devbox_instance_spec_get_ports (spec), 0) == port);

  return CALL (devbox_client_create_instance, self->client, spec, NULL);
}

static void
test_releases (Calls *self)
{
  g_autofree char *first = calls_make_name ("v");
  g_autofree char *second = calls_make_name ("v");
  g_autofree char *copy_name = calls_make_name ("copy");
  g_autofree char *made_name = calls_make_name ("made");
  g_autofree char *default_name = g_strconcat (CALLS_BOX "-", second, NULL);
  g_autoptr (DevboxRelease) of_instance = NULL;
  g_autoptr (DevboxRelease) by_name = NULL;
  g_autoptr (GListModel) left = NULL;

  calls_write (self, "released", "kept");
  of_instance = CALL (devbox_instance_create_release, self->box, first, "the first", NULL);
  check_release (of_instance, first, "the first");
  check_built (list_of_instance, self, first, "the first");
  by_name = CALL (devbox_client_create_release, self->client, CALLS_BOX, second, "the second", NULL);
  check_release (by_name, second, "the second");
  check_built (list_by_name, self, second, "the second");

  check_copy (self, CALL (devbox_instance_deploy_release, self->box, first, copy_name, NULL), copy_name);
  check_copy (self, create_from_release (self, second, made_name), made_name);
  check_copy (self, CALL (devbox_client_deploy_release, self->client, CALLS_BOX, second, NULL, NULL), default_name);

  g_assert_true (CALL (devbox_instance_delete_release, self->box, first, NULL));
  g_assert_true (CALL (devbox_client_delete_release, self->client, CALLS_BOX, second, NULL));
  left = list_of_instance (self);
  g_assert_cmpuint (g_list_model_get_n_items (left), ==, 0);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "released", FALSE, NULL));
}

static void
test_templates (Calls *self)
{
  g_autoptr (GListModel) templates = CALL (devbox_client_list_templates, self->client, NULL);
  DevboxTemplate *template = calls_find_item (templates, "name", "bash");

  g_assert_true (g_list_model_get_item_type (templates) == DEVBOX_TYPE_TEMPLATE);
  g_assert_cmpuint (g_list_model_get_n_items (templates), >, 10);
  calls_assert_properties (
      template, "name", "bash", "title", devbox_template_get_title (template), "uid", "bash", "kind", "LANGUAGE",
      "description", devbox_template_get_description (template), "available", TRUE, "reason", NULL, "ports",
      devbox_template_get_ports (template), "release-command", devbox_template_get_release_command (template),
      "release-arguments", devbox_template_get_release_arguments (template), "user",
      devbox_template_get_user (template), "working-directory", devbox_template_get_working_directory (template), NULL);
  g_assert_cmpstr (devbox_template_get_name (template), ==, "bash");
  g_assert_cmpstr (devbox_template_get_title (template), ==, "bash");
  g_assert_cmpstr (devbox_template_get_uid (template), ==, "bash");
  g_assert_cmpstr (devbox_template_get_kind (template), ==, "LANGUAGE");
  g_assert_cmpuint (strlen (devbox_template_get_description (template)), >, 0);
  g_assert_true (devbox_template_get_available (template));
  g_assert_null (devbox_template_get_reason (template));
  g_assert_true (g_list_model_get_item_type (devbox_template_get_ports (template)) == DEVBOX_TYPE_PORT);
}

static void
check_sample (DevboxSample *sample)
{
  calls_assert_properties (sample, "timestamp", devbox_sample_get_timestamp (sample), "cpu",
                           devbox_sample_get_cpu (sample), "memory", devbox_sample_get_memory (sample),
                           "bytes-received", devbox_sample_get_bytes_received (sample), "bytes-sent",
                           devbox_sample_get_bytes_sent (sample), "disk-used", devbox_sample_get_disk_used (sample),
                           "disk-total", devbox_sample_get_disk_total (sample), NULL);
  calls_assert_recent (devbox_sample_get_timestamp (sample));
  g_assert_cmpfloat (devbox_sample_get_cpu (sample), >=, 0);
  g_assert_cmpfloat (devbox_sample_get_cpu (sample), <, 1000);
  g_assert_cmpfloat (devbox_sample_get_memory (sample), >, 0);
  g_assert_cmpfloat (devbox_sample_get_memory (sample), <=, 100);
  g_assert_cmpuint (devbox_sample_get_disk_used (sample), >, 0);
  g_assert_cmpuint (devbox_sample_get_disk_total (sample), >, devbox_sample_get_disk_used (sample));
}

static gboolean
has_sample (Calls *self, GDateTime *start, GDateTime *end)
{
  g_autoptr (GListModel) samples = CALL (devbox_instance_list_samples, self->box, start, end, 1000, NULL);

  g_assert_true (g_list_model_get_item_type (samples) == DEVBOX_TYPE_SAMPLE);
  if (g_list_model_get_n_items (samples) == 0)
    return FALSE;
  check_sample (calls_peek_item (samples, 0));

  return TRUE;
}

static void
test_samples (Calls *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) start = g_date_time_add_minutes (now, -10);
  g_autoptr (GDateTime) end = g_date_time_add_minutes (now, 1);
  g_autoptr (GDateTime) before = g_date_time_add_hours (now, -1);
  g_autoptr (GListModel) by_name = NULL;

  calls_wait_until (has_sample (self, start, end));
  g_assert_false (has_sample (self, before, start));
  by_name = CALL (devbox_client_list_samples, self->client, CALLS_BOX, NULL, NULL, 0, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (by_name), >, 0);
  check_sample (calls_peek_item (by_name, 0));
}

const CallsCase calls_platform_cases[] = {
  { "platform/list", test_list },
  { "platform/releases", test_releases },
  { "platform/templates", test_templates },
  { "platform/samples", test_samples },
  { NULL },
};
