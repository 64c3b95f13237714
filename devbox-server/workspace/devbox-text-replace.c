/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-text-replace-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-file-replacement-private.h"
#include "devbox-text-check-private.h"
#include "devbox-text-replacer-private.h"
#include "devbox-text-scanner-private.h"
#include "devbox-wire-error-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>

typedef struct
{
  DevboxWorkspace *workspace;
  const char *from;
  const char *to;
  goffset max_size;
  GCancellable *cancellable;
  DevboxTextScanner *scanner;
  guint8 *piece; /* DEVBOX_TEXT_PIECE_SIZE bytes */
} TextReplace;

static void
result_clear (DevboxTextReplaceResult *result)
{
  g_free (result->reason);
}

static gboolean
write_replacement (const guint8 *data, gsize size, gpointer user_data, GError **error)
{
  return devbox_file_replacement_write (user_data, data, size, error);
}

static gboolean
set_read_error (const char *path, GError **error)
{
  devbox_wire_set_file_error (error, errno, _ ("Cannot read “%s”"), path);

  return FALSE;
}

/* Goes through the whole file. TRUE with is_text FALSE where it turns out to be none. */
static gboolean
feed_file (TextReplace *self, const char *path, int fd, DevboxTextReplacer *replacer, gboolean *is_text, GError **error)
{
  DevboxTextCheck check = { 0 };
  gssize n_read;

  *is_text = TRUE;
  if (lseek (fd, 0, SEEK_SET) < 0)
    return set_read_error (path, error);

  while ((n_read = devbox_text_read (fd, self->piece, DEVBOX_TEXT_PIECE_SIZE)) > 0)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;

      *is_text = devbox_text_check_feed (&check, self->piece, n_read);
      if (!*is_text)
        return TRUE;
      if (!devbox_text_replacer_feed (replacer, self->piece, n_read, error))
        return FALSE;
    }
  if (n_read < 0)
    return set_read_error (path, error);

  *is_text = devbox_text_check_end (&check);

  return !*is_text || devbox_text_replacer_finish (replacer, error);
}

/* Whoever wrote to the file meanwhile, or put another in its place, would lose what they wrote. */
static gboolean
check_unchanged (TextReplace *self, const char *path, const struct stat *before, GError **error)
{
  devbox_auto_descriptor int fd = devbox_workspace_open (self->workspace, path, O_PATH, error);
  g_autofree char *shown = NULL;
  struct stat now;

  if (fd < 0)
    return FALSE;
  if (fstat (fd, &now) < 0)
    return set_read_error (path, error);
  if (now.st_dev == before->st_dev && now.st_ino == before->st_ino && now.st_size == before->st_size
      && now.st_mtim.tv_sec == before->st_mtim.tv_sec && now.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
    return TRUE;

  shown = g_utf8_make_valid (path, -1);
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("“%s” was changed by somebody else meanwhile"),
               shown);

  return FALSE;
}

static void
set_not_text (DevboxTextReplaceResult *result)
{
  result->status = DEVBOX_TEXT_REPLACE_SKIPPED;
  result->reason = g_strdup (_ ("The file is not text in UTF-8"));
}

/* `from` stands in the file. */
static gboolean
rewrite_file (TextReplace *self,
              const char *path,
              int fd,
              const struct stat *status,
              DevboxTextReplaceResult *result,
              GError **error)
{
  g_autoptr (DevboxFileReplacement) replacement = NULL;
  g_autoptr (DevboxTextReplacer) replacer = NULL;
  gboolean is_text;

  replacement = devbox_file_replacement_new (self->workspace, path, self->max_size, error);
  if (replacement == NULL)
    return FALSE;

  replacer = devbox_text_replacer_new (self->from, self->to, write_replacement, replacement);
  if (!feed_file (self, path, fd, replacer, &is_text, error))
    return FALSE;
  if (!is_text)
    {
      set_not_text (result);
      return TRUE;
    }
  if (!check_unchanged (self, path, status, error) || !devbox_file_replacement_commit (replacement, -1, error))
    return FALSE;

  result->status = DEVBOX_TEXT_REPLACE_SUCCESS;
  result->n_replacements = devbox_text_replacer_get_n_replacements (replacer);

  return TRUE;
}

static gboolean
replace_in_file (TextReplace *self, const char *path, DevboxTextReplaceResult *result, GError **error)
{
  struct stat status;
  devbox_auto_descriptor int fd = devbox_workspace_open_file (self->workspace, path, &status, error);

  if (fd < 0)
    return FALSE;

  switch (devbox_text_scanner_scan (self->scanner, fd, self->cancellable))
    {
    case DEVBOX_TEXT_SCAN_FOUND:
      return rewrite_file (self, path, fd, &status, result, error);
    case DEVBOX_TEXT_SCAN_NOT_FOUND:
      result->status = DEVBOX_TEXT_REPLACE_SKIPPED;
      return TRUE;
    case DEVBOX_TEXT_SCAN_NOT_TEXT:
      set_not_text (result);
      return TRUE;
    case DEVBOX_TEXT_SCAN_FAILED:
      return set_read_error (path, error);
    default:
      g_assert_not_reached ();
    }
}

/* FALSE when it was cancelled; other errors are the file's own. */
static gboolean
add_result (TextReplace *self, const char *path, GArray *results, GError **error)
{
  DevboxTextReplaceResult result = { 0 };
  g_autoptr (GError) file_error = NULL;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;

  if (!replace_in_file (self, path, &result, &file_error))
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      result.status = DEVBOX_TEXT_REPLACE_ERROR;
      result.reason = g_strdup (file_error->message);
      result.code = devbox_wire_code_from_error (file_error);
    }
  g_array_append_val (results, result);

  return TRUE;
}

static gboolean
check_is_inside (DevboxWorkspace *workspace, const char *path, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  devbox_auto_descriptor int fd = devbox_workspace_open (workspace, path, O_PATH, &local_error);

  if (fd >= 0 || !g_error_matches (local_error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

static gboolean
check_request (DevboxWorkspace *workspace, const char *const *files, const char *from, GError **error)
{
  guint n_files = g_strv_length ((char **) files);

  if (*from == '\0')
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The text to replace is empty"));
      return FALSE;
    }
  if (n_files > DEVBOX_TEXT_REPLACE_MAX_FILES)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("There are %u files, but at most %d are taken at once"), n_files, DEVBOX_TEXT_REPLACE_MAX_FILES);
      return FALSE;
    }
  for (guint i = 0; i < n_files; i++)
    {
      if (!check_is_inside (workspace, files[i], error))
        return FALSE;
    }

  return TRUE;
}

GArray *
devbox_text_replace (DevboxWorkspace *workspace,
                     const char *const *files,
                     const char *from,
                     const char *to,
                     goffset max_size,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (DevboxTextScanner) scanner = NULL;
  g_autofree guint8 *piece = NULL;
  g_autoptr (GArray) results = NULL;
  TextReplace self = {
    .workspace = workspace,
    .from = from,
    .to = to,
    .max_size = max_size,
    .cancellable = cancellable,
  };

  if (!check_request (workspace, files, from, error))
    return NULL;

  self.scanner = scanner = devbox_text_scanner_new (from);
  self.piece = piece = g_malloc (DEVBOX_TEXT_PIECE_SIZE);
  results = g_array_new (FALSE, FALSE, sizeof (DevboxTextReplaceResult));
  g_array_set_clear_func (results, (GDestroyNotify) result_clear);
  for (guint i = 0; files[i] != NULL; i++)
    {
      if (!add_result (&self, files[i], results, error))
        return NULL;
    }

  return g_steal_pointer (&results);
}
