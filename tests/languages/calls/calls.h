/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-glib.h"

G_BEGIN_DECLS

/* What each case starts with: a client, and a devbox that runs, which all cases share. */
typedef struct
{
  DevboxClient *client;
  DevboxInstance *box;
} Calls;

/* Run twice: once all its calls are asynchronous, once they block. */
typedef struct
{
  const char *name;
  void (*run) (Calls *self);
} CallsCase;

#define CALLS_BOX "calls"

extern const CallsCase calls_client_cases[];
extern const CallsCase calls_file_cases[];
extern const CallsCase calls_kubeconfig_cases[];
extern const CallsCase calls_life_cases[];
extern const CallsCase calls_platform_cases[];
extern const CallsCase calls_process_cases[];
extern const CallsCase calls_proxy_cases[];
extern const CallsCase calls_search_cases[];
extern const CallsCase calls_session_cases[];

/* One call in the form of this run, whose last argument is the cancellable. */
#define TRY_CALL(error, function, self, ...)                                                                           \
  (calls_note (#function) ? (function##_async (self, __VA_ARGS__, calls_take_result, NULL),                            \
                             function##_finish (self, calls_await (), error))                                          \
                          : function##_sync (self, __VA_ARGS__, error))

/* The same of a function that is no method. */
#define TRY_CALL_FUNCTION(error, function, ...)                                                                        \
  (calls_note (#function)                                                                                              \
       ? (function##_async (__VA_ARGS__, calls_take_result, NULL), function##_finish (calls_await (), error))          \
       : function##_sync (__VA_ARGS__, error))

#define CALLS_NO_ERROR(try_call, ...)                                                                                  \
  G_GNUC_EXTENSION ({                                                                                                  \
    GError *error_ = NULL;                                                                                             \
    __typeof__ (try_call (&error_, __VA_ARGS__)) value_ = try_call (&error_, __VA_ARGS__);                             \
                                                                                                                       \
    g_assert_no_error (error_);                                                                                        \
    value_;                                                                                                            \
  })

/* Those that may not fail. */
#define CALL(...) CALLS_NO_ERROR (TRY_CALL, __VA_ARGS__)
#define CALL_FUNCTION(...) CALLS_NO_ERROR (TRY_CALL_FUNCTION, __VA_ARGS__)

gboolean calls_is_async (void);
/* Whether the call is to be asynchronous. */
gboolean calls_note (const char *function);
void calls_take_result (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *calls_await (void);

#define calls_wait_until(condition)                                                                                    \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const gint64 end_ = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;                                                 \
                                                                                                                       \
    while (!(condition))                                                                                               \
      {                                                                                                                \
        g_assert_cmpint (g_get_monotonic_time (), <, end_);                                                            \
        if (!g_main_context_iteration (NULL, FALSE))                                                                   \
          g_usleep (5000);                                                                                             \
      }                                                                                                                \
  }                                                                                                                    \
  G_STMT_END

/* For this platform, which the default kubeconfig tells. */
DevboxClient *calls_make_client (void);
DevboxInstanceSpec *calls_make_spec (const char *name);
DevboxInstance *calls_make_box (DevboxClient *client, const char *name); /* when it is ready */
/* A name that no other devbox of this run has. */
char *calls_make_name (const char *word);

GBytes *calls_make_bytes (const char *text);
DevboxCommand *calls_make_shell (const char *line);
void calls_write (Calls *self, const char *path, const char *text);
/* Takes what there is. */
void calls_assert_text (GBytes *bytes, const char *text);
void calls_assert_recent (GDateTime *time);
/* What a shell line of the shared devbox says. */
char *calls_say (Calls *self, const char *line);

/* The item itself, which the model keeps alive. */
gpointer calls_peek_item (gpointer model, guint position);
gpointer calls_find_item (gpointer model, const char *property, const char *value);

/* Names of properties and what they are: that they are all, and that each is so. */
void calls_assert_properties (gpointer object, const char *first_name, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
