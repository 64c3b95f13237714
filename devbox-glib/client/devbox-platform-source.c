/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-source-private.h"

#include "devbox-error-private.h"

#include <glib/gi18n-lib.h>

struct _DevboxPlatformSource
{
  DevboxClientSettings *settings;
};

DevboxPlatformSource *
devbox_platform_source_new (DevboxClientSettings *settings)
{
  DevboxPlatformSource *self = g_new0 (DevboxPlatformSource, 1);

  self->settings = devbox_client_settings_ref (settings);

  return self;
}

void
devbox_platform_source_free (DevboxPlatformSource *self)
{
  devbox_client_settings_unref (self->settings);
  g_free (self);
}

DevboxEndpoint *
devbox_platform_source_ref_known (DevboxPlatformSource *self, gboolean last_word_will_do)
{
  return devbox_client_settings_ref_platform (self->settings);
}

void
devbox_platform_source_find (DevboxPlatformSource *self,
                             GCancellable *cancellable,
                             DevboxPlatformFound found,
                             gpointer data)
{
  found (NULL, devbox_error_new (DEVBOX_ERROR_INVALID_KUBECONFIG, NULL, "%s", _ ("There is no kubeconfig to be found")),
         data);
}
