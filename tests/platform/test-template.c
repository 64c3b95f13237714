/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-template-file-private.h"
#include "devbox-template-set-private.h"
#include "workspace-fixture.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUNTIME_TIMEOUT (20 * G_USEC_PER_SEC)

static char *data_home;
static char *data_folder; /* of the system */

typedef struct
{
  char *folder; /* an empty one */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("devbox-template-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  remove_tree (fixture->folder);
  g_free (fixture->folder);
}

static void
seed (DevboxTemplateSet *set, const char *name, const char *folder)
{
  devbox_auto_descriptor int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (GError) error = NULL;

  g_assert_true (devbox_template_set_seed (set, name, fd, NULL, &error));
  g_assert_no_error (error);
}

static char *
get_content (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *content = NULL;

  return g_file_get_contents (path, &content, NULL, NULL) ? content : NULL;
}

static mode_t
get_mode (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  struct stat status;

  g_assert_cmpint (lstat (path, &status), ==, 0);

  return status.st_mode & 07777;
}

/* The files */

static void
assert_parsed (const char *text, const char *needs)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxTemplate) template = devbox_template_file_parse ("name", text, strlen (text), &error);
  g_autofree char *programs = NULL;
  g_autofree char *packages = NULL;
  g_autofree char *both = NULL;

  g_assert_no_error (error);
  programs = g_strjoinv (" ", template->programs);
  packages = g_strjoinv (" ", template->packages);
  both = g_strdup_printf ("%s %s|%s|%s|%s|%u|%s", template->name, template->kind, template->description, programs,
                          packages, template->ports->len, template->command != NULL ? template->command : "-");
  g_assert_cmpstr (both, ==, needs);
}

static void
assert_malformed (const char *text, const char *word)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_template_file_parse ("name", text, strlen (text), &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_nonnull (strstr (error->message, word));
}

static void
test_parse (void)
{
  g_autofree char *long_text = g_strnfill (1025, 'x');
  g_autofree char *long_description = g_strconcat ("[Template]\nDescription=", long_text, "\n", NULL);
  g_autofree char *long_file = g_strnfill (DEVBOX_TEMPLATE_FILE_MAX_SIZE + 1, '\n');
  g_autoptr (GString) many_ports = g_string_new ("[Template]\nPorts=");

  for (guint i = 1; i <= 33; i++)
    g_string_append_printf (many_ports, "%u;", i);

  assert_parsed ("[Template]\n", "name CUSTOM||||0|-");
  assert_parsed (
      "# comment\n[Other]\nKey=value\n[Template]\nKind=OS\nDescription=Grüße\nNeeds=a:b;/usr/sbin/c:d-e+1.0;\n"
      "Ports=1;65535\nCommand=a b; c\nUnknown=key\n",
      "name OS|Grüße|a /usr/sbin/c|b d-e+1.0|2|a b; c");

  assert_malformed ("", "[Template]");
  assert_malformed ("[Other]\n", "[Template]");
  assert_malformed ("Kind=OS\n", "[Template]");
  assert_malformed ("[Template\n", "[Template]");
  assert_malformed (long_file, "[Template]");
  assert_malformed ("[Template]\nKind=os\n", "Kind");
  assert_malformed ("[Template]\nKind=\n", "Kind");
  assert_malformed ("[Template]\nDescription=\xff\n", "Description");
  assert_malformed ("[Template]\nDescription=a\\nb\n", "Description");
  assert_malformed (long_description, "Description");
  assert_malformed ("[Template]\nCommand=\x1b[0m\n", "Command");
  assert_malformed ("[Template]\nNeeds=perl\n", "Needs");
  assert_malformed ("[Template]\nNeeds=:perl\n", "Needs");
  assert_malformed ("[Template]\nNeeds=perl:\n", "Needs");
  assert_malformed ("[Template]\nNeeds=../perl:perl\n", "Needs");
  assert_malformed ("[Template]\nNeeds=perl:$(id)\n", "Needs");
  assert_malformed ("[Template]\nNeeds=-perl:perl\n", "Needs");
  assert_malformed ("[Template]\nPorts=0\n", "Ports");
  assert_malformed ("[Template]\nPorts=65536\n", "Ports");
  assert_malformed ("[Template]\nPorts=-1\n", "Ports");
  assert_malformed ("[Template]\nPorts=80;80\n", "Ports");
  assert_malformed ("[Template]\nPorts=x\n", "Ports");
  assert_malformed (many_ports->str, "Ports");
  /* Of which GKeyFile would warn */
  assert_malformed ("[Template]\nDescription=\\q\\\n", "[Template]");
  assert_malformed ("[Template]\r\nNeeds=\\q:\\\r\nKind=OS\r\n", "[Template]");
  assert_malformed ("[Template]\nCommand=\\q\\", "[Template]");
  assert_parsed ("# \\\n[Template]\nDescription=a\\\\\n", "name CUSTOM|a\\|||0|-");
}

/* The set */

static void
test_builtin (Fixture *fixture, gconstpointer data)
{
  const char *const names[] = { "node.js", "python", "go", "java", "react", "vue", "angular", "docker", "bash" };
  g_autoptr (DevboxTemplateSet) set = devbox_template_set_new ();
  g_autoptr (GError) error = NULL;
  guint n = devbox_template_set_get_n_templates (set);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const DevboxTemplate *template = devbox_template_set_lookup (set, names[i], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (template->name, ==, names[i]);
    }
  for (guint i = 0; i < n; i++)
    {
      const DevboxTemplate *template = devbox_template_set_get (set, i);

      g_assert_true (i == 0 || strcmp (devbox_template_set_get (set, i - 1)->name, template->name) < 0);
      g_assert_true (devbox_template_file_is_name (template->name));
      g_assert_cmpint (template->description[0], !=, '\0');
      g_assert_cmpuint (g_strv_length (template->programs), ==, g_strv_length (template->packages));
      g_assert_nonnull (template->command);
    }
  g_assert_cmpstr (devbox_template_set_lookup (set, "node-expt-agent", &error)->name, ==, "node.js");

  g_assert_null (devbox_template_set_lookup (set, "cobol", &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_nonnull (strstr (error->message, "“cobol”"));
  g_assert_nonnull (strstr (error->message, "angular, bash, c, cpp"));
  g_clear_error (&error);
  g_assert_null (devbox_template_set_lookup (set, "../python", &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_null (strstr (error->message, "../python"));
}

static void
test_every_seed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxTemplateSet) set = devbox_template_set_new ();

  for (guint i = 0; i < devbox_template_set_get_n_templates (set); i++)
    {
      const char *name = devbox_template_set_get (set, i)->name;
      g_autofree char *folder = g_build_filename (fixture->folder, name, NULL);
      g_autofree char *text = NULL;

      g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
      seed (set, name, folder);
      text = get_content (folder, "README.md");
      g_assert_nonnull (text);
    }

  {
    g_autofree char *bash = g_build_filename (fixture->folder, "bash", NULL);
    g_autofree char *python = g_build_filename (fixture->folder, "python", NULL);

    g_assert_cmpuint (get_mode (bash, "hello.sh") & 0100, ==, 0100);
    g_assert_cmpuint (get_mode (python, "README.md") & 0111, ==, 0);
  }
}

static void
test_seed_errors (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxTemplateSet) set = devbox_template_set_new ();
  devbox_auto_descriptor int fd = open (fixture->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (devbox_template_set_seed (set, "cobol", fd, NULL, &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  g_assert_false (devbox_template_set_seed (set, "python", fd, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  /* What is there is not written over. */
  seed (set, "python", fixture->folder);
  g_assert_false (devbox_template_set_seed (set, "python", fd, NULL, &error));
  assert_wire_error (error, DEVBOX_WIRE_CONFLICT);
}

static void
test_missing_programs (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxTemplateSet) set = devbox_template_set_new ();
  g_autofree char *program = g_build_filename (fixture->folder, "javac", NULL);
  g_autofree char *link = g_build_filename (fixture->folder, "java", NULL);
  const DevboxTemplate *java = devbox_template_set_lookup (set, "java", NULL);
  const DevboxTemplate *bash = devbox_template_set_lookup (set, "bash", NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < devbox_template_set_get_n_templates (set); i++)
    {
      const DevboxTemplate *template = devbox_template_set_get (set, i);

      /* nginx stands where no path of users leads. */
      if (template->programs[0][0] == '/')
        continue;
      g_assert_false (devbox_template_check_programs (template, DEVBOX_SANDBOX_NONE, "", &error));
      assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
      for (guint j = 0; template->packages[j] != NULL; j++)
        {
          g_assert_nonnull (strstr (error->message, template->programs[j]));
          g_assert_nonnull (strstr (error->message, template->packages[j]));
        }
      g_clear_error (&error);
    }

  /* Each package once */
  g_assert_false (devbox_template_check_programs (java, DEVBOX_SANDBOX_NONE, fixture->folder, &error));
  g_assert_nonnull (
      strstr (error->message, "“java” (package default-jdk-headless), “javac” (package default-jdk-headless)"));
  g_assert_nonnull (strstr (error->message, "apt-get install default-jdk-headless”"));
  g_clear_error (&error);

  /* A program has to be one, and in bubblewrap there is nothing but /usr. */
  g_assert_true (g_file_set_contents_full (program, "#!/bin/sh\n", -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
  g_assert_cmpint (symlink ("javac", link), ==, 0);
  g_assert_false (devbox_template_check_programs (java, DEVBOX_SANDBOX_NONE, fixture->folder, NULL));
  g_assert_cmpint (g_chmod (program, 0755), ==, 0);
  g_assert_true (devbox_template_check_programs (java, DEVBOX_SANDBOX_NONE, fixture->folder, &error));
  g_assert_no_error (error);
  g_assert_false (devbox_template_check_programs (java, DEVBOX_SANDBOX_BUBBLEWRAP, fixture->folder, &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_clear_error (&error);

  g_assert_true (devbox_template_check_programs (bash, DEVBOX_SANDBOX_BUBBLEWRAP, NULL, &error));
  g_assert_no_error (error);
}

/* Templates of users */

/* Transfer full; below the data folder. */
static char *
make_template (const char *data, const char *name, const char *ini)
{
  g_autofree char *folder = g_build_filename (data, "devbox-platform", "templates", name, NULL);
  g_autofree char *files = g_build_filename (folder, "files", NULL);
  g_autofree char *file = g_build_filename (folder, "template.ini", NULL);

  g_assert_cmpint (g_mkdir_with_parents (files, 0755), ==, 0);
  if (ini != NULL)
    g_assert_true (g_file_set_contents_full (file, ini, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));

  return g_steal_pointer (&folder);
}

static void
remove_templates (void)
{
  g_autofree char *home = g_build_filename (data_home, "devbox-platform", NULL);
  g_autofree char *folder = g_build_filename (data_folder, "devbox-platform", NULL);

  remove_tree (home);
  remove_tree (folder);
}

static void
test_user_template (Fixture *fixture, gconstpointer data)
{
  g_autofree char *own
      = make_template (data_home, "perl", "[Template]\nKind=LANGUAGE\nDescription=Own\nNeeds=perl:perl-base\n");
  g_autofree char *files = g_build_filename (own, "files", NULL);
  g_autofree char *file = g_build_filename (files, "hello.pl", NULL);
  g_autofree char *link = g_build_filename (files, "link", NULL);
  g_autofree char *fifo = g_build_filename (files, "fifo", NULL);
  g_autofree char *copied_link = g_build_filename (fixture->folder, "link", NULL);
  g_autofree char *copied_fifo = g_build_filename (fixture->folder, "fifo", NULL);
  g_autofree char *text = NULL;
  g_autofree char *none = NULL;
  g_autoptr (DevboxTemplateSet) set = NULL;
  const DevboxTemplate *template;

  g_free (make_template (data_folder, "perl", "[Template]\nDescription=Shared\n"));
  g_free (make_template (data_folder, "python", "[Template]\nDescription=Another Python\n"));
  g_assert_true (g_file_set_contents_full (file, "print 1", -1, G_FILE_SET_CONTENTS_NONE, 0751, NULL));
  g_assert_cmpint (symlink ("/", link), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (g_chmod (files, 0555), ==, 0);

  set = devbox_template_set_new ();
  template = devbox_template_set_lookup (set, "perl", NULL);
  g_assert_cmpstr (template->description, ==, "Own");
  g_assert_cmpstr (devbox_template_set_lookup (set, "python", NULL)->description, ==, "Another Python");

  seed (set, "perl", fixture->folder);
  text = get_content (fixture->folder, "hello.pl");
  g_assert_cmpstr (text, ==, "print 1");
  g_assert_cmpuint (get_mode (fixture->folder, "hello.pl"), ==, 0751);
  g_assert_cmpuint (get_mode (fixture->folder, "."), ==, 0700);
  g_assert_true (g_file_test (copied_link, G_FILE_TEST_IS_SYMLINK));
  g_assert_false (g_file_test (copied_fifo, G_FILE_TEST_EXISTS));

  /* Its own python has no files. */
  remove_tree (fixture->folder);
  g_assert_cmpint (g_mkdir (fixture->folder, 0700), ==, 0);
  seed (set, "python", fixture->folder);
  none = get_content (fixture->folder, "README.md");
  g_assert_null (none);
  remove_templates ();
}

/* How many templates there are; n_warnings of them are left out. */
static guint
count_templates (guint n_warnings)
{
  g_autoptr (DevboxTemplateSet) set = NULL;

  for (guint i = 0; i < n_warnings; i++)
    g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*is left out*");
  set = devbox_template_set_new ();
  g_test_assert_expected_messages ();

  return devbox_template_set_get_n_templates (set);
}

static void
test_broken_templates (Fixture *fixture, gconstpointer data)
{
  const char *const ignored[] = { ".git", "a b", "-x", "\xff" };
  guint n_builtins = count_templates (0);
  g_autofree char *huge = g_strnfill (DEVBOX_TEMPLATE_FILE_MAX_SIZE + 1, '\n');

  for (guint i = 0; i < G_N_ELEMENTS (ignored); i++)
    g_free (make_template (data_home, ignored[i], "[Template]\n"));
  g_assert_cmpuint (count_templates (0), ==, n_builtins);

  g_free (make_template (data_home, "no-file", NULL));
  g_free (make_template (data_home, "malformed", "[Template]\nPorts=0\n"));
  g_free (make_template (data_home, "huge", huge));
  {
    g_autofree char *folder = make_template (data_home, "fifo", NULL);
    g_autofree char *file = g_build_filename (folder, "template.ini", NULL);

    g_assert_cmpint (mkfifo (file, 0600), ==, 0);
  }
  {
    g_autofree char *folder = make_template (data_home, "link", NULL);
    g_autofree char *file = g_build_filename (folder, "template.ini", NULL);

    g_assert_cmpint (symlink ("../malformed/template.ini", file), ==, 0);
  }
  {
    g_autofree char *folder = make_template (data_home, "linked", NULL);

    remove_tree (folder);
    g_assert_cmpint (symlink ("malformed", folder), ==, 0);
  }
  g_assert_cmpuint (count_templates (6), ==, n_builtins);
  remove_templates ();

  for (guint i = 0; i < DEVBOX_TEMPLATE_MAX + 1; i++)
    {
      g_autofree char *name = g_strdup_printf ("template-%u", i);

      g_free (make_template (data_home, name, "[Template]\n"));
    }
  g_assert_cmpuint (count_templates (0), ==, DEVBOX_TEMPLATE_MAX + n_builtins);
  remove_templates ();
}

/* The runtimes */

static guint16
find_free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();

  return g_socket_listener_add_any_inet_port (listener, NULL, NULL);
}

/* As the leader of a process group, that ends even if the test does not end it. */
static GSubprocess *
start (const DevboxTemplate *template, const char *folder, guint16 port)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autofree char *port_text = g_strdup_printf ("%u", port);
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_subprocess_launcher_set_cwd (launcher, folder);
  g_subprocess_launcher_setenv (launcher, "PATH", DEVBOX_SANDBOX_PATH, TRUE);
  g_subprocess_launcher_setenv (launcher, "PORT", port_text, TRUE);
  g_subprocess_launcher_setenv (launcher, "HOME", folder, TRUE);
  process = g_subprocess_launcher_spawn (launcher, &error, "timeout", "--signal=KILL", "30", "/bin/sh", "-c",
                                         template->command, NULL);
  g_assert_no_error (error);

  return process;
}

static char *
fetch (guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  const char *request = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
  GOutputStream *output;
  GInputStream *input;
  char reply[8192];
  gsize size;

  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, NULL);
  if (connection == NULL)
    return NULL;

  output = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  if (!g_output_stream_write_all (output, request, strlen (request), NULL, NULL, NULL)
      || !g_input_stream_read_all (input, reply, sizeof reply, &size, NULL, NULL))
    return NULL;

  return g_strndup (reply, size);
}

static void
run_server (const DevboxTemplate *template, const char *folder, const char *expected)
{
  gint64 deadline = g_get_monotonic_time () + RUNTIME_TIMEOUT;
  guint16 port = find_free_port ();
  g_autoptr (GSubprocess) process = start (template, folder, port);
  g_autofree char *reply = fetch (port);
  pid_t group = atoi (g_subprocess_get_identifier (process));

  while (reply == NULL && g_get_monotonic_time () < deadline)
    {
      g_usleep (20000);
      reply = fetch (port);
    }
  kill (-group, SIGKILL);
  g_subprocess_wait (process, NULL, NULL);

  g_assert_nonnull (reply);
  g_assert_true (g_str_has_prefix (reply, "HTTP/1."));
  g_assert_nonnull (strstr (reply, " 200 "));
  g_assert_nonnull (strstr (reply, expected));
}

static void
run_program (const DevboxTemplate *template, const char *folder, const char *expected)
{
  g_autoptr (GSubprocess) process = start (template, folder, 0);
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;

  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
  g_assert_true (g_str_has_prefix (output, expected));
}

static void
test_runtime (Fixture *fixture, gconstpointer data)
{
  const DevboxTemplate *template = data;
  g_autoptr (DevboxTemplateSet) set = devbox_template_set_new ();
  g_autofree char *expected = g_strconcat ("Hello from ", template->name, NULL);
  g_autoptr (GError) error = NULL;

  if (!devbox_template_check_programs (template, DEVBOX_SANDBOX_BUBBLEWRAP, NULL, &error))
    {
      g_test_skip (error->message);
      return;
    }

  seed (set, template->name, fixture->folder);
  if (template->ports->len > 0)
    run_server (template, fixture->folder, expected);
  else
    run_program (template, fixture->folder, expected);
}

typedef struct
{
  DevboxTemplateSet *set;
  const char *folder;
  guint number;
  int *n_waiting;
} FirstUse;

static gpointer
seed_at_once (gpointer data)
{
  const FirstUse *use = data;
  g_autofree char *name = g_strdup_printf ("%u", use->number);
  g_autofree char *folder = g_build_filename (use->folder, name, NULL);

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_atomic_int_add (use->n_waiting, -1);
  while (g_atomic_int_get (use->n_waiting) > 0)
    ;
  seed (use->set, "python", folder);

  return NULL;
}

static void
use_for_the_first_time (const char *folder)
{
  g_autoptr (DevboxTemplateSet) set = devbox_template_set_new ();
  GThread *threads[2];
  FirstUse uses[G_N_ELEMENTS (threads)];
  int n_waiting = G_N_ELEMENTS (threads);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      uses[i] = (FirstUse){ set, folder, i, &n_waiting };
      threads[i] = g_thread_new ("seed", seed_at_once, &uses[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* Each process has one first use. */
static void
test_first_use (Fixture *fixture, gconstpointer data)
{
  if (g_test_subprocess ())
    {
      use_for_the_first_time (fixture->folder);
      return;
    }

  for (guint i = 0; i < 50; i++)
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
    }
}

int
main (int argc, char *argv[])
{
  g_autofree char *base = g_dir_make_tmp ("devbox-template-XXXXXX", NULL);
  g_autoptr (DevboxTemplateSet) set = NULL;
  int result;

  data_home = g_build_filename (base, "home", NULL);
  data_folder = g_build_filename (base, "system", NULL);
  g_setenv ("XDG_DATA_HOME", data_home, TRUE);
  g_setenv ("XDG_DATA_DIRS", data_folder, TRUE);
  set = devbox_template_set_new ();

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/template/parse", test_parse);
  g_test_add ("/template/builtin", Fixture, NULL, set_up, test_builtin, tear_down);
  g_test_add ("/template/first-use", Fixture, NULL, set_up, test_first_use, tear_down);
  g_test_add ("/template/every-seed", Fixture, NULL, set_up, test_every_seed, tear_down);
  g_test_add ("/template/seed-errors", Fixture, NULL, set_up, test_seed_errors, tear_down);
  g_test_add ("/template/missing-programs", Fixture, NULL, set_up, test_missing_programs, tear_down);
  g_test_add ("/template/user-template", Fixture, NULL, set_up, test_user_template, tear_down);
  g_test_add ("/template/broken-templates", Fixture, NULL, set_up, test_broken_templates, tear_down);
  for (guint i = 0; i < devbox_template_set_get_n_templates (set); i++)
    {
      const DevboxTemplate *template = devbox_template_set_get (set, i);
      g_autofree char *path = g_strconcat ("/template/runtime/", template->name, NULL);

      g_test_add (path, Fixture, template, set_up, test_runtime, tear_down);
    }
  result = g_test_run ();

  remove_tree (base);
  g_free (data_home);
  g_free (data_folder);

  return result;
}
