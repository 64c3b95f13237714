/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platforms and agents that lie: each call ends with the error that is right for it, in bounded memory, and nothing
 * secret comes to anybody else or into an error. */
#include "config.h"

#include "call-test-util.h"
#include "hostile-server.h"

#include "devbox-command.h"
#include "devbox-error-info.h"
#include "devbox-instance.h"
#include "devbox-kubeconfig.h"
#include "devbox-log-entry.h"
#include "devbox-log-reader.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "marker-token-0b7e51"
#define TIMEOUT_MS 20000
#define SHORT_TIMEOUT_MS 300

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define CLOSED_JSON JSON_HEAD "Connection: close\r\n\r\n"
#define CHUNKED JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define FOREVER HOSTILE_SERVER_FOREVER

/* Instead of an error's code. */
#define NO_ERROR (-1)
#define ANYTHING (-2) /* a result or an error, as long as it is one */

typedef struct
{
  HostileServer *server;
  HostileServer *other; /* whom nobody may call */
  DevboxClient *client;
  DevboxInstance *agent;
} Fixture;

typedef gboolean (*Act) (Fixture *self, GError **error);

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->server = hostile_server_new ("127.0.0.1");
  self->other = hostile_server_new ("127.0.0.2");
  self->client = devbox_client_new_for_platform (hostile_server_get_url (self->server), TOKEN, &error);
  g_assert_no_error (error);
  g_object_set (self->client, "max-retries", 0, "timeout", TIMEOUT_MS, NULL);
  self->agent = devbox_instance_new_for_agent_with_client (self->client, hostile_server_get_url (self->server), TOKEN);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_assert_finalize_object (self->agent);
  g_assert_finalize_object (self->client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (hostile_server_get_n_accepted (self->other), ==, 0);
  hostile_server_free (self->other);
  hostile_server_free (self->server);
}

/* What is asked. */

static gboolean
release (gpointer object)
{
  g_clear_object (&object);

  return TRUE;
}

static gboolean
get_instance (Fixture *self, GError **error)
{
  return release (devbox_client_get_instance_sync (self->client, "box", NULL, error));
}

static gboolean
list_instances (Fixture *self, GError **error)
{
  return release (devbox_client_list_instances_sync (self->client, DEVBOX_INSTANCE_STATUS_UNKNOWN, NULL, NULL, error));
}

static gboolean
list_templates (Fixture *self, GError **error)
{
  return release (devbox_client_list_templates_sync (self->client, NULL, error));
}

static gboolean
list_releases (Fixture *self, GError **error)
{
  return release (devbox_client_list_releases_sync (self->client, "box", NULL, error));
}

static gboolean
list_samples (Fixture *self, GError **error)
{
  return release (devbox_client_list_samples_sync (self->client, "box", NULL, NULL, 0, NULL, error));
}

static gboolean
find_agent (Fixture *self, GError **error)
{
  g_autoptr (GBytes) contents = devbox_client_load_file_sync (self->client, "box", "file", NULL, error);

  return contents != NULL;
}

static gboolean
list_files (Fixture *self, GError **error)
{
  return release (
      devbox_instance_list_files_sync (self->agent, "folder", DEVBOX_LIST_FILES_FLAGS_NONE, 0, 0, NULL, error));
}

static gboolean
find_files (Fixture *self, GError **error)
{
  g_auto (GStrv) found = devbox_instance_find_sync (self->agent, "folder", "name", NULL, error);

  return found != NULL;
}

static gboolean
list_processes (Fixture *self, GError **error)
{
  return release (devbox_instance_list_processes_sync (self->agent, NULL, error));
}

static gboolean
list_sessions (Fixture *self, GError **error)
{
  return release (devbox_instance_list_sessions_sync (self->agent, NULL, error));
}

static gboolean
list_ports (Fixture *self, GError **error)
{
  return release (devbox_instance_list_listening_ports_sync (self->agent, NULL, error));
}

static gboolean
get_agent_info (Fixture *self, GError **error)
{
  return release (devbox_instance_get_agent_info_sync (self->agent, NULL, error));
}

static gboolean
run (Fixture *self, GError **error)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("true");

  return release (devbox_instance_run_sync (self->agent, command, NULL, error));
}

static gboolean
run_streamed (Fixture *self, GError **error)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("true");
  g_autoptr (DevboxLogReader) reader = devbox_instance_run_streamed_sync (self->agent, command, NULL, error);
  GError *problem = NULL;

  if (reader == NULL)
    return FALSE;
  while (problem == NULL)
    {
      g_autoptr (DevboxLogEntry) entry = devbox_log_reader_next_entry_sync (reader, NULL, &problem);

      if (entry == NULL)
        break;
    }
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
open_file (Fixture *self, GError **error)
{
  g_autoptr (GInputStream) stream = devbox_instance_open_file_sync (self->agent, "file", NULL, error);
  char buffer[4096];

  return stream != NULL && g_input_stream_read (stream, buffer, sizeof (buffer), NULL, error) >= 0;
}

static gboolean
monitor (Fixture *self, GError **error)
{
  return release (
      devbox_instance_monitor_files_sync (self->agent, "folder", DEVBOX_FILE_MONITOR_FLAGS_NONE, NULL, error));
}

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
  Act act;
  int code; /* a DevboxError, or NO_ERROR, or ANYTHING */
  guint max_mib;
  HostileServerReply reply;
  gboolean is_endless; /* only a time-out ends it */
} Case;

#define DETAIL(rest)                                                                                                   \
  CLOSED_JSON "{\"name\":\"box\",\"status\":\"Running\",\"resources\":{\"cpu\":1,\"memory\":1}," rest "}"

static const Case cases[] = {
  /* Bodies */
  { "endless-body", list_instances, DEVBOX_ERROR_FILE_TOO_LARGE, 80, { CLOSED_JSON, "all work ", 0, FOREVER } },
  { "endless-detail", get_instance, DEVBOX_ERROR_FILE_TOO_LARGE, 8, { CLOSED_JSON, "all work ", 0, FOREVER } },
  { "nine-terabytes",
    get_instance,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    4,
    { JSON_HEAD "Content-Length: 9000000000000\r\n\r\n{", .end = HOSTILE_SERVER_HANGS } },
  { "length-too-long-for-a-number",
    get_instance,
    ANYTHING,
    4,
    { JSON_HEAD "Content-Length: 99999999999999999999999\r\n\r\n{}" } },
  { "negative-length", get_instance, ANYTHING, 4, { JSON_HEAD "Content-Length: -1\r\n\r\n{}" } },
  { "chunks-of-one-byte", get_instance, DEVBOX_ERROR_FILE_TOO_LARGE, 8, { CHUNKED, "1\r\nx\r\n", 0, FOREVER } },
  { "chunk-of-all-memory", get_instance, ANYTHING, 8, { CHUNKED "7fffffffffffffff\r\n", "x", 0, FOREVER } },
  { "chunk-of-minus-one", get_instance, ANYTHING, 8, { CHUNKED "-1\r\n{}\r\n0\r\n\r\n" } },
  { "gzip-nobody-asked-for",
    get_instance,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { JSON_HEAD "Content-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08", "\xff", 0, 1000 } },
  /* Heads */
  { "endless-headers", get_instance, DEVBOX_ERROR_CONNECTION_FAILED, 8, { JSON_HEAD, "X-More: more\r\n", 0, FOREVER } },
  { "endless-header", get_instance, DEVBOX_ERROR_CONNECTION_FAILED, 8, { JSON_HEAD "X-Long: ", "long", 0, FOREVER } },
  { "endless-status-line", get_instance, DEVBOX_ERROR_CONNECTION_FAILED, 8, { "HTTP/1.1 200 ", "OK", 0, FOREVER } },
  { "endless-interim-replies",
    get_instance,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "", "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n", 0, FOREVER } },
  { "endless-line-feeds", get_instance, ANYTHING, 8, { "", "\r\n", 0, FOREVER } },
  { "head-with-nul",
    get_instance,
    ANYTHING,
    4,
    { "HTTP/1.1 200 OK\r\nX: ", "\0", 1, 1, "\r\nContent-Length: 0\r\n\r\n" } },
  { "no-http", get_instance, DEVBOX_ERROR_CONNECTION_FAILED, 4, { "SSH-2.0-OpenSSH_9.2\r\n\r\n" } },
  { "nothing", get_instance, DEVBOX_ERROR_CONNECTION_FAILED, 4, { "" } },
  { "silence", get_instance, DEVBOX_ERROR_OPERATION_TIMEOUT, 4, { "", .end = HOSTILE_SERVER_HANGS }, TRUE },
  { "upgrade-nobody-asked-for",
    get_instance,
    DEVBOX_ERROR_OPERATION_TIMEOUT,
    4,
    { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", .end = HOSTILE_SERVER_HANGS },
    TRUE },
  { "two-lengths", get_instance, ANYTHING, 4, { JSON_HEAD "Content-Length: 2\r\nContent-Length: 200000\r\n\r\n{}" } },
  { "before-it-is-asked", get_instance, ANYTHING, 4, { CLOSED_JSON "{}", .speaks_first = TRUE } },
  /* Statuses */
  { "basic-please",
    get_instance,
    DEVBOX_ERROR_AUTHENTICATION_FAILED,
    4,
    { "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n" } },
  { "negotiate-please",
    get_instance,
    DEVBOX_ERROR_AUTHENTICATION_FAILED,
    4,
    { "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n" } },
  { "endless-refusal",
    get_instance,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    8,
    { "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n\r\n", "no", 0, FOREVER } },
  { "proxy-authentication",
    get_instance,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n" } },
  { "misdirected", get_instance, DEVBOX_ERROR_VALIDATION_ERROR, 8, { "HTTP/1.1 421 No\r\n\r\n", "no", 0, FOREVER } },
  { "status-of-the-future", get_instance, ANYTHING, 4, { "HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n" } },
  { "retry-in-a-million-years",
    get_instance,
    DEVBOX_ERROR_SERVER_UNAVAILABLE,
    4,
    { "HTTP/1.1 503 No\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n" } },
  { "retry-in-the-past",
    get_instance,
    DEVBOX_ERROR_SERVER_UNAVAILABLE,
    4,
    { "HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n" } },
  { "retry-before-now",
    get_instance,
    DEVBOX_ERROR_SERVER_UNAVAILABLE,
    4,
    { "HTTP/1.1 503 No\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n" } },
  /* JSON */
  { "deep-json", list_instances, DEVBOX_ERROR_INTERNAL_ERROR, 4, { CLOSED_JSON, "[", 0, 200000 } },
  { "deep-objects", get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { CLOSED_JSON, "{\"a\":", 0, 100000 } },
  { "a-million-members", list_instances, ANYTHING, 128, { CLOSED_JSON "{\"a\":1", ",\"b\":2", 0, 1000000, "}" } },
  { "a-million-nothings",
    list_instances,
    DEVBOX_ERROR_INTERNAL_ERROR,
    24,
    { CLOSED_JSON "{\"data\":[{}", ",{}", 0, 1000000, "]}" } },
  { "two-million-lists",
    find_files,
    DEVBOX_ERROR_INTERNAL_ERROR,
    40,
    { CLOSED_JSON "{\"status\":0,\"files\":[[]", ",[]", 0, 2000000, "]}" } },
  { "eight-million-numbers",
    find_files,
    DEVBOX_ERROR_INTERNAL_ERROR,
    80,
    { CLOSED_JSON "{\"status\":0,\"files\":[1", ",1", 0, 8000000, "]}" } },
  { "huge-number",
    get_instance,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { CLOSED_JSON "{\"cpu\":1", "0", 0, 1000000 - 100, "}" } },
  { "infinite-number", get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { DETAIL ("\"x\":1e999") } },
  { "nul-in-text", get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { DETAIL ("\"image\":\"a\\u0000b\"") } },
  { "nul", get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { CLOSED_JSON "{", "\0", 1, 1, "}" } },
  { "invalid-utf-8", get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { DETAIL ("\"image\":\"\xff\xfe\"") } },
  { "lone-surrogate", get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { DETAIL ("\"image\":\"\\ud800\"") } },
  { "two-documents", get_instance, DEVBOX_ERROR_INTERNAL_ERROR, 4, { CLOSED_JSON "{}{}" } },
  { "another-devbox",
    get_instance,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { CLOSED_JSON "{\"name\":\"other\",\"status\":\"Running\"}" } },
  { "duplicates",
    get_instance,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { CLOSED_JSON "{\"name\":\"box\",\"status\":\"Running\",\"name\":\"other\"}" } },
  { "year-of-a-billion", get_instance, NO_ERROR, 4, { DETAIL ("\"createdAt\":\"1000000000-01-01T00:00:00Z\"") } },
  { "ports-that-are-none",
    get_instance,
    NO_ERROR,
    4,
    { DETAIL (
        "\"ports\":[{\"number\":0},{\"number\":70000},{\"number\":-1},{\"number\":1e300},{\"number\":\"80\"},7]") } },
  { "negative-resources",
    get_instance,
    NO_ERROR,
    4,
    { CLOSED_JSON "{\"name\":\"box\",\"status\":\"Running\",\"resources\":{\"cpu\":-1e308,\"memory\":1e308}}" } },
  { "odd-templates",
    list_templates,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"data\":[{\"name\":[]},7,null,\"x\",{\"config\":\"{\"}]}" } },
  { "odd-releases",
    list_releases,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"data\":[{\"tag\":{}},[],{\"createdAt\":9e99},{\"tag\":\"a\",\"status\":[]}]}" } },
  { "odd-samples",
    list_samples,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"data\":[{\"timestamp\":9e18,\"cpu\":-1},[],{\"timestamp\":\"-1\"},{\"timestamp\":-9e18}]}" } },
  { "odd-files",
    list_files,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"files\":[{\"name\":\"../"
                  "x\",\"size\":-1,\"mtime\":1e300},{\"size\":{}},[]]}" } },
  { "odd-processes",
    list_processes,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"processes\":[{\"pid\":-1,\"id\":7},{\"pid\":1e18},[]]}" } },
  { "odd-sessions",
    list_sessions,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"sessions\":[{\"sessionId\":\"../../x\",\"env\":[]},7]}" } },
  { "odd-ports",
    list_ports,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"ports\":[0,-1,70000,\"80\",1e9]}" } },
  { "odd-output",
    run,
    DEVBOX_ERROR_INTERNAL_ERROR,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"exitCode\":1e99,\"stdout\":{}}" } },
  { "junk-for-base64",
    run,
    ANYTHING,
    4,
    { CLOSED_JSON "{\"status\":0,\"success\":true,\"exitCode\":0,\"stdout\":\"\",\"stdoutBase64\":\"====\"}" } },
  { "endless-health",
    get_agent_info,
    DEVBOX_ERROR_FILE_TOO_LARGE,
    8,
    { CLOSED_JSON, "all work ", 0, FOREVER, .is_sick = TRUE } },
  { "sick-agent",
    list_files,
    ANYTHING,
    8,
    { CLOSED_JSON "{\"status\":[],\"capabilities\":[1,{},\"", "x", 0, 500000, "\"]}", .is_sick = TRUE } },
  /* Addresses */
  { "pod-ip-with-another-host",
    find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"podIP\":\"evil@127.0.0.2:80/\"") } },
  { "label-with-another-host",
    find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"agentServer\":{\"url\":\"x.evil.example#\",\"token\":\"eA==\"}") } },
  { "address-of-a-file",
    find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"ports\":[{\"number\":80,\"publicAddress\":\"file:///etc/passwd\"}]") } },
  { "address-with-a-password",
    find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"ports\":[{\"number\":80,\"publicAddress\":\"http://u:p@127.0.0.2\"}]") } },
  { "address-with-a-port-too-high",
    find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"ports\":[{\"number\":80,\"publicAddress\":\"http://127.0.0.2:70000\"}]") } },
  { "address-with-a-line-break",
    find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"ports\":[{\"number\":80,\"publicAddress\":\"http://127.0.0.2\\r\\nX: y\"}]") } },
  { "token-with-a-line-break",
    find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"podIP\":\"127.0.0.2\",\"agentServer\":{\"token\":\"YQ0KWDogeQ==\"}") } },
  { "token-that-is-junk",
    find_agent,
    DEVBOX_ERROR_VALIDATION_ERROR,
    4,
    { DETAIL ("\"podIP\":\"127.0.0.2\",\"agentServer\":{\"token\":\"!!!!\"}") } },
  /* Streams */
  { "endless-event", run_streamed, DEVBOX_ERROR_INTERNAL_ERROR, 24, { EVENTS "data: ", "x", 0, FOREVER } },
  { "endless-lines", run_streamed, DEVBOX_ERROR_INTERNAL_ERROR, 24, { EVENTS, "data: x\n", 0, FOREVER } },
  { "events-that-are-none", run_streamed, DEVBOX_ERROR_INTERNAL_ERROR, 8, { EVENTS "event: complete\ndata: [\n\n" } },
  { "stream-without-end",
    open_file,
    NO_ERROR,
    8,
    { "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n", "x", 0, FOREVER } },
  /* WebSockets */
  { "socket-refused-without-end",
    monitor,
    DEVBOX_ERROR_AUTHENTICATION_FAILED,
    8,
    { "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n", "no", 0, FOREVER } },
  { "socket-accepted-without-upgrade", monitor, DEVBOX_ERROR_INTERNAL_ERROR, 8, { CLOSED_JSON, "no", 0, FOREVER } },
  { "socket-misdirected", monitor, DEVBOX_ERROR_VALIDATION_ERROR, 8, { "HTTP/1.1 421 No\r\n\r\n", "no", 0, FOREVER } },
  { "socket-with-interim-replies",
    monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "", "HTTP/1.1 103 Early Hints\r\n\r\n", 0, FOREVER } },
  { "socket-of-another-kind",
    monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n" } },
  { "endless-frame",
    monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "", "\x81\x7f\x00\x00\x7f\xff\xff\xff\xff\xffxxxxxxxxxxxxxxxx", 26, FOREVER, .upgrades = TRUE } },
  { "endless-messages",
    monitor,
    DEVBOX_ERROR_OPERATION_TIMEOUT,
    8,
    { "", "\x81\x02{}", 4, FOREVER, .upgrades = TRUE },
    TRUE },
  { "endless-pings",
    monitor,
    DEVBOX_ERROR_OPERATION_TIMEOUT,
    8,
    { "", "\x89\x02hi", 4, FOREVER, .upgrades = TRUE },
    TRUE },
  { "masked-frames",
    monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "", "\x81\x82xxxx{}", 8, FOREVER, .upgrades = TRUE } },
  { "no-text",
    monitor,
    DEVBOX_ERROR_CONNECTION_FAILED,
    8,
    { "\x81\x02\xff\xff", .upgrades = TRUE, .end = HOSTILE_SERVER_HANGS } },
};

/* An error is one line of text, and holds nothing secret. */
static void
assert_decent (const GError *error)
{
  g_autoptr (DevboxErrorInfo) info = devbox_error_info_from_error (error);
  const GError *cause = devbox_error_info_get_cause (info);

  g_assert_true (error->domain == DEVBOX_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  for (const char *c = error->message; *c != '\0'; c = g_utf8_next_char (c))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (c)));

  g_assert_null (strstr (error->message, TOKEN));
  g_assert_true (devbox_error_info_get_request_id (info) == NULL
                 || strstr (devbox_error_info_get_request_id (info), TOKEN) == NULL);
  g_assert_null (strstr (devbox_error_info_get_code_name (info), TOKEN));
  g_assert_true (cause == NULL || strstr (cause->message, TOKEN) == NULL);
}

static void
test_case (Fixture *self, gconstpointer data)
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
    assert_decent (error);
  else
    g_assert_true (has_result);
  g_assert_cmpuint (growth, <=, the_case->max_mib * 1024);
}

/* Each as large as a message may be. */
static void
test_fragments (Fixture *self, gconstpointer data)
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
  g_assert_true (monitor (self, &error));
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
test_neighbours (Fixture *self, gconstpointer data)
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

static void
test_redirects (Fixture *self, gconstpointer data)
{
  static const guint statuses[] = { 300, 301, 302, 303, 305, 307, 308 };
  static const Act acts[] = { get_instance, list_files, run, run_streamed, open_file };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *head = g_strdup_printf (
          "HTTP/1.1 %u Elsewhere\r\nLocation: %s/\r\nRefresh: 0; url=%s/\r\nContent-Location: %s/\r\n"
          "Alt-Svc: h2=\"127.0.0.2:%u\"\r\nContent-Length: 0\r\n\r\n",
          statuses[i], hostile_server_get_url (self->other), hostile_server_get_url (self->other),
          hostile_server_get_url (self->other), hostile_server_get_port (self->other));
      const HostileServerReply reply = { head, .end = HOSTILE_SERVER_GOES_ON };

      hostile_server_set_reply (self->server, &reply);
      for (guint j = 0; j < G_N_ELEMENTS (acts); j++)
        {
          g_autoptr (GError) error = NULL;

          acts[j](self, &error);
          g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
          assert_decent (error);
        }
    }

  /* tear_down () sees that nobody called. */
}

/* A successful reply that says where else one could go, and what one should bring next time. */
static void
test_hints (Fixture *self, gconstpointer data)
{
  g_autofree char *head
      = g_strdup_printf (JSON_HEAD "Refresh: 0; url=%s/\r\nAlt-Svc: h2=\"127.0.0.2:%u\"; ma=86400\r\n"
                                   "Set-Cookie: marker-cookie=1; Path=/\r\nStrict-Transport-Security: max-age=86400\r\n"
                                   "Content-Length: 66\r\n\r\n"
                                   "{\"name\":\"box\",\"status\":\"Running\",\"resources\":{\"cpu\":1,\"memory\":1}}",
                         hostile_server_get_url (self->other), hostile_server_get_port (self->other));
  const HostileServerReply reply = { head, .end = HOSTILE_SERVER_GOES_ON };
  g_autofree char *received = NULL;

  hostile_server_set_reply (self->server, &reply);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      get_instance (self, &error);
      g_assert_no_error (error);
    }

  received = hostile_server_dup_received (self->server);
  g_assert_null (strstr (received, "marker-cookie"));
  g_assert_null (strstr (received, "Accept-Encoding"));
}

/* More replies than requests: what was not asked for is no answer to what is asked next. */
static void
test_pipelined (Fixture *self, gconstpointer data)
{
  static const char wanted[] = "{\"name\":\"box\",\"status\":\"Running\",\"resources\":{\"cpu\":1,\"memory\":1}}";
  g_autofree char *both = g_strdup_printf (
      JSON_HEAD
      "Content-Length: %zu\r\n\r\n%s"
      "HTTP/1.1 402 Pay\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"error\":\"forged\"}",
      strlen (wanted), wanted);
  const HostileServerReply reply = { both, .end = HOSTILE_SERVER_GOES_ON };

  hostile_server_set_reply (self->server, &reply);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GError) error = NULL;

      get_instance (self, &error);
      g_assert_no_error (error);
    }
}

/* The credential comes back in every form and place that there is. */
static void
test_echo (Fixture *self, gconstpointer data)
{
  static const char *const bodies[] = {
    "{\"error\":\"no " TOKEN "\\u001b]0;x\\u0007\\r\\nforged line\"}",
    "{\"success\":false,\"error\":\"" TOKEN "\",\"code\":\"" TOKEN "\"}",
    "{\"code\":401,\"message\":\"Bearer " TOKEN "\"}",
    TOKEN,
    "{\"" TOKEN "\":" TOKEN "}",
  };
  static const Act acts[] = { get_instance, list_instances, list_files, run, run_streamed, open_file, monitor };
  static const guint statuses[] = { 200, 400, 401, 500 };

  for (guint i = 0; i < G_N_ELEMENTS (bodies) * G_N_ELEMENTS (statuses); i++)
    {
      const char *body = bodies[i / G_N_ELEMENTS (statuses)];
      g_autofree char *head
          = g_strdup_printf ("HTTP/1.1 %u " TOKEN "\x1b[2J\r\nContent-Type: application/json\r\n"
                             "X-Request-Id: " TOKEN "\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                             statuses[i % G_N_ELEMENTS (statuses)], strlen (body), body);
      const HostileServerReply reply = { head };

      hostile_server_set_reply (self->server, &reply);
      for (guint j = 0; j < G_N_ELEMENTS (acts); j++)
        {
          g_autoptr (GError) error = NULL;

          acts[j](self, &error);
          if (error != NULL)
            assert_decent (error);
        }
    }
}

/* What an agent says in the middle of a stream, and over a WebSocket. */
static void
test_echo_in_streams (Fixture *self, gconstpointer data)
{
  static const char refusal[] = "{\"success\":false,\"error\":\"No " TOKEN "\\u001b[2J\"}";
  static const HostileServerReply event
      = { EVENTS "event: error\ndata: {\"error\":\"Not " TOKEN "\\u0007\",\"durationMs\":1}\n\n" };
  g_autofree char *frame = g_strdup_printf ("\x81%c%s", (int) strlen (refusal), refusal);
  const HostileServerReply message = { frame, .upgrades = TRUE, .end = HOSTILE_SERVER_HANGS };
  g_autoptr (GError) error = NULL;

  hostile_server_set_reply (self->server, &event);
  run_streamed (self, &error);
  g_assert_nonnull (error);
  assert_decent (error);
  g_assert_nonnull (strstr (error->message, "Not [token]"));
  g_clear_error (&error);

  hostile_server_set_reply (self->server, &message);
  monitor (self, &error);
  g_assert_nonnull (error);
  assert_decent (error);
  g_assert_nonnull (strstr (error->message, "No [token]"));
}

#define PASSWORD "marker-password-91c"

/* All that is secret in a kubeconfig, not only what the whole of it becomes as a header. */
static void
test_echo_of_kubeconfig (Fixture *self, gconstpointer data)
{
  g_autofree char *text
      = g_strdup_printf ("apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                         "clusters:\n- name: k\n  cluster:\n    server: %s\n"
                         "    extensions:\n    - name: devbox.sealos.io\n      extension:\n"
                         "        base-url: %s\n"
                         "contexts:\n- name: c\n  context:\n    cluster: k\n    user: u\n"
                         "users:\n- name: u\n  user:\n    username: me\n    password: " PASSWORD "\n",
                         hostile_server_get_url (self->server), hostile_server_get_url (self->server));
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  static const HostileServerReply reply = {
    "HTTP/1.1 400 No\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"error\":\"Is " PASSWORD
    " right?\"}",
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = devbox_kubeconfig_new_from_bytes (bytes, &error);

  g_assert_no_error (error);
  devbox_client_set_base_url (self->client, hostile_server_get_url (self->server));
  devbox_client_set_kubeconfig (self->client, kubeconfig);
  hostile_server_set_reply (self->server, &reply);
  get_instance (self, &error);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpstr (error->message, ==, "Is [token] right?");
}

/* The program's proxy is not asked for loopback addresses, nor told the token. */
static void
test_proxy (Fixture *self, gconstpointer data)
{
  static const HostileServerReply reply = { CLOSED_JSON "{}" };
  g_autoptr (GError) error = NULL;

  hostile_server_set_reply (self->server, &reply);
  g_setenv ("http_proxy", hostile_server_get_url (self->other), TRUE);
  g_setenv ("all_proxy", hostile_server_get_url (self->other), TRUE);
  get_instance (self, &error);
  g_clear_error (&error);
  list_files (self, &error);
  g_clear_error (&error);
  monitor (self, &error);
  g_unsetenv ("http_proxy");
  g_unsetenv ("all_proxy");
  g_assert_cmpuint (hostile_server_get_n_accepted (self->server), >=, 3);
}

#define ADD(name, test) g_test_add ("/client/hostile/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/client/hostile/", cases[i].name, NULL);

      g_test_add (path, Fixture, &cases[i], set_up, test_case, tear_down);
    }

  ADD ("large-fragments", test_fragments);
  ADD ("neighbours", test_neighbours);
  ADD ("redirects", test_redirects);
  ADD ("hints", test_hints);
  ADD ("pipelined", test_pipelined);
  ADD ("echo", test_echo);
  ADD ("echo-in-streams", test_echo_in_streams);
  ADD ("echo-of-kubeconfig", test_echo_of_kubeconfig);
  ADD ("proxy", test_proxy);

  return g_test_run ();
}
