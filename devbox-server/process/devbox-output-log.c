/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-output-log-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-output-blocks-private.h"
#include "devbox-output-lines-private.h"

#include <string.h>

struct _DevboxOutputReader
{
  GList link;
  gboolean is_due;
  DevboxOutputReaderFunc func;
  gpointer user_data;
};

/* Where the line after the one that was read last begins. */
typedef struct
{
  guint64 sequence; /* 0: nowhere */
  guint64 offset;
} Cursor;

struct _DevboxOutputLog
{
  guint ref_count;
  DevboxOutputPolicy policy;
  GMainContext *context;
  DevboxOutputBudget *budget;
  DevboxOutputSpill *spill;

  DevboxOutputBlocks streams[DEVBOX_OUTPUT_N_STREAMS];
  DevboxOutputLines lines;
  Cursor cursor;
  gboolean has_ended;
  guint n_holds;
  gboolean discarded;

  GQueue readers;
  GQueue due_readers; /* which are told in this turn */
  GSource *notification;
};

DevboxOutputLog *
devbox_output_log_new (const DevboxOutputPolicy *policy,
                       GMainContext *context,
                       DevboxOutputBudget *budget,
                       DevboxOutputSpill *spill)
{
  DevboxOutputLog *self = g_new0 (DevboxOutputLog, 1);

  self->ref_count = 1;
  self->policy = *policy;
  self->context = g_main_context_ref (context);
  self->budget = devbox_output_budget_ref (budget);
  self->spill = devbox_output_spill_ref (spill);
  for (guint i = 0; i < DEVBOX_OUTPUT_N_STREAMS; i++)
    {
      self->streams[i].policy = &self->policy;
      self->streams[i].budget = budget;
      self->streams[i].spill = spill;
    }
  self->lines.max_lines = policy->max_lines;
  self->lines.budget = budget;
  self->lines.next = 1;
  g_queue_init (&self->readers);
  g_queue_init (&self->due_readers);

  return self;
}

DevboxOutputLog *
devbox_output_log_ref (DevboxOutputLog *self)
{
  self->ref_count++;

  return self;
}

void
devbox_output_log_unref (DevboxOutputLog *self)
{
  g_return_if_fail (self->ref_count > 0);

  if (--self->ref_count > 0)
    return;

  g_warn_if_fail (g_queue_is_empty (&self->readers) && g_queue_is_empty (&self->due_readers));
  devbox_clear_source (&self->notification);
  for (guint i = 0; i < DEVBOX_OUTPUT_N_STREAMS; i++)
    devbox_output_blocks_clear (&self->streams[i]);
  devbox_output_lines_clear (&self->lines);
  devbox_output_spill_unref (self->spill);
  devbox_output_budget_unref (self->budget);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Each reader that was there at the beginning once, whatever it does to the others. */
static gboolean
on_notification (gpointer user_data)
{
  g_autoptr (DevboxOutputLog) self = devbox_output_log_ref (user_data);
  GList *link;

  devbox_clear_source (&self->notification);
  while ((link = g_queue_pop_head_link (&self->readers)) != NULL)
    {
      DevboxOutputReader *reader = link->data;

      reader->is_due = TRUE;
      g_queue_push_tail_link (&self->due_readers, link);
    }

  while ((link = g_queue_pop_head_link (&self->due_readers)) != NULL)
    {
      DevboxOutputReader *reader = link->data;

      reader->is_due = FALSE;
      g_queue_push_tail_link (&self->readers, link);
      reader->func (self, reader->user_data);
    }

  return G_SOURCE_REMOVE;
}

static void
notify (DevboxOutputLog *self)
{
  if (self->notification != NULL || (g_queue_is_empty (&self->readers) && g_queue_is_empty (&self->due_readers)))
    return;

  self->notification = g_idle_source_new ();
  g_source_set_priority (self->notification, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->notification, on_notification, self, NULL);
  g_source_attach (self->notification, self->context);
}

static void
append_piece (DevboxOutputLog *self, DevboxOutputStream stream, const guint8 *data, gsize size, gint64 time)
{
  DevboxOutputBlocks *blocks = &self->streams[stream];
  guint64 first = blocks->first;
  guint64 offset = blocks->end;
  gsize taken = devbox_output_blocks_append (blocks, data, size);

  if (self->policy.max_lines == 0)
    return;

  if (taken > 0)
    devbox_output_lines_append (&self->lines, stream, offset, data, taken, time);
  if (blocks->first != first)
    devbox_output_lines_forget (&self->lines, stream, blocks->first);
}

void
devbox_output_log_append (DevboxOutputLog *self, DevboxOutputStream stream, const void *data, gsize size)
{
  const guint8 *bytes = data;
  gint64 time;

  if (self->has_ended || size == 0)
    return;

  time = self->policy.max_lines > 0 ? g_get_real_time () : 0;
  while (size > 0)
    {
      gsize piece = MIN (size, DEVBOX_OUTPUT_MAX_LINE);

      append_piece (self, stream, bytes, piece, time);
      bytes += piece;
      size -= piece;
    }
  notify (self);
}

void
devbox_output_log_end (DevboxOutputLog *self)
{
  if (self->has_ended)
    return;

  self->has_ended = TRUE;
  for (guint i = 0; i < DEVBOX_OUTPUT_N_STREAMS; i++)
    {
      if (self->policy.max_lines > 0)
        devbox_output_lines_end (&self->lines, i, self->streams[i].end, g_get_real_time ());
      devbox_output_blocks_trim (&self->streams[i]);
    }
  notify (self);
}

gboolean
devbox_output_log_has_ended (DevboxOutputLog *self)
{
  return self->has_ended;
}

guint64
devbox_output_log_get_first_offset (DevboxOutputLog *self, DevboxOutputStream stream)
{
  return self->streams[stream].first;
}

guint64
devbox_output_log_get_end_offset (DevboxOutputLog *self, DevboxOutputStream stream)
{
  return self->streams[stream].end;
}

gboolean
devbox_output_log_is_truncated (DevboxOutputLog *self, DevboxOutputStream stream)
{
  return self->streams[stream].truncated;
}

static const guint8 *
peek (DevboxOutputLog *self, DevboxOutputStream stream, guint64 offset, gsize *size)
{
  guint64 first = self->streams[stream].first;
  const guint8 *data = devbox_output_blocks_peek (&self->streams[stream], offset, size);

  /* The disk has failed. */
  if (self->streams[stream].first != first)
    devbox_output_lines_forget (&self->lines, stream, self->streams[stream].first);

  return data;
}

gsize
devbox_output_log_read (DevboxOutputLog *self, DevboxOutputStream stream, guint64 offset, void *buffer, gsize size)
{
  gsize length = 0;

  while (length < size)
    {
      gsize available;
      const guint8 *data = peek (self, stream, offset + length, &available);

      if (data == NULL)
        break;

      available = MIN (available, size - length);
      memcpy ((guint8 *) buffer + length, data, available);
      length += available;
    }

  return length;
}

guint64
devbox_output_log_get_first_line (DevboxOutputLog *self)
{
  return devbox_output_lines_get_first (&self->lines);
}

guint64
devbox_output_log_get_next_line (DevboxOutputLog *self)
{
  return self->lines.next;
}

/* How long the line at offset is, by the rule that divided the run, which ends at end; 0 when the disk has failed. */
static gsize
measure_line (DevboxOutputLog *self, DevboxOutputStream stream, guint64 offset, guint64 end, GString *text)
{
  gsize limit = MIN (end - offset, DEVBOX_OUTPUT_MAX_LINE);
  gsize length = 0;

  while (length < limit)
    {
      gsize available;
      const guint8 *data = peek (self, stream, offset + length, &available);
      const guint8 *line_end;

      if (data == NULL)
        return 0;

      available = MIN (available, limit - length);
      line_end = memchr (data, '\n', available);
      if (line_end != NULL)
        available = line_end - data + 1;
      if (text != NULL)
        g_string_append_len (text, (const char *) data, available);
      length += available;
      if (line_end != NULL)
        break;
    }

  return length;
}

gboolean
devbox_output_log_read_line (DevboxOutputLog *self, guint64 sequence, DevboxOutputLine *line, GString *text)
{
  DevboxOutputRun run;
  guint64 offset;
  guint64 current;

  if (text != NULL)
    g_string_truncate (text, 0);
  if (sequence < devbox_output_lines_get_first (&self->lines) || sequence >= self->lines.next)
    return FALSE;

  /* A copy, since a disk that fails makes the log forget it. */
  run = *devbox_output_lines_find (&self->lines, sequence);
  current = run.first;
  offset = run.start;
  if (self->cursor.sequence > run.first && self->cursor.sequence <= sequence)
    {
      current = self->cursor.sequence;
      offset = self->cursor.offset;
    }

  for (;; current++)
    {
      gsize size = measure_line (self, run.stream, offset, run.start + run.size, current == sequence ? text : NULL);

      if (size == 0)
        return FALSE;

      if (current == sequence)
        {
          *line = (DevboxOutputLine){ .sequence = sequence,
                                      .stream = run.stream,
                                      .time = run.time,
                                      .offset = offset,
                                      .size = size };
          self->cursor = (Cursor){ .sequence = sequence + 1, .offset = offset + size };
          return TRUE;
        }
      offset += size;
    }
}

DevboxOutputReader *
devbox_output_log_add_reader (DevboxOutputLog *self, DevboxOutputReaderFunc func, gpointer user_data)
{
  DevboxOutputReader *reader = g_new0 (DevboxOutputReader, 1);

  reader->link.data = reader;
  reader->func = func;
  reader->user_data = user_data;
  g_queue_push_tail_link (&self->readers, &reader->link);

  return reader;
}

void
devbox_output_log_remove_reader (DevboxOutputLog *self, DevboxOutputReader *reader)
{
  g_queue_unlink (reader->is_due ? &self->due_readers : &self->readers, &reader->link);
  g_free (reader);
}

gsize
devbox_output_log_get_memory (DevboxOutputLog *self)
{
  gsize memory = self->lines.memory;

  for (guint i = 0; i < DEVBOX_OUTPUT_N_STREAMS; i++)
    memory += self->streams[i].memory;

  return memory;
}

guint64
devbox_output_log_get_size_in_file (DevboxOutputLog *self)
{
  guint64 size = 0;

  for (guint i = 0; i < DEVBOX_OUTPUT_N_STREAMS; i++)
    size += devbox_output_blocks_get_size_in_file (&self->streams[i]);

  return size;
}

gboolean
devbox_output_log_spill (DevboxOutputLog *self)
{
  gboolean done = TRUE;

  g_return_val_if_fail (self->has_ended, FALSE);

  for (guint i = 0; i < DEVBOX_OUTPUT_N_STREAMS; i++)
    done &= devbox_output_blocks_spill_all (&self->streams[i]);

  return done;
}

void
devbox_output_log_discard (DevboxOutputLog *self)
{
  g_return_if_fail (self->has_ended);

  self->discarded = self->n_holds > 0;
  if (self->discarded)
    return;

  for (guint i = 0; i < DEVBOX_OUTPUT_N_STREAMS; i++)
    devbox_output_blocks_discard (&self->streams[i]);
  devbox_output_lines_clear (&self->lines);
}

void
devbox_output_log_hold (DevboxOutputLog *self)
{
  self->n_holds++;
}

void
devbox_output_log_release (DevboxOutputLog *self)
{
  g_return_if_fail (self->n_holds > 0);

  if (--self->n_holds == 0 && self->discarded)
    devbox_output_log_discard (self);
}
