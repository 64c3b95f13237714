/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-connection-private.h"
#include "devbox-suspend-clock-private.h"

#include <string.h>
#include <sys/socket.h>

#define MAX_REQUEST_ID_LENGTH 128

static const char *
terminate (char *head, gsize start, gsize length)
{
  head[start + length] = '\0';

  return head + start;
}

/* Cuts the head into strings, in place: each part is followed by at least one byte that means nothing any more. */
static void
set_head (DevboxHttpExchange *self, const DevboxHttpHead *head)
{
  self->method = terminate (self->head, head->method, head->method_length);
  if (head->path_length > 0)
    self->path = terminate (self->head, head->path, head->path_length);
  else
    self->path = head->is_options && !head->has_query ? "*" : "/";
  if (head->has_query)
    self->query = terminate (self->head, head->query, head->query_length);
  for (guint i = 0; i < self->n_fields; i++)
    {
      terminate (self->head, self->fields[i].name, self->fields[i].name_length);
      terminate (self->head, self->fields[i].value, self->fields[i].value_length);
    }
}

DevboxHttpExchange *
devbox_http_exchange_new (DevboxHttpConnection *connection, const DevboxHttpHead *head, const guint8 *data)
{
  gsize fields_size = head->n_fields * sizeof (DevboxHttpField);
  DevboxHttpExchange *self = g_malloc (sizeof *self + fields_size + head->size);

  memset (self, 0, sizeof *self);
  g_atomic_ref_count_init (&self->ref_count);
  self->connection = connection;
  self->begin_time = devbox_suspend_clock_get_time ();
  self->number = ++connection->engine->n_exchanges;
  memcpy (self->id_prefix, connection->engine->id_prefix, sizeof self->id_prefix);
  self->peer = connection->peer;
  if (connection->remote_address != NULL)
    self->remote_address = g_object_ref (connection->remote_address);

  self->fields = memcpy (self + 1, head->fields, fields_size);
  self->n_fields = head->n_fields;
  self->head = memcpy ((guint8 *) (self + 1) + fields_size, data, head->size);
  set_head (self, head);

  self->minor_version = head->minor_version;
  self->is_head = strcmp (self->method, "HEAD") == 0;
  self->keep_alive = !head->says_close && (head->minor_version > 0 || head->says_keep_alive);
  self->asked_close = !self->keep_alive;
  self->says_upgrade = head->says_upgrade;
  self->content_length = head->content_length;
  self->has_whole_request = head->content_length == 0;
  self->body_state = head->content_length == 0 ? DEVBOX_HTTP_BODY_RECEIVED : DEVBOX_HTTP_BODY_PENDING;
  self->expects_continue = head->expects_continue && head->minor_version > 0 && head->content_length != 0;

  return self;
}

DevboxHttpExchange *
devbox_http_exchange_ref (DevboxHttpExchange *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/* The engine keeps a reference until the exchange is over, and everything that belongs to its thread is gone by then:
 * the last reference may be dropped in any thread. */
void
devbox_http_exchange_unref (DevboxHttpExchange *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->data_destroy != NULL)
    self->data_destroy (self->data);
  g_clear_object (&self->remote_address);
  g_clear_object (&self->local_address);
  if (self->reply_headers != NULL)
    g_string_free (self->reply_headers, TRUE);
  g_free (self->request_id);
  g_strfreev (self->arguments);
  g_free (self->identity);
  g_free (self);
}

const char *
devbox_http_exchange_get_method (DevboxHttpExchange *self)
{
  return self->method;
}

const char *
devbox_http_exchange_get_path (DevboxHttpExchange *self)
{
  return self->path;
}

const char *
devbox_http_exchange_get_query (DevboxHttpExchange *self)
{
  return self->query;
}

const char *
devbox_http_exchange_get_argument (DevboxHttpExchange *self, guint n)
{
  if (self->arguments == NULL)
    return NULL;

  for (guint i = 0; i < n; i++)
    {
      if (self->arguments[i] == NULL)
        return NULL;
    }

  return self->arguments[n];
}

void
devbox_http_exchange_take_arguments (DevboxHttpExchange *self, GStrv arguments)
{
  g_strfreev (self->arguments);
  self->arguments = arguments;
}

static gboolean
is_named (DevboxHttpExchange *self, guint i, const char *name, gsize length)
{
  return self->fields[i].name_length == length && g_ascii_strcasecmp (self->head + self->fields[i].name, name) == 0;
}

const char *
devbox_http_exchange_get_header (DevboxHttpExchange *self, const char *name)
{
  gsize length = strlen (name);

  for (guint i = 0; i < self->n_fields; i++)
    if (is_named (self, i, name, length))
      return self->head + self->fields[i].value;

  return NULL;
}

guint
devbox_http_exchange_count_header (DevboxHttpExchange *self, const char *name)
{
  gsize length = strlen (name);
  guint count = 0;

  for (guint i = 0; i < self->n_fields; i++)
    if (is_named (self, i, name, length))
      count++;

  return count;
}

GSocketAddress *
devbox_http_exchange_get_remote_address (DevboxHttpExchange *self)
{
  if (self->remote_address == NULL && (self->peer.any.sa_family == AF_INET || self->peer.any.sa_family == AF_INET6))
    {
      self->remote_address = g_socket_address_new_from_native (&self->peer, sizeof self->peer);
      if (self->connection != NULL && self->remote_address != NULL)
        g_set_object (&self->connection->remote_address, self->remote_address);
    }

  return self->remote_address;
}

GSocketAddress *
devbox_http_exchange_get_local_address (DevboxHttpExchange *self)
{
  struct sockaddr_storage address;
  socklen_t size = sizeof address;

  if (self->local_address == NULL && self->connection != NULL
      && getsockname (self->connection->fd, (struct sockaddr *) &address, &size) == 0)
    self->local_address = g_socket_address_new_from_native (&address, size);

  return self->local_address;
}

goffset
devbox_http_exchange_get_content_length (DevboxHttpExchange *self)
{
  return self->content_length;
}

static gboolean
is_request_id (const char *id)
{
  gsize length = strspn (id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

  return length > 0 && length <= MAX_REQUEST_ID_LENGTH && id[length] == '\0';
}

const char *
devbox_http_exchange_get_request_id (DevboxHttpExchange *self)
{
  const char *given;

  if (self->request_id != NULL)
    return self->request_id;
  given = devbox_http_exchange_get_header (self, "X-Request-Id");
  if (given != NULL && is_request_id (given))
    self->request_id = g_strdup (given);
  else
    self->request_id = g_strdup_printf ("%s-%" G_GUINT64_FORMAT, self->id_prefix, self->number);

  return self->request_id;
}

void
devbox_http_exchange_set_identity (DevboxHttpExchange *self, const char *identity)
{
  g_free (self->identity);
  self->identity = g_strdup (identity);
}

const char *
devbox_http_exchange_get_identity (DevboxHttpExchange *self)
{
  return self->identity;
}

/* The client */

static void
clear_closed_func (DevboxHttpExchange *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->closed_destroy);

  self->closed_func = NULL;
  if (destroy != NULL)
    destroy (g_steal_pointer (&self->closed_data));
}

static void
clear_writable_func (DevboxHttpExchange *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->writable_destroy);

  self->writable_func = NULL;
  if (destroy != NULL)
    destroy (g_steal_pointer (&self->writable_data));
}

void
devbox_http_exchange_set_closed_func (DevboxHttpExchange *self,
                                      DevboxHttpClosedFunc func,
                                      gpointer user_data,
                                      GDestroyNotify destroy)
{
  clear_closed_func (self);
  self->closed_func = func;
  self->closed_data = user_data;
  self->closed_destroy = destroy;
  if (self->connection == NULL || self->is_closed)
    clear_closed_func (self);
  else if (self->connection->is_hung_up)
    devbox_http_connection_queue (self->connection);
}

gboolean
devbox_http_exchange_is_closed (DevboxHttpExchange *self)
{
  if (self->is_closed || self->connection == NULL)
    return self->is_closed;

  return self->connection->is_hung_up && !devbox_http_exchange_has_reader (self);
}

void
devbox_http_exchange_notify_closed (DevboxHttpExchange *self)
{
  DevboxHttpClosedFunc func = g_steal_pointer (&self->closed_func);
  GDestroyNotify destroy = g_steal_pointer (&self->closed_destroy);
  gpointer data = g_steal_pointer (&self->closed_data);

  devbox_http_exchange_ref (self);
  self->is_closed = TRUE;
  if (func != NULL)
    func (self, data);
  if (destroy != NULL)
    destroy (data);
  devbox_http_exchange_unref (self);
}

void
devbox_http_exchange_set_writable_func (DevboxHttpExchange *self,
                                        DevboxHttpClosedFunc func,
                                        gpointer user_data,
                                        GDestroyNotify destroy)
{
  clear_writable_func (self);
  self->is_writable_func_set = TRUE;
  self->writable_func = func;
  self->writable_data = user_data;
  self->writable_destroy = destroy;
  if (self->connection == NULL)
    clear_writable_func (self);
}

void
devbox_http_exchange_notify_writable (DevboxHttpExchange *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->writable_destroy);
  gpointer data = self->writable_data;

  devbox_http_exchange_ref (self);
  self->is_full = FALSE;
  self->is_writable_func_set = FALSE;
  if (self->writable_func != NULL)
    self->writable_func (self, data);

  /* The function may have been replaced or dropped meanwhile, but its data lived as long as it ran. */
  if (self->writable_func != NULL && !self->is_writable_func_set)
    self->writable_destroy = destroy;
  else if (destroy != NULL)
    destroy (data);
  devbox_http_exchange_unref (self);
}

void
devbox_http_exchange_finish (DevboxHttpExchange *self, DevboxHttpEngine *engine, gboolean is_gone, const GError *error)
{
  if (engine->finished_func != NULL)
    devbox_http_exchange_get_remote_address (self); /* made once for all exchanges of the connection */
  self->connection = NULL;

  if (is_gone)
    {
      devbox_http_exchange_abort_body (self, error);
      if (!self->is_closed)
        devbox_http_exchange_notify_closed (self);
    }
  devbox_http_exchange_clear_body_func (self);
  clear_closed_func (self);
  clear_writable_func (self);
  if (engine->finished_func != NULL)
    engine->finished_func (self, engine->finished_data);
  devbox_http_exchange_unref (self);
}

/* For the layers above */

guint
devbox_http_exchange_get_status (DevboxHttpExchange *self)
{
  return self->status;
}

guint64
devbox_http_exchange_get_bytes_sent (DevboxHttpExchange *self)
{
  return self->bytes_sent;
}

gint64
devbox_http_exchange_get_begin_time (DevboxHttpExchange *self)
{
  return self->begin_time;
}

void
devbox_http_exchange_set_data (DevboxHttpExchange *self, gpointer data, GDestroyNotify destroy)
{
  if (self->data_destroy != NULL)
    self->data_destroy (self->data);
  self->data = data;
  self->data_destroy = destroy;
}
