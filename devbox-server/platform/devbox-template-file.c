/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-template-file-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define GROUP "Template"
#define MAX_NAME 63
#define MAX_PROGRAMS 32
#define MAX_PORTS 32
#define MAX_TEXT 1024 /* bytes of a description, or of a command */

#define LETTERS_AND_DIGITS G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS

static gboolean
is_word (const char *text, const char *allowed, gsize max_length)
{
  gsize length = strlen (text);

  return length > 0 && length <= max_length && g_ascii_isalnum (text[0]) && strspn (text, allowed) == length;
}

gboolean
devbox_template_file_is_name (const char *text)
{
  return is_word (text, LETTERS_AND_DIGITS "._+-", MAX_NAME);
}

static gboolean
is_program (const char *text)
{
  return text[0] == '/' ? is_word (text + 1, LETTERS_AND_DIGITS "._+-/", MAX_TEXT)
                        : devbox_template_file_is_name (text);
}

static gboolean
is_package (const char *text)
{
  return is_word (text, G_CSET_a_2_z G_CSET_DIGITS ".+-", MAX_NAME);
}

static gboolean
refuse (GError **error, const char *key, const char *reason)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, "%s: %s", key, reason);

  return FALSE;
}

/* One line for people; *text is NULL where there is no such key. */
static gboolean
read_text (GKeyFile *file, const char *key, char **text, GError **error)
{
  g_autofree char *value = NULL;

  if (!g_key_file_has_key (file, GROUP, key, NULL))
    return TRUE;

  value = g_key_file_get_locale_string (file, GROUP, key, NULL, NULL);
  if (value == NULL)
    return refuse (error, key, _ ("this is no text in UTF-8"));
  if (strlen (value) > MAX_TEXT)
    return refuse (error, key, _ ("this is too long"));
  for (const char *c = value; *c != '\0'; c = g_utf8_next_char (c))
    {
      if (g_unichar_iscntrl (g_utf8_get_char (c)))
        return refuse (error, key, _ ("control characters have no place here"));
    }
  *text = g_steal_pointer (&value);

  return TRUE;
}

static gboolean
read_kind (GKeyFile *file, DevboxTemplate *template, GError **error)
{
  static const char *const kinds[] = { "FRAMEWORK", "OS", "LANGUAGE", "SERVICE", "CUSTOM", NULL };

  if (!read_text (file, "Kind", &template->kind, error))
    return FALSE;
  if (template->kind == NULL)
    template->kind = g_strdup ("CUSTOM");

  return g_strv_contains (kinds, template->kind)
         || refuse (error, "Kind", _ ("this must be FRAMEWORK, OS, LANGUAGE, SERVICE or CUSTOM"));
}

/* Empty, where there is no such key. */
static GStrv
read_list (GKeyFile *file, const char *key, gsize max_length, GError **error)
{
  g_auto (GStrv) list = NULL;
  gsize length = 0;

  if (!g_key_file_has_key (file, GROUP, key, NULL))
    return g_new0 (char *, 1);

  list = g_key_file_get_string_list (file, GROUP, key, &length, NULL);
  if (list != NULL && length <= max_length)
    return g_steal_pointer (&list);

  refuse (error, key, list == NULL ? _ ("this is no list in UTF-8") : _ ("there are too many of them"));

  return NULL;
}

static gboolean
read_programs (GKeyFile *file, DevboxTemplate *template, GError **error)
{
  g_auto (GStrv) needs = read_list (file, "Needs", MAX_PROGRAMS, error);
  g_autoptr (GStrvBuilder) programs = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) packages = g_strv_builder_new ();

  if (needs == NULL)
    return FALSE;

  for (guint i = 0; needs[i] != NULL; i++)
    {
      char *package = strchr (needs[i], ':');

      if (package != NULL)
        *package++ = '\0';
      if (package == NULL || !is_program (needs[i]) || !is_package (package))
        return refuse (error, "Needs", _ ("each must be a program and its Debian package, as in “perl:perl-base”"));
      g_strv_builder_add (programs, needs[i]);
      g_strv_builder_add (packages, package);
    }
  template->programs = g_strv_builder_end (programs);
  template->packages = g_strv_builder_end (packages);

  return TRUE;
}

static gboolean
has_port (GArray *ports, guint16 port)
{
  for (guint i = 0; i < ports->len; i++)
    {
      if (g_array_index (ports, guint16, i) == port)
        return TRUE;
    }

  return FALSE;
}

static gboolean
read_ports (GKeyFile *file, DevboxTemplate *template, GError **error)
{
  g_auto (GStrv) list = read_list (file, "Ports", MAX_PORTS, error);

  if (list == NULL)
    return FALSE;

  for (guint i = 0; list[i] != NULL; i++)
    {
      guint64 number;
      guint16 port;

      if (!g_ascii_string_to_unsigned (list[i], 10, 1, G_MAXUINT16, &number, NULL))
        return refuse (error, "Ports", _ ("each must be a number from 1 to 65535"));
      port = number;
      if (has_port (template->ports, port))
        return refuse (error, "Ports", _ ("each must be there once"));
      g_array_append_val (template->ports, port);
    }

  return TRUE;
}

static gboolean
ends_in_escape (const char *line, gsize length)
{
  gsize n_backslashes = 0;

  while (length > 0 && line[length - 1] == '\r')
    length--;
  while (n_backslashes < length && line[length - 1 - n_backslashes] == '\\')
    n_backslashes++;

  return n_backslashes % 2 != 0;
}

/* A value whose last character escapes nothing is malformed; where it has another such escape, GKeyFile warns of it
 * instead of telling of an error. */
static gboolean
has_open_escape (const char *data, gsize size)
{
  gsize begin = 0;

  for (gsize i = 0; i <= size; i++)
    {
      if (i < size && data[i] != '\n')
        continue;
      if (i > begin && data[begin] != '#' && ends_in_escape (data + begin, i - begin))
        return TRUE;
      begin = i + 1;
    }

  return FALSE;
}

DevboxTemplate *
devbox_template_file_parse (const char *name, const char *data, gsize size, GError **error)
{
  g_autoptr (DevboxTemplate) template = g_new0 (DevboxTemplate, 1);
  g_autoptr (GKeyFile) file = g_key_file_new ();

  template->name = g_strdup (name);
  template->ports = g_array_new (FALSE, FALSE, sizeof (guint16));
  if (size > DEVBOX_TEMPLATE_FILE_MAX_SIZE || memchr (data, '\0', size) != NULL || has_open_escape (data, size)
      || !g_key_file_load_from_data (file, data, size, G_KEY_FILE_NONE, NULL) || !g_key_file_has_group (file, GROUP))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("This is no key file with a group [%s]"),
                   GROUP);
      return NULL;
    }

  if (!read_kind (file, template, error) || !read_text (file, "Description", &template->description, error)
      || !read_text (file, "Command", &template->command, error) || !read_programs (file, template, error)
      || !read_ports (file, template, error))
    return NULL;
  if (template->description == NULL)
    template->description = g_strdup ("");

  return g_steal_pointer (&template);
}
