/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-users-private.h"

#include "devbox-platform-credential-private.h"
#include "devbox-random-private.h"
#include "devbox-secret-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

#define MAX_SEEN 256
#define DIGEST_LENGTH 64 /* SHA-256, hexadecimal */

typedef struct
{
  DevboxUserRecord *record;
  char *name_space;
} User;

struct _DevboxPlatformUsers
{
  guint ref_count; /* the owner, and each change that is on its way to the disk */
  DevboxStore *store;
  GHashTable *users; /* name → User */
  /* The digest of a header → that of the token in it; never the user, so that nothing here outlives a token. Only those
   * that were admitted: others cannot fill it. */
  GHashTable *seen;
};

static char *
digest (const char *secret)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, secret, -1);
}

static void
user_free (gpointer data)
{
  User *user = data;

  devbox_user_record_free (user->record);
  g_free (user->name_space);
  g_free (user);
}

/* Takes the record; NULL: there is no such user any more. */
static void
set_user (DevboxPlatformUsers *self, const char *name, DevboxUserRecord *record)
{
  User *user;

  g_hash_table_remove_all (self->seen);
  if (record == NULL)
    {
      g_hash_table_remove (self->users, name);
      return;
    }

  user = g_new0 (User, 1);
  user->record = record;
  user->name_space = g_strconcat ("ns-", name, NULL);
  g_hash_table_replace (self->users, record->name, user);
}

DevboxPlatformUsers *
devbox_platform_users_new (DevboxStore *store, GError **error)
{
  g_autoptr (GPtrArray) records = devbox_store_load_users (store, error);
  DevboxPlatformUsers *self;

  if (records == NULL)
    return NULL;

  self = g_new0 (DevboxPlatformUsers, 1);
  self->ref_count = 1;
  self->store = store;
  self->users = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, user_free);
  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < records->len; i++)
    {
      const DevboxUserRecord *record = g_ptr_array_index (records, i);

      set_user (self, record->name, devbox_user_record_copy (record));
    }

  return self;
}

void
devbox_platform_users_free (DevboxPlatformUsers *self)
{
  if (--self->ref_count > 0)
    return;

  g_hash_table_unref (self->users);
  g_hash_table_unref (self->seen);
  g_free (self);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GStrv
devbox_platform_users_list (DevboxPlatformUsers *self)
{
  g_autofree gpointer *names = g_hash_table_get_keys_as_array (self->users, NULL);
  guint n_names = g_hash_table_size (self->users);

  qsort (names, n_names, sizeof *names, compare_names);
  return g_strdupv ((char **) names);
}

/* Changes: they hold at once, and are taken back where the disk refuses them. */

typedef struct
{
  DevboxPlatformUsers *users;
  char *name;
  DevboxUserRecord *before; /* NULL: there was none */
  char *token_digest;       /* after it; NULL: there is none */
  DevboxStoreFunc func;
  gpointer user_data;
} Change;

static Change *
change_new (DevboxPlatformUsers *self,
            const char *name,
            const DevboxUserRecord *after,
            DevboxStoreFunc func,
            gpointer user_data)
{
  Change *change = g_new0 (Change, 1);
  const User *user = g_hash_table_lookup (self->users, name);

  change->users = self;
  change->name = g_strdup (name);
  change->before = user != NULL ? devbox_user_record_copy (user->record) : NULL;
  change->token_digest = after != NULL ? g_strdup (after->token_digest) : NULL;
  change->func = func;
  change->user_data = user_data;
  self->ref_count++;

  return change;
}

static void
change_free (Change *change)
{
  g_clear_pointer (&change->before, devbox_user_record_free);
  devbox_platform_users_free (change->users);
  g_free (change->token_digest);
  g_free (change->name);
  g_free (change);
}

/* Unless another change came behind it */
static void
take_back (Change *change)
{
  const User *user = g_hash_table_lookup (change->users->users, change->name);

  if (g_strcmp0 (user != NULL ? user->record->token_digest : NULL, change->token_digest) == 0)
    set_user (change->users, change->name, g_steal_pointer (&change->before));
}

static void
on_stored (const GError *error, gpointer user_data)
{
  Change *change = user_data;

  if (error != NULL)
    take_back (change);
  if (change->func != NULL)
    change->func (error, change->user_data);
  else if (error != NULL)
    g_warning ("Cannot keep what changed about the user “%s”: %s", change->name, error->message);
  change_free (change);
}

static gboolean
check_new_name (DevboxPlatformUsers *self, const char *name, gboolean replace, GError **error)
{
  if (!devbox_box_name_is_valid (name))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("“%s” cannot be the name of a user: up to 63 lower-case letters, digits and hyphens, "
                      "no hyphen at either end"),
                   name);
      return FALSE;
    }
  if (!replace && g_hash_table_contains (self->users, name))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("There is a user “%s” already"), name);
      return FALSE;
    }

  return TRUE;
}

char *
devbox_platform_users_add (DevboxPlatformUsers *self,
                           const char *name,
                           gboolean replace,
                           DevboxStoreFunc func,
                           gpointer user_data,
                           GError **error)
{
  DevboxUserRecord *record;
  const User *user;
  Change *change;
  char *token;

  if (!check_new_name (self, name, replace, error))
    return NULL;

  token = devbox_random_token ();
  user = g_hash_table_lookup (self->users, name);
  record = g_new0 (DevboxUserRecord, 1);
  record->name = g_strdup (name);
  record->token_digest = digest (token);
  record->created = user != NULL ? user->record->created : g_get_real_time ();

  change = change_new (self, name, record, func, user_data);
  set_user (self, name, record);
  devbox_store_put_user (self->store, record, on_stored, change);

  return token;
}

gboolean
devbox_platform_users_remove (DevboxPlatformUsers *self,
                              const char *name,
                              DevboxStoreFunc func,
                              gpointer user_data,
                              GError **error)
{
  Change *change;

  if (!g_hash_table_contains (self->users, name))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("There is no user “%s”"), name);
      return FALSE;
    }

  change = change_new (self, name, NULL, func, user_data);
  set_user (self, name, NULL);
  devbox_store_delete_user (self->store, change->name, on_stored, change);

  return TRUE;
}

/* Requests */

/* Looks at all of them, wherever it is found. */
static const User *
find_user (DevboxPlatformUsers *self, const char *token_digest)
{
  const User *found = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->users);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const User *user = value;

      if (devbox_secret_equals ((const guint8 *) user->record->token_digest, (const guint8 *) token_digest,
                                DIGEST_LENGTH))
        found = user;
    }

  return found;
}

static char *
read_token_digest (const char *authorization, GError **error)
{
  char *token = devbox_platform_credential_read (authorization, error);
  char *token_digest = token != NULL ? digest (token) : NULL;

  devbox_secret_free (token);
  return token_digest;
}

static void
remember (DevboxPlatformUsers *self, const char *header_digest, const char *token_digest)
{
  if (g_hash_table_size (self->seen) == MAX_SEEN)
    g_hash_table_remove_all (self->seen);
  g_hash_table_replace (self->seen, g_strdup (header_digest), g_strdup (token_digest));
}

const char *
devbox_platform_users_check_authorization (DevboxPlatformUsers *self, const char *authorization, GError **error)
{
  g_autofree char *header_digest = digest (authorization);
  const char *seen = g_hash_table_lookup (self->seen, header_digest);
  g_autofree char *token_digest = seen != NULL ? g_strdup (seen) : read_token_digest (authorization, error);
  const User *user;

  if (token_digest == NULL)
    return NULL;
  user = find_user (self, token_digest);
  if (user == NULL)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_AUTHENTICATION_FAILED,
                           _ ("The token is not that of a user of this platform"));
      return NULL;
    }

  if (seen == NULL)
    remember (self, header_digest, token_digest);
  return user->name_space;
}

const char *
devbox_platform_users_authenticate (DevboxPlatformUsers *self, DevboxHttpExchange *exchange, GError **error)
{
  if (devbox_http_exchange_count_header (exchange, "Authorization") != 1)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_AUTHENTICATION_FAILED,
                           _ ("A kubeconfig or a token is needed (one Authorization header)"));
      return NULL;
    }

  return devbox_platform_users_check_authorization (self, devbox_http_exchange_get_header (exchange, "Authorization"),
                                                    error);
}
