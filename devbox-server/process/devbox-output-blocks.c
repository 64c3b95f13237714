/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-output-blocks-private.h"

#include <string.h>

#define BLOCK_SIZE DEVBOX_OUTPUT_BLOCK_SIZE
#define FIRST_SIZE 256           /* of a block that is being filled; it grows up to BLOCK_SIZE */
#define MAX_MEMORY (1024 * 1024) /* then the oldest block goes to the file */

/* Whether it is in the file, its place says (see n_spilled). */
typedef union
{
  guint8 *memory;
  guint32 number; /* in the file */
} Block;

static Block *
get_block (const DevboxOutputBlocks *self, guint i)
{
  return &g_array_index (self->blocks, Block, i);
}

static gsize
get_block_size (const DevboxOutputBlocks *self, guint i)
{
  return MIN (self->end - self->first - (guint64) i * BLOCK_SIZE, BLOCK_SIZE);
}

static guint
get_n_blocks (const DevboxOutputBlocks *self)
{
  return self->blocks != NULL ? self->blocks->len : 0;
}

static gsize
get_memory_of_block (const DevboxOutputBlocks *self, guint i)
{
  return i + 1 == self->blocks->len ? self->tail_size : BLOCK_SIZE;
}

static void
note_memory (DevboxOutputBlocks *self, gsize given, gsize taken)
{
  self->memory += taken - given;
  devbox_output_budget_take (self->budget, taken);
  devbox_output_budget_give_back (self->budget, given);
}

static gboolean
spill_oldest (DevboxOutputBlocks *self)
{
  Block *block = get_block (self, self->n_spilled);
  guint32 number;

  if (!devbox_output_spill_store (self->spill, block->memory, get_block_size (self, self->n_spilled), &number))
    return FALSE;

  g_free (block->memory);
  note_memory (self, get_memory_of_block (self, self->n_spilled), 0);
  block->number = number;
  self->n_spilled++;

  return TRUE;
}

/* Of those in the file, at once as far as they lie together. */
static void
free_in_file (DevboxOutputBlocks *self, guint n_blocks)
{
  guint begin = 0;

  while (begin < n_blocks)
    {
      guint32 first = get_block (self, begin)->number;
      guint64 size = 0;
      guint i;

      for (i = begin; i < n_blocks && get_block (self, i)->number == first + (i - begin); i++)
        size += get_block_size (self, i);

      devbox_output_spill_free_blocks (self->spill, first, i - begin, size);
      begin = i;
    }
}

/* The first n_blocks. */
static void
drop_blocks (DevboxOutputBlocks *self, guint n_blocks)
{
  if (n_blocks == 0)
    return;

  free_in_file (self, MIN (n_blocks, self->n_spilled));
  for (guint i = self->n_spilled; i < n_blocks; i++)
    {
      g_free (get_block (self, i)->memory);
      note_memory (self, get_memory_of_block (self, i), 0);
    }

  self->first = MIN (self->first + (guint64) n_blocks * BLOCK_SIZE, self->end);
  self->n_spilled -= MIN (n_blocks, self->n_spilled);
  self->truncated = TRUE;
  g_array_remove_range (self->blocks, 0, n_blocks);
}

void
devbox_output_blocks_clear (DevboxOutputBlocks *self)
{
  drop_blocks (self, get_n_blocks (self));
  g_clear_pointer (&self->blocks, g_array_unref);
}

/* Whatever the others take, each stream may have a block. */
static gboolean
takes_too_much (const DevboxOutputBlocks *self)
{
  guint n_in_memory = get_n_blocks (self) - self->n_spilled;

  return n_in_memory > 0
         && ((n_in_memory + 1) * BLOCK_SIZE > MAX_MEMORY || devbox_output_budget_is_spent (self->budget));
}

static void
drop_beyond_limit (DevboxOutputBlocks *self)
{
  guint n_blocks = 0;

  while (self->end - self->first >= self->policy->limit + (guint64) (n_blocks + 1) * BLOCK_SIZE)
    n_blocks++;
  drop_blocks (self, n_blocks);
}

/* For one block more. FALSE: there is none for what is to be kept. */
static gboolean
make_room (DevboxOutputBlocks *self)
{
  if (self->policy->retention == DEVBOX_OUTPUT_KEEP_LAST)
    drop_beyond_limit (self);

  while (takes_too_much (self) && spill_oldest (self))
    ;
  if (!takes_too_much (self))
    return TRUE;

  if (self->policy->retention == DEVBOX_OUTPUT_KEEP_FIRST)
    return !devbox_output_budget_is_spent (self->budget);

  while (takes_too_much (self))
    drop_blocks (self, self->n_spilled + 1);

  return TRUE;
}

static void
add_block (DevboxOutputBlocks *self)
{
  Block block = { .memory = NULL };

  if (self->blocks == NULL)
    self->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  g_array_append_val (self->blocks, block);
  self->tail_size = 0;
}

static void
resize_tail (DevboxOutputBlocks *self, gsize size)
{
  Block *tail = get_block (self, self->blocks->len - 1);

  tail->memory = g_realloc (tail->memory, size);
  note_memory (self, self->tail_size, size);
  self->tail_size = size;
}

/* Doubles it, so that little output takes little memory. */
static void
grow_tail (DevboxOutputBlocks *self, gsize needed)
{
  gsize size = MAX (self->tail_size, FIRST_SIZE);

  while (size < needed)
    size *= 2;
  if (size > self->tail_size)
    resize_tail (self, size);
}

gsize
devbox_output_blocks_append (DevboxOutputBlocks *self, const guint8 *data, gsize size)
{
  gsize taken = 0;

  if (self->policy->retention == DEVBOX_OUTPUT_KEEP_FIRST)
    {
      gsize room = self->truncated ? 0 : self->policy->limit - MIN (self->end, self->policy->limit);

      self->truncated |= size > room;
      size = MIN (size, room);
    }

  while (taken < size)
    {
      gsize used = self->end % BLOCK_SIZE;
      gsize piece = MIN (size - taken, BLOCK_SIZE - used);

      if (used == 0)
        {
          if (!make_room (self))
            {
              self->truncated = TRUE;
              break;
            }
          add_block (self);
        }

      grow_tail (self, used + piece);
      memcpy (get_block (self, self->blocks->len - 1)->memory + used, data + taken, piece);
      self->end += piece;
      taken += piece;
    }

  return taken;
}

const guint8 *
devbox_output_blocks_peek (DevboxOutputBlocks *self, guint64 offset, gsize *size)
{
  gsize start;
  guint i;
  const guint8 *data;

  if (offset < self->first || offset >= self->end)
    return NULL;

  i = (offset - self->first) / BLOCK_SIZE;
  start = (offset - self->first) % BLOCK_SIZE;
  *size = get_block_size (self, i) - start;
  if (i >= self->n_spilled)
    return get_block (self, i)->memory + start;

  data = devbox_output_spill_peek (self->spill, get_block (self, i)->number, get_block_size (self, i));
  if (data != NULL)
    return data + start;

  /* A reader takes it for what it is, a gap. */
  drop_blocks (self, i + 1);
  return NULL;
}

void
devbox_output_blocks_trim (DevboxOutputBlocks *self)
{
  guint n_blocks = get_n_blocks (self);

  if (n_blocks > self->n_spilled)
    resize_tail (self, get_block_size (self, n_blocks - 1));
}

gboolean
devbox_output_blocks_spill_all (DevboxOutputBlocks *self)
{
  while (self->n_spilled < get_n_blocks (self))
    {
      if (!spill_oldest (self))
        return FALSE;
    }

  return TRUE;
}

void
devbox_output_blocks_discard (DevboxOutputBlocks *self)
{
  drop_blocks (self, get_n_blocks (self));
}

guint64
devbox_output_blocks_get_size_in_file (const DevboxOutputBlocks *self)
{
  return MIN ((guint64) self->n_spilled * BLOCK_SIZE, self->end - self->first);
}
