/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-test-census.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Counts the objects that the library makes, whoever holds them: Debian's GObject was built without instance counts.
 * The classes themselves are made to tell, so that objects of private types, which no binding knows, are seen too. */
typedef struct
{
  void (*constructed) (GObject *object);
  void (*finalize) (GObject *object);
  int n_objects;
  int n_marked;
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

/* Those below it that were used before have copies of what they did not change. */
static void
tell_heirs (GType type, const Census *census)
{
  g_autofree GType *types = g_type_children (type, NULL);

  for (guint i = 0; types[i] != 0; i++)
    {
      GObjectClass *class = g_type_class_peek (types[i]);

      if (class != NULL && class->constructed == census->constructed)
        class->constructed = count_constructed;
      if (class != NULL && class->finalize == census->finalize)
        class->finalize = count_finalize;
      tell_heirs (types[i], census);
    }
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
  tell_heirs (type, census);
}

/* Those below a type that is watched chain up to it. */
static void
watch_types (GType parent)
{
  g_autofree GType *types = g_type_children (parent, NULL);

  for (guint i = 0; types[i] != 0; i++)
    {
      if (g_type_get_qdata (types[i], census_quark ()) == NULL)
        {
          if (is_of_interest (g_type_name (types[i])))
            watch_type (types[i]);
          else
            watch_types (types[i]);
        }
    }
}

typedef void (*CensusFunc) (GType type, Census *census, GString *description);

static void
walk_types (GType parent, CensusFunc func, GString *description)
{
  g_autofree GType *types = g_type_children (parent, NULL);

  for (guint i = 0; types[i] != 0; i++)
    {
      Census *census = g_type_get_qdata (types[i], census_quark ());

      if (census != NULL)
        func (types[i], census, description);
      else
        walk_types (types[i], func, description);
    }
}

static void
mark_objects (GType type, Census *census, GString *description)
{
  census->n_marked = g_atomic_int_get (&census->n_objects);
}

static void
describe_objects (GType type, Census *census, GString *description)
{
  int n_more = g_atomic_int_get (&census->n_objects) - census->n_marked;

  if (n_more > 0)
    g_string_append_printf (description, "%d %s; ", n_more, g_type_name (type));
}

/* Those that wait in the default main context. */
static int
count_sources (void)
{
  g_autoptr (GSource) newest = g_idle_source_new ();
  guint last_id = g_source_attach (newest, NULL);
  int n_sources = 0;

  g_source_destroy (newest);
  for (guint id = 1; id < last_id; id++)
    n_sources += g_main_context_find_source_by_id (NULL, id) != NULL;

  return n_sources;
}

static int
count_descriptors (GString *description)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  int n_descriptors = 0;

  g_assert (folder != NULL);
  for (; (name = g_dir_read_name (folder)) != NULL; n_descriptors++)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      g_string_append_printf (description, " %s", target);
    }

  return n_descriptors;
}

/**
 * devbox_test_count_threads:
 *
 * Returns: how many threads there are of the library; GLib keeps some of its own for the next work
 */
int
devbox_test_count_threads (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/task", 0, NULL);
  const char *id;
  int n_threads = 0;

  g_assert (folder != NULL);
  while ((id = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", id, "comm", NULL);
      g_autofree char *name = NULL;

      n_threads += g_file_get_contents (path, &name, NULL, NULL) && g_str_has_prefix (name, "devbox");
    }

  return n_threads;
}

/* Without what the allocator keeps for the next time, which differs by megabytes from run to run: there are up to eight
 * heaps for each processor, and a thread may get any of them. */
static int
read_resident_kib (void)
{
  g_autofree char *status = NULL;
  const char *line;

  malloc_trim (0);
  g_assert (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  line = strstr (status, "VmRSS:");
  g_assert (line != NULL);

  return atoi (line + strlen ("VmRSS:"));
}

enum
{
  SOURCES,
  DESCRIPTORS,
  THREADS,
  N_COUNTS
};

static int marked[N_COUNTS];
static int marked_resident_kib;

static void
count (int counts[N_COUNTS], GString *descriptors)
{
  counts[SOURCES] = count_sources ();
  counts[DESCRIPTORS] = count_descriptors (descriptors);
  counts[THREADS] = devbox_test_count_threads ();
}

/**
 * devbox_test_mark:
 *
 * Remembers what there is. No object may be alive of a type that was first used since the last mark.
 */
void
devbox_test_mark (void)
{
  g_autoptr (GString) descriptors = g_string_new (NULL);

  watch_types (G_TYPE_OBJECT);
  walk_types (G_TYPE_OBJECT, mark_objects, NULL);
  count (marked, descriptors);
  marked_resident_kib = read_resident_kib ();
}

/**
 * devbox_test_describe_leftovers:
 * @max_growth_kib: by how much the process may have grown, or 0 for any
 *
 * Looks for what there is more than at the mark.
 *
 * Returns: (transfer full) (nullable): what is left, for a person, or %NULL if there is nothing
 */
char *
devbox_test_describe_leftovers (guint max_growth_kib)
{
  g_autoptr (GString) descriptors = g_string_new (NULL);
  g_autoptr (GString) description = g_string_new (NULL);
  int counts[N_COUNTS];

  count (counts, descriptors);

  walk_types (G_TYPE_OBJECT, describe_objects, description);
  if (counts[SOURCES] > marked[SOURCES])
    g_string_append_printf (description, "%d sources; ", counts[SOURCES] - marked[SOURCES]);
  if (counts[DESCRIPTORS] > marked[DESCRIPTORS])
    g_string_append_printf (description, "%d descriptors of%s; ", counts[DESCRIPTORS] - marked[DESCRIPTORS],
                            descriptors->str);
  if (counts[THREADS] > marked[THREADS])
    g_string_append_printf (description, "%d threads; ", counts[THREADS] - marked[THREADS]);
  if (max_growth_kib > 0 && devbox_test_get_growth () > (int) max_growth_kib)
    g_string_append_printf (description, "%d KiB", devbox_test_get_growth ());

  return description->len > 0 ? g_string_free (g_steal_pointer (&description), FALSE) : NULL;
}

/**
 * devbox_test_get_growth:
 *
 * Returns: by how many KiB the process has grown since the mark
 */
int
devbox_test_get_growth (void)
{
  return read_resident_kib () - marked_resident_kib;
}
