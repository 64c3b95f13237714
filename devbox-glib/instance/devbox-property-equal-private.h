/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Whether a property of two objects of the same class is the same to whoever looks: texts, times, and objects and
 * lists, which are compared by what is in them. */
gboolean devbox_property_is_equal (GObject *a, GObject *b, const char *name);

G_END_DECLS
