/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A thread with a main context of its own and a service (an agent, a platform) in it, from start to stop. */
typedef struct _DevboxServiceThread DevboxServiceThread;

typedef struct
{
  const char *name;
  /* Each of them in the thread. start: the service, or NULL with an error. stop: func is told once, when what ran is
   * over or grace_ms have gone by. */
  gpointer (*start) (gpointer user_data, GError **error);
  void (*stop) (gpointer service, guint grace_ms, GDestroyNotify func, gpointer user_data);
  void (*free) (gpointer service);
} DevboxServiceFuncs;

/* Returns when the service has started. Errors are G_IO_ERROR. The funcs must stay. */
DevboxServiceThread *devbox_service_thread_start (const DevboxServiceFuncs *funcs, gpointer user_data, GError **error);
/* Lets what runs end for up to grace_ms, 0 for none; returns when the thread is gone. Frees self. */
void devbox_service_thread_stop (DevboxServiceThread *self, guint grace_ms);

/* Has func called in the thread, and returns when it ended the call there, at once or later. Not from the thread. */
typedef struct _DevboxServiceCall DevboxServiceCall;
typedef void (*DevboxServiceCallFunc) (gpointer service, DevboxServiceCall *call, gpointer user_data);
void devbox_service_thread_call (DevboxServiceThread *self, DevboxServiceCallFunc func, gpointer user_data);
/* Errors of the inside never leave the library: to a program they are GIO's. Takes the error. */
GError *devbox_service_error_to_public (GError *error);
void devbox_service_call_end (DevboxServiceCall *self); /* once */

G_END_DECLS
