/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-multipart-form-private.h"

#include <string.h>

struct _DevboxMultipartForm
{
  char *boundary;
  DevboxExportWriteFunc write;
  gpointer user_data;
};

DevboxMultipartForm *
devbox_multipart_form_new (const char *boundary, DevboxExportWriteFunc write, gpointer user_data)
{
  DevboxMultipartForm *self = g_new0 (DevboxMultipartForm, 1);

  self->boundary = g_strdup (boundary);
  self->write = write;
  self->user_data = user_data;

  return self;
}

void
devbox_multipart_form_free (DevboxMultipartForm *self)
{
  g_free (self->boundary);
  g_free (self);
}

/* As browsers do it in forms: what would end the name or the line is percent-encoded. */
static void
append_name (GString *head, const char *name)
{
  for (const char *c = name; *c != '\0'; c++)
    {
      if (*c == '"' || *c == '\r' || *c == '\n')
        g_string_append_printf (head, "%%%02X", *c);
      else
        g_string_append_c (head, *c);
    }
}

static gboolean
begin_file (gpointer form, const char *name, const struct stat *status, GError **error)
{
  DevboxMultipartForm *self = form;
  g_autoptr (GString) head = g_string_new (NULL);

  g_string_append_printf (head, "--%s\r\nContent-Disposition: attachment; filename=\"", self->boundary);
  append_name (head, name);
  g_string_append_printf (
      head, "\"\r\nContent-Type: application/octet-stream\r\nContent-Length: %" G_GOFFSET_FORMAT "\r\n\r\n",
      (goffset) status->st_size);

  return self->write (self->user_data, head->str, head->len, error);
}

static gboolean
add_content (gpointer form, const void *data, gsize size, GError **error)
{
  DevboxMultipartForm *self = form;

  return self->write (self->user_data, data, size, error);
}

static gboolean
end_file (gpointer form, GError **error)
{
  DevboxMultipartForm *self = form;

  return self->write (self->user_data, "\r\n", 2, error);
}

gboolean
devbox_multipart_form_finish (DevboxMultipartForm *self, GError **error)
{
  g_autofree char *end = g_strdup_printf ("--%s--\r\n", self->boundary);

  return self->write (self->user_data, end, strlen (end), error);
}

const DevboxExportForm devbox_multipart_form = {
  .begin_file = begin_file,
  .content = add_content,
  .end_file = end_file,
};
