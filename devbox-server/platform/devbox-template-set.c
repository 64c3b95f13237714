/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-template-set-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-file-attributes-private.h"
#include "devbox-folder-private.h"
#include "devbox-template-builtin-private.h"
#include "devbox-template-file-private.h"
#include "devbox-wire-error-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_NAMES_SIZE 2048 /* bytes of names in an error */
#define FOLDER "devbox-platform/templates"
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

typedef struct
{
  DevboxTemplate *template;
  char *folder; /* NULL: built in */
} Entry;

struct _DevboxTemplateSet
{
  GArray *entries; /* of Entry, sorted by name */
};

static void
entry_clear (Entry *self)
{
  devbox_template_free (self->template);
  g_free (self->folder);
}

static Entry *
get_entry (DevboxTemplateSet *self, guint i)
{
  return &g_array_index (self->entries, Entry, i);
}

static Entry *
find_entry (DevboxTemplateSet *self, const char *name)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = get_entry (self, i);

      if (strcmp (entry->template->name, name) == 0)
        return entry;
    }

  return NULL;
}

static void
add_entry (DevboxTemplateSet *self, DevboxTemplate *template, const char *folder)
{
  const Entry entry = { .template = template, .folder = g_strdup (folder) };

  g_array_append_val (self->entries, entry);
}

/* Up to max_size bytes of a regular file. */
static GBytes *
read_small_file (int folder_fd, const char *name, gsize max_size, GError **error)
{
  devbox_auto_descriptor int fd = openat (folder_fd, name, FILE_FLAGS);
  g_autofree char *data = NULL;
  struct stat status;
  gsize length = 0;
  gssize n = 1;

  if (fd < 0 || fstat (fd, &status) < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot read “%s”"), name);
      return NULL;
    }
  if (!S_ISREG (status.st_mode) || (guint64) status.st_size > max_size)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("“%s” is no regular file of at most %u bytes"), name, (guint) max_size);
      return NULL;
    }

  data = g_malloc (max_size);
  while (length < max_size && (n > 0 || errno == EINTR))
    {
      n = read (fd, data + length, max_size - length);
      if (n == 0)
        break;
      length += MAX (n, 0);
    }
  if (n < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot read “%s”"), name);
      return NULL;
    }

  return g_bytes_new_take (g_steal_pointer (&data), length);
}

static DevboxTemplate *
load_template (int templates_fd, const char *name, GError **error)
{
  devbox_auto_descriptor int fd = openat (templates_fd, name, FOLDER_FLAGS);
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer data;
  gsize size;

  if (fd < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot open the folder “%s”"), name);
      return NULL;
    }

  bytes = read_small_file (fd, "template.ini", DEVBOX_TEMPLATE_FILE_MAX_SIZE, error);
  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);

  return devbox_template_file_parse (name, data, size, error);
}

static void
add_user_template (DevboxTemplateSet *self, int templates_fd, const char *parent, const char *name)
{
  g_autofree char *folder = g_build_filename (parent, name, NULL);
  g_autoptr (GError) error = NULL;
  DevboxTemplate *template;

  if (self->entries->len >= DEVBOX_TEMPLATE_MAX || find_entry (self, name) != NULL)
    return;

  template = load_template (templates_fd, name, &error);
  if (template != NULL)
    {
      add_entry (self, template, folder);
    }
  else
    {
      g_autofree char *shown = g_strescape (folder, NULL);

      g_warning ("the template %s is left out: %s", shown, error->message);
    }
}

static void
add_user_templates (DevboxTemplateSet *self, const char *data_folder)
{
  g_autofree char *parent = g_build_filename (data_folder, FOLDER, NULL);
  DIR *stream = opendir (parent);
  const struct dirent *entry;

  if (stream == NULL)
    return;

  while ((entry = readdir (stream)) != NULL)
    {
      /* Among others "." and "..", and what editors and file managers leave. */
      if (devbox_template_file_is_name (entry->d_name))
        add_user_template (self, dirfd (stream), parent, entry->d_name);
    }
  closedir (stream);
}

static void
add_builtin_templates (DevboxTemplateSet *self)
{
  for (guint i = 0; i < devbox_template_builtin_get_n_templates (); i++)
    {
      g_autoptr (DevboxTemplate) template = devbox_template_builtin_new (i);

      if (find_entry (self, template->name) == NULL)
        add_entry (self, g_steal_pointer (&template), NULL);
    }
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const Entry *entry_a = a;
  const Entry *entry_b = b;

  return strcmp (entry_a->template->name, entry_b->template->name);
}

DevboxTemplateSet *
devbox_template_set_new (void)
{
  DevboxTemplateSet *self = g_new0 (DevboxTemplateSet, 1);

  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (self->entries, (GDestroyNotify) entry_clear);
  add_user_templates (self, g_get_user_data_dir ());
  for (const char *const *folder = g_get_system_data_dirs (); *folder != NULL; folder++)
    add_user_templates (self, *folder);
  add_builtin_templates (self);
  g_array_sort (self->entries, compare_entries);

  return self;
}

void
devbox_template_set_free (DevboxTemplateSet *self)
{
  g_array_unref (self->entries);
  g_free (self);
}

guint
devbox_template_set_get_n_templates (DevboxTemplateSet *self)
{
  return self->entries->len;
}

const DevboxTemplate *
devbox_template_set_get (DevboxTemplateSet *self, guint i)
{
  return get_entry (self, i)->template;
}

static char *
list_names (DevboxTemplateSet *self)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < self->entries->len && names->len < MAX_NAMES_SIZE; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", get_entry (self, i)->template->name);
  if (names->len >= MAX_NAMES_SIZE)
    g_string_append (names, "…");

  return g_string_free (names, FALSE);
}

static Entry *
lookup_entry (DevboxTemplateSet *self, const char *name, GError **error)
{
  Entry *entry = find_entry (self, name);
  g_autofree char *names = NULL;

  if (entry == NULL)
    entry = find_entry (self, devbox_template_builtin_resolve_alias (name));
  if (entry != NULL)
    return entry;

  names = list_names (self);
  if (devbox_template_file_is_name (name))
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("There is no runtime “%s”; there are: %s"),
                 name, names);
  else
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                 _ ("The name of the runtime is malformed; there are: %s"), names);

  return NULL;
}

const DevboxTemplate *
devbox_template_set_lookup (DevboxTemplateSet *self, const char *name, GError **error)
{
  const Entry *entry = lookup_entry (self, name, error);

  return entry != NULL ? entry->template : NULL;
}

/* A template without files is an empty folder. The folder to fill keeps its own mode: that of a template may be read
 * only. */
static gboolean
seed_from_folder (const char *folder, int folder_fd, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "files", NULL);
  devbox_auto_descriptor int files_fd = open (path, FOLDER_FLAGS);
  struct stat status;

  if (files_fd < 0 && errno == ENOENT)
    return TRUE;
  if (files_fd < 0 || fstat (folder_fd, &status) < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot open the folder “%s”"), path);
      return FALSE;
    }
  if (!devbox_folder_copy (files_fd, folder_fd, cancellable, error))
    return FALSE;
  if (devbox_file_set_mode (folder_fd, status.st_mode & 07777))
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot fill the folder of a devbox"));

  return FALSE;
}

gboolean
devbox_template_set_seed (DevboxTemplateSet *self,
                          const char *name,
                          int folder_fd,
                          GCancellable *cancellable,
                          GError **error)
{
  const Entry *entry = lookup_entry (self, name, error);

  if (entry == NULL)
    return FALSE;
  if (entry->folder != NULL)
    return seed_from_folder (entry->folder, folder_fd, cancellable, error);

  return devbox_template_builtin_seed (entry->template->name, folder_fd, cancellable, error);
}
