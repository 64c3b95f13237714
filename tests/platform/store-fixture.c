/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "store-fixture.h"

#include <sqlite3.h>

void
store_fixture_open (StoreFixture *self)
{
  g_autoptr (GError) error = NULL;

  self->store = devbox_store_new (self->folder, &error);
  g_assert_no_error (error);
  g_assert_nonnull (self->store);
}

void
store_fixture_close (StoreFixture *self)
{
  g_clear_pointer (&self->store, devbox_store_free);
}

void
store_fixture_reopen (StoreFixture *self)
{
  store_fixture_close (self);
  store_fixture_open (self);
}

void
store_fixture_set_up (StoreFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("devbox-store-XXXXXX", &error);
  g_assert_no_error (error);
  store_fixture_open (self);
}

void
store_fixture_tear_down (StoreFixture *self, gconstpointer data)
{
  store_fixture_close (self);
  remove_tree (self->folder);
  g_free (self->folder);
}

char *
store_fixture_get_path (StoreFixture *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

void
store_fixture_execute (StoreFixture *self, const char *sql)
{
  g_autofree char *path = store_fixture_get_path (self, "state.sqlite");
  sqlite3 *connection = NULL;

  g_assert_null (self->store);
  g_assert_cmpint (sqlite3_open (path, &connection), ==, SQLITE_OK);
  if (sqlite3_exec (connection, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (connection));
  g_assert_cmpint (sqlite3_close (connection), ==, SQLITE_OK);
}

static char *
make_uid (guint number)
{
  return g_strdup_printf ("%016x", number);
}

DevboxBoxRecord *
make_box (guint number)
{
  DevboxBoxRecord *record = devbox_box_record_new ();
  const char *variables[] = { "EMPTY=", "_Text=a \"b\" \\ \n\t日本語", NULL };
  const char *cgroups[] = { "/sys/fs/cgroup/memory/devbox", "/sys/fs/cgroup/cpu/devbox", NULL };
  DevboxBoxPort *port = devbox_box_port_new (8080, NULL, NULL);

  g_free (record->uid);
  record->uid = make_uid (number);
  record->owner = g_strdup ("ns-alice");
  record->name = g_strdup_printf ("box-%u", number);
  record->runtime = g_strdup ("node.js");
  record->cpu = DEVBOX_BOX_MIN_CPU + number % 1000;
  record->memory = DEVBOX_BOX_MIN_MEMORY + number % 1000;
  port->outer = 40000;
  g_ptr_array_add (record->ports, port);
  g_ptr_array_add (record->ports, devbox_box_port_new (1 + number % 8000, "web", "GRPC"));
  g_strfreev (record->environment);
  record->environment = g_strdupv ((char **) variables);
  record->startup_command = g_strdup_printf ("echo %u", number);
  record->release = make_uid (number + 1);
  record->shares_network = TRUE;
  record->goal = number % (DEVBOX_BOX_GOAL_DELETED + 1);
  record->is_provisioned = TRUE;
  record->reason = g_strdup ("because");
  record->created = 1700000000000000 + number;
  record->agent_port = 3000;
  record->cgroups = g_strdupv ((char **) cgroups);
  record->idempotency_key = g_strdup_printf ("key %u", number);
  record->request_digest = g_strdup ("00ff");

  return record;
}

void
assert_equal_boxes (const DevboxBoxRecord *a, const DevboxBoxRecord *b)
{
  g_assert_cmpstr (a->uid, ==, b->uid);
  g_assert_cmpstr (a->owner, ==, b->owner);
  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpstr (a->runtime, ==, b->runtime);
  g_assert_cmpuint (a->cpu, ==, b->cpu);
  g_assert_cmpuint (a->memory, ==, b->memory);
  g_assert_cmpuint (a->ports->len, ==, b->ports->len);
  for (guint i = 0; i < a->ports->len; i++)
    {
      const DevboxBoxPort *port = a->ports->pdata[i], *other = b->ports->pdata[i];

      g_assert_cmpuint (port->number, ==, other->number);
      g_assert_cmpuint (port->outer, ==, other->outer);
      g_assert_cmpstr (port->name, ==, other->name);
      g_assert_cmpstr (port->protocol, ==, other->protocol);
    }
  g_assert_cmpstrv (a->environment, b->environment);
  g_assert_cmpstr (a->startup_command, ==, b->startup_command);
  g_assert_cmpstr (a->release, ==, b->release);
  g_assert_cmpint (a->shares_network, ==, b->shares_network);
  g_assert_cmpint (a->goal, ==, b->goal);
  g_assert_cmpint (a->is_provisioned, ==, b->is_provisioned);
  g_assert_cmpstr (a->reason, ==, b->reason);
  g_assert_cmpint (a->created, ==, b->created);
  g_assert_cmpstr (a->token, ==, b->token);
  g_assert_cmpstr (a->address, ==, b->address);
  g_assert_cmpuint (a->agent_port, ==, b->agent_port);
  g_assert_cmpint (a->cgroups != NULL, ==, b->cgroups != NULL);
  if (a->cgroups != NULL)
    g_assert_cmpstrv (a->cgroups, b->cgroups);
  g_assert_cmpstr (a->idempotency_key, ==, b->idempotency_key);
  g_assert_cmpstr (a->request_digest, ==, b->request_digest);
}

DevboxReleaseRecord *
make_release (guint number)
{
  DevboxReleaseRecord *record = devbox_release_record_new ();

  g_free (record->uid);
  record->uid = make_uid (number);
  record->owner = g_strdup ("ns-bob");
  record->box_name = g_strdup ("box");
  record->tag = g_strdup_printf ("v%u.0", number);
  record->description = g_strdup ("second \"try\"");
  record->runtime = g_strdup ("python");
  record->is_complete = TRUE;
  record->reason = g_strdup ("none");

  return record;
}

DevboxUserRecord *
make_user (guint number)
{
  DevboxUserRecord *record = g_new0 (DevboxUserRecord, 1);

  record->name = g_strdup_printf ("user-%u", number);
  record->token_digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, record->name, -1);
  record->created = 1;

  return record;
}

void
verdict_set (const GError *error, gpointer verdict)
{
  Verdict *self = verdict;

  self->n_told++;
  g_clear_error (&self->error);
  if (error != NULL)
    self->error = g_error_copy (error);
}

void
verdict_wait (Verdict *self, guint n_told)
{
  while (self->n_told < n_told)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (self->n_told, ==, n_told);
}

void
verdict_clear (Verdict *self)
{
  g_clear_error (&self->error);
  self->n_told = 0;
}

void
put_box (StoreFixture *fixture, const DevboxBoxRecord *record)
{
  g_auto (Verdict) verdict = { 0 };

  devbox_store_put_box (fixture->store, record, verdict_set, &verdict);
  verdict_wait (&verdict, 1);
  g_assert_no_error (verdict.error);
}

void
delete_box (StoreFixture *fixture, const char *uid)
{
  g_auto (Verdict) verdict = { 0 };

  devbox_store_delete_box (fixture->store, uid, verdict_set, &verdict);
  verdict_wait (&verdict, 1);
  g_assert_no_error (verdict.error);
}

GPtrArray *
load_boxes (StoreFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *records = devbox_store_load_boxes (fixture->store, &error);

  g_assert_no_error (error);

  return records;
}
