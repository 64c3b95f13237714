/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session of `/ws` bears from its peer. */
#include "socket-fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define WATCH "{\"type\":\"watch\",\"path\":\"\"}"
#define PING "\x89\x80mask"

static void
touch (SocketFixture *fixture, guint number)
{
  g_autofree char *name = g_strdup_printf ("%s/%0200u", fixture->folder, number);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (name, "", 0, &error);
  g_assert_no_error (error);
}

/* All that comes until the end of the stream; -1 with errno when that is no regular one. */
static gssize
receive (SocketFixture *fixture, char *buffer, gsize size)
{
  gsize received = 0;

  for (;;)
    {
      gssize n = recv (fixture->fd, buffer + received, size - received, 0);

      if (n == 0)
        return received;
      if (n < 0 && errno != EAGAIN)
        return -1;
      if (n > 0)
        received += n;
      g_assert_cmpuint (received, <, size);
      socket_fixture_turn ();
    }
}

/* The peer asks for events and reads none. */
static void
test_stall (SocketFixture *fixture, gconstpointer data)
{
  const DevboxSocketPatience *patience = data;
  gint64 began = g_get_monotonic_time ();
  guint n_files = 0;

  socket_fixture_send_text (fixture, WATCH);
  while (!fixture->is_closed)
    {
      g_assert_cmpint (g_get_monotonic_time () - began, <, 20 * G_USEC_PER_SEC);
      if (n_files < 3000)
        touch (fixture, n_files++);
      socket_fixture_turn ();
    }
  g_assert_cmpint (g_get_monotonic_time () - began, >=, patience->stall_ms * 1000);
}

/* Events come and are read: whatever time goes by, there is no stall. */
static void
test_reader (SocketFixture *fixture, gconstpointer data)
{
  const DevboxSocketPatience *patience = data;
  gint64 end = g_get_monotonic_time () + 3 * patience->stall_ms * G_GINT64_CONSTANT (1000);
  char buffer[65536];
  guint n_files = 0;

  socket_fixture_send_text (fixture, WATCH);
  while (g_get_monotonic_time () < end)
    {
      touch (fixture, n_files++ % 100);
      while (recv (fixture->fd, buffer, sizeof buffer, 0) > 0)
        ;
      socket_fixture_turn ();
      g_assert_false (fixture->is_closed);
    }
}

/* The peer says nothing, not even a pong: it gets a close frame (1001), after our pings. */
static void
test_silence (SocketFixture *fixture, gconstpointer data)
{
  const DevboxSocketPatience *patience = data;
  gint64 began = g_get_monotonic_time ();
  char buffer[4096];
  gssize received = receive (fixture, buffer, sizeof buffer);

  g_assert_cmpint (g_get_monotonic_time () - began, >=, patience->silence_ms * 1000);
  g_assert_cmpint (received, >=, 4);
  g_assert_cmpmem (buffer + received - 4, 4, "\x88\x02\x03\xe9", 4);
}

/* The peer pings and reads nothing: it cannot go on for ever; and no ping that was taken is forgotten. */
static void
test_pings (SocketFixture *fixture, gconstpointer data)
{
  const char *ping = PING;
  const gsize size = strlen (PING);
  gsize n_sent = 0, n_answered = 0;
  guint n_turns = 0;
  char pong[2];

  /* Until the agent has taken nothing for a hundred turns. Only whole frames count: a socket of this kind takes all or
   * nothing of so few bytes. */
  while (n_turns < 100)
    {
      gssize n = send (fixture->fd, ping, size, MSG_NOSIGNAL);

      if (n > 0)
        {
          g_assert_cmpint (n, ==, size);
          n_sent++;
          n_turns = 0;
        }
      else
        {
          g_assert_cmpint (errno, ==, EAGAIN);
          n_turns++;
          socket_fixture_turn ();
        }
      g_assert_cmpuint (n_sent, <, 1000000);
    }

  while (n_answered < n_sent)
    {
      if (recv (fixture->fd, pong, sizeof pong, 0) == sizeof pong)
        {
          g_assert_cmpmem (pong, sizeof pong, "\x8a\x00", 2);
          n_answered++;
        }
      else
        socket_fixture_turn ();
      g_assert_false (fixture->is_closed);
    }
}

/* A message that never ends is refused as soon as it is too long. (Who upgrades the socket says so to the peer, which
 * is nobody here.) */
static void
test_endless_message (SocketFixture *fixture, gconstpointer data)
{
  char frame[1008] = "\x01\xfe\x03\xe8mask";
  char buffer[16];
  gsize sent = 0;

  while (sent < 1024 * 1024)
    {
      gssize n = send (fixture->fd, frame, sizeof frame, MSG_NOSIGNAL);

      if (n < 0 && errno != EAGAIN)
        break;
      if (n > 0)
        {
          g_assert_cmpint (n, ==, sizeof frame);
          frame[0] = 0;
          sent += n;
        }
      socket_fixture_turn ();
    }
  g_assert_cmpuint (sent, <, 1024 * 1024);
  g_assert_cmpint (recv (fixture->fd, buffer, sizeof buffer, 0), <=, 0);
  for (guint i = 0; i < 1000 && !fixture->is_closed; i++)
    socket_fixture_turn ();
  g_assert_true (fixture->is_closed);
}

int
main (int argc, char **argv)
{
  static const DevboxSocketPatience stalls = { .stall_ms = 300, .ping_interval_s = 30, .silence_ms = 75000 };
  static const DevboxSocketPatience silences = { .stall_ms = 30000, .ping_interval_s = 1, .silence_ms = 1500 };

  g_test_init (&argc, &argv, NULL);

  g_test_add ("/watch/session/stall", SocketFixture, &stalls, socket_fixture_set_up, test_stall,
              socket_fixture_tear_down);
  g_test_add ("/watch/session/reader", SocketFixture, &stalls, socket_fixture_set_up, test_reader,
              socket_fixture_tear_down);
  g_test_add ("/watch/session/silence", SocketFixture, &silences, socket_fixture_set_up, test_silence,
              socket_fixture_tear_down);
  g_test_add ("/watch/session/pings", SocketFixture, NULL, socket_fixture_set_up, test_pings, socket_fixture_tear_down);
  g_test_add ("/watch/session/endless-message", SocketFixture, NULL, socket_fixture_set_up, test_endless_message,
              socket_fixture_tear_down);

  return g_test_run ();
}
