/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-channel-private.h"

#include "devbox-box-protocol-private.h"
#include "devbox-packet-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The platform's end of the socket, with this test as the box, which may be hostile. */

typedef struct
{
  DevboxBoxChannel *channel;
  int box;
  guint n_ready;
  guint n_failed;
  char *reason;
} Fixture;

static void
on_ready (gpointer user_data)
{
  ((Fixture *) user_data)->n_ready++;
}

static void
on_failed (const char *reason, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_failed++;
  fixture->reason = g_strdup (reason);
}

static const DevboxBoxChannelFuncs funcs = { on_ready, on_failed };

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (NULL);
  fixture->channel = devbox_box_channel_new (&funcs, fixture, &fixture->box, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->channel, devbox_box_channel_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  if (fixture->box >= 0)
    close (fixture->box);
  g_free (fixture->reason);
  g_main_context_pop_thread_default (NULL);
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
say (Fixture *fixture, const char *text)
{
  g_assert_true (devbox_packet_send (fixture->box, text, strlen (text), NULL, 0));
  settle ();
}

static JsonObject *
hear (Fixture *fixture, const char *type, int *fd)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = devbox_box_protocol_receive (fixture->box, fd, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (json_object_get_string_member (object, "type"), ==, type);

  return object;
}

static int
open_listener (void)
{
  g_autoptr (GError) error = NULL;
  guint16 port;
  int fd = devbox_box_listener_open ("127.0.0.1", 0, &port, &error);

  g_assert_no_error (error);
  return fd;
}

static void
assert_listens (int fd)
{
  int listening = 0;
  socklen_t size = sizeof listening;

  g_assert_cmpint (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size), ==, 0);
  g_assert_true (listening);
  close (fd);
}

static void
assert_failed (Fixture *fixture)
{
  char byte;

  settle ();
  g_assert_cmpuint (fixture->n_failed, ==, 1);
  g_assert_cmpint (recv (fixture->box, &byte, 1, MSG_DONTWAIT), <=, 0);
  devbox_box_channel_start (fixture->channel);
  settle ();
  g_assert_cmpuint (fixture->n_failed, ==, 1);
}

static void
test_configure (Fixture *fixture, gconstpointer data)
{
  static const char *const environment[] = { "A=1", "B=two words", NULL };
  g_autoptr (JsonObject) configure = NULL;
  g_autoptr (JsonObject) told_environment = NULL;
  g_autoptr (JsonObject) forward = NULL;
  g_autoptr (JsonObject) unforward = NULL;
  g_autoptr (JsonObject) start = NULL;
  char strings[64] = { 0 };
  int fd;

  devbox_box_channel_configure (fixture->channel, "t\"oken", "/work", "/home", environment, open_listener ());
  devbox_box_channel_forward (fixture->channel, 8080, TRUE, open_listener ());
  devbox_box_channel_unforward (fixture->channel, 8080);
  devbox_box_channel_start (fixture->channel);

  configure = hear (fixture, "configure", &fd);
  assert_listens (fd);
  g_assert_cmpstr (json_object_get_string_member (configure, "token"), ==, "t\"oken");
  g_assert_cmpstr (json_object_get_string_member (configure, "workspace"), ==, "/work");
  g_assert_cmpstr (json_object_get_string_member (configure, "home"), ==, "/home");
  told_environment = hear (fixture, "environment", &fd);
  g_assert_cmpint (pread (fd, strings, sizeof strings, 0), ==, sizeof "A=1\0B=two words");
  g_assert_cmpmem (strings, sizeof "A=1\0B=two words", "A=1\0B=two words", sizeof "A=1\0B=two words");
  close (fd);
  forward = hear (fixture, "forward", &fd);
  assert_listens (fd);
  g_assert_cmpint (json_object_get_int_member (forward, "port"), ==, 8080);
  g_assert_true (json_object_get_boolean_member (forward, "shared"));
  unforward = hear (fixture, "unforward", &fd);
  g_assert_cmpint (fd, ==, -1);
  g_assert_cmpint (json_object_get_int_member (unforward, "port"), ==, 8080);
  start = hear (fixture, "start", &fd);

  say (fixture, "{\"type\":\"ready\"}");
  g_assert_cmpuint (fixture->n_ready, ==, 1);
  g_assert_cmpuint (fixture->n_failed, ==, 0);
}

static void
test_counters (Fixture *fixture, gconstpointer data)
{
  static const char *const told[] = { "{\"type\":\"counted\",\"bytesIn\":5,\"bytesOut\":7}",
                                      "{\"type\":\"counted\",\"bytesIn\":6,\"bytesOut\":1}" };
  guint64 bytes_in = 99;
  guint64 bytes_out = 99;

  devbox_box_channel_get_counters (fixture->channel, &bytes_in, &bytes_out);
  g_assert_cmpuint (bytes_in + bytes_out, ==, 0);

  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    {
      g_autoptr (JsonObject) count = NULL;
      int fd;

      /* A box that is frozen is asked once. */
      for (guint n = 0; n < 1000; n++)
        devbox_box_channel_update_counters (fixture->channel);
      count = hear (fixture, "count", &fd);
      g_assert_cmpint (recv (fixture->box, &fd, 1, MSG_DONTWAIT), ==, -1);
      say (fixture, told[i]);
    }
  devbox_box_channel_get_counters (fixture->channel, &bytes_in, &bytes_out);
  g_assert_cmpuint (bytes_in, ==, 6);
  g_assert_cmpuint (bytes_out, ==, 7);
}

static void
test_failure (Fixture *fixture, gconstpointer data)
{
  say (fixture, "{\"type\":\"failed\",\"error\":\"no \\u001b[1m folder\"}");
  assert_failed (fixture);
  g_assert_cmpstr (fixture->reason, ==, "no  [1m folder");
}

static void
test_hang_up (Fixture *fixture, gconstpointer data)
{
  close (fixture->box);
  fixture->box = -1;
  settle ();
  g_assert_cmpuint (fixture->n_failed, ==, 1);
  g_assert_null (fixture->reason);
}

/* It goes on with half of the socket; nothing is tried again and again for its sake. */
static void
test_deaf (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (shutdown (fixture->box, SHUT_RD), ==, 0);
  devbox_box_channel_update_counters (fixture->channel);
  settle ();
  g_assert_cmpuint (fixture->n_failed, ==, 1);
  g_assert_null (fixture->reason);
}

/* What was said before the end is heard, though nothing can be answered. */
static void
test_failure_before_the_end (Fixture *fixture, gconstpointer data)
{
  const char *text = "{\"type\":\"failed\",\"error\":\"no memory\"}";

  g_assert_true (devbox_packet_send (fixture->box, text, strlen (text), NULL, 0));
  close (g_steal_fd (&fixture->box));
  devbox_box_channel_update_counters (fixture->channel);
  settle ();
  g_assert_cmpuint (fixture->n_failed, ==, 1);
  g_assert_cmpstr (fixture->reason, ==, "no memory");
}

static void
test_hang_up_after_stop (Fixture *fixture, gconstpointer data)
{
  devbox_box_channel_stop (fixture->channel);
  close (fixture->box);
  fixture->box = -1;
  settle ();
  g_assert_cmpuint (fixture->n_failed, ==, 0);
}

/* Each on a channel of its own */
static void
test_nonsense (void)
{
  static const char *const packets[] = {
    "x",
    "[]",
    "{}",
    "{\"type\":\"start\"}",
    "{\"type\":null}",
    "{\"type\":\"counted\",\"bytesIn\":1,\"bytesOut\":1}", /* nobody asked */
    "{\"type\":\"failed\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      Fixture fixture = { 0 };

      set_up (&fixture, NULL);
      say (&fixture, packets[i]);
      assert_failed (&fixture);
      g_assert_nonnull (fixture.reason);
      tear_down (&fixture, NULL);
    }
}

static void
test_twice (Fixture *fixture, gconstpointer data)
{
  say (fixture, "{\"type\":\"ready\"}");
  say (fixture, "{\"type\":\"ready\"}");
  assert_failed (fixture);
  g_assert_cmpuint (fixture->n_ready, ==, 1);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;

  return n;
}

/* A box gives the platform no descriptor to hold. */
static void
test_descriptor_from_box (Fixture *fixture, gconstpointer data)
{
  const char *text = "{\"type\":\"ready\"}";
  int fds[8] = { 0, 0, 0, 0, 0, 0, 0, 0 };
  guint before = count_descriptors ();

  g_assert_true (devbox_packet_send (fixture->box, text, strlen (text), fds, G_N_ELEMENTS (fds)));
  assert_failed (fixture);
  g_assert_cmpuint (fixture->n_ready, ==, 0);
  g_assert_cmpuint (count_descriptors (), <, before);
}

/* Neither can it make the platform hold what it does not read. */
static void
test_box_that_does_not_read (Fixture *fixture, gconstpointer data)
{
  guint before = count_descriptors ();

  for (guint i = 0; i < 3000 && fixture->n_failed == 0; i++)
    {
      devbox_box_channel_unforward (fixture->channel, 1 + i);
      settle ();
    }
  g_assert_cmpuint (fixture->n_failed, ==, 1);
  g_assert_cmpuint (count_descriptors (), <=, before);
}

/* What it reads late, it reads whole and in order. */
static void
test_late_reader (Fixture *fixture, gconstpointer data)
{
  const guint n = 400;

  for (guint i = 0; i < n; i++)
    devbox_box_channel_unforward (fixture->channel, 1 + i);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (JsonObject) object = NULL;
      int fd;

      settle ();
      object = hear (fixture, "unforward", &fd);
      g_assert_cmpint (json_object_get_int_member (object, "port"), ==, 1 + i);
    }
  g_assert_cmpuint (fixture->n_failed, ==, 0);
}

static void
test_listener (void)
{
  g_autoptr (GError) error = NULL;
  guint16 port = 0;
  guint16 second_port = 0;
  int fd = devbox_box_listener_open ("127.9.9.9", 0, &port, &error);
  int second;

  g_assert_no_error (error);
  g_assert_cmpuint (port, >=, 1024);
  second = devbox_box_listener_open ("127.9.9.9", port, &second_port, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (second_port, >=, 1024);
  g_assert_cmpuint (second_port, !=, port);
  close (fd);
  fd = devbox_box_listener_open ("127.9.9.9", port, &second_port, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (second_port, ==, port);
  close (fd);
  close (second);

  g_assert_cmpint (devbox_box_listener_open ("192.0.2.1", 0, &port, &error), ==, -1);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "192.0.2.1"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/box-channel/configure", test_configure);
  ADD ("/box-channel/counters", test_counters);
  ADD ("/box-channel/failure", test_failure);
  ADD ("/box-channel/hang-up", test_hang_up);
  ADD ("/box-channel/deaf", test_deaf);
  ADD ("/box-channel/failure-before-the-end", test_failure_before_the_end);
  ADD ("/box-channel/hang-up-after-stop", test_hang_up_after_stop);
  ADD ("/box-channel/twice", test_twice);
  ADD ("/box-channel/descriptor-from-box", test_descriptor_from_box);
  ADD ("/box-channel/box-that-does-not-read", test_box_that_does_not_read);
  ADD ("/box-channel/late-reader", test_late_reader);
#undef ADD
  g_test_add_func ("/box-channel/nonsense", test_nonsense);
  g_test_add_func ("/box-channel/listener", test_listener);

  return g_test_run ();
}
