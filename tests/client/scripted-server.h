/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* An agent that says what it is told to say, for what a good agent never says. It runs in a thread of its own; any
 * thread may call this. */
typedef struct _ScriptedServer ScriptedServer;

ScriptedServer *scripted_server_new (void);
void scripted_server_free (ScriptedServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedServer, scripted_server_free)

const char *scripted_server_get_url (ScriptedServer *self);

/* What to answer to every request from now on; a NULL body: never answer. */
void scripted_server_reply (ScriptedServer *self, guint status, const char *body);
void scripted_server_reply_bytes (ScriptedServer *self, guint status, GBytes *body);

/* What GET /health tells of what the agent can do: a JSON array, ["classic"] at first, without being counted as a
 * request. NULL: it is answered as everything else. */
void scripted_server_set_capabilities (ScriptedServer *self, const char *capabilities);

/* The last request. */
char *scripted_server_dup_path (ScriptedServer *self);
GBytes *scripted_server_ref_body (ScriptedServer *self);
char *scripted_server_dup_body (ScriptedServer *self);
char *scripted_server_dup_authorization (ScriptedServer *self);
guint scripted_server_get_n_requests (ScriptedServer *self);

/* What to answer to each message on /ws; NULL: nothing. */
void scripted_server_answer_watch (ScriptedServer *self, const char *message);
/* Answers the handshake with that status, or takes it if 0. */
void scripted_server_refuse_watch (ScriptedServer *self, guint status);
void scripted_server_send (ScriptedServer *self, const char *message);
void scripted_server_send_binary (ScriptedServer *self, const void *data, gsize size);
void scripted_server_drop_watchers (ScriptedServer *self);
guint scripted_server_get_n_watchers (ScriptedServer *self); /* connected now */
guint scripted_server_get_n_watches (ScriptedServer *self);  /* messages so far */
char *scripted_server_dup_watch (ScriptedServer *self);      /* the last message */
/* The thread does nothing for a while. */
void scripted_server_freeze (ScriptedServer *self, guint ms);

G_END_DECLS
