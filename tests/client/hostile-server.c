/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hostile-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK_SIZE (32 * 1024)
#define MAX_RECEIVED (1024 * 1024)
#define HEALTH "{\"status\":\"ok\",\"capabilities\":[\"classic\",\"current\"]}"

struct _HostileServer
{
  int fd;
  guint port;
  char *url;
  GThread *listener;
  int is_stopping;

  GMutex mutex;
  HostileServerReply *reply; /* a copy, which connections hold while they send it */
  GString *received;
  GPtrArray *connections;
  guint n_accepted;
};

typedef struct
{
  HostileServer *server;
  GThread *thread;
  int fd;
} Connection;

static void
reply_clear (gpointer data)
{
  HostileServerReply *self = data;

  g_free ((char *) self->head);
  g_free ((char *) self->part);
  g_free ((char *) self->tail);
}

static void
reply_unref (HostileServerReply *self)
{
  g_atomic_rc_box_release_full (self, reply_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HostileServerReply, reply_unref)

static HostileServerReply *
reply_copy (const HostileServerReply *reply)
{
  HostileServerReply *self = g_atomic_rc_box_new (HostileServerReply);

  *self = *reply;
  self->head = g_strdup (reply->head);
  self->part = reply->part_size > 0 ? g_memdup2 (reply->part, reply->part_size) : g_strdup (reply->part);
  self->tail = g_strdup (reply->tail);

  return self;
}

static HostileServerReply *
ref_reply (HostileServer *server)
{
  HostileServerReply *reply;

  g_mutex_lock (&server->mutex);
  reply = g_atomic_rc_box_acquire (server->reply);
  g_mutex_unlock (&server->mutex);

  return reply;
}

static gboolean
send_all (int fd, const char *data, gsize size)
{
  while (size > 0)
    {
      ssize_t n = send (fd, data, size, MSG_NOSIGNAL);

      if (n <= 0)
        return FALSE;
      data += n;
      size -= (gsize) n;
    }

  return TRUE;
}

static gboolean
send_text (int fd, const char *text)
{
  return text == NULL || send_all (fd, text, strlen (text));
}

static gboolean
send_parts (Connection *self, const HostileServerReply *reply)
{
  gsize size = reply->part_size > 0 ? reply->part_size : strlen (reply->part);
  guint64 n_in_block = MAX (BLOCK_SIZE / size, 1);
  g_autoptr (GByteArray) block = g_byte_array_new ();
  guint64 n_left = reply->n_parts;

  for (guint64 i = 0; i < n_in_block; i++)
    g_byte_array_append (block, (const guint8 *) reply->part, (guint) size);

  while (n_left > 0 && !g_atomic_int_get (&self->server->is_stopping))
    {
      guint64 n = MIN (n_left, n_in_block);

      if (!send_all (self->fd, (const char *) block->data, (gsize) n * size))
        return FALSE;
      if (n_left != HOSTILE_SERVER_FOREVER)
        n_left -= n;
    }

  return TRUE;
}

static gboolean
shake_hands (Connection *self, const char *request)
{
  static const char name[] = "\r\nSec-WebSocket-Key: ";
  const char *key = strcasestr (request, name);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  g_autofree char *accept = NULL;
  g_autofree char *head = NULL;
  guint8 digest[20];
  gsize size = sizeof (digest);

  if (key == NULL)
    return FALSE;

  key += strlen (name);
  g_checksum_update (sum, (const guchar *) key, (gssize) strcspn (key, "\r"));
  g_checksum_update (sum, (const guchar *) "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
  g_checksum_get_digest (sum, digest, &size);
  accept = g_base64_encode (digest, size);
  head = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n",
                          accept);

  return send_text (self->fd, head);
}

static void
stall (Connection *self)
{
  struct pollfd fd = { .fd = self->fd, .events = POLLRDHUP };

  while (!g_atomic_int_get (&self->server->is_stopping) && poll (&fd, 1, 20) == 0)
    ;
}

/* Whether the connection goes on. */
static gboolean
answer (Connection *self, const HostileServerReply *reply, const char *request)
{
  if (request != NULL && !reply->is_sick && g_str_has_prefix (request, "GET /health"))
    {
      g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                               "Content-Length: %zu\r\n\r\n" HEALTH,
                                               strlen (HEALTH));

      return send_text (self->fd, head);
    }

  if ((reply->upgrades && !shake_hands (self, request)) || !send_text (self->fd, reply->head)
      || (reply->part != NULL && !send_parts (self, reply)) || !send_text (self->fd, reply->tail))
    return FALSE;
  if (reply->end == HOSTILE_SERVER_HANGS)
    stall (self);

  return reply->end == HOSTILE_SERVER_GOES_ON;
}

/* The head and the body of a request, or NULL. */
static char *
receive (Connection *self)
{
  HostileServer *server = self->server;
  g_autoptr (GString) request = g_string_new (NULL);
  gsize wanted = G_MAXSIZE;

  while (request->len < wanted)
    {
      char buffer[4096];
      ssize_t n = recv (self->fd, buffer, sizeof (buffer), 0);
      const char *end;

      if (n <= 0)
        return NULL;

      g_string_append_len (request, buffer, n);
      g_mutex_lock (&server->mutex);
      if (server->received->len < MAX_RECEIVED)
        g_string_append_len (server->received, buffer, n);
      g_mutex_unlock (&server->mutex);

      end = strstr (request->str, "\r\n\r\n");
      if (end != NULL && wanted == G_MAXSIZE)
        {
          const char *length = strcasestr (request->str, "\r\nContent-Length:");

          wanted = (gsize) (end - request->str) + 4;
          if (length != NULL && length < end)
            wanted += strtoul (strchr (length, ':') + 1, NULL, 10);
        }
    }

  return g_string_free (g_steal_pointer (&request), FALSE);
}

static gpointer
serve (gpointer data)
{
  Connection *self = data;
  HostileServer *server = self->server;
  gboolean goes_on = TRUE;

  while (goes_on && !g_atomic_int_get (&server->is_stopping))
    {
      g_autoptr (HostileServerReply) reply = ref_reply (server);
      g_autofree char *request = NULL;

      if (!reply->speaks_first)
        {
          request = receive (self);
          if (request == NULL)
            break;
          reply_unref (reply);
          reply = ref_reply (server);
        }
      goes_on = answer (self, reply, request);
    }

  /* What was not read would make a reset of it. */
  shutdown (self->fd, SHUT_WR);
  while (recv (self->fd, &(char){ 0 }, 1, MSG_DONTWAIT) > 0)
    ;
  shutdown (self->fd, SHUT_RDWR);

  return NULL;
}

static gpointer
listen_for_connections (gpointer data)
{
  HostileServer *self = data;
  int fd;

  while ((fd = accept (self->fd, NULL, NULL)) >= 0)
    {
      Connection *connection = g_new0 (Connection, 1);

      connection->server = self;
      connection->fd = fd;
      g_mutex_lock (&self->mutex);
      self->n_accepted++;
      g_ptr_array_add (self->connections, connection);
      connection->thread = g_thread_new ("hostile", serve, connection);
      g_mutex_unlock (&self->mutex);
    }

  return NULL;
}

HostileServer *
hostile_server_new (const char *address)
{
  HostileServer *self = g_new0 (HostileServer, 1);
  struct sockaddr_in name = { .sin_family = AF_INET };
  socklen_t size = sizeof (name);

  g_mutex_init (&self->mutex);
  self->connections = g_ptr_array_new ();
  self->received = g_string_new (NULL);
  self->reply = reply_copy (&(HostileServerReply){ NULL });

  inet_pton (AF_INET, address, &name.sin_addr);
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind (self->fd, (struct sockaddr *) &name, sizeof (name)) != 0 || listen (self->fd, 64) != 0
      || getsockname (self->fd, (struct sockaddr *) &name, &size) != 0)
    g_error ("The hostile server cannot listen: %s", g_strerror (errno));

  self->port = ntohs (name.sin_port);
  self->url = g_strdup_printf ("http://%s:%u", address, self->port);
  self->listener = g_thread_new ("hostile-server", listen_for_connections, self);

  return self;
}

void
hostile_server_free (HostileServer *self)
{
  g_atomic_int_set (&self->is_stopping, TRUE);
  shutdown (self->fd, SHUT_RDWR);
  g_thread_join (self->listener);
  close (self->fd);

  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      shutdown (connection->fd, SHUT_RDWR);
      g_thread_join (connection->thread);
      close (connection->fd);
      g_free (connection);
    }

  g_ptr_array_unref (self->connections);
  g_string_free (self->received, TRUE);
  reply_unref (self->reply);
  g_mutex_clear (&self->mutex);
  g_free (self->url);
  g_free (self);
}

const char *
hostile_server_get_url (HostileServer *self)
{
  return self->url;
}

guint
hostile_server_get_port (HostileServer *self)
{
  return self->port;
}

void
hostile_server_set_reply (HostileServer *self, const HostileServerReply *reply)
{
  g_autoptr (HostileServerReply) previous = NULL;

  g_mutex_lock (&self->mutex);
  previous = g_steal_pointer (&self->reply);
  self->reply = reply_copy (reply);
  g_mutex_unlock (&self->mutex);
}

char *
hostile_server_dup_received (HostileServer *self)
{
  char *received;

  g_mutex_lock (&self->mutex);
  received = g_strdup (self->received->str);
  g_mutex_unlock (&self->mutex);

  return received;
}

guint
hostile_server_get_n_accepted (HostileServer *self)
{
  guint n_accepted;

  g_mutex_lock (&self->mutex);
  n_accepted = self->n_accepted;
  g_mutex_unlock (&self->mutex);

  return n_accepted;
}
