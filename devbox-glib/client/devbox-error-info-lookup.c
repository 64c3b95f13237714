/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-private.h"

/* Of this thread's last failed call; PyGObject loses what hangs on a GError. */
static GPrivate last_info = G_PRIVATE_INIT (g_object_unref);

void
devbox_error_info_note (const GError *error)
{
  DevboxErrorInfo *info = devbox_error_get_info (error);

  if (info != g_private_get (&last_info))
    g_private_replace (&last_info, info != NULL ? g_object_ref (info) : NULL);
}

/**
 * devbox_error_info_from_error:
 * @error: an error of any domain
 *
 * Gets what an error tells beyond its code and message.
 *
 * A copy of the error tells the same. In Python use `error.info` instead, since PyGObject makes a new error from the
 * code and message.
 *
 * Returns: (transfer full) (nullable): the information, or %NULL when @error has none, which is so for every error that
 * is not in the domain `DEVBOX_ERROR`
 *
 * Since: 1.0
 */
DevboxErrorInfo *
devbox_error_info_from_error (const GError *error)
{
  DevboxErrorInfo *info;

  g_return_val_if_fail (error != NULL, NULL);

  info = devbox_error_get_info (error);

  return info != NULL ? g_object_ref (info) : NULL;
}

/**
 * devbox_error_info_get_last:
 *
 * Gets what the last finish function or blocking call that failed in this thread had to tell.
 *
 * This is for language bindings that lose what hangs on a [struct@GLib.Error]; call it before anything else is called
 * in the thread. Programs use [func@Devbox.ErrorInfo.from_error].
 *
 * Returns: (transfer full) (nullable): the information, or %NULL when that error had none
 *
 * Since: 1.0
 */
DevboxErrorInfo *
devbox_error_info_get_last (void)
{
  DevboxErrorInfo *info = g_private_get (&last_info);

  return info != NULL ? g_object_ref (info) : NULL;
}
