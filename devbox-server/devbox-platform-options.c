/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-options-private.h"

#include <glib/gi18n-lib.h>

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 9758
#define DEFAULT_SAMPLE_INTERVAL_S 5
#define MAX_SAMPLE_INTERVAL_S 3600

/* Options as they stood on the command line; NULL where they did not. */
typedef struct
{
  char *port;
  char *sandbox;
  char *sample_interval;
  char *certificate;
  char *private_key;
} Words;

static void
words_clear (Words *words)
{
  g_free (words->port);
  g_free (words->sandbox);
  g_free (words->sample_interval);
  g_free (words->certificate);
  g_free (words->private_key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Words, words_clear)

static gboolean
parse_words (DevboxPlatformOptions *self, Words *words, int *argc, char ***argv, GError **error)
{
  /* clang-format off */
  const GOptionEntry entries[] = {
    { "data-folder", 0, 0, G_OPTION_ARG_FILENAME, &self->data_folder, N_ ("The folder that keeps the devboxes (devbox-platform in the user's data folder)"), N_ ("FOLDER") },
    { "host", 0, 0, G_OPTION_ARG_STRING, &self->host, N_ ("The address to listen at (127.0.0.1)"), N_ ("ADDRESS") },
    { "port", 0, 0, G_OPTION_ARG_STRING, &words->port, N_ ("The port to listen at, 0 for any free one (9758)"), N_ ("PORT") },
    { "sandbox", 0, 0, G_OPTION_ARG_STRING, &words->sandbox, N_ ("How devboxes are kept apart: auto, bubblewrap or none (auto)"), N_ ("KIND") },
    { "kubeconfig", 0, 0, G_OPTION_ARG_FILENAME, &self->kubeconfig_path, N_ ("Where the kubeconfig of the first user is (devbox-platform/kubeconfig in the user's configuration folder)"), N_ ("FILE") },
    { "sample-interval", 0, 0, G_OPTION_ARG_STRING, &words->sample_interval, N_ ("How often the use of each devbox is measured (5)"), N_ ("SECONDS") },
    { "tls-certificate", 0, 0, G_OPTION_ARG_FILENAME, &words->certificate, N_ ("Serve HTTPS with this certificate (PEM)"), N_ ("FILE") },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &words->private_key, N_ ("The certificate's private key, where it is in a file of its own (PEM)"), N_ ("FILE") },
    { "allow-plaintext", 0, 0, G_OPTION_ARG_NONE, &self->allow_plaintext, N_ ("Listen beyond loopback without TLS, where others can read the tokens"), NULL },
    { "access-log", 0, 0, G_OPTION_ARG_NONE, &self->access_log, N_ ("Write a line for each request to standard output"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->show_version, N_ ("Show the version"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->command, NULL, N_ ("[users list|add NAME|rotate NAME|remove NAME]") },
    { NULL },
  };
  /* clang-format on */
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (
      context, _ ("Offers the whole life of devboxes on this machine, as a cloud platform does: create, "
                  "start, pause, delete. With “users” it manages those of a platform that runs."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);

  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
read_number (const char *word, const char *option, guint minimum, guint maximum, guint *number, GError **error)
{
  guint64 value;

  if (word == NULL)
    return TRUE;

  if (g_ascii_string_to_unsigned (word, 10, minimum, maximum, &value, NULL))
    {
      *number = value;
      return TRUE;
    }

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               /* Translators: the first %s is the name of an option, the second its value */
               _ ("%s is “%s”, but must be a number from %u to %u"), option, word, minimum, maximum);
  return FALSE;
}

static gboolean
read_sandbox (const char *word, DevboxServerSandbox *sandbox, GError **error)
{
  g_autoptr (GEnumClass) kinds = g_type_class_ref (DEVBOX_SERVER_TYPE_SANDBOX);
  GEnumValue *kind = word != NULL ? g_enum_get_value_by_nick (kinds, word) : g_enum_get_value (kinds, *sandbox);

  if (kind != NULL)
    {
      *sandbox = kind->value;
      return TRUE;
    }

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               _ ("--sandbox is “%s”, but must be auto, bubblewrap or none"), word);
  return FALSE;
}

static gboolean
read_certificate (const Words *words, GTlsCertificate **certificate, GError **error)
{
  if (words->certificate == NULL && words->private_key == NULL)
    return TRUE;

  if (words->certificate == NULL)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("--tls-key needs --tls-certificate"));
      return FALSE;
    }

  *certificate = g_tls_certificate_new_from_files (
      words->certificate, words->private_key != NULL ? words->private_key : words->certificate, error);
  return *certificate != NULL;
}

gboolean
devbox_platform_options_parse (DevboxPlatformOptions *self, int *argc, char ***argv, GError **error)
{
  g_auto (Words) words = { 0 };
  guint sample_interval = DEFAULT_SAMPLE_INTERVAL_S;

  self->port = DEFAULT_PORT;
  self->sandbox = DEVBOX_SERVER_SANDBOX_AUTO;
  if (!parse_words (self, &words, argc, argv, error)
      || !read_number (words.port, "--port", 0, G_MAXUINT16, &self->port, error)
      || !read_number (words.sample_interval, "--sample-interval", 1, MAX_SAMPLE_INTERVAL_S, &sample_interval, error)
      || !read_sandbox (words.sandbox, &self->sandbox, error) || !read_certificate (&words, &self->certificate, error))
    return FALSE;

  if (self->host == NULL)
    self->host = g_strdup (DEFAULT_HOST);
  self->sample_interval = sample_interval * 1000;

  return TRUE;
}

void
devbox_platform_options_clear (DevboxPlatformOptions *self)
{
  g_free (self->data_folder);
  g_free (self->host);
  g_free (self->kubeconfig_path);
  g_clear_object (&self->certificate);
  g_strfreev (self->command);
}
