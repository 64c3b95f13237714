/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-listening-ports-private.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TAIL " 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0\n"
#define ANY6 "00000000000000000000000000000000"
#define MAPPED_ANY "0000000000000000FFFF000000000000"
#define LOOPBACK6 "00000000000000000000000001000000"

typedef struct
{
  const char *line;
  guint port; /* 0: none */
} Line;

static const Line lines[] = {
  { "   0: 00000000:0BB8 00000000:0000 0A" TAIL, 3000 },
  { "1234: 00000000:FFFF 00000000:0000 0A" TAIL, 65535 },
  { "   1: " ANY6 ":1F90 " ANY6 ":0000 0A" TAIL, 8080 },
  { "   1: " MAPPED_ANY ":1F90 " ANY6 ":0000 0A" TAIL, 8080 },
  /* One address alone */
  { "   0: 0100007F:0BB8 00000000:0000 0A" TAIL, 0 },
  { "   0: " LOOPBACK6 ":0BB8 " ANY6 ":0000 0A" TAIL, 0 },
  /* A connection, and one that was closed */
  { "   0: 00000000:0BB8 0100007F:C001 01" TAIL, 0 },
  { "   0: 00000000:0BB8 00000000:0000 07" TAIL, 0 },
  { "   0: 00000000:0000 00000000:0000 0A" TAIL, 0 },
  /* No lines of that file */
  { "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n", 0 },
  { "", 0 },
  { "\n", 0 },
  { "   0:", 0 },
  { "   0: 00000000", 0 },
  { "   0: 00000000:", 0 },
  { "   0: 00000000:0BB8", 0 },
  { "   0: 00000000:0BB8 00000000:0000", 0 },
  { "   0: 00000000:0BB8 00000000:0000 0A", 0 },
  { "   0: 00000000:0BB8 00000000:0000 0a" TAIL, 0 },
  { "   0: 00000000:0bb8 00000000:0000 0A" TAIL, 0 },
  { "   0: 00000000:0BB8A 00000000:0000 0A" TAIL, 0 },
  { "   0: 00000000:BB8 00000000:0000 0A" TAIL, 0 },
  { "   0: 000000000:0BB8 00000000:0000 0A" TAIL, 0 },
  { "   0: 0000000:0BB8 00000000:0000 0A" TAIL, 0 },
  { "   0: 0000000x:0BB8 00000000:0000 0A" TAIL, 0 },
  { "   0: 00000000:0BB8 0000000000000000:0000 0A" TAIL, 0 },
  { "   x: 00000000:0BB8 00000000:0000 0A" TAIL, 0 },
  { "   0 00000000:0BB8 00000000:0000 0A" TAIL, 0 },
  { "   0:00000000:0BB8 00000000:0000 0A" TAIL, 0 },
};

static void
test_lines (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      guint16 port = 0;
      gboolean tells = devbox_listening_ports_parse_line (lines[i].line, &port);

      g_test_message ("%s", lines[i].line);
      g_assert_cmpint (tells, ==, lines[i].port != 0);
      if (tells)
        g_assert_cmpuint (port, ==, lines[i].port);
    }
}

/* Every beginning of a line that tells a port, up to its state, tells none. */
static void
test_cut_lines (void)
{
  const char *line = lines[2].line;
  gsize needed = strstr (line, " 0A ") + strlen (" 0A ") - line;

  for (gsize length = 0; length <= strlen (line); length++)
    {
      g_autofree char *cut = g_strndup (line, length);
      guint16 port;

      g_assert_cmpint (devbox_listening_ports_parse_line (cut, &port), ==, length >= needed);
    }
}

static int
listen_at (const char *address, guint *port)
{
  struct sockaddr_in name = { .sin_family = AF_INET };
  socklen_t size = sizeof name;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (inet_pton (AF_INET, address, &name.sin_addr), ==, 1);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &name, sizeof name), ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &name, &size), ==, 0);
  *port = ntohs (name.sin_port);

  return fd;
}

static gboolean
has_port (GArray *ports, guint port)
{
  gboolean found = FALSE;

  for (guint i = 0; i < ports->len; i++)
    {
      if (i > 0)
        g_assert_cmpuint (g_array_index (ports, guint16, i), >, g_array_index (ports, guint16, i - 1));
      found = found || g_array_index (ports, guint16, i) == port;
    }

  return found;
}

static void
test_read (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) with = NULL;
  g_autoptr (GArray) without = NULL;
  guint port, loopback_port;
  /* For a moment it can be reached from other machines, and accepts nothing. */
  int fd = listen_at ("0.0.0.0", &port);
  int loopback_fd = listen_at ("127.0.0.1", &loopback_port);

  with = devbox_listening_ports_read (NULL, &error);
  close (fd);
  g_assert_no_error (error);
  g_assert_true (has_port (with, port));
  g_assert_false (has_port (with, loopback_port));

  without = devbox_listening_ports_read (NULL, &error);
  close (loopback_fd);
  g_assert_no_error (error);
  g_assert_false (has_port (without, port));
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (devbox_listening_ports_read (cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/process/listening-ports/lines", test_lines);
  g_test_add_func ("/process/listening-ports/cut-lines", test_cut_lines);
  g_test_add_func ("/process/listening-ports/read", test_read);
  g_test_add_func ("/process/listening-ports/cancelled", test_cancelled);

  return g_test_run ();
}
