/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-list-files-request-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-error-private.h"
#include "devbox-file-info-private.h"
#include "devbox-file-request-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PAGE_SIZE 1000
#define MAX_PAGE_BYTES (32 * 1024 * 1024)
#define MAX_FILES 1000000
#define MAX_MODE 07777

typedef struct
{
  DevboxListFilesFlags flags;
  guint offset; /* of the next page */
  guint limit;  /* what is still to come, 0 for everything */
  GListStore *files;
  GPtrArray *page; /* the last one, once step () has read it */
} List;

static void
list_free (gpointer data)
{
  List *self = data;

  g_object_unref (self->files);
  g_clear_pointer (&self->page, g_ptr_array_unref);
  g_free (self);
}

static guint
list_get_page_size (const List *self)
{
  return self->limit != 0 ? MIN (self->limit, PAGE_SIZE) : PAGE_SIZE;
}

/* "0644"; what is odd is not known. */
static guint
parse_mode (const char *text)
{
  guint64 mode = 0;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 8, 0, MAX_MODE, &mode, NULL))
    return 0;

  return (guint) mode;
}

static GFileType
parse_type (gboolean is_folder, const char *type)
{
  if (is_folder)
    return G_FILE_TYPE_DIRECTORY;
  if (g_strcmp0 (type, "link") == 0)
    return G_FILE_TYPE_SYMBOLIC_LINK;
  if (g_strcmp0 (type, "special") == 0)
    return G_FILE_TYPE_SPECIAL;

  return G_FILE_TYPE_REGULAR;
}

static gboolean
parse_path_bytes (JsonObject *object, GBytes **bytes, GError **error)
{
  const char *text = NULL;

  if (!devbox_wire_json_get_string (object, "pathBytes", FALSE, &text, error))
    return FALSE;
  if (text == NULL)
    return TRUE;

  *bytes = devbox_wire_base64_decode_all (text, strlen (text));
  if (*bytes != NULL && memchr (g_bytes_get_data (*bytes, NULL), '\0', g_bytes_get_size (*bytes)) == NULL)
    return TRUE;

  g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("“pathBytes” is not a path in base64"));
  return FALSE;
}

static DevboxFileInfo *
parse_file (JsonObject *object, GError **error)
{
  DevboxFileDetails details = { 0 };
  g_autoptr (GBytes) path_bytes = NULL;
  g_autoptr (GDateTime) modified = NULL;
  const char *permissions = NULL;
  const char *type = NULL;
  gboolean is_folder = FALSE;
  gint64 size = 0;

  if (!devbox_wire_json_get_string (object, "name", TRUE, &details.name, error)
      || !devbox_wire_json_get_string (object, "path", TRUE, &details.path, error)
      || !parse_path_bytes (object, &path_bytes, error)
      || !devbox_wire_json_get_int (object, "size", FALSE, 0, G_MAXINT64, &size, error)
      || !devbox_wire_json_get_boolean (object, "isDir", FALSE, &is_folder, error)
      || !devbox_wire_json_get_string (object, "type", FALSE, &type, error)
      || !devbox_wire_json_get_string (object, "permissions", FALSE, &permissions, error))
    return NULL;

  /* Some file systems keep times that no date has. */
  devbox_agent_read_time (object, "modified", &modified, NULL);
  details.path_bytes = path_bytes;
  details.type = parse_type (is_folder, type);
  details.size = (guint64) size;
  details.mode = parse_mode (permissions);
  details.modified = modified;

  return devbox_file_info_new (&details);
}

/* The files of a page; NULL with an error when they cannot be understood. */
static GPtrArray *
parse_page (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  const List *self = request->data;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);
  g_autoptr (GPtrArray) objects = NULL;
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  GError *reason = NULL;

  if (object == NULL)
    return NULL;
  if (!devbox_wire_json_get_objects (object, "files", FALSE, &objects, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);
  if (objects == NULL)
    return g_steal_pointer (&files);

  if (objects->len > list_get_page_size (self))
    {
      g_set_error (&reason, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("%u files came where %u were asked for"),
                   objects->len, list_get_page_size (self));
      return devbox_request_fail_from_bad_reply (request, reason, error);
    }

  for (guint i = 0; i < objects->len; i++)
    {
      DevboxFileInfo *file = parse_file (g_ptr_array_index (objects, i), &reason);

      if (file == NULL)
        return devbox_request_fail_from_bad_reply (request, reason, error);
      g_ptr_array_add (files, file);
    }

  return g_steal_pointer (&files);
}

static void
add_page (List *self, const GPtrArray *files)
{
  g_list_store_splice (self->files, g_list_model_get_n_items (G_LIST_MODEL (self->files)), 0, files->pdata, files->len);
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  List *self = request->data;
  g_autoptr (GPtrArray) page = g_steal_pointer (&self->page);

  if (page == NULL)
    page = parse_page (request, reply, error);
  if (page == NULL)
    return NULL;

  add_page (self, page);
  if (g_list_model_get_n_items (G_LIST_MODEL (self->files)) > MAX_FILES)
    {
      devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, &(DevboxErrorDetails){ .path = request->subject },
                        _ ("“%s” has more than %d files: list them by offset and limit"), request->subject, MAX_FILES);
      return NULL;
    }

  return g_object_ref (self->files);
}

static void
take_page_path (DevboxRequest *request)
{
  const List *self = request->data;
  g_autofree char *route = devbox_file_request_build_path ("/api/v1/files/list", request->subject);

  devbox_request_take_path (
      request, SOUP_METHOD_GET,
      g_strdup_printf ("%s&showHidden=%s&offset=%u&limit=%u", route,
                       (self->flags & DEVBOX_LIST_FILES_FLAGS_SHOW_HIDDEN) != 0 ? "true" : "false", self->offset,
                       list_get_page_size (self)));
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  return devbox_agent_check_current (features, _ ("The agent does not know how to list files"), error);
}

/* A full page that is not all that was asked for is followed by the next one. */
static gboolean
has_next_page (const List *self, guint n_files)
{
  return n_files == list_get_page_size (self) && n_files != self->limit && self->offset <= G_MAXUINT - n_files
         && g_list_model_get_n_items (G_LIST_MODEL (self->files)) + n_files <= MAX_FILES;
}

static gboolean
step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  List *self = request->data;
  g_autoptr (GPtrArray) page = reply != NULL ? parse_page (request, reply, NULL) : NULL;

  if (page == NULL)
    return FALSE;
  if (!has_next_page (self, page->len))
    {
      self->page = g_steal_pointer (&page);
      return FALSE;
    }

  add_page (self, page);
  self->offset += page->len;
  if (self->limit != 0)
    self->limit -= page->len;
  take_page_path (request);

  return TRUE;
}

DevboxRequest *
devbox_list_files_request_new (const char *path, DevboxListFilesFlags flags, guint offset, guint limit, GError **error)
{
  DevboxRequest *request;
  List *self;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error))
    return NULL;

  self = g_new0 (List, 1);
  self->flags = flags;
  self->offset = offset;
  self->limit = limit;
  self->files = g_list_store_new (DEVBOX_TYPE_FILE_INFO);

  request = devbox_request_new (SOUP_METHOD_GET, "/api/v1/files/list", parse, g_object_unref);
  request->subject = g_strdup (path);
  request->max_reply_size = MAX_PAGE_BYTES;
  request->prepare = prepare;
  request->step = step;
  request->data = self;
  request->data_free = list_free;
  take_page_path (request);

  return request;
}
