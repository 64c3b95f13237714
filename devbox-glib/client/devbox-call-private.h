/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-error.h"
#include "devbox-pipe-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* The seam between requests/ (which know endpoints) and client/ + pool/ (which know connections, deadlines, threads).
 */

typedef struct _DevboxAgent DevboxAgent;
typedef struct _DevboxAgentFeatures DevboxAgentFeatures; /* devbox-agent-private.h */

/* Where a call goes: the agent's base address and token. Reference counted, immutable, thread safe; the token's memory
 * is cleared at the end. */
typedef struct _DevboxEndpoint DevboxEndpoint;
DevboxEndpoint *devbox_endpoint_new (const char *base_url,
                                     const char *token,
                                     GError **error); /* VALIDATION_ERROR: not http(s), user info, … */
DevboxEndpoint *devbox_endpoint_ref (DevboxEndpoint *self);
void devbox_endpoint_unref (DevboxEndpoint *self);
const char *devbox_endpoint_get_url (DevboxEndpoint *self);
GUri *devbox_endpoint_get_uri (DevboxEndpoint *self);
const char *devbox_endpoint_get_token (DevboxEndpoint *self); /* or NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxEndpoint, devbox_endpoint_unref)

typedef struct _DevboxRequest DevboxRequest;

/* A whole reply, as parse () gets it. 2xx or not: parse () looks (devbox_request_fail_from_reply () makes the error of
 * a failed one). */
typedef struct
{
  guint status;
  SoupMessageHeaders *headers;
  GBytes *body;
  const char *request_id;   /* what the server said, or what we sent */
  const char *base_url;     /* of the endpoint that it is from */
  DevboxEndpoint *endpoint; /* whose secrets no text that it tells may repeat; NULL: there are none */
} DevboxReply;

/* All functions of a request run in the I/O thread; meanwhile its members are theirs to change. */

/* Returns the result (freed with the request's result_free if nobody takes it) or NULL and an error. */
typedef gpointer (*DevboxRequestParse) (DevboxRequest *request, const DevboxReply *reply, GError **error);

/* Gives a request the form that the agent understands, the richest one: method, path, body, content type, parse. Called
 * before each attempt at an agent; may build a body only if that is quick (a large one is built by the caller, in a
 * worker, for both dialects at once if need be). VALIDATION_ERROR with a clear text when the agent has nothing of the
 * kind. */
typedef gboolean (*DevboxRequestPrepare) (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error);

/* For what takes several requests one after the other, within one deadline. Called with the reply - whatever its
 * status -, or with the error instead that the request ended with after its retries. TRUE: the request has changed
 * itself, and is sent again after `delay_ms`; FALSE: the reply is parsed, or the error is that of the call. */
typedef gboolean (*DevboxRequestStep) (DevboxRequest *request,
                                       const DevboxReply *reply,
                                       const GError *error,
                                       guint *delay_ms);

struct _DevboxRequest
{
  const char *method;       /* SOUP_METHOD_*, or another interned string */
  char *path;               /* "/files/read", with the query */
  GBytes *body;             /* or NULL */
  const char *content_type; /* of the body; static or interned */
  DevboxPipe *body_pipe;    /* sent if there is no body, or NULL; devbox-body-feed-private.h sets it */
  goffset body_pipe_size;   /* what it will bring, -1: unknown */
  char *body_head;          /* or NULL: of the JSON in which either stands in base64 */
  const char *body_tail;    /* the rest of the JSON */
  char *subject;            /* what errors name: a workspace path, a command, a devbox; or NULL */
  char *idempotency_key;    /* or NULL: sent as Idempotency-Key, and makes the request idempotent */
  guint timeout_ms;         /* 0: the client's */
  gsize max_reply_size;     /* 0: 1 MiB; G_MAXSIZE: none */
  DevboxError not_found;    /* what a 404 means that says no more; 0: FILE_NOT_FOUND */
  DevboxError failed;       /* the same for a 500; 0: INTERNAL_ERROR */
  guint n_files;            /* that it moves, for the metrics; 0: it moves none */
  gboolean asks_platform;   /* instead of the agent that the call is for */
  gboolean anonymous;       /* send no token (health) */
  gboolean idempotent; /* a POST that may be sent twice, like a read; GET, HEAD, PUT and DELETE are so by themselves */
  gboolean expect_continue; /* ask before the body is sent: for large bodies that the server may refuse */
  /* The result is a GInputStream of the body of a reply with status 200, as soon as its head is there; all others are
   * parsed. The time-out counts until then; afterwards the same time must not pass without a byte. */
  gboolean streams_reply;
  gboolean has_envelope;        /* with that: a reply in JSON is one of the current dialect, and is parsed */
  gboolean may_be_silent;       /* with that: any time may pass without a byte */
  gboolean tries_once;          /* no retries, whatever the client's settings */
  DevboxRequestPrepare prepare; /* or NULL: it is the same for every agent, and its features are not asked for */
  DevboxRequestStep step;       /* or NULL */
  DevboxRequestParse parse;
  GDestroyNotify result_free;
  guint n_sent;  /* how often it was sent until now, whatever its form */
  gpointer data; /* for the functions above */
  GDestroyNotify data_free;
};

/* One that sends nothing: the result is the DevboxEndpoint where the agent is. */
DevboxRequest *devbox_request_new_for_endpoint (void);
DevboxRequest *
devbox_request_new (const char *method, const char *path, DevboxRequestParse parse, GDestroyNotify result_free);
void devbox_request_free (DevboxRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxRequest, devbox_request_free)

/* Makes the DevboxError (with its DevboxErrorInfo) of a reply that is no success: code by the body's code, else by
 * status. Always returns NULL. */
gpointer devbox_request_fail_from_reply (DevboxRequest *self, const DevboxReply *reply, GError **error);

/* Of a request that changes its form. Both take what they get. */
void devbox_request_take_path (DevboxRequest *self, const char *method, char *path);
void devbox_request_take_json (DevboxRequest *self, GString *json); /* the body */

/* Runs the call and ends the task with the result: in the task's context, never in the I/O thread; exactly once;
 * G_IO_ERROR_CANCELLED, or a DevboxError. Takes the request. The task's result is what parse () returned, with
 * result_free. */
void devbox_client_call_async (DevboxClient *self, DevboxEndpoint *endpoint, DevboxRequest *request, GTask *task);
/* The same, blocking, iterating no context. */
gpointer devbox_client_call_sync (DevboxClient *self,
                                  DevboxEndpoint *endpoint,
                                  DevboxRequest *request,
                                  GCancellable *cancellable,
                                  GError **error);

/* The same for an agent, which is found and asked for its features first if need be; and for the platform. */
void devbox_client_call_agent_async (DevboxClient *self, DevboxAgent *agent, DevboxRequest *request, GTask *task);
gpointer devbox_client_call_agent_sync (DevboxClient *self,
                                        DevboxAgent *agent,
                                        DevboxRequest *request,
                                        GCancellable *cancellable,
                                        GError **error);
void devbox_client_call_platform_async (DevboxClient *self, DevboxRequest *request, GTask *task);
gpointer devbox_client_call_platform_sync (DevboxClient *self,
                                           DevboxRequest *request,
                                           GCancellable *cancellable,
                                           GError **error);

/* How public functions end: they make the call, or fail with what was wrong before there was a request. Both take the
 * request, or else the error because of which there is none. */
void devbox_client_platform_call_async (DevboxClient *self, GTask *task, DevboxRequest *request, GError *error);
gpointer devbox_client_platform_call_sync (DevboxClient *self,
                                           DevboxRequest *request,
                                           GError *cause,
                                           GCancellable *cancellable,
                                           GError **error);
void devbox_client_agent_call_async (DevboxClient *self,
                                     DevboxAgent *agent,
                                     GTask *task,
                                     DevboxRequest *request,
                                     GError *error);
gpointer devbox_client_agent_call_sync (DevboxClient *self,
                                        DevboxAgent *agent,
                                        DevboxRequest *request,
                                        GError *cause,
                                        GCancellable *cancellable,
                                        GError **error);
/* The last step of a function that fails; the bindings ask for the story of the error afterwards. Takes the cause. */
void devbox_client_fail (GError *cause, GError **error);

/* The agent of a devbox, by its name: the one that all calls of this client share. transfer full */
DevboxAgent *devbox_client_ref_agent (DevboxClient *self, const char *devbox_name);
/* The same for a name that a program gave; NULL and an error if that cannot be the name of a devbox. transfer full */
DevboxAgent *devbox_client_find_agent (DevboxClient *self, const char *devbox_name, GError **error);
void devbox_client_forget_agents (DevboxClient *self); /* the next call by a name asks the platform */

/* Whether a path of the workspace may be sent, as the client's policy has it. */
gboolean devbox_client_check_path (DevboxClient *self, const char *path, GError **error);
/* The same of all keys of a table. */
gboolean devbox_client_check_paths (DevboxClient *self, GHashTable *files, GError **error);

/* What a finish function returns: the task's pointer. Notes the error for devbox_error_info_get_last (). */
gpointer devbox_client_call_finish (GAsyncResult *result, GError **error);

/* The I/O thread, for what is not a call (the file monitor's WebSocket). */
gboolean devbox_client_in_io_thread (DevboxClient *self);
void devbox_client_invoke (DevboxClient *self,
                           GSourceFunc func,
                           gpointer data,
                           GDestroyNotify destroy); /* in the I/O thread, soon */
/* `func (data, NULL)` is called in the I/O thread when the client is closed, or soon if it is already. Remove it in
 * that thread to be sure that it is not running. */
gulong devbox_client_add_close_func (DevboxClient *self, GFunc func, gpointer data);
void devbox_client_remove_close_func (DevboxClient *self, gulong id);

G_END_DECLS
