/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-record-private.h"
#include "devbox-wire-environment-private.h"
#include "devbox-wire-error-private.h"
#include "store-fixture.h"

#include <stdio.h>
#include <string.h>

static DevboxBoxRecord *
read_back (const DevboxBoxRecord *record)
{
  g_autofree char *json = devbox_box_record_to_json (record);
  g_autoptr (GError) error = NULL;
  DevboxBoxRecord *other = devbox_box_record_from_json (json, strlen (json), &error);

  g_assert_no_error (error);

  return other;
}

static void
test_round_trip (void)
{
  for (guint i = 0; i <= DEVBOX_BOX_GOAL_DELETED; i++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (i);
      g_autoptr (DevboxBoxRecord) copy = devbox_box_record_copy (record);
      g_autoptr (DevboxBoxRecord) other = read_back (record);

      assert_equal_boxes (record, copy);
      assert_equal_boxes (record, other);
    }
}

static void
test_empty_members (void)
{
  g_autoptr (DevboxBoxRecord) record = devbox_box_record_new ();
  g_autoptr (DevboxBoxRecord) other = NULL;
  g_autoptr (DevboxBoxRecord) copy = NULL;

  record->owner = g_strdup ("ns-a");
  record->name = g_strdup ("b");
  record->runtime = g_strdup ("bash");
  record->cpu = DEVBOX_BOX_MIN_CPU;
  record->memory = DEVBOX_BOX_MAX_MEMORY;
  other = read_back (record);
  copy = devbox_box_record_copy (record);

  assert_equal_boxes (record, other);
  assert_equal_boxes (record, copy);
  g_assert_null (other->startup_command);
  g_assert_null (other->cgroups);
  g_assert_cmpuint (g_strv_length (other->environment), ==, 0);
}

static void
test_drawn (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gint64 now = g_get_real_time ();

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (DevboxBoxRecord) record = devbox_box_record_new ();
      guint parts[4];

      g_assert_true (devbox_box_uid_is_valid (record->uid));
      g_assert_cmpuint (strlen (record->token), ==, 64);
      g_assert_cmpint (sscanf (record->address, "%u.%u.%u.%u", parts, parts + 1, parts + 2, parts + 3), ==, 4);
      g_assert_cmpuint (parts[0], ==, 127);
      g_assert_true (parts[1] >= 1 && parts[1] <= 254 && parts[2] <= 255 && parts[3] <= 255);
      g_assert_cmpint (ABS (record->created - now), <, 60 * G_TIME_SPAN_SECOND);
      g_assert_true (g_hash_table_add (seen, g_strdup (record->uid)));
      g_assert_true (g_hash_table_add (seen, g_strdup (record->token)));
    }
}

static void
assert_refused (const char *json, gsize size, const char *member)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *quoted = g_strdup_printf ("“%s", member);

  g_assert_null (devbox_box_record_from_json (json, size, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  if (strstr (error->message, quoted) == NULL)
    g_error ("%s: does not name %s", error->message, quoted);
}

/* What stands in the place of a member's value in an otherwise good record. */
static const struct
{
  const char *member;
  const char *value;
} bad_values[] = {
  { "uid", "\"\"" },
  { "uid", "\"000000000000000G\"" },
  { "uid", "\"00000000000000001\"" },
  { "uid", "\"../../etc/passwd\"" },
  { "uid", "null" },
  { "owner", "\"alice\"" },
  { "owner", "\"ns-\"" },
  { "owner", "\"ns-Alice\"" },
  { "name", "\"-a\"" },
  { "name", "\"a-\"" },
  { "name", "\"a/b\"" },
  { "name", "\"0123456789012345678901234567890123456789012345678901234567890123\"" },
  { "name", "5" },
  { "runtime", "\"\"" },
  { "runtime", "\"../x\"" },
  { "cpu", "99" },
  { "cpu", "64001" },
  { "cpu", "-1" },
  { "cpu", "1e999" },
  { "cpu", "\"200\"" },
  { "memory", "101" },
  { "memory", "524289" },
  { "ports", "{}" },
  { "ports", "[5]" },
  { "ports", "[{\"outer\":0,\"name\":\"a\",\"protocol\":\"TCP\"}]" },
  { "ports", "[{\"number\":0,\"outer\":0,\"name\":\"a\",\"protocol\":\"TCP\"}]" },
  { "ports", "[{\"number\":65536,\"outer\":0,\"name\":\"a\",\"protocol\":\"TCP\"}]" },
  { "ports", "[{\"number\":1,\"outer\":0,\"name\":\"A\",\"protocol\":\"TCP\"}]" },
  { "ports", "[{\"number\":1,\"outer\":0,\"name\":\"a\",\"protocol\":\"tcp\"}]" },
  { "ports", "[{\"number\":1,\"outer\":0,\"name\":\"a\",\"protocol\":\"TCP\"},"
             "{\"number\":1,\"outer\":0,\"name\":\"b\",\"protocol\":\"TCP\"}]" },
  { "environment", "null" },
  { "environment", "[\"A\"]" },
  { "environment", "[\"=a\"]" },
  { "environment", "[\"1A=a\"]" },
  { "environment", "[\"A B=a\"]" },
  { "environment", "[5]" },
  { "startupCommand", "[]" },
  { "release", "\"x\"" },
  { "sharesNetwork", "1" },
  { "goal", "\"flying\"" },
  { "goal", "1" },
  { "isProvisioned", "\"true\"" },
  { "reason", "{}" },
  { "created", "-1" },
  { "created", "9223372036854775808" },
  { "token", "\"\"" },
  { "token", "\"zz\"" },
  { "address", "\"127.0.0.1\"" },
  { "address", "\"127.1.0.0\"" },
  { "address", "\"127.254.255.255\"" },
  { "address", "\"127.255.0.1\"" },
  { "address", "\"127.1.1\"" },
  { "address", "\"127.001.1.1\"" },
  { "address", "\"10.0.0.1\"" },
  { "address", "\"::1\"" },
  { "agentPort", "65536" },
  { "agentPort", "-1" },
  { "cgroups", "[\"relative\"]" },
  { "cgroups", "[\"/\"]" },
  { "cgroups", "[\"/sys/../etc\"]" },
  { "cgroups", "[\"/sys//fs\"]" },
  { "cgroups", "\"/sys\"" },
  { "idempotencyKey", "5" },
  { "requestDigest", "[]" },
};

/* What a reader makes of two members of one name is the second one. */
static void
test_bad_values (void)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  g_autofree char *json = devbox_box_record_to_json (record);

  for (guint i = 0; i < G_N_ELEMENTS (bad_values); i++)
    {
      const char *member = bad_values[i].member;
      g_autofree char *bad
          = g_strdup_printf ("%.*s,\"%s\":%s}", (int) strlen (json) - 1, json, member, bad_values[i].value);
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_box_record_from_json (bad, strlen (bad), &error));
      if (error->domain != DEVBOX_WIRE_ERROR || error->code != DEVBOX_WIRE_VALIDATION_ERROR)
        g_error ("%s: %s", bad, error->message);
      g_assert_null (strstr (error->message, record->token));
    }

  assert_refused ("{}", 2, "uid");
}

static void
test_damaged_text (void)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  g_autofree char *json = devbox_box_record_to_json (record);
  gsize size = strlen (json);

  for (gsize i = 0; i < size; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_box_record_from_json (json, i, &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

static void
test_unknown_member (void)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  g_autofree char *json = devbox_box_record_to_json (record);
  g_autofree char *more = g_strdup_printf ("%.*s,\"later\":{\"a\":[1]}}", (int) strlen (json) - 1, json);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxBoxRecord) other = devbox_box_record_from_json (more, strlen (more), &error);

  g_assert_no_error (error);
  assert_equal_boxes (record, other);
}

static void
test_limits (void)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  g_autoptr (GError) error = NULL;
  g_autofree char *value = g_strnfill (DEVBOX_WIRE_MAX_ENVIRONMENT_SIZE - 3, 'x');

  g_strfreev (record->environment);
  record->environment = g_new0 (char *, 2);
  record->environment[0] = g_strconcat ("A=", value, NULL);
  g_assert_true (devbox_box_record_check (record, NULL));
  g_free (record->environment[0]);
  record->environment[0] = g_strconcat ("AB=", value, NULL);
  g_assert_false (devbox_box_record_check (record, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_null (strstr (error->message, "xxx"));
  g_clear_error (&error);

  g_free (record->environment[0]);
  record->environment[0] = g_strdup ("A=\xff");
  g_assert_false (devbox_box_record_check (record, NULL));
  g_clear_pointer (&record->environment[0], g_free);
  g_assert_true (devbox_box_record_check (record, NULL));

  for (guint i = 0; record->ports->len < DEVBOX_BOX_MAX_PORTS; i++)
    g_ptr_array_add (record->ports, devbox_box_port_new (10000 + i, NULL, "WS"));
  g_assert_true (devbox_box_record_check (record, NULL));
  g_ptr_array_add (record->ports, devbox_box_port_new (9999, NULL, "WS"));
  g_assert_false (devbox_box_record_check (record, NULL));
}

static void
test_release (void)
{
  g_autoptr (DevboxReleaseRecord) record = make_release (7);
  g_autoptr (DevboxReleaseRecord) copy = devbox_release_record_copy (record);
  g_autofree char *json = devbox_release_record_to_json (record);
  g_autofree char *copied_json = devbox_release_record_to_json (copy);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxReleaseRecord) other = devbox_release_record_from_json (json, strlen (json), &error);
  g_autofree char *other_json = NULL;

  g_assert_no_error (error);
  other_json = devbox_release_record_to_json (other);
  g_assert_cmpstr (json, ==, other_json);
  g_assert_cmpstr (json, ==, copied_json);
  g_assert_cmpstr (other->tag, ==, "v7.0");
  g_assert_cmpstr (other->description, ==, record->description);
  g_assert_true (other->is_complete);

  g_free (record->tag);
  record->tag = g_strdup ("../v1");
  g_assert_false (devbox_release_record_check (record, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_null (devbox_release_record_from_json ("{}", 2, NULL));
}

static void
test_user (void)
{
  g_autoptr (DevboxUserRecord) record = make_user (7);
  g_autoptr (DevboxUserRecord) copy = devbox_user_record_copy (record);
  g_autofree char *json = devbox_user_record_to_json (copy);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxUserRecord) other = devbox_user_record_from_json (json, strlen (json), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (other->name, ==, record->name);
  g_assert_cmpstr (other->token_digest, ==, record->token_digest);
  g_assert_cmpint (other->created, ==, record->created);

  record->token_digest[0] = 'g';
  g_assert_false (devbox_user_record_check (record, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_null (devbox_user_record_from_json ("{}", 2, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/box-record/round-trip", test_round_trip);
  g_test_add_func ("/box-record/empty-members", test_empty_members);
  g_test_add_func ("/box-record/drawn", test_drawn);
  g_test_add_func ("/box-record/bad-values", test_bad_values);
  g_test_add_func ("/box-record/damaged-text", test_damaged_text);
  g_test_add_func ("/box-record/unknown-member", test_unknown_member);
  g_test_add_func ("/box-record/limits", test_limits);
  g_test_add_func ("/box-record/release", test_release);
  g_test_add_func ("/box-record/user", test_user);

  return g_test_run ();
}
