/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"
#include "devbox-instance-info-private.h"
#include "devbox-instance-list-private.h"
#include "devbox-instance-private.h"

/* Lists are written as the devboxes' names, one letter each; an upper-case one is a devbox that runs. */
static DevboxInstanceInfo *
info_new (char letter)
{
  const char name[] = { g_ascii_tolower (letter), '\0' };
  gboolean runs = g_ascii_isupper (letter);
  g_auto (DevboxInstanceDetails) details = { 0 };

  details.name = g_strdup (name);
  details.uid = g_strdup_printf ("uid-%s", name);
  details.status = runs ? DEVBOX_INSTANCE_STATUS_RUNNING : DEVBOX_INSTANCE_STATUS_STOPPED;
  details.status_text = g_strdup (runs ? "Running" : "Stopped");

  return devbox_instance_info_new (&details);
}

static GListModel *
infos_new (const char *letters)
{
  GListStore *store = g_list_store_new (DEVBOX_TYPE_INSTANCE_INFO);

  for (; *letters != '\0'; letters++)
    {
      g_autoptr (DevboxInstanceInfo) info = info_new (*letters);

      g_list_store_append (store, info);
    }

  return G_LIST_MODEL (store);
}

typedef struct
{
  DevboxClient *client;
  DevboxInstanceList *list;
  GPtrArray *mirror; /* what somebody has who believes what he is told */
  GString *told;
} Fixture;

static void
items_changed (GListModel *list, guint position, guint removed, guint added, gpointer user_data)
{
  Fixture *fixture = user_data;

  if (removed > 0)
    g_ptr_array_remove_range (fixture->mirror, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (fixture->mirror, (int) (position + i), g_list_model_get_item (list, position + i));
  g_string_append_printf (fixture->told, "%u-%u+%u ", position, removed, added);
}

static void
n_items_changed (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_string_append_c (fixture->told, 'n');
}

static void
status_changed (GObject *instance, GParamSpec *pspec, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_string_append (fixture->told, devbox_instance_get_name (DEVBOX_INSTANCE (instance)));
}

static void
set_up (Fixture *fixture, gconstpointer letters)
{
  fixture->client = devbox_client_new ();
  fixture->list = devbox_instance_list_new (fixture->client, DEVBOX_INSTANCE_STATUS_UNKNOWN, "bash");
  fixture->mirror = g_ptr_array_new_with_free_func (g_object_unref);
  fixture->told = g_string_new (NULL);
  g_signal_connect (fixture->list, "items-changed", G_CALLBACK (items_changed), fixture);
  g_object_unref (devbox_instance_list_fill (fixture->list, infos_new (letters)));
  g_signal_connect (fixture->list, "notify::n-items", G_CALLBACK (n_items_changed), fixture);
  g_string_truncate (fixture->told, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer letters)
{
  g_object_add_weak_pointer (G_OBJECT (fixture->list), (gpointer *) &fixture->list);
  g_object_unref (fixture->list);
  g_assert_null (fixture->list);
  g_ptr_array_unref (fixture->mirror);
  g_string_free (fixture->told, TRUE);
  g_object_unref (fixture->client);
}

static char *
describe (DevboxInstanceList *list)
{
  GString *letters = g_string_new (NULL);
  guint n_items = g_list_model_get_n_items (G_LIST_MODEL (list));

  for (guint i = 0; i < n_items; i++)
    {
      g_autoptr (DevboxInstance) instance = g_list_model_get_item (G_LIST_MODEL (list), i);
      char letter = devbox_instance_get_name (instance)[0];

      g_string_append_c (letters, devbox_instance_get_status (instance) == DEVBOX_INSTANCE_STATUS_RUNNING
                                      ? g_ascii_toupper (letter)
                                      : letter);
    }

  return g_string_free (letters, FALSE);
}

static void
assert_mirror (Fixture *fixture)
{
  g_assert_cmpuint (fixture->mirror->len, ==, g_list_model_get_n_items (G_LIST_MODEL (fixture->list)));
  for (guint i = 0; i < fixture->mirror->len; i++)
    {
      g_autoptr (DevboxInstance) instance = g_list_model_get_item (G_LIST_MODEL (fixture->list), i);

      g_assert_true (instance == fixture->mirror->pdata[i]);
    }
}

static void
apply (Fixture *fixture, const char *letters)
{
  g_autoptr (GListModel) infos = infos_new (letters);

  devbox_instance_list_apply (fixture->list, infos, g_get_monotonic_time ());
}

static void
test_model (Fixture *fixture, gconstpointer letters)
{
  g_autofree char *runtime = NULL;
  g_autoptr (DevboxInstance) first = g_list_model_get_item (G_LIST_MODEL (fixture->list), 0);
  DevboxInstanceStatus status;
  guint n_items;

  g_assert_cmpstr (devbox_instance_get_name (first), ==, "a");
  g_assert_true (devbox_instance_get_client (first) == fixture->client);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (fixture->list), 3));
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (fixture->list)) == DEVBOX_TYPE_INSTANCE);
  g_object_get (fixture->list, "n-items", &n_items, "status", &status, "runtime", &runtime, NULL);
  g_assert_cmpuint (n_items, ==, 3);
  g_assert_cmpint (status, ==, DEVBOX_INSTANCE_STATUS_UNKNOWN);
  g_assert_cmpstr (runtime, ==, "bash");
  g_assert_true (devbox_instance_list_get_client (fixture->list) == fixture->client);
}

static const struct
{
  const char *before;
  const char *after;
  const char *list; /* afterwards: those that stay keep their places */
  const char *told;
} changes[] = {
  { "abc", "abc", "abc", "" },
  { "", "", "", "" },
  { "", "abc", "abc", "0-0+3 n" },
  { "abc", "", "", "0-3+0 n" },
  { "abc", "abcd", "abcd", "3-0+1 n" },
  { "abc", "dabc", "dabc", "0-0+1 n" },
  { "abc", "adebc", "adebc", "1-0+2 n" },
  { "abc", "adbec", "adbec", "1-0+1 3-0+1 n" },
  { "abcdef", "af", "af", "1-4+0 n" },
  { "abcdef", "acf", "acf", "3-2+0 1-1+0 n" },
  { "abc", "adc", "adc", "1-1+0 1-0+1 " },
  { "abc", "def", "def", "0-3+0 0-0+3 " },
  { "abc", "cab", "abc", "" },
  { "abc", "cdab", "abcd", "3-0+1 n" },
  { "abc", "bbab", "ab", "2-1+0 n" },
  { "abc", "dd", "d", "0-3+0 0-0+1 n" },
  { "abc", "AbC", "AbC", "ac" },
  { "abc", "Ac", "Ac", "a1-1+0 n" },
};

static void
test_change (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);
  g_autoptr (GPtrArray) before = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *list = NULL;
  Fixture fixture;

  set_up (&fixture, changes[index].before);
  for (guint i = 0; i < fixture.mirror->len; i++)
    {
      g_ptr_array_add (before, g_object_ref (fixture.mirror->pdata[i]));
      g_signal_connect (fixture.mirror->pdata[i], "notify::status", G_CALLBACK (status_changed), &fixture);
    }

  apply (&fixture, changes[index].after);

  list = describe (fixture.list);
  g_assert_cmpstr (list, ==, changes[index].list);
  g_assert_cmpstr (fixture.told->str, ==, changes[index].told);
  assert_mirror (&fixture);
  for (guint i = 0; i < before->len; i++)
    {
      const char *name = devbox_instance_get_name (before->pdata[i]);

      for (guint j = 0; j < fixture.mirror->len; j++)
        {
          if (g_str_equal (name, devbox_instance_get_name (fixture.mirror->pdata[j])))
            g_assert_true (before->pdata[i] == fixture.mirror->pdata[j]);
        }
      g_signal_handlers_disconnect_by_data (before->pdata[i], &fixture);
    }
  tear_down (&fixture, NULL);
}

/* Whoever believes what he is told has what the list has, whatever happens. */
static void
test_random (Fixture *fixture, gconstpointer letters)
{
  for (guint round = 0; round < 500; round++)
    {
      GString *next = g_string_new (NULL);
      guint length = (guint) g_test_rand_int_range (0, 26);

      for (guint i = 0; i < length; i++)
        g_string_append_c (next, (char) g_test_rand_int_range ('a', 'z' + 1));
      apply (fixture, next->str);
      assert_mirror (fixture);
      g_string_free (next, TRUE);
    }
}

static void
test_another_devbox_of_the_name (Fixture *fixture, gconstpointer letters)
{
  g_autoptr (GListStore) infos = g_list_store_new (DEVBOX_TYPE_INSTANCE_INFO);
  g_autoptr (DevboxInstanceInfo) info = NULL;
  g_autoptr (DevboxInstance) before = g_list_model_get_item (G_LIST_MODEL (fixture->list), 0);
  g_autoptr (DevboxInstance) after = NULL;
  g_auto (DevboxInstanceDetails) details = { 0 };

  details.name = g_strdup ("a");
  details.uid = g_strdup ("another");
  info = devbox_instance_info_new (&details);
  g_list_store_append (infos, info);
  devbox_instance_list_apply (fixture->list, G_LIST_MODEL (infos), g_get_monotonic_time ());

  after = g_list_model_get_item (G_LIST_MODEL (fixture->list), 0);
  g_assert_true (before != after);
  g_assert_cmpstr (devbox_instance_get_name (after), ==, "a");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->list)), ==, 1);
}

static void
test_what_is_old (Fixture *fixture, gconstpointer letters)
{
  gint64 early = g_get_monotonic_time ();
  g_autoptr (GListModel) old = infos_new ("ab");
  g_autofree char *list = NULL;

  apply (fixture, "abcd");
  devbox_instance_list_apply (fixture->list, old, early - 1);
  list = describe (fixture->list);
  g_assert_cmpstr (list, ==, "abcd");
}

static void
ask_for_more (GListModel *list, guint position, guint removed, guint added, gpointer user_data)
{
  g_signal_handlers_disconnect_by_func (list, ask_for_more, user_data);
  apply (user_data, "xyz");
}

static void
test_a_change_within_a_change (Fixture *fixture, gconstpointer letters)
{
  g_autofree char *list = NULL;
  g_autofree char *later = NULL;

  g_signal_connect (fixture->list, "items-changed", G_CALLBACK (ask_for_more), fixture);
  apply (fixture, "bcde");
  list = describe (fixture->list);
  g_assert_cmpstr (list, ==, "bcde");
  assert_mirror (fixture);

  while (g_main_context_iteration (NULL, FALSE))
    ;
  later = describe (fixture->list);
  g_assert_cmpstr (later, ==, "xyz");
  assert_mirror (fixture);
}

static gpointer
apply_in_thread (gpointer data)
{
  apply (data, "bcd");

  return NULL;
}

static void
test_another_thread (gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  Fixture fixture;

  g_main_context_push_thread_default (context);
  set_up (&fixture, "abc");
  g_thread_join (g_thread_new ("apply", apply_in_thread, &fixture));
  before = describe (fixture.list);
  g_assert_cmpstr (before, ==, "abc");
  g_assert_cmpstr (fixture.told->str, ==, "");

  g_assert_false (g_main_context_iteration (NULL, FALSE));
  while (g_main_context_iteration (context, FALSE))
    ;
  after = describe (fixture.list);
  g_assert_cmpstr (after, ==, "bcd");
  assert_mirror (&fixture);
  tear_down (&fixture, NULL);
  g_main_context_pop_thread_default (context);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/instance-list/model", Fixture, "abc", set_up, test_model, tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/instance-list/change/%s-%s", changes[i].before, changes[i].after);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_change);
    }
  g_test_add ("/instance-list/random", Fixture, "abc", set_up, test_random, tear_down);
  g_test_add ("/instance-list/another-devbox-of-the-name", Fixture, "abc", set_up, test_another_devbox_of_the_name,
              tear_down);
  g_test_add ("/instance-list/what-is-old", Fixture, "abc", set_up, test_what_is_old, tear_down);
  g_test_add ("/instance-list/a-change-within-a-change", Fixture, "abc", set_up, test_a_change_within_a_change,
              tear_down);
  g_test_add_data_func ("/instance-list/another-thread", NULL, test_another_thread);

  return g_test_run ();
}
