/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* soup-client URL TOKEN: libsoup as it comes, in the thread that asks; our client is built on it. */
#include "config.h"

#include "contestant.h"

#include <libsoup/soup.h>
#include <stdlib.h>

typedef struct
{
  SoupSession *session;
  char *url;
  char *authorization;
} Soup;

static SoupMessage *
make_message (Soup *self)
{
  SoupMessage *message = soup_message_new (SOUP_METHOD_GET, self->url);

  soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", self->authorization);

  return message;
}

static void
check_body (GBytes *body, const GError *error)
{
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (body), ==, SMALL_SIZE);
}

static void
read_one_by_one (gpointer contestant, char **arguments, GString *figures)
{
  Soup *self = contestant;
  guint count = contestant_parse_count (arguments[0]);

  for (guint i = 0; i < count; i++)
    {
      g_autoptr (SoupMessage) message = make_message (self);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = soup_session_send_and_read (self->session, message, NULL, &error);

      check_body (body, error);
    }
}

static void
count_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &error);

  check_body (body, error);
  ++*(guint *) data;
}

static void
read_one_by_one_async (gpointer contestant, char **arguments, GString *figures)
{
  Soup *self = contestant;
  guint count = contestant_parse_count (arguments[0]);

  for (guint i = 0, n_done = 0; i < count; i++)
    {
      g_autoptr (SoupMessage) message = make_message (self);

      soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, NULL, count_read, &n_done);
      while (n_done == i)
        g_main_context_iteration (NULL, TRUE);
    }
}

int
main (int argc, char *argv[])
{
  static const ContestantOperation operations[] = {
    { "reads", 1, read_one_by_one },
    { "reads-async", 1, read_one_by_one_async },
  };
  Soup self = { 0 };

  g_assert_cmpint (argc, ==, 3);
  self.session = soup_session_new ();
  self.url = g_strconcat (argv[1], "/api/v1/files/read?path=" SMALL_FILE, NULL);
  self.authorization = g_strconcat ("Bearer ", argv[2], NULL);
  contestant_serve (&self, operations, G_N_ELEMENTS (operations));

  g_object_unref (self.session);
  g_free (self.url);
  g_free (self.authorization);

  return EXIT_SUCCESS;
}
