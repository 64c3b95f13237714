/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What a create and the deployment of a release have in common. */

#define MAX_KEY_LENGTH 255
#define DETAIL_SIZE 2048
#define DEFAULT_CPU 1000
#define DEFAULT_MEMORY 2048

DevboxBoxRecord *
devbox_platform_new_record (DevboxPlatformCall *call)
{
  DevboxBoxRecord *record = devbox_box_record_new ();

  record->owner = g_strdup (call->owner);
  record->cpu = DEFAULT_CPU;
  record->memory = DEFAULT_MEMORY;

  return record;
}

const char *
devbox_platform_find_startup_command (DevboxPlatformService *service, const char *runtime, GError **error)
{
  DevboxTemplateSet *templates = devbox_platform_service_get_templates (service);
  const DevboxTemplate *template = devbox_template_set_lookup (templates, runtime, error);

  if (template == NULL || template->command != NULL)
    return template != NULL ? template->command : NULL;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("The template of “%s” starts nothing of its own: give “execCommand”"), runtime);
  return NULL;
}

static gboolean
check_runtime (DevboxPlatformService *service, const char *runtime, GError **error)
{
  DevboxTemplateSet *templates = devbox_platform_service_get_templates (service);
  const DevboxTemplate *template = devbox_template_set_lookup (templates, runtime, error);
  DevboxSandboxKind sandbox = devbox_sandbox_get_kind (devbox_platform_service_get_sandbox (service));

  return template != NULL && devbox_template_check_programs (template, sandbox, NULL, error);
}

gboolean
devbox_platform_furnish_record (DevboxPlatformService *service,
                                DevboxBoxRecord *record,
                                const DevboxBoxRequest *request,
                                GError **error)
{
  devbox_box_request_apply (request, record);
  if (!check_runtime (service, record->runtime, error))
    return FALSE;

  if (request->wants_startup)
    {
      const char *command = request->startup_command;

      if (command == NULL)
        command = devbox_platform_find_startup_command (service, record->runtime, error);
      if (command == NULL)
        return FALSE;

      g_free (record->startup_command);
      record->startup_command = g_strdup (command);
    }

  return TRUE;
}

/* Printable ASCII, as a field value of HTTP is. */
static gboolean
read_key (DevboxHttpExchange *exchange, DevboxBoxRecord *record, GBytes *body, GError **error)
{
  const char *key = devbox_http_exchange_get_header (exchange, "Idempotency-Key");
  gsize length;

  if (key == NULL)
    return TRUE;

  length = strlen (key);
  if (devbox_http_exchange_count_header (exchange, "Idempotency-Key") != 1 || length == 0 || length > MAX_KEY_LENGTH)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("Idempotency-Key must be there once, with 1 to %d characters"), MAX_KEY_LENGTH);
      return FALSE;
    }

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isgraph (key[i]) && key[i] != ' ')
        {
          g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                               _ ("Idempotency-Key must consist of printable ASCII characters"));
          return FALSE;
        }
    }

  record->idempotency_key = g_strdup (key);
  record->request_digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, body);
  return TRUE;
}

static void
on_created (DevboxBox *box, gboolean is_new, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = user_data;
  g_autoptr (GString) access = NULL;
  g_autofree char *working_folder = NULL;
  GString *members;
  DevboxBoxView view;

  if (error != NULL)
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  devbox_platform_service_view_box (call->service, box, &working_folder, &view);
  access = g_string_new (NULL);
  devbox_box_json_append_access (access, &view);
  members = g_string_sized_new (DETAIL_SIZE);
  devbox_box_json_append_detail (members, &view);
  devbox_platform_call_reply (call, is_new ? 201 : 200, access, members);
}

void
devbox_platform_create_box (DevboxPlatformCall *call, DevboxBoxRecord *record, GBytes *body)
{
  g_autoptr (DevboxPlatformCall) owned_call = call;
  g_autoptr (DevboxBoxRecord) owned_record = record;
  g_autoptr (GError) error = NULL;

  if (!read_key (call->exchange, record, body, &error))
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  devbox_box_table_create (devbox_platform_service_get_boxes (call->service), g_steal_pointer (&owned_record),
                           on_created, g_steal_pointer (&owned_call));
}
