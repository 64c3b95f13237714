/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors and memory of a server in a process of its own: exhaustion, thousands of connections that come and go,
 * thousands that stay */
#include "config.h"

#include "http-test-server.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What 5,000 idle connections may add; the address sanitizer keeps freed memory, and puts red zones around the rest. */
#if defined(__SANITIZE_ADDRESS__)
#  define SANITIZED 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define SANITIZED 1
#  endif
#endif
#ifdef SANITIZED
#  define MAX_GROWTH (8 * 1024 * 1024)
#else
#  define MAX_GROWTH (4 * 1024 * 1024)
#endif

#define GET "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"

typedef struct
{
  pid_t pid;
  guint16 port;
  int input; /* its end ends the server */
} Server;

static void
hello (DevboxHttpExchange *exchange, gpointer user_data)
{
  devbox_http_exchange_reply_data (exchange, 200, "text/plain", "hello", 5);
}

static gboolean
quit (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  g_main_loop_quit (user_data);

  return G_SOURCE_REMOVE;
}

/* The other side of server_start (): this program again, with --serve */
static int
serve (void)
{
  DevboxHttpLimits limits = DEVBOX_HTTP_LIMITS_INIT;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (STDIN_FILENO);
  g_autoptr (DevboxHttpListener) listener = NULL;
  g_autoptr (GError) error = NULL;

  limits.max_connections = 8192;
  listener = devbox_http_listener_new (NULL, &limits, hello, NULL, NULL);
  if (!devbox_http_listener_listen (listener, "127.0.0.1", 0, &error))
    g_error ("%s", error->message);
  g_io_add_watch (input, G_IO_HUP | G_IO_IN, quit, loop);
  g_print ("%u\n",
           g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (devbox_http_listener_get_local_address (listener))));
  fflush (stdout);
  g_main_loop_run (loop);

  return EXIT_SUCCESS;
}

static void
server_start (Server *self, guint max_descriptors)
{
  g_autofree char *path = g_file_read_link ("/proc/self/exe", NULL);
  const char *argv[] = { path, "--serve", NULL };
  struct rlimit limit;
  char line[16] = { 0 };
  g_autoptr (GError) error = NULL;
  int output;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &self->pid, &self->input,
                            &output, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (prlimit (self->pid, RLIMIT_NOFILE, NULL, &limit), ==, 0);
  limit.rlim_cur = max_descriptors > 0 ? max_descriptors : limit.rlim_max;
  g_assert_cmpint (prlimit (self->pid, RLIMIT_NOFILE, &limit, NULL), ==, 0);
  g_assert_cmpint (read (output, line, sizeof line - 1), >, 0);
  self->port = strtoul (line, NULL, 10);
  g_assert_cmpuint (self->port, >, 0);
  close (output);
}

static void
server_stop (Server *self)
{
  int status;

  close (self->input);
  g_assert_cmpint (waitpid (self->pid, &status, 0), ==, self->pid);
  g_assert_cmpint (status, ==, 0);
}

static guint
count_descriptors (Server *self)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", self->pid);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;

  return count;
}

static void
wait_for_descriptors (Server *self, guint expected)
{
  for (guint i = 0; i < 3000 && count_descriptors (self) != expected; i++)
    g_usleep (1000);
  g_assert_cmpuint (count_descriptors (self), ==, expected);
}

static gsize
get_resident_size (Server *self)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/statm", self->pid);
  g_autofree char *contents = NULL;
  g_auto (GStrv) fields = NULL;

  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  fields = g_strsplit (contents, " ", 3);

  return g_ascii_strtoull (fields[1], NULL, 10) * sysconf (_SC_PAGESIZE);
}

static void
assert_hello (int fd)
{
  g_autofree char *reply = NULL;

  http_test_send (fd, GET, -1);
  reply = http_test_read_reply (fd);
  g_assert_true (g_str_has_suffix (reply, "hello"));
}

static void
test_exhaustion (void)
{
  Server server;
  int fds[400];

  server_start (&server, 200);
  for (guint round = 0; round < 100; round++)
    {
      gint64 start;
      int fd;

      for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
        {
          fds[i] = http_test_connect (server.port);
          http_test_send (fds[i], "GET", 3); /* at work, as far as the server can tell */
        }
      for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
        close (fds[i]);

      start = g_get_monotonic_time ();
      fd = http_test_connect (server.port);
      assert_hello (fd);
      g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
      close (fd);
    }
  server_stop (&server);
}

static void
test_coming_and_going (void)
{
  Server server;
  guint before;

  server_start (&server, 0);
  {
    int fd = http_test_connect (server.port);

    assert_hello (fd);
    close (fd);
  }
  g_usleep (10000);
  before = count_descriptors (&server);

  for (guint i = 0; i < 10000; i++)
    {
      int fd = http_test_connect (server.port);

      assert_hello (fd);
      if (i % 2 == 0)
        close (fd);
      else
        http_test_reset (fd);
    }
  wait_for_descriptors (&server, before);
  server_stop (&server);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  return *(const gint64 *) a < *(const gint64 *) b ? -1 : *(const gint64 *) a > *(const gint64 *) b;
}

static gint64
get_median_time (int fd)
{
  gint64 times[1001];

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      gint64 start = g_get_monotonic_time ();

      assert_hello (fd);
      times[i] = g_get_monotonic_time () - start;
    }
  qsort (times, G_N_ELEMENTS (times), sizeof (gint64), compare_times);

  return times[G_N_ELEMENTS (times) / 2];
}

static void
test_staying (void)
{
  Server server;
  g_autofree int *fds = g_new (int, 5000);
  gsize before;
  gsize growth;
  gint64 alone;
  gint64 among;
  int fd;

  server_start (&server, 0);
  fd = http_test_connect (server.port);
  alone = get_median_time (fd);
  before = get_resident_size (&server);
  for (guint i = 0; i < 5000; i++)
    {
      fds[i] = http_test_connect (server.port);
      assert_hello (fds[i]);
    }
  growth = get_resident_size (&server) - before;
  among = get_median_time (fd);
  g_test_message ("5000 idle connections: %" G_GSIZE_FORMAT " KiB, a request in %" G_GINT64_FORMAT
                  " µs, alone %" G_GINT64_FORMAT " µs",
                  growth / 1024, among, alone);
  g_assert_cmpuint (growth, <, MAX_GROWTH);
  g_assert_cmpint (among, <, 3 * alone + 500); /* a source for each would be at 700 µs more */
  for (guint i = 0; i < 5000; i++)
    close (fds[i]);
  close (fd);
  server_stop (&server);
}

int
main (int argc, char *argv[])
{
  struct rlimit limit;

  if (argc > 1 && strcmp (argv[1], "--serve") == 0)
    return serve ();

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = limit.rlim_max;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  g_test_add_func ("/http/resources/exhaustion", test_exhaustion);
  g_test_add_func ("/http/resources/coming-and-going", test_coming_and_going);
  g_test_add_func ("/http/resources/staying", test_staying);

  return g_test_run ();
}
