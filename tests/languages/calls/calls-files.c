/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files: their contents, names, modes and owners, streams and monitors. */
#include "calls.h"

#include <string.h>

static void
test_contents (Calls *self)
{
  g_autoptr (GBytes) first = calls_make_bytes ("first\n");
  g_autoptr (GBytes) second = calls_make_bytes ("");
  g_autoptr (GError) error = NULL;
  g_autofree char *mode = NULL;

  g_assert_true (CALL (devbox_instance_replace_file, self->box, "contents/a", first, 0640, NULL));
  calls_assert_text (CALL (devbox_client_load_file, self->client, CALLS_BOX, "contents/a", NULL), "first\n");
  mode = calls_say (self, "stat -c %a contents/a");
  g_assert_cmpstr (mode, ==, "640");
  g_assert_true (CALL (devbox_client_replace_file, self->client, CALLS_BOX, "contents/b", second, 0, NULL));
  calls_assert_text (CALL (devbox_instance_load_file, self->box, "contents/b", NULL), "");

  g_assert_true (CALL (devbox_client_delete_file, self->client, CALLS_BOX, "contents/b", FALSE, NULL));
  g_assert_null (TRY_CALL (&error, devbox_instance_load_file, self->box, "contents/b", NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_NOT_FOUND);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "contents", TRUE, NULL));
}

static void
check_file_info (DevboxFileInfo *info, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GBytes) path_bytes = calls_make_bytes (path);

  calls_assert_properties (info, "name", name, "path", path, "path-bytes", path_bytes, "file-type", G_FILE_TYPE_REGULAR,
                           "size", G_GUINT64_CONSTANT (7), "mode", 0600, "modified",
                           devbox_file_info_get_modified (info), NULL);
  g_assert_cmpstr (devbox_file_info_get_name (info), ==, name);
  g_assert_cmpstr (devbox_file_info_get_path (info), ==, path);
  g_assert_true (g_bytes_equal (devbox_file_info_get_path_bytes (info), path_bytes));
  g_assert_cmpint (devbox_file_info_get_file_type (info), ==, G_FILE_TYPE_REGULAR);
  g_assert_cmpuint (devbox_file_info_get_size (info), ==, 7);
  g_assert_cmpuint (devbox_file_info_get_mode (info), ==, 0600);
  calls_assert_recent (devbox_file_info_get_modified (info));
}

static GListModel *
list (Calls *self, DevboxListFilesFlags flags, guint offset, guint limit)
{
  return CALL (devbox_instance_list_files, self->box, "listed", flags, offset, limit, NULL);
}

static void
test_list (Calls *self)
{
  g_autofree char *path = calls_say (self, "mkdir -p listed/d; cd listed; printf content >a; chmod 600 a; touch .h z; "
                                           "printf %s \"$PWD/a\"");
  g_autoptr (GListModel) shown = list (self, DEVBOX_LIST_FILES_FLAGS_NONE, 0, 0);
  g_autoptr (GListModel) all = list (self, DEVBOX_LIST_FILES_FLAGS_SHOW_HIDDEN, 0, 0);
  g_autoptr (GListModel) page = list (self, DEVBOX_LIST_FILES_FLAGS_NONE, 1, 1);

  g_assert_true (g_list_model_get_item_type (shown) == DEVBOX_TYPE_FILE_INFO);
  g_assert_cmpuint (g_list_model_get_n_items (shown), ==, 3);
  check_file_info (calls_peek_item (shown, 0), path);
  g_assert_cmpint (devbox_file_info_get_file_type (calls_peek_item (shown, 1)), ==, G_FILE_TYPE_DIRECTORY);
  g_assert_cmpuint (g_list_model_get_n_items (all), ==, 4);
  g_assert_cmpstr (devbox_file_info_get_name (calls_peek_item (all, 0)), ==, ".h");
  g_assert_cmpuint (g_list_model_get_n_items (page), ==, 1);
  g_assert_cmpstr (devbox_file_info_get_name (calls_peek_item (page, 0)), ==, "d");
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "listed", TRUE, NULL));
}

static void
test_change (Calls *self)
{
  g_autofree char *owner = calls_say (self, "mkdir -p changed; printf new >changed/new; printf old >changed/old; "
                                            "chmod 640 changed/*; printf %s $(id -u):$(id -g)");
  g_autoptr (GError) error = NULL;
  g_autofree char *told = NULL;
  g_autofree char *expected = g_strdup_printf ("644 %s\n644 %s", owner, owner);

  g_assert_false (TRY_CALL (&error, devbox_instance_move, self->box, "changed/new", "changed/old", FALSE, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONFLICT);
  g_assert_true (CALL (devbox_instance_move, self->box, "changed/new", "changed/old", TRUE, NULL));
  g_assert_true (CALL (devbox_instance_move, self->box, "changed/old", "changed/under/new", FALSE, NULL));
  calls_assert_text (CALL (devbox_instance_load_file, self->box, "changed/under/new", NULL), "new");

  calls_write (self, "changed/under/other", "");
  g_assert_true (CALL (devbox_instance_set_mode, self->box, "changed/under/new", 0600, FALSE, NULL));
  told = calls_say (self, "stat -c %a changed/under/new");
  g_assert_cmpstr (told, ==, "600");
  g_clear_pointer (&told, g_free);
  g_assert_true (CALL (devbox_instance_set_owner, self->box, "changed/under", owner, TRUE, NULL));
  g_assert_true (CALL (devbox_instance_set_mode, self->box, "changed/under/new", 0644, FALSE, NULL));
  told = calls_say (self, "stat -c '%a %u:%g' changed/under/*");
  g_assert_cmpstr (told, ==, expected);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "changed", TRUE, NULL));
}

static GBytes *
read_all (GInputStream *stream)
{
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;

  g_output_stream_splice (output, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                          NULL, &error);
  g_assert_no_error (error);

  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (output));
}

static void
replace_from_stream (Calls *self, const char *text, goffset size)
{
  g_autoptr (GBytes) bytes = calls_make_bytes (text);
  g_autoptr (GInputStream) contents = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GInputStream) stream = NULL;

  g_assert_true (CALL (devbox_instance_replace_file_from_stream, self->box, "streams/a", contents, size, 0, NULL));
  stream = CALL (devbox_instance_open_file, self->box, "streams/a", NULL);
  calls_assert_text (read_all (stream), text);
}

static void
check_archive (Calls *self, DevboxArchiveFormat format)
{
  static const char *const paths[] = { "streams/a", "streams/b", NULL };
  g_autoptr (GConverter) gunzip = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr (GInputStream) stream = CALL (devbox_instance_download_files, self->box, paths, format, NULL);
  g_autoptr (GInputStream) tar = NULL;
  g_autoptr (GBytes) archive = NULL;
  gsize size;
  const char *data;

  tar = format == DEVBOX_ARCHIVE_FORMAT_TAR ? g_object_ref (stream) : g_converter_input_stream_new (stream, gunzip);
  archive = read_all (tar);
  data = g_bytes_get_data (archive, &size);
  g_assert_cmpuint (size % 512, ==, 0);
  g_assert_cmpmem (data + 257, 5, "ustar", 5);
  g_assert_nonnull (memmem (data, size, "of a known size", 15));
  g_assert_nonnull (memmem (data, size, "the other file", 14));
}

static void
test_streams (Calls *self)
{
  static const char *const missing[] = { "streams/c", NULL };
  g_autoptr (GError) error = NULL;

  replace_from_stream (self, "of an unknown size", -1);
  replace_from_stream (self, "of a known size", 15);
  calls_write (self, "streams/b", "the other file");
  g_assert_null (
      TRY_CALL (&error, devbox_instance_download_files, self->box, missing, DEVBOX_ARCHIVE_FORMAT_TAR, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_NOT_FOUND);
  check_archive (self, DEVBOX_ARCHIVE_FORMAT_TAR);
  check_archive (self, DEVBOX_ARCHIVE_FORMAT_TAR_GZ);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "streams", TRUE, NULL));
}

static void
take_change (DevboxFileMonitor *monitor, const char *path, const char *old_path, GFileMonitorEvent event, gpointer data)
{
  g_ptr_array_add (data, g_strdup_printf ("%d %s", event, path));
}

/* By whatever call it was made. */
static void
check_monitor (Calls *self, DevboxFileMonitor *monitor, const char *path)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *full_path = g_strconcat ("monitored/", path, NULL);
  g_autofree char *created = g_strdup_printf ("%d %s", G_FILE_MONITOR_EVENT_CREATED, full_path);

  calls_assert_properties (monitor, "path", "monitored", "cancelled", FALSE, NULL);
  g_assert_cmpstr (devbox_file_monitor_get_path (monitor), ==, "monitored");
  g_signal_connect (monitor, "changed", G_CALLBACK (take_change), changes);
  calls_write (self, full_path, "contents");
  calls_wait_until (g_ptr_array_find_with_equal_func (changes, created, g_str_equal, NULL));

  g_assert_true (devbox_file_monitor_cancel (monitor));
  g_assert_true (devbox_file_monitor_is_cancelled (monitor));
  g_signal_handlers_disconnect_by_data (monitor, changes);
  g_object_unref (monitor);
}

static void
test_monitor (Calls *self)
{
  calls_write (self, "monitored/first", "");
  check_monitor (self,
                 CALL (devbox_instance_monitor_files, self->box, "monitored", DEVBOX_FILE_MONITOR_FLAGS_NONE, NULL),
                 "second");
  check_monitor (self,
                 CALL (devbox_client_monitor_files, self->client, CALLS_BOX, "monitored",
                       DEVBOX_FILE_MONITOR_FLAGS_NO_RECURSION, NULL),
                 "third");
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "monitored", TRUE, NULL));
}

const CallsCase calls_file_cases[] = {
  { "files/contents", test_contents }, { "files/list", test_list },       { "files/change", test_change },
  { "files/streams", test_streams },   { "files/monitor", test_monitor }, { NULL },
};
