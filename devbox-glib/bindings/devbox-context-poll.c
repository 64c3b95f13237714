/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-context-poll.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/epoll.h>

/**
 * DevboxContextPoll:
 *
 * One file descriptor for all that a main context waits for.
 *
 * This is for language bindings, which let the event loop of their language drive a [struct@GLib.MainContext]; programs
 * have no use for it. While the descriptor is readable, or when the time that [method@ContextPoll.prepare] told is
 * over, the context has something to dispatch: iterate it without blocking, and prepare again. Prepare again also after
 * adding sources to the context in its own thread; what other threads add wakes the descriptor.
 *
 * All of it belongs to the thread that made it, which owns the context until [method@ContextPoll.close].
 *
 * Since: 1.0
 */
struct _DevboxContextPoll
{
  GObject parent_instance;

  GMainContext *context; /* NULL: closed */
  int fd;
  GHashTable *polled; /* the descriptors that fd watches */
  GArray *records;    /* GPollFD: what the context told last */
};

G_DEFINE_FINAL_TYPE (DevboxContextPoll, devbox_context_poll, G_TYPE_OBJECT)

static void
devbox_context_poll_finalize (GObject *object)
{
  DevboxContextPoll *self = DEVBOX_CONTEXT_POLL (object);

  devbox_context_poll_close (self);
  g_hash_table_unref (self->polled);
  g_array_unref (self->records);

  G_OBJECT_CLASS (devbox_context_poll_parent_class)->finalize (object);
}

static void
devbox_context_poll_class_init (DevboxContextPollClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = devbox_context_poll_finalize;
}

static void
devbox_context_poll_init (DevboxContextPoll *self)
{
  self->fd = -1;
  self->polled = g_hash_table_new (NULL, NULL);
  self->records = g_array_new (FALSE, FALSE, sizeof (GPollFD));
}

/**
 * devbox_context_poll_new:
 * @context: (nullable): a main context, or %NULL for the global default one
 * @error: where to put an error
 *
 * Takes ownership of a main context, for the thread that calls this.
 *
 * Fails with %G_IO_ERROR_BUSY if another thread owns the context.
 *
 * Returns: (transfer full): a new object, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxContextPoll *
devbox_context_poll_new (GMainContext *context, GError **error)
{
  g_autoptr (DevboxContextPoll) self = g_object_new (DEVBOX_TYPE_CONTEXT_POLL, NULL);

  self->fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->fd < 0)
    {
      int saved_errno = errno;

      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), g_strerror (saved_errno));
      return NULL;
    }

  if (!g_main_context_acquire (context))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, _ ("Another thread runs this main context"));
      return NULL;
    }
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());

  return g_steal_pointer (&self);
}

/**
 * devbox_context_poll_get_fd:
 * @self: an object
 *
 * Gets the descriptor, which is readable when the context has something to dispatch.
 *
 * Returns: the descriptor, which belongs to @self; -1 after [method@ContextPoll.close]
 *
 * Since: 1.0
 */
int
devbox_context_poll_get_fd (DevboxContextPoll *self)
{
  g_return_val_if_fail (DEVBOX_IS_CONTEXT_POLL (self), -1);

  return self->fd;
}

static int
query (DevboxContextPoll *self)
{
  int timeout_ms;
  int priority;
  int n_records;

  g_main_context_prepare (self->context, &priority);
  while ((n_records = g_main_context_query (self->context, G_MAXINT, &timeout_ms,
                                            (GPollFD *) (gpointer) self->records->data, (int) self->records->len))
         > (int) self->records->len)
    g_array_set_size (self->records, n_records);
  g_array_set_size (self->records, n_records);

  return timeout_ms;
}

/* FALSE for what epoll does not know, like a regular file: that is always ready. A descriptor may have been closed and
 * opened anew behind our back, so what we remember of it is only a guess. */
static gboolean
watch_fd (DevboxContextPoll *self, int fd, guint32 events)
{
  struct epoll_event event = { .events = events, .data = { .fd = fd } };
  const gboolean is_known = g_hash_table_contains (self->polled, GINT_TO_POINTER (fd));

  if (epoll_ctl (self->fd, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0)
    return TRUE;

  return (errno == ENOENT || errno == EEXIST)
         && epoll_ctl (self->fd, is_known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0;
}

/**
 * devbox_context_poll_prepare:
 * @self: an object
 *
 * Makes the descriptor stand for what the context waits for now.
 *
 * Returns: after how many milliseconds the context has something to dispatch even if the descriptor never becomes
 *   readable; 0 if it has now, -1 if never
 *
 * Since: 1.0
 */
int
devbox_context_poll_prepare (DevboxContextPoll *self)
{
  g_autoptr (GHashTable) wanted = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer fd, events;
  int timeout_ms;

  g_return_val_if_fail (DEVBOX_IS_CONTEXT_POLL (self), -1);
  g_return_val_if_fail (self->context != NULL, -1);

  timeout_ms = query (self);
  for (guint i = 0; i < self->records->len; i++)
    {
      const GPollFD *record = &g_array_index (self->records, GPollFD, i);

      fd = GINT_TO_POINTER (record->fd);
      events = GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (wanted, fd)) | record->events);
      g_hash_table_insert (wanted, fd, events);
    }

  g_hash_table_iter_init (&iter, wanted);
  while (g_hash_table_iter_next (&iter, &fd, &events))
    {
      if (!watch_fd (self, GPOINTER_TO_INT (fd), GPOINTER_TO_UINT (events)))
        timeout_ms = 0;
    }
  g_hash_table_iter_init (&iter, self->polled);
  while (g_hash_table_iter_next (&iter, &fd, NULL))
    {
      if (!g_hash_table_contains (wanted, fd))
        epoll_ctl (self->fd, EPOLL_CTL_DEL, GPOINTER_TO_INT (fd), NULL);
    }

  g_hash_table_unref (self->polled);
  self->polled = g_steal_pointer (&wanted);

  return timeout_ms;
}

/**
 * devbox_context_poll_close:
 * @self: an object
 *
 * Gives up the context and closes the descriptor; does nothing the second time.
 *
 * Since: 1.0
 */
void
devbox_context_poll_close (DevboxContextPoll *self)
{
  g_return_if_fail (DEVBOX_IS_CONTEXT_POLL (self));

  if (self->fd >= 0)
    g_close (self->fd, NULL);
  self->fd = -1;
  if (self->context != NULL)
    g_main_context_release (self->context);
  g_clear_pointer (&self->context, g_main_context_unref);
}
