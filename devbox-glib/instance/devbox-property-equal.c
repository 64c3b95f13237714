/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-property-equal-private.h"

#include <gio/gio.h>

static gboolean property_is_equal (GObject *a, GObject *b, GParamSpec *pspec);

static gboolean
texts_are_equal (GStrv a, GStrv b)
{
  return a == b || (a != NULL && b != NULL && g_strv_equal ((const char *const *) a, (const char *const *) b));
}

static gboolean
times_are_equal (GDateTime *a, GDateTime *b)
{
  return a == b || (a != NULL && b != NULL && g_date_time_equal (a, b));
}

static gboolean
objects_are_equal (GObject *a, GObject *b)
{
  g_autofree GParamSpec **pspecs = NULL;
  guint n_pspecs;

  if (a == b)
    return TRUE;
  if (a == NULL || b == NULL || G_OBJECT_TYPE (a) != G_OBJECT_TYPE (b))
    return FALSE;

  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (a), &n_pspecs);
  for (guint i = 0; i < n_pspecs; i++)
    {
      if ((pspecs[i]->flags & G_PARAM_READABLE) != 0 && !property_is_equal (a, b, pspecs[i]))
        return FALSE;
    }

  return TRUE;
}

static gboolean
lists_are_equal (GListModel *a, GListModel *b)
{
  guint n_items = g_list_model_get_n_items (a);

  if (g_list_model_get_n_items (b) != n_items)
    return FALSE;

  for (guint i = 0; i < n_items; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (a, i);
      g_autoptr (GObject) other = g_list_model_get_item (b, i);

      if (!objects_are_equal (item, other))
        return FALSE;
    }

  return TRUE;
}

static gboolean
property_is_equal (GObject *a, GObject *b, GParamSpec *pspec)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_auto (GValue) other = G_VALUE_INIT;

  g_object_get_property (a, pspec->name, &value);
  g_object_get_property (b, pspec->name, &other);

  if (G_VALUE_HOLDS (&value, G_TYPE_STRV))
    return texts_are_equal (g_value_get_boxed (&value), g_value_get_boxed (&other));
  if (G_VALUE_HOLDS (&value, G_TYPE_DATE_TIME))
    return times_are_equal (g_value_get_boxed (&value), g_value_get_boxed (&other));
  if (!G_VALUE_HOLDS_OBJECT (&value))
    return g_param_values_cmp (pspec, &value, &other) == 0;
  if (G_IS_LIST_MODEL (g_value_get_object (&value)) && G_IS_LIST_MODEL (g_value_get_object (&other)))
    return lists_are_equal (g_value_get_object (&value), g_value_get_object (&other));

  return objects_are_equal (g_value_get_object (&value), g_value_get_object (&other));
}

gboolean
devbox_property_is_equal (GObject *a, GObject *b, const char *name)
{
  return property_is_equal (a, b, g_object_class_find_property (G_OBJECT_GET_CLASS (a), name));
}
