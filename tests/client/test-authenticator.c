/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-authentication-private.h"
#include "devbox-error-info.h"
#include "devbox-kubeconfig-private.h"
#include "devbox-secret-private.h"

#include <glib/gstdio.h>

#define BASE_URL "https://devbox.example"

typedef enum
{
  AT_ONCE,
  IN_THREAD,
  NEVER,
  FORGOTTEN,
  TWICE,
  FAILED,
  FAILED_OTHERWISE,
  MALFORMED,
} Behaviour;

/* An authenticator that does as it is told. */
#define TEST_TYPE_AUTHENTICATOR (test_authenticator_get_type ())
G_DECLARE_FINAL_TYPE (TestAuthenticator, test_authenticator, TEST, AUTHENTICATOR, GObject)

struct _TestAuthenticator
{
  GObject parent_instance;

  Behaviour behaviour;
  DevboxAuthentication *kept;
  GThread *caller;
};

static void test_authenticator_interface_init (DevboxAuthenticatorInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestAuthenticator,
                               test_authenticator,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DEVBOX_TYPE_AUTHENTICATOR, test_authenticator_interface_init))

static gpointer
complete_later (gpointer data)
{
  g_autoptr (DevboxAuthentication) run = data;

  g_usleep (20 * 1000);
  devbox_authentication_complete (run, "later");
  return NULL;
}

static void
test_authenticator_authenticate (DevboxAuthenticator *authenticator, DevboxAuthentication *run)
{
  TestAuthenticator *self = TEST_AUTHENTICATOR (authenticator);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (devbox_authentication_get_base_url (run), ==, BASE_URL);
  g_assert_cmpint (devbox_authentication_get_form (run), ==, DEVBOX_AUTHORIZATION_FORM_BEARER);
  g_assert_nonnull (devbox_authentication_get_cancellable (run));
  self->caller = g_thread_self ();
  switch (self->behaviour)
    {
    case AT_ONCE:
      devbox_authentication_complete (run, "Bearer token");
      break;
    case IN_THREAD:
      g_thread_unref (g_thread_new ("later", complete_later, g_object_ref (run)));
      break;
    case NEVER:
      g_set_object (&self->kept, run);
      break;
    case TWICE:
      devbox_authentication_complete (run, "first");
      devbox_authentication_complete (run, "second");
      break;
    case FAILED:
      error = devbox_error_new (DEVBOX_ERROR_TOKEN_EXPIRED, NULL, "no more");
      devbox_authentication_fail (run, error);
      break;
    case FAILED_OTHERWISE:
      error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no keyring");
      devbox_authentication_fail (run, error);
      break;
    case MALFORMED:
      devbox_authentication_complete (run, "a\r\nX-Evil: 1");
      break;
    case FORGOTTEN:
    default:
      break;
    }
}

static void
test_authenticator_interface_init (DevboxAuthenticatorInterface *interface)
{
  interface->authenticate = test_authenticator_authenticate;
}

static void
test_authenticator_finalize (GObject *object)
{
  g_clear_object (&TEST_AUTHENTICATOR (object)->kept);

  G_OBJECT_CLASS (test_authenticator_parent_class)->finalize (object);
}

static void
test_authenticator_class_init (TestAuthenticatorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_authenticator_finalize;
}

static void
test_authenticator_init (TestAuthenticator *self)
{
}

/* What somebody who waits is told. */
typedef struct
{
  char *authorization;
  GError *error;
  guint n_calls;
  GThread *thread;
} Answer;

static void
answer_clear (Answer *self)
{
  g_free (self->authorization);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static void
answered_cb (char *authorization, GError *error, gpointer data)
{
  Answer *self = data;

  self->authorization = authorization;
  self->error = error;
  self->n_calls++;
  self->thread = g_thread_self ();
}

static gint64
after_ms (guint ms)
{
  return g_get_monotonic_time () + ms * 1000;
}

static DevboxAuthenticationGroup *group;

static void
ask (DevboxAuthenticator *authenticator, gboolean blocks, guint time_limit, GCancellable *cancellable, Answer *answer)
{
  gint64 deadline = time_limit != 0 ? after_ms (time_limit) : 0;

  if (blocks)
    answer->authorization = devbox_authentication_wait (
        group, authenticator, BASE_URL, DEVBOX_AUTHORIZATION_FORM_BEARER, deadline, cancellable, &answer->error);
  else
    {
      devbox_authentication_start (group, authenticator, BASE_URL, DEVBOX_AUTHORIZATION_FORM_BEARER, deadline,
                                   cancellable, answered_cb, answer);
      while (answer->n_calls == 0)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpuint (answer->n_calls, ==, 1);
      g_assert_true (answer->thread == g_thread_self ());
    }
  g_assert_true ((answer->authorization == NULL) != (answer->error == NULL));
}

static void
check_behaviours (gboolean blocks)
{
  static const struct
  {
    Behaviour behaviour;
    const char *authorization; /* else: */
    int code;
  } cases[] = {
    { AT_ONCE, "Bearer token", 0 },
    { IN_THREAD, "later", 0 },
    { TWICE, "first", 0 },
    { FORGOTTEN, NULL, DEVBOX_ERROR_AUTHENTICATION_FAILED },
    { FAILED, NULL, DEVBOX_ERROR_TOKEN_EXPIRED },
    { FAILED_OTHERWISE, NULL, DEVBOX_ERROR_AUTHENTICATION_FAILED },
    { MALFORMED, NULL, DEVBOX_ERROR_VALIDATION_ERROR },
    { NEVER, NULL, DEVBOX_ERROR_OPERATION_TIMEOUT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TestAuthenticator *authenticator = g_object_new (TEST_TYPE_AUTHENTICATOR, NULL);
      g_auto (Answer) answer = { NULL };

      authenticator->behaviour = cases[i].behaviour;
      ask (DEVBOX_AUTHENTICATOR (authenticator), blocks, cases[i].behaviour == NEVER ? 30 : 10000, NULL, &answer);
      g_assert_true (authenticator->caller == g_thread_self ());
      g_assert_cmpstr (answer.authorization, ==, cases[i].authorization);
      if (cases[i].authorization == NULL)
        g_assert_error (answer.error, DEVBOX_ERROR, cases[i].code);
      /* It is too late. */
      if (authenticator->kept != NULL)
        devbox_authentication_complete (authenticator->kept, "too late");
      g_assert_finalize_object (authenticator);
    }
}

static void
test_async (void)
{
  check_behaviours (FALSE);
}

static void
test_blocking (void)
{
  check_behaviours (TRUE);
}

static gpointer
cancel_later (gpointer data)
{
  g_usleep (20 * 1000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancel (void)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (TestAuthenticator) authenticator = g_object_new (TEST_TYPE_AUTHENTICATOR, NULL);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_auto (Answer) answer = { NULL };
      gboolean before = i >= 2;
      GThread *thread = NULL;

      authenticator->behaviour = NEVER;
      if (before)
        g_cancellable_cancel (cancellable);
      else
        thread = g_thread_new ("cancel", cancel_later, cancellable);
      ask (DEVBOX_AUTHENTICATOR (authenticator), i % 2 == 0, 0, cancellable, &answer);
      g_assert_error (answer.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_true (g_cancellable_is_cancelled (devbox_authentication_get_cancellable (authenticator->kept)));
      g_clear_pointer (&thread, g_thread_join);
    }
}

static gpointer
close_later (gpointer data)
{
  g_usleep (20 * 1000);
  devbox_authentication_group_close (data);
  return NULL;
}

/* All who wait end with their client, of which the authenticator is told, and nobody is asked any more. */
static void
test_close (void)
{
  for (guint i = 0; i < 2; i++)
    {
      gboolean blocks = i == 1;
      g_autoptr (TestAuthenticator) authenticator = g_object_new (TEST_TYPE_AUTHENTICATOR, NULL);
      DevboxAuthenticationGroup *others = g_steal_pointer (&group);
      GThread *thread;
      g_auto (Answer) answer = { NULL };
      g_auto (Answer) late_answer = { NULL };

      group = devbox_authentication_group_new ();
      authenticator->behaviour = NEVER;
      thread = g_thread_new ("close", close_later, group);
      ask (DEVBOX_AUTHENTICATOR (authenticator), blocks, 10000, NULL, &answer);
      g_assert_error (answer.error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
      g_thread_join (thread);
      g_assert_true (g_cancellable_is_cancelled (devbox_authentication_get_cancellable (authenticator->kept)));
      g_clear_object (&authenticator->kept);

      ask (DEVBOX_AUTHENTICATOR (authenticator), blocks, 10000, NULL, &late_answer);
      g_assert_error (late_answer.error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
      g_assert_null (authenticator->kept);

      devbox_authentication_group_free (group);
      group = others;
    }
}

/* Whoever waits is told even when his context goes, and a late end does no harm. */
static void
test_context_goes (void)
{
  GMainContext *context = g_main_context_new ();
  g_autoptr (TestAuthenticator) authenticator = g_object_new (TEST_TYPE_AUTHENTICATOR, NULL);
  g_auto (Answer) answer = { NULL };

  authenticator->behaviour = NEVER;
  g_main_context_push_thread_default (context);
  devbox_authentication_start (group, DEVBOX_AUTHENTICATOR (authenticator), BASE_URL, DEVBOX_AUTHORIZATION_FORM_BEARER,
                               0, NULL, answered_cb, &answer);
  g_main_context_pop_thread_default (context);
  g_assert_cmpuint (answer.n_calls, ==, 0);
  devbox_authentication_complete (authenticator->kept, "in time");
  g_main_context_iteration (context, FALSE);
  g_assert_cmpstr (answer.authorization, ==, "in time");
  g_main_context_unref (context);

  context = g_main_context_new ();
  answer_clear (&answer);
  answer = (Answer){ NULL };
  g_main_context_push_thread_default (context);
  devbox_authentication_start (group, DEVBOX_AUTHENTICATOR (authenticator), BASE_URL, DEVBOX_AUTHORIZATION_FORM_BEARER,
                               0, NULL, answered_cb, &answer);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  devbox_authentication_complete (authenticator->kept, "late");
  g_assert_cmpuint (answer.n_calls, ==, 1);
  g_assert_cmpstr (answer.authorization, ==, "late");
}

/* A kubeconfig whose credential comes from a program asks it once for all who wait, and stalls none of them. */
static void
test_plugin (void)
{
  g_autofree char *folder = g_dir_make_tmp ("devbox-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "config", NULL);
  g_autofree char *runs_path = g_build_filename (folder, "runs", NULL);
  g_autofree char *text = g_strdup_printf (
      "{current-context: x, contexts: [{name: x, context: {user: u}}], users: [{name: u, user: {exec: {command: sh, "
      "apiVersion: client.authentication.k8s.io/v1, args: [-c, 'echo run >> %s; sleep 0.1; echo "
      "''{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"t\"}}'"
      "'']}}}]}",
      runs_path);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;
  DevboxKubeconfig *kubeconfig;
  Answer answers[5] = { { NULL } };
  g_autofree char *runs = NULL;
  gint64 start;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  kubeconfig = devbox_kubeconfig_load_file_sync (file, NULL, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, NULL, &error);
  g_assert_no_error (error);

  start = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    devbox_authentication_start (group, DEVBOX_AUTHENTICATOR (kubeconfig), BASE_URL, DEVBOX_AUTHORIZATION_FORM_PLAIN,
                                 after_ms (10000), NULL, answered_cb, &answers[i]);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 90 * 1000);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      while (answers[i].n_calls == 0)
        g_main_context_iteration (NULL, TRUE);
      g_assert_no_error (answers[i].error);
      g_assert_true (g_str_has_prefix (answers[i].authorization, "apiVersion%3A%20v1"));
      answer_clear (&answers[i]);
    }
  /* Now it is known. */
  answers[0] = (Answer){ NULL };
  devbox_authentication_start (group, DEVBOX_AUTHENTICATOR (kubeconfig), BASE_URL, DEVBOX_AUTHORIZATION_FORM_BEARER,
                               after_ms (10000), NULL, answered_cb, &answers[0]);
  g_assert_cmpuint (answers[0].n_calls, ==, 1);
  g_assert_true (g_str_has_prefix (answers[0].authorization, "Bearer apiVersion%3A%20v1"));
  answer_clear (&answers[0]);

  g_assert_true (g_file_get_contents (runs_path, &runs, NULL, NULL));
  g_assert_cmpstr (runs, ==, "run\n");
  g_object_unref (kubeconfig);
  g_remove (path);
  g_remove (runs_path);
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  group = devbox_authentication_group_new ();

  g_test_add_func ("/client/authenticator/async", test_async);
  g_test_add_func ("/client/authenticator/blocking", test_blocking);
  g_test_add_func ("/client/authenticator/cancel", test_cancel);
  g_test_add_func ("/client/authenticator/close", test_close);
  g_test_add_func ("/client/authenticator/context-goes", test_context_goes);
  g_test_add_func ("/client/authenticator/plugin", test_plugin);

  status = g_test_run ();
  devbox_authentication_group_free (group);

  return status;
}
