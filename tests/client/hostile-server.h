/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A server that answers every request with the same bytes, whatever they are. One thread for each connection. */
typedef struct _HostileServer HostileServer;

typedef enum
{
  HOSTILE_SERVER_HANGS_UP, /* after a reply */
  HOSTILE_SERVER_HANGS,    /* until the client goes */
  HOSTILE_SERVER_GOES_ON,  /* with the next request */
} HostileServerEnd;

#define HOSTILE_SERVER_FOREVER G_MAXUINT64

typedef struct
{
  const char *head;
  const char *part; /* or NULL */
  gsize part_size;  /* 0: it is a text */
  guint64 n_parts;
  const char *tail; /* or NULL */
  HostileServerEnd end;
  gboolean upgrades;     /* the head is that of a WebSocket */
  gboolean speaks_first; /* before any request */
  gboolean is_sick;      /* also where an agent's health is asked for */
} HostileServerReply;

HostileServer *hostile_server_new (const char *address);
void hostile_server_free (HostileServer *self);

const char *hostile_server_get_url (HostileServer *self);
guint hostile_server_get_port (HostileServer *self);
void hostile_server_set_reply (HostileServer *self, const HostileServerReply *reply);
/* All that it was told so far. */
char *hostile_server_dup_received (HostileServer *self);
guint hostile_server_get_n_accepted (HostileServer *self);

G_END_DECLS
