/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first byte says which request the rest answers, and how. Whatever a platform answers, it comes to a result or an
 * error; what a result tells keeps its limits, and an agent is never looked for where no agent can be. */
#include "devbox-endpoint-private.h"
#include "devbox-error.h"
#include "devbox-instance-info-private.h"
#include "devbox-instance-spec.h"
#include "devbox-platform-requests-private.h"
#include "devbox-port.h"
#include "devbox-release.h"
#include "devbox-sample.h"
#include "devbox-template.h"

#include <math.h>
#include <string.h>

#define NAME "my-app"
#define MAX_STEPS 8

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static DevboxRequest *
make_spec_request (guint choice)
{
  g_autoptr (DevboxInstanceSpec) spec = devbox_instance_spec_new (NULL, NULL);

  if (choice == 1)
    {
      devbox_instance_spec_set_cpu (spec, 500);
      return devbox_update_instance_request_new (NAME, spec, NULL);
    }

  devbox_instance_spec_set_name (spec, NAME);
  devbox_instance_spec_set_runtime (spec, "go");
  return devbox_create_instance_request_new (spec, NULL);
}

static DevboxRequest *
make_wait_request (void)
{
  g_autoptr (DevboxAgent) agent = devbox_agent_new_for_devbox (NAME);

  return devbox_wait_ready_request_new (agent, 1000, NULL);
}

static DevboxRequest *
make_ports_request (void)
{
  g_autoptr (GListStore) ports = g_list_store_new (DEVBOX_TYPE_PORT);

  return devbox_set_ports_request_new (NAME, G_LIST_MODEL (ports), NULL);
}

static DevboxRequest *
make_request (guint choice)
{
  switch (choice)
    {
    case 0:
    case 1:
      return make_spec_request (choice);
    case 2:
      return devbox_get_instance_request_new (NAME, NULL);
    case 3:
      return devbox_list_instances_request_new (NULL, NULL, NULL);
    case 4:
      return devbox_change_instance_request_new (NAME, DEVBOX_INSTANCE_ACTION_PAUSE, NULL);
    case 5:
      return devbox_change_instance_request_new (NAME, DEVBOX_INSTANCE_ACTION_DELETE, NULL);
    case 6:
      return make_ports_request ();
    case 7:
      return devbox_list_templates_request_new ();
    case 8:
      return devbox_list_releases_request_new (NAME, NULL);
    case 9:
      return devbox_create_release_request_new (NAME, "v1", NULL, NULL);
    case 10:
      return devbox_deploy_release_request_new (NAME, "v1", NULL, NULL);
    case 11:
      return devbox_list_samples_request_new (NAME, NULL, NULL, 0, NULL);
    case 12:
      return devbox_test_auth_request_new ();
    default:
      return make_wait_request ();
    }
}

static void
check_text (const char *text)
{
  g_assert_true (text == NULL || g_utf8_validate (text, -1, NULL));
}

static void
check_port (DevboxPort *port)
{
  g_assert_cmpuint (devbox_port_get_number (port), >=, 1);
  g_assert_cmpuint (devbox_port_get_number (port), <=, 65535);
  check_text (devbox_port_get_name (port));
}

static void
check_sample (DevboxSample *sample)
{
  g_assert_nonnull (devbox_sample_get_timestamp (sample));
  g_assert_true (isfinite (devbox_sample_get_cpu (sample)) && devbox_sample_get_cpu (sample) >= 0);
  g_assert_true (isfinite (devbox_sample_get_memory (sample)) && devbox_sample_get_memory (sample) >= 0);
}

static void
check_address (DevboxInstanceInfo *info)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxEndpoint) endpoint = devbox_agent_address_find (info, "https://devbox.example.org", &error);
  const char *token = endpoint != NULL ? devbox_endpoint_get_token (endpoint) : NULL;

  if (endpoint == NULL)
    {
      g_assert_true (g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR)
                     || g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_NOT_READY));
      return;
    }

  g_assert_true (g_str_has_prefix (devbox_endpoint_get_url (endpoint), "http"));
  g_assert_null (g_uri_get_userinfo (devbox_endpoint_get_uri (endpoint)));
  if (devbox_instance_info_get_agent_label (info) != NULL)
    g_assert_true (g_str_has_suffix (devbox_endpoint_get_url (endpoint), "-agent.example.org"));
  for (gsize i = 0; token != NULL && token[i] != '\0'; i++)
    g_assert_true (g_ascii_isgraph (token[i]));
}

static void check_list (GListModel *list);

static void
check_info (DevboxInstanceInfo *info)
{
  const char *name = devbox_instance_info_get_name (info);

  g_assert_true (devbox_request_check_devbox_name (name, NULL));
  g_assert_cmpuint (devbox_instance_info_get_cpu (info), <=, G_MAXINT);
  check_text (devbox_instance_info_get_status_text (info));
  check_list (devbox_instance_info_get_ports (info));
  check_address (info);
}

static void
check_item (GObject *item)
{
  if (DEVBOX_IS_PORT (item))
    check_port (DEVBOX_PORT (item));
  else if (DEVBOX_IS_SAMPLE (item))
    check_sample (DEVBOX_SAMPLE (item));
  else if (DEVBOX_IS_INSTANCE_INFO (item))
    check_info (DEVBOX_INSTANCE_INFO (item));
  else if (DEVBOX_IS_RELEASE (item))
    g_assert_cmpstr (devbox_release_get_tag (DEVBOX_RELEASE (item)), !=, "");
  else
    g_assert_cmpstr (devbox_template_get_name (DEVBOX_TEMPLATE (item)), !=, "");
}

static void
check_list (GListModel *list)
{
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, i);

      check_item (item);
    }
}

static void
check_result (DevboxRequest *request, gpointer result)
{
  if (request->result_free == NULL)
    g_assert_true (GPOINTER_TO_INT (result) == TRUE);
  else if (G_IS_LIST_MODEL (result))
    check_list (result);
  else
    check_item (result);
}

/* FALSE: it waits on, as it may until its deadline. */
static gboolean
take_steps (DevboxRequest *request, const DevboxReply *reply)
{
  guint delay_ms = 0;

  for (guint i = 0; i < MAX_STEPS; i++)
    {
      request->n_sent++;
      if (request->step == NULL || !request->step (request, reply, NULL, &delay_ms))
        return TRUE;
    }

  return FALSE;
}

static void
run (DevboxRequest *request, const DevboxReply *reply)
{
  g_autoptr (GError) error = NULL;
  gpointer result;

  if (!take_steps (request, reply))
    return;

  result = request->parse (request, reply, &error);
  g_assert_true ((result == NULL) == (error != NULL));
  if (result == NULL)
    {
      g_assert_true (error->domain == DEVBOX_ERROR);
      check_text (error->message);
      return;
    }

  check_result (request, result);
  if (request->result_free != NULL)
    request->result_free (result);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint statuses[] = { 200, 200, 200, 200, 204, 404, 409, 500 };
  g_autoptr (DevboxRequest) request = NULL;
  g_autoptr (GBytes) body = NULL;
  SoupMessageHeaders *headers;

  if (size == 0)
    return 0;

  headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  soup_message_headers_replace (headers, "Content-Type", "application/json");
  soup_message_headers_replace (headers, "Date", "Mon, 23 Nov 2026 08:00:00 GMT");
  body = g_bytes_new (data + 1, size - 1);
  request = make_request (data[0] & 0x0f);
  run (request, &(DevboxReply){
                    .status = statuses[data[0] >> 5],
                    .headers = headers,
                    .body = body,
                    .request_id = "fuzz",
                    .base_url = "https://devbox.example.org",
                });
  soup_message_headers_unref (headers);

  return 0;
}
