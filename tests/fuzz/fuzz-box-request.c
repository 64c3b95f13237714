/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first byte says which request the rest is the body of. What is taken makes a record that the store would take;
 * what is refused is VALIDATION_ERROR, and says so in valid UTF-8. */
#include "config.h"

#include "devbox-box-request-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static GPtrArray *
make_known_ports (void)
{
  GPtrArray *ports = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_port_free);

  g_ptr_array_add (ports, devbox_box_port_new (8080, "web", "WS"));

  return ports;
}

/* Of a box that has everything already. */
static DevboxBoxRecord *
make_record (void)
{
  DevboxBoxRecord *record = devbox_box_record_new ();

  record->owner = g_strdup ("ns-admin");
  record->name = g_strdup ("box");
  record->runtime = g_strdup ("go");
  record->cpu = 1000;
  record->memory = 1024;

  return record;
}

static void
check_request (const DevboxBoxRequest *request)
{
  g_autoptr (DevboxBoxRecord) record = make_record ();
  g_autoptr (GError) error = NULL;

  devbox_box_request_apply (request, record);
  if (request->startup_command != NULL)
    record->startup_command = g_strdup (request->startup_command);
  devbox_box_record_check (record, &error);
  g_assert_no_error (error);

  g_assert_true (request->startup_command == NULL || request->wants_startup);
  g_assert_true (request->has_network || !request->shares_network);
  g_assert_true ((request->release_name == NULL) == (request->release_tag == NULL));
}

static void
check_refusal (const GError *error)
{
  g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
check_startup (JsonObject *object)
{
  g_autoptr (GError) error = NULL;
  const char *command = NULL;

  if (devbox_box_request_read_startup (object, &command, &error))
    g_assert_true (command == NULL || strlen (command) <= DEVBOX_BOX_MAX_COMMAND);
  else
    check_refusal (error);
}

static void
check_release (JsonObject *object)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  const char *tag;
  const char *description;

  if (!devbox_box_request_read_release (object, &tag, &description, &error))
    {
      check_refusal (error);
      return;
    }

  g_assert_true (devbox_release_tag_is_valid (tag));
  g_assert_true (strlen (description) <= DEVBOX_RELEASE_MAX_DESCRIPTION);
  name = devbox_box_request_make_name ("box", tag);
  g_assert_true (devbox_box_name_is_valid (name));
}

static void
check_body (guint8 kind, JsonObject *object)
{
  g_autoptr (GPtrArray) known = make_known_ports ();
  g_autoptr (DevboxBoxRequest) request = NULL;
  g_autoptr (GError) error = NULL;

  switch (kind)
    {
    case 's':
      check_startup (object);
      return;
    case 'r':
      check_release (object);
      return;
    case 'd':
      request = devbox_box_request_read_deploy (object, &error);
      break;
    case 'u':
      request = devbox_box_request_read_update (object, known, &error);
      break;
    case 'p':
      request = devbox_box_request_read_ports (object, known, &error);
      g_assert_true (request == NULL || request->ports != NULL);
      break;
    default:
      request = devbox_box_request_read_create (object, &error);
      g_assert_true (request == NULL
                     || (request->name != NULL && (request->runtime != NULL || request->release_tag != NULL)));
    }

  if (request != NULL)
    check_request (request);
  else
    check_refusal (error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JsonObject) object = NULL;

  if (size == 0)
    return 0;

  object = devbox_wire_json_parse_object ((const char *) data + 1, size - 1, NULL);
  if (object != NULL)
    check_body (data[0], object);

  return 0;
}
