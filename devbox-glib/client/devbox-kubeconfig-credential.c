/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-kubeconfig-credential-private.h"

#include "devbox-error-private.h"
#include "devbox-secret-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define BEARER "Bearer "
/* Beside it a platform takes some other headers, 64 KiB in all. */
#define MAX_AUTHORIZATION (60 * 1024)
/* Token files change under programs that run for long. */
#define TOKEN_FILE_LIFETIME_US (60 * G_USEC_PER_SEC)

struct _DevboxKubeconfigCredential
{
  gatomicrefcount ref_count;
  DevboxKubeconfigParts *parts;
  gboolean is_bare_token;

  GMutex mutex;
  DevboxCredential credential;
  gint64 token_due; /* monotonic: when its file is to be read again */
  DevboxTlsSettings *tls_settings;
  GPtrArray *waiting; /* the authentications for which the credential is being renewed; NULL: it is not */
};

DevboxKubeconfigCredential *
devbox_kubeconfig_credential_new (DevboxKubeconfigParts *parts, GError **error)
{
  g_autoptr (DevboxKubeconfigCredential) self = g_new0 (DevboxKubeconfigCredential, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->parts = parts;
  self->credential = parts->credential;
  parts->credential = (DevboxCredential){ NULL };
  if (parts->token_path != NULL)
    self->token_due = g_get_monotonic_time () + TOKEN_FILE_LIFETIME_US;

  return devbox_kubeconfig_parts_make_tls_settings (parts, &self->credential, &self->tls_settings, error)
             ? g_steal_pointer (&self)
             : NULL;
}

static DevboxKubeconfigCredential *
devbox_kubeconfig_credential_ref (DevboxKubeconfigCredential *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_kubeconfig_credential_unref (DevboxKubeconfigCredential *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  devbox_kubeconfig_parts_free (self->parts);
  g_clear_pointer (&self->tls_settings, devbox_tls_settings_unref);
  devbox_credential_clear (&self->credential);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
devbox_kubeconfig_credential_set_is_bare_token (DevboxKubeconfigCredential *self)
{
  self->is_bare_token = TRUE;
}

DevboxTlsSettings *
devbox_kubeconfig_credential_ref_tls_settings (DevboxKubeconfigCredential *self)
{
  DevboxTlsSettings *settings;

  g_mutex_lock (&self->mutex);
  settings = self->tls_settings != NULL ? devbox_tls_settings_ref (self->tls_settings) : NULL;
  g_mutex_unlock (&self->mutex);

  return settings;
}

char *
devbox_kubeconfig_credential_format (DevboxKubeconfigCredential *self)
{
  char *text;

  g_mutex_lock (&self->mutex);
  text = devbox_kubeconfig_parts_format (self->parts, &self->credential);
  g_mutex_unlock (&self->mutex);

  return text;
}

/* So that it can stand in a header. Of a size that is known before: no copy is left behind as it grows. */
static char *
escape (const char *prefix, const char *text)
{
  static const char digits[] = "0123456789ABCDEF";
  char *escaped = g_malloc (strlen (prefix) + 3 * strlen (text) + 1);
  char *end = g_stpcpy (escaped, prefix);

  for (; *text != '\0'; text++)
    {
      if (g_ascii_isalnum (*text) || strchr ("-._~", *text) != NULL)
        *end++ = *text;
      else
        {
          *end++ = '%';
          *end++ = digits[(guchar) *text >> 4];
          *end++ = digits[(guchar) *text & 0x0f];
        }
    }
  *end = '\0';

  return escaped;
}

/* With the mutex locked. */
static char *
make_authorization (DevboxKubeconfigCredential *self, DevboxAuthorizationForm form, GError **error)
{
  const char *prefix = form == DEVBOX_AUTHORIZATION_FORM_BEARER ? BEARER : "";
  g_autoptr (DevboxSecret) text = NULL;
  g_autoptr (DevboxSecret) authorization = NULL;

  if (self->is_bare_token && form == DEVBOX_AUTHORIZATION_FORM_BEARER)
    return g_strconcat (BEARER, self->credential.token, NULL);

  text = devbox_kubeconfig_parts_format (self->parts, &self->credential);
  authorization = escape (prefix, text);
  if (strlen (authorization) > MAX_AUTHORIZATION)
    {
      devbox_error_set (error, DEVBOX_ERROR_INVALID_KUBECONFIG, NULL, "%s",
                        _ ("This context of the kubeconfig is too large for a header"));
      return NULL;
    }

  return g_steal_pointer (&authorization);
}

/* With the mutex locked. */
static gboolean
is_fresh (DevboxKubeconfigCredential *self)
{
  if (self->parts->plugin != NULL)
    return self->credential.expiry > g_get_real_time ();

  return self->parts->token_path == NULL || g_get_monotonic_time () < self->token_due;
}

/* Blocks. */
static gboolean
load_credential (DevboxKubeconfigCredential *self, DevboxCredential *credential, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (self->parts->plugin == NULL)
    {
      credential->token = devbox_kubeconfig_load_token (self->parts->token_path, NULL, error);
      return credential->token != NULL;
    }

  if (devbox_exec_plugin_run (self->parts->plugin, credential, &cause))
    return TRUE;
  devbox_error_set (error, DEVBOX_ERROR_INVALID_KUBECONFIG, &(DevboxErrorDetails){ .cause = cause },
                    /* Translators: the name of a user, and why there is no credential */
                    _ ("There is no credential for the user “%s”: %s"), self->parts->user, cause->message);
  return FALSE;
}

/* With the mutex locked. Takes what the credential holds. */
static gboolean
replace_credential (DevboxKubeconfigCredential *self, DevboxCredential *credential, GError **error)
{
  if (self->parts->plugin != NULL && credential->certificate != NULL
      && g_strcmp0 (credential->certificate, self->credential.certificate) != 0)
    {
      g_autoptr (GError) cause = NULL;
      DevboxTlsSettings *settings;

      if (!devbox_kubeconfig_parts_make_tls_settings (self->parts, credential, &settings, &cause))
        {
          devbox_error_set (error, DEVBOX_ERROR_INVALID_KUBECONFIG, &(DevboxErrorDetails){ .cause = cause },
                            /* Translators: the name of a user, and why there is no credential */
                            _ ("There is no credential for the user “%s”: %s"), self->parts->user, cause->message);
          return FALSE;
        }
      g_clear_pointer (&self->tls_settings, devbox_tls_settings_unref);
      self->tls_settings = settings;
    }

  if (self->parts->plugin == NULL)
    {
      /* A client certificate beside the file of the token stays. */
      devbox_secret_free (self->credential.token);
      self->credential.token = g_steal_pointer (&credential->token);
      self->token_due = g_get_monotonic_time () + TOKEN_FILE_LIFETIME_US;
      return TRUE;
    }

  devbox_credential_clear (&self->credential);
  self->credential = *credential;
  *credential = (DevboxCredential){ NULL };
  return TRUE;
}

/* Blocks. */
static gboolean
renew_credential (DevboxKubeconfigCredential *self, GError **error)
{
  DevboxCredential credential = { NULL };
  gboolean is_renewed = load_credential (self, &credential, error);

  if (is_renewed)
    {
      g_mutex_lock (&self->mutex);
      is_renewed = replace_credential (self, &credential, error);
      g_mutex_unlock (&self->mutex);
    }
  devbox_credential_clear (&credential);

  return is_renewed;
}

gboolean
devbox_kubeconfig_credential_is_known (DevboxKubeconfigCredential *self)
{
  gboolean has_credential;

  g_mutex_lock (&self->mutex);
  has_credential = is_fresh (self);
  g_mutex_unlock (&self->mutex);

  return has_credential;
}

char *
devbox_kubeconfig_credential_dup_authorization (DevboxKubeconfigCredential *self,
                                                DevboxAuthorizationForm form,
                                                GError **error)
{
  char *authorization;

  if (!devbox_kubeconfig_credential_is_known (self) && !renew_credential (self, error))
    return NULL;

  g_mutex_lock (&self->mutex);
  authorization = make_authorization (self, form, error);
  g_mutex_unlock (&self->mutex);

  return authorization;
}

char **
devbox_kubeconfig_credential_dup_secrets (DevboxKubeconfigCredential *self)
{
  GPtrArray *secrets = g_ptr_array_new ();
  const DevboxCredential *credential = &self->credential;

  /* Those that a text may hold come after it. */
  g_mutex_lock (&self->mutex);
  if (credential->key != NULL)
    g_ptr_array_add (secrets, g_base64_encode ((const guchar *) credential->key, strlen (credential->key)));
  if (credential->key != NULL)
    g_ptr_array_add (secrets, g_strdup (credential->key));
  if (credential->token != NULL)
    g_ptr_array_add (secrets, g_strdup (credential->token));
  if (self->parts->password != NULL)
    g_ptr_array_add (secrets, g_strdup (self->parts->password));
  g_mutex_unlock (&self->mutex);
  g_ptr_array_add (secrets, NULL);

  return (char **) g_ptr_array_free (secrets, FALSE);
}

/* Takes the authorization. */
static void
end (DevboxAuthentication *run, char *authorization, const GError *error)
{
  if (authorization != NULL)
    devbox_authentication_complete (run, authorization);
  else
    devbox_authentication_fail (run, error);

  devbox_secret_free (authorization);
}

/* In a thread of its own. */
static gpointer
renew_for_all (gpointer data)
{
  g_autoptr (DevboxKubeconfigCredential) self = data;
  g_autoptr (GPtrArray) waiting = NULL;
  g_autoptr (GError) problem = NULL;
  gboolean is_renewed = renew_credential (self, &problem);

  g_mutex_lock (&self->mutex);
  waiting = g_steal_pointer (&self->waiting);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < waiting->len; i++)
    {
      DevboxAuthentication *run = g_ptr_array_index (waiting, i);
      g_autoptr (GError) error = problem != NULL ? g_error_copy (problem) : NULL;
      char *authorization = NULL;

      if (is_renewed)
        {
          g_mutex_lock (&self->mutex);
          authorization = make_authorization (self, devbox_authentication_get_form (run), &error);
          g_mutex_unlock (&self->mutex);
        }
      end (run, authorization, error);
    }

  return NULL;
}

void
devbox_kubeconfig_credential_tell (DevboxKubeconfigCredential *self, DevboxAuthentication *run)
{
  g_autoptr (GError) error = NULL;
  char *authorization = NULL;
  gboolean has_answer;
  gboolean is_first = FALSE;

  g_mutex_lock (&self->mutex);
  has_answer = is_fresh (self);
  if (has_answer)
    authorization = make_authorization (self, devbox_authentication_get_form (run), &error);
  else
    {
      is_first = self->waiting == NULL;
      if (is_first)
        self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (self->waiting, g_object_ref (run));
    }
  g_mutex_unlock (&self->mutex);

  if (has_answer)
    end (run, authorization, error);
  else if (is_first)
    g_thread_unref (g_thread_new ("devbox-credential", renew_for_all, devbox_kubeconfig_credential_ref (self)));
}
