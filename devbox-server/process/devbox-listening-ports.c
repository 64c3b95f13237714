/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-listening-ports-private.h"

#include "devbox-wire-error-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_PORTS 65536
#define LISTENING 0x0a

/* Exactly n_digits upper-case hexadecimal digits and then `end`; moves *text behind that. */
static gboolean
take_hexadecimal (const char **text, guint n_digits, char end, guint *number)
{
  const char *digits = *text;

  *number = 0;
  for (guint i = 0; i < n_digits; i++)
    {
      if (!g_ascii_isxdigit (digits[i]) || g_ascii_islower (digits[i]))
        return FALSE;
      *number = *number << 4 | (guint) g_ascii_xdigit_value (digits[i]);
    }
  if (digits[n_digits] != end)
    return FALSE;

  *text += n_digits + 1;

  return TRUE;
}

/* An address of 8 or 32 digits, and a port. */
static gboolean
take_endpoint (const char **text, gboolean *is_any, guint *port)
{
  static const char any[] = "00000000000000000000000000000000";
  static const char any_mapped[] = "0000000000000000FFFF000000000000"; /* ::ffff:0.0.0.0 */
  const char *address = *text;
  gsize length = strcspn (address, ":");
  guint group;

  if ((length != 8 && length != 32) || address[length] != ':')
    return FALSE;
  for (gsize i = 0; i < length; i += 8)
    {
      const char *digits = address + i;

      if (!take_hexadecimal (&digits, 8, address[i + 8], &group))
        return FALSE;
    }

  *is_any = strncmp (address, any, length) == 0 || strncmp (address, any_mapped, length) == 0;
  *text += length + 1;

  return take_hexadecimal (text, 4, ' ', port);
}

/* "   0: 00000000:0BB8 00000000:0000 0A …" */
gboolean
devbox_listening_ports_parse_line (const char *line, guint16 *port)
{
  guint local_port, remote_port, state;
  gboolean is_any, is_remote_any;

  line += strspn (line, " ");
  if (!g_ascii_isdigit (*line))
    return FALSE;
  line += strspn (line, "0123456789");
  if (line[0] != ':' || line[1] != ' ')
    return FALSE;
  line += 2;

  if (!take_endpoint (&line, &is_any, &local_port) || !take_endpoint (&line, &is_remote_any, &remote_port)
      || !take_hexadecimal (&line, 2, ' ', &state))
    return FALSE;

  *port = local_port;

  return state == LISTENING && is_any && local_port != 0;
}

/* Marks the ports that a file tells; FALSE with errno. */
static gboolean
read_file (const char *path, guint8 *marks, GCancellable *cancellable)
{
  FILE *file = fopen (path, "re");
  char *line = NULL;
  gsize size = 0;
  gboolean is_read;
  int saved_errno;

  if (file == NULL)
    return FALSE;

  while (!g_cancellable_is_cancelled (cancellable) && getline (&line, &size, file) >= 0)
    {
      guint16 port;

      if (devbox_listening_ports_parse_line (line, &port))
        marks[port] = TRUE;
    }

  is_read = !ferror (file);
  saved_errno = errno;
  free (line);
  fclose (file);
  errno = saved_errno;

  return is_read;
}

GArray *
devbox_listening_ports_read (GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *marks = g_new0 (guint8, N_PORTS);
  g_autoptr (GArray) ports = g_array_new (FALSE, FALSE, sizeof (guint16));

  /* A kernel without IPv6 has no second one. */
  if (!read_file ("/proc/self/net/tcp", marks, cancellable)
      || (!read_file ("/proc/self/net/tcp6", marks, cancellable) && errno != ENOENT))
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot read the list of sockets"));
      return NULL;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  for (guint i = 0; i < N_PORTS; i++)
    {
      guint16 port = i;

      if (marks[i])
        g_array_append_val (ports, port);
    }

  return g_steal_pointer (&ports);
}
