/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-checks-private.h"

#include "devbox-port.h"
#include "devbox-request-checks-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_LABEL_LENGTH 63
#define MAX_RUNTIME_LENGTH 253
#define MAX_COMMAND_LENGTH (8 * 1024)
#define MAX_DOMAIN_LENGTH 253
#define MIN_CPU 100
#define MAX_CPU (64 * 1000)
#define MIN_MEMORY 102 /* a tenth of a GiB */
#define MAX_MEMORY (512 * 1024)
#define MAX_PORTS 1024

gboolean
devbox_platform_is_label (const char *text)
{
  const gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_islower (text[i]) && !g_ascii_isdigit (text[i]) && text[i] != '-')
        return FALSE;
    }

  return length > 0 && length <= MAX_LABEL_LENGTH && text[0] != '-' && text[length - 1] != '-';
}

gboolean
devbox_request_check_devbox_name (const char *name, GError **error)
{
  g_autofree char *shown = NULL;

  if (devbox_platform_is_label (name))
    return TRUE;

  shown = g_utf8_make_valid (name, -1);
  return devbox_request_refuse (error, shown,
                                _ ("“%s” cannot be the name of a devbox: that takes 1 to %d lower-case letters, digits "
                                   "and hyphens, with no hyphen at either end"),
                                shown, MAX_LABEL_LENGTH);
}

char *
devbox_platform_take_name (const char *name, GError **error)
{
  g_autofree char *trimmed = devbox_request_trim (name);

  return devbox_request_check_devbox_name (trimmed, error) ? g_steal_pointer (&trimmed) : NULL;
}

static gboolean
is_tag (const char *text)
{
  const gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isalnum (text[i]) && strchr ("_.-", text[i]) == NULL)
        return FALSE;
    }

  return length > 0 && length <= MAX_LABEL_LENGTH && g_ascii_isalnum (text[0]);
}

char *
devbox_platform_take_tag (const char *tag, GError **error)
{
  g_autofree char *trimmed = devbox_request_trim (tag);
  g_autofree char *shown = NULL;

  if (is_tag (trimmed))
    return g_steal_pointer (&trimmed);

  shown = g_utf8_make_valid (trimmed, -1);
  devbox_request_refuse (error, shown,
                         _ ("“%s” cannot be the tag of a release: that takes 1 to %d letters, digits, “_”, “.” and "
                            "“-”, with a letter or a digit first"),
                         shown, MAX_LABEL_LENGTH);
  return NULL;
}

static gboolean
is_plain_text (const char *text)
{
  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      if (g_unichar_iscntrl (g_utf8_get_char (c)))
        return FALSE;
    }

  return TRUE;
}

char *
devbox_platform_take_runtime (const char *runtime, GError **error)
{
  g_autofree char *trimmed = devbox_request_trim (runtime);
  g_autofree char *shown = NULL;

  if (trimmed[0] != '\0' && strlen (trimmed) <= MAX_RUNTIME_LENGTH && is_plain_text (trimmed))
    return g_steal_pointer (&trimmed);

  shown = g_utf8_make_valid (trimmed, -1);
  devbox_request_refuse (error, shown, _ ("“%s” cannot be a runtime: it is empty, too long, or no plain text"), shown);
  return NULL;
}

gboolean
devbox_platform_check_resources (guint cpu, guint memory, GError **error)
{
  if (cpu != 0 && (cpu < MIN_CPU || cpu > MAX_CPU))
    {
      g_autofree char *value = g_strdup_printf ("%u", cpu);

      return devbox_request_refuse (error, value, _ ("%u millicores are not between %d and %d"), cpu, MIN_CPU, MAX_CPU);
    }
  if (memory != 0 && (memory < MIN_MEMORY || memory > MAX_MEMORY))
    {
      g_autofree char *value = g_strdup_printf ("%u", memory);

      return devbox_request_refuse (error, value, _ ("%u MiB of memory are not between %d and %d"), memory, MIN_MEMORY,
                                    MAX_MEMORY);
    }

  return TRUE;
}

static gboolean
check_port (DevboxPort *port, GHashTable *numbers, GError **error)
{
  const char *name = devbox_port_get_name (port);
  const char *domain = devbox_port_get_custom_domain (port);
  const guint number = devbox_port_get_number (port);
  g_autofree char *value = g_strdup_printf ("%u", number);

  if (number == 0)
    return devbox_request_refuse (error, value, _ ("The port %u is not between 1 and 65535"), number);
  if (!g_hash_table_add (numbers, GUINT_TO_POINTER (number)))
    return devbox_request_refuse (error, value, _ ("The port %u is there twice"), number);
  if (name != NULL && !devbox_platform_is_label (name))
    {
      g_autofree char *shown = g_utf8_make_valid (name, -1);

      return devbox_request_refuse (error, shown, _ ("“%s” cannot be the name of a port"), shown);
    }

  return domain == NULL || domain[0] == '\0' || devbox_request_check_host (domain, error);
}

gboolean
devbox_platform_check_ports (GListModel *ports, GError **error)
{
  const guint n_ports = g_list_model_get_n_items (ports);
  g_autoptr (GHashTable) numbers = g_hash_table_new (NULL, NULL);

  if (n_ports > MAX_PORTS)
    {
      g_autofree char *value = g_strdup_printf ("%u", n_ports);

      return devbox_request_refuse (error, value, _ ("A devbox has at most %d ports, not %u"), MAX_PORTS, n_ports);
    }

  for (guint i = 0; i < n_ports; i++)
    {
      g_autoptr (DevboxPort) port = g_list_model_get_item (ports, i);

      if (!check_port (port, numbers, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
devbox_platform_check_autostart (const char *command, GError **error)
{
  if (strlen (command) > MAX_COMMAND_LENGTH)
    return devbox_request_refuse (error, NULL, _ ("The autostart command has more than %d bytes"), MAX_COMMAND_LENGTH);

  return devbox_request_check_text (DEVBOX_REQUEST_TEXT_COMMAND_LINE, command, error);
}
