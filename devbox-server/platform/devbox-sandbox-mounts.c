/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-sandbox-mounts-private.h"

#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

/* Of each tmpfs; what is in them counts for the memory of the box. */
#define TEMPORARY_SIZE "1073741824"
#define SHARED_MEMORY_SIZE "268435456"

/* Links into /usr, or on a machine where the two were not merged, folders. */
static const char *const system_folders[] = { "bin", "sbin", "lib", "lib32", "lib64", "libx32" };

/* What only root may read or write has its way into a box of a platform that runs as root: there the user of the box is
 * root to the kernel, though one without capabilities. /proc/sys is the one that matters: a write to core_pattern makes
 * the host run a program. */
static const char *const hidden_files[] = {
  "/proc/kcore",       "/proc/kmsg",          "/proc/kpagecgroup",   "/proc/kpagecount",
  "/proc/kpageflags",  "/proc/mtrr",          "/proc/pagetypeinfo",  "/proc/slabinfo",
  "/proc/sched_debug", "/proc/sysrq-trigger", "/proc/timer_list",    "/proc/timer_stats",
  "/proc/vmallocinfo", "/proc/vmcore",        "/proc/latency_stats", "/proc/dynamic_debug/control",
};
static const char *const hidden_folders[] = { "/proc/acpi", "/proc/asound", "/proc/scsi" };
static const char *const read_only_folders[] = { "/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/driver" };

static const char *const etc[] = {
  "/etc/alternatives",
  "/etc/bash.bashrc",
  "/etc/ca-certificates",
  "/etc/crypto-policies",
  "/etc/debian_version",
  "/etc/fonts",
  "/etc/gai.conf",
  "/etc/gnutls",
  "/etc/host.conf",
  "/etc/inputrc",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/localtime",
  "/etc/magic",
  "/etc/mime.types",
  "/etc/networks",
  "/etc/nsswitch.conf",
  "/etc/os-release",
  "/etc/pki/ca-trust/extracted",
  "/etc/pki/tls/certs",
  "/etc/pki/tls/openssl.cnf",
  "/etc/profile",
  "/etc/protocols",
  "/etc/rpc",
  "/etc/services",
  "/etc/shells",
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
  "/etc/terminfo",
  "/etc/timezone",
};

static const char *const network_etc[] = { "/etc/resolv.conf" };

void
devbox_sandbox_mounts_append (GPtrArray *arguments, ...)
{
  const char *argument;
  va_list list;

  va_start (list, arguments);
  while ((argument = va_arg (list, const char *)) != NULL)
    g_ptr_array_add (arguments, g_strdup (argument));
  va_end (list);
}

/* The platform may be root: what others may not read is not for a box either. */
static gboolean
is_public (const char *path)
{
  struct stat info;

  return stat (path, &info) == 0 && (info.st_mode & S_IROTH) != 0;
}

static void
append_public (GPtrArray *arguments, const char *const *paths, gsize n_paths)
{
  for (gsize i = 0; i < n_paths; i++)
    {
      if (is_public (paths[i]))
        devbox_sandbox_mounts_append (arguments, "--ro-bind", paths[i], paths[i], NULL);
    }
}

/* /etc/java-17-openjdk, file by file: an administrator may have put passwords beside what the runtime reads. */
static void
append_java (GPtrArray *arguments)
{
  g_autoptr (GDir) folders = g_dir_open ("/etc", 0, NULL);
  const char *name;

  while (folders != NULL && (name = g_dir_read_name (folders)) != NULL)
    {
      g_autofree char *folder = g_build_filename ("/etc", name, NULL);
      g_autoptr (GDir) files = NULL;
      const char *file;

      if (!g_str_has_prefix (name, "java") || (files = g_dir_open (folder, 0, NULL)) == NULL)
        continue;

      while ((file = g_dir_read_name (files)) != NULL)
        {
          g_autofree char *path = g_build_filename (folder, file, NULL);

          if (!g_str_equal (file, "management") && is_public (path))
            devbox_sandbox_mounts_append (arguments, "--ro-bind", path, path, NULL);
        }
    }
}

static void
append_proc (GPtrArray *arguments)
{
  devbox_sandbox_mounts_append (arguments, "--proc", "/proc", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (read_only_folders); i++)
    {
      if (g_file_test (read_only_folders[i], G_FILE_TEST_IS_DIR))
        devbox_sandbox_mounts_append (arguments, "--ro-bind", read_only_folders[i], read_only_folders[i], NULL);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (hidden_folders); i++)
    {
      if (g_file_test (hidden_folders[i], G_FILE_TEST_IS_DIR))
        devbox_sandbox_mounts_append (arguments, "--tmpfs", hidden_folders[i], "--remount-ro", hidden_folders[i], NULL);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (hidden_files); i++)
    {
      if (g_file_test (hidden_files[i], G_FILE_TEST_EXISTS))
        devbox_sandbox_mounts_append (arguments, "--ro-bind", "/dev/null", hidden_files[i], NULL);
    }
}

void
devbox_sandbox_mounts_append_system (GPtrArray *arguments)
{
  devbox_sandbox_mounts_append (arguments, "--ro-bind", "/usr", "/usr", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (system_folders); i++)
    {
      g_autofree char *path = g_strconcat ("/", system_folders[i], NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      if (target != NULL)
        devbox_sandbox_mounts_append (arguments, "--symlink", target, path, NULL);
      else if (g_file_test (path, G_FILE_TEST_IS_DIR))
        devbox_sandbox_mounts_append (arguments, "--ro-bind", path, path, NULL);
    }

  append_proc (arguments);
  devbox_sandbox_mounts_append (arguments, "--dev", "/dev", "--perms", "1777", "--size", SHARED_MEMORY_SIZE, "--tmpfs",
                                "/dev/shm", "--remount-ro", "/dev", NULL);
  devbox_sandbox_mounts_append (arguments, "--perms", "1777", "--size", TEMPORARY_SIZE, "--tmpfs", "/tmp", NULL);
  devbox_sandbox_mounts_append (arguments, "--dir", "/run", "--symlink", "/run", "/var/run", "--symlink", "/tmp",
                                "/var/tmp", NULL);
  append_public (arguments, etc, G_N_ELEMENTS (etc));
  append_java (arguments);
}

void
devbox_sandbox_mounts_append_network (GPtrArray *arguments)
{
  append_public (arguments, network_etc, G_N_ELEMENTS (network_etc));
}

gboolean
devbox_sandbox_mounts_has (const char *path)
{
  if (g_str_has_prefix (path, "/usr/"))
    return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (system_folders); i++)
    {
      gsize length = strlen (system_folders[i]);

      if (strncmp (path + 1, system_folders[i], length) == 0 && path[1 + length] == '/')
        return TRUE;
    }

  return FALSE;
}

static void
append_file (GPtrArray *arguments, const char *path)
{
  if (!devbox_sandbox_mounts_has (path))
    devbox_sandbox_mounts_append (arguments, "--ro-bind", path, path, NULL);
}

void
devbox_sandbox_mounts_append_program (GPtrArray *arguments, const char *program)
{
  char *const argv[] = { "ldd", "--", (char *) program, NULL };
  g_autofree char *output = NULL;
  g_auto (GStrv) lines = NULL;

  if (devbox_sandbox_mounts_has (program))
    return;

  append_file (arguments, program);

  /* A script has none. Where ldd is missing the trial run will tell. */
  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output,
                     NULL, NULL, NULL))
    return;

  lines = g_strsplit (output, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *path = strchr (lines[i], '/'); /* "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)" */
      char *end = path != NULL ? g_strrstr (path, " (0x") : NULL;

      if (end == NULL)
        continue;
      *end = '\0';
      append_file (arguments, path);
    }
}
