/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-store-inner-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Rows that are read, and how. */
typedef struct
{
  GPtrArray *records;
  gpointer (*from_json) (const char *json, gsize size, GError **error);
  const char *(*get_key) (gconstpointer record);
} Loading;

static gboolean
load_row (const char *key, const char *json, gsize size, gpointer user_data, GError **error)
{
  Loading *loading = user_data;
  g_autoptr (GError) local_error = NULL;
  gpointer record = loading->from_json (json, size, &local_error);

  if (record != NULL)
    g_ptr_array_add (loading->records, record);
  if (record != NULL && strcmp (loading->get_key (record), key) == 0)
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
               /* Translators: which record, and what is wrong with it */
               _ ("The record of “%s” in state.sqlite is damaged: %s"), key,
               local_error != NULL ? local_error->message : _ ("it is that of another one"));

  return FALSE;
}

static GPtrArray *
load (DevboxStore *self, DevboxStoreTable table, Loading *loading, GDestroyNotify record_free, GError **error)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (record_free);

  loading->records = records;

  return devbox_store_load (self, table, load_row, loading, error) ? g_steal_pointer (&records) : NULL;
}

static gpointer
box_from_json (const char *json, gsize size, GError **error)
{
  return devbox_box_record_from_json (json, size, error);
}

static const char *
get_box_key (gconstpointer record)
{
  return ((const DevboxBoxRecord *) record)->uid;
}

GPtrArray *
devbox_store_load_boxes (DevboxStore *self, GError **error)
{
  Loading loading = { NULL, box_from_json, get_box_key };

  return load (self, DEVBOX_STORE_BOXES, &loading, (GDestroyNotify) devbox_box_record_free, error);
}

static gpointer
release_from_json (const char *json, gsize size, GError **error)
{
  return devbox_release_record_from_json (json, size, error);
}

static const char *
get_release_key (gconstpointer record)
{
  return ((const DevboxReleaseRecord *) record)->uid;
}

GPtrArray *
devbox_store_load_releases (DevboxStore *self, GError **error)
{
  Loading loading = { NULL, release_from_json, get_release_key };

  return load (self, DEVBOX_STORE_RELEASES, &loading, (GDestroyNotify) devbox_release_record_free, error);
}

static gpointer
user_from_json (const char *json, gsize size, GError **error)
{
  return devbox_user_record_from_json (json, size, error);
}

static const char *
get_user_key (gconstpointer record)
{
  return ((const DevboxUserRecord *) record)->name;
}

GPtrArray *
devbox_store_load_users (DevboxStore *self, GError **error)
{
  Loading loading = { NULL, user_from_json, get_user_key };

  return load (self, DEVBOX_STORE_USERS, &loading, (GDestroyNotify) devbox_user_record_free, error);
}

void
devbox_store_put_box (DevboxStore *self, const DevboxBoxRecord *record, DevboxStoreFunc func, gpointer user_data)
{
  GError *error = NULL;
  char *json = devbox_box_record_check (record, &error) ? devbox_box_record_to_json (record) : NULL;

  devbox_store_push_change (self, DEVBOX_STORE_BOXES, record->uid, json, error, func, user_data);
}

void
devbox_store_delete_box (DevboxStore *self, const char *uid, DevboxStoreFunc func, gpointer user_data)
{
  devbox_store_push_change (self, DEVBOX_STORE_BOXES, uid, NULL, NULL, func, user_data);
}

void
devbox_store_put_release (DevboxStore *self,
                          const DevboxReleaseRecord *record,
                          DevboxStoreFunc func,
                          gpointer user_data)
{
  GError *error = NULL;
  char *json = devbox_release_record_check (record, &error) ? devbox_release_record_to_json (record) : NULL;

  devbox_store_push_change (self, DEVBOX_STORE_RELEASES, record->uid, json, error, func, user_data);
}

void
devbox_store_delete_release (DevboxStore *self, const char *uid, DevboxStoreFunc func, gpointer user_data)
{
  devbox_store_push_change (self, DEVBOX_STORE_RELEASES, uid, NULL, NULL, func, user_data);
}

void
devbox_store_put_user (DevboxStore *self, const DevboxUserRecord *record, DevboxStoreFunc func, gpointer user_data)
{
  GError *error = NULL;
  char *json = devbox_user_record_check (record, &error) ? devbox_user_record_to_json (record) : NULL;

  devbox_store_push_change (self, DEVBOX_STORE_USERS, record->name, json, error, func, user_data);
}

void
devbox_store_delete_user (DevboxStore *self, const char *name, DevboxStoreFunc func, gpointer user_data)
{
  devbox_store_push_change (self, DEVBOX_STORE_USERS, name, NULL, NULL, func, user_data);
}
