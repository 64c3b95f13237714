/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-client-hooks-private.h"
#include "devbox-error-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-trace-private.h"

/* What a program can replace or add: the policy for paths, the metrics, headers, and the trace that calls belong to. */

struct _DevboxClientHooks
{
  DevboxClientSettings *settings;
  GMainContext *context;

  GMutex mutex;
  DevboxPathPolicy *path_policy;
  DevboxMetrics *metrics;
};

/* Metrics of a program's own hear of calls in the context in which the client was made. */
static void
use_metrics (DevboxClientHooks *self, DevboxMetrics *metrics)
{
  g_autoptr (DevboxMetricsRecorder) recorder = devbox_metrics_recorder_new (metrics, self->context);
  DevboxMetricsRecorder *previous = devbox_client_settings_take_recorder (self->settings, g_steal_pointer (&recorder));

  if (previous == NULL)
    return;

  devbox_metrics_recorder_disconnect (previous);
  devbox_metrics_recorder_unref (previous);
}

DevboxClientHooks *
devbox_client_hooks_new (DevboxClientSettings *settings)
{
  DevboxClientHooks *self = g_new0 (DevboxClientHooks, 1);

  self->settings = devbox_client_settings_ref (settings);
  self->context = g_main_context_ref_thread_default ();
  g_mutex_init (&self->mutex);
  self->path_policy = devbox_path_policy_new ("/workspace");
  self->metrics = devbox_metrics_new ();
  use_metrics (self, self->metrics);

  return self;
}

void
devbox_client_hooks_free (DevboxClientHooks *self)
{
  DevboxMetricsRecorder *recorder = devbox_client_settings_take_recorder (self->settings, NULL);

  devbox_metrics_recorder_disconnect (recorder);
  devbox_metrics_recorder_unref (recorder);
  g_object_unref (self->metrics);
  g_object_unref (self->path_policy);
  g_mutex_clear (&self->mutex);
  g_main_context_unref (self->context);
  devbox_client_settings_unref (self->settings);
  g_free (self);
}

static DevboxPathPolicy *
ref_path_policy (DevboxClientHooks *self)
{
  DevboxPathPolicy *policy;

  g_mutex_lock (&self->mutex);
  policy = g_object_ref (self->path_policy);
  g_mutex_unlock (&self->mutex);

  return policy;
}

gboolean
devbox_client_check_path (DevboxClient *self, const char *path, GError **error)
{
  g_autoptr (DevboxPathPolicy) policy = ref_path_policy (devbox_client_get_hooks (self));

  return devbox_path_policy_check_path (policy, path, error);
}

/**
 * devbox_client_dup_path_policy:
 * @self: a client
 *
 * Gets what decides which paths may be sent.
 *
 * Returns: (transfer full): the policy
 *
 * Since: 1.0
 */
DevboxPathPolicy *
devbox_client_dup_path_policy (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  return ref_path_policy (devbox_client_get_hooks (self));
}

/**
 * devbox_client_set_path_policy:
 * @self: a client
 * @policy: (nullable): what decides, or %NULL for the rules that hold by default
 *
 * Sets what decides which paths may be sent.
 *
 * It is asked in the thread that makes a call, before anything is sent. See [class@Devbox.PathPolicy] for the rules
 * that hold by default.
 *
 * Since: 1.0
 */
void
devbox_client_set_path_policy (DevboxClient *self, DevboxPathPolicy *policy)
{
  DevboxClientHooks *hooks;
  g_autoptr (DevboxPathPolicy) previous = NULL;
  g_autoptr (DevboxPathPolicy) next = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (policy == NULL || DEVBOX_IS_PATH_POLICY (policy));

  hooks = devbox_client_get_hooks (self);
  next = policy != NULL ? g_object_ref (policy) : devbox_path_policy_new ("/workspace");

  g_mutex_lock (&hooks->mutex);
  if (hooks->path_policy != next)
    {
      previous = hooks->path_policy;
      hooks->path_policy = g_object_ref (next);
    }
  g_mutex_unlock (&hooks->mutex);

  if (previous != NULL)
    g_object_notify (G_OBJECT (self), "path-policy");
}

/**
 * devbox_client_dup_metrics:
 * @self: a client
 *
 * Gets what counts the client's calls.
 *
 * Returns: (transfer full): the metrics
 *
 * Since: 1.0
 */
DevboxMetrics *
devbox_client_dup_metrics (DevboxClient *self)
{
  DevboxClientHooks *hooks;
  DevboxMetrics *metrics;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  hooks = devbox_client_get_hooks (self);
  g_mutex_lock (&hooks->mutex);
  metrics = g_object_ref (hooks->metrics);
  g_mutex_unlock (&hooks->mutex);

  return metrics;
}

/**
 * devbox_client_set_metrics:
 * @self: a client
 * @metrics: (nullable): what counts, or %NULL for new ones
 *
 * Sets what counts the client's calls.
 *
 * Several clients may share one. A type that is derived from [class@Devbox.Metrics] is told of calls in the main
 * context that was the thread-default one when the client was made.
 *
 * Since: 1.0
 */
void
devbox_client_set_metrics (DevboxClient *self, DevboxMetrics *metrics)
{
  DevboxClientHooks *hooks;
  g_autoptr (DevboxMetrics) previous = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (metrics == NULL || DEVBOX_IS_METRICS (metrics));

  hooks = devbox_client_get_hooks (self);
  g_mutex_lock (&hooks->mutex);
  if (hooks->metrics != metrics)
    {
      previous = hooks->metrics;
      hooks->metrics = metrics != NULL ? g_object_ref (metrics) : devbox_metrics_new ();
      use_metrics (hooks, hooks->metrics);
    }
  g_mutex_unlock (&hooks->mutex);

  if (previous != NULL)
    g_object_notify (G_OBJECT (self), "metrics");
}

/**
 * devbox_client_set_header:
 * @self: a client
 * @name: the name of a header
 * @value: (nullable): what it says, or %NULL not to send it any more
 * @error: where to put an error
 *
 * Adds a header to all requests of the client, to the platform as to agents, or changes it.
 *
 * Headers that say how a request is framed, where it goes and who sends it are the client's own: those are refused.
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR if the name or the value cannot stand in a header, or the header is one of the
 * client's own.
 *
 * Returns: %TRUE if the header is set, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_set_header (DevboxClient *self, const char *name, const char *value, GError **error)
{
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (!devbox_request_check_header (name, value != NULL ? value : "", &cause))
    {
      devbox_client_fail (devbox_error_complete (cause, &(DevboxErrorDetails){ 0 }), error);
      return FALSE;
    }

  devbox_client_settings_set_header (devbox_client_get_settings (self), name, value);

  return TRUE;
}

/**
 * devbox_client_dup_traceparent:
 * @self: a client
 *
 * Gets the trace that the client's calls belong to.
 *
 * Returns: (transfer full) (nullable): the trace and span as `traceparent` has them, or %NULL if each call is a trace
 * of its own
 *
 * Since: 1.0
 */
char *
devbox_client_dup_traceparent (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  return devbox_client_settings_dup_traceparent (devbox_client_get_settings (self));
}

/**
 * devbox_client_set_traceparent:
 * @self: a client
 * @traceparent: (nullable): a trace and span such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`, or
 * %NULL
 *
 * Sets the trace that the client's calls belong to, as [W3C Trace Context](https://www.w3.org/TR/trace-context/) has
 * it.
 *
 * Each request is a span below it. Without one, each call is a trace of its own; what it is called is told by
 * [method@Devbox.ErrorInfo.get_trace_id] when the call fails. Text that is no `traceparent` counts as none, as the
 * standard asks for.
 *
 * Since: 1.0
 */
void
devbox_client_set_traceparent (DevboxClient *self, const char *traceparent)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));

  if (devbox_client_settings_set_traceparent (devbox_client_get_settings (self), traceparent))
    g_object_notify (G_OBJECT (self), "traceparent");
}
