/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-property-private.h"

void
devbox_property_set_string (GObject *object, GParamSpec *pspec, char **field, const GValue *value)
{
  const char *string = g_value_get_string (value);

  if (g_strcmp0 (*field, string) == 0)
    return;

  g_free (*field);
  *field = g_strdup (string);
  g_object_notify_by_pspec (object, pspec);
}

void
devbox_property_set_strv (GObject *object, GParamSpec *pspec, GStrv *field, const GValue *value)
{
  GStrv strings = g_value_dup_boxed (value);

  g_strfreev (*field);
  *field = strings;
  g_object_notify_by_pspec (object, pspec);
}

void
devbox_property_set_uint (GObject *object, GParamSpec *pspec, guint *field, const GValue *value)
{
  guint number = g_value_get_uint (value);

  if (*field == number)
    return;

  *field = number;
  g_object_notify_by_pspec (object, pspec);
}

void
devbox_property_set_uint64 (GObject *object, GParamSpec *pspec, guint64 *field, const GValue *value)
{
  guint64 number = g_value_get_uint64 (value);

  if (*field == number)
    return;

  *field = number;
  g_object_notify_by_pspec (object, pspec);
}

void
devbox_property_set_boolean (GObject *object, GParamSpec *pspec, gboolean *field, const GValue *value)
{
  gboolean is_true = g_value_get_boolean (value);

  if (*field == is_true)
    return;

  *field = is_true;
  g_object_notify_by_pspec (object, pspec);
}
