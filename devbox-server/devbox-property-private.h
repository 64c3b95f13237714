/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* What set_property does for a field: takes the value and notifies, where it is another (of a list: always). The
 * property must have G_PARAM_EXPLICIT_NOTIFY. */
void devbox_property_set_string (GObject *object, GParamSpec *pspec, char **field, const GValue *value);
void devbox_property_set_strv (GObject *object, GParamSpec *pspec, GStrv *field, const GValue *value);
void devbox_property_set_uint (GObject *object, GParamSpec *pspec, guint *field, const GValue *value);
void devbox_property_set_uint64 (GObject *object, GParamSpec *pspec, guint64 *field, const GValue *value);
void devbox_property_set_boolean (GObject *object, GParamSpec *pspec, gboolean *field, const GValue *value);

G_END_DECLS
