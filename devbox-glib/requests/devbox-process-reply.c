/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-reply-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define MAX_CPU_PERCENT 1e6
#define MILLICORES_PER_PERCENT 10

void
devbox_process_state_clear (DevboxProcessState *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->command, g_free);
  g_clear_pointer (&self->start_time, g_date_time_unref);
  g_clear_pointer (&self->end_time, g_date_time_unref);
  g_clear_pointer (&self->output, g_bytes_unref);
  g_clear_pointer (&self->errors, g_bytes_unref);
}

static DevboxProcessStatus
status_from_string (const char *text)
{
  static const struct
  {
    const char *text;
    DevboxProcessStatus status;
  } statuses[] = {
    { "running", DEVBOX_PROCESS_STATUS_RUNNING },
    { "completed", DEVBOX_PROCESS_STATUS_COMPLETED },
    { "failed", DEVBOX_PROCESS_STATUS_FAILED },
    { "killed", DEVBOX_PROCESS_STATUS_KILLED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      if (g_ascii_strcasecmp (text, statuses[i].text) == 0)
        return statuses[i].status;
    }

  return DEVBOX_PROCESS_STATUS_UNKNOWN;
}

static guint64
get_running_time (const DevboxProcessState *self)
{
  g_autoptr (GDateTime) now = NULL;
  GTimeSpan span;

  if (self->start_time == NULL || (self->end_time == NULL && self->status != DEVBOX_PROCESS_STATUS_RUNNING))
    return 0;

  now = self->end_time == NULL ? g_date_time_new_now_utc () : NULL;
  span = g_date_time_difference (now != NULL ? now : self->end_time, self->start_time);

  return span > 0 ? (guint64) span / G_TIME_SPAN_MILLISECOND : 0;
}

gboolean
devbox_process_state_read_current (DevboxProcessState *self, JsonObject *object, GError **error)
{
  const char *id = NULL;
  const char *command = NULL;
  const char *status = NULL;
  gint64 pid = 0;
  gint64 exit_code = DEVBOX_PROCESS_NO_EXIT_CODE;

  if (!devbox_agent_read_id (object, "processId", &id, error)
      || !devbox_wire_json_get_int (object, "pid", FALSE, 0, G_MAXINT, &pid, error)
      || !devbox_wire_json_get_string (object, "command", FALSE, &command, error)
      || !devbox_wire_json_get_string (object, "processStatus", TRUE, &status, error)
      || !devbox_wire_json_get_int (object, "exitCode", FALSE, G_MININT, G_MAXINT, &exit_code, error)
      || !devbox_agent_read_time (object, "startTime", &self->start_time, error)
      || !devbox_agent_read_time (object, "endTime", &self->end_time, error))
    return FALSE;

  self->id = g_strdup (id);
  self->command = g_strdup (command);
  self->pid = (int) pid;
  self->status = status_from_string (status);
  self->exit_code = self->status == DEVBOX_PROCESS_STATUS_RUNNING ? DEVBOX_PROCESS_NO_EXIT_CODE : (int) exit_code;
  self->running_time_ms = get_running_time (self);

  return TRUE;
}

/* Milliseconds of the epoch; 0 is none. */
static gboolean
read_start_time (DevboxProcessState *self, JsonObject *object, GError **error)
{
  g_autoptr (GDateTime) second = NULL;
  gint64 ms = 0;

  if (!devbox_wire_json_get_int (object, "startTime", FALSE, 0, G_GINT64_CONSTANT (253402300799999), &ms, error))
    return FALSE;

  if (ms > 0)
    {
      second = g_date_time_new_from_unix_utc (ms / 1000);
      self->start_time = g_date_time_add (second, ms % 1000 * G_TIME_SPAN_MILLISECOND);
    }

  return TRUE;
}

gboolean
devbox_process_state_read_classic (DevboxProcessState *self, JsonObject *object, GError **error)
{
  const char *status = NULL;
  gint64 pid = 0;
  gint64 exit_code = DEVBOX_PROCESS_NO_EXIT_CODE;
  gint64 memory = 0;
  double running_time = 0;
  double cpu = 0;

  if (!devbox_wire_json_get_int (object, "pid", TRUE, 1, G_MAXINT, &pid, error)
      || !devbox_wire_json_get_string (object, "status", TRUE, &status, error)
      || !devbox_wire_json_get_int (object, "exitCode", FALSE, G_MININT, G_MAXINT, &exit_code, error)
      || !devbox_wire_json_get_double (object, "runningTime", FALSE, 0, DEVBOX_AGENT_MAX_DURATION_MS, &running_time,
                                       error)
      || !devbox_wire_json_get_double (object, "cpu", FALSE, 0, MAX_CPU_PERCENT, &cpu, error)
      || !devbox_wire_json_get_int (object, "memory", FALSE, 0, G_MAXINT64, &memory, error)
      || !devbox_wire_json_get_boolean (object, "truncated", FALSE, &self->truncated, error)
      || !devbox_agent_read_output (object, "stdout", "stdoutBase64", FALSE, &self->output, error)
      || !devbox_agent_read_output (object, "stderr", "stderrBase64", FALSE, &self->errors, error)
      || !read_start_time (self, object, error))
    return FALSE;

  self->pid = (int) pid;
  self->status = status_from_string (status);
  self->exit_code = self->status == DEVBOX_PROCESS_STATUS_RUNNING ? DEVBOX_PROCESS_NO_EXIT_CODE : (int) exit_code;
  self->running_time_ms = (guint64) running_time;
  self->cpu = (guint) (cpu * MILLICORES_PER_PERCENT);
  self->memory = (guint64) memory;

  return TRUE;
}

/* The current dialect leaves out fractions of a second. */
gboolean
devbox_process_state_is_same (const DevboxProcessState *current, const DevboxProcessState *classic)
{
  if (current->pid != classic->pid || current->start_time == NULL || classic->start_time == NULL)
    return FALSE;

  return g_date_time_to_unix (current->start_time) == g_date_time_to_unix (classic->start_time);
}

void
devbox_process_state_complete (DevboxProcessState *self, DevboxProcessState *classic)
{
  g_clear_pointer (&self->start_time, g_date_time_unref);
  self->start_time = g_steal_pointer (&classic->start_time);
  self->running_time_ms = classic->running_time_ms;
  self->cpu = classic->cpu;
  self->memory = classic->memory;
  self->output = g_steal_pointer (&classic->output);
  self->errors = g_steal_pointer (&classic->errors);
  self->truncated = classic->truncated;
}
