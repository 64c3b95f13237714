/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {
  "n-total",      "n-active",          "n-healthy",        "n-unhealthy",
  "n-operations", "bytes-transferred", "average-lifetime", "reuse-rate",
};

typedef struct
{
  OddServer *server;
  DevboxPool *pool;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
  GHashTable *last; /* what the last notification of each property told */
  guint n_notified;
} Fixture;

static double
get_as_double (gpointer object, const char *name)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_auto (GValue) number = G_VALUE_INIT;

  g_object_get_property (object, name, &value);
  g_value_init (&number, G_TYPE_DOUBLE);
  g_assert_true (g_value_transform (&value, &number));

  return g_value_get_double (&number);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->server = odd_server_new ("127.0.0.1");
  self->pool = devbox_pool_new ();
  self->client = g_object_new (DEVBOX_TYPE_CLIENT, "pool", self->pool, "max-retries", 0, NULL);
  self->endpoint = test_endpoint_new (self->server, NULL);
  self->last = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_hash_table_insert (self->last, (gpointer) names[i], g_new0 (double, 1));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  devbox_endpoint_unref (self->endpoint);
  g_clear_object (&self->client);
  test_wait_for_io_threads ();
  g_assert_finalize_object (self->pool);
  g_hash_table_unref (self->last);
  odd_server_free (self->server);
}

static void
get_ok (Fixture *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = test_get_async (self->client, self->endpoint, path, &error);

  g_assert_no_error (error);
  g_assert_nonnull (body);
}

/* Every property of a pool's counters is one of its statistics, and both say the same as the functions. */
static void
test_agreement (Fixture *self, gconstpointer data)
{
  g_autoptr (DevboxPoolStats) stats = NULL;

  for (guint i = 0; i < 4; i++)
    get_ok (self, "/size/100");
  get_ok (self, "/close");
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);

  stats = devbox_pool_get_stats (self->pool);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpfloat (get_as_double (self->pool, names[i]), ==, get_as_double (stats, names[i]));

#define ASSERT_EQUAL(name, format)                                                                                     \
  g_assert_cmp##format (devbox_pool_get_##name (self->pool), ==, devbox_pool_stats_get_##name (stats))
  ASSERT_EQUAL (n_total, uint);
  ASSERT_EQUAL (n_active, uint);
  ASSERT_EQUAL (n_healthy, uint);
  ASSERT_EQUAL (n_unhealthy, uint);
  ASSERT_EQUAL (n_operations, uint);
  ASSERT_EQUAL (bytes_transferred, uint);
  ASSERT_EQUAL (average_lifetime, uint);
  ASSERT_EQUAL (reuse_rate, float);
#undef ASSERT_EQUAL

  g_assert_cmpuint (devbox_pool_stats_get_n_operations (stats), ==, 5);
  g_assert_cmpuint (devbox_pool_stats_get_bytes_transferred (stats), ==, 400 + strlen ("{\"ok\":true}"));
  g_assert_cmpfloat_with_epsilon (devbox_pool_stats_get_reuse_rate (stats), 0.8, 1e-9);
}

/* What was taken stays as it was. */
static void
test_immutable (Fixture *self, gconstpointer data)
{
  g_autoptr (DevboxPoolStats) before = NULL;
  g_autoptr (DevboxPoolStats) after = NULL;

  get_ok (self, "/ok");
  before = devbox_pool_get_stats (self->pool);
  get_ok (self, "/ok");
  after = devbox_pool_get_stats (self->pool);
  g_assert_cmpuint (devbox_pool_stats_get_n_operations (before), ==, 1);
  g_assert_cmpuint (devbox_pool_stats_get_n_operations (after), ==, 2);
  g_assert_cmpuint (devbox_pool_stats_get_n_total (after), ==, 1);
  g_assert_cmpuint (devbox_pool_stats_get_n_healthy (after), ==, 1);
  g_object_unref (self->client);
  self->client = NULL;
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpuint (devbox_pool_stats_get_n_total (after), ==, 1);
}

/* Of one that lived for about 100 ms, and one that lived for about 300. */
static void
test_average_lifetime (Fixture *self, gconstpointer data)
{
  guint64 average;

  g_assert_cmpuint (devbox_pool_get_average_lifetime (self->pool), ==, 0);
  get_ok (self, "/delay/100");
  g_assert_cmpuint (devbox_pool_get_average_lifetime (self->pool), ==, 0);
  devbox_pool_close_all (self->pool);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  average = devbox_pool_get_average_lifetime (self->pool);
  g_assert_cmpuint (average, >=, 100);

  get_ok (self, "/delay/150");
  get_ok (self, "/delay/150");
  devbox_pool_close_all (self->pool);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpuint (devbox_pool_get_average_lifetime (self->pool), >=, (average + 300) / 2);
}

/* Also a connection that libsoup itself puts another in the place of. */
static void
test_lifetime_of_replaced (Fixture *self, gconstpointer data)
{
  get_ok (self, "/once");
  get_ok (self, "/ok");
  g_assert_cmpuint (odd_server_get_n_accepted (self->server), ==, 2);
  g_usleep (50 * 1000);
  g_assert_cmpuint (devbox_pool_get_average_lifetime (self->pool), <, 50);
  devbox_pool_close_all (self->pool);
  test_wait_until (devbox_pool_get_n_total (self->pool) == 0);
  g_assert_cmpuint (devbox_pool_get_average_lifetime (self->pool), >=, 25);
}

static void
notified_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  Fixture *self = data;
  double *last = g_hash_table_lookup (self->last, pspec->name);
  double now = get_as_double (object, pspec->name);

  g_assert_nonnull (last);
  *last = now;
  self->n_notified++;
}

/* Everything that changes is told, and in the end what was told is how things are. */
static void
test_notify (Fixture *self, gconstpointer data)
{
  gboolean is_current = FALSE;

  g_signal_connect (self->pool, "notify", G_CALLBACK (notified_cb), self);
  for (guint i = 0; i < 20; i++)
    get_ok (self, i % 5 == 4 ? "/close" : "/ok");

  while (!is_current)
    {
      g_main_context_iteration (NULL, TRUE);
      is_current = TRUE;
      for (guint i = 0; i < G_N_ELEMENTS (names); i++)
        is_current &= get_as_double (self->pool, names[i]) == *(double *) g_hash_table_lookup (self->last, names[i]);
    }
  g_assert_cmpuint (self->n_notified, >, 0);
}

/* Longer than a notification may take. */
static void
iterate_for_a_while (void)
{
  gint64 end = g_get_monotonic_time () + 250 * 1000;

  while (g_get_monotonic_time () < end)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (1000);
    }
}

/* Calls that leave everything as it was but the number of operations and bytes tell of nothing else. */
static void
test_no_notify (Fixture *self, gconstpointer data)
{
  get_ok (self, "/close");
  get_ok (self, "/close");
  iterate_for_a_while ();

  g_hash_table_remove (self->last, "reuse-rate");
  g_hash_table_remove (self->last, "n-unhealthy");
  g_signal_connect (self->pool, "notify", G_CALLBACK (notified_cb), self);
  get_ok (self, "/close");
  test_wait_until (*(double *) g_hash_table_lookup (self->last, "n-operations") == 3);

  /* Nothing at all while nothing happens. */
  test_wait_until (*(double *) g_hash_table_lookup (self->last, "n-total") == 0);
  iterate_for_a_while ();
  self->n_notified = 0;
  iterate_for_a_while ();
  g_assert_cmpuint (self->n_notified, ==, 0);
}

static void
test_settings_notify (void)
{
  static const char *const settings[] = { "keep-alive-interval", "health-check-interval" };
  g_autoptr (DevboxPool) pool = devbox_pool_new ();

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      g_autofree char *signal = g_strconcat ("notify::", settings[i], NULL);
      guint value = 0;
      guint n_notified = 0;

      g_object_get (pool, settings[i], &value, NULL);
      g_assert_cmpuint (value, ==, 60000);
      g_signal_connect_swapped (pool, signal, G_CALLBACK (g_atomic_int_inc), &n_notified);
      g_object_set (pool, settings[i], 60000, NULL);
      g_assert_cmpuint (n_notified, ==, 0);
      g_object_set (pool, settings[i], 0, NULL);
      g_assert_cmpuint (n_notified, ==, 1);
      g_object_get (pool, settings[i], &value, NULL);
      g_assert_cmpuint (value, ==, 0);
    }
  g_assert_cmpuint (devbox_pool_get_keep_alive_interval (pool), ==, 0);
  g_assert_cmpuint (devbox_pool_get_health_check_interval (pool), ==, 0);
}

#define ADD(name, test) g_test_add ("/client/pool-stats/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("agreement", test_agreement);
  ADD ("immutable", test_immutable);
  ADD ("average-lifetime", test_average_lifetime);
  ADD ("lifetime-of-replaced", test_lifetime_of_replaced);
  ADD ("notify", test_notify);
  ADD ("no-notify", test_no_notify);
  g_test_add_func ("/client/pool-stats/settings-notify", test_settings_notify);

  return g_test_run ();
}
