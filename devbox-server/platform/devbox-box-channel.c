/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-channel-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-box-protocol-private.h"
#include "devbox-box-reply-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-secret-private.h"
#include "devbox-wire-json-private.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What may wait for a box that does not read, such as one that is frozen. */
#define MAX_WAITING 256
#define TOO_MANY_ON_THEIR_WAY_MS 20

typedef struct
{
  GString *json; /* "{…" */
  int fd;
} Message;

struct _DevboxBoxChannel
{
  const DevboxBoxChannelFuncs *funcs;
  gpointer user_data;

  int fd; /* -1: hung up */
  GSource *input;
  GSource *output;  /* while messages wait for the box */
  GSource *failing; /* on its way to funcs->failed */
  GQueue waiting;   /* of Message */
  char *reason;

  gboolean is_ready;
  gboolean is_stopping;
  gboolean is_counting; /* a "count" is not answered */
  guint64 bytes_in;
  guint64 bytes_out;
};

static Message *
message_new (const char *type, int fd)
{
  Message *message = g_new (Message, 1);

  message->json = g_string_new ("{\"type\":");
  devbox_wire_json_append_string (message->json, type, -1);
  message->fd = fd;

  return message;
}

/* It may hold a token. */
static void
message_free (Message *message)
{
  devbox_secret_free_string (message->json);
  devbox_auto_descriptor_clear (&message->fd);
  g_free (message);
}

static void
message_add_string (Message *message, const char *name, const char *value)
{
  g_string_append_printf (message->json, ",\"%s\":", name);
  devbox_wire_json_append_string (message->json, value, -1);
}

/* The end */

static gboolean
tell_failed (gpointer user_data)
{
  DevboxBoxChannel *self = user_data;

  devbox_clear_source (&self->failing);
  self->funcs->failed (self->reason, self->user_data);

  return G_SOURCE_REMOVE;
}

static GSource *
attach (GSource *source, GSourceFunc func, DevboxBoxChannel *self)
{
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());

  return source;
}

static void
hang_up (DevboxBoxChannel *self)
{
  devbox_clear_source (&self->input);
  devbox_clear_source (&self->output);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) message_free);
  devbox_auto_descriptor_clear (&self->fd);
}

static void
fail (DevboxBoxChannel *self, const char *reason)
{
  if (self->fd < 0)
    return;

  hang_up (self);
  if (self->is_stopping)
    return;
  self->reason = g_strdup (reason);
  self->failing = attach (g_idle_source_new (), tell_failed, self);
}

/* What the box says */

static void
handle_reply (DevboxBoxChannel *self, const DevboxBoxReply *reply)
{
  if (reply->type == DEVBOX_BOX_REPLY_COUNTED && self->is_counting)
    {
      /* Whatever it says, they never go back. */
      self->is_counting = FALSE;
      self->bytes_in = MAX (self->bytes_in, reply->bytes_in);
      self->bytes_out = MAX (self->bytes_out, reply->bytes_out);
    }
  else if (reply->type == DEVBOX_BOX_REPLY_READY && !self->is_ready)
    {
      self->is_ready = TRUE;
      self->funcs->ready (self->user_data);
    }
  else if (reply->type == DEVBOX_BOX_REPLY_FAILED && !self->is_ready)
    {
      fail (self, reply->reason);
    }
  else
    {
      fail (self, _ ("The devbox said something that it was not asked"));
    }
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  DevboxBoxChannel *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = devbox_box_protocol_receive (fd, NULL, &error);
  g_auto (DevboxBoxReply) reply = { 0 };

  if (object != NULL && devbox_box_reply_parse (&reply, object, &error))
    handle_reply (self, &reply); /* may free us */
  else if (error == NULL)
    fail (self, NULL);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    fail (self, error->message);

  return G_SOURCE_CONTINUE; /* destroyed already, if it failed */
}

/* What it is told */

static void flush (DevboxBoxChannel *self);

static gboolean
on_timeout (gpointer user_data)
{
  DevboxBoxChannel *self = user_data;

  devbox_clear_source (&self->output);
  flush (self);

  return G_SOURCE_REMOVE;
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer user_data)
{
  return on_timeout (user_data);
}

static gboolean
on_deaf (gpointer user_data)
{
  fail (user_data, NULL);

  return G_SOURCE_REMOVE;
}

static void
wait_for_output (DevboxBoxChannel *self, const GError *error)
{
  /* It has ended, or only reads no more; what it said before comes first. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
    self->output = attach (g_idle_source_new (), on_deaf, self);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    self->output = attach (g_unix_fd_source_new (self->fd, G_IO_OUT), G_SOURCE_FUNC (on_writable), self);
  else /* ETOOMANYREFS */
    self->output = attach (g_timeout_source_new (TOO_MANY_ON_THEIR_WAY_MS), on_timeout, self);
}

static void
flush (DevboxBoxChannel *self)
{
  while (self->output == NULL && !g_queue_is_empty (&self->waiting))
    {
      Message *message = g_queue_peek_head (&self->waiting);
      g_autoptr (GError) error = NULL;

      if (!devbox_box_protocol_send (self->fd, message->json->str, message->json->len, message->fd, &error))
        {
          wait_for_output (self, error);
          return;
        }
      message_free (g_queue_pop_head (&self->waiting));
    }
}

static void
send_message (DevboxBoxChannel *self, Message *message)
{
  g_string_append_c (message->json, '}');
  if (self->fd < 0)
    {
      message_free (message);
      return;
    }

  g_queue_push_tail (&self->waiting, message);
  if (message->json->len >= DEVBOX_BOX_MAX_PACKET || g_queue_get_length (&self->waiting) > MAX_WAITING)
    fail (self, _ ("The devbox was told more than it takes"));
  else
    flush (self);
}

static int
open_environment (const char *const *environment)
{
  g_autoptr (GByteArray) strings = g_byte_array_new ();
  devbox_auto_descriptor int fd = memfd_create ("devbox-environment", MFD_CLOEXEC);

  for (guint i = 0; environment[i] != NULL; i++)
    g_byte_array_append (strings, (const guint8 *) environment[i], strlen (environment[i]) + 1);

  if (fd < 0 || strings->len > DEVBOX_BOX_PROTOCOL_MAX_ENVIRONMENT
      || write (fd, strings->data, strings->len) != strings->len)
    return -1;

  return g_steal_fd (&fd);
}

static void
send_environment (DevboxBoxChannel *self, const char *const *environment)
{
  int fd = open_environment (environment);

  if (fd < 0)
    fail (self, _ ("The environment of the devbox cannot be passed on"));
  else
    send_message (self, message_new ("environment", fd));
}

void
devbox_box_channel_configure (DevboxBoxChannel *self,
                              const char *token,
                              const char *workspace_path,
                              const char *home_path,
                              const char *const *environment,
                              int listen_fd)
{
  Message *message = message_new ("configure", listen_fd);

  message_add_string (message, "token", token);
  message_add_string (message, "workspace", workspace_path);
  message_add_string (message, "home", home_path);
  send_message (self, message);
  if (environment != NULL && environment[0] != NULL)
    send_environment (self, environment);
}

void
devbox_box_channel_set_startup_command (DevboxBoxChannel *self, const char *command)
{
  Message *message = message_new ("startup", -1);

  g_string_append (message->json, ",\"command\":");
  devbox_wire_json_append_string (message->json, command, -1);
  send_message (self, message);
}

void
devbox_box_channel_forward (DevboxBoxChannel *self, guint16 port, gboolean shares_network, int listen_fd)
{
  Message *message = message_new ("forward", listen_fd);

  g_string_append_printf (message->json, ",\"port\":%u,\"shared\":%s", port, shares_network ? "true" : "false");
  send_message (self, message);
}

void
devbox_box_channel_unforward (DevboxBoxChannel *self, guint16 port)
{
  Message *message = message_new ("unforward", -1);

  g_string_append_printf (message->json, ",\"port\":%u", port);
  send_message (self, message);
}

void
devbox_box_channel_start (DevboxBoxChannel *self)
{
  send_message (self, message_new ("start", -1));
}

void
devbox_box_channel_stop (DevboxBoxChannel *self)
{
  self->is_stopping = TRUE;
  send_message (self, message_new ("stop", -1));
}

void
devbox_box_channel_update_counters (DevboxBoxChannel *self)
{
  if (self->is_counting)
    return;

  self->is_counting = TRUE;
  send_message (self, message_new ("count", -1));
}

void
devbox_box_channel_get_counters (DevboxBoxChannel *self, guint64 *bytes_in, guint64 *bytes_out)
{
  *bytes_in = self->bytes_in;
  *bytes_out = self->bytes_out;
}

DevboxBoxChannel *
devbox_box_channel_new (const DevboxBoxChannelFuncs *funcs, gpointer user_data, int *box_fd, GError **error)
{
  DevboxBoxChannel *self;
  int fd;

  if (!devbox_box_protocol_open (&fd, box_fd, error))
    return NULL;

  self = g_new0 (DevboxBoxChannel, 1);
  self->funcs = funcs;
  self->user_data = user_data;
  self->fd = fd;
  self->input = attach (g_unix_fd_source_new (fd, G_IO_IN), G_SOURCE_FUNC (on_readable), self);
  g_queue_init (&self->waiting);

  return self;
}

void
devbox_box_channel_free (DevboxBoxChannel *self)
{
  hang_up (self);
  devbox_clear_source (&self->failing);
  g_free (self->reason);
  g_free (self);
}
