/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One look after all idle connections of a pool, in whatever threads they are. It is over when nobody holds it any
 * more. Thread safe. */
typedef struct _DevboxPoolSweep DevboxPoolSweep;

gpointer devbox_pool_sweep_hold (gpointer self);
void devbox_pool_sweep_release (gpointer self);
void devbox_pool_sweep_count (DevboxPoolSweep *self); /* one that was removed */

G_END_DECLS
