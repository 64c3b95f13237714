/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-exchange-private.h"

typedef struct
{
  DevboxHttpExchange *exchange;
  DevboxCommandReplyFunc reply;
} CommandExchange;

static void
command_exchange_free (gpointer data)
{
  CommandExchange *self = data;

  devbox_http_exchange_unref (self->exchange);
  g_free (self);
}

static void
on_command_done (DevboxServerCommand *command, gpointer user_data)
{
  CommandExchange *self = user_data;

  devbox_http_exchange_set_closed_func (self->exchange, NULL, NULL, NULL);
  self->reply (self->exchange, command);
}

static void
on_client_gone (DevboxHttpExchange *exchange, gpointer user_data)
{
  devbox_command_exchange_abandon (user_data);
}

void
devbox_command_exchange_abandon (DevboxServerCommand *command)
{
  DevboxCommandState state = devbox_server_command_get_state (command);

  if (state == DEVBOX_COMMAND_STARTING || state == DEVBOX_COMMAND_RUNNING)
    devbox_server_command_kill (command);
}

gboolean
devbox_command_exchange_run (DevboxHttpExchange *exchange,
                             DevboxProcessTable *table,
                             const DevboxCommandSpec *spec,
                             DevboxCommandReplyFunc reply,
                             GError **error)
{
  g_autoptr (DevboxServerCommand) command = NULL;
  CommandExchange *self = g_new (CommandExchange, 1);

  self->exchange = devbox_http_exchange_ref (exchange);
  self->reply = reply;
  command = devbox_process_table_start (table, DEVBOX_PROCESS_FOREGROUND, spec, on_command_done, self,
                                        command_exchange_free, error);
  if (command == NULL)
    return FALSE;

  devbox_http_exchange_set_closed_func (exchange, on_client_gone, devbox_server_command_ref (command),
                                        (GDestroyNotify) devbox_server_command_unref);
  if (devbox_http_exchange_is_closed (exchange))
    devbox_command_exchange_abandon (command);

  return TRUE;
}
