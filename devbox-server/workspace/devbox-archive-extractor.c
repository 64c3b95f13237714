/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-archive-extractor-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-file-replacement-private.h"
#include "devbox-libarchive-private.h"
#include "devbox-path-walk-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

/* A small archive that unpacks to much more than anything sensible would is a bomb. */
#define MAX_RATIO 200
#define RATIO_GRACE (16 * 1024 * 1024)
#define FOLDER_MODE 0700 /* what a folder allows its owner, whatever the archive says: more may come into it */

typedef struct archive DevboxArchive;

static void
reader_free (DevboxArchive *archive)
{
  devbox_libarchive.read_free (archive);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxArchive, reader_free)

typedef struct
{
  DevboxWorkspace *workspace;
  const char *folder; /* below the workspace, without a slash at its end */
  int folder_fd;
  const DevboxArchiveLimits *limits;
  DevboxArchiveReadFunc read;
  gpointer user_data;
  DevboxArchiveReport *report;
  GCancellable *cancellable;
  GBytes *piece;      /* which libarchive looks at */
  GError *read_error; /* of read */
  DevboxArchive *archive;
  gboolean is_malformed; /* nothing more can be read of it */
  gboolean is_over;      /* nothing more of it is wanted */
} Extraction;

static void
refusal_clear (gpointer data)
{
  DevboxArchiveRefusal *refusal = data;

  g_free (refusal->path);
  g_free (refusal->reason);
}

void
devbox_archive_report_init (DevboxArchiveReport *self)
{
  memset (self, 0, sizeof *self);
  self->refusals = g_array_new (FALSE, FALSE, sizeof (DevboxArchiveRefusal));
  g_array_set_clear_func (self->refusals, refusal_clear);
}

void
devbox_archive_report_clear (DevboxArchiveReport *self)
{
  g_clear_pointer (&self->refusals, g_array_unref);
}

static la_ssize_t
on_read (DevboxArchive *archive, void *user_data, const void **data)
{
  Extraction *self = user_data;
  gsize size;

  g_clear_pointer (&self->piece, g_bytes_unref);
  self->piece = self->read (self->user_data, self->cancellable, &self->read_error);
  if (self->read_error != NULL)
    {
      devbox_libarchive.set_error (archive, EIO, "%s", self->read_error->message);
      return ARCHIVE_FATAL;
    }
  if (self->piece == NULL)
    return 0;

  *data = g_bytes_get_data (self->piece, &size);

  return size;
}

/* What libarchive says is for the person who made the archive. */
static gboolean
fail_malformed (Extraction *self, GError **error)
{
  const char *reason = devbox_libarchive.error_string (self->archive);

  if (self->read_error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->read_error));
  else
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The archive is malformed: %s"),
                 reason != NULL ? reason : _ ("it ends too early"));

  return FALSE;
}

/* Names are bytes: they are taken as they stand, not as the locale would have them. */
static gboolean
open_archive (Extraction *self, GError **error)
{
  DevboxArchive *archive = self->archive;

  devbox_libarchive.read_support_format_tar (archive);
  devbox_libarchive.read_support_filter_gzip (archive);
  devbox_libarchive.read_support_filter_zstd (archive);
  devbox_libarchive.read_set_options (archive, "tar:hdrcharset=BINARY");
  if (devbox_libarchive.read_open (archive, self, NULL, on_read, NULL) != ARCHIVE_OK)
    return fail_malformed (self, error);

  return TRUE;
}

/* Without "." and double slashes; NULL for one that is absolute or has "..". */
static char *
clean_name (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  g_autoptr (GString) clean = g_string_new (NULL);

  if (name[0] == '/')
    return NULL;
  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (strcmp (parts[i], "..") == 0)
        return NULL;
      if (parts[i][0] == '\0' || strcmp (parts[i], ".") == 0)
        continue;
      if (clean->len > 0)
        g_string_append_c (clean, '/');
      g_string_append (clean, parts[i]);
    }

  return g_string_free (g_steal_pointer (&clean), FALSE);
}

/* Whether a link at name leads to a place below the folder. No folder on the way to it is a link. In its target ".."
 * may stand only at the begin: behind a name, which could be another link, nobody knows where it leads. */
static gboolean
link_stays (const char *name, const char *target)
{
  g_auto (GStrv) parts = g_strsplit (target, "/", -1);
  gboolean has_name = FALSE;
  int depth = 0;

  if (target[0] == '/')
    return FALSE;
  for (const char *c = name; *c != '\0'; c++)
    depth += *c == '/';
  for (guint i = 0; parts[i] != NULL; i++)
    {
      gboolean goes_up = strcmp (parts[i], "..") == 0;

      has_name |= !goes_up && parts[i][0] != '\0' && strcmp (parts[i], ".") != 0;
      if (goes_up && (has_name || --depth < 0))
        return FALSE;
    }

  return TRUE;
}

/* The folder of an entry and the last component of its name, reached without following any link. */
static int
open_parent (Extraction *self, const char *name, gboolean make_parents, char **last, GError **error)
{
  g_autoptr (GPtrArray) made = devbox_made_folders_new ();
  DevboxPathWalkFlags flags = DEVBOX_PATH_WALK_NO_LINKS;
  int fd;

  if (make_parents)
    flags |= DEVBOX_PATH_WALK_MAKE_PARENTS;
  fd = devbox_path_walk_open_parent (self->folder_fd, name, flags, made, last);
  if (fd < 0)
    devbox_wire_set_file_error (error, errno, _ ("Cannot open the folder of “%s”"), name);

  return fd;
}

static gboolean
refuse (const char *reason, GError **error)
{
  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, reason);

  return FALSE;
}

static gboolean
refuse_all (Extraction *self, const char *reason, GError **error)
{
  self->is_over = TRUE;
  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE, reason);

  return FALSE;
}

static gboolean
make_folder (int parent, const char *name, mode_t mode, const char *path, GError **error)
{
  struct stat status;

  if (mkdirat (parent, name, (mode & 0777) | FOLDER_MODE) == 0
      || (errno == EEXIST && fstatat (parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (status.st_mode)))
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot make the folder “%s”"), path);
  return FALSE;
}

/* What stands in the way of a link: a file or another link goes, a folder stays. */
static gboolean
make_room (int parent, const char *name)
{
  return unlinkat (parent, name, 0) == 0 || errno == ENOENT;
}

static gboolean
make_link (int parent, const char *name, const char *target, const char *path, GError **error)
{
  if (make_room (parent, name) && symlinkat (target, parent, name) == 0)
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot make the link “%s”"), path);
  return FALSE;
}

/* To a regular file that is in the folder itself. */
static gboolean
make_hard_link (Extraction *self, int parent, const char *name, const char *target, const char *path, GError **error)
{
  g_autofree char *target_name = NULL;
  devbox_auto_descriptor int target_parent = open_parent (self, target, FALSE, &target_name, error);
  struct stat status;

  if (target_parent < 0)
    return FALSE;
  if (fstatat (target_parent, target_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    {
      if (!S_ISREG (status.st_mode))
        return refuse (_ ("A hard link may only lead to a regular file"), error);
      if (strcmp (path, target) == 0)
        return TRUE;
      if (make_room (parent, name) && linkat (target_parent, target_name, parent, name, 0) == 0)
        return TRUE;
    }

  devbox_wire_set_file_error (error, errno, _ ("Cannot make the link “%s”"), path);
  return FALSE;
}

/* These end the extraction; anything else is the affair of the one entry. */
static gboolean
is_fatal (const Extraction *self, const GError *error)
{
  return self->is_over || self->is_malformed || error->domain != DEVBOX_WIRE_ERROR
         || error->code == DEVBOX_WIRE_DISK_FULL || error->code == DEVBOX_WIRE_OPERATION_TIMEOUT;
}

/* Also of what is only passed over, since it takes time all the same. */
static gboolean
check_ratio (Extraction *self, GError **error)
{
  gint64 unpacked = devbox_libarchive.filter_bytes (self->archive, 0);

  return unpacked <= RATIO_GRACE || unpacked / MAX_RATIO <= devbox_libarchive.filter_bytes (self->archive, -1)
         || refuse_all (self, _ ("The archive unpacks to far more than its size"), error);
}

static gboolean
count_bytes (Extraction *self, gsize size, GError **error)
{
  self->report->n_bytes += size;
  if (self->limits->max_total_size >= 0 && self->report->n_bytes > (guint64) self->limits->max_total_size)
    return refuse_all (self, _ ("The archive unpacks to more than is allowed"), error);

  return check_ratio (self, error);
}

static gboolean
copy_content (Extraction *self, DevboxFileReplacement *replacement, GError **error)
{
  const void *data;
  gsize size;
  la_int64_t offset;
  int status;

  while ((status = devbox_libarchive.read_data_block (self->archive, &data, &size, &offset)) == ARCHIVE_OK)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (size > 0
          && (!count_bytes (self, size, error)
              || !devbox_file_replacement_write_at (replacement, offset, data, size, error)))
        return FALSE;
    }

  self->is_malformed = status != ARCHIVE_EOF;

  return !self->is_malformed || fail_malformed (self, error);
}

/* A file may end in a hole, of which nothing was written. */
static gboolean
set_end (DevboxFileReplacement *replacement, struct archive_entry *entry, const char *path, GError **error)
{
  la_int64_t size = devbox_libarchive.entry_size (entry);
  int fd = devbox_file_replacement_get_fd (replacement);

  if (!devbox_libarchive.entry_size_is_set (entry) || size <= devbox_file_replacement_get_size (replacement)
      || ftruncate (fd, size) == 0)
    return TRUE;

  devbox_wire_set_file_error (error, errno, _ ("Cannot write “%s”"), path);
  return FALSE;
}

static void
set_time (int fd, struct archive_entry *entry)
{
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
                               { devbox_libarchive.entry_mtime (entry), devbox_libarchive.entry_mtime_nsec (entry) } };

  /* One that the file system does not know is no reason to go without the file. */
  if (devbox_libarchive.entry_mtime_is_set (entry) && futimens (fd, times) != 0)
    g_debug ("The time of a file in an archive cannot be set: %s", g_strerror (errno));
}

/* Told at once, though its content would tell as well. */
static gboolean
check_size (Extraction *self, struct archive_entry *entry, GError **error)
{
  g_autofree char *limit = NULL;

  if (self->limits->max_file_size < 0 || devbox_libarchive.entry_size (entry) <= self->limits->max_file_size)
    return TRUE;

  limit = g_format_size_full (self->limits->max_file_size, G_FORMAT_SIZE_LONG_FORMAT);
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE, _ ("The file is larger than the limit of %s"),
               limit);
  return FALSE;
}

/* A link in its place goes: what it leads to is another file. */
static gboolean
clear_link (int parent, const char *name)
{
  struct stat status;

  return fstatat (parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK (status.st_mode)
         || make_room (parent, name);
}

static gboolean
unpack_file (Extraction *self,
             struct archive_entry *entry,
             int parent,
             const char *last,
             const char *name,
             GError **error)
{
  g_autofree char *path = self->folder[0] == '\0' ? g_strdup (name) : g_strconcat (self->folder, "/", name, NULL);
  g_autoptr (DevboxFileReplacement) replacement = NULL;

  if (!check_size (self, entry, error))
    return FALSE;
  if (!clear_link (parent, last))
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot write “%s”"), name);
      return FALSE;
    }
  replacement = devbox_file_replacement_new (self->workspace, path, self->limits->max_file_size, error);
  if (replacement == NULL || !copy_content (self, replacement, error) || !set_end (replacement, entry, path, error))
    return FALSE;

  set_time (devbox_file_replacement_get_fd (replacement), entry);

  return devbox_file_replacement_commit (replacement, devbox_libarchive.entry_perm (entry) & 0777, error);
}

static gboolean
unpack_link (struct archive_entry *entry, int parent, const char *last, const char *name, GError **error)
{
  const char *target = devbox_libarchive.entry_symlink (entry);

  if (target == NULL || target[0] == '\0')
    return refuse (_ ("The link leads nowhere"), error);
  if (!link_stays (name, target))
    return refuse (_ ("The link leads out of the folder"), error);

  return make_link (parent, last, target, name, error);
}

static gboolean
unpack_hard_link (Extraction *self,
                  struct archive_entry *entry,
                  int parent,
                  const char *last,
                  const char *name,
                  GError **error)
{
  g_autofree char *target = clean_name (devbox_libarchive.entry_hardlink (entry));

  if (target == NULL || target[0] == '\0')
    return refuse (_ ("The link leads out of the folder"), error);

  return make_hard_link (self, parent, last, target, name, error);
}

static gboolean
unpack_entry (Extraction *self, struct archive_entry *entry, GError **error)
{
  const char *sent_name = devbox_libarchive.entry_pathname (entry);
  g_autofree char *name = sent_name != NULL ? clean_name (sent_name) : NULL;
  g_autofree char *last = NULL;
  devbox_auto_descriptor int parent = -1;

  if (name == NULL)
    return refuse (_ ("The name leads out of the folder"), error);
  if (strlen (name) >= PATH_MAX) /* which no request could reach again */
    return refuse (_ ("The name is too long"), error);
  if (name[0] == '\0') /* the folder itself */
    return devbox_libarchive.entry_filetype (entry) == AE_IFDIR || refuse (_ ("The entry has no name"), error);

  parent = open_parent (self, name, TRUE, &last, error);
  if (parent < 0)
    return FALSE;
  if (devbox_libarchive.entry_hardlink (entry) != NULL)
    return unpack_hard_link (self, entry, parent, last, name, error);

  switch (devbox_libarchive.entry_filetype (entry))
    {
    case AE_IFREG:
      return unpack_file (self, entry, parent, last, name, error);
    case AE_IFDIR:
      return make_folder (parent, last, devbox_libarchive.entry_perm (entry), name, error);
    case AE_IFLNK:
      return unpack_link (entry, parent, last, name, error);
    default:
      return refuse (_ ("The entry is neither a file nor a folder nor a link"), error);
    }
}

static void
note_refusal (Extraction *self, struct archive_entry *entry, const GError *reason)
{
  const char *name = devbox_libarchive.entry_pathname (entry);
  DevboxArchiveRefusal refusal = { g_strdup (name != NULL ? name : ""), g_strdup (reason->message) };

  if (self->report->refusals->len < DEVBOX_ARCHIVE_MAX_REFUSALS)
    g_array_append_val (self->report->refusals, refusal);
  else
    refusal_clear (&refusal);
}

static gboolean
check_count (Extraction *self, GError **error)
{
  return ++self->report->n_entries <= self->limits->max_entries
         || refuse_all (self, _ ("The archive has more entries than are allowed"), error);
}

/* By hand, since libarchive would go through all of it before anybody can stop it. A part of it may have been read. */
static gboolean
pass_over (Extraction *self, GError **error)
{
  const void *data;
  gsize size;
  la_int64_t offset;

  while (devbox_libarchive.read_data_block (self->archive, &data, &size, &offset) == ARCHIVE_OK)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) || !check_ratio (self, error))
        return FALSE;
    }

  return TRUE; /* what is wrong with it comes again with the next header */
}

static gboolean
extract (Extraction *self, GError **error)
{
  struct archive_entry *entry;
  int status;

  /* A warning is about something that is not taken over anyway. */
  while ((status = devbox_libarchive.read_next_header (self->archive, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN)
    {
      g_autoptr (GError) local_error = NULL;

      if (!check_count (self, error))
        return FALSE;
      if (unpack_entry (self, entry, &local_error))
        {
          self->report->n_unpacked++;
          continue;
        }
      if (is_fatal (self, local_error))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      note_refusal (self, entry, local_error);
      if (!pass_over (self, error))
        return FALSE;
    }

  return status == ARCHIVE_EOF || fail_malformed (self, error);
}

/* An empty body is a tar archive to libarchive, and surely a mistake. */
static gboolean
check_not_empty (Extraction *self, GError **error)
{
  if (devbox_libarchive.filter_bytes (self->archive, -1) > 0)
    return TRUE;

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The archive is empty"));
  return FALSE;
}

/* Made if need be, with its parents; links on the way to it are its owner's. */
static gboolean
open_target (Extraction *self, GError **error)
{
  if (self->folder[0] != '\0')
    {
      g_autofree char *last = NULL;
      devbox_auto_descriptor int parent
          = devbox_workspace_open_parent (self->workspace, self->folder, TRUE, &last, error);

      if (parent < 0)
        return FALSE;
      if (mkdirat (parent, last, 0777) < 0 && errno != EEXIST)
        {
          devbox_wire_set_file_error (error, errno, _ ("Cannot make the folder “%s”"), self->folder);
          return FALSE;
        }
    }

  self->folder_fd = devbox_workspace_open (self->workspace, self->folder[0] == '\0' ? "." : self->folder,
                                           O_PATH | O_DIRECTORY, error);

  return self->folder_fd >= 0;
}

gboolean
devbox_archive_extract (DevboxWorkspace *workspace,
                        const char *folder,
                        const DevboxArchiveLimits *limits,
                        DevboxArchiveReadFunc read,
                        gpointer user_data,
                        DevboxArchiveReport *report,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (DevboxArchive) archive = devbox_libarchive_load (error) ? devbox_libarchive.read_new () : NULL;
  g_autofree char *relative = archive != NULL ? devbox_workspace_relativize (workspace, folder, error) : NULL;
  g_autofree char *clean = relative != NULL ? clean_name (relative) : NULL;
  Extraction self = {
    .workspace = workspace,
    .folder = clean,
    .folder_fd = -1,
    .limits = limits,
    .read = read,
    .user_data = user_data,
    .report = report,
    .cancellable = cancellable,
    .archive = archive,
  };
  gboolean is_done;

  if (relative == NULL)
    return FALSE;
  if (clean == NULL)
    return refuse (_ ("The folder must not be named with “..”"), error);

  is_done = open_target (&self, error) && open_archive (&self, error) && extract (&self, error)
            && check_not_empty (&self, error);

  devbox_auto_descriptor_clear (&self.folder_fd);
  g_clear_pointer (&self.piece, g_bytes_unref);
  g_clear_error (&self.read_error);
  return is_done;
}
