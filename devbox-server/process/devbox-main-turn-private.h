/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DEVBOX_MAIN_TURN_USEC 4000

/* Whether all that was dispatched in this turn of the main loop took so long that whoever can do the rest of their work
 * in the next one should. FALSE outside of a dispatch. GLib notes when a turn began for the sake of timers: the loop
 * must have one, as that of an engine with connections has. */
static inline gboolean
devbox_main_turn_is_over (void)
{
  GSource *source = g_main_current_source ();

  return source != NULL && g_get_monotonic_time () - g_source_get_time (source) > DEVBOX_MAIN_TURN_USEC;
}

G_END_DECLS
