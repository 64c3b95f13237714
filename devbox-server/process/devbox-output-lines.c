/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-output-lines-private.h"

#include <string.h>

#define SAME_TIME 1000                 /* µs */
#define MAX_RUN DEVBOX_OUTPUT_MAX_LINE /* a line is looked for from the start of its run */

static DevboxOutputRun *
get_run (const DevboxOutputLines *self, guint i)
{
  return &g_array_index (self->runs, DevboxOutputRun, i);
}

static guint
get_length (const DevboxOutputLines *self)
{
  return self->runs != NULL ? self->runs->len : 0;
}

static void
note_memory (DevboxOutputLines *self, gsize memory)
{
  devbox_output_budget_take (self->budget, memory);
  devbox_output_budget_give_back (self->budget, self->memory);
  self->memory = memory;
}

void
devbox_output_lines_clear (DevboxOutputLines *self)
{
  g_clear_pointer (&self->runs, g_array_unref);
  self->head = 0;
  note_memory (self, 0);
}

/* The runs that are forgotten are removed once they are the larger part. */
static void
compact (DevboxOutputLines *self)
{
  if (self->head <= self->runs->len / 2)
    return;

  g_array_remove_range (self->runs, 0, self->head);
  self->head = 0;
}

static void
forget_beyond_limit (DevboxOutputLines *self)
{
  while (self->head + 1 < self->runs->len && self->next - get_run (self, self->head + 1)->first >= self->max_lines)
    self->head++;
  compact (self);
}

static gboolean
continues (const DevboxOutputRun *run, DevboxOutputStream stream, guint64 start, gsize size, gint64 time)
{
  return run->stream == stream && run->start + run->size == start && run->size + size <= MAX_RUN
         && ABS (time - run->time) < SAME_TIME;
}

/* n_lines lines lie in [start, end). */
static void
add_lines (DevboxOutputLines *self, DevboxOutputStream stream, guint64 end, guint n_lines, gint64 time)
{
  guint length = get_length (self);
  gsize size = end - self->starts[stream];

  if (length > self->head && continues (get_run (self, length - 1), stream, self->starts[stream], size, time))
    {
      get_run (self, length - 1)->size += size;
    }
  else
    {
      DevboxOutputRun run
          = { .start = self->starts[stream], .first = self->next, .time = time, .size = size, .stream = stream };

      if (self->runs == NULL)
        self->runs = g_array_new (FALSE, FALSE, sizeof (DevboxOutputRun));
      g_array_append_val (self->runs, run);
    }

  self->starts[stream] = end;
  self->next += n_lines;
  forget_beyond_limit (self);
  note_memory (self, self->runs->len * sizeof (DevboxOutputRun));
}

static guint
count_line_ends (const guint8 *data, gsize size)
{
  guint n = 0;

  for (gsize i = 0; i < size; i++)
    n += data[i] == '\n';

  return n;
}

void
devbox_output_lines_append (DevboxOutputLines *self,
                            DevboxOutputStream stream,
                            guint64 offset,
                            const guint8 *data,
                            gsize size,
                            gint64 time)
{
  guint n_lines = count_line_ends (data, size);
  const guint8 *first = n_lines > 0 ? memchr (data, '\n', size) : data + size - 1;
  guint64 first_end = offset + (first - data) + 1;

  /* Of the lines that end here, only the first one can have begun long before. */
  if (first_end - self->starts[stream] > DEVBOX_OUTPUT_MAX_LINE)
    add_lines (self, stream, self->starts[stream] + DEVBOX_OUTPUT_MAX_LINE, 1, time);
  if (n_lines > 0)
    add_lines (self, stream, offset + ((const guint8 *) memrchr (data, '\n', size) - data) + 1, n_lines, time);
}

void
devbox_output_lines_end (DevboxOutputLines *self, DevboxOutputStream stream, guint64 offset, gint64 time)
{
  if (self->starts[stream] < offset)
    add_lines (self, stream, offset, 1, time);
}

void
devbox_output_lines_forget (DevboxOutputLines *self, DevboxOutputStream stream, guint64 offset)
{
  guint length = get_length (self);

  for (guint i = self->head; i < length; i++)
    {
      const DevboxOutputRun *run = get_run (self, i);

      if (run->stream != stream)
        continue;
      if (run->start >= offset)
        break;
      self->head = i + 1;
    }

  self->starts[stream] = MAX (self->starts[stream], offset);
  if (length > 0)
    compact (self);
}

guint64
devbox_output_lines_get_first (const DevboxOutputLines *self)
{
  guint64 first = self->head < get_length (self) ? get_run (self, self->head)->first : self->next;

  return self->next - first > self->max_lines ? self->next - self->max_lines : first;
}

const DevboxOutputRun *
devbox_output_lines_find (const DevboxOutputLines *self, guint64 sequence)
{
  guint from = self->head;
  guint to = self->runs->len;

  while (to - from > 1)
    {
      guint middle = from + (to - from) / 2;

      if (get_run (self, middle)->first <= sequence)
        from = middle;
      else
        to = middle;
    }

  return get_run (self, from);
}
