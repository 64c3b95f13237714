/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-template-builtin-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-template-resources.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>

#define PREFIX "/devbox-platform/templates/"
#define USUAL_PORT 8080
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

typedef struct
{
  const char *program;
  const char *package;
} Need;

typedef struct
{
  const char *name;
  const char *kind;
  const char *description;
  Need needs[3]; /* ends with one that has no program */
  gboolean is_server;
  const char *command;
} Builtin;

static const Builtin builtins[] = {
  { "angular",
    "FRAMEWORK",
    N_ ("A page to begin an Angular application with"),
    { { "node", "nodejs" } },
    TRUE,
    "node server.js" },
  { "bash", "LANGUAGE", N_ ("A script for Bash"), { { "bash", "bash" } }, FALSE, "bash hello.sh" },
  { "c", "LANGUAGE", N_ ("A program in C"), { { "cc", "gcc" } }, FALSE, "cc -Wall -o hello hello.c && ./hello" },
  { "cpp",
    "LANGUAGE",
    N_ ("A program in C++"),
    { { "c++", "g++" } },
    FALSE,
    "c++ -Wall -o hello hello.cpp && ./hello" },
  { "debian-ssh",
    "OS",
    N_ ("A shell on the system of this machine; there is no SSH server"),
    { { "bash", "bash" } },
    FALSE,
    "bash hello.sh" },
  { "django",
    "FRAMEWORK",
    N_ ("A web application in Python with Django"),
    { { "python3", "python3" }, { "django-admin", "python3-django" } },
    TRUE,
    "python3 app.py" },
  { "docker",
    "SERVICE",
    N_ ("An image to build where a Docker daemon can be reached"),
    { { "docker", "docker.io" } },
    FALSE,
    "sh hello.sh" },
  { "express.js",
    "FRAMEWORK",
    N_ ("A web server in JavaScript, with Express where that is installed"),
    { { "node", "nodejs" } },
    TRUE,
    "node app.js" },
  { "flask",
    "FRAMEWORK",
    N_ ("A web application in Python with Flask"),
    { { "python3", "python3" }, { "flask", "python3-flask" } },
    TRUE,
    "python3 app.py" },
  { "go", "LANGUAGE", N_ ("A web server in Go"), { { "go", "golang-go" } }, TRUE, "go run ." },
  { "java",
    "LANGUAGE",
    N_ ("A web server in Java"),
    { { "java", "default-jdk-headless" }, { "javac", "default-jdk-headless" } },
    TRUE,
    "java Main.java" },
  { "next.js",
    "FRAMEWORK",
    N_ ("A page to begin a Next.js application with"),
    { { "node", "nodejs" } },
    TRUE,
    "node server.js" },
  { "nginx",
    "SERVICE",
    N_ ("The web server nginx, with a page"),
    { { "/usr/sbin/nginx", "nginx-light" } },
    TRUE,
    "sh start.sh" },
  { "node.js", "LANGUAGE", N_ ("A web server in JavaScript"), { { "node", "nodejs" } }, TRUE, "node server.js" },
  { "php", "LANGUAGE", N_ ("A page in PHP"), { { "php", "php-cli" } }, TRUE, "php -S 127.0.0.1:${PORT:-8080}" },
  { "python", "LANGUAGE", N_ ("A web server in Python"), { { "python3", "python3" } }, TRUE, "python3 server.py" },
  { "react",
    "FRAMEWORK",
    N_ ("A page to begin a React application with"),
    { { "node", "nodejs" } },
    TRUE,
    "node server.js" },
  { "rust",
    "LANGUAGE",
    N_ ("A web server in Rust"),
    { { "cargo", "cargo" }, { "rustc", "rustc" } },
    TRUE,
    "cargo run --offline" },
  { "ubuntu",
    "OS",
    N_ ("A shell on the system of this machine, whichever that is"),
    { { "bash", "bash" } },
    FALSE,
    "bash hello.sh" },
  { "vue",
    "FRAMEWORK",
    N_ ("A page to begin a Vue application with"),
    { { "node", "nodejs" } },
    TRUE,
    "node server.js" },
};

guint
devbox_template_builtin_get_n_templates (void)
{
  return G_N_ELEMENTS (builtins);
}

DevboxTemplate *
devbox_template_builtin_new (guint i)
{
  const Builtin *builtin = &builtins[i];
  g_autoptr (GStrvBuilder) programs = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) packages = g_strv_builder_new ();
  DevboxTemplate *template = g_new0 (DevboxTemplate, 1);
  guint16 port = USUAL_PORT;

  for (const Need *need = builtin->needs; need->program != NULL; need++)
    {
      g_strv_builder_add (programs, need->program);
      g_strv_builder_add (packages, need->package);
    }

  template->name = g_strdup (builtin->name);
  template->kind = g_strdup (builtin->kind);
  template->description = g_strdup (_ (builtin->description));
  template->programs = g_strv_builder_end (programs);
  template->packages = g_strv_builder_end (packages);
  template->ports = g_array_new (FALSE, FALSE, sizeof (guint16));
  if (builtin->is_server)
    g_array_append_val (template->ports, port);
  template->command = g_strdup (builtin->command);

  return template;
}

const char *
devbox_template_builtin_resolve_alias (const char *name)
{
  /* What @labring/devbox-sdk 1.1 falls back to. */
  return strcmp (name, "node-expt-agent") == 0 ? "node.js" : name;
}

static gboolean
write_all (int fd, const char *data, gsize size)
{
  while (size > 0)
    {
      gssize n = write (fd, data, size);

      if (n < 0 && errno != EINTR)
        return FALSE;
      data += MAX (n, 0);
      size -= MAX (n, 0);
    }

  return TRUE;
}

static gboolean
seed_file (const char *path, int folder_fd, const char *name, GError **error)
{
  g_autoptr (GBytes) bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  devbox_auto_descriptor int fd = -1;
  gsize size;
  const char *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  mode_t mode;

  if (bytes == NULL)
    return FALSE;

  /* A resource has no modes. */
  mode = size >= 2 && memcmp (data, "#!", 2) == 0 ? 0777 : 0666;
  fd = openat (folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd >= 0 && write_all (fd, data, size))
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot write “%s”"), name);

  return FALSE;
}

/* path ends with a slash. */
static gboolean
seed_folder (const char *path, int folder_fd, GCancellable *cancellable, GError **error)
{
  g_auto (GStrv) names = g_resources_enumerate_children (path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);

  if (names == NULL)
    return FALSE;

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *child = g_strconcat (path, names[i], NULL);
      devbox_auto_descriptor int fd = -1;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      if (!g_str_has_suffix (names[i], "/"))
        {
          if (!seed_file (child, folder_fd, names[i], error))
            return FALSE;
          continue;
        }

      if (mkdirat (folder_fd, names[i], 0777) < 0 || (fd = openat (folder_fd, names[i], FOLDER_FLAGS)) < 0)
        {
          devbox_wire_set_file_error (error, errno, _ ("Cannot make the folder “%s”"), names[i]);
          return FALSE;
        }
      if (!seed_folder (child, fd, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
devbox_template_builtin_seed (const char *name, int folder_fd, GCancellable *cancellable, GError **error)
{
  static gsize is_registered;
  g_autofree char *path = g_strconcat (PREFIX, name, "/", NULL);

  if (g_once_init_enter (&is_registered))
    {
      devbox_template_resources_register_resource ();
      g_once_init_leave (&is_registered, TRUE);
    }

  /* Not by devbox_template_resources_get_resource (): that tells a second thread that there is none while the first one
   * makes it, where g_resources_… () wait. */
  return seed_folder (path, folder_fd, cancellable, error);
}
