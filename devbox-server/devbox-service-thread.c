/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-service-thread-private.h"

#include "devbox-wire-error-private.h"

struct _DevboxServiceThread
{
  const DevboxServiceFuncs *funcs;
  gpointer user_data;
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  gpointer service;
  guint grace_ms;

  /* How the start and the calls went, told under the lock. */
  GMutex lock;
  GCond cond;
  gboolean is_started;
  GError *error;
};

struct _DevboxServiceCall
{
  DevboxServiceThread *thread;
  DevboxServiceCallFunc func;
  gpointer user_data;
  gboolean is_over; /* under the thread's lock */
};

GError *
devbox_service_error_to_public (GError *error)
{
  static const struct
  {
    DevboxWireCode code;
    GIOErrorEnum public_code;
  } codes[] = {
    { DEVBOX_WIRE_FILE_NOT_FOUND, G_IO_ERROR_NOT_FOUND },
    { DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS, G_IO_ERROR_PERMISSION_DENIED },
    { DEVBOX_WIRE_VALIDATION_ERROR, G_IO_ERROR_INVALID_ARGUMENT },
    { DEVBOX_WIRE_CONFLICT, G_IO_ERROR_EXISTS },
    { DEVBOX_WIRE_DISK_FULL, G_IO_ERROR_NO_SPACE },
  };
  GIOErrorEnum public_code = G_IO_ERROR_FAILED;
  GError *converted;

  if (error->domain != DEVBOX_WIRE_ERROR)
    return error;

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      if (error->code == (int) codes[i].code)
        public_code = codes[i].public_code;
    }
  converted = g_error_new_literal (G_IO_ERROR, public_code, error->message);
  g_error_free (error);

  return converted;
}

/* At a start a wrong value is that of a folder, and a conflict one about it. */
static GError *
to_start_error (GError *error)
{
  gboolean is_ours = error->domain == DEVBOX_WIRE_ERROR;
  GError *converted = devbox_service_error_to_public (error);

  if (is_ours && converted->code == G_IO_ERROR_INVALID_ARGUMENT)
    converted->code = G_IO_ERROR_NOT_DIRECTORY;
  else if (is_ours && converted->code == G_IO_ERROR_EXISTS)
    converted->code = G_IO_ERROR_BUSY;

  return converted;
}

static void
tell_started (DevboxServiceThread *self, GError *error)
{
  g_mutex_lock (&self->lock);
  self->is_started = TRUE;
  self->error = error;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
serve (DevboxServiceThread *self)
{
  GError *error = NULL;

  self->service = self->funcs->start (self->user_data, &error);
  if (self->service == NULL)
    {
      tell_started (self, to_start_error (error));
      return;
    }

  tell_started (self, NULL);
  g_main_loop_run (self->loop);
  g_clear_pointer (&self->service, self->funcs->free);
}

static gpointer
run (gpointer data)
{
  DevboxServiceThread *self = data;

  g_main_context_push_thread_default (self->context);
  serve (self);
  /* What the service left to be finished in its context (cancelled watches, closed sockets) ends here. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

static void
join_and_free (DevboxServiceThread *self)
{
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_free (self);
}

DevboxServiceThread *
devbox_service_thread_start (const DevboxServiceFuncs *funcs, gpointer user_data, GError **error)
{
  DevboxServiceThread *self = g_new0 (DevboxServiceThread, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->thread = g_thread_new (funcs->name, run, self);

  g_mutex_lock (&self->lock);
  while (!self->is_started)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);

  if (self->error == NULL)
    return self;

  g_propagate_error (error, g_steal_pointer (&self->error));
  join_and_free (self);
  return NULL;
}

static void
on_stopped (gpointer data)
{
  DevboxServiceThread *self = data;

  g_main_loop_quit (self->loop);
}

static gboolean
stop_service (gpointer data)
{
  DevboxServiceThread *self = data;

  if (self->grace_ms == 0)
    g_main_loop_quit (self->loop);
  else
    self->funcs->stop (self->service, self->grace_ms, on_stopped, self);

  return G_SOURCE_REMOVE;
}

void
devbox_service_thread_stop (DevboxServiceThread *self, guint grace_ms)
{
  self->grace_ms = grace_ms;
  g_main_context_invoke_full (self->context, G_PRIORITY_HIGH, stop_service, self, NULL);
  join_and_free (self);
}

static gboolean
begin_call (gpointer data)
{
  DevboxServiceCall *call = data;

  call->func (call->thread->service, call, call->user_data);

  return G_SOURCE_REMOVE;
}

void
devbox_service_thread_call (DevboxServiceThread *self, DevboxServiceCallFunc func, gpointer user_data)
{
  DevboxServiceCall call = { self, func, user_data, FALSE };

  g_main_context_invoke (self->context, begin_call, &call);
  g_mutex_lock (&self->lock);
  while (!call.is_over)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
}

void
devbox_service_call_end (DevboxServiceCall *self)
{
  DevboxServiceThread *thread = self->thread;

  g_mutex_lock (&thread->lock);
  self->is_over = TRUE;
  g_cond_broadcast (&thread->cond);
  g_mutex_unlock (&thread->lock);
}
