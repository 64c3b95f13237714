/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-form-write-private.h"

#include "devbox-http-multipart-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>

#define FIELD_PATH "path"
#define FIELD_FILE "file"

typedef enum
{
  PART_PATH,
  PART_FILE,
  PART_UNKNOWN,
} Part;

struct _DevboxFormWrite
{
  DevboxWorkspace *workspace;
  goffset max_size;
  DevboxHttpMultipart *multipart;
  Part part;
  GString *path; /* NULL: did not come yet */
  char *file_name;
  DevboxFileReplacement *file;
};

static gboolean
fail_twice (const char *field, GError **error)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is there twice"), field);

  return FALSE;
}

static gboolean
fail_missing (const char *field, GError **error)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is missing"), field);

  return FALSE;
}

static gboolean
begin_path (DevboxFormWrite *self, GError **error)
{
  if (self->path != NULL)
    return fail_twice (FIELD_PATH, error);

  self->path = g_string_new (NULL);

  return TRUE;
}

static gboolean
begin_file (DevboxFormWrite *self, const DevboxHttpPart *part, GError **error)
{
  if (self->file != NULL)
    return fail_twice (FIELD_FILE, error);

  if (part->file_name != NULL && part->file_name[0] != '\0')
    self->file_name = g_strdup (part->file_name);
  self->file = devbox_file_replacement_new (self->workspace, self->path != NULL ? self->path->str : NULL,
                                            self->max_size, error);

  return self->file != NULL;
}

static gboolean
begin_part (gpointer user_data, const DevboxHttpPart *part, GError **error)
{
  DevboxFormWrite *self = user_data;

  self->part = PART_UNKNOWN;
  if (strcmp (part->name, FIELD_PATH) == 0)
    self->part = PART_PATH;
  else if (strcmp (part->name, FIELD_FILE) == 0 || strcmp (part->name, "files") == 0)
    self->part = PART_FILE;

  switch (self->part)
    {
    case PART_PATH:
      return begin_path (self, error);
    case PART_FILE:
      return begin_file (self, part, error);
    case PART_UNKNOWN:
    default:
      return TRUE;
    }
}

static gboolean
take_path (DevboxFormWrite *self, const guint8 *data, gsize size, GError **error)
{
  if (memchr (data, '\0', size) != NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” contains a zero byte"), FIELD_PATH);
      return FALSE;
    }
  if (size > PATH_MAX - self->path->len)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is longer than %d bytes"),
                   FIELD_PATH, PATH_MAX);
      return FALSE;
    }

  g_string_append_len (self->path, (const char *) data, size);

  return TRUE;
}

static gboolean
take_data (gpointer user_data, const guint8 *data, gsize size, GError **error)
{
  DevboxFormWrite *self = user_data;

  switch (self->part)
    {
    case PART_PATH:
      return take_path (self, data, size, error);
    case PART_FILE:
      return devbox_file_replacement_write (self->file, data, size, error);
    case PART_UNKNOWN:
    default:
      return TRUE;
    }
}

/* A path that is wrong is told as soon as it is known. */
static gboolean
end_part (gpointer user_data, GError **error)
{
  DevboxFormWrite *self = user_data;

  return self->part != PART_PATH || self->file == NULL
         || devbox_file_replacement_set_path (self->file, self->path->str, error);
}

static const DevboxHttpMultipartHandler handler = { begin_part, take_data, end_part };

DevboxFormWrite *
devbox_form_write_new (DevboxWorkspace *workspace, const char *content_type, goffset max_size, GError **error)
{
  g_autofree char *boundary = devbox_http_multipart_find_boundary (content_type, error);
  DevboxFormWrite *self;

  if (boundary == NULL)
    return NULL;

  self = g_new0 (DevboxFormWrite, 1);
  self->workspace = devbox_workspace_ref (workspace);
  self->max_size = max_size;
  self->multipart = devbox_http_multipart_new (boundary, &handler, self);

  return self;
}

void
devbox_form_write_free (DevboxFormWrite *self)
{
  devbox_http_multipart_free (self->multipart);
  g_clear_pointer (&self->file, devbox_file_replacement_free);
  if (self->path != NULL)
    g_string_free (self->path, TRUE);
  g_free (self->file_name);
  devbox_workspace_unref (self->workspace);
  g_free (self);
}

gboolean
devbox_form_write_feed (DevboxFormWrite *self, const char *data, gsize size, GError **error)
{
  return devbox_http_multipart_feed (self->multipart, (const guint8 *) data, size, error);
}

gboolean
devbox_form_write_finish (DevboxFormWrite *self, GError **error)
{
  if (!devbox_http_multipart_finish (self->multipart, error))
    return FALSE;
  if (self->file == NULL)
    return fail_missing (FIELD_FILE, error);
  if (self->path == NULL && self->file_name == NULL)
    return fail_missing (FIELD_PATH, error);
  if (self->path == NULL && !devbox_file_replacement_set_path (self->file, self->file_name, error))
    return FALSE;

  return devbox_file_replacement_commit (self->file, -1, error);
}

const char *
devbox_form_write_get_path (DevboxFormWrite *self)
{
  return self->path != NULL ? self->path->str : self->file_name;
}

DevboxFileReplacement *
devbox_form_write_get_file (DevboxFormWrite *self)
{
  return self->file;
}
