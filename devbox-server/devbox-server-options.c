/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-server-options-private.h"

#include "devbox-secret-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define DEFAULT_MAX_FILE_SIZE 104857600
#define DEFAULT_MAX_BATCH_SIZE 1073741824
#define DEFAULT_MAX_CONNECTIONS 4096
#define DEFAULT_MAX_CONCURRENT_READS 4
#define DEFAULT_MAX_SESSIONS 100
#define DEFAULT_OUTPUT_LIMIT 10485760

/* Options as they stood on the command line; NULL where they did not. */
typedef struct
{
  char *workspace_path;
  char *host;
  char *port;
  char *addr;
  char *listen_fd;
  char *box_socket;
  char *max_file_size;
  char *max_batch_size;
  char *max_connections;
  char *max_sessions;
  char *output_limit;
  char *process_retention;
  char *max_concurrent_reads;
  char *token;
  gboolean enable_cors;
} Words;

static void
words_clear (Words *words)
{
  g_free (words->workspace_path);
  g_free (words->host);
  g_free (words->port);
  g_free (words->addr);
  g_free (words->listen_fd);
  g_free (words->box_socket);
  g_free (words->max_file_size);
  g_free (words->max_batch_size);
  g_free (words->max_connections);
  g_free (words->max_sessions);
  g_free (words->output_limit);
  g_free (words->process_retention);
  g_free (words->max_concurrent_reads);
  g_free (words->token);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Words, words_clear)

static gboolean
parse_words (DevboxServerOptions *self, Words *words, int *argc, char ***argv, GError **error)
{
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "workspace-path", 0, 0, G_OPTION_ARG_FILENAME, &words->workspace_path, N_ ("The folder to serve (WORKSPACE_PATH; /workspace)"), N_ ("FOLDER") },
    { "host", 0, 0, G_OPTION_ARG_STRING, &words->host, N_ ("The address to listen at (HOST; 0.0.0.0)"), N_ ("ADDRESS") },
    { "port", 0, 0, G_OPTION_ARG_STRING, &words->port, N_ ("The port to listen at, 0 for any free one (PORT; 3000)"), N_ ("PORT") },
    { "addr", 0, 0, G_OPTION_ARG_STRING, &words->addr, N_ ("Address and port in one (ADDR)"), N_ ("ADDRESS:PORT") },
    { "listen-fd", 0, 0, G_OPTION_ARG_STRING, &words->listen_fd, N_ ("Accept connections from this inherited socket instead"), N_ ("NUMBER") },
    { "box-socket", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &words->box_socket, NULL, NULL },
    { "max-file-size", 0, 0, G_OPTION_ARG_STRING, &words->max_file_size, N_ ("The largest file that may be written, in bytes, 0 for any (MAX_FILE_SIZE; 104857600)"), N_ ("BYTES") },
    { "max-batch-size", 0, 0, G_OPTION_ARG_STRING, &words->max_batch_size, N_ ("What the files of one request may take together, in bytes, 0 for any (MAX_BATCH_SIZE; 1073741824)"), N_ ("BYTES") },
    { "max-connections", 0, 0, G_OPTION_ARG_STRING, &words->max_connections, N_ ("How many connections may be open at once (MAX_CONNECTIONS; 4096)"), N_ ("NUMBER") },
    { "max-sessions", 0, 0, G_OPTION_ARG_STRING, &words->max_sessions, N_ ("How many sessions may be active at once, 0 for none (MAX_SESSIONS; 100)"), N_ ("NUMBER") },
    { "output-limit", 0, 0, G_OPTION_ARG_STRING, &words->output_limit, N_ ("What is kept of each stream that a command writes, in bytes, 0 for all (10485760)"), N_ ("BYTES") },
    { "process-retention", 0, 0, G_OPTION_ARG_STRING, &words->process_retention, N_ ("How long an ended command is remembered; 0: 30 if its dialect is classic, else 14400"), N_ ("SECONDS") },
    { "max-concurrent-reads", 0, 0, G_OPTION_ARG_STRING, &words->max_concurrent_reads, N_ ("How many files a search reads at the same time (MAX_CONCURRENT_READS; 4)"), N_ ("NUMBER") },
    { "enable-cors", 0, 0, G_OPTION_ARG_NONE, &words->enable_cors, N_ ("Let pages of loopback origins use the agent (ENABLE_CORS)"), NULL },
    { "cors-origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->cors_origins, N_ ("Let pages of this origin use the agent; may be repeated"), N_ ("ORIGIN") },
    { "host-name", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->host_names, N_ ("A further name by which the agent is reached; may be repeated"), N_ ("NAME") },
    { "token", 0, 0, G_OPTION_ARG_STRING, &words->token, N_ ("The token that requests must carry (better: TOKEN or DEVBOX_JWT_SECRET, which other users cannot see)"), N_ ("TOKEN") },
    { "allow-unauthenticated", 0, 0, G_OPTION_ARG_NONE, &self->allow_unauthenticated, N_ ("Ask for no token even when reachable from other machines"), NULL },
    { "access-log", 0, 0, G_OPTION_ARG_NONE, &self->access_log, N_ ("Write a line for each request to standard output"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->show_version, N_ ("Show the version"), NULL },
    { NULL },
  };
  /* clang-format on */
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (
      context, _ ("Serves one folder to programs elsewhere: files, commands and file changes over HTTP."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;

  if (*argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("“%s” is no option"), (*argv)[1]);
      return FALSE;
    }

  return TRUE;
}

/* The option's word, else that of the variable, if there is one; an empty variable counts as unset. */
static const char *
word_or_variable (const char *word, const char *variable)
{
  const char *value = word == NULL && variable != NULL ? g_getenv (variable) : word;

  return value != NULL && (value == word || value[0] != '\0') ? value : NULL;
}

static gboolean
parse_number (const char *text, const char *what, guint64 maximum, guint64 *number, GError **error)
{
  if (g_ascii_string_to_unsigned (text, 10, 0, maximum, number, NULL))
    return TRUE;

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               /* Translators: the first %s is the name of an option, the second its value */
               _ ("%s is “%s”, but must be a number from 0 to %llu"), what, text, (unsigned long long) maximum);
  return FALSE;
}

static gboolean
read_number (const char *word, const char *what, const char *variable, guint64 maximum, guint64 *number, GError **error)
{
  const char *text = word_or_variable (word, variable);

  return text == NULL || parse_number (text, word != NULL ? what : variable, maximum, number, error);
}

/* The same, but not 0. */
static gboolean
read_count (const char *word, const char *what, const char *variable, guint64 *number, GError **error)
{
  if (!read_number (word, what, variable, G_MAXUINT, number, error))
    return FALSE;
  if (*number > 0)
    return TRUE;

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               /* Translators: %s is the name of an option */
               _ ("%s is 0, but must be 1 at least"), word != NULL ? what : variable);
  return FALSE;
}

static gboolean
read_enable_cors (DevboxServerOptions *self, const Words *words, GError **error)
{
  static const char *const yes[] = { "true", "1", "yes", "on", NULL };
  static const char *const no[] = { "false", "0", "no", "off", NULL };
  const char *variable = word_or_variable (NULL, "ENABLE_CORS");
  g_autofree char *lower = NULL;

  self->enable_cors = words->enable_cors;
  if (words->enable_cors || variable == NULL)
    return TRUE;

  lower = g_ascii_strdown (variable, -1);
  self->enable_cors = g_strv_contains (yes, lower);
  if (self->enable_cors || g_strv_contains (no, lower))
    return TRUE;

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("ENABLE_CORS is “%s”, but must be true or false"),
               variable);
  return FALSE;
}

/* "127.0.0.1:3000", "[::1]:3000", ":3000" */
static gboolean
parse_address (DevboxServerOptions *self, const char *text, const char *what, GError **error)
{
  const char *colon = strrchr (text, ':');
  guint64 port = 0;

  if (colon == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   /* Translators: the first %s is the name of an option, the second its value */
                   _ ("%s is “%s”, but must be an address and a port with a colon between them"), what, text);
      return FALSE;
    }
  if (!parse_number (colon + 1, what, G_MAXUINT16, &port, error))
    return FALSE;

  self->port = port;
  if (colon == text)
    self->host = g_strdup ("0.0.0.0");
  else if (text[0] == '[' && colon[-1] == ']')
    self->host = g_strndup (text + 1, colon - text - 2);
  else
    self->host = g_strndup (text, colon - text);

  return TRUE;
}

static gboolean
read_address (DevboxServerOptions *self, const Words *words, GError **error)
{
  const char *address = words->addr;
  guint64 port = 3000;

  /* An option beats the environment, even where it is the coarser of the two. */
  if (address == NULL && words->host == NULL && words->port == NULL)
    address = word_or_variable (NULL, "ADDR");
  if (address != NULL)
    return parse_address (self, address, words->addr != NULL ? "--addr" : "ADDR", error);

  self->host = g_strdup (word_or_variable (words->host, "HOST"));
  if (self->host == NULL)
    self->host = g_strdup ("0.0.0.0");
  if (!read_number (words->port, "--port", "PORT", G_MAXUINT16, &port, error))
    return FALSE;
  self->port = port;

  return TRUE;
}

static gboolean
read_descriptor (const char *word, const char *what, int *fd, GError **error)
{
  guint64 number = 0;

  if (word == NULL)
    return TRUE;
  if (!parse_number (word, what, G_MAXINT, &number, error))
    return FALSE;

  *fd = number;
  return TRUE;
}

static const char *
find_token (const Words *words)
{
  const char *token = word_or_variable (words->token, "TOKEN");

  return token != NULL ? token : word_or_variable (NULL, "DEVBOX_JWT_SECRET");
}

/* One that no request could carry is a mistake: an agent that refuses everybody, or nobody. */
static gboolean
check_token (const char *token, GError **error)
{
  if (token == NULL || (token[0] != '\0' && token[strcspn (token, " \t\r\n\v\f")] == '\0'))
    return TRUE;

  g_set_error_literal (
      error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      _ ("The token (--token, TOKEN or DEVBOX_JWT_SECRET) must not be empty, nor hold spaces or line breaks"));
  return FALSE;
}

gboolean
devbox_server_options_parse (DevboxServerOptions *self, int *argc, char ***argv, GError **error)
{
  g_auto (Words) words = { 0 };
  const char *workspace_path;

  memset (self, 0, sizeof *self);
  self->listen_fd = -1;
  self->box_socket = -1;
  self->max_file_size = DEFAULT_MAX_FILE_SIZE;
  self->max_batch_size = DEFAULT_MAX_BATCH_SIZE;
  self->max_connections = DEFAULT_MAX_CONNECTIONS;
  self->max_concurrent_reads = DEFAULT_MAX_CONCURRENT_READS;
  self->max_sessions = DEFAULT_MAX_SESSIONS;
  self->output_limit = DEFAULT_OUTPUT_LIMIT;
  if (!parse_words (self, &words, argc, argv, error))
    return FALSE;

  workspace_path = word_or_variable (words.workspace_path, "WORKSPACE_PATH");
  self->workspace_path = g_strdup (workspace_path != NULL ? workspace_path : "/workspace");
  self->token = g_strdup (find_token (&words));

  return check_token (self->token, error) && read_address (self, &words, error)
         && read_descriptor (words.listen_fd, "--listen-fd", &self->listen_fd, error)
         && read_descriptor (words.box_socket, "--box-socket", &self->box_socket, error)
         && read_enable_cors (self, &words, error)
         && read_number (words.max_file_size, "--max-file-size", "MAX_FILE_SIZE", G_MAXINT64, &self->max_file_size,
                         error)
         && read_number (words.max_batch_size, "--max-batch-size", "MAX_BATCH_SIZE", G_MAXINT64, &self->max_batch_size,
                         error)
         && read_number (words.max_sessions, "--max-sessions", "MAX_SESSIONS", G_MAXUINT, &self->max_sessions, error)
         && read_number (words.output_limit, "--output-limit", NULL, G_MAXINT64, &self->output_limit, error)
         && read_number (words.process_retention, "--process-retention", NULL, G_MAXINT / 1000,
                         &self->process_retention, error)
         && read_count (words.max_connections, "--max-connections", "MAX_CONNECTIONS", &self->max_connections, error)
         && read_count (words.max_concurrent_reads, "--max-concurrent-reads", "MAX_CONCURRENT_READS",
                        &self->max_concurrent_reads, error);
}

void
devbox_server_options_clear (DevboxServerOptions *self)
{
  g_free (self->workspace_path);
  g_free (self->host);
  g_strfreev (self->cors_origins);
  g_strfreev (self->host_names);
  devbox_secret_free (self->token);
  memset (self, 0, sizeof *self);
}
