/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A monotonic clock that leaves out the time in which this process was frozen, as a box that is paused is: whoever
 * gives others a time to do something in measures it with this one. All threads.
 *
 * It sees a gap only while somebody looks at it every second: between hold () and release (), or while there is a
 * timeout source. A span that is measured otherwise counts as it is. */
gint64 devbox_suspend_clock_get_time (void); /* µs */
void devbox_suspend_clock_hold (void);
void devbox_suspend_clock_release (void);

/* As g_timeout_source_new (), by that clock. It holds the clock as long as it is attached. */
GSource *devbox_suspend_timeout_new (guint milliseconds);
void devbox_suspend_timeout_restart (GSource *source, guint milliseconds); /* from now on */

G_END_DECLS
