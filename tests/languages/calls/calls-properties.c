/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls.h"

#include <gobject/gvaluecollector.h>

static char *
describe_bytes (GBytes *bytes)
{
  gsize size = 0;
  gconstpointer data;

  if (bytes == NULL)
    return g_strdup ("no bytes");
  data = g_bytes_get_data (bytes, &size);

  return g_base64_encode (data, size);
}

/* A text that is another one for any other value. */
static char *
describe (const GValue *value)
{
  if (G_VALUE_HOLDS (value, G_TYPE_BYTES))
    return describe_bytes (g_value_get_boxed (value));
  if (G_VALUE_HOLDS (value, G_TYPE_STRV) && g_value_get_boxed (value) != NULL)
    return g_strjoinv ("\n", g_value_get_boxed (value));
  if (G_VALUE_HOLDS (value, G_TYPE_DATE_TIME) && g_value_get_boxed (value) != NULL)
    return g_date_time_format_iso8601 (g_value_get_boxed (value));
  if (G_VALUE_HOLDS (value, G_TYPE_ERROR) && g_value_get_boxed (value) != NULL)
    return g_strdup (((GError *) g_value_get_boxed (value))->message);
  if (G_VALUE_HOLDS (value, G_TYPE_LIST_MODEL) && g_value_get_object (value) != NULL)
    return g_strdup_printf ("%u items", g_list_model_get_n_items (g_value_get_object (value)));

  return g_strdup_value_contents (value);
}

static void
assert_property (GObject *object, GParamSpec *pspec, const GValue *expected)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree char *description = NULL;
  g_autofree char *expected_description = describe (expected);

  g_object_get_property (object, pspec->name, &value);
  description = describe (&value);
  if (g_strcmp0 (description, expected_description) != 0)
    g_error ("“%s” of a %s is %s, not %s", pspec->name, G_OBJECT_TYPE_NAME (object), description, expected_description);
}

static void
assert_complete (GObject *object, GPtrArray *names)
{
  g_autofree GParamSpec **pspecs = NULL;
  guint n_pspecs = 0;

  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n_pspecs);
  for (guint i = 0; i < n_pspecs; i++)
    {
      if ((pspecs[i]->flags & G_PARAM_READABLE) != 0
          && !g_ptr_array_find_with_equal_func (names, pspecs[i]->name, g_str_equal, NULL))
        g_error ("“%s” of a %s was not looked at", pspecs[i]->name, G_OBJECT_TYPE_NAME (object));
    }
}

void
calls_assert_properties (gpointer object, const char *first_name, ...)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  va_list args;

  va_start (args, first_name);
  for (const char *name = first_name; name != NULL; name = va_arg (args, const char *))
    {
      GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);
      g_auto (GValue) expected = G_VALUE_INIT;
      g_autofree char *message = NULL;

      g_assert_nonnull (pspec);
      G_VALUE_COLLECT_INIT (&expected, pspec->value_type, args, G_VALUE_NOCOPY_CONTENTS, &message);
      g_assert_null (message);
      assert_property (object, pspec, &expected);
      g_ptr_array_add (names, (char *) name);
    }
  va_end (args);

  assert_complete (object, names);
}
