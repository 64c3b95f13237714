/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-socket-session-private.h"

G_BEGIN_DECLS

#define SOCKET_FIXTURE_ID "abcd-123"

/* A session of `/ws` over one end of a socket pair; the test is the peer at the other end. There is one process,
 * SOCKET_FIXTURE_ID, whose log the test writes. */
typedef struct
{
  char *folder;
  DevboxWorkspace *workspace;
  DevboxTreeWatcher *watcher;
  DevboxLogFinder *log_finder;
  DevboxOutputLog *log;
  SoupWebsocketConnection *connection;
  int fd; /* the peer's */
  gboolean is_closed;
  GByteArray *received; /* and not looked at */
} SocketFixture;

void socket_fixture_set_up (SocketFixture *self, gconstpointer patience);
void socket_fixture_tear_down (SocketFixture *self, gconstpointer patience);

/* Lets the session do something. */
void socket_fixture_turn (void);
/* Shorter than 126 bytes. */
void socket_fixture_send_text (SocketFixture *self, const char *text);
/* The next text that comes, within some seconds. */
char *socket_fixture_receive_text (SocketFixture *self);

G_END_DECLS
