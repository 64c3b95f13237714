/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-reply-feed-private.h"

#include "devbox-transport-error-private.h"

typedef struct
{
  DevboxClientCore *core;
  DevboxTicket ticket;
  DevboxConnection *connection;
  DevboxPipe *pipe;
  gulong close_id;
  gboolean was_closed; /* the client */

  char *address;
  char *request_id;
  char *path;
  guint http_status;
} ReplyFeed;

static GError *
make_error (ReplyFeed *self, const GError *cause)
{
  DevboxErrorDetails details = { .http_status = self->http_status, .request_id = self->request_id, .path = self->path };

  if (self->was_closed)
    return devbox_error_new_closed (&details);

  return devbox_error_from_transport (cause, self->address, &details);
}

static void
poured_cb (DevboxConnection *connection, const DevboxConnectionReply *reply, gpointer data)
{
  ReplyFeed *self = data;

  devbox_client_core_remove_close_func (self->core, self->close_id);
  devbox_pool_state_count_operation (devbox_client_core_get_pool_state (self->core), reply->was_reused, reply->n_read);
  devbox_connection_set_release (&self->ticket);
  devbox_pipe_end (self->pipe, reply->error != NULL ? make_error (self, reply->error) : NULL);

  devbox_pipe_unref (self->pipe);
  devbox_client_core_unref (self->core);
  g_free (self->address);
  g_free (self->request_id);
  g_free (self->path);
  g_free (self);
}

static void
client_closed_cb (gpointer data, gpointer user_data)
{
  ReplyFeed *self = data;

  self->was_closed = TRUE;
  devbox_connection_abort (self->connection);
}

void
devbox_reply_feed_start (DevboxClientCore *core,
                         DevboxTicket *ticket,
                         DevboxConnection *connection,
                         DevboxPipe *pipe,
                         const char *address,
                         const DevboxErrorDetails *details)
{
  ReplyFeed *self = g_new0 (ReplyFeed, 1);

  self->core = devbox_client_core_ref (core);
  devbox_ticket_move (&self->ticket, ticket);
  self->connection = connection;
  self->pipe = devbox_pipe_ref (pipe);
  self->address = g_strdup (address);
  self->request_id = g_strdup (details->request_id);
  self->path = g_strdup (details->path);
  self->http_status = details->http_status;

  devbox_connection_hand_over (connection, poured_cb, self);
  self->close_id = devbox_client_core_add_close_func (core, client_closed_cb, self);
}
