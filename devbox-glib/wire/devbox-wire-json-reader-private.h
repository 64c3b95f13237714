/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A push parser: feed pieces of any size, get events. Same rules, verdicts and messages as devbox_wire_json_scan (),
 * however the document is cut, except that it may hold any number of values. Memory does not grow with the document:
 * string values come in pieces, unescaped, each of whole UTF-8 characters; member names are at most 1 KiB. */
typedef struct _DevboxWireJsonReader DevboxWireJsonReader;

typedef struct
{
  gboolean (*begin_object) (gpointer user_data, GError **error);
  gboolean (*end_object) (gpointer user_data, GError **error);
  gboolean (*begin_array) (gpointer user_data, GError **error);
  gboolean (*end_array) (gpointer user_data, GError **error);
  gboolean (*member) (gpointer user_data, const char *name, GError **error);
  /* One or more calls a string; `last` with the final one (whose size may be 0). */
  gboolean (*string) (gpointer user_data, const char *data, gsize size, gboolean last, GError **error);
  gboolean (*number) (gpointer user_data, const char *text, GError **error); /* as written, ≤ 64 bytes */
  gboolean (*boolean) (gpointer user_data, gboolean value, GError **error);
  gboolean (*null) (gpointer user_data, GError **error);
} DevboxWireJsonHandler; /* any may be NULL: ignored; a callback that returns FALSE sets the error */

/* The handler is copied. */
DevboxWireJsonReader *devbox_wire_json_reader_new (const DevboxWireJsonHandler *handler, gpointer user_data);
void devbox_wire_json_reader_free (DevboxWireJsonReader *self);
/* After an error each further call fails with the same one. */
gboolean devbox_wire_json_reader_feed (DevboxWireJsonReader *self, const char *data, gsize size, GError **error);
/* Succeeds when exactly one whole value was seen. */
gboolean devbox_wire_json_reader_finish (DevboxWireJsonReader *self, GError **error);
/* The containers that are open: a begin callback finds its own counted, an end callback does not. */
guint devbox_wire_json_reader_get_depth (DevboxWireJsonReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWireJsonReader, devbox_wire_json_reader_free)

G_END_DECLS
