/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* The seam between requests/ (which know endpoints) and client/ + pool/ (which know connections, deadlines, threads).
 */

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
  const char *request_id; /* what the server said, or what we sent */
} DevboxReply;

/* Runs in the I/O thread; returns the result (freed with the request's result_free if nobody takes it) or NULL and an
 * error. */
typedef gpointer (*DevboxRequestParse) (DevboxRequest *request, const DevboxReply *reply, GError **error);

struct _DevboxRequest
{
  const char *method;       /* SOUP_METHOD_* */
  char *path;               /* "/files/read", with the query */
  GBytes *body;             /* or NULL */
  const char *content_type; /* of the body */
  char *subject;            /* what errors name: a workspace path, a command; or NULL */
  guint timeout_ms;         /* 0: the client's */
  gsize max_reply_size;     /* 0: 1 MiB; G_MAXSIZE: none */
  gboolean anonymous;       /* send no token (health) */
  gboolean idempotent; /* a POST that may be sent twice, like a read; GET, HEAD, PUT and DELETE are so by themselves */
  gboolean expect_continue; /* ask before the body is sent: for large bodies that the server may refuse */
  DevboxRequestParse parse;
  GDestroyNotify result_free;
  gpointer data; /* for parse () */
  GDestroyNotify data_free;
};

DevboxRequest *
devbox_request_new (const char *method, const char *path, DevboxRequestParse parse, GDestroyNotify result_free);
void devbox_request_free (DevboxRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxRequest, devbox_request_free)

/* Makes the DevboxError (with its DevboxErrorInfo) of a reply that is no success: code by the body's code, else by
 * status. Always returns NULL. */
gpointer devbox_request_fail_from_reply (DevboxRequest *self, const DevboxReply *reply, GError **error);

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

/* What a finish function returns: the task's pointer. Notes the error for devbox_error_info_get_last (). */
gpointer devbox_client_call_finish (GAsyncResult *result, GError **error);

/* The I/O thread, for what is not a call (the file monitor's WebSocket). */
gboolean devbox_client_in_io_thread (DevboxClient *self);
void devbox_client_invoke (DevboxClient *self,
                           GSourceFunc func,
                           gpointer data,
                           GDestroyNotify destroy); /* in the I/O thread, soon */
SoupSession *devbox_client_new_session (
    DevboxClient *self); /* configured as the pool's are (TLS, user agent, no redirects); I/O thread only */
/* `func (data, NULL)` is called in the I/O thread when the client is closed, or soon if it is already. Remove it in
 * that thread to be sure that it is not running. */
gulong devbox_client_add_close_func (DevboxClient *self, GFunc func, gpointer data);
void devbox_client_remove_close_func (DevboxClient *self, gulong id);

G_END_DECLS
