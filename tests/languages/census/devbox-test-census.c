/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-test-census.h"

/* Counts the objects that the library makes, whoever holds them: Debian's GObject was built without instance counts.
 * The classes themselves are made to tell, so that objects of private types, which no binding knows, are seen too. */
typedef struct
{
  void (*constructed) (GObject *object);
  void (*finalize) (GObject *object);
  int n_objects;
} Census;

static GQuark
census_quark (void)
{
  return g_quark_from_static_string ("devbox-test-census");
}

/* The type itself, or what it derives from. */
static Census *
find_census (GObject *object)
{
  Census *census = NULL;

  for (GType type = G_OBJECT_TYPE (object); census == NULL; type = g_type_parent (type))
    {
      g_assert (type != 0);
      census = g_type_get_qdata (type, census_quark ());
    }

  return census;
}

static void
count_constructed (GObject *object)
{
  Census *census = find_census (object);

  g_atomic_int_inc (&census->n_objects);
  census->constructed (object);
}

static void
count_finalize (GObject *object)
{
  Census *census = find_census (object);

  g_atomic_int_add (&census->n_objects, -1);
  census->finalize (object);
}

/* What a call is made of, beside the types of the library. */
static gboolean
is_of_interest (const char *name)
{
  static const char *const others[] = { "GCancellable", "GSocket", "GSubprocess", "GTask", "GTcpConnection", NULL };

  return (g_str_has_prefix (name, "Devbox") && !g_str_has_prefix (name, "DevboxServer"))
         || g_str_has_prefix (name, "Soup") || g_strv_contains (others, name);
}

static void
watch_type (GType type)
{
  GObjectClass *class = g_type_class_ref (type);
  Census *census = g_new0 (Census, 1);

  census->constructed = class->constructed;
  census->finalize = class->finalize;
  g_type_set_qdata (type, census_quark (), census);
  class->constructed = count_constructed;
  class->finalize = count_finalize;
}

/* Those below a type that is watched chain up to it. */
static void
watch_types (GType parent)
{
  g_autofree GType *types = g_type_children (parent, NULL);

  for (guint i = 0; types[i] != 0; i++)
    {
      if (g_type_get_qdata (types[i], census_quark ()) != NULL)
        continue;
      if (is_of_interest (g_type_name (types[i])))
        watch_type (types[i]);
      else
        watch_types (types[i]);
    }
}

/**
 * devbox_test_watch_objects:
 *
 * Counts the objects that are made from now on. None of a type that this finds for the first time may be alive.
 */
void
devbox_test_watch_objects (void)
{
  watch_types (G_TYPE_OBJECT);
}

static int
walk_types (GType parent, GString *description)
{
  g_autofree GType *types = g_type_children (parent, NULL);
  int n_objects = 0;

  for (guint i = 0; types[i] != 0; i++)
    {
      Census *census = g_type_get_qdata (types[i], census_quark ());
      int n_own = census != NULL ? g_atomic_int_get (&census->n_objects) : walk_types (types[i], description);

      if (census != NULL && n_own != 0)
        g_string_append_printf (description, "%s%d of %s", description->len > 0 ? ", " : "", n_own,
                                g_type_name (types[i]));
      n_objects += n_own;
    }

  return n_objects;
}

/**
 * devbox_test_count_objects:
 *
 * Returns: how many that were made since they are watched are still alive
 */
int
devbox_test_count_objects (void)
{
  g_autoptr (GString) description = g_string_new (NULL);

  return walk_types (G_TYPE_OBJECT, description);
}

/**
 * devbox_test_describe_objects:
 *
 * Returns: (transfer full): how many of each type are alive, for a person
 */
char *
devbox_test_describe_objects (void)
{
  g_autoptr (GString) description = g_string_new (NULL);

  walk_types (G_TYPE_OBJECT, description);

  return g_string_free (g_steal_pointer (&description), FALSE);
}

/**
 * devbox_test_count_sources:
 *
 * Returns: how many sources wait in the default main context
 */
guint
devbox_test_count_sources (void)
{
  g_autoptr (GSource) newest = g_idle_source_new ();
  guint last_id = g_source_attach (newest, NULL);
  guint n_sources = 0;

  g_source_destroy (newest);
  for (guint id = 1; id < last_id; id++)
    n_sources += g_main_context_find_source_by_id (NULL, id) != NULL;

  return n_sources;
}
