/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is taken for a record of the store keeps the rules that others rely on, is written as it was read, and is taken
 * again; what is refused is refused with an error that names a member or the place in the text. */
#include "config.h"

#include "devbox-box-record-private.h"
#include "devbox-wire-error-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_uid (const char *uid)
{
  g_assert_cmpuint (strlen (uid), ==, 16);
  g_assert_cmpuint (strspn (uid, "0123456789abcdef"), ==, 16);
}

static void
check_label (const char *label)
{
  g_assert_true (g_ascii_isalnum (label[0]) && strlen (label) < 64 && strpbrk (label, "/.ABC \n") == NULL);
}

static void
check_refused (const GError *error)
{
  g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

/* A name may begin with two dots, but not be those. */
static void
check_folder (const char *folder)
{
  g_assert_cmpint (folder[0], ==, '/');
  g_assert_true (strstr (folder, "/../") == NULL && !g_str_has_suffix (folder, "/.."));
}

static void
check_members (const DevboxBoxRecord *record)
{
  check_uid (record->uid);
  check_label (record->name);
  g_assert_true (g_str_has_prefix (record->owner, "ns-"));
  check_label (record->owner + 3);
  g_assert_null (strchr (record->runtime, '/'));
  g_assert_true (record->cpu >= 100 && record->cpu <= 64000);
  g_assert_true (record->memory > 0 && record->memory <= 512 * 1024);
  g_assert_cmpuint (strlen (record->token), ==, 64);
  g_assert_true (g_str_has_prefix (record->address, "127."));
  g_assert_false (g_str_has_prefix (record->address, "127.0.") || g_str_has_prefix (record->address, "127.255."));
  if (record->release != NULL)
    check_uid (record->release);
  for (guint i = 0; i < record->ports->len; i++)
    {
      const DevboxBoxPort *port = record->ports->pdata[i];

      g_assert_cmpuint (port->number, >, 0);
      check_label (port->name);
    }
  for (guint i = 0; record->environment[i] != NULL; i++)
    g_assert_nonnull (strchr (record->environment[i] + 1, '='));
  for (guint i = 0; record->cgroups != NULL && record->cgroups[i] != NULL; i++)
    check_folder (record->cgroups[i]);
}

static void
read_box (const char *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxBoxRecord) record = devbox_box_record_from_json (data, size, &error);
  g_autoptr (DevboxBoxRecord) copy = NULL;
  g_autoptr (DevboxBoxRecord) again = NULL;
  g_autofree char *json = NULL;
  g_autofree char *json_again = NULL;

  if (record == NULL)
    {
      check_refused (error);
      return;
    }

  check_members (record);
  copy = devbox_box_record_copy (record);
  json = devbox_box_record_to_json (copy);
  again = devbox_box_record_from_json (json, strlen (json), &error);
  g_assert_no_error (error);
  json_again = devbox_box_record_to_json (again);
  g_assert_cmpstr (json, ==, json_again);
}

static void
read_release (const char *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxReleaseRecord) record = devbox_release_record_from_json (data, size, &error);
  g_autofree char *json = NULL;

  if (record == NULL)
    {
      check_refused (error);
      return;
    }

  check_uid (record->uid);
  check_label (record->box_name);
  json = devbox_release_record_to_json (record);
  g_clear_pointer (&record, devbox_release_record_free);
  record = devbox_release_record_from_json (json, strlen (json), &error);
  g_assert_no_error (error);
}

static void
read_user (const char *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxUserRecord) record = devbox_user_record_from_json (data, size, &error);
  g_autofree char *json = NULL;

  if (record == NULL)
    {
      check_refused (error);
      return;
    }

  check_label (record->name);
  g_assert_cmpuint (strlen (record->token_digest), ==, 64);
  json = devbox_user_record_to_json (record);
  g_clear_pointer (&record, devbox_user_record_free);
  record = devbox_user_record_from_json (json, strlen (json), &error);
  g_assert_no_error (error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  read_box ((const char *) data, size);
  read_release ((const char *) data, size);
  read_user ((const char *) data, size);

  return 0;
}
