/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kubeconfigs, and the other ways to be let in. */
#include "calls.h"

#include <string.h>

static const char text[] = "current-context: x\n"
                           "clusters: [{name: c, cluster: {server: \"http://127.0.0.1:1\"}}]\n"
                           "contexts: [{name: x, context: {cluster: c, user: u, namespace: n}}, "
                           "{name: y, context: {cluster: c, user: v}}]\n"
                           "users: [{name: u, user: {token: t}}, {name: v, user: {token: t}}]\n";

static void
check_kubeconfig (DevboxKubeconfig *kubeconfig, const char *context, const char *user, const char *namespace)
{
  const char *const *contexts = devbox_kubeconfig_get_contexts (kubeconfig);

  calls_assert_properties (kubeconfig, "context", context, "contexts", contexts, "cluster", "c", "user", user,
                           "namespace", namespace, "server", "http://127.0.0.1:1", "base-url",
                           devbox_kubeconfig_get_base_url (kubeconfig), NULL);
  g_assert_cmpstr (devbox_kubeconfig_get_context (kubeconfig), ==, context);
  g_assert_cmpstr (devbox_kubeconfig_get_cluster (kubeconfig), ==, "c");
  g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, user);
  g_assert_cmpstr (devbox_kubeconfig_get_namespace (kubeconfig), ==, namespace);
  g_assert_cmpstr (devbox_kubeconfig_get_server (kubeconfig), ==, "http://127.0.0.1:1");
}

static void
test_load (Calls *self)
{
  static const char *const both[] = { "x", "y", NULL };
  static const char *const one[] = { "x", NULL };
  const DevboxKubeconfigFlags flags = DEVBOX_KUBECONFIG_FLAGS_NONE;
  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (DevboxKubeconfig) first = NULL;
  g_autoptr (DevboxKubeconfig) second = NULL;
  g_autoptr (DevboxKubeconfig) of_first = NULL;
  g_autoptr (DevboxKubeconfig) again = NULL;
  g_autoptr (GBytes) written = NULL;
  g_autoptr (GError) error = NULL;

  file = g_file_new_tmp ("devbox-calls-XXXXXX", &stream, &error);
  g_assert_no_error (error);
  g_file_replace_contents (file, text, strlen (text), NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL, &error);
  g_assert_no_error (error);

  first = CALL_FUNCTION (devbox_kubeconfig_load_file, file, NULL, flags, NULL);
  check_kubeconfig (first, "x", "u", "n");
  g_assert_cmpstrv (devbox_kubeconfig_get_contexts (first), both);
  second = CALL_FUNCTION (devbox_kubeconfig_load_file, file, "y", flags, NULL);
  check_kubeconfig (second, "y", "v", devbox_kubeconfig_get_namespace (second));
  of_first = devbox_kubeconfig_with_context (first, "y", &error);
  g_assert_no_error (error);
  check_kubeconfig (of_first, "y", "v", devbox_kubeconfig_get_namespace (second));
  written = devbox_kubeconfig_to_bytes (first);
  again = devbox_kubeconfig_new_from_bytes (written, &error);
  g_assert_no_error (error);
  check_kubeconfig (again, "x", "u", "n");
  g_assert_cmpstrv (devbox_kubeconfig_get_contexts (again), one);

  g_assert_null (TRY_CALL_FUNCTION (&error, devbox_kubeconfig_load_file, file, "z", flags, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INVALID_KUBECONFIG);
  g_assert_true (g_file_delete (file, NULL, NULL));
}

static void
note_property (GObject *object, GParamSpec *pspec, gpointer data)
{
  g_ptr_array_add (data, g_strdup (pspec->name));
}

static void
assert_told (GPtrArray *told, const char *name)
{
  g_assert_cmpuint (told->len, ==, 1);
  g_assert_cmpstr (told->pdata[0], ==, name);
  g_ptr_array_set_size (told, 0);
}

static void
test_default (Calls *self)
{
  g_autoptr (DevboxKubeconfig) kubeconfig
      = CALL_FUNCTION (devbox_kubeconfig_load_default, NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, NULL);
  g_autoptr (DevboxKubeconfig) wrong = NULL;
  g_autoptr (DevboxKubeconfig) used = NULL;
  g_autoptr (DevboxClient) client = devbox_client_new ();
  g_autoptr (GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (devbox_kubeconfig_get_context (kubeconfig), ==, "admin@devbox-platform");
  g_assert_cmpstr (devbox_kubeconfig_get_namespace (kubeconfig), ==, "ns-admin");
  g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, "admin");
  g_assert_cmpstr (devbox_kubeconfig_get_base_url (kubeconfig), ==, devbox_kubeconfig_get_server (kubeconfig));

  g_signal_connect (client, "notify", G_CALLBACK (note_property), told);
  g_assert_null (devbox_client_dup_kubeconfig (client));
  devbox_client_set_kubeconfig (client, kubeconfig);
  assert_told (told, "kubeconfig");
  used = devbox_client_dup_kubeconfig (client);
  g_assert_true (used == kubeconfig);
  g_assert_true (CALL (devbox_client_test_auth, client, NULL));

  wrong = devbox_kubeconfig_new_for_token (devbox_kubeconfig_get_base_url (kubeconfig), "wrong", &error);
  g_assert_no_error (error);
  devbox_client_set_kubeconfig (client, wrong);
  assert_told (told, "kubeconfig");
  g_assert_false (TRY_CALL (&error, devbox_client_test_auth, client, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_AUTHENTICATION_FAILED);
  devbox_client_set_kubeconfig (client, kubeconfig);
  g_assert_true (CALL (devbox_client_test_auth, client, NULL));
  devbox_client_close (client);
}

/* A program that says nothing gets the default kubeconfig. */
static void
test_nothing_said (Calls *self)
{
  g_autoptr (DevboxClient) client = devbox_client_new ();
  g_autoptr (DevboxKubeconfig) used = NULL;

  g_assert_true (CALL (devbox_client_test_auth, client, NULL));
  used = devbox_client_dup_kubeconfig (client);
  g_assert_cmpstr (devbox_kubeconfig_get_user (used), ==, "admin");
  devbox_client_close (client);
}

/* One that does not know what it is for. */
#define TYPE_STRANGER (stranger_get_type ())
G_DECLARE_FINAL_TYPE (Stranger, stranger, CALLS, STRANGER, GObject)

struct _Stranger
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (Stranger,
                               stranger,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DEVBOX_TYPE_AUTHENTICATOR, NULL))

static void
stranger_class_init (StrangerClass *klass)
{
}

static void
stranger_init (Stranger *self)
{
}

static void
test_not_implemented (Calls *self)
{
  g_autoptr (DevboxAuthenticator) stranger = g_object_new (TYPE_STRANGER, NULL);
  g_autoptr (DevboxErrorInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  devbox_client_set_authenticator (self->client, stranger);
  g_assert_false (TRY_CALL (&error, devbox_client_test_auth, self->client, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_AUTHENTICATION_FAILED);
  info = devbox_error_info_from_error (error);
  g_assert_error (devbox_error_info_get_cause (info), G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* What an own authenticator was asked; it answers with the text of a kubeconfig. */
#define TYPE_GUARD (guard_get_type ())
G_DECLARE_FINAL_TYPE (Guard, guard, CALLS, GUARD, GObject)

struct _Guard
{
  GObject parent_instance;
  char *answer;
  char *base_url;
  DevboxAuthorizationForm form;
  int n_asked;
};

static void
guard_authenticate (DevboxAuthenticator *authenticator, DevboxAuthentication *run)
{
  Guard *self = CALLS_GUARD (authenticator);

  self->n_asked++;
  self->form = devbox_authentication_get_form (run);
  g_free (self->base_url);
  self->base_url = g_strdup (devbox_authentication_get_base_url (run));
  calls_assert_properties (run, "base-url", self->base_url, "form", self->form, "cancellable",
                           devbox_authentication_get_cancellable (run), NULL);
  if (self->answer != NULL)
    {
      devbox_authentication_complete (run, self->answer);
    }
  else
    {
      g_autoptr (GError) error = g_error_new_literal (DEVBOX_ERROR, DEVBOX_ERROR_TOKEN_EXPIRED, "Not today");

      devbox_authentication_fail (run, error);
    }
}

static void
guard_interface_init (DevboxAuthenticatorInterface *interface)
{
  interface->authenticate = guard_authenticate;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (Guard,
                               guard,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DEVBOX_TYPE_AUTHENTICATOR, guard_interface_init))

static void
guard_finalize (GObject *object)
{
  Guard *self = CALLS_GUARD (object);

  g_free (self->answer);
  g_free (self->base_url);

  G_OBJECT_CLASS (guard_parent_class)->finalize (object);
}

static void
guard_class_init (GuardClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = guard_finalize;
}

static void
guard_init (Guard *self)
{
}

static void
test_authenticator (Calls *self)
{
  g_autoptr (DevboxKubeconfig) kubeconfig = devbox_client_dup_kubeconfig (self->client);
  g_autoptr (GBytes) bytes = devbox_kubeconfig_to_bytes (kubeconfig);
  g_autofree char *credential = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *escaped = g_uri_escape_string (credential, NULL, FALSE);
  const char *base_url = devbox_kubeconfig_get_base_url (kubeconfig);
  g_autoptr (Guard) guard = g_object_new (TYPE_GUARD, NULL);
  g_autoptr (DevboxClient) client = devbox_client_new ();
  g_autoptr (DevboxAuthenticator) used = NULL;
  g_autoptr (GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *used_url = NULL;

  g_signal_connect (client, "notify", G_CALLBACK (note_property), told);
  devbox_client_set_base_url (client, base_url);
  assert_told (told, "base-url");
  used_url = devbox_client_dup_base_url (client);
  g_assert_cmpstr (used_url, ==, base_url);
  devbox_client_set_authenticator (client, DEVBOX_AUTHENTICATOR (guard));
  assert_told (told, "authenticator");
  used = devbox_client_dup_authenticator (client);
  g_assert_true (used == DEVBOX_AUTHENTICATOR (guard));

  g_assert_false (TRY_CALL (&error, devbox_client_test_auth, client, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_TOKEN_EXPIRED);
  g_assert_cmpstr (guard->base_url, ==, base_url);
  g_assert_cmpint (guard->form, ==, DEVBOX_AUTHORIZATION_FORM_PLAIN);

  guard->answer = g_strdup (escaped);
  g_assert_true (CALL (devbox_client_test_auth, client, NULL));
  devbox_client_set_authorization_form (client, DEVBOX_AUTHORIZATION_FORM_BEARER);
  assert_told (told, "authorization-form");
  g_assert_cmpint (devbox_client_get_authorization_form (client), ==, DEVBOX_AUTHORIZATION_FORM_BEARER);
  g_free (guard->answer);
  guard->answer = g_strconcat ("Bearer ", escaped, NULL);
  g_assert_true (CALL (devbox_client_test_auth, client, NULL));
  g_assert_cmpint (guard->form, ==, DEVBOX_AUTHORIZATION_FORM_BEARER);
  g_assert_cmpint (guard->n_asked, >=, 2);

  devbox_client_set_authenticator (client, NULL);
  assert_told (told, "authenticator");
  g_assert_null (devbox_client_dup_authenticator (client));
  devbox_client_close (client);
}

const CallsCase calls_kubeconfig_cases[] = {
  { "kubeconfig/load", test_load },
  { "kubeconfig/default", test_default },
  { "kubeconfig/nothing-said", test_nothing_said },
  { "kubeconfig/authenticator", test_authenticator },
  { "kubeconfig/not-implemented", test_not_implemented },
  { NULL },
};
