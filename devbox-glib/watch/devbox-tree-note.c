/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-private.h"

#include <errno.h>

#define MOVE_HOLD_US (10 * 1000)

/* One half of a move. */
typedef struct
{
  DevboxTreeFolder *folder;
  char *name;
  gboolean is_dir;
  gboolean is_source;
  guint64 id;
  gint64 end_time;
} Move;

static void
move_free (gpointer data)
{
  Move *move = data;

  g_free (move->name);
  g_free (move);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Move, move_free)

void
devbox_tree_created (DevboxTree *self,
                     DevboxTreeFolder *folder,
                     const char *name,
                     gboolean is_dir,
                     DevboxTreeName flags)
{
  DevboxTreeName kind = is_dir ? DEVBOX_TREE_NAME_FOLDER : DEVBOX_TREE_NAME_FILE;

  devbox_tree_folder_set_name (folder, name, kind | flags);
  devbox_tree_tell (self, DEVBOX_TREE_EVENT_CREATED, folder, name, is_dir);
  if (is_dir && devbox_tree_cover_inherit (folder->cover, name) != DEVBOX_TREE_COVER_NONE)
    devbox_tree_ensure_child (self, folder, name);
}

void
devbox_tree_deleted (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  DevboxTreeName kind = devbox_tree_folder_get_name (folder, name) & DEVBOX_TREE_NAME_KIND_MASK;
  DevboxTreeFolder *child = devbox_tree_folder_lookup (folder, name);

  if (child != NULL)
    devbox_tree_drop (self, child);
  if (kind == DEVBOX_TREE_NAME_UNKNOWN)
    return;

  devbox_tree_folder_set_name (folder, name, DEVBOX_TREE_NAME_UNKNOWN);
  devbox_tree_tell (self, DEVBOX_TREE_EVENT_DELETED, folder, name, kind == DEVBOX_TREE_NAME_FOLDER);
}

static void
handle_created (DevboxTree *self, DevboxTreeFolder *folder, const char *name, gboolean is_dir)
{
  DevboxTreeName kind = devbox_tree_folder_get_name (folder, name) & DEVBOX_TREE_NAME_KIND_MASK;

  if (!devbox_tree_wants_name (folder, name))
    return;
  if (kind == (is_dir ? DEVBOX_TREE_NAME_FOLDER : DEVBOX_TREE_NAME_FILE))
    return; /* a listing was quicker */

  if (kind != DEVBOX_TREE_NAME_UNKNOWN)
    devbox_tree_deleted (self, folder, name);
  /* Who created a file by opening it will also close it, and that is no news then. (It came by link () perhaps: then
   * the first who writes it through a mapping alone, and closes it, goes unnoticed.) */
  devbox_tree_created (self, folder, name, is_dir, is_dir ? 0 : DEVBOX_TREE_NAME_WRITTEN);
}

static void
handle_modified (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  DevboxTreeName value = devbox_tree_folder_get_name (folder, name);

  if ((value & DEVBOX_TREE_NAME_KIND_MASK) != DEVBOX_TREE_NAME_FILE)
    return;

  if ((value & DEVBOX_TREE_NAME_WRITTEN) == 0)
    devbox_tree_folder_set_name (folder, name, value | DEVBOX_TREE_NAME_WRITTEN);
  devbox_tree_tell (self, DEVBOX_TREE_EVENT_CHANGED, folder, name, FALSE);
}

/* Writes through a mapping show here alone; all others were told as they were made. */
static void
handle_closed (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  DevboxTreeName value = devbox_tree_folder_get_name (folder, name);

  if ((value & DEVBOX_TREE_NAME_KIND_MASK) != DEVBOX_TREE_NAME_FILE)
    return;

  if ((value & DEVBOX_TREE_NAME_WRITTEN) != 0)
    devbox_tree_folder_set_name (folder, name, value & ~DEVBOX_TREE_NAME_WRITTEN);
  else
    devbox_tree_tell (self, DEVBOX_TREE_EVENT_CHANGED, folder, name, FALSE);
}

static void
handle_attributes (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  DevboxTreeFolder *child = devbox_tree_folder_lookup (folder, name);

  if (child != NULL && child->handle == NULL)
    devbox_tree_queue_scan (self, child, TRUE); /* perhaps it may be read now */
}

static void
moved_in (DevboxTree *self, DevboxTreeFolder *folder, const char *name, gboolean is_dir)
{
  DevboxTreeName kind = devbox_tree_folder_get_name (folder, name) & DEVBOX_TREE_NAME_KIND_MASK;

  if (!devbox_tree_wants_name (folder, name))
    return;

  if (kind == DEVBOX_TREE_NAME_FILE && !is_dir)
    {
      devbox_tree_folder_set_name (folder, name, DEVBOX_TREE_NAME_FILE);
      devbox_tree_tell (self, DEVBOX_TREE_EVENT_CHANGED, folder, name, FALSE);
      return;
    }

  devbox_tree_deleted (self, folder, name);
  devbox_tree_created (self, folder, name, is_dir, 0);
}

/* What was tried by the old path, in vain. */
static void
queue_unfinished (DevboxTree *self, DevboxTreeFolder *folder)
{
  GHashTableIter iter;
  gpointer child;

  if (folder->handle == NULL || folder->needs_listing)
    devbox_tree_queue_scan (self, folder, TRUE);
  if (folder->folders == NULL)
    return;

  g_hash_table_iter_init (&iter, folder->folders);
  while (g_hash_table_iter_next (&iter, NULL, &child))
    queue_unfinished (self, child);
}

/* Moves the folder in the model; NULL if what it became is not wanted. */
static DevboxTreeFolder *
reattach (DevboxTree *self, DevboxTreeFolder *moved, DevboxTreeFolder *folder, const char *name)
{
  devbox_tree_end_subscriptions (self, moved);
  devbox_tree_folder_detach (moved);
  devbox_tree_folder_attach (moved, folder, name);
  devbox_tree_refit (self, moved);

  if (!devbox_tree_is_needed (moved))
    {
      devbox_tree_drop (self, moved);
      return NULL;
    }

  /* The path may have meant another folder when it was opened. */
  devbox_tree_queue_scan (self, moved, FALSE);
  queue_unfinished (self, moved);

  return moved;
}

static void
tell_renamed (GPtrArray *old_observers,
              GPtrArray *new_observers,
              const char *old_path,
              const char *path,
              gboolean is_dir,
              gboolean replaced,
              DevboxTreeFolder *moved)
{
  for (guint i = 0; i < old_observers->len; i++)
    if (!g_ptr_array_find (new_observers, g_ptr_array_index (old_observers, i), NULL))
      devbox_tree_tell_one (g_ptr_array_index (old_observers, i), DEVBOX_TREE_EVENT_DELETED, old_path, NULL, is_dir);

  for (guint i = 0; i < new_observers->len; i++)
    {
      DevboxTreeSubscription *subscription = g_ptr_array_index (new_observers, i);

      if (g_ptr_array_find (old_observers, subscription, NULL))
        {
          devbox_tree_tell_one (subscription, DEVBOX_TREE_EVENT_RENAMED, path, old_path, is_dir);
          continue;
        }
      devbox_tree_tell_one (subscription, replaced ? DEVBOX_TREE_EVENT_CHANGED : DEVBOX_TREE_EVENT_CREATED, path, NULL,
                            is_dir);
      if (moved != NULL)
        devbox_tree_tell_known (subscription, moved);
    }
}

static gboolean
is_inside (DevboxTreeFolder *folder, DevboxTreeFolder *ancestor)
{
  while (folder != NULL && folder != ancestor)
    folder = folder->parent;

  return folder != NULL;
}

static void
moved_inside (DevboxTree *self, const Move *source, DevboxTreeFolder *folder, const char *name, gboolean is_dir)
{
  DevboxTreeName kind = devbox_tree_folder_get_name (source->folder, source->name) & DEVBOX_TREE_NAME_KIND_MASK;
  DevboxTreeName target_kind = devbox_tree_folder_get_name (folder, name) & DEVBOX_TREE_NAME_KIND_MASK;
  DevboxTreeFolder *moved = devbox_tree_folder_lookup (source->folder, source->name);
  DevboxTreeFolder *target = devbox_tree_folder_lookup (folder, name);
  g_autoptr (GPtrArray) old_observers = NULL;
  g_autoptr (GPtrArray) new_observers = NULL;
  g_autofree char *old_path = NULL;
  g_autofree char *path = NULL;

  /* An exchange of two names (RENAME_EXCHANGE) comes as a move and the same move back. */
  if (self->engine->klass->in_order)
    devbox_tree_look_again (self, source->folder, source->name);
  if (!devbox_tree_wants_name (folder, name) || kind != (is_dir ? DEVBOX_TREE_NAME_FOLDER : DEVBOX_TREE_NAME_FILE))
    {
      devbox_tree_deleted (self, source->folder, source->name);
      moved_in (self, folder, name, is_dir);
      return;
    }

  if (is_inside (source->folder, target) || is_inside (folder, moved))
    {
      self->needs_rescan = TRUE; /* no kernel does that: the model is behind */
      return;
    }
  if (target_kind == DEVBOX_TREE_NAME_FOLDER)
    devbox_tree_deleted (self, folder, name); /* what is replaced, with all that was known below */

  old_observers = g_ptr_array_new ();
  new_observers = g_ptr_array_new ();
  devbox_tree_collect (source->folder, source->name, TRUE, old_observers);
  devbox_tree_collect (folder, name, TRUE, new_observers);
  old_path = devbox_tree_folder_build_path (source->folder, source->name);
  path = devbox_tree_folder_build_path (folder, name);

  devbox_tree_folder_set_name (source->folder, source->name, DEVBOX_TREE_NAME_UNKNOWN);
  devbox_tree_folder_set_name (folder, name, kind);
  if (moved != NULL)
    moved = reattach (self, moved, folder, name);
  tell_renamed (old_observers, new_observers, old_path, path, is_dir, target_kind == DEVBOX_TREE_NAME_FILE && !is_dir,
                moved);

  if (is_dir && moved == NULL && devbox_tree_cover_inherit (folder->cover, name) != DEVBOX_TREE_COVER_NONE)
    devbox_tree_ensure_child (self, folder, name);
}

/* Both halves are there. What an engine says in no order counts only as far as it is still true. */
static void
move_halves (DevboxTree *self, const Move *source, DevboxTreeFolder *folder, const char *name, gboolean is_dir)
{
  if (self->engine->klass->in_order
      || devbox_tree_check_move (self, source->folder, source->name, folder, name, is_dir))
    {
      moved_inside (self, source, folder, name, is_dir);
      return;
    }

  devbox_tree_check_moved_in (self, folder, name);
  devbox_tree_check_moved_in (self, source->folder, source->name);
}

/* The other half did not come. */
static void
finish_half (DevboxTree *self, const Move *move)
{
  if (!self->engine->klass->in_order)
    {
      devbox_tree_check_moved_in (self, move->folder, move->name);
    }
  else if (move->is_source)
    {
      devbox_tree_deleted (self, move->folder, move->name);
      devbox_tree_look_again (self, move->folder, move->name); /* it may have been exchanged with one outside */
    }
  else
    {
      moved_in (self, move->folder, move->name, move->is_dir);
    }
}

static gboolean
move_timeout_cb (gpointer user_data)
{
  DevboxTree *self = user_data;
  gint64 now = g_get_monotonic_time ();
  Move *first;

  while ((first = g_queue_peek_head (&self->moves)) != NULL && first->end_time <= now)
    {
      g_autoptr (Move) move = g_queue_pop_head (&self->moves);

      finish_half (self, move);
    }

  if (first != NULL)
    g_source_set_ready_time (self->move_source, first->end_time);
  else
    g_source_set_ready_time (self->move_source, -1);
  devbox_tree_settle (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
move_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs move_source_funcs = {
  .dispatch = move_source_dispatch,
};

static void
hold_half (DevboxTree *self,
           DevboxTreeFolder *folder,
           const char *name,
           gboolean is_dir,
           gboolean is_source,
           guint64 id)
{
  Move *move = g_new0 (Move, 1);

  move->folder = folder;
  move->name = g_strdup (name);
  move->is_dir = is_dir;
  move->is_source = is_source;
  move->id = id;
  move->end_time = g_get_monotonic_time () + MOVE_HOLD_US;
  g_queue_push_tail (&self->moves, move);

  if (self->move_source == NULL)
    {
      self->move_source = g_source_new (&move_source_funcs, sizeof (GSource));
      g_source_set_static_name (self->move_source, "DevboxTree moves");
      g_source_set_callback (self->move_source, move_timeout_cb, self, NULL);
      g_source_attach (self->move_source, self->context);
    }
  if (g_source_get_ready_time (self->move_source) < 0)
    g_source_set_ready_time (self->move_source, move->end_time);
}

gboolean
devbox_tree_flush_moves (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  GList *link = self->moves.head;
  gboolean flushed = FALSE;

  while (link != NULL)
    {
      GList *next = link->next;
      Move *move = link->data;

      if (folder == NULL || (move->folder == folder && g_str_equal (move->name, name)))
        {
          g_queue_delete_link (&self->moves, link);
          finish_half (self, move);
          move_free (move);
          next = self->moves.head; /* that may have taken others away */
          flushed = TRUE;
        }
      link = next;
    }

  return flushed;
}

void
devbox_tree_forget_moves (DevboxTree *self, DevboxTreeFolder *folder)
{
  GList *link = self->moves.head;

  while (link != NULL)
    {
      GList *next = link->next;
      Move *move = link->data;

      if (move->folder == folder)
        {
          g_queue_delete_link (&self->moves, link);
          move_free (move);
        }
      link = next;
    }
}

static Move *
take_other_half (DevboxTree *self, guint64 id, gboolean is_source)
{
  for (GList *link = id != 0 ? self->moves.head : NULL; link != NULL; link = link->next)
    {
      Move *move = link->data;

      if (move->id == id && move->is_source != is_source)
        {
          g_queue_delete_link (&self->moves, link);
          return move;
        }
    }

  return NULL;
}

static void
handle_moved (DevboxTree *self,
              DevboxTreeFolder *folder,
              const char *name,
              gboolean is_dir,
              gboolean is_source,
              guint64 id)
{
  const Move half = { .folder = folder, .name = (char *) name, .is_dir = is_dir, .is_source = is_source };
  g_autoptr (Move) other = NULL;

  devbox_tree_flush_moves (self, folder, name); /* may take the other half away, when its folder went */
  other = take_other_half (self, id, is_source);

  if (other != NULL && is_source)
    move_halves (self, &half, other->folder, other->name, other->is_dir);
  else if (other != NULL)
    move_halves (self, other, folder, name, is_dir);
  else if (id != 0 && (is_source || !self->engine->klass->in_order))
    hold_half (self, folder, name, is_dir, is_source, id);
  else
    finish_half (self, &half);
}

void
devbox_tree_note (DevboxTree *self,
                  DevboxTreeFolder *folder,
                  DevboxTreeNote note,
                  const char *name,
                  gboolean is_dir,
                  guint64 move_id)
{
  gboolean is_move = note == DEVBOX_TREE_NOTE_MOVED_FROM || note == DEVBOX_TREE_NOTE_MOVED_TO;

  if (!is_move && !g_queue_is_empty (&self->moves))
    devbox_tree_flush_moves (self, folder, name);

  switch (note)
    {
    case DEVBOX_TREE_NOTE_CREATED:
      if (self->engine->klass->in_order)
        handle_created (self, folder, name, is_dir);
      else
        devbox_tree_check_moved_in (self, folder, name);
      break;
    case DEVBOX_TREE_NOTE_MODIFIED:
      handle_modified (self, folder, name);
      break;
    case DEVBOX_TREE_NOTE_CLOSED:
      handle_closed (self, folder, name);
      break;
    case DEVBOX_TREE_NOTE_ATTRIBUTES:
      handle_attributes (self, folder, name);
      break;
    case DEVBOX_TREE_NOTE_DELETED:
      if (self->engine->klass->in_order)
        devbox_tree_deleted (self, folder, name);
      else
        devbox_tree_check (self, folder, name);
      break;
    case DEVBOX_TREE_NOTE_MOVED_FROM:
    case DEVBOX_TREE_NOTE_MOVED_TO:
      handle_moved (self, folder, name, is_dir, note == DEVBOX_TREE_NOTE_MOVED_FROM, move_id);
      break;
    default:
      g_assert_not_reached ();
    }

  devbox_tree_settle (self);
}

void
devbox_tree_note_renamed (DevboxTree *self,
                          DevboxTreeFolder *folder,
                          const char *old_name,
                          const char *name,
                          gboolean is_dir)
{
  const Move source = { .folder = folder, .name = (char *) old_name };

  devbox_tree_flush_moves (self, folder, old_name);
  devbox_tree_flush_moves (self, folder, name);
  move_halves (self, &source, folder, name, is_dir);
  devbox_tree_settle (self);
}

void
devbox_tree_note_overflow (DevboxTree *self)
{
  devbox_tree_begin_rescan (self);
  devbox_tree_settle (self);
}

void
devbox_tree_note_lost (DevboxTree *self, DevboxTreeFolder *folder)
{
  folder->blind = TRUE;
  devbox_tree_queue_scan (self, folder, TRUE);
}

void
devbox_tree_note_doubt (DevboxTree *self)
{
  if (self->root != NULL)
    devbox_tree_queue_subtree (self, self->root);
}

void
devbox_tree_note_failed (DevboxTree *self, int saved_errno)
{
  g_warning ("The watcher's engine failed: %s", g_strerror (saved_errno));
  g_atomic_int_set (&self->status->failed, TRUE);
  if (self->root != NULL)
    devbox_tree_drop (self, self->root);
  devbox_tree_settle (self);
}
