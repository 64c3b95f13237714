/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platforms and agents that lie: each call ends with the error that is right for it, in bounded memory. */
#include "config.h"

#include "call-test-util.h"
#include "hostile-test-util.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_TIMEOUT_MS 300
#define CHUNKED JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define FOREVER HOSTILE_SERVER_FOREVER

/* Instead of an error's code. */
#define NO_ERROR (-1)
#define ANYTHING (-2) /* a result or an error, as long as it is one */

/* The peak of what was in memory since it was last asked, in KiB. */
static guint64
take_peak (void)
{
  g_autofree char *status = NULL;
  const char *line;
  guint64 peak;

  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  line = strstr (status, "VmHWM:");
  g_assert_nonnull (line);
  peak = g_ascii_strtoull (line + strlen ("VmHWM:"), NULL, 10);

  malloc_trim (0);
  g_assert_true (g_file_set_contents_full ("/proc/self/clear_refs", "5", 1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));

  return peak;
}

typedef struct
{
  const char *name;
  HostileTestAct act;
  int code; /* a DevboxError, or NO_ERROR, or ANYTHING */
  guint max_mib;
  HostileServerReply reply;
  gboolean is_endless; /* only a time-out ends it */
} Case;

#define DETAIL(rest)                                                                                                   \
  CLOSED_JSON "{\"name\":\"box\",\"status\":\"Running\",\"resources\":{\"cpu\":1,\"memory\":1}," rest "}"

static const Case cases[] = {
  /* Bodies */
  { "endless-body",
    hostile_test_list_instances,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    80,
    { CLOSED_JSON, "all work ", 0, FOREVER } },
  { "endless-detail",
    hostile_test_get_instance,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    8,
    { CLOSED_JSON, "all work ", 0, FOREVER } },
  { "nine-terabytes",
    hostile_test_get_instance,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    4,
    { JSON_HEAD "Content-Length: 9000000000000\r\n\r\n{", .end = HOSTILE_SERVER_HANGS } },
  { "length-too-long-for-a-number",
    hostile_test_get_instance,
    ANYTHING,
    4,
    { JSON_HEAD "Content-Length: 99999999999999999999999\r\n\r\n{}" } },
  { "negative-length", hostile_test_get_instance, ANYTHING, 4, { JSON_HEAD "Content-Length: -1\r\n\r\n{}" } },
  { "chunks-of-one-byte",
    hostile_test_get_instance,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    8,
    { CHUNKED, "1\r\nx\r\n", 0, FOREVER } },
  { "chunk-of-all-memory",
    hostile_test_get_instance,
    ANYTHING,
    8,
    { CHUNKED "7fffffffffffffff\r\n", "x", 0, FOREVER } },
  { "chunk-of-minus-one", hostile_test_get_instance, ANYTHING, 8, { CHUNKED "-1\r\n{}\r\n0\r\n\r\n" } },
  { "gzip-nobody-asked-for",
    hostile_test_get_instance,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { JSON_HEAD "Content-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08", "\xff", 0, 1000 } },
  /* Heads */
  { "endless-headers",
    hostile_test_get_instance,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { JSON_HEAD, "X-More: more\r\n", 0, FOREVER } },
  { "endless-header",
    hostile_test_get_instance,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { JSON_HEAD "X-Long: ", "long", 0, FOREVER } },
  { "endless-status-line",
    hostile_test_get_instance,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "HTTP/1.1 200 ", "OK", 0, FOREVER } },
  { "endless-interim-replies",
    hostile_test_get_instance,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "", "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n", 0, FOREVER } },
  { "endless-line-feeds", hostile_test_get_instance, ANYTHING, 8, { "", "\r\n", 0, FOREVER } },
  { "head-with-nul",
    hostile_test_get_instance,
    ANYTHING,
    4,
    { "HTTP/1.1 200 OK\r\nX: ", "\0", 1, 1, "\r\nContent-Length: 0\r\n\r\n" } },
  { "no-http", hostile_test_get_instance, DEVBOX_ERROR_CONNECTION_FAILED, 4, { "SSH-2.0-OpenSSH_9.2\r\n\r\n" } },
  { "nothing", hostile_test_get_instance, DEVBOX_ERROR_CONNECTION_FAILED, 4, { "" } },
  { "silence",
    hostile_test_get_instance,
    DEVBOX_ERROR_OPERATION_TIMEOUT,
    4,
    { "", .end = HOSTILE_SERVER_HANGS },
    TRUE },
  { "upgrade-nobody-asked-for",
    hostile_test_get_instance,
    DEVBOX_ERROR_OPERATION_TIMEOUT,
    4,
    { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", .end = HOSTILE_SERVER_HANGS },
    TRUE },
  { "two-lengths",
    hostile_test_get_instance,
    ANYTHING,
    4,
    { JSON_HEAD "Content-Length: 2\r\nContent-Length: 200000\r\n\r\n{}" } },
  { "before-it-is-asked", hostile_test_get_instance, ANYTHING, 4, { CLOSED_JSON "{}", .speaks_first = TRUE } },
  /* Statuses */
  { "basic-please",
    hostile_test_get_instance,
    DEVBOX_ERROR_AUTHENTICATION_FAILED,
    4,
    { "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n" } },
  { "negotiate-please",
    hostile_test_get_instance,
    DEVBOX_ERROR_AUTHENTICATION_FAILED,
    4,
    { "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n" } },
  { "endless-refusal",
    hostile_test_get_instance,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    8,
    { "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n\r\n", "no", 0, FOREVER } },
  { "proxy-authentication",
    hostile_test_get_instance,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n" } },
  { "misdirected",
    hostile_test_get_instance,
    DEVBOX_ERROR_VALIDATION_ERROR,
    8,
    { "HTTP/1.1 421 No\r\n\r\n", "no", 0, FOREVER } },
  { "status-of-the-future", hostile_test_get_instance, ANYTHING, 4, { "HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n" } },
  { "retry-in-a-million-years",
    hostile_test_get_instance,
    DEVBOX_ERROR_SERVER_UNAVAILABLE,
    4,
    { "HTTP/1.1 503 No\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n" } },
  { "retry-in-the-past",
    hostile_test_get_instance,
    DEVBOX_ERROR_SERVER_UNAVAILABLE,
    4,
    { "HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n" } },
  { "retry-before-now",
    hostile_test_get_instance,
    DEVBOX_ERROR_SERVER_UNAVAILABLE,
    4,
    { "HTTP/1.1 503 No\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n" } },
  /* JSON */
  { "deep-json", hostile_test_list_instances, DEVBOX_ERROR_INTERNAL_ERROR, 4, { CLOSED_JSON, "[", 0, 200000 } },
  { "deep-objects", hostile_test_get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { CLOSED_JSON, "{\"a\":", 0, 100000 } },
  { "a-million-members",
    hostile_test_list_instances,
    ANYTHING,
    128,
    { CLOSED_JSON "{\"a\":1", ",\"b\":2", 0, 1000000, "}" } },
  { "a-million-nothings",
    hostile_test_list_instances,
    DEVBOX_ERROR_INTERNAL_ERROR,
    24,
    { CLOSED_JSON "{\"data\":[{}", ",{}", 0, 1000000, "]}" } },
  { "two-million-lists",
    hostile_test_find_files,
    DEVBOX_ERROR_INTERNAL_ERROR,
    40,
    { CLOSED_JSON "{\"status\":0,\"files\":[[]", ",[]", 0, 2000000, "]}" } },
  { "eight-million-numbers",
    hostile_test_find_files,
    DEVBOX_ERROR_INTERNAL_ERROR,
    80,
    { CLOSED_JSON "{\"status\":0,\"files\":[1", ",1", 0, 8000000, "]}" } },
  { "huge-number",
    hostile_test_get_instance,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { CLOSED_JSON "{\"cpu\":1", "0", 0, 1000000 - 100, "}" } },
  { "infinite-number", hostile_test_get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { DETAIL ("\"x\":1e999") } },
  { "nul-in-text", hostile_test_get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { DETAIL ("\"image\":\"a\\u0000b\"") } },
  { "nul", hostile_test_get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { CLOSED_JSON "{", "\0", 1, 1, "}" } },
  { "invalid-utf-8", hostile_test_get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { DETAIL ("\"image\":\"\xff\xfe\"") } },
  { "lone-surrogate", hostile_test_get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { DETAIL ("\"image\":\"\\ud800\"") } },
  { "two-documents", hostile_test_get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { CLOSED_JSON "{}{}" } },
  { "another-devbox",
    hostile_test_get_instance,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { CLOSED_JSON "{\"name\":\"other\",\"status\":\"Running\"}" } },
  { "duplicates",
    hostile_test_get_instance,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { CLOSED_JSON "{\"name\":\"box\",\"status\":\"Running\",\"name\":\"other\"}" } },
  { "year-of-a-billion",
    hostile_test_get_instance,
    NO_ERROR,
    4,
    { DETAIL ("\"createdAt\":\"1000000000-01-01T00:00:00Z\"") } },
  { "ports-that-are-none",
    hostile_test_get_instance,
    NO_ERROR,
    4,
    { DETAIL (
        "\"ports\":[{\"number\":0},{\"number\":70000},{\"number\":-1},{\"number\":1e300},{\"number\":\"80\"},7]") } },
  { "negative-resources",
    hostile_test_get_instance,
    NO_ERROR,
    4,
    { CLOSED_JSON "{\"name\":\"box\",\"status\":\"Running\",\"resources\":{\"cpu\":-1e308,\"memory\":1e308}}" } },
  { "odd-templates",
    hostile_test_list_templates,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"data\":[{\"name\":[]},7,null,\"x\",{\"config\":\"{\"}]}" } },
  { "odd-releases",
    hostile_test_list_releases,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"data\":[{\"tag\":{}},[],{\"createdAt\":9e99},{\"tag\":\"a\",\"status\":[]}]}" } },
  { "odd-samples",
    hostile_test_list_samples,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"data\":[{\"timestamp\":9e18,\"cpu\":-1},[],{\"timestamp\":\"-1\"},{\"timestamp\":-9e18}]}" } },
  { "odd-files",
    hostile_test_list_files,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"files\":[{\"name\":\"../"
                  "x\",\"size\":-1,\"mtime\":1e300},{\"size\":{}},[]]}" } },
  { "odd-processes",
    hostile_test_list_processes,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"processes\":[{\"pid\":-1,\"id\":7},{\"pid\":1e18},[]]}" } },
  { "odd-sessions",
    hostile_test_list_sessions,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"sessions\":[{\"sessionId\":\"../../x\",\"env\":[]},7]}" } },
  { "odd-ports",
    hostile_test_list_ports,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"ports\":[0,-1,70000,\"80\",1e9]}" } },
  { "odd-output",
    hostile_test_run,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"exitCode\":1e99,\"stdout\":{}}" } },
  { "junk-for-base64",
    hostile_test_run,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"exitCode\":0,\"stdout\":\"\",\"stdoutBase64\":\"====\"}" } },
  { "endless-health",
    hostile_test_get_agent_info,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    8,
    { CLOSED_JSON, "all work ", 0, FOREVER, .is_sick = TRUE } },
  { "sick-agent",
    hostile_test_list_files,
    ANYTHING,
    8,
    { CLOSED_JSON "{\"status\":[],\"capabilities\":[1,{},\"", "x", 0, 500000, "\"]}", .is_sick = TRUE } },
  /* Addresses */
  { "pod-ip-with-another-host",
    hostile_test_find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"podIP\":\"evil@127.0.0.2:80/\"") } },
  { "label-with-another-host",
    hostile_test_find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"agentServer\":{\"url\":\"x.evil.example#\",\"token\":\"eA==\"}") } },
  { "address-of-a-file",
    hostile_test_find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"ports\":[{\"number\":80,\"publicAddress\":\"file:///etc/passwd\"}]") } },
  { "address-with-a-password",
    hostile_test_find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"ports\":[{\"number\":80,\"publicAddress\":\"http://u:p@127.0.0.2\"}]") } },
  { "address-with-a-port-too-high",
    hostile_test_find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"ports\":[{\"number\":80,\"publicAddress\":\"http://127.0.0.2:70000\"}]") } },
  { "address-with-a-line-break",
    hostile_test_find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"ports\":[{\"number\":80,\"publicAddress\":\"http://127.0.0.2\\r\\nX: y\"}]") } },
  { "token-with-a-line-break",
    hostile_test_find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"podIP\":\"127.0.0.2\",\"agentServer\":{\"token\":\"YQ0KWDogeQ==\"}") } },
  { "token-that-is-junk",
    hostile_test_find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"podIP\":\"127.0.0.2\",\"agentServer\":{\"token\":\"!!!!\"}") } },
  /* Streams */
  { "endless-event", hostile_test_run_streamed, DEVBOX_ERROR_INTERNAL_ERROR, 24, { EVENTS "data: ", "x", 0, FOREVER } },
  { "endless-lines", hostile_test_run_streamed, DEVBOX_ERROR_INTERNAL_ERROR, 24, { EVENTS, "data: x\n", 0, FOREVER } },
  { "events-that-are-none",
    hostile_test_run_streamed,
    DEVBOX_ERROR_INTERNAL_ERROR,
    8,
    { EVENTS "event: complete\ndata: [\n\n" } },
  { "stream-without-end",
    hostile_test_open_file,
    NO_ERROR,
    8,
    { "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n", "x", 0, FOREVER } },
  /* WebSockets */
  { "socket-refused-without-end",
    hostile_test_monitor,
    DEVBOX_ERROR_AUTHENTICATION_FAILED,
    8,
    { "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n", "no", 0, FOREVER } },
  { "socket-accepted-without-upgrade",
    hostile_test_monitor,
    DEVBOX_ERROR_INTERNAL_ERROR,
    8,
    { CLOSED_JSON, "no", 0, FOREVER } },
  { "socket-misdirected",
    hostile_test_monitor,
    DEVBOX_ERROR_VALIDATION_ERROR,
    8,
    { "HTTP/1.1 421 No\r\n\r\n", "no", 0, FOREVER } },
  { "socket-with-interim-replies",
    hostile_test_monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "", "HTTP/1.1 103 Early Hints\r\n\r\n", 0, FOREVER } },
  { "socket-of-another-kind",
    hostile_test_monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n" } },
  { "endless-frame",
    hostile_test_monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "", "\x81\x7f\x00\x00\x7f\xff\xff\xff\xff\xffxxxxxxxxxxxxxxxx", 26, FOREVER, .upgrades = TRUE } },
  { "endless-messages",
    hostile_test_monitor,
    DEVBOX_ERROR_OPERATION_TIMEOUT,
    8,
    { "", "\x81\x02{}", 4, FOREVER, .upgrades = TRUE },
    TRUE },
  { "endless-pings",
    hostile_test_monitor,
    DEVBOX_ERROR_OPERATION_TIMEOUT,
    8,
    { "", "\x89\x02hi", 4, FOREVER, .upgrades = TRUE },
    TRUE },
  { "masked-frames",
    hostile_test_monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "", "\x81\x82xxxx{}", 8, FOREVER, .upgrades = TRUE } },
  { "no-text",
    hostile_test_monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "\x81\x02\xff\xff", .upgrades = TRUE, .end = HOSTILE_SERVER_HANGS } },
};

static void
test_case (HostileTest *self, gconstpointer data)
{
  const Case *the_case = data;
  g_autoptr (GError) error = NULL;
  guint64 before;
  guint64 growth;
  gboolean has_result;

  hostile_server_set_reply (self->server, &the_case->reply);
  if (the_case->is_endless)
    devbox_client_set_timeout (self->client, SHORT_TIMEOUT_MS);
  take_peak ();
  before = take_peak ();
  has_result = the_case->act (self, &error);
  growth = take_peak () - before;

  g_test_message ("%" G_GUINT64_FORMAT " KiB, %s", growth, error != NULL ? error->message : "a result");
  if (the_case->code == NO_ERROR)
    g_assert_no_error (error);
  else if (the_case->code != ANYTHING)
    g_assert_error (error, DEVBOX_ERROR, the_case->code);
  if (error != NULL)
    hostile_test_assert_decent (error);
  else
    g_assert_true (has_result);
  g_assert_cmpuint (growth, <=, the_case->max_mib * 1024);
}

/* Each as large as a message may be. */
static void
test_fragments (HostileTest *self, gconstpointer data)
{
  g_autoptr (GByteArray) fragment = g_byte_array_new ();
  HostileServerReply reply = { "\x01\x01x", .n_parts = HOSTILE_SERVER_FOREVER, .upgrades = TRUE };
  g_autoptr (GError) error = NULL;
  guint64 before;

  g_byte_array_append (fragment, (const guint8 *) "\x00\x7e\x40\x00", 4);
  for (guint i = 0; i < 0x4000; i++)
    g_byte_array_append (fragment, (const guint8 *) "x", 1);
  reply.part = (const char *) fragment->data;
  reply.part_size = fragment->len;

  hostile_server_set_reply (self->server, &reply);
  take_peak ();
  before = take_peak ();
  g_assert_true (hostile_test_monitor (self, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_assert_cmpuint (take_peak () - before, <=, 8 * 1024);
}

static void
got_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* While a server does all that it can to keep the I/O thread busy, other calls are made. */
static void
test_neighbours (HostileTest *self, gconstpointer data)
{
  static const HostileServerReply flood = { "", "\x81\x02{}", 4, HOSTILE_SERVER_FOREVER, .upgrades = TRUE };
  OddServer *good = odd_server_new ("127.0.0.1");
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (good, TOKEN);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  hostile_server_set_reply (self->server, &flood);
  devbox_instance_monitor_files_async (self->agent, "folder", DEVBOX_FILE_MONITOR_FLAGS_NONE, cancellable, got_result,
                                       &result);
  g_usleep (200 * 1000);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = test_get (self->client, endpoint, "/ok", &error);

      g_assert_no_error (error);
      g_assert_nonnull (body);
    }
  g_cancellable_cancel (cancellable);
  test_wait_until (result != NULL);
  odd_server_free (good);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/client/hostile/", cases[i].name, NULL);

      g_test_add (path, HostileTest, &cases[i], hostile_test_set_up, test_case, hostile_test_tear_down);
    }

  HOSTILE_TEST_ADD ("large-fragments", test_fragments);
  HOSTILE_TEST_ADD ("neighbours", test_neighbours);

  return g_test_run ();
}
