/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-program-private.h"

#include "devbox-http-access-log-private.h"

#include <glib-unix.h>
#include <stdlib.h>
#include <sys/resource.h>

static gboolean
on_signal (gpointer data)
{
  DevboxProgram *self = data;

  g_application_quit (self->application);

  return G_SOURCE_CONTINUE;
}

int
devbox_program_fail (const DevboxProgram *self, const GError *error, int exit_status)
{
  g_printerr ("%s: %s\n", self->name, error->message);

  return exit_status;
}

static void
on_startup (GApplication *application, gpointer user_data)
{
  DevboxProgram *self = user_data;
  g_autoptr (GError) error = NULL;

  /* Whoever is answered, or reads the screen, may stop us the next moment. */
  self->interrupt_id = g_unix_signal_add (SIGINT, on_signal, self);
  self->terminate_id = g_unix_signal_add (SIGTERM, on_signal, self);
  if (self->start (self->user_data, &error))
    g_application_hold (application);
  else
    self->exit_status = devbox_program_fail (self, error, EXIT_FAILURE);
}

/* Everything happens at startup; without a handler GApplication warns. */
static void
on_activate (GApplication *application, gpointer user_data)
{
}

void
devbox_program_run (DevboxProgram *self, char **argv, gboolean access_log)
{
  if (access_log)
    g_setenv ("G_MESSAGES_DEBUG", DEVBOX_HTTP_ACCESS_LOG_DOMAIN, FALSE);
  /* Even a non-unique GApplication connects to the session bus, and hangs with it. */
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "disabled:", TRUE);

  self->application = g_application_new (NULL, G_APPLICATION_NON_UNIQUE);
  g_signal_connect (self->application, "startup", G_CALLBACK (on_startup), self);
  g_signal_connect (self->application, "activate", G_CALLBACK (on_activate), NULL);
  g_application_run (self->application, 1, argv);
}

void
devbox_program_clear (DevboxProgram *self)
{
  g_clear_handle_id (&self->interrupt_id, g_source_remove);
  g_clear_handle_id (&self->terminate_id, g_source_remove);
  g_clear_object (&self->application);
}

guint64
devbox_program_raise_open_files_limit (void)
{
  struct rlimit limit;
  guint64 before;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return 0;

  before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit (RLIMIT_NOFILE, &limit) == 0 ? before : 0;
}
