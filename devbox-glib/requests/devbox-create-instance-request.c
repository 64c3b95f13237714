/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-private.h"
#include "devbox-instance-body-private.h"
#include "devbox-instance-reply-private.h"
#include "devbox-instance-spec.h"
#include "devbox-instance-status-private.h"
#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-secret-private.h"
#include "devbox-ssh-info-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* POST /api/v1/devbox {name, runtime, resource, ports?, env?, …}
 *
 * A platform may fail, or its answer may be lost, although the devbox was made. Then it is looked for: one that has the
 * runtime that was asked for, and that is no older than the request, is the one. Names are unique, and the key tells
 * our own platform that a request came before, so that no devbox is ever made twice. */

#define DEFAULT_CPU 1000
#define DEFAULT_MEMORY 2048
#define FIRST_LOOK_DELAY_MS 500
#define MAX_LOOKS 4
#define AGE_TOLERANCE (2 * G_TIME_SPAN_SECOND) /* times on the wire are whole seconds */

typedef enum
{
  PHASE_ASKING,
  PHASE_SEARCHING, /* whether it was made, after a failure */
  PHASE_FETCHING,  /* the detail of what was acknowledged */
} Phase;

typedef struct
{
  char *runtime; /* NULL: it is made of a release */
  Phase phase;
  guint n_looks;
  gint64 start_time;                /* monotonic */
  GError *failure;                  /* why it is searched for; a DevboxError */
  DevboxInstanceInfo *acknowledged; /* what is known without a detail */
} Creation;

static void
creation_free (gpointer data)
{
  Creation *creation = data;

  g_free (creation->runtime);
  g_clear_error (&creation->failure);
  g_clear_object (&creation->acknowledged);
  g_free (creation);
}

/* By the platform's own clock: both times are of the same reply. */
static gboolean
is_too_old (const Creation *creation, DevboxInstanceInfo *info, const DevboxReply *reply)
{
  const char *date = soup_message_headers_get_one (reply->headers, "Date");
  g_autoptr (GDateTime) now = date != NULL ? soup_date_time_new_from_http_string (date) : NULL;
  GDateTime *created = devbox_instance_info_get_created (info);

  return now != NULL && created != NULL
         && g_date_time_difference (now, created) > g_get_monotonic_time () - creation->start_time + AGE_TOLERANCE;
}

static gboolean
is_ours (const Creation *creation, DevboxInstanceInfo *info, const DevboxReply *reply)
{
  const char *runtime = devbox_instance_info_get_runtime (info);

  return (creation->runtime == NULL || runtime == NULL || g_ascii_strcasecmp (creation->runtime, runtime) == 0)
         && !is_too_old (creation, info, reply);
}

/* The private key may be told once only, in the acknowledgement. */
static DevboxSshInfo *
merge_ssh (DevboxSshInfo *ssh, DevboxSshInfo *acknowledged)
{
  g_auto (DevboxSshDetails) details = { 0 };

  if (acknowledged == NULL || devbox_ssh_info_get_private_key (acknowledged) == NULL)
    return ssh;
  if (ssh == NULL)
    return g_object_ref (acknowledged);
  if (devbox_ssh_info_get_private_key (ssh) != NULL)
    return ssh;

  details.host = g_strdup (devbox_ssh_info_get_host (ssh));
  details.port = devbox_ssh_info_get_port (ssh);
  details.user = g_strdup (devbox_ssh_info_get_user (ssh));
  details.working_directory = g_strdup (devbox_ssh_info_get_working_directory (ssh));
  details.domain = g_strdup (devbox_ssh_info_get_domain (ssh));
  details.private_key = g_strdup (devbox_ssh_info_get_private_key (acknowledged));
  g_object_unref (ssh);

  return devbox_ssh_info_new (&details);
}

static gpointer
fail_as_before (Creation *creation, GError **error)
{
  g_propagate_error (error, g_steal_pointer (&creation->failure));
  return NULL;
}

static gpointer
parse_found (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Creation *creation = request->data;
  g_autoptr (DevboxInstanceInfo) info = devbox_instance_reply_parse (request, reply, request->subject, NULL);

  if (info == NULL)
    return fail_as_before (creation, error);
  if (is_ours (creation, info, reply))
    return g_steal_pointer (&info);

  devbox_error_set (error, DEVBOX_ERROR_CONFLICT,
                    &(DevboxErrorDetails){ .path = request->subject, .cause = creation->failure },
                    _ ("There is another devbox called “%s”"), request->subject);
  return NULL;
}

static gpointer
parse_detail (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Creation *creation = request->data;
  g_auto (DevboxInstanceDetails) details = { 0 };

  if (!devbox_instance_reply_parse_details (request, reply, request->subject, &details, NULL))
    return g_object_ref (creation->acknowledged);

  details.ssh = merge_ssh (details.ssh, devbox_instance_info_get_ssh (creation->acknowledged));

  return devbox_instance_info_new (&details);
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Creation *creation = request->data;

  switch (creation->phase)
    {
    case PHASE_SEARCHING:
      return parse_found (request, reply, error);
    case PHASE_FETCHING:
      return parse_detail (request, reply, error);
    case PHASE_ASKING:
    default:
      return devbox_instance_reply_parse (request, reply, request->subject, error);
    }
}

static void
go_on_with_detail (DevboxRequest *request, Phase phase)
{
  Creation *creation = request->data;

  creation->phase = phase;
  devbox_platform_request_ask_for_detail (request, request->subject);
}

/* A platform that says more than yes may tell the key and the domain, but not what the devbox is like. */
static void
take_acknowledgement (DevboxRequest *request, const DevboxReply *reply)
{
  Creation *creation = request->data;

  g_set_object (&creation->acknowledged, NULL);
  creation->acknowledged = devbox_instance_reply_parse (request, reply, request->subject, NULL);
  if (creation->acknowledged == NULL)
    {
      g_auto (DevboxInstanceDetails) details = {
        .name = g_strdup (request->subject),
        .status = DEVBOX_INSTANCE_STATUS_PENDING,
        .status_text = g_strdup (devbox_instance_status_to_string (DEVBOX_INSTANCE_STATUS_PENDING)),
        .runtime = g_strdup (creation->runtime),
      };

      creation->acknowledged = devbox_instance_info_new (&details);
    }

  go_on_with_detail (request, PHASE_FETCHING);
}

/* Whether a devbox may have been made although the platform says that it failed. A conflict with an earlier attempt of
 * ours, whose answer did not arrive, is none. */
static gboolean
may_be_there (DevboxRequest *request, guint status)
{
  return status == SOUP_STATUS_NOT_FOUND || status == SOUP_STATUS_REQUEST_TIMEOUT
         || (status == SOUP_STATUS_CONFLICT && request->n_sent > 1) || SOUP_STATUS_IS_SERVER_ERROR (status);
}

static gboolean
step_asked (DevboxRequest *request, const DevboxReply *reply)
{
  Creation *creation = request->data;
  const guint status = devbox_platform_reply_get_status (reply);

  if (SOUP_STATUS_IS_SUCCESSFUL (status) && devbox_instance_reply_is_detail (reply, request->subject))
    return FALSE;
  if (SOUP_STATUS_IS_SUCCESSFUL (status))
    {
      take_acknowledgement (request, reply);
      return TRUE;
    }
  if (!may_be_there (request, status))
    return FALSE;

  devbox_request_fail_from_reply (request, reply, &creation->failure);
  go_on_with_detail (request, PHASE_SEARCHING);

  return TRUE;
}

/* Nobody answered: it is worth one look, unless nothing was sent. */
static gboolean
step_failed (DevboxRequest *request, const GError *error)
{
  Creation *creation = request->data;

  if (creation->phase != PHASE_ASKING || request->n_sent == 0)
    return FALSE;

  creation->failure = g_error_copy (error);
  request->tries_once = TRUE;
  go_on_with_detail (request, PHASE_SEARCHING);

  return TRUE;
}

/* It may take a moment until what was made can be seen. */
static gboolean
step_looked (DevboxRequest *request, const DevboxReply *reply, guint *delay_ms)
{
  Creation *creation = request->data;

  if (devbox_platform_reply_get_status (reply) != SOUP_STATUS_NOT_FOUND || ++creation->n_looks >= MAX_LOOKS)
    return FALSE;

  *delay_ms = FIRST_LOOK_DELAY_MS << (creation->n_looks - 1);

  return TRUE;
}

static gboolean
step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  const Creation *creation = request->data;

  if (error != NULL)
    return step_failed (request, error);

  return creation->phase == PHASE_ASKING ? step_asked (request, reply) : step_looked (request, reply, delay_ms);
}

static gboolean
check_origin (DevboxInstanceSpec *spec, char **runtime, char **release_name, char **release_tag, GError **error)
{
  if (devbox_instance_spec_get_release_name (spec) != NULL)
    {
      *release_name = devbox_platform_take_name (devbox_instance_spec_get_release_name (spec), error);
      *release_tag = *release_name != NULL
                         ? devbox_platform_take_tag (devbox_instance_spec_get_release_tag (spec), error)
                         : NULL;
      if (*release_tag == NULL)
        return FALSE;
      if (devbox_instance_spec_get_runtime (spec) == NULL)
        return TRUE;
    }
  if (devbox_instance_spec_get_runtime (spec) == NULL)
    return devbox_request_refuse (error, NULL, _ ("The devbox “%s” needs a runtime or a release"),
                                  devbox_instance_spec_get_name (spec));

  *runtime = devbox_platform_take_runtime (devbox_instance_spec_get_runtime (spec), error);

  return *runtime != NULL;
}

static gboolean
check (DevboxInstanceSpec *spec, GError **error)
{
  GListModel *ports = devbox_instance_spec_get_ports (spec);
  const char *autostart = devbox_instance_spec_get_autostart (spec);

  return devbox_platform_check_resources (devbox_instance_spec_get_cpu (spec), devbox_instance_spec_get_memory (spec),
                                          error)
         && (ports == NULL || devbox_platform_check_ports (ports, error))
         && devbox_request_check_environ (devbox_instance_spec_get_environ (spec), error)
         && (autostart == NULL || devbox_platform_check_autostart (autostart, error));
}

static void
append_settings (GString *json, DevboxInstanceSpec *spec)
{
  GListModel *ports = devbox_instance_spec_get_ports (spec);
  const char *const *environment = devbox_instance_spec_get_environ (spec);
  const char *autostart = devbox_instance_spec_get_autostart (spec);

  if (ports != NULL)
    {
      g_string_append (json, ",\"ports\":");
      devbox_instance_body_append_ports (json, ports);
    }
  if (environment != NULL)
    {
      g_string_append (json, ",\"env\":");
      devbox_instance_body_append_environ (json, environment);
    }
  if (devbox_instance_spec_get_network (spec))
    g_string_append (json, ",\"network\":true");
  if (autostart != NULL && autostart[0] != '\0')
    {
      g_string_append (json, ",\"autostart\":{\"execCommand\":");
      devbox_wire_json_append_string (json, autostart, -1);
      g_string_append_c (json, '}');
    }
}

/* The environment may hold secrets: the text never moves, and is cleared at its end. A character takes six at most. */
static GString *
start_body (DevboxInstanceSpec *spec)
{
  const char *const *environment = devbox_instance_spec_get_environ (spec);
  gsize size = 4096;

  for (guint i = 0; environment != NULL && environment[i] != NULL; i++)
    size += 6 * strlen (environment[i]) + strlen ("{\"name\":\"\",\"value\":\"\"},");

  return g_string_sized_new (size);
}

static GBytes *
build_body (DevboxInstanceSpec *spec,
            const char *name,
            const char *runtime,
            const char *release_name,
            const char *release_tag)
{
  const guint cpu = devbox_instance_spec_get_cpu (spec);
  const guint memory = devbox_instance_spec_get_memory (spec);
  GString *json = start_body (spec);

  g_string_append (json, "{\"name\":");
  devbox_wire_json_append_string (json, name, -1);
  if (runtime != NULL)
    devbox_wire_json_append_member (json, "runtime", runtime);
  if (release_name != NULL)
    {
      g_string_append (json, ",\"release\":{\"name\":");
      devbox_wire_json_append_string (json, release_name, -1);
      devbox_wire_json_append_member (json, "tag", release_tag);
      g_string_append_c (json, '}');
    }
  devbox_instance_body_append_resource (json, cpu != 0 ? cpu : DEFAULT_CPU, memory != 0 ? memory : DEFAULT_MEMORY);
  append_settings (json, spec);
  g_string_append_c (json, '}');

  return g_bytes_new_with_free_func (json->str, json->len, (GDestroyNotify) devbox_secret_free_string, json);
}

DevboxRequest *
devbox_create_instance_request_new (DevboxInstanceSpec *spec, GError **error)
{
  const char *told_name = devbox_instance_spec_get_name (spec);
  g_autofree char *name = devbox_platform_take_name (told_name != NULL ? told_name : "", error);
  g_autofree char *runtime = NULL;
  g_autofree char *release_name = NULL;
  g_autofree char *release_tag = NULL;
  DevboxRequest *request;
  Creation *creation;

  if (name == NULL || !check_origin (spec, &runtime, &release_name, &release_tag, error) || !check (spec, error))
    return NULL;

  request = devbox_platform_request_new (SOUP_METHOD_POST, NULL, NULL, parse, g_object_unref);
  request->subject = g_strdup (name);
  request->body = build_body (spec, name, runtime, release_name, release_tag);
  request->content_type = "application/json";
  request->idempotency_key = g_uuid_string_random ();
  request->failed = DEVBOX_ERROR_DEVBOX_CREATION_FAILED;
  request->step = step;

  creation = g_new0 (Creation, 1);
  creation->runtime = g_steal_pointer (&runtime);
  creation->start_time = g_get_monotonic_time ();
  request->data = creation;
  request->data_free = creation_free;

  return request;
}
