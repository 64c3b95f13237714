/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tls-authorities-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define BEGIN "-----BEGIN CERTIFICATE-----"

struct _DevboxTlsAuthorities
{
  GTlsDatabase parent_instance;

  gboolean beside_system;
  GPtrArray *certificates;
};

G_DEFINE_FINAL_TYPE (DevboxTlsAuthorities, devbox_tls_authorities, G_TYPE_TLS_DATABASE)

static GTlsCertificateFlags
devbox_tls_authorities_verify_chain (GTlsDatabase *database,
                                     GTlsCertificate *chain,
                                     const char *purpose,
                                     GSocketConnectable *identity,
                                     GTlsInteraction *interaction,
                                     GTlsDatabaseVerifyFlags flags,
                                     GCancellable *cancellable,
                                     GError **error)
{
  DevboxTlsAuthorities *self = DEVBOX_TLS_AUTHORITIES (database);
  g_autoptr (GTlsDatabase) system = NULL;
  GTlsCertificateFlags problems = G_TLS_CERTIFICATE_UNKNOWN_CA;

  for (guint i = 0; i < self->certificates->len; i++)
    {
      problems = g_tls_certificate_verify (chain, identity, g_ptr_array_index (self->certificates, i));
      /* Another authority might have certified it only if this one did not. */
      if ((problems & G_TLS_CERTIFICATE_UNKNOWN_CA) == 0)
        return problems;
    }
  if (!self->beside_system)
    return problems;

  system = g_tls_backend_get_default_database (g_tls_backend_get_default ());
  return g_tls_database_verify_chain (system, chain, purpose, identity, interaction, flags, cancellable, error);
}

static void
devbox_tls_authorities_finalize (GObject *object)
{
  DevboxTlsAuthorities *self = DEVBOX_TLS_AUTHORITIES (object);

  g_ptr_array_unref (self->certificates);

  G_OBJECT_CLASS (devbox_tls_authorities_parent_class)->finalize (object);
}

static void
devbox_tls_authorities_class_init (DevboxTlsAuthoritiesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = devbox_tls_authorities_finalize;
  G_TLS_DATABASE_CLASS (klass)->verify_chain = devbox_tls_authorities_verify_chain;
}

static void
devbox_tls_authorities_init (DevboxTlsAuthorities *self)
{
  self->certificates = g_ptr_array_new_with_free_func (g_object_unref);
}

GTlsDatabase *
devbox_tls_authorities_new (const char *pem, gboolean beside_system, GError **error)
{
  g_autoptr (DevboxTlsAuthorities) self = g_object_new (DEVBOX_TYPE_TLS_AUTHORITIES, NULL);

  self->beside_system = beside_system;
  for (const char *begin = strstr (pem, BEGIN); begin != NULL;)
    {
      const char *end = strstr (begin + strlen (BEGIN), BEGIN);
      GTlsCertificate *certificate
          = g_tls_certificate_new_from_pem (begin, end != NULL ? end - begin : (gssize) strlen (begin), error);

      if (certificate == NULL)
        return NULL;
      g_ptr_array_add (self->certificates, certificate);
      begin = end;
    }
  if (self->certificates->len == 0)
    {
      g_set_error_literal (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, _ ("There is no certificate in it"));
      return NULL;
    }

  return G_TLS_DATABASE (g_steal_pointer (&self));
}
