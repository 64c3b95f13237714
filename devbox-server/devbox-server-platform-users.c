/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-platform-inner-private.h"

#include "devbox-platform-access-private.h"

/* The users of a platform */

typedef void (*UserFunc) (DevboxPlatformService *service,
                          const char *name,
                          DevboxPlatformAccessFunc func,
                          gpointer user_data);

typedef struct
{
  UserFunc func;
  const char *name;
  DevboxServiceCall *call;
  char *kubeconfig;
  GStrv users;
  GError *error;
} UserCall;

static void
on_user_changed (const char *kubeconfig, const GError *error, gpointer user_data)
{
  UserCall *call = user_data;

  call->kubeconfig = g_strdup (kubeconfig);
  call->error = error != NULL ? g_error_copy (error) : NULL;
  devbox_service_call_end (call->call);
}

static void
change_user (gpointer service, DevboxServiceCall *service_call, gpointer user_data)
{
  UserCall *call = user_data;

  call->call = service_call;
  call->func (service, call->name, on_user_changed, call);
}

static void
list_users (gpointer service, DevboxServiceCall *service_call, gpointer user_data)
{
  UserCall *call = user_data;

  call->users = devbox_platform_users_list (devbox_platform_service_get_users (service));
  devbox_service_call_end (service_call);
}

static gboolean
run_user_call (DevboxServerPlatform *self, DevboxServiceCallFunc func, UserCall *call, GError **error)
{
  if (!devbox_server_platform_call (self, func, call, error))
    return FALSE;
  if (call->error == NULL)
    return TRUE;

  g_propagate_error (error, devbox_service_error_to_public (call->error));
  return FALSE;
}

/**
 * devbox_server_platform_dup_users:
 * @self: a running platform
 * @error: return location for an error
 *
 * Lists the users, of whom each has a namespace of their own. `admin` is there from the first start.
 *
 * Returns: (transfer full) (array zero-terminated=1) (nullable): their names, sorted, or %NULL with
 * %G_IO_ERROR_NOT_CONNECTED when the platform does not run
 *
 * Since: 1.0
 */
char **
devbox_server_platform_dup_users (DevboxServerPlatform *self, GError **error)
{
  UserCall call = { 0 };

  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), NULL);

  return run_user_call (self, list_users, &call, error) ? call.users : NULL;
}

/**
 * devbox_server_platform_add_user:
 * @self: a running platform
 * @name: a name of 1 to 63 lower-case letters, digits and hyphens that begins and ends with a letter or digit
 * @error: return location for an error
 *
 * Adds a user with a namespace of their own. The kubeconfig that is returned is the only copy of the token in it: the
 * platform keeps a digest.
 *
 * Returns: (transfer full) (nullable): the user's kubeconfig; on failure %NULL with one of
 *   - %G_IO_ERROR_NOT_CONNECTED: the platform does not run,
 *   - %G_IO_ERROR_INVALID_ARGUMENT: @name is no such name,
 *   - %G_IO_ERROR_EXISTS: there is a user of that name,
 *   - %G_IO_ERROR_NO_SPACE, %G_IO_ERROR_FAILED: it could not be written down.
 *
 * Since: 1.0
 */
char *
devbox_server_platform_add_user (DevboxServerPlatform *self, const char *name, GError **error)
{
  UserCall call = { .func = devbox_platform_access_add_user, .name = name };

  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  run_user_call (self, change_user, &call, error);
  return call.kubeconfig;
}

/**
 * devbox_server_platform_rotate_user:
 * @self: a running platform
 * @name: the name of a user
 * @error: return location for an error
 *
 * Gives a user a new token. The one before is refused from now on. The kubeconfig of the first user is written anew.
 *
 * Returns: (transfer full) (nullable): the user's new kubeconfig; on failure %NULL with one of
 *   - %G_IO_ERROR_NOT_CONNECTED: the platform does not run,
 *   - %G_IO_ERROR_INVALID_ARGUMENT: there is no such user,
 *   - %G_IO_ERROR_NO_SPACE, %G_IO_ERROR_FAILED: it could not be written down.
 *
 * Since: 1.0
 */
char *
devbox_server_platform_rotate_user (DevboxServerPlatform *self, const char *name, GError **error)
{
  UserCall call = { .func = devbox_platform_access_rotate_user, .name = name };

  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  run_user_call (self, change_user, &call, error);
  return call.kubeconfig;
}

/**
 * devbox_server_platform_remove_user:
 * @self: a running platform
 * @name: the name of a user without devboxes and releases
 * @error: return location for an error
 *
 * Removes a user, whose token is refused from now on.
 *
 * Returns: whether the user was removed; on failure one of
 *   - %G_IO_ERROR_NOT_CONNECTED: the platform does not run,
 *   - %G_IO_ERROR_INVALID_ARGUMENT: there is no such user,
 *   - %G_IO_ERROR_EXISTS: the user has devboxes or releases, or is the first one,
 *   - %G_IO_ERROR_NO_SPACE, %G_IO_ERROR_FAILED: it could not be written down.
 *
 * Since: 1.0
 */
gboolean
devbox_server_platform_remove_user (DevboxServerPlatform *self, const char *name, GError **error)
{
  UserCall call = { .func = devbox_platform_access_remove_user, .name = name };

  g_return_val_if_fail (DEVBOX_SERVER_IS_PLATFORM (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return run_user_call (self, change_user, &call, error);
}
