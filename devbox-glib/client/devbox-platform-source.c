/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-source-private.h"

#include "devbox-authentication-private.h"
#include "devbox-error-private.h"
#include "devbox-kubeconfig-private.h"
#include "devbox-secret-private.h"

#define DEFAULT_BASE_URL "https://api.sealos.io"

struct _DevboxPlatformSource
{
  gatomicrefcount ref_count;
  DevboxClientSettings *settings;
  DevboxAuthenticationGroup *authentications;

  GMutex mutex;
  char *base_url; /* NULL: the kubeconfig's */
  DevboxAuthorizationForm form;
  DevboxKubeconfig *kubeconfig;
  DevboxAuthenticator *authenticator; /* instead of the kubeconfig */
  guint n_changes;
};

/* What holds for one call. */
typedef struct
{
  char *base_url;
  DevboxAuthorizationForm form;
  DevboxKubeconfig *kubeconfig;
  DevboxAuthenticator *authenticator;
  guint n_changes;
} Terms;

static void
terms_clear (Terms *terms)
{
  g_clear_pointer (&terms->base_url, g_free);
  g_clear_object (&terms->kubeconfig);
  g_clear_object (&terms->authenticator);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Terms, terms_clear)

DevboxPlatformSource *
devbox_platform_source_new (DevboxClientSettings *settings)
{
  DevboxPlatformSource *self = g_new0 (DevboxPlatformSource, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->settings = devbox_client_settings_ref (settings);
  self->authentications = devbox_authentication_group_new ();

  return self;
}

DevboxPlatformSource *
devbox_platform_source_ref (DevboxPlatformSource *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_platform_source_unref (DevboxPlatformSource *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_object (&self->kubeconfig);
  g_clear_object (&self->authenticator);
  g_free (self->base_url);
  g_mutex_clear (&self->mutex);
  devbox_client_settings_unref (self->settings);
  devbox_authentication_group_free (self->authentications);
  g_free (self);
}

void
devbox_platform_source_close (DevboxPlatformSource *self)
{
  devbox_authentication_group_close (self->authentications);
}

/* What was made of the old terms no longer holds. */
static gboolean
end_change (DevboxPlatformSource *self, gboolean has_changed)
{
  if (has_changed)
    {
      self->n_changes++;
      devbox_client_settings_set_platform (self->settings, NULL);
    }
  g_mutex_unlock (&self->mutex);

  return has_changed;
}

gboolean
devbox_platform_source_set_base_url (DevboxPlatformSource *self, const char *base_url)
{
  gboolean has_changed;

  g_mutex_lock (&self->mutex);
  has_changed = g_strcmp0 (self->base_url, base_url) != 0;
  if (has_changed)
    {
      g_free (self->base_url);
      self->base_url = g_strdup (base_url);
    }

  return end_change (self, has_changed);
}

gboolean
devbox_platform_source_set_form (DevboxPlatformSource *self, DevboxAuthorizationForm form)
{
  gboolean has_changed;

  g_mutex_lock (&self->mutex);
  has_changed = self->form != form;
  self->form = form;

  return end_change (self, has_changed);
}

/* The object that goes is released when nothing is locked. */
static gboolean
set_object (DevboxPlatformSource *self, gpointer *place, gpointer object)
{
  g_autoptr (GObject) previous = NULL;
  gboolean has_changed;

  g_mutex_lock (&self->mutex);
  has_changed = *place != object;
  if (has_changed)
    {
      previous = *place;
      *place = object != NULL ? g_object_ref (object) : NULL;
    }

  return end_change (self, has_changed);
}

gboolean
devbox_platform_source_set_kubeconfig (DevboxPlatformSource *self, DevboxKubeconfig *kubeconfig)
{
  return set_object (self, (gpointer *) &self->kubeconfig, kubeconfig);
}

gboolean
devbox_platform_source_set_authenticator (DevboxPlatformSource *self, DevboxAuthenticator *authenticator)
{
  return set_object (self, (gpointer *) &self->authenticator, authenticator);
}

static void
get_terms (DevboxPlatformSource *self, Terms *terms)
{
  g_mutex_lock (&self->mutex);
  terms->base_url = g_strdup (self->base_url);
  terms->form = self->form;
  terms->n_changes = self->n_changes;
  g_set_object (&terms->kubeconfig, self->kubeconfig);
  g_set_object (&terms->authenticator, self->authenticator);
  g_mutex_unlock (&self->mutex);
}

char *
devbox_platform_source_dup_base_url (DevboxPlatformSource *self)
{
  g_auto (Terms) terms = { 0 };

  get_terms (self, &terms);

  return g_steal_pointer (&terms.base_url);
}

DevboxAuthorizationForm
devbox_platform_source_get_form (DevboxPlatformSource *self)
{
  g_auto (Terms) terms = { 0 };

  get_terms (self, &terms);

  return terms.form;
}

DevboxKubeconfig *
devbox_platform_source_ref_kubeconfig (DevboxPlatformSource *self)
{
  g_auto (Terms) terms = { 0 };

  get_terms (self, &terms);

  return g_steal_pointer (&terms.kubeconfig);
}

DevboxAuthenticator *
devbox_platform_source_ref_authenticator (DevboxPlatformSource *self)
{
  g_auto (Terms) terms = { 0 };

  get_terms (self, &terms);

  return g_steal_pointer (&terms.authenticator);
}

DevboxEndpoint *
devbox_platform_source_ref_known (DevboxPlatformSource *self, gboolean last_word_will_do)
{
  gboolean must_ask;

  g_mutex_lock (&self->mutex);
  must_ask = !last_word_will_do
             && (self->authenticator != NULL
                 || (self->kubeconfig != NULL && !devbox_kubeconfig_has_credential (self->kubeconfig)));
  g_mutex_unlock (&self->mutex);

  return must_ask ? NULL : devbox_client_settings_ref_platform (self->settings);
}

/* A kubeconfig's credential goes nowhere but where that kubeconfig says. */
static gboolean
find_base_url (Terms *terms, GError **error)
{
  if (terms->base_url == NULL)
    terms->base_url = terms->kubeconfig != NULL ? devbox_kubeconfig_dup_base_url (terms->kubeconfig, error)
                                                : g_strdup (DEFAULT_BASE_URL);

  return terms->base_url != NULL;
}

/* What the default places hold counts as long as the program has said nothing itself. Takes the kubeconfig. */
static void
take_default_kubeconfig (DevboxPlatformSource *self, Terms *terms, DevboxKubeconfig *kubeconfig)
{
  terms->kubeconfig = kubeconfig;

  g_mutex_lock (&self->mutex);
  if (self->n_changes == terms->n_changes)
    g_set_object (&self->kubeconfig, kubeconfig);
  g_mutex_unlock (&self->mutex);
}

/* Takes the authorization. */
static DevboxEndpoint *
make_platform (DevboxPlatformSource *self, const Terms *terms, char *authorization, GError **error)
{
  DevboxEndpoint *platform = devbox_endpoint_new_with_authorization (terms->base_url, authorization, error);

  devbox_secret_free (authorization);
  if (platform == NULL)
    return NULL;
  if (terms->kubeconfig != NULL)
    {
      devbox_endpoint_take_tls_settings (platform, devbox_kubeconfig_ref_tls_settings (terms->kubeconfig));
      devbox_endpoint_take_secrets (platform, devbox_kubeconfig_dup_secrets (terms->kubeconfig));
    }

  g_mutex_lock (&self->mutex);
  if (self->n_changes == terms->n_changes)
    devbox_client_settings_set_platform (self->settings, platform);
  g_mutex_unlock (&self->mutex);

  return platform;
}

/* One search under way. */
typedef struct
{
  DevboxPlatformSource *source;
  Terms terms;
  gint64 deadline;
  GCancellable *cancellable;
  DevboxPlatformFound found;
  gpointer data;
} Search;

static void
search_end (Search *search, DevboxEndpoint *platform, GError *error)
{
  search->found (platform, error, search->data);

  terms_clear (&search->terms);
  g_clear_object (&search->cancellable);
  devbox_platform_source_unref (search->source);
  g_free (search);
}

static void
authenticated (char *authorization, GError *error, gpointer data)
{
  Search *search = data;
  DevboxEndpoint *platform = NULL;

  if (authorization != NULL)
    platform = make_platform (search->source, &search->terms, authorization, &error);
  search_end (search, platform, error);
}

static DevboxAuthenticator *
get_authenticator (const Terms *terms)
{
  return terms->authenticator != NULL ? terms->authenticator : DEVBOX_AUTHENTICATOR (terms->kubeconfig);
}

static void
authenticate (Search *search)
{
  GError *error = NULL;

  if (find_base_url (&search->terms, &error))
    devbox_authentication_start (search->source->authentications, get_authenticator (&search->terms),
                                 search->terms.base_url, search->terms.form, search->deadline, search->cancellable,
                                 authenticated, search);
  else
    search_end (search, NULL, error);
}

static void
loaded_kubeconfig (GObject *source, GAsyncResult *result, gpointer data)
{
  Search *search = data;
  GError *error = NULL;
  DevboxKubeconfig *kubeconfig = devbox_kubeconfig_load_default_finish (result, &error);

  if (kubeconfig == NULL)
    {
      search_end (search, NULL, error);
      return;
    }

  take_default_kubeconfig (search->source, &search->terms, kubeconfig);
  authenticate (search);
}

void
devbox_platform_source_find (DevboxPlatformSource *self,
                             gint64 deadline,
                             GCancellable *cancellable,
                             DevboxPlatformFound found,
                             gpointer data)
{
  Search *search = g_new0 (Search, 1);

  search->source = devbox_platform_source_ref (self);
  search->deadline = deadline;
  g_set_object (&search->cancellable, cancellable);
  search->found = found;
  search->data = data;
  get_terms (self, &search->terms);

  if (search->terms.authenticator != NULL || search->terms.kubeconfig != NULL)
    authenticate (search);
  else
    devbox_kubeconfig_load_default_async (NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, cancellable, loaded_kubeconfig, search);
}

DevboxEndpoint *
devbox_platform_source_find_sync (DevboxPlatformSource *self,
                                  gint64 deadline,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_auto (Terms) terms = { 0 };
  char *authorization;

  get_terms (self, &terms);
  if (terms.authenticator == NULL && terms.kubeconfig == NULL)
    {
      DevboxKubeconfig *kubeconfig
          = devbox_kubeconfig_load_default_sync (NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, cancellable, error);

      if (kubeconfig == NULL)
        return NULL;
      take_default_kubeconfig (self, &terms, kubeconfig);
    }

  if (!find_base_url (&terms, error))
    return NULL;
  authorization = devbox_authentication_wait (self->authentications, get_authenticator (&terms), terms.base_url,
                                              terms.form, deadline, cancellable, error);

  return authorization != NULL ? make_platform (self, &terms, authorization, error) : NULL;
}
