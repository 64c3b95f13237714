/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What agents reply to requests about files: whatever it is, it is a result or a DevboxError, never both and never
 * neither; what a result tells is text where it says so, and within its limits. The first byte chooses the request, the
 * second one the HTTP status and the content type. */
#include "config.h"

#include "../client/agent-request-test-util.h"
#include "devbox-change-file-requests-private.h"
#include "devbox-file-result.h"
#include "devbox-list-files-request-private.h"
#include "devbox-read-file-request-private.h"
#include "devbox-search-requests-private.h"
#include "devbox-upload-request-private.h"
#include "devbox-upload-result.h"
#include "devbox-write-file-request-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define N_PAGE_FILES 2
#define N_UPLOAD_FILES 2
#define MAX_PATH_IN_BATCH 2000

static void
assert_text (const char *text)
{
  g_assert_true (text != NULL && g_utf8_validate (text, -1, NULL));
}

static void
check_bytes (gpointer result)
{
  g_bytes_unref (result);
}

static void
check_true (gpointer result)
{
  g_assert_cmpint (GPOINTER_TO_INT (result), ==, TRUE);
}

static void
check_file (DevboxFileInfo *file)
{
  gsize size;
  const char *bytes = g_bytes_get_data (devbox_file_info_get_path_bytes (file), &size);

  assert_text (devbox_file_info_get_name (file));
  assert_text (devbox_file_info_get_path (file));
  g_assert_true (size == 0 || memchr (bytes, '\0', size) == NULL);
  g_assert_cmpuint (devbox_file_info_get_mode (file), <=, 07777);
  g_assert_cmpuint (devbox_file_info_get_size (file), <=, G_MAXINT64);
  g_assert_cmpint (devbox_file_info_get_file_type (file), !=, G_FILE_TYPE_UNKNOWN);
}

static void
check_files (gpointer result)
{
  G_GNUC_UNUSED g_autoptr (GListStore) files = result;
  guint n_files = g_list_model_get_n_items (result);

  for (guint i = 0; i < n_files; i++)
    {
      g_autoptr (DevboxFileInfo) file = g_list_model_get_item (result, i);

      check_file (file);
    }
}

static void
check_page (gpointer result)
{
  g_assert_cmpuint (g_list_model_get_n_items (result), <=, N_PAGE_FILES);
  check_files (result);
}

static void
check_strings (gpointer result)
{
  g_auto (GStrv) strings = result;

  for (guint i = 0; strings[i] != NULL; i++)
    assert_text (strings[i]);
}

static void
check_result (DevboxFileResult *result)
{
  const GError *error = devbox_file_result_get_error (result);
  const char *message = devbox_file_result_get_message (result);

  assert_text (devbox_file_result_get_path (result));
  g_assert_cmpint (error != NULL, ==, devbox_file_result_get_status (result) == DEVBOX_FILE_RESULT_STATUS_ERROR);
  g_assert_true (error == NULL || error->domain == DEVBOX_ERROR);
  if (message != NULL)
    assert_text (message);
}

static void
check_result_list (GListModel *results)
{
  guint n_results = g_list_model_get_n_items (results);

  for (guint i = 0; i < n_results; i++)
    {
      g_autoptr (DevboxFileResult) result = g_list_model_get_item (results, i);

      check_result (result);
    }
}

static void
check_results (gpointer result)
{
  G_GNUC_UNUSED g_autoptr (GListStore) results = result;

  check_result_list (result);
}

static void
check_upload (gpointer result)
{
  g_autoptr (DevboxUploadResult) upload = result;
  guint n_errors = g_list_model_get_n_items (devbox_upload_result_get_errors (upload));

  check_result_list (devbox_upload_result_get_results (upload));
  g_assert_cmpuint (devbox_upload_result_get_n_processed (upload) + n_errors, ==,
                    devbox_upload_result_get_n_total (upload));
  g_assert_cmpint (devbox_upload_result_get_successful (upload), ==, n_errors == 0);
}

static DevboxRequest *
new_read (void)
{
  return devbox_read_file_request_new ("a", NULL);
}

static DevboxRequest *
new_write (void)
{
  g_autoptr (GBytes) contents = g_bytes_new_static ("hi", 2);

  return devbox_write_file_request_new ("a", contents, 0600, NULL);
}

static DevboxRequest *
new_delete (void)
{
  return devbox_delete_file_request_new ("a", TRUE, NULL);
}

static DevboxRequest *
new_page (void)
{
  return devbox_list_files_request_new ("a", 0, 0, N_PAGE_FILES, NULL);
}

static DevboxRequest *
new_list (void)
{
  return devbox_list_files_request_new ("a", DEVBOX_LIST_FILES_FLAGS_SHOW_HIDDEN, 0, 0, NULL);
}

static DevboxRequest *
new_grep (void)
{
  return devbox_grep_files_request_new ("a", "b", NULL);
}

static DevboxRequest *
new_replace (void)
{
  static const char *const paths[] = { "a", "b", NULL };

  return devbox_replace_text_request_new (paths, "a", "b", NULL);
}

static DevboxRequest *
new_batch (void)
{
  g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_bytes_unref);

  g_hash_table_insert (files, (gpointer) "a", g_bytes_new_static ("hi", 2));
  g_hash_table_insert (files, (gpointer) "b", g_bytes_new_static ("", 0));

  return devbox_upload_request_new (files, NULL);
}

/* Whose names are too long for a batch. */
static DevboxRequest *
new_uploads (void)
{
  g_autoptr (GHashTable) files
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);

  for (guint i = 0; i < N_UPLOAD_FILES; i++)
    g_hash_table_insert (files, g_strnfill (MAX_PATH_IN_BATCH + 1 + i, 'a'), g_bytes_new_static ("hi", 2));

  return devbox_upload_request_new (files, NULL);
}

static const struct
{
  DevboxRequest *(*make) (void);
  TestAgent agent;
  void (*check) (gpointer result);
} kinds[] = {
  { new_read, TEST_AGENT_CURRENT, check_bytes },   { new_read, TEST_AGENT_CLASSIC, check_bytes },
  { new_write, TEST_AGENT_CURRENT, check_true },   { new_write, TEST_AGENT_CLASSIC, check_true },
  { new_delete, TEST_AGENT_OURS, check_true },     { new_page, TEST_AGENT_OURS, check_page },
  { new_list, TEST_AGENT_OURS, check_files },      { new_grep, TEST_AGENT_OURS, check_strings },
  { new_replace, TEST_AGENT_OURS, check_results }, { new_batch, TEST_AGENT_CURRENT, check_upload },
  { new_batch, TEST_AGENT_CLASSIC, check_upload }, { new_uploads, TEST_AGENT_OURS, check_upload },
};

static const guint statuses[] = { 200, 201, 400, 401, 404, 413, 422, 500 };
static const char *const types[] = { "application/json", "application/octet-stream", NULL };

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (DevboxRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  TestReply reply;
  gpointer result;
  guint kind;

  if (size < 2)
    return 0;

  kind = data[0] % G_N_ELEMENTS (kinds);
  reply = (TestReply){
    .status = statuses[data[1] % G_N_ELEMENTS (statuses)],
    .content_type = types[data[1] / G_N_ELEMENTS (statuses) % G_N_ELEMENTS (types)],
    .data = data + 2,
    .size = size - 2,
  };

  request = kinds[kind].make ();
  g_assert_true (request->prepare (request, test_agent_get_features (kinds[kind].agent), &error));
  if (request->step != NULL && test_request_step (request, &reply, NULL))
    g_assert_true (request->prepare (request, test_agent_get_features (kinds[kind].agent), &error));

  result = test_request_parse (request, &reply, &error);
  g_assert_true ((result != NULL) == (error == NULL));
  if (result != NULL)
    kinds[kind].check (result);
  else
    g_assert_true (error->domain == DEVBOX_ERROR && g_utf8_validate (error->message, -1, NULL));

  return 0;
}
