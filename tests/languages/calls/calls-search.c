/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several files at once: what is found in them and replaced, and uploads. */
#include "calls.h"

#include <string.h>

static void
test_find (Calls *self)
{
  g_autofree char *root
      = calls_say (self, "mkdir -p found/sub; cd found; echo 'int main;' >Main.c; echo 'int x;' >sub/x.c; "
                         "printf %s \"$PWD\"");
  g_autofree char *main_path = g_strconcat (root, "/Main.c", NULL);
  g_autofree char *x_path = g_strconcat (root, "/sub/x.c", NULL);
  const char *const of_name[] = { main_path, NULL };
  const char *const of_text[] = { main_path, x_path, NULL };
  g_auto (GStrv) by_name = CALL (devbox_instance_find, self->box, "found", "MAIN", NULL);
  g_auto (GStrv) by_text = CALL (devbox_instance_grep, self->box, "found", "int ", NULL);
  g_auto (GStrv) nothing = CALL (devbox_instance_grep, self->box, "found", "nowhere", NULL);

  g_assert_cmpstrv (by_name, of_name);
  g_assert_cmpstrv (by_text, of_text);
  g_assert_cmpuint (g_strv_length (nothing), ==, 0);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "found", TRUE, NULL));
}

static void
check_result (DevboxFileResult *result, const char *path, DevboxFileResultStatus status, guint64 n_replacements)
{
  const GError *error = devbox_file_result_get_error (result);

  calls_assert_properties (result, "path", path, "status", status, "n-replacements", n_replacements, "message",
                           devbox_file_result_get_message (result), "error", error, NULL);
  g_assert_cmpstr (devbox_file_result_get_path (result), ==, path);
  g_assert_cmpint (devbox_file_result_get_status (result), ==, status);
  g_assert_cmpuint (devbox_file_result_get_n_replacements (result), ==, n_replacements);
  g_assert_true ((error != NULL) == (status == DEVBOX_FILE_RESULT_STATUS_ERROR));
  g_assert_true (error == NULL || devbox_file_result_get_message (result) != NULL);
}

static void
test_replace (Calls *self)
{
  static const char *const paths[] = { "replaced/a", "replaced/b", "replaced/nothing", NULL };
  g_autoptr (GListModel) results = NULL;

  calls_write (self, "replaced/a", "one two one");
  calls_write (self, "replaced/b", "three");
  results = CALL (devbox_instance_replace_text, self->box, paths, "one", "1", NULL);

  g_assert_true (g_list_model_get_item_type (results) == DEVBOX_TYPE_FILE_RESULT);
  g_assert_cmpuint (g_list_model_get_n_items (results), ==, 3);
  check_result (calls_peek_item (results, 0), paths[0], DEVBOX_FILE_RESULT_STATUS_SUCCESS, 2);
  check_result (calls_peek_item (results, 1), paths[1], DEVBOX_FILE_RESULT_STATUS_SKIPPED, 0);
  check_result (calls_peek_item (results, 2), paths[2], DEVBOX_FILE_RESULT_STATUS_ERROR, 0);
  g_assert_error (devbox_file_result_get_error (calls_peek_item (results, 2)), DEVBOX_ERROR,
                  DEVBOX_ERROR_FILE_NOT_FOUND);
  calls_assert_text (CALL (devbox_instance_load_file, self->box, "replaced/a", NULL), "1 two 1");
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "replaced", TRUE, NULL));
}

static GHashTable *
make_files (const char *path, const char *text)
{
  GHashTable *files = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_bytes_unref);

  g_hash_table_insert (files, (char *) "uploaded/a", calls_make_bytes ("a"));
  g_hash_table_insert (files, (char *) path, calls_make_bytes (text));

  return files;
}

static void
check_upload (DevboxUploadResult *upload, gboolean successful, guint n_processed, guint64 n_bytes)
{
  GListModel *results = devbox_upload_result_get_results (upload);
  GListModel *errors = devbox_upload_result_get_errors (upload);

  calls_assert_properties (upload, "successful", successful, "n-processed", n_processed, "n-total", 2,
                           "bytes-transferred", n_bytes, "duration", devbox_upload_result_get_duration (upload),
                           "results", results, "errors", errors, NULL);
  g_assert_true (devbox_upload_result_get_successful (upload) == successful);
  g_assert_cmpuint (devbox_upload_result_get_n_processed (upload), ==, n_processed);
  g_assert_cmpuint (devbox_upload_result_get_n_total (upload), ==, 2);
  g_assert_cmpuint (devbox_upload_result_get_bytes_transferred (upload), ==, n_bytes);
  g_assert_cmpuint (devbox_upload_result_get_duration (upload), <, 60 * 1000);
  g_assert_cmpuint (g_list_model_get_n_items (results), ==, 2);
  g_assert_cmpuint (g_list_model_get_n_items (errors), ==, 2 - n_processed);
}

static void
test_upload (Calls *self)
{
  g_autoptr (GHashTable) good = make_files ("uploaded/folder/b", "the second");
  g_autoptr (GHashTable) half = make_files ("uploaded/folder", "is a folder");
  g_autoptr (DevboxUploadResult) done = CALL (devbox_instance_upload_files, self->box, good, NULL);
  g_autoptr (DevboxUploadResult) half_done = CALL (devbox_client_upload_files, self->client, CALLS_BOX, half, NULL);
  DevboxFileResult *refused;

  check_upload (done, TRUE, 2, 11);
  check_result (calls_peek_item (devbox_upload_result_get_results (done), 0), "uploaded/a",
                DEVBOX_FILE_RESULT_STATUS_SUCCESS, 0);
  calls_assert_text (CALL (devbox_instance_load_file, self->box, "uploaded/folder/b", NULL), "the second");

  check_upload (half_done, FALSE, 1, 1);
  refused = calls_peek_item (devbox_upload_result_get_errors (half_done), 0);
  check_result (refused, "uploaded/folder", DEVBOX_FILE_RESULT_STATUS_ERROR, 0);
  g_assert_error (devbox_file_result_get_error (refused), DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "uploaded", TRUE, NULL));
}

const CallsCase calls_search_cases[] = {
  { "batches/find", test_find },
  { "batches/replace", test_replace },
  { "batches/upload", test_upload },
  { NULL },
};
