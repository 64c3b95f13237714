/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bare-client URL TOKEN: what nobody can be faster than, one socket and as few system calls as will do. */
#include "config.h"

#include "contestant.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  guint16 port;
  const char *token;
} Bare;

static int
connect_bare (Bare *self)
{
  struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int yes = 1;

  name.sin_port = htons (self->port);
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof (yes));
  g_assert_cmpint (connect (fd, (struct sockaddr *) &name, sizeof (name)), ==, 0);

  return fd;
}

static void
send_all (int fd, const char *data, gsize size)
{
  while (size > 0)
    {
      ssize_t n = send (fd, data, size, MSG_NOSIGNAL);

      g_assert_cmpint (n, >, 0);
      data += n;
      size -= (gsize) n;
    }
}

/* Throws the body away, whose length it returns. */
static gsize
receive_reply (int fd, char *buffer)
{
  gsize n_read = 0;
  gsize length;
  char *body;
  char *field;

  do
    {
      ssize_t n = recv (fd, buffer + n_read, PIECE_SIZE - 1 - n_read, 0);

      g_assert_cmpint (n, >, 0);
      n_read += (gsize) n;
      buffer[n_read] = '\0';
      body = strstr (buffer, "\r\n\r\n");
    }
  while (body == NULL);
  g_assert_true (strncmp (buffer, "HTTP/1.1 200 ", 13) == 0);
  field = strcasestr (buffer, "\r\ncontent-length:");
  g_assert_nonnull (field);
  length = g_ascii_strtoull (field + strlen ("\r\ncontent-length:"), NULL, 10);

  for (gsize n_body = n_read - (gsize) (body + 4 - buffer); n_body < length;)
    {
      ssize_t n = recv (fd, buffer, MIN (PIECE_SIZE, length - n_body), 0);

      g_assert_cmpint (n, >, 0);
      n_body += (gsize) n;
    }

  return length;
}

static char *
format_read (Bare *self, const char *path)
{
  return g_strdup_printf ("GET /api/v1/files/read?path=%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                          "%s\r\n\r\n",
                          path, self->token);
}

static void
read_one_by_one (gpointer contestant, char **arguments, GString *figures)
{
  g_autofree char *request = format_read (contestant, SMALL_FILE);
  g_autofree char *buffer = g_malloc (PIECE_SIZE);
  guint count = contestant_parse_count (arguments[0]);
  int fd = connect_bare (contestant);

  for (guint i = 0; i < count; i++)
    {
      send_all (fd, request, strlen (request));
      g_assert_cmpuint (receive_reply (fd, buffer), ==, SMALL_SIZE);
    }
  close (fd);
}

static void
download (gpointer contestant, char **arguments, GString *figures)
{
  g_autofree char *request = format_read (contestant, arguments[0]);
  g_autofree char *buffer = g_malloc (PIECE_SIZE);
  int fd = connect_bare (contestant);

  send_all (fd, request, strlen (request));
  contestant_add_figure (figures, "bytes", (double) receive_reply (fd, buffer));
  close (fd);
}

static void
upload (gpointer contestant, char **arguments, GString *figures)
{
  Bare *self = contestant;
  g_autofree char *head
      = g_strdup_printf ("POST /api/v1/files/write?path=%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                         "%s\r\nContent-Type: application/octet-stream\r\nContent-Length: %s\r\n\r\n",
                         arguments[0], self->token, arguments[1]);
  g_autofree char *buffer = g_malloc0 (PIECE_SIZE);
  guint size = contestant_parse_count (arguments[1]);
  int fd = connect_bare (self);

  send_all (fd, head, strlen (head));
  for (guint n_sent = 0; n_sent < size; n_sent += PIECE_SIZE)
    send_all (fd, buffer, MIN (PIECE_SIZE, size - n_sent));
  receive_reply (fd, buffer);
  contestant_add_figure (figures, "bytes", size);
  close (fd);
}

int
main (int argc, char *argv[])
{
  static const ContestantOperation operations[] = {
    { "reads", 1, read_one_by_one },
    { "download", 1, download },
    { "upload", 2, upload },
  };
  Bare self = { 0 };

  g_assert_cmpint (argc, ==, 3);
  self.port = (guint16) atoi (strrchr (argv[1], ':') + 1);
  self.token = argv[2];
  contestant_serve (&self, operations, G_N_ELEMENTS (operations));

  return EXIT_SUCCESS;
}
