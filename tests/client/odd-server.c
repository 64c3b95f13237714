/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "odd-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_HEAD (64 * 1024)

struct _OddServer
{
  int fd;
  char *url;
  char *other_url;
  GThread *listener;
  int is_stopping;

  GMutex mutex;
  GPtrArray *connections;
  GQueue next; /* of paths */

  guint n_accepted;
  guint n_open;
  guint max_open;
  guint n_requests;
  guint n_bodies;
  int n_flaky;
  guint n_health_requests;
  gsize n_bytes;
  const char *health;
};

typedef struct
{
  OddServer *server;
  GThread *thread;
  int fd;
  GRand *rand;
  gboolean drops_next;

  char head[MAX_HEAD + 1];
  gsize length; /* of what was received and not used */
  GByteArray *body;
} Connection;

static gboolean
send_all (Connection *self, const char *data, gsize size)
{
  while (size > 0)
    {
      ssize_t n = send (self->fd, data, size, MSG_NOSIGNAL);

      if (n <= 0)
        return FALSE;
      data += n;
      size -= n;
    }

  return TRUE;
}

static gboolean send_format (Connection *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
send_format (Connection *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  return send_all (self, text, strlen (text));
}

static gboolean
send_reply (Connection *self, guint status, const char *headers, const char *body, gsize size)
{
  return send_format (self,
                      "HTTP/1.1 %u Status\r\nContent-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
                      "\r\n%s\r\n",
                      status, size, headers)
         && send_all (self, body, size);
}

static gboolean
send_ok (Connection *self, const char *headers)
{
  return send_reply (self, 200, headers, "{\"ok\":true}", 11);
}

/* Until the peer goes, or the server stops. */
static gboolean
stall (Connection *self)
{
  struct pollfd fd = { .fd = self->fd, .events = POLLRDHUP };

  while (!g_atomic_int_get (&self->server->is_stopping) && poll (&fd, 1, 20) == 0)
    ;

  return FALSE;
}

static gboolean
send_endless (Connection *self, const char *head, const char *part)
{
  g_autoptr (GString) block = g_string_new (NULL);

  while (block->len < 32 * 1024)
    g_string_append (block, part);

  if (!send_all (self, head, strlen (head)))
    return FALSE;
  while (send_all (self, block->str, block->len))
    ;

  return FALSE;
}

static gboolean
send_drops (Connection *self)
{
  if (!send_format (self, "HTTP/1.1 200 OK\r\n\r\n"))
    return FALSE;
  while (!g_atomic_int_get (&self->server->is_stopping) && send_all (self, "drop", 4))
    g_usleep (500);

  return FALSE;
}

static gboolean
send_sized (Connection *self, gsize size, gboolean is_chunked)
{
  g_autofree char *data = g_malloc (size + 1);

  memset (data, 'x', size);
  if (!is_chunked)
    return send_reply (self, 200, "", data, size);

  if (!send_format (self, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
    return FALSE;
  for (gsize done = 0; done < size; done += MIN (size - done, 10000))
    {
      gsize part = MIN (size - done, 10000);

      if (!send_format (self, "%zx\r\n", part) || !send_all (self, data, part) || !send_all (self, "\r\n", 2))
        return FALSE;
    }

  return send_all (self, "0\r\n\r\n", 5);
}

static const char *
find_header (Connection *self, const char *name)
{
  const char *line = strcasestr (self->head, name);

  return line != NULL ? line + strlen (name) : NULL;
}

static gboolean
send_secret (Connection *self, guint status)
{
  const char *value = find_header (self, "\r\nAuthorization:");
  g_autofree char *line = g_strndup (value, strcspn (value, "\r"));
  g_autofree char *body = g_strdup_printf ("{\"error\":\"What is %s?\"}", line);

  return send_reply (self, status, "", body, strlen (body));
}

static gboolean
send_redirect (Connection *self, guint status)
{
  g_autofree char *location = g_strdup_printf ("Location: %s/ok\r\n", self->server->other_url);

  return send_reply (self, status, location, "", 0);
}

static gboolean
send_error (Connection *self, const char *arguments)
{
  char *code;
  guint status = (guint) strtoul (arguments, &code, 10);
  g_autofree char *body = g_strdup_printf ("{\"success\":false,\"error\":\"It failed\",\"code\":\"%s\"}", code + 1);

  return send_reply (self, status, "X-Request-Id: from-the-server\r\n", body, strlen (body));
}

static gboolean
behave_oddly (Connection *self, const char *what)
{
  if (g_str_equal (what, "stall-head") || g_str_equal (what, "no-read"))
    return stall (self);
  if (g_str_equal (what, "stall-half-head"))
    return send_format (self, "HTTP/1.1 200 OK\r\nContent-Le") && stall (self);
  if (g_str_equal (what, "stall-body"))
    return send_format (self, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1234567890") && stall (self);
  if (g_str_equal (what, "drip"))
    return send_drops (self);
  if (g_str_equal (what, "drop"))
    return FALSE;
  if (g_str_equal (what, "drop-half-head"))
    return send_format (self, "HTTP/1.1 200 OK\r\nContent-Le") && FALSE;
  if (g_str_equal (what, "drop-body"))
    return send_format (self, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1234567890") && FALSE;
  if (g_str_equal (what, "drop-chunked"))
    return send_format (self, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n1234567890\r\n") && FALSE;
  if (g_str_equal (what, "short-and-close"))
    return send_format (self, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n1234567890") && FALSE;
  if (g_str_equal (what, "garbage"))
    return send_format (self, "Good day to you\r\n\r\nand good bye") && FALSE;
  if (g_str_equal (what, "long-head"))
    {
      g_autofree char *filler = g_strnfill (1024 * 1024, 'x');

      return send_format (self, "HTTP/1.1 200 OK\r\nX-Long: %s\r\nContent-Length: 0\r\n\r\n", filler);
    }
  if (g_str_equal (what, "huge"))
    return send_format (self, "HTTP/1.1 200 OK\r\nContent-Length: 9000000000000\r\n\r\n1234567890") && stall (self);
  if (g_str_equal (what, "endless-1xx"))
    return send_endless (self, "", "HTTP/1.1 102 Processing\r\n\r\n");
  if (g_str_equal (what, "endless-trailer"))
    return send_endless (self, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-More: and more\r\n");

  g_error ("The odd server knows no “%s”", what);
}

static gboolean behave (Connection *self, const char *what);

static gboolean
tell_health (Connection *self)
{
  g_assert_null (find_header (self, "\r\nAuthorization:"));
  g_atomic_int_inc (&self->server->n_health_requests);

  return behave (self, g_atomic_pointer_get (&self->server->health));
}

static gboolean
behave_by_chance (Connection *self)
{
  static const char *const choices[] = {
    "ok",         "ok",        "ok",   "ok",        "size/100", "size/200000", "chunked/50000",
    "stall-head", "drop-body", "drop", "error/500", "delay/1",  "delay/3",     "stall-body",
  };

  return behave (self, choices[g_rand_int_range (self->rand, 0, G_N_ELEMENTS (choices))]);
}

/* Mostly well. */
static gboolean
fail_by_chance (Connection *self, gboolean *goes_on)
{
  static const char *const failures[] = { "drop", "status/404", "status/401", "status/503", "stall-head", "garbage" };
  guint chance = (guint) g_rand_int_range (self->rand, 0, 4 * G_N_ELEMENTS (failures));

  if (chance >= G_N_ELEMENTS (failures))
    return FALSE;

  *goes_on = behave (self, failures[chance]);
  return TRUE;
}

static gboolean
tell_of_devbox (Connection *self, const char *name)
{
  gboolean goes_on;
  g_autofree char *detail
      = g_strdup_printf ("{\"data\":{\"name\":\"%s\",\"status\":\"Running\",\"ports\":[{\"number\":3000,"
                         "\"publicAddress\":\"%s/agent\"}],\"agentServer\":{\"token\":\"dG9rZW4=\"}}}",
                         name, self->server->url);

  return fail_by_chance (self, &goes_on) ? goes_on : send_reply (self, 200, "", detail, strlen (detail));
}

static gboolean
tell_features (Connection *self)
{
  static const char features[] = "{\"status\":\"healthy\",\"capabilities\":[\"classic\"]}";
  gboolean goes_on;

  return fail_by_chance (self, &goes_on) ? goes_on : send_reply (self, 200, "", features, strlen (features));
}

/* "N/S" */
static gboolean
send_busy (Connection *self, const char *what)
{
  g_auto (GStrv) parts = g_strsplit (what, "/", 2);
  g_autofree char *header = g_strdup_printf ("Retry-After: %s\r\n", parts[1]);

  return send_reply (self, (guint) strtoul (parts[0], NULL, 10), header, "", 0);
}

static gboolean behave_next (Connection *self);

/* Returns whether the connection goes on. */
static gboolean
behave (Connection *self, const char *what)
{
  if (g_str_equal (what, "ok"))
    return send_ok (self, "");
  if (g_str_has_prefix (what, "size/"))
    return send_sized (self, strtoul (what + 5, NULL, 10), FALSE);
  if (g_str_has_prefix (what, "chunked/"))
    return send_sized (self, strtoul (what + 8, NULL, 10), TRUE);
  if (g_str_equal (what, "echo"))
    return send_reply (self, 200, "", (const char *) self->body->data, self->body->len);
  if (g_str_equal (what, "flaky"))
    return g_atomic_int_add (&self->server->n_flaky, 1) == 0 ? send_reply (self, 503, "", "", 0)
                                                             : behave (self, "echo");
  if (g_str_equal (what, "head"))
    return send_reply (self, 200, "", self->head, strlen (self->head));
  if (g_str_has_prefix (what, "status/"))
    return send_reply (self, (guint) strtoul (what + 7, NULL, 10), "", "", 0);
  if (g_str_has_prefix (what, "error/"))
    return send_error (self, what + 6);
  if (g_str_has_prefix (what, "secret/"))
    return send_secret (self, (guint) strtoul (what + 7, NULL, 10));
  if (g_str_has_prefix (what, "redirect/"))
    return send_redirect (self, (guint) strtoul (what + 9, NULL, 10));
  if (g_str_has_prefix (what, "keep-alive/"))
    {
      g_autofree char *header = g_strdup_printf ("Keep-Alive: timeout=%s, max=100\r\n", what + 11);

      return send_ok (self, header);
    }
  if (g_str_has_prefix (what, "delay/"))
    {
      g_usleep (1000 * strtoul (what + 6, NULL, 10));
      return send_ok (self, "");
    }
  if (g_str_equal (what, "once"))
    {
      self->drops_next = TRUE;
      return send_ok (self, "");
    }
  if (g_str_equal (what, "leave"))
    return send_ok (self, "") && FALSE;
  if (g_str_equal (what, "close"))
    return send_ok (self, "Connection: close\r\n") && FALSE;
  if (g_str_has_prefix (what, "endless/"))
    {
      g_autofree char *head = g_strdup_printf ("HTTP/1.1 %s Status\r\n\r\n", what + 8);

      return send_endless (self, head, "all work and no play ");
    }
  if (g_str_has_prefix (what, "busy/"))
    return send_busy (self, what + 5);
  if (g_str_equal (what, "next"))
    return behave_next (self);
  if (g_str_equal (what, "health"))
    return tell_health (self);
  if (g_str_equal (what, "any"))
    return behave_by_chance (self);
  if (g_str_has_prefix (what, "api/v1/devbox/"))
    return tell_of_devbox (self, what + strlen ("api/v1/devbox/"));
  if (g_str_equal (what, "agent/health"))
    return tell_features (self);
  if (g_str_has_prefix (what, "agent/"))
    return behave (self, what + strlen ("agent/"));

  return behave_oddly (self, what);
}

static gboolean
behave_next (Connection *self)
{
  OddServer *server = self->server;
  g_autofree char *path = NULL;

  g_mutex_lock (&server->mutex);
  path = server->next.length > 1 ? g_queue_pop_head (&server->next) : g_strdup (g_queue_peek_head (&server->next));
  g_mutex_unlock (&server->mutex);

  return behave (self, path + 1);
}

static gboolean
receive_more (Connection *self, void *buffer, gsize size, gsize *n_received)
{
  ssize_t n;

  do
    n = recv (self->fd, buffer, size, 0);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return FALSE;

  *n_received = n;
  g_atomic_pointer_add (&self->server->n_bytes, n);

  return TRUE;
}

/* Exactly so many bytes of what follows the head. */
static gboolean
take (Connection *self, guint8 *data, gsize size)
{
  while (size > 0)
    {
      gsize n;

      if (self->length == 0 && !receive_more (self, self->head, MAX_HEAD, &self->length))
        return FALSE;
      n = MIN (size, self->length);
      memcpy (data, self->head, n);
      memmove (self->head, self->head + n, self->length - n);
      self->length -= n;
      data += n;
      size -= n;
    }

  return TRUE;
}

static gboolean
receive_body (Connection *self, gsize size)
{
  gsize length = self->body->len;

  if (size == 0)
    return TRUE;

  g_byte_array_set_size (self->body, (guint) (length + size));

  return take (self, self->body->data + length, size);
}

static gboolean
receive_chunks (Connection *self)
{
  for (;;)
    {
      char line[20] = "";
      gsize length = 0;
      gsize size;
      guint8 end[2];

      while (length < 2 || line[length - 1] != '\n')
        {
          if (length == sizeof (line) - 1 || !take (self, (guint8 *) line + length, 1))
            return FALSE;
          length++;
        }
      size = strtoul (line, NULL, 16);
      if (!receive_body (self, size) || !take (self, end, sizeof (end)))
        return FALSE;
      if (size == 0)
        return TRUE;
    }
}

/* As a server does that wants the client to see the reply: says it, and reads on for a while. */
static gboolean
refuse (Connection *self, guint status)
{
  char buffer[64 * 1024];
  gsize n;

  if (!send_format (self,
                    "HTTP/1.1 %u Status\r\nConnection: close\r\nContent-Type: application/json\r\n"
                    "Content-Length: 21\r\n\r\n{\"error\":\"No, never\"}",
                    status))
    return FALSE;
  shutdown (self->fd, SHUT_WR);
  while (receive_more (self, buffer, sizeof (buffer), &n))
    ;

  return FALSE;
}

static gboolean
receive_request_body (Connection *self, gboolean is_chunked, gsize size)
{
  g_byte_array_set_size (self->body, 0);
  if (is_chunked ? !receive_chunks (self) : !receive_body (self, size))
    return FALSE;

  g_atomic_int_inc (&self->server->n_bodies);

  return TRUE;
}

/* Leaves the head in place, for those who look into it, and what follows it behind it. */
static gboolean
serve_one (Connection *self)
{
  g_autofree char *rest = NULL;
  g_auto (GStrv) words = NULL;
  const char *length;
  gboolean is_chunked;
  char *end;
  gsize n;

  self->head[self->length] = '\0';
  while ((end = strstr (self->head, "\r\n\r\n")) == NULL)
    {
      if (self->length == MAX_HEAD || !receive_more (self, self->head + self->length, MAX_HEAD - self->length, &n))
        return FALSE;
      self->length += n;
      self->head[self->length] = '\0';
    }

  g_atomic_int_inc (&self->server->n_requests);
  if (self->drops_next)
    return FALSE;

  rest = g_memdup2 (end + 4, self->length - (end + 4 - self->head));
  self->length -= end + 4 - self->head;
  end[2] = '\0';
  words = g_strsplit (self->head, " ", 3);
  words[1][strcspn (words[1], "?")] = '\0';
  if (g_str_has_prefix (words[1], "/no-read"))
    return behave (self, "no-read");

  if (g_str_has_prefix (words[1], "/refuse/"))
    return refuse (self, (guint) strtoul (words[1] + strlen ("/refuse/"), NULL, 10));

  length = find_header (self, "\r\nContent-Length:");
  is_chunked = find_header (self, "\r\nTransfer-Encoding: chunked") != NULL;
  if (find_header (self, "\r\nExpect:") != NULL && !send_format (self, "HTTP/1.1 100 Continue\r\n\r\n"))
    return FALSE;

  if (g_str_has_prefix (words[1], "/refuse-half/"))
    {
      g_byte_array_set_size (self->body, 0);
      self->length = 0;
      return receive_body (self, 300000)
             && refuse (self, (guint) strtoul (words[1] + strlen ("/refuse-half/"), NULL, 10));
    }

  if (length != NULL || is_chunked)
    {
      gsize size = length != NULL ? strtoul (length, NULL, 10) : 0;
      g_autofree char *head = g_strdup (self->head);

      if (self->length > 0)
        memcpy (self->head, rest, self->length);
      if (!receive_request_body (self, is_chunked, size))
        return FALSE;
      g_free (rest);
      rest = g_memdup2 (self->head, self->length);
      strcpy (self->head, head);
    }

  if (!behave (self, words[1] + 1))
    return FALSE;

  if (self->length > 0)
    memcpy (self->head, rest, self->length);

  return TRUE;
}

static gpointer
serve (gpointer data)
{
  Connection *self = data;

  while (!g_atomic_int_get (&self->server->is_stopping) && serve_one (self))
    ;

  g_mutex_lock (&self->server->mutex);
  self->server->n_open--;
  close (self->fd);
  self->fd = -1;
  g_mutex_unlock (&self->server->mutex);

  return NULL;
}

static gpointer
listen_for_connections (gpointer data)
{
  OddServer *self = data;
  int yes = 1;
  int fd;

  while ((fd = accept (self->fd, NULL, NULL)) >= 0 || errno == EINTR || errno == ECONNABORTED)
    {
      Connection *connection;

      if (fd < 0)
        continue;

      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof (yes));
      connection = g_new0 (Connection, 1);
      connection->server = self;
      connection->fd = fd;
      connection->body = g_byte_array_new ();

      g_mutex_lock (&self->mutex);
      connection->rand = g_rand_new_with_seed (self->n_accepted);
      self->n_accepted++;
      self->n_open++;
      self->max_open = MAX (self->max_open, self->n_open);
      g_ptr_array_add (self->connections, connection);
      connection->thread = g_thread_new ("odd-connection", serve, connection);
      g_mutex_unlock (&self->mutex);
    }

  return NULL;
}

OddServer *
odd_server_new (const char *address)
{
  OddServer *self = g_new0 (OddServer, 1);
  struct sockaddr_in name = { .sin_family = AF_INET };
  socklen_t size = sizeof (name);
  int yes = 1;

  g_mutex_init (&self->mutex);
  self->connections = g_ptr_array_new ();
  self->health = "ok";

  inet_pton (AF_INET, address, &name.sin_addr);
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt (self->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof (yes));
  if (bind (self->fd, (struct sockaddr *) &name, sizeof (name)) != 0 || listen (self->fd, 1024) != 0
      || getsockname (self->fd, (struct sockaddr *) &name, &size) != 0)
    g_error ("The odd server cannot listen: %s", g_strerror (errno));

  self->url = g_strdup_printf ("http://%s:%u", address, ntohs (name.sin_port));
  self->listener = g_thread_new ("odd-server", listen_for_connections, self);

  return self;
}

void
odd_server_hang_up (OddServer *self)
{
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      if (connection->fd >= 0)
        shutdown (connection->fd, SHUT_RDWR);
    }
  g_mutex_unlock (&self->mutex);
}

void
odd_server_free (OddServer *self)
{
  g_atomic_int_set (&self->is_stopping, TRUE);
  shutdown (self->fd, SHUT_RDWR);
  g_thread_join (self->listener);
  close (self->fd);
  odd_server_hang_up (self);

  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      g_thread_join (connection->thread);
      g_rand_free (connection->rand);
      g_byte_array_unref (connection->body);
      g_free (connection);
    }

  g_ptr_array_unref (self->connections);
  g_mutex_clear (&self->mutex);
  g_queue_clear_full (&self->next, g_free);
  g_free (self->other_url);
  g_free (self->url);
  g_free (self);
}

const char *
odd_server_get_url (OddServer *self)
{
  return self->url;
}

void
odd_server_set_other (OddServer *self, OddServer *other)
{
  self->other_url = g_strdup (other->url);
}

void
odd_server_set_health (OddServer *self, const char *health)
{
  g_atomic_pointer_set (&self->health, health);
}

static guint
get_locked (OddServer *self, guint *number)
{
  guint value;

  g_mutex_lock (&self->mutex);
  value = *number;
  g_mutex_unlock (&self->mutex);

  return value;
}

guint
odd_server_get_n_accepted (OddServer *self)
{
  return get_locked (self, &self->n_accepted);
}

guint
odd_server_get_n_open (OddServer *self)
{
  return get_locked (self, &self->n_open);
}

guint
odd_server_get_max_open (OddServer *self)
{
  return get_locked (self, &self->max_open);
}

guint
odd_server_get_n_requests (OddServer *self)
{
  return (guint) g_atomic_int_get (&self->n_requests);
}

guint
odd_server_get_n_bodies (OddServer *self)
{
  return (guint) g_atomic_int_get (&self->n_bodies);
}

guint
odd_server_get_n_health_requests (OddServer *self)
{
  return (guint) g_atomic_int_get (&self->n_health_requests);
}

guint64
odd_server_get_n_bytes (OddServer *self)
{
  return GPOINTER_TO_SIZE (g_atomic_pointer_get ((gpointer *) &self->n_bytes));
}

void
odd_server_set_next (OddServer *self, const char *behaviours)
{
  g_auto (GStrv) words = g_strsplit (behaviours, " ", -1);

  g_mutex_lock (&self->mutex);
  g_queue_clear_full (&self->next, g_free);
  for (guint i = 0; words[i] != NULL; i++)
    g_queue_push_tail (&self->next, g_strdup (words[i]));
  g_mutex_unlock (&self->mutex);
}
