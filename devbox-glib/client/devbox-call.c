/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-call-core-private.h"
#include "devbox-call-private.h"

#include "devbox-client.h"
#include "devbox-platform-source-private.h"

#include <glib/gi18n-lib.h>

DevboxCall *
devbox_call_ref (DevboxCall *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_call_unref (gpointer call)
{
  DevboxCall *self = call;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_clear_pointer (&self->agent, devbox_agent_unref);
  g_clear_pointer (&self->platform, devbox_endpoint_unref);
  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  g_clear_pointer (&self->headers, g_ptr_array_unref);
  g_clear_error (&self->step_error);
  g_clear_pointer (&self->recorder, devbox_metrics_recorder_unref);
  devbox_io_thread_unref (self->thread);
  g_free (self);
}

void
devbox_call_io_ref (DevboxCall *self)
{
  if (self->n_io_refs++ == 0)
    {
      devbox_client_core_ref (self->core);
      devbox_call_ref (self);
    }
}

void
devbox_call_io_unref (DevboxCall *self)
{
  if (--self->n_io_refs == 0)
    {
      devbox_client_core_unref (self->core);
      devbox_call_unref (self);
    }
}

DevboxErrorDetails
devbox_call_get_error_details (DevboxCall *self)
{
  return (DevboxErrorDetails){
    .request_id = self->request_id,
    .path = self->request->subject,
    .trace_id = self->trace.trace_id[0] != '\0' ? self->trace.trace_id : NULL,
    .n_attempts = self->request->n_sent,
  };
}

static GError *
make_closed_error (DevboxCall *self)
{
  DevboxErrorDetails details = devbox_call_get_error_details (self);

  return devbox_error_new_closed (&details);
}

/* In the task's context: a source that is destroyed without being dispatched comes here as well. */
static void
release_to_caller (gpointer data)
{
  DevboxCall *self = data;
  gulong cancelled_id;

  /* Another thread may run the caller's context, and be here before call_start () is over. */
  g_mutex_lock (&self->mutex);
  cancelled_id = self->cancelled_id;
  g_mutex_unlock (&self->mutex);

  /* Not g_cancellable_disconnect (), which waits for handlers that run in other threads: ours touches nothing that goes
   * here. */
  if (cancelled_id != 0)
    g_signal_handler_disconnect (self->cancellable, cancelled_id);
  if (self->result != NULL && self->request->result_free != NULL)
    self->request->result_free (self->result);
  g_clear_error (&self->error);
  g_clear_pointer (&self->request, devbox_request_free);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->task);
  g_clear_object (&self->client);
  g_clear_pointer (&self->return_source, g_source_unref);

  devbox_call_unref (self);
}

static gboolean
return_to_caller (gpointer data)
{
  DevboxCall *self = data;

  if (self->error != NULL)
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  else
    g_task_return_pointer (self->task, g_steal_pointer (&self->result), self->request->result_free);

  return G_SOURCE_REMOVE;
}

/* From here on the caller may release everything that is his. */
static void
give_back (DevboxCall *self)
{
  if (self->done != NULL)
    {
      self->done (g_steal_pointer (&self->result), self->error, self->done_data);
      release_to_caller (self);
      return;
    }
  if (self->task != NULL)
    {
      g_source_attach (self->return_source, g_task_get_context (self->task));
      return;
    }

  /* Woken before, the other thread would only wait for the mutex. */
  g_mutex_lock (&self->mutex);
  self->is_back = TRUE;
  g_mutex_unlock (&self->mutex);
  g_cond_signal (&self->cond);
}

static void
record (DevboxCall *self)
{
  guint64 latency_us = (guint64) (g_get_monotonic_time () - self->start_time);

  /* What the client asks for itself opens connections, and is no operation. */
  if (self->recorder == NULL || self->done != NULL)
    return;

  devbox_metrics_recorder_add_operation (self->recorder, latency_us, self->error == NULL);
  if (self->error != NULL && self->error->domain == DEVBOX_ERROR)
    devbox_metrics_recorder_add_error (self->recorder, (DevboxError) self->error->code);
  else if (self->error == NULL && self->request->n_files > 0)
    devbox_metrics_recorder_add_transfer (self->recorder, self->request->n_files, self->n_bytes, latency_us);
}

void
devbox_call_settle (DevboxCall *self, gpointer result, GError *error)
{
  DevboxErrorDetails details = devbox_call_get_error_details (self);
  DevboxClientCore *core = self->core;

  g_assert (!self->is_settled);

  self->is_settled = TRUE;
  devbox_timer_stop (&self->deadline);
  devbox_call_stop_run (self);

  self->result = result;
  self->error = error != NULL ? devbox_error_complete (error, &details) : NULL;
  record (self);
  if (self->link.data != NULL)
    devbox_client_core_remove_call (core, &self->link);

  devbox_call_ref (self);
  give_back (self);
  if (self->link.data != NULL)
    devbox_call_io_unref (self);
  devbox_call_unref (self);
}

void
devbox_call_fail_closed (DevboxCall *self)
{
  devbox_call_settle (self, NULL, make_closed_error (self));
}

gint64
devbox_call_get_deadline (DevboxCall *self)
{
  DevboxPipe *pipe = self->request->body_pipe;
  gint64 last_progress = pipe != NULL ? devbox_pipe_get_last_read (pipe) : 0;

  if (self->timeout_ms == 0)
    return G_MAXINT64;

  return MAX (self->start_time, last_progress) + self->timeout_ms * G_TIME_SPAN_MILLISECOND;
}

static GError *
make_late_error (DevboxCall *self)
{
  DevboxErrorDetails details = devbox_call_get_error_details (self);

  details.cause = self->step_error;
  if (self->waits_for_platform)
    return devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, &details, "%s",
                             _ ("The authenticator did not end in time"));
  if (self->pause.iter != NULL && self->request->step != NULL)
    return devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, &details,
                             /* Translators: %u is a number of milliseconds */
                             _ ("What was waited for did not happen within %u ms"), self->timeout_ms);
  if (self->endpoint != NULL)
    return devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, &details,
                             /* Translators: %s is an address such as "https://example.org:443", %u a number of
                              * milliseconds */
                             _ ("%s did not answer within %u ms"), devbox_endpoint_get_address (self->endpoint),
                             self->timeout_ms);
  if (self->waits_for_platform)
    return devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, &details, "%s",
                             _ ("The authenticator did not end in time"));

  return devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, &details,
                           /* Translators: %u is a number of milliseconds */
                           _ ("The devbox was not found within %u ms"), self->timeout_ms);
}

static void
deadline_passed (gpointer data)
{
  DevboxCall *self = data;
  gint64 deadline = devbox_call_get_deadline (self);

  if (deadline > g_get_monotonic_time ())
    {
      devbox_timer_start (&self->deadline, deadline);
      return;
    }

  devbox_call_settle (self, NULL, make_late_error (self));
}

static void
pause_is_over (gpointer data)
{
  devbox_call_run (data);
}

/* The core is there as long as something is invoked in its thread. */
static void
start (DevboxCall *self, DevboxClientCore *core)
{
  DevboxClientSettings *settings = devbox_client_core_get_settings (core);
  DevboxTimerQueue *timers = devbox_io_thread_get_timers (self->thread);

  self->core = core;
  self->link.data = self;
  devbox_call_io_ref (self);
  devbox_client_core_add_call (core, &self->link);

  self->rules.max_retries = devbox_client_settings_get_max_retries (settings);
  self->rules.first_delay_ms = devbox_client_settings_get_retry_delay (settings);
  self->headers = devbox_client_settings_ref_headers (settings);
  self->recorder = devbox_client_settings_ref_recorder (settings);
  devbox_client_settings_begin_trace (settings, &self->trace);

  devbox_timer_init (&self->pause, timers, pause_is_over, self);
  devbox_timer_init (&self->deadline, timers, deadline_passed, self);
  if (self->timeout_ms > 0)
    devbox_timer_start (&self->deadline, devbox_call_get_deadline (self));

  if (devbox_client_core_is_closed (core))
    devbox_call_fail_closed (self);
  else if (!self->waits_for_platform)
    devbox_call_run (self);
}

static gboolean
start_in_io_thread (gpointer data)
{
  DevboxCall *self = data;

  if (!self->is_settled)
    start (self, devbox_client_get_core (self->client));

  return G_SOURCE_REMOVE;
}

static gboolean
cancel_in_io_thread (gpointer data)
{
  DevboxCall *self = data;
  GError *error = NULL;

  if (self->is_settled)
    return G_SOURCE_REMOVE;

  g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The call was cancelled"));
  devbox_call_settle (self, NULL, error);

  return G_SOURCE_REMOVE;
}

/* In whatever thread cancels. */
static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  DevboxCall *self = data;

  devbox_io_thread_invoke (self->thread, cancel_in_io_thread, devbox_call_ref (self), devbox_call_unref);
}

/* Takes the request. */
static DevboxCall *
call_new (DevboxIoThread *thread, DevboxAgent *agent, DevboxRequest *request, guint timeout_ms)
{
  DevboxCall *self = g_new0 (DevboxCall, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->thread = devbox_io_thread_ref (thread);
  self->agent = agent != NULL ? devbox_agent_ref (agent) : NULL;
  self->request = request;
  self->timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : timeout_ms;
  self->start_time = g_get_monotonic_time ();
  devbox_trace_fill_with_random (self->request_id, DEVBOX_REQUEST_ID_LENGTH);

  return self;
}

static DevboxCall *
call_new_for_caller (DevboxClient *client, DevboxAgent *agent, DevboxRequest *request, GCancellable *cancellable)
{
  DevboxIoThread *thread = devbox_client_core_get_thread (devbox_client_get_core (client));
  DevboxCall *self = call_new (thread, agent, request, devbox_client_get_timeout (client));

  self->client = g_object_ref (client);
  g_set_object (&self->cancellable, cancellable);

  return self;
}

/* What ends the call before it is made, or NULL. */
static GError *
find_obstacle (DevboxCall *self)
{
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, &error))
    return error;
  if (devbox_client_is_closed (self->client))
    return make_closed_error (self);

  return NULL;
}

/* The platform, or what keeps the program from it, on its way to the I/O thread. */
typedef struct
{
  DevboxCall *call;
  DevboxEndpoint *platform;
  GError *error;
} PlatformNews;

static void
platform_news_free (gpointer data)
{
  PlatformNews *news = data;

  g_clear_pointer (&news->platform, devbox_endpoint_unref);
  g_clear_error (&news->error);
  devbox_call_unref (news->call);
  g_free (news);
}

static gboolean
take_platform (gpointer data)
{
  PlatformNews *news = data;
  DevboxCall *self = news->call;

  if (self->is_settled)
    return G_SOURCE_REMOVE;

  self->waits_for_platform = FALSE;
  self->platform = g_steal_pointer (&news->platform);
  if (self->platform != NULL)
    devbox_call_run (self);
  else
    devbox_call_settle (self, NULL, g_steal_pointer (&news->error));

  return G_SOURCE_REMOVE;
}

/* In the caller's context. */
static void
found_platform (DevboxEndpoint *platform, GError *error, gpointer data)
{
  PlatformNews *news = g_new0 (PlatformNews, 1);

  news->call = data;
  news->platform = platform;
  news->error = error;
  devbox_io_thread_invoke (news->call->thread, take_platform, news, platform_news_free);
}

/* An agent whose address is fixed has no platform; one that was found keeps what the platform was told last. */
static gboolean
find_platform_at_once (DevboxCall *self, DevboxPlatformSource *source)
{
  g_autoptr (DevboxEndpoint) endpoint = NULL;

  if (self->agent != NULL && devbox_agent_get_devbox_name (self->agent) == NULL)
    return TRUE;

  if (self->agent != NULL)
    endpoint = devbox_agent_ref_endpoint (self->agent);
  self->platform = devbox_platform_source_ref_known (source, endpoint != NULL && !self->request->asks_platform);

  return self->platform != NULL;
}

static gint64
get_deadline (DevboxCall *self)
{
  return self->timeout_ms > 0 ? self->start_time + self->timeout_ms * G_TIME_SPAN_MILLISECOND : 0;
}

static void
call_start (DevboxCall *self)
{
  devbox_call_ref (self);
  if (self->cancellable != NULL)
    {
      g_mutex_lock (&self->mutex);
      self->cancelled_id = g_cancellable_connect (self->cancellable, G_CALLBACK (cancelled_cb), devbox_call_ref (self),
                                                  devbox_call_unref);
      g_mutex_unlock (&self->mutex);
    }

  /* With the reference. */
  devbox_io_thread_invoke (self->thread, start_in_io_thread, self, devbox_call_unref);
}

void
devbox_client_core_call (DevboxClientCore *self,
                         DevboxAgent *agent,
                         DevboxEndpoint *platform,
                         DevboxRequest *request,
                         DevboxCallDone done,
                         gpointer data)
{
  guint timeout_ms = devbox_client_settings_get_timeout (devbox_client_core_get_settings (self));
  DevboxCall *call = call_new (devbox_client_core_get_thread (self), agent, request, timeout_ms);

  call->platform = platform != NULL ? devbox_endpoint_ref (platform) : NULL;
  call->done = done;
  call->done_data = data;
  start (call, self);
}

/* The agent is NULL for the platform. */
static void
call_async (DevboxClient *client, DevboxAgent *agent, DevboxRequest *request, GTask *task)
{
  DevboxCall *call = call_new_for_caller (client, agent, request, g_task_get_cancellable (task));
  DevboxPlatformSource *source;

  call->task = g_object_ref (task);
  call->return_source = g_idle_source_new ();
  g_source_set_priority (call->return_source, g_task_get_priority (task));
  g_source_set_static_name (call->return_source, "[devbox] return");
  g_source_set_callback (call->return_source, return_to_caller, call, release_to_caller);

  call->error = find_obstacle (call);
  if (call->error != NULL)
    {
      give_back (call);
      return;
    }

  source = devbox_client_get_platform_source (client);
  call->waits_for_platform = !find_platform_at_once (call, source);
  if (call->waits_for_platform)
    {
      devbox_call_ref (call);
      call_start (call);
      devbox_platform_source_find (source, get_deadline (call), g_task_get_cancellable (task), found_platform, call);
    }
  else
    call_start (call);
}

/* Before the I/O thread knows of the call, whose deadline holds here too. */
static GError *
find_platform_sync (DevboxCall *self)
{
  DevboxPlatformSource *source = devbox_client_get_platform_source (self->client);
  GError *error = NULL;

  if (!find_platform_at_once (self, source))
    self->platform = devbox_platform_source_find_sync (source, get_deadline (self), self->cancellable, &error);

  return error;
}

static void
wait_until_back (DevboxCall *self)
{
  g_mutex_lock (&self->mutex);
  while (!self->is_back)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

static gpointer
call_sync (DevboxClient *client, DevboxAgent *agent, DevboxRequest *request, GCancellable *cancellable, GError **error)
{
  DevboxCall *call = call_new_for_caller (client, agent, request, cancellable);
  gpointer result;

  if (devbox_client_in_io_thread (client))
    {
      DevboxErrorDetails details = devbox_call_get_error_details (call);

      call->error = devbox_error_new (DEVBOX_ERROR_INTERNAL_ERROR, &details, "%s",
                                      _ ("A blocking call was made in the thread that it would wait for"));
    }
  else
    call->error = find_obstacle (call);
  if (call->error == NULL)
    call->error = find_platform_sync (call);

  if (call->error == NULL)
    {
      call_start (call);
      wait_until_back (call);
    }

  if (call->recorder != NULL)
    devbox_metrics_recorder_flush (call->recorder);

  result = g_steal_pointer (&call->result);
  if (call->error != NULL)
    {
      devbox_error_info_note (call->error);
      g_propagate_error (error, g_steal_pointer (&call->error));
    }
  release_to_caller (call);

  return result;
}

void
devbox_client_call_async (DevboxClient *self, DevboxEndpoint *endpoint, DevboxRequest *request, GTask *task)
{
  g_autoptr (DevboxAgent) agent = devbox_agent_new_for_endpoint (endpoint);

  call_async (self, agent, request, task);
}

gpointer
devbox_client_call_sync (DevboxClient *self,
                         DevboxEndpoint *endpoint,
                         DevboxRequest *request,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (DevboxAgent) agent = devbox_agent_new_for_endpoint (endpoint);

  return call_sync (self, agent, request, cancellable, error);
}

void
devbox_client_call_agent_async (DevboxClient *self, DevboxAgent *agent, DevboxRequest *request, GTask *task)
{
  call_async (self, agent, request, task);
}

gpointer
devbox_client_call_agent_sync (DevboxClient *self,
                               DevboxAgent *agent,
                               DevboxRequest *request,
                               GCancellable *cancellable,
                               GError **error)
{
  return call_sync (self, agent, request, cancellable, error);
}

void
devbox_client_call_platform_async (DevboxClient *self, DevboxRequest *request, GTask *task)
{
  call_async (self, NULL, request, task);
}

gpointer
devbox_client_call_platform_sync (DevboxClient *self, DevboxRequest *request, GCancellable *cancellable, GError **error)
{
  return call_sync (self, NULL, request, cancellable, error);
}

gpointer
devbox_client_call_finish (GAsyncResult *result, GError **error)
{
  GError *reason = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &reason);

  if (reason != NULL)
    {
      devbox_error_info_note (reason);
      g_propagate_error (error, reason);
    }

  return value;
}
