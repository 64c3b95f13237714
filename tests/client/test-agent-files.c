/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-request-test-util.h"

#include "devbox-body-stream-private.h"
#include "devbox-change-file-requests-private.h"
#include "devbox-error-private.h"
#include "devbox-file-result.h"
#include "devbox-list-files-request-private.h"
#include "devbox-read-file-request-private.h"
#include "devbox-search-requests-private.h"
#include "devbox-upload-request-private.h"
#include "devbox-upload-result.h"
#include "devbox-write-file-request-private.h"

#include <string.h>

#define SUCCESS "{\"status\":0,\"message\":\"success\",\"success\":true}"

static void
prepare (DevboxRequest *request, TestAgent agent)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (request);
  g_assert_true (request->prepare (request, test_agent_get_features (agent), &error));
  g_assert_no_error (error);
}

/* As text, as it goes out. */
static char *
dup_body (DevboxRequest *request)
{
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_malloc0 (4096);
  gsize size;
  const char *data = g_bytes_get_data (request->body, &size);

  if (request->body_head != NULL)
    stream = devbox_body_stream_new_base64 (data, size, request->body_head, request->body_tail);
  else
    stream = devbox_body_stream_new (data, size);
  g_assert_true (g_input_stream_read_all (stream, text, 4095, &size, NULL, &error));
  g_assert_no_error (error);

  return g_steal_pointer (&text);
}

static void
assert_sends (DevboxRequest *request, const char *method, const char *path, const char *body)
{
  g_assert_cmpstr (request->method, ==, method);
  g_assert_cmpstr (request->path, ==, path);
  if (body == NULL)
    g_assert_null (request->body);
  else
    {
      g_autofree char *sent = dup_body (request);

      g_assert_cmpstr (sent, ==, body);
    }
}

static void
test_read (void)
{
  static const char *const reads[N_TEST_AGENTS] = {
    [TEST_AGENT_CURRENT] = "/api/v1/files/read?path=a%20b/%C3%A4%26",
    [TEST_AGENT_BOTH] = "/api/v1/files/read?path=a%20b/%C3%A4%26",
    [TEST_AGENT_OURS] = "/api/v1/files/read?path=a%20b/%C3%A4%26",
  };
  static const char json[] = "{\"status\":1404,\"message\":\"no\"}";
  g_autoptr (DevboxRequest) request = devbox_read_file_request_new ("a b/ä&", NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < N_TEST_AGENTS; i++)
    {
      prepare (request, i);
      if (reads[i] != NULL)
        assert_sends (request, "GET", reads[i], NULL);
      else
        assert_sends (request, "POST", "/files/read", "{\"path\":\"a b/ä&\",\"encoding\":\"binary\"}");
    }
  g_assert_true (request->idempotent);
  g_assert_cmpuint (request->n_files, ==, 1);

  /* A file may say what it wants: it is told apart by its type. */
  bytes = test_request_parse (request, &(TestReply){ 200, "application/octet-stream", json, strlen (json) }, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), json, strlen (json));

  test_request_assert_fails (request, 200, json, DEVBOX_ERROR_FILE_NOT_FOUND);
  test_request_assert_fails (request, 200, SUCCESS, DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "no JSON", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 413, "", DEVBOX_ERROR_FILE_TOO_LARGE);
}

static void
test_write (void)
{
  static const struct
  {
    TestAgent agent;
    guint mode;
    const char *path;
    const char *body;
    const char *next; /* what follows when it is written */
  } cases[] = {
    { TEST_AGENT_CLASSIC, 0, "/files/write", "{\"path\":\"a b\",\"encoding\":\"base64\",\"content\":\"aGk=\"}", NULL },
    { TEST_AGENT_CLASSIC, 0600, "/files/write",
      "{\"path\":\"a b\",\"permissions\":384,\"encoding\":\"base64\",\"content\":\"aGk=\"}", NULL },
    { TEST_AGENT_CURRENT, 0, "/api/v1/files/write?path=a%20b", "hi", NULL },
    { TEST_AGENT_CURRENT, 0600, "/api/v1/files/write?path=a%20b", "hi", "{\"path\":\"a b\",\"mode\":\"0600\"}" },
    { TEST_AGENT_BOTH, 0, "/api/v1/files/write?path=a%20b", "hi", NULL },
    { TEST_AGENT_BOTH, 0600, "/files/write",
      "{\"path\":\"a b\",\"permissions\":384,\"encoding\":\"base64\",\"content\":\"aGk=\"}", NULL },
    { TEST_AGENT_OURS, 0, "/api/v1/files/write?path=a%20b", "hi", NULL },
    { TEST_AGENT_OURS, 0600, "/api/v1/files/write?path=a%20b&mode=0600", "hi", NULL },
  };
  g_autoptr (GBytes) contents = g_bytes_new_static ("hi", 2);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DevboxRequest) request = devbox_write_file_request_new ("a b", contents, cases[i].mode, NULL);
      g_autoptr (GError) error = NULL;

      prepare (request, cases[i].agent);
      assert_sends (request, "POST", cases[i].path, cases[i].body);
      test_request_assert_fails (request, 200, "{\"status\":0,\"success\":true,\"size\":3}",
                                 DEVBOX_ERROR_FILE_TRANSFER_FAILED);
      test_request_assert_fails (request, 200, "{\"status\":0,\"success\":true}", DEVBOX_ERROR_INTERNAL_ERROR);
      test_request_assert_fails (request, 200, "{\"status\":1500,\"message\":\"full\",\"code\":\"DISK_FULL\"}",
                                 DEVBOX_ERROR_DISK_FULL);
      test_request_assert_fails (request, 413, "{\"status\":413,\"message\":\"large\"}", DEVBOX_ERROR_FILE_TOO_LARGE);

      g_assert_false (test_request_step_json (request, "{\"status\":1403,\"message\":\"out\"}", NULL));
      g_assert_cmpint (test_request_step_json (request, "{\"status\":0,\"success\":true,\"size\":2}", NULL), ==,
                       cases[i].next != NULL);
      if (cases[i].next != NULL)
        {
          /* Once more, as for a retry. */
          prepare (request, cases[i].agent);
          assert_sends (request, "POST", "/api/v1/files/chmod", cases[i].next);
          test_request_assert_fails (request, 200, "{\"status\":1403,\"message\":\"no\"}",
                                     DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED);
          g_assert_false (test_request_step_json (request, SUCCESS, NULL));
          g_assert_nonnull (test_request_parse_json (request, 200, SUCCESS, &error));
        }
      else
        g_assert_nonnull (test_request_parse_json (request, 200, "{\"success\":true,\"size\":2}", &error));
      g_assert_no_error (error);
    }
}

static void
test_delete (void)
{
  g_autoptr (DevboxRequest) request = devbox_delete_file_request_new ("a", TRUE, NULL);
  g_autoptr (DevboxRequest) plain = devbox_delete_file_request_new ("a", FALSE, NULL);
  g_autoptr (GError) error = NULL;

  prepare (request, TEST_AGENT_OURS);
  assert_sends (request, "POST", "/api/v1/files/delete", "{\"path\":\"a\",\"recursive\":true}");
  g_assert_nonnull (test_request_parse_json (request, 200, SUCCESS, &error));
  g_assert_no_error (error);
  test_request_assert_fails (request, 200, "{\"status\":1500,\"message\":\"x\",\"code\":\"CONFLICT\"}",
                             DEVBOX_ERROR_CONFLICT);

  prepare (plain, TEST_AGENT_CLASSIC);
  assert_sends (plain, "POST", "/files/delete", "{\"path\":\"a\"}");
  g_assert_nonnull (test_request_parse_json (plain, 200, "{\"success\":true,\"path\":\"a\"}", &error));
  test_request_assert_fails (plain, 404, "{\"success\":false,\"error\":\"x\",\"code\":\"FILE_NOT_FOUND\"}",
                             DEVBOX_ERROR_FILE_NOT_FOUND);
  test_request_assert_fails (plain, 200, "{\"success\":\"true\"}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (plain, 200, "{}", DEVBOX_ERROR_INTERNAL_ERROR);
}

static void
test_changes (void)
{
  g_autoptr (DevboxRequest) move = devbox_move_file_request_new ("a", "b/c", TRUE, NULL);
  g_autoptr (DevboxRequest) mode = devbox_set_file_mode_request_new ("a", 01755, TRUE, NULL);
  g_autoptr (DevboxRequest) owner = devbox_set_file_owner_request_new ("a", "u:g", FALSE, NULL);
  g_autoptr (GError) error = NULL;

  prepare (move, TEST_AGENT_CURRENT);
  assert_sends (move, "POST", "/api/v1/files/move", "{\"source\":\"a\",\"destination\":\"b/c\",\"overwrite\":true}");
  test_request_assert_fails (move, 200, "{\"status\":1409,\"message\":\"there\"}", DEVBOX_ERROR_CONFLICT);
  prepare (mode, TEST_AGENT_OURS);
  assert_sends (mode, "POST", "/api/v1/files/chmod", "{\"path\":\"a\",\"mode\":\"1755\",\"recursive\":true}");
  prepare (owner, TEST_AGENT_BOTH);
  assert_sends (owner, "POST", "/api/v1/files/chmod", "{\"path\":\"a\",\"owner\":\"u:g\"}");

  test_request_assert_unsupported (move);
  test_request_assert_unsupported (mode);
  test_request_assert_unsupported (owner);

  g_assert_null (devbox_set_file_mode_request_new ("a", 010000, FALSE, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_clear_error (&error);
  g_assert_null (devbox_set_file_owner_request_new ("a", "", FALSE, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_clear_error (&error);
  g_assert_null (devbox_move_file_request_new ("a", "\xff", FALSE, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

static void
test_list (void)
{
  g_autoptr (DevboxRequest) request
      = devbox_list_files_request_new ("f&", DEVBOX_LIST_FILES_FLAGS_SHOW_HIDDEN, 3, 2, NULL);
  g_autoptr (GListStore) files = NULL;
  g_autoptr (DevboxFileInfo) file = NULL;
  g_autoptr (DevboxFileInfo) folder = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDateTime) modified = g_date_time_new_utc (2001, 9, 9, 1, 46, 40);

  prepare (request, TEST_AGENT_CURRENT);
  assert_sends (request, "GET", "/api/v1/files/list?path=f%26&showHidden=true&offset=3&limit=2", NULL);
  files = test_request_parse_json (
      request, 200,
      "{\"status\":0,\"files\":[{\"name\":\"\\ufffd\",\"path\":\"/w/\\ufffd\",\"pathBytes\":\"L3cv/w==\",\"size\":7,"
      "\"isDir\":false,\"type\":\"link\",\"permissions\":\"4640\",\"modified\":\"2001-09-09T01:46:40Z\"},"
      "{\"name\":\"d\",\"path\":\"/w/d\",\"isDir\":true,\"permissions\":\"rwx\",\"modified\":\"yesterday\"}]}",
      &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (files)), ==, 2);

  file = g_list_model_get_item (G_LIST_MODEL (files), 0);
  g_assert_cmpstr (devbox_file_info_get_name (file), ==, "\357\277\275");
  g_assert_cmpstr (devbox_file_info_get_path (file), ==, "/w/\357\277\275");
  g_assert_cmpmem (g_bytes_get_data (devbox_file_info_get_path_bytes (file), NULL),
                   g_bytes_get_size (devbox_file_info_get_path_bytes (file)), "/w/\xff", 4);
  g_assert_cmpint (devbox_file_info_get_file_type (file), ==, G_FILE_TYPE_SYMBOLIC_LINK);
  g_assert_cmpuint (devbox_file_info_get_size (file), ==, 7);
  g_assert_cmpuint (devbox_file_info_get_mode (file), ==, 04640);
  g_assert_true (g_date_time_equal (devbox_file_info_get_modified (file), modified));

  folder = g_list_model_get_item (G_LIST_MODEL (files), 1);
  g_assert_cmpint (devbox_file_info_get_file_type (folder), ==, G_FILE_TYPE_DIRECTORY);
  g_assert_cmpuint (devbox_file_info_get_mode (folder), ==, 0);
  g_assert_null (devbox_file_info_get_modified (folder));
  g_assert_cmpmem (g_bytes_get_data (devbox_file_info_get_path_bytes (folder), NULL),
                   g_bytes_get_size (devbox_file_info_get_path_bytes (folder)), "/w/d", 4);

  test_request_assert_unsupported (request);
}

static void
test_list_lies (void)
{
  static const char *const lies[] = {
    "{\"status\":0,\"files\":[{\"name\":\"a\"}]}",
    "{\"status\":0,\"files\":[{\"path\":\"a\"}]}",
    "{\"status\":0,\"files\":[{\"name\":\"a\",\"path\":\"a\",\"size\":-1}]}",
    "{\"status\":0,\"files\":[{\"name\":\"a\",\"path\":\"a\",\"isDir\":1}]}",
    "{\"status\":0,\"files\":[{\"name\":\"a\",\"path\":\"a\",\"pathBytes\":\"?\"}]}",
    "{\"status\":0,\"files\":[{\"name\":\"a\",\"path\":\"a\",\"pathBytes\":\"YQBi\"}]}",
    "{\"status\":0,\"files\":[7]}",
    "{\"status\":0,\"files\":7}",
    /* more than were asked for */
    "{\"status\":0,\"files\":[{\"name\":\"a\",\"path\":\"a\"},{\"name\":\"b\",\"path\":\"b\"}]}",
    "[]",
    "",
  };
  g_autoptr (DevboxRequest) request = devbox_list_files_request_new (".", 0, 0, 1, NULL);

  prepare (request, TEST_AGENT_CURRENT);
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    test_request_assert_fails (request, 200, lies[i], DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":1404,\"message\":\"no\"}", DEVBOX_ERROR_FILE_NOT_FOUND);
  /* Nothing of a page that fails is kept. */
  g_assert_false (test_request_step_json (request, lies[0], NULL));
}

static char *
make_page (guint n_files)
{
  GString *page = g_string_new ("{\"status\":0,\"files\":[");

  for (guint i = 0; i < n_files; i++)
    g_string_append_printf (page, "%s{\"name\":\"%u\",\"path\":\"/%u\"}", i > 0 ? "," : "", i, i);

  return g_string_free (g_string_append (page, "]}"), FALSE);
}

static void
test_list_pages (void)
{
  static const struct
  {
    guint offset;
    guint limit;
    guint pages[4];
    const char *last_path;
    guint n_files;
  } cases[] = {
    { 0, 0, { 1000, 1000, 5 }, "?path=.&showHidden=false&offset=2000&limit=1000", 2005 },
    { 0, 0, { 1000, 0 }, "?path=.&showHidden=false&offset=1000&limit=1000", 1000 },
    { 7, 1002, { 1000, 2 }, "?path=.&showHidden=false&offset=1007&limit=2", 1002 },
    { 7, 2000, { 1000, 1000 }, "?path=.&showHidden=false&offset=1007&limit=1000", 2000 },
    { 7, 2000, { 5 }, "?path=.&showHidden=false&offset=7&limit=1000", 5 },
    { 0, 10, { 10 }, "?path=.&showHidden=false&offset=0&limit=10", 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DevboxRequest) request = devbox_list_files_request_new (".", 0, cases[i].offset, cases[i].limit, NULL);
      g_autofree char *page = make_page (cases[i].pages[0]);
      g_autofree char *last_path = g_strconcat ("/api/v1/files/list", cases[i].last_path, NULL);
      g_autoptr (GListStore) files = NULL;
      g_autoptr (GError) error = NULL;
      guint n_pages = 1;

      prepare (request, TEST_AGENT_CURRENT);
      while (test_request_step_json (request, page, NULL))
        {
          g_free (page);
          page = make_page (cases[i].pages[n_pages++]);
          prepare (request, TEST_AGENT_CURRENT);
        }
      g_assert_cmpstr (request->path, ==, last_path);
      files = test_request_parse_json (request, 200, page, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (files)), ==, cases[i].n_files);
    }
}

static void
test_search (void)
{
  g_autoptr (DevboxRequest) find = devbox_find_files_request_new (".", "a\"", NULL);
  g_autoptr (DevboxRequest) grep = devbox_grep_files_request_new ("d", "x\ny", NULL);
  g_auto (GStrv) files = NULL;
  g_auto (GStrv) none = NULL;
  g_autoptr (GError) error = NULL;

  prepare (find, TEST_AGENT_OURS);
  assert_sends (find, "POST", "/api/v1/files/search", "{\"dir\":\".\",\"pattern\":\"a\\\"\"}");
  prepare (grep, TEST_AGENT_OURS);
  assert_sends (grep, "POST", "/api/v1/files/find", "{\"dir\":\"d\",\"keyword\":\"x\\ny\"}");
  test_request_assert_unsupported (find);
  test_request_assert_unsupported (grep);

  files = test_request_parse_json (grep, 200, "{\"status\":0,\"files\":[\"/a\",\"/b\"],\"truncated\":true}", &error);
  g_assert_no_error (error);
  g_assert_cmpstrv (files, ((const char *const[]){ "/a", "/b", NULL }));
  none = test_request_parse_json (find, 200, "{\"status\":0}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  test_request_assert_fails (find, 200, "{\"status\":0,\"files\":[1]}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (find, 200, "{\"status\":1422,\"message\":\"empty\"}", DEVBOX_ERROR_VALIDATION_ERROR);

  g_assert_null (devbox_find_files_request_new (".", "", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

static void
test_replace_text (void)
{
  static const char *const paths[] = { "a", "b", "c", NULL };
  g_autoptr (DevboxRequest) request = devbox_replace_text_request_new (paths, "x", "", NULL);
  g_autoptr (GListStore) results = NULL;
  g_autoptr (GError) error = NULL;
  static const struct
  {
    const char *path;
    DevboxFileResultStatus status;
    guint64 n_replacements;
    const char *message;
  } expected[] = {
    { "a", DEVBOX_FILE_RESULT_STATUS_SUCCESS, 3, NULL },
    { "b", DEVBOX_FILE_RESULT_STATUS_SKIPPED, 0, "no text" },
    { "c", DEVBOX_FILE_RESULT_STATUS_ERROR, 0, "gone" },
  };

  prepare (request, TEST_AGENT_CURRENT);
  assert_sends (request, "POST", "/api/v1/files/replace", "{\"files\":[\"a\",\"b\",\"c\"],\"from\":\"x\",\"to\":\"\"}");
  g_assert_false (request->idempotent);
  test_request_assert_unsupported (request);

  results = test_request_parse_json (request, 200,
                                     "{\"status\":0,\"results\":["
                                     "{\"file\":\"a\",\"status\":\"success\",\"replacements\":3},"
                                     "{\"file\":\"b\",\"status\":\"skipped\",\"replacements\":0,\"error\":\"no text\"},"
                                     "{\"file\":\"c\",\"status\":\"error\",\"error\":\"gone\"}]}",
                                     &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (results)), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (DevboxFileResult) result = g_list_model_get_item (G_LIST_MODEL (results), i);

      g_assert_cmpstr (devbox_file_result_get_path (result), ==, expected[i].path);
      g_assert_cmpint (devbox_file_result_get_status (result), ==, expected[i].status);
      g_assert_cmpuint (devbox_file_result_get_n_replacements (result), ==, expected[i].n_replacements);
      g_assert_cmpstr (devbox_file_result_get_message (result), ==, expected[i].message);
      g_assert_cmpint (devbox_file_result_get_error (result) != NULL, ==,
                       expected[i].status == DEVBOX_FILE_RESULT_STATUS_ERROR);
    }

  test_request_assert_fails (request, 200, "{\"status\":0}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"results\":[{\"file\":\"a\"}]}",
                             DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":1403,\"message\":\"out\"}",
                             DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED);
}

static void
add_file (GHashTable *files, const char *path, gsize size)
{
  g_hash_table_insert (files, g_strdup (path), g_bytes_new_take (g_malloc0 (size), size));
}

static GHashTable *
files_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
}

/* The body, with its boundary replaced. */
static char *
dup_form (DevboxRequest *request)
{
  static const char start[] = "multipart/form-data; boundary=";
  g_autoptr (GString) form
      = g_string_new_len (g_bytes_get_data (request->body, NULL), (gssize) g_bytes_get_size (request->body));

  g_assert_true (g_str_has_prefix (request->content_type, start));
  g_string_replace (form, request->content_type + strlen (start), "BOUNDARY", 0);

  return g_strdup (form->str);
}

static void
test_upload_forms (void)
{
  g_autoptr (GHashTable) files = files_new ();
  g_autoptr (DevboxRequest) request = NULL;
  g_autofree char *form = NULL;

  g_hash_table_insert (files, g_strdup ("b/ä"), g_bytes_new ("hi", 2));
  g_hash_table_insert (files, g_strdup ("a\"%22\n"), g_bytes_new ("", 0));
  request = devbox_upload_request_new (files, NULL);

  prepare (request, TEST_AGENT_CLASSIC);
  assert_sends (request, "POST", "/files/batch-upload",
                "{\"files\":[{\"path\":\"a\\\"%22\\n\",\"encoding\":\"base64\",\"content\":\"\"},"
                "{\"path\":\"b/ä\",\"encoding\":\"base64\",\"content\":\"aGk=\"}]}");
  g_assert_cmpstr (request->content_type, ==, "application/json");

  prepare (request, TEST_AGENT_BOTH);
  g_assert_cmpstr (request->path, ==, "/api/v1/files/batch-upload");
  form = dup_form (request);
  g_assert_cmpstr (form, ==,
                   "--BOUNDARY\r\n"
                   "Content-Disposition: form-data; name=\"files\"; filename*=UTF-8''a%22%2522%0A\r\n"
                   "Content-Type: application/octet-stream\r\n\r\n"
                   "\r\n"
                   "--BOUNDARY\r\n"
                   "Content-Disposition: form-data; name=\"files\"; filename=\"b/ä\"\r\n"
                   "Content-Type: application/octet-stream\r\n\r\n"
                   "hi\r\n"
                   "--BOUNDARY--\r\n");
  g_assert_cmpuint (request->n_files, ==, 2);
}

static void
test_upload_results (void)
{
  static const char *const lies[] = {
    "{\"status\":0,\"results\":[]}",
    "{\"status\":0,\"results\":[{\"success\":true},{\"success\":true},{\"success\":true},{\"success\":true}]}",
    "{\"status\":0,\"results\":[{\"success\":true},{\"success\":true},{}]}",
    "{\"status\":0,\"results\":[{\"success\":true},{\"success\":true},7]}",
    "{\"status\":0,\"results\":[{\"success\":true},{\"success\":true},{\"success\":true,\"size\":-1}]}",
    "{\"status\":0}",
  };
  g_autoptr (GHashTable) files = files_new ();
  g_autoptr (DevboxRequest) request = NULL;
  g_autoptr (DevboxUploadResult) upload = NULL;
  g_autoptr (DevboxFileResult) large = NULL;
  g_autoptr (DevboxFileResult) cut = NULL;
  g_autoptr (GError) error = NULL;
  GListModel *errors;

  add_file (files, "a", 10);
  add_file (files, "b", 20);
  add_file (files, "c", 30);
  request = devbox_upload_request_new (files, NULL);
  prepare (request, TEST_AGENT_OURS);
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    test_request_assert_fails (request, 200, lies[i], DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 401, "", DEVBOX_ERROR_AUTHENTICATION_FAILED);

  upload
      = test_request_parse_json (request, 200,
                                 "{\"status\":0,\"results\":["
                                 "{\"path\":\"/w/a\",\"success\":true,\"size\":10},"
                                 "{\"path\":\"b\",\"success\":false,\"error\":\"large\",\"code\":\"FILE_TOO_LARGE\"},"
                                 "{\"path\":\"/w/c\",\"success\":true,\"size\":29}]}",
                                 &error);
  g_assert_no_error (error);
  g_assert_false (devbox_upload_result_get_successful (upload));
  g_assert_cmpuint (devbox_upload_result_get_n_processed (upload), ==, 1);
  g_assert_cmpuint (devbox_upload_result_get_n_total (upload), ==, 3);
  g_assert_cmpuint (devbox_upload_result_get_bytes_transferred (upload), ==, 10);
  errors = devbox_upload_result_get_errors (upload);
  g_assert_cmpuint (g_list_model_get_n_items (errors), ==, 2);
  large = g_list_model_get_item (errors, 0);
  g_assert_cmpstr (devbox_file_result_get_path (large), ==, "b");
  g_assert_error (devbox_file_result_get_error (large), DEVBOX_ERROR, DEVBOX_ERROR_FILE_TOO_LARGE);
  g_assert_cmpstr (devbox_file_result_get_message (large), ==, "large");
  cut = g_list_model_get_item (errors, 1);
  g_assert_error (devbox_file_result_get_error (cut), DEVBOX_ERROR, DEVBOX_ERROR_FILE_TRANSFER_FAILED);
}

static char *
make_successes (guint n_files)
{
  GString *reply = g_string_new ("{\"status\":0,\"success\":true,\"results\":[");

  for (guint i = 0; i < n_files; i++)
    g_string_append_printf (reply, "%s{\"success\":true}", i > 0 ? "," : "");

  return g_string_free (g_string_append (reply, "]}"), FALSE);
}

/* 120 small files, a large one, one with a long name: 50, 50, 20, and the others alone. */
static void
test_upload_batches (gconstpointer data)
{
  const TestAgent agent = GPOINTER_TO_UINT (data);
  static const guint batches[] = { 50, 50, 20, 1, 1 };
  g_autofree char *long_name = g_strnfill (3000, 'z');
  g_autoptr (GHashTable) files = files_new ();
  g_autoptr (DevboxRequest) request = NULL;
  g_autoptr (DevboxUploadResult) upload = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 120; i++)
    {
      g_autofree char *name = g_strdup_printf ("a%03u", i);

      add_file (files, name, 100);
    }
  add_file (files, "large", 2 * 1024 * 1024);
  add_file (files, long_name, 7);
  request = devbox_upload_request_new (files, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (batches); i++)
    {
      g_autofree char *reply = batches[i] > 1 ? make_successes (batches[i])
                                              : g_strdup_printf ("{\"status\":0,\"success\":true,\"size\":%u}",
                                                                 i == 3 ? 2 * 1024 * 1024 : 7);
      const char *route = batches[i] > 1 ? "files/batch-upload" : "files/write";

      prepare (request, agent);
      g_assert_cmpuint (request->n_files, ==, batches[i]);
      g_assert_nonnull (strstr (request->path, route));
      if (batches[i] == 1)
        g_assert_cmpstr (request->subject, ==, i == 3 ? "large" : long_name);
      if (i == 3)
        g_assert_true (request->expect_continue);

      g_assert_cmpint (test_request_step_json (request, reply, NULL), ==, i + 1 < G_N_ELEMENTS (batches));
      if (i + 1 == G_N_ELEMENTS (batches))
        upload = test_request_parse_json (request, 200, reply, &error);
    }
  g_assert_no_error (error);
  g_assert_true (devbox_upload_result_get_successful (upload));
  g_assert_cmpuint (devbox_upload_result_get_n_total (upload), ==, 122);
  g_assert_cmpuint (devbox_upload_result_get_bytes_transferred (upload), ==, 12000 + 2 * 1024 * 1024 + 7);
}

static void
test_upload_single_failures (void)
{
  g_autoptr (GHashTable) files = files_new ();
  g_autoptr (DevboxRequest) request = NULL;
  g_autoptr (DevboxUploadResult) upload = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_upload_request_new (files, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_clear_error (&error);

  add_file (files, "large", 2 * 1024 * 1024);
  request = devbox_upload_request_new (files, NULL);
  prepare (request, TEST_AGENT_CURRENT);
  /* What is wrong with the agent ends it all. */
  test_request_assert_fails (request, 401, "", DEVBOX_ERROR_AUTHENTICATION_FAILED);
  test_request_assert_fails (request, 503, "", DEVBOX_ERROR_SERVER_UNAVAILABLE);
  upload = test_request_parse_json (request, 413, "{\"status\":413,\"message\":\"large\"}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (devbox_upload_result_get_n_processed (upload), ==, 0);
  g_assert_cmpuint (devbox_upload_result_get_n_total (upload), ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/agent-files/read", test_read);
  g_test_add_func ("/client/agent-files/write", test_write);
  g_test_add_func ("/client/agent-files/delete", test_delete);
  g_test_add_func ("/client/agent-files/changes", test_changes);
  g_test_add_func ("/client/agent-files/list", test_list);
  g_test_add_func ("/client/agent-files/list-lies", test_list_lies);
  g_test_add_func ("/client/agent-files/list-pages", test_list_pages);
  g_test_add_func ("/client/agent-files/search", test_search);
  g_test_add_func ("/client/agent-files/replace-text", test_replace_text);
  g_test_add_func ("/client/agent-files/upload-forms", test_upload_forms);
  g_test_add_func ("/client/agent-files/upload-results", test_upload_results);
  g_test_add_data_func ("/client/agent-files/upload-batches/classic", GUINT_TO_POINTER (TEST_AGENT_CLASSIC),
                        test_upload_batches);
  g_test_add_data_func ("/client/agent-files/upload-batches/ours", GUINT_TO_POINTER (TEST_AGENT_OURS),
                        test_upload_batches);
  g_test_add_func ("/client/agent-files/upload-single-failures", test_upload_single_failures);

  return g_test_run ();
}
