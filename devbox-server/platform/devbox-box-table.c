/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-table-inner-private.h"

#include "devbox-box-folder-private.h"
#include "devbox-box-inner-private.h"
#include "devbox-box-process-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_STARTING 4 /* each is busy with exec and page faults */
#define MAX_BOXES_OF_OWNER 10000

struct _DevboxBoxTable
{
  DevboxBoxHost *host;
  GHashTable *boxes;     /* "owner/name" → DevboxBox */
  GHashTable *keys;      /* "owner/idempotency key" → DevboxBox */
  GHashTable *addresses; /* those in use */
  guint n_starting;
  GQueue waiting; /* boxes that may not start yet */
  guint n_retiring;
  GDestroyNotify retired;
  gpointer retired_data;
};

static char *
make_key (const char *owner, const char *name)
{
  return g_strconcat (owner, "/", name, NULL);
}

static gboolean
on_acquire_start (DevboxBox *box, gpointer user_data)
{
  DevboxBoxTable *self = user_data;

  if (self->n_starting >= MAX_STARTING)
    {
      if (g_queue_find (&self->waiting, box) == NULL)
        g_queue_push_tail (&self->waiting, box);
      return FALSE;
    }

  self->n_starting++;
  return TRUE;
}

static void
on_release_start (DevboxBox *box, gpointer user_data)
{
  DevboxBoxTable *self = user_data;

  if (g_queue_is_empty (&self->waiting))
    self->n_starting--;
  else
    devbox_box_grant_start (g_queue_pop_head (&self->waiting));
}

static void
count_retired (DevboxBoxTable *self)
{
  if (--self->n_retiring == 0)
    self->retired (self->retired_data);
}

static void
on_gone (DevboxBox *box, gpointer user_data)
{
  DevboxBoxTable *self = user_data;
  const DevboxBoxRecord *record = devbox_box_get_record (box);
  g_autofree char *key = make_key (record->owner, record->name);

  g_queue_remove (&self->waiting, box);
  g_hash_table_remove (self->addresses, record->address);
  if (record->idempotency_key != NULL)
    {
      g_autofree char *idempotency_key = make_key (record->owner, record->idempotency_key);

      g_hash_table_remove (self->keys, idempotency_key);
    }
  g_hash_table_remove (self->boxes, key);
  if (self->retired != NULL)
    count_retired (self);
}

static void
on_retired (DevboxBox *box, gpointer user_data)
{
  count_retired (user_data);
}

static const DevboxBoxFuncs box_funcs = { on_acquire_start, on_release_start, on_gone, on_retired };

/* Takes the record. */
static DevboxBox *
add (DevboxBoxTable *self, DevboxBoxRecord *record, gboolean is_stored)
{
  DevboxBox *box = devbox_box_new (self->host, record, is_stored, &box_funcs, self);

  g_hash_table_insert (self->boxes, make_key (record->owner, record->name), box);
  g_hash_table_add (self->addresses, g_strdup (record->address));
  if (record->idempotency_key != NULL)
    g_hash_table_insert (self->keys, make_key (record->owner, record->idempotency_key), box);

  return box;
}

static gboolean
is_known (const char *uid, gpointer user_data)
{
  return g_hash_table_contains (user_data, uid);
}

/* What the last platform left when it was killed. */
static void
remove_cgroups (const DevboxBoxRecord *record)
{
  if (record->cgroups != NULL)
    devbox_box_process_remove_cgroups ((const char *const *) record->cgroups);
}

/* Where there are no groups, it may have left stopped processes. */
static void
kill_strays (GPtrArray *records)
{
  g_autoptr (GPtrArray) uids = g_ptr_array_new ();

  for (guint i = 0; i < records->len; i++)
    g_ptr_array_add (uids, ((DevboxBoxRecord *) g_ptr_array_index (records, i))->uid);
  g_ptr_array_add (uids, NULL);
  devbox_box_process_kill_strays ((const char *const *) uids->pdata);
}

/* Where the platform is in another group than when the box was made, its groups are elsewhere too. */
static gboolean
plan_cgroups (DevboxBoxRecord *record)
{
  g_auto (GStrv) cgroups = devbox_box_process_plan_cgroups (record->uid);
  gboolean is_same = cgroups == NULL
                         ? record->cgroups == NULL
                         : record->cgroups != NULL
                               && g_strv_equal ((const char *const *) cgroups, (const char *const *) record->cgroups);

  g_strfreev (record->cgroups);
  record->cgroups = g_steal_pointer (&cgroups);

  return is_same;
}

static void
load (DevboxBoxTable *self, DevboxBoxRecord *record)
{
  gboolean is_same;
  DevboxBox *box;

  remove_cgroups (record);
  is_same = plan_cgroups (record);
  box = add (self, record, TRUE);
  if (!is_same)
    devbox_box_touch (box);
  devbox_box_begin (box);
}

DevboxBoxTable *
devbox_box_table_new (DevboxBoxHost *host, GError **error)
{
  g_autoptr (GPtrArray) records = devbox_store_load_boxes (host->store, error);
  g_autoptr (GHashTable) uids = g_hash_table_new (g_str_hash, g_str_equal);
  DevboxBoxTable *self;

  if (records == NULL)
    return NULL;
  for (guint i = 0; i < records->len; i++)
    g_hash_table_add (uids, ((DevboxBoxRecord *) g_ptr_array_index (records, i))->uid);
  if (!devbox_box_folder_sweep (host, is_known, uids, error))
    return NULL;
  kill_strays (records);

  self = g_new0 (DevboxBoxTable, 1);
  self->host = host;
  self->boxes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) devbox_box_unref);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->waiting);
  for (guint i = 0; i < records->len; i++)
    load (self, devbox_box_record_copy (g_ptr_array_index (records, i)));

  return self;
}

void
devbox_box_table_free (DevboxBoxTable *self)
{
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (self, NULL);

  g_queue_clear (&self->waiting);
  for (guint i = 0; i < boxes->len; i++)
    devbox_box_close (g_ptr_array_index (boxes, i));
  g_hash_table_unref (self->keys);
  g_hash_table_unref (self->boxes);
  g_hash_table_unref (self->addresses);
  g_free (self);
}

void
devbox_box_table_retire (DevboxBoxTable *self, GDestroyNotify func, gpointer user_data)
{
  GHashTableIter iter;
  gpointer box;

  self->retired = func;
  self->retired_data = user_data;
  self->n_retiring = g_hash_table_size (self->boxes);
  if (self->n_retiring == 0)
    {
      func (user_data);
      return;
    }

  g_hash_table_iter_init (&iter, self->boxes);
  while (g_hash_table_iter_next (&iter, NULL, &box))
    devbox_box_retire (box);
}

guint
devbox_box_table_get_n_boxes (DevboxBoxTable *self)
{
  return g_hash_table_size (self->boxes);
}

DevboxBox *
devbox_box_table_lookup (DevboxBoxTable *self, const char *owner, const char *name, GError **error)
{
  g_autofree char *key = make_key (owner, name);
  DevboxBox *box = g_hash_table_lookup (self->boxes, key);

  if (box == NULL)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_NOT_FOUND, _ ("There is no devbox “%s”"), name);

  return box;
}

static int
compare_boxes (gconstpointer a, gconstpointer b)
{
  const DevboxBoxRecord *first = devbox_box_get_record (*(DevboxBox **) a);
  const DevboxBoxRecord *second = devbox_box_get_record (*(DevboxBox **) b);
  int order = strcmp (first->owner, second->owner);

  return order != 0 ? order : strcmp (first->name, second->name);
}

GPtrArray *
devbox_box_table_list (DevboxBoxTable *self, const char *owner)
{
  GPtrArray *boxes = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_unref);
  GHashTableIter iter;
  gpointer box;

  g_hash_table_iter_init (&iter, self->boxes);
  while (g_hash_table_iter_next (&iter, NULL, &box))
    {
      if (owner == NULL || strcmp (devbox_box_get_record (box)->owner, owner) == 0)
        g_ptr_array_add (boxes, devbox_box_ref (box));
    }
  g_ptr_array_sort (boxes, compare_boxes);

  return boxes;
}

void
devbox_box_table_foreach (DevboxBoxTable *self, DevboxBoxTableFunc func, gpointer user_data)
{
  GHashTableIter iter;
  gpointer box;

  g_hash_table_iter_init (&iter, self->boxes);
  while (g_hash_table_iter_next (&iter, NULL, &box))
    func (box, user_data);
}

static guint
count_of_owner (DevboxBoxTable *self, const char *owner)
{
  GHashTableIter iter;
  gpointer box;
  guint n_boxes = 0;

  g_hash_table_iter_init (&iter, self->boxes);
  while (g_hash_table_iter_next (&iter, NULL, &box))
    n_boxes += strcmp (devbox_box_get_record (box)->owner, owner) == 0;

  return n_boxes;
}

/* The box that was made by an earlier try of the same request; NULL with an error: that was another request. */
static DevboxBox *
find_made (DevboxBoxTable *self, const DevboxBoxRecord *record, GError **error)
{
  g_autofree char *key = NULL;
  DevboxBox *box;

  if (record->idempotency_key == NULL)
    return NULL;

  key = make_key (record->owner, record->idempotency_key);
  box = g_hash_table_lookup (self->keys, key);
  if (box == NULL)
    return NULL;

  if (g_strcmp0 (devbox_box_get_record (box)->request_digest, record->request_digest) == 0)
    return box;

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
                       _ ("The same Idempotency-Key came with another request before"));
  return NULL;
}

static gboolean
check_new (DevboxBoxTable *self, const DevboxBoxRecord *record, GError **error)
{
  if (self->retired != NULL)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE, _ ("The platform ends"));
      return FALSE;
    }
  if (devbox_box_table_lookup (self, record->owner, record->name, NULL) != NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("There is a devbox “%s” already"), record->name);
      return FALSE;
    }
  if (count_of_owner (self, record->owner) >= MAX_BOXES_OF_OWNER)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                   _ ("There are %d devboxes already; delete one first"), MAX_BOXES_OF_OWNER);
      return FALSE;
    }

  return TRUE;
}

/* Each has its own address, as long as there are more than boxes. */
static void
draw_free_address (DevboxBoxTable *self, DevboxBoxRecord *record)
{
  while (g_hash_table_contains (self->addresses, record->address))
    {
      g_autoptr (DevboxBoxRecord) other = devbox_box_record_new ();
      char *address = g_steal_pointer (&other->address);

      g_free (record->address);
      record->address = address;
    }
}

typedef struct
{
  gboolean is_new;
  DevboxBoxCreatedFunc func;
  gpointer user_data;
} Creation;

static Creation *
creation_new (gboolean is_new, DevboxBoxCreatedFunc func, gpointer user_data)
{
  Creation *creation = g_new (Creation, 1);

  creation->is_new = is_new;
  creation->func = func;
  creation->user_data = user_data;

  return creation;
}

static void
on_stored (DevboxBox *box, const GError *error, gpointer user_data)
{
  g_autofree Creation *creation = user_data;

  creation->func (error == NULL ? box : NULL, creation->is_new && error == NULL, error, creation->user_data);
}

void
devbox_box_table_create (DevboxBoxTable *self, DevboxBoxRecord *record, DevboxBoxCreatedFunc func, gpointer user_data)
{
  g_autoptr (DevboxBoxRecord) taken = record;
  g_autoptr (GError) error = NULL;
  DevboxBox *made = find_made (self, record, &error);

  if (made != NULL)
    devbox_box_when_stored (made, on_stored, creation_new (FALSE, func, user_data));
  else if (error != NULL || !check_new (self, record, &error))
    func (NULL, FALSE, error, user_data);
  else
    {
      draw_free_address (self, record);
      plan_cgroups (record);
      devbox_box_store (add (self, g_steal_pointer (&taken), FALSE), on_stored, creation_new (TRUE, func, user_data));
    }
}
