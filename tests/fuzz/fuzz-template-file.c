/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A template that was read keeps every rule, and reads the same when it is written again. */
#include "config.h"

#include "devbox-template-file-private.h"
#include "devbox-wire-error-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_text (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_cmpuint (strlen (text), <=, 1024);
  for (const char *c = text; *c != '\0'; c++)
    g_assert_true ((guchar) *c >= ' ' && *c != 0x7f);
}

static void
check_programs (const DevboxTemplate *template)
{
  guint n_programs = g_strv_length (template->programs);

  g_assert_cmpuint (n_programs, <=, 32);
  g_assert_cmpuint (n_programs, ==, g_strv_length (template->packages));
  for (guint i = 0; i < n_programs; i++)
    {
      const char *program = template->programs[i];
      const char *package = template->packages[i];

      g_assert_true (g_ascii_isalnum (program[0]) || (program[0] == '/' && g_ascii_isalnum (program[1])));
      g_assert_true (program[0] == '/' || strchr (program, '/') == NULL);
      g_assert_null (strpbrk (program, " \t'\"$`\\;&|<>()"));
      g_assert_true (g_ascii_isalnum (package[0]));
      g_assert_null (strpbrk (package, " \t'\"$`\\;&|<>()/_"));
    }
}

static void
check_ports (const DevboxTemplate *template)
{
  g_assert_cmpuint (template->ports->len, <=, 32);
  for (guint i = 0; i < template->ports->len; i++)
    {
      guint16 port = g_array_index (template->ports, guint16, i);

      g_assert_cmpuint (port, >, 0);
      for (guint j = 0; j < i; j++)
        g_assert_cmpuint (port, !=, g_array_index (template->ports, guint16, j));
    }
}

static char *
write_again (const DevboxTemplate *template, gsize *size)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GString) needs = g_string_new (NULL);
  g_autoptr (GString) ports = g_string_new (NULL);

  for (guint i = 0; template->programs[i] != NULL; i++)
    g_string_append_printf (needs, "%s:%s;", template->programs[i], template->packages[i]);
  for (guint i = 0; i < template->ports->len; i++)
    g_string_append_printf (ports, "%u;", g_array_index (template->ports, guint16, i));

  g_key_file_set_string (file, "Template", "Kind", template->kind);
  g_key_file_set_string (file, "Template", "Description", template->description);
  if (template->command != NULL)
    g_key_file_set_string (file, "Template", "Command", template->command);
  g_key_file_set_value (file, "Template", "Needs", needs->str);
  g_key_file_set_value (file, "Template", "Ports", ports->str);

  return g_key_file_to_data (file, size, NULL);
}

static void
check_again (const DevboxTemplate *template)
{
  gsize size;
  g_autofree char *data = write_again (template, &size);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxTemplate) again = devbox_template_file_parse ("name", data, size, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (again->kind, ==, template->kind);
  g_assert_cmpstr (again->description, ==, template->description);
  g_assert_cmpstr (again->command, ==, template->command);
  g_assert_true (g_strv_equal ((const char *const *) again->programs, (const char *const *) template->programs));
  g_assert_true (g_strv_equal ((const char *const *) again->packages, (const char *const *) template->packages));
  g_assert_cmpmem (again->ports->data, again->ports->len * sizeof (guint16), template->ports->data,
                   template->ports->len * sizeof (guint16));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const kinds[] = { "FRAMEWORK", "OS", "LANGUAGE", "SERVICE", "CUSTOM", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxTemplate) template = devbox_template_file_parse ("name", (const char *) data, size, &error);

  if (template == NULL)
    {
      g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR));
      return 0;
    }

  g_assert_no_error (error);
  g_assert_true (g_strv_contains (kinds, template->kind));
  check_text (template->description);
  if (template->command != NULL)
    check_text (template->command);
  check_programs (template);
  check_ports (template);
  check_again (template);

  return 0;
}
