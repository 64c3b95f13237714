/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-release-table-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-data-folder-private.h"
#include "devbox-release-folder-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_COPIES 2 /* at a time: devboxes that are being made wait for the same workers */

struct _DevboxReleaseTable
{
  DevboxStore *store;
  DevboxWorkers *workers;
  int data_fd;
  GMutex mutex;        /* for what seed () reads in a worker: entries, and is_complete and reason in there */
  GHashTable *entries; /* uid → Entry */
  GQueue waiting;      /* of uids: releases that are yet to be copied */
  guint n_copies;
  guint n_references; /* the owner's, and those of what the store and the workers have yet to tell */
  gboolean is_closed;
};

typedef struct
{
  DevboxReleaseRecord *record;
  char *box_uid;             /* NULL: nothing is to be copied any more */
  GCancellable *copying;     /* NULL: not now */
  gboolean is_being_removed; /* nobody sees it */
} Entry;

/* What somebody waits for */
typedef struct
{
  DevboxReleaseTable *table;
  char *uid;
  DevboxReleaseFunc func;
  gpointer user_data;
} Wait;

typedef struct
{
  DevboxReleaseTable *table;
  char *uid;
  char *box_uid;
} Copy;

static void
entry_free (Entry *self)
{
  devbox_release_record_free (self->record);
  g_free (self->box_uid);
  g_clear_object (&self->copying);
  g_free (self);
}

static DevboxReleaseTable *
table_ref (DevboxReleaseTable *self)
{
  self->n_references++;

  return self;
}

static void
table_unref (DevboxReleaseTable *self)
{
  if (--self->n_references > 0)
    return;

  g_hash_table_unref (self->entries);
  g_queue_clear_full (&self->waiting, g_free);
  g_mutex_clear (&self->mutex);
  devbox_auto_descriptor_clear (&self->data_fd);
  g_free (self);
}

static Wait *
wait_new (DevboxReleaseTable *self, const char *uid, DevboxReleaseFunc func, gpointer user_data)
{
  Wait *wait = g_new0 (Wait, 1);

  wait->table = table_ref (self);
  wait->uid = g_strdup (uid);
  wait->func = func;
  wait->user_data = user_data;

  return wait;
}

static void
wait_free (Wait *wait)
{
  table_unref (wait->table);
  g_free (wait->uid);
  g_free (wait);
}

static void
copy_free (Copy *copy)
{
  table_unref (copy->table);
  g_free (copy->uid);
  g_free (copy->box_uid);
  g_free (copy);
}

static Entry *
add_entry (DevboxReleaseTable *self, DevboxReleaseRecord *record)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->record = record;
  g_mutex_lock (&self->mutex);
  g_hash_table_insert (self->entries, record->uid, entry);
  g_mutex_unlock (&self->mutex);

  return entry;
}

static void
remove_entry (DevboxReleaseTable *self, const char *uid)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_remove (self->entries, uid);
  g_mutex_unlock (&self->mutex);
}

/* What is being removed must not come back into the store. */
static void
store_entry (DevboxReleaseTable *self, Entry *entry)
{
  if (!entry->is_being_removed)
    devbox_store_put_release (self->store, entry->record, NULL, NULL);
}

/* Takes the reason; NULL: it is complete. */
static void
settle (DevboxReleaseTable *self, Entry *entry, char *reason)
{
  g_mutex_lock (&self->mutex);
  g_free (entry->record->reason);
  entry->record->reason = reason;
  entry->record->is_complete = reason == NULL;
  g_mutex_unlock (&self->mutex);

  store_entry (self, entry);
}

/* The start */

static void
discard_unknown (int fd, const char *entry, gpointer user_data)
{
  DevboxReleaseTable *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_hash_table_contains (self->entries, entry)
      && !devbox_release_folder_discard (self->data_fd, entry, NULL, &error))
    g_warning ("%s", error->message);
}

/* A folder stands in its place only after all of it was copied. */
static void
repair (DevboxReleaseTable *self, Entry *entry)
{
  gboolean is_there = devbox_release_folder_exists (self->data_fd, entry->record->uid);

  if (is_there && !entry->record->is_complete)
    settle (self, entry, NULL);
  else if (!is_there && entry->record->is_complete)
    settle (self, entry, g_strdup (_ ("The folder of the release is gone")));
  else if (!is_there && entry->record->reason == NULL)
    settle (self, entry, g_strdup (_ ("The platform ended before the release was complete")));
}

static gboolean
load (DevboxReleaseTable *self, GError **error)
{
  g_autoptr (GPtrArray) records = devbox_store_load_releases (self->store, error);

  if (records == NULL)
    return FALSE;

  for (guint i = 0; i < records->len; i++)
    repair (self, add_entry (self, devbox_release_record_copy (g_ptr_array_index (records, i))));
  devbox_data_folder_for_each (self->data_fd, DEVBOX_BOX_FOLDER_RELEASES, discard_unknown, self);

  return TRUE;
}

DevboxReleaseTable *
devbox_release_table_new (DevboxStore *store, DevboxWorkers *workers, const char *data_folder, GError **error)
{
  DevboxReleaseTable *self = g_new0 (DevboxReleaseTable, 1);

  self->store = store;
  self->workers = workers;
  self->n_references = 1;
  g_mutex_init (&self->mutex);
  g_queue_init (&self->waiting);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) entry_free);
  self->data_fd = devbox_release_folder_open_data (data_folder, error);
  if (self->data_fd >= 0 && load (self, error))
    return self;

  table_unref (self);

  return NULL;
}

void
devbox_release_table_free (DevboxReleaseTable *self)
{
  GHashTableIter iter;
  gpointer entry;

  self->is_closed = TRUE;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    g_cancellable_cancel (((Entry *) entry)->copying);
  table_unref (self);
}

/* What there is */

static const Entry *
find_visible (DevboxReleaseTable *self, const char *uid)
{
  const Entry *entry = g_hash_table_lookup (self->entries, uid);

  return entry != NULL && !entry->is_being_removed ? entry : NULL;
}

/* box_name NULL: of any box. */
static gboolean
belongs_to (const DevboxReleaseRecord *record, const char *owner, const char *box_name)
{
  return strcmp (record->owner, owner) == 0 && (box_name == NULL || strcmp (record->box_name, box_name) == 0);
}

static Entry *
find_tag (DevboxReleaseTable *self, const char *owner, const char *box_name, const char *tag)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Entry *entry = value;

      if (belongs_to (entry->record, owner, box_name) && strcmp (entry->record->tag, tag) == 0)
        return entry;
    }

  return NULL;
}

static int
compare_ages (gconstpointer a, gconstpointer b)
{
  const DevboxReleaseRecord *record_a = *(const DevboxReleaseRecord *const *) a;
  const DevboxReleaseRecord *record_b = *(const DevboxReleaseRecord *const *) b;

  if (record_a->created != record_b->created)
    return record_a->created < record_b->created ? 1 : -1;

  return strcmp (record_a->uid, record_b->uid);
}

GPtrArray *
devbox_release_table_list (DevboxReleaseTable *self, const char *owner, const char *box_name)
{
  GPtrArray *records = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Entry *entry = value;

      if (!entry->is_being_removed && belongs_to (entry->record, owner, box_name))
        g_ptr_array_add (records, entry->record);
    }
  g_ptr_array_sort (records, compare_ages);

  return records;
}

static void
set_not_found (GError **error)
{
  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_NOT_FOUND, _ ("There is no such release"));
}

static Entry *
lookup (DevboxReleaseTable *self, const char *owner, const char *box_name, const char *tag, GError **error)
{
  Entry *entry = find_tag (self, owner, box_name, tag);

  if (entry != NULL && !entry->is_being_removed)
    return entry;

  if (devbox_release_tag_is_valid (tag))
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_NOT_FOUND, _ ("There is no release “%s”"), tag);
  else
    set_not_found (error);

  return NULL;
}

const DevboxReleaseRecord *
devbox_release_table_lookup (DevboxReleaseTable *self,
                             const char *owner,
                             const char *box_name,
                             const char *tag,
                             GError **error)
{
  const Entry *entry = lookup (self, owner, box_name, tag, error);

  return entry != NULL ? entry->record : NULL;
}

const DevboxReleaseRecord *
devbox_release_table_lookup_uid (DevboxReleaseTable *self, const char *uid)
{
  const Entry *entry = find_visible (self, uid);

  return entry != NULL ? entry->record : NULL;
}

/* Making one */

static void start_copies (DevboxReleaseTable *self);

static gboolean
copy_workspace (gpointer data, GCancellable *cancellable, GError **error)
{
  Copy *copy = data;

  return devbox_release_folder_make (copy->table->data_fd, copy->uid, copy->box_uid, cancellable, error);
}

static void
on_copied (gpointer data, const GError *error)
{
  Copy *copy = data;
  DevboxReleaseTable *self = copy->table;
  Entry *entry = g_hash_table_lookup (self->entries, copy->uid);

  self->n_copies--;
  if (entry != NULL)
    g_clear_object (&entry->copying);

  /* What the platform's end cuts off, the next start tells; what was removed meanwhile is in nobody's way. */
  if (entry == NULL)
    devbox_release_folder_discard (self->data_fd, copy->uid, self->workers, NULL);
  else if (!self->is_closed && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    settle (self, entry, error != NULL ? g_strdup (error->message) : NULL);

  if (!self->is_closed)
    start_copies (self);
  copy_free (copy);
}

static void
start_copy (DevboxReleaseTable *self, Entry *entry)
{
  g_autoptr (GError) error = NULL;
  Copy *copy = g_new0 (Copy, 1);

  copy->table = table_ref (self);
  copy->uid = g_strdup (entry->record->uid);
  copy->box_uid = g_steal_pointer (&entry->box_uid);
  entry->copying = g_cancellable_new ();
  if (devbox_workers_push (self->workers, copy_workspace, on_copied, copy, entry->copying, &error))
    {
      self->n_copies++;
      return;
    }

  g_clear_object (&entry->copying);
  copy_free (copy);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    settle (self, entry, g_strdup (error->message));
}

static void
start_copies (DevboxReleaseTable *self)
{
  while (self->n_copies < MAX_COPIES && !g_queue_is_empty (&self->waiting))
    {
      g_autofree char *uid = g_queue_pop_head (&self->waiting);
      Entry *entry = g_hash_table_lookup (self->entries, uid);

      /* One that was to be removed and stayed may stand here twice. */
      if (entry != NULL && !entry->is_being_removed && entry->box_uid != NULL)
        start_copy (self, entry);
    }
}

static void
on_stored (const GError *error, gpointer user_data)
{
  Wait *wait = user_data;
  DevboxReleaseTable *self = wait->table;
  Entry *entry = g_hash_table_lookup (self->entries, wait->uid);

  if (error != NULL)
    {
      wait->func (NULL, error, wait->user_data);
      remove_entry (self, wait->uid);
    }
  else
    {
      g_queue_push_tail (&self->waiting, g_strdup (wait->uid));
      wait->func (entry->record, NULL, wait->user_data);
      if (!self->is_closed)
        start_copies (self);
    }
  wait_free (wait);
}

static guint
count_releases (DevboxReleaseTable *self, const char *owner)
{
  g_autoptr (GPtrArray) records = devbox_release_table_list (self, owner, NULL);

  return records->len;
}

static gboolean
check_new (DevboxReleaseTable *self, const DevboxBoxRecord *box, const char *tag, GError **error)
{
  if (!devbox_release_tag_is_valid (tag))
    g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                         _ ("A tag has 1 to 63 letters, digits, “.”, “_” or “-”, the first one a letter or digit"));
  else if (find_tag (self, box->owner, box->name, tag) != NULL)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("There is a release “%s” of “%s” already"), tag,
                 box->name);
  else if (!box->is_provisioned || box->goal == DEVBOX_BOX_GOAL_DELETED)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("The devbox “%s” has no workspace now"), box->name);
  else if (count_releases (self, box->owner) >= DEVBOX_RELEASE_TABLE_MAX)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED, _ ("Nobody may have more than %u releases"),
                 DEVBOX_RELEASE_TABLE_MAX);
  else
    return TRUE;

  return FALSE;
}

void
devbox_release_table_create (DevboxReleaseTable *self,
                             DevboxBox *box,
                             const char *tag,
                             const char *description,
                             DevboxReleaseFunc func,
                             gpointer user_data)
{
  const DevboxBoxRecord *box_record = devbox_box_get_record (box);
  g_autoptr (GError) error = NULL;
  DevboxReleaseRecord *record;
  Entry *entry;

  if (!check_new (self, box_record, tag, &error))
    {
      func (NULL, error, user_data);
      return;
    }

  record = devbox_release_record_new ();
  record->owner = g_strdup (box_record->owner);
  record->box_name = g_strdup (box_record->name);
  record->tag = g_strdup (tag);
  record->description = g_strdup (description != NULL ? description : "");
  record->runtime = g_strdup (box_record->runtime);
  entry = add_entry (self, record);
  entry->box_uid = g_strdup (box_record->uid);
  devbox_store_put_release (self->store, record, on_stored, wait_new (self, record->uid, func, user_data));
}

/* Removal */

/* The store still has it. What came to pass meanwhile is made up for. */
static void
keep_entry (DevboxReleaseTable *self, Entry *entry)
{
  entry->is_being_removed = FALSE;
  if (self->is_closed)
    return;

  if (entry->record->is_complete || entry->record->reason != NULL)
    {
      store_entry (self, entry);
    }
  else if (entry->box_uid != NULL)
    {
      g_queue_push_tail (&self->waiting, g_strdup (entry->record->uid));
      start_copies (self);
    }
}

static void
drop_entry (DevboxReleaseTable *self, Entry *entry)
{
  g_autofree char *uid = g_strdup (entry->record->uid);
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (entry->copying);
  remove_entry (self, uid);
  /* What is left here, the next start removes. */
  if (!devbox_release_folder_discard (self->data_fd, uid, self->is_closed ? NULL : self->workers, &error))
    g_warning ("%s", error->message);
}

static void
on_deleted (const GError *error, gpointer user_data)
{
  Wait *wait = user_data;
  DevboxReleaseTable *self = wait->table;
  Entry *entry = g_hash_table_lookup (self->entries, wait->uid);
  g_autoptr (DevboxReleaseRecord) record = entry != NULL ? devbox_release_record_copy (entry->record) : NULL;

  if (entry == NULL)
    {
      g_autoptr (GError) local_error = NULL;

      /* It never came into the store. */
      set_not_found (&local_error);
      wait->func (NULL, local_error, wait->user_data);
    }
  else if (error != NULL)
    {
      keep_entry (self, entry);
      wait->func (NULL, error, wait->user_data);
    }
  else
    {
      drop_entry (self, entry);
      wait->func (record, NULL, wait->user_data);
    }
  wait_free (wait);
}

void
devbox_release_table_remove (DevboxReleaseTable *self,
                             const char *owner,
                             const char *box_name,
                             const char *tag,
                             DevboxReleaseFunc func,
                             gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Entry *entry = lookup (self, owner, box_name, tag, &error);

  if (entry == NULL)
    {
      func (NULL, error, user_data);
      return;
    }

  entry->is_being_removed = TRUE;
  devbox_store_delete_release (self->store, entry->record->uid, on_deleted,
                               wait_new (self, entry->record->uid, func, user_data));
}

/* Use */

gboolean
devbox_release_table_check_complete (DevboxReleaseTable *self, const char *uid, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const Entry *entry = g_hash_table_lookup (self->entries, uid);

  if (entry == NULL)
    set_not_found (error);
  else if (entry->record->reason != NULL)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("The release “%s” is not usable: %s"),
                 entry->record->tag, entry->record->reason);
  else if (!entry->record->is_complete)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("The release “%s” is not complete yet"),
                 entry->record->tag);
  else
    return TRUE;

  return FALSE;
}

gboolean
devbox_release_table_seed (DevboxReleaseTable *self,
                           const char *uid,
                           int folder_fd,
                           GCancellable *cancellable,
                           GError **error)
{
  return devbox_release_table_check_complete (self, uid, error)
         && devbox_release_folder_seed (self->data_fd, uid, folder_fd, cancellable, error);
}
