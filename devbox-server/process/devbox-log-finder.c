/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-finder-private.h"

struct _DevboxLogFinder
{
  DevboxLogFinderFunc func; /* NULL once it is closed */
  gpointer user_data;
};

DevboxLogFinder *
devbox_log_finder_new (DevboxLogFinderFunc func, gpointer user_data)
{
  DevboxLogFinder *self = g_rc_box_new0 (DevboxLogFinder);

  self->func = func;
  self->user_data = user_data;

  return self;
}

DevboxLogFinder *
devbox_log_finder_ref (DevboxLogFinder *self)
{
  return g_rc_box_acquire (self);
}

void
devbox_log_finder_unref (DevboxLogFinder *self)
{
  g_rc_box_release (self);
}

void
devbox_log_finder_close (DevboxLogFinder *self)
{
  self->func = NULL;
}

DevboxOutputLog *
devbox_log_finder_find (DevboxLogFinder *self, DevboxLogOwner owner, const char *id)
{
  return self->func != NULL ? self->func (owner, id, self->user_data) : NULL;
}
