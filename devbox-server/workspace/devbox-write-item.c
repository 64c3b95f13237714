/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-write-item-private.h"

#include "devbox-content-writer-private.h"
#include "devbox-file-attributes-private.h"
#include "devbox-path-bytes-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* What a path takes as base64. */
#define MAX_TEXT (PATH_MAX / 3 * 4 + 4)

typedef enum
{
  MEMBER_PATH,
  MEMBER_PATH_BYTES,
  MEMBER_CONTENT,
  MEMBER_ENCODING,
  MEMBER_PERMISSIONS,
  MEMBER_UNKNOWN,
} Member;

static const char *const member_names[] = { "path", "pathBytes", "content", "encoding", "permissions" };

struct _DevboxWriteItem
{
  DevboxContentWriter *writer;
  guint depth;
  Member member; /* at depth 1: what the value belongs to */
  guint seen;    /* a bit for each Member */
  GString *text; /* a string so far, unless it is the content */
  char *path;
  gboolean has_content;
  int mode; /* -1: none was sent */
};

static gboolean
fail_type (DevboxWriteItem *self, GError **error)
{
  const char *name = member_names[self->member];

  if (self->member == MEMBER_PERMISSIONS)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” must be a number or a string"), name);
  else
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” must be a string"), name);

  return FALSE;
}

/* For values that no member may have; within one that is skipped all are fine. */
static gboolean
check_skipped (DevboxWriteItem *self, GError **error)
{
  if (self->depth > 1 || (self->depth == 1 && self->member == MEMBER_UNKNOWN))
    return TRUE;
  if (self->depth == 1)
    return fail_type (self, error);

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The JSON text must be an object"));

  return FALSE;
}

static gboolean
begin_object (gpointer user_data, GError **error)
{
  DevboxWriteItem *self = user_data;

  if (self->depth > 0 && !check_skipped (self, error))
    return FALSE;

  self->depth++;

  return TRUE;
}

static gboolean
begin_array (gpointer user_data, GError **error)
{
  DevboxWriteItem *self = user_data;

  if (!check_skipped (self, error))
    return FALSE;

  self->depth++;

  return TRUE;
}

static gboolean
end_container (gpointer user_data, GError **error)
{
  DevboxWriteItem *self = user_data;

  self->depth--;

  return TRUE;
}

static Member
find_member (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (member_names); i++)
    {
      if (strcmp (member_names[i], name) == 0)
        return i;
    }

  return MEMBER_UNKNOWN;
}

static gboolean
begin_member (gpointer user_data, const char *name, GError **error)
{
  DevboxWriteItem *self = user_data;
  const guint paths = 1 << MEMBER_PATH | 1 << MEMBER_PATH_BYTES;

  if (self->depth > 1)
    return TRUE;

  self->member = find_member (name);
  if (self->member == MEMBER_UNKNOWN)
    return TRUE;

  if ((self->seen & 1 << self->member) != 0)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is there twice"), name);
      return FALSE;
    }
  self->seen |= 1 << self->member;
  if ((self->seen & paths) == paths)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("Of “%s” and “%s” only one can be there"),
                   member_names[MEMBER_PATH], member_names[MEMBER_PATH_BYTES]);
      return FALSE;
    }

  return TRUE;
}

static gboolean
take_path (DevboxWriteItem *self, const char *path, GError **error)
{
  g_free (self->path);
  self->path = g_strdup (path);

  return devbox_content_writer_set_path (self->writer, path, error);
}

static gboolean
take_path_bytes (DevboxWriteItem *self, const char *text, gsize size, GError **error)
{
  g_autofree char *path = devbox_path_bytes_decode (member_names[MEMBER_PATH_BYTES], text, size, error);

  return path != NULL && take_path (self, path, error);
}

static gboolean
take_encoding (DevboxWriteItem *self, const char *name, GError **error)
{
  if (g_ascii_strcasecmp (name, "utf8") == 0 || g_ascii_strcasecmp (name, "utf-8") == 0)
    return devbox_content_writer_set_encoding (self->writer, DEVBOX_CONTENT_UTF8, error);
  if (g_ascii_strcasecmp (name, "base64") == 0)
    return devbox_content_writer_set_encoding (self->writer, DEVBOX_CONTENT_BASE64, error);

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("“%s” must be “utf8” or “base64”, not “%.64s”"), member_names[MEMBER_ENCODING], name);

  return FALSE;
}

/* "755", "0755" or "0o755". */
static gboolean
take_permissions_text (DevboxWriteItem *self, const char *text, GError **error)
{
  guint mode;

  if (!devbox_file_mode_parse (text, 0777, &mode))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("“%s” as a string must be octal, from “0” to “0777”, not “%.64s”"),
                   member_names[MEMBER_PERMISSIONS], text);
      return FALSE;
    }

  self->mode = mode;

  return TRUE;
}

static gboolean
take_permissions_number (DevboxWriteItem *self, const char *text, GError **error)
{
  double value = g_ascii_strtod (text, NULL);

  if (!(value >= 0 && value <= 0777) || value != floor (value))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("“%s” as a number is the mode itself, an integer from 0 to 511, not %s; octal digits go into a "
                      "string, such as “0755”"),
                   member_names[MEMBER_PERMISSIONS], text);
      return FALSE;
    }

  self->mode = value;

  return TRUE;
}

static gboolean
take_text (DevboxWriteItem *self, GError **error)
{
  switch (self->member)
    {
    case MEMBER_PATH:
      return take_path (self, self->text->str, error);
    case MEMBER_PATH_BYTES:
      return take_path_bytes (self, self->text->str, self->text->len, error);
    case MEMBER_ENCODING:
      return take_encoding (self, self->text->str, error);
    case MEMBER_PERMISSIONS:
      return take_permissions_text (self, self->text->str, error);
    case MEMBER_CONTENT:
    case MEMBER_UNKNOWN:
    default:
      g_return_val_if_reached (FALSE);
    }
}

static gboolean
gather_text (DevboxWriteItem *self, const char *data, gsize size, gboolean last, GError **error)
{
  gboolean taken;

  if (size > MAX_TEXT - self->text->len)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is longer than %d bytes"),
                   member_names[self->member], MAX_TEXT);
      return FALSE;
    }

  g_string_append_len (self->text, data, size);
  if (!last)
    return TRUE;

  taken = take_text (self, error);
  g_string_truncate (self->text, 0);

  return taken;
}

static gboolean
take_string (gpointer user_data, const char *data, gsize size, gboolean last, GError **error)
{
  DevboxWriteItem *self = user_data;

  if (self->depth == 0 || self->depth > 1 || self->member == MEMBER_UNKNOWN)
    return check_skipped (self, error);
  if (self->member != MEMBER_CONTENT)
    return gather_text (self, data, size, last, error);

  self->has_content = TRUE;

  return devbox_content_writer_write (self->writer, data, size, error);
}

static gboolean
take_number (gpointer user_data, const char *text, GError **error)
{
  DevboxWriteItem *self = user_data;

  if (self->depth == 1 && self->member == MEMBER_PERMISSIONS)
    return take_permissions_number (self, text, error);

  return check_skipped (self, error);
}

static gboolean
take_boolean (gpointer user_data, gboolean value, GError **error)
{
  return check_skipped (user_data, error);
}

/* As if the member were not there. */
static gboolean
take_null (gpointer user_data, GError **error)
{
  DevboxWriteItem *self = user_data;

  return self->depth > 0 || check_skipped (self, error);
}

const DevboxWireJsonHandler devbox_write_item_handler = {
  .begin_object = begin_object,
  .end_object = end_container,
  .begin_array = begin_array,
  .end_array = end_container,
  .member = begin_member,
  .string = take_string,
  .number = take_number,
  .boolean = take_boolean,
  .null = take_null,
};

DevboxWriteItem *
devbox_write_item_new (DevboxWorkspace *workspace, goffset max_size)
{
  DevboxWriteItem *self = g_new0 (DevboxWriteItem, 1);

  self->writer = devbox_content_writer_new (workspace, max_size);
  self->text = g_string_new (NULL);
  self->member = MEMBER_UNKNOWN;
  self->mode = -1;

  return self;
}

void
devbox_write_item_free (DevboxWriteItem *self)
{
  devbox_content_writer_free (self->writer);
  g_string_free (self->text, TRUE);
  g_free (self->path);
  g_free (self);
}

static gboolean
fail_missing (Member member, GError **error)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is missing"), member_names[member]);

  return FALSE;
}

gboolean
devbox_write_item_commit (DevboxWriteItem *self, GError **error)
{
  if (self->path == NULL)
    return fail_missing (MEMBER_PATH, error);
  if (!self->has_content)
    return fail_missing (MEMBER_CONTENT, error);

  return devbox_content_writer_commit (self->writer, self->mode, error);
}

const char *
devbox_write_item_get_path (DevboxWriteItem *self)
{
  return self->path;
}

goffset
devbox_write_item_get_size (DevboxWriteItem *self)
{
  return devbox_content_writer_get_size (self->writer);
}

guint
devbox_write_item_get_n_old_links (DevboxWriteItem *self)
{
  return devbox_content_writer_get_n_old_links (self->writer);
}
