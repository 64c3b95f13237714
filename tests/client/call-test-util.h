/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-client.h"
#include "devbox-error-private.h"
#include "devbox-pool.h"
#include "odd-server.h"

G_BEGIN_DECLS

/* A request whose result is the reply's body, and whose failure is what devbox_request_fail_from_reply () makes of it.
 */
DevboxRequest *test_request_new (const char *method, const char *path);

GBytes *test_get (DevboxClient *client, DevboxEndpoint *endpoint, const char *path, GError **error);
GBytes *test_post (DevboxClient *client, DevboxEndpoint *endpoint, const char *path, gsize size, GError **error);
/* Makes an async call in the thread-default context and iterates that until it has ended. */
GBytes *test_get_async (DevboxClient *client, DevboxEndpoint *endpoint, const char *path, GError **error);

DevboxEndpoint *test_endpoint_new (OddServer *server, const char *token);

/* Counts objects of which none may be released in an I/O thread; that aborts. */
void test_guard_object (gpointer object);
gpointer test_guard_new (void);
void test_guard_free (gpointer guard);
GBytes *test_guard_bytes_new (char *data, gsize size); /* takes the data */
guint test_get_n_guards (void);

/* All I/O threads of clients that are gone must end. */
void test_wait_for_io_threads (void);
/* Iterates the default context until the condition holds, but not for ever. */
#define test_wait_until(condition)                                                                                     \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    gint64 _end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;                                                       \
    while (!(condition) && g_get_monotonic_time () < _end)                                                             \
      if (!g_main_context_iteration (NULL, FALSE))                                                                     \
        g_usleep (500);                                                                                                \
    g_assert_true (condition);                                                                                         \
  }                                                                                                                    \
  G_STMT_END

G_END_DECLS
