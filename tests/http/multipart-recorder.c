/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "multipart-recorder.h"

typedef struct
{
  GString *text;
  gboolean in_part;
} Recorder;

static gboolean
begin_part (gpointer user_data, const DevboxHttpPart *part, GError **error)
{
  Recorder *self = user_data;

  g_assert_false (self->in_part);
  g_assert_nonnull (part->name);
  self->in_part = TRUE;
  g_string_append_printf (self->text, "[%s|%s|%s]", part->name, part->file_name != NULL ? part->file_name : "-",
                          part->content_type != NULL ? part->content_type : "-");

  return TRUE;
}

static gboolean
take_data (gpointer user_data, const guint8 *data, gsize size, GError **error)
{
  Recorder *self = user_data;

  g_assert_true (self->in_part);
  g_assert_cmpuint (size, >, 0);
  g_string_append_len (self->text, (const char *) data, size);

  return TRUE;
}

static gboolean
end_part (gpointer user_data, GError **error)
{
  Recorder *self = user_data;

  g_assert_true (self->in_part);
  self->in_part = FALSE;
  g_string_append_c (self->text, '.');

  return TRUE;
}

static const DevboxHttpMultipartHandler handler = { begin_part, take_data, end_part };

GString *
multipart_record (const char *boundary, const guint8 *data, gsize size, gsize piece, GError **error)
{
  Recorder recorder = { g_string_new (NULL), FALSE };
  g_autoptr (DevboxHttpMultipart) multipart = devbox_http_multipart_new (boundary, &handler, &recorder);
  gboolean fed = TRUE;

  for (gsize done = 0; fed && done < size; done += piece)
    {
      /* A copy of its own, so that reading past its end shows. */
      g_autofree guint8 *copy = g_memdup2 (data + done, MIN (piece, size - done));

      fed = devbox_http_multipart_feed (multipart, copy, MIN (piece, size - done), error);
    }

  if (fed && devbox_http_multipart_finish (multipart, error))
    {
      g_assert_false (recorder.in_part);
      return recorder.text;
    }

  /* It stays what it was. */
  g_assert_false (devbox_http_multipart_feed (multipart, (const guint8 *) "x", 1, NULL));
  g_assert_false (devbox_http_multipart_finish (multipart, NULL));
  g_string_free (recorder.text, TRUE);

  return NULL;
}
