/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the output of all commands of a launcher takes in memory together: of those that run, those that have ended, and
 * those that are being sent to somebody slow. Of one thread. */

typedef struct _DevboxOutputBudget DevboxOutputBudget;

DevboxOutputBudget *devbox_output_budget_new (gsize limit);
DevboxOutputBudget *devbox_output_budget_ref (DevboxOutputBudget *self);
void devbox_output_budget_unref (DevboxOutputBudget *self);

void devbox_output_budget_set_limit (DevboxOutputBudget *self, gsize limit);
gboolean devbox_output_budget_is_spent (DevboxOutputBudget *self);
void devbox_output_budget_take (DevboxOutputBudget *self, gsize size);
void devbox_output_budget_give_back (DevboxOutputBudget *self, gsize size);

G_END_DECLS
