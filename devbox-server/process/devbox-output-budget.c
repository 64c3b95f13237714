/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-output-budget-private.h"

struct _DevboxOutputBudget
{
  gsize limit;
  gsize taken;
};

DevboxOutputBudget *
devbox_output_budget_new (gsize limit)
{
  DevboxOutputBudget *self = g_rc_box_new0 (DevboxOutputBudget);

  self->limit = limit;

  return self;
}

DevboxOutputBudget *
devbox_output_budget_ref (DevboxOutputBudget *self)
{
  return g_rc_box_acquire (self);
}

void
devbox_output_budget_unref (DevboxOutputBudget *self)
{
  g_rc_box_release (self);
}

void
devbox_output_budget_set_limit (DevboxOutputBudget *self, gsize limit)
{
  self->limit = limit;
}

gboolean
devbox_output_budget_is_spent (DevboxOutputBudget *self)
{
  return self->taken >= self->limit;
}

void
devbox_output_budget_take (DevboxOutputBudget *self, gsize size)
{
  self->taken += size;
}

void
devbox_output_budget_give_back (DevboxOutputBudget *self, gsize size)
{
  g_return_if_fail (self->taken >= size);

  self->taken -= size;
}
