/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* Unpacks a tar archive, as it is or compressed by gzip or zstd, into a folder of the workspace as it comes. Nothing of
 * it gets out of that folder: entries with an absolute name or with "..", links that lead out, and devices and the like
 * are left out and told. Files are replaced at once, as DevboxFileReplacement does; modes lose setuid, setgid and
 * sticky bits; owners are not taken over. Not thread safe. */

/* The next piece of the archive; NULL at its end, or with an error. */
typedef GBytes *(*DevboxArchiveReadFunc) (gpointer user_data, GCancellable *cancellable, GError **error);

typedef struct
{
  goffset max_file_size;  /* of one file; -1: none */
  goffset max_total_size; /* of all of them; -1: none */
  guint64 max_entries;
} DevboxArchiveLimits;

typedef struct
{
  char *path; /* as it stood in the archive, in bytes */
  char *reason;
} DevboxArchiveRefusal;

#define DEVBOX_ARCHIVE_MAX_REFUSALS 1000 /* that are told one by one */

typedef struct
{
  guint64 n_entries; /* all */
  guint64 n_unpacked;
  guint64 n_bytes;
  GArray *refusals; /* of DevboxArchiveRefusal, the first ones */
} DevboxArchiveReport;

void devbox_archive_report_init (DevboxArchiveReport *self);
void devbox_archive_report_clear (DevboxArchiveReport *self);

/* folder: where, made if need be. Ends with an error when the archive is malformed or too large, cannot be read, or the
 * disk is full; what was unpacked before then stays, and is in the report. VALIDATION_ERROR, FILE_TOO_LARGE, DISK_FULL,
 * what read and the workspace say. */
gboolean devbox_archive_extract (DevboxWorkspace *workspace,
                                 const char *folder,
                                 const DevboxArchiveLimits *limits,
                                 DevboxArchiveReadFunc read,
                                 gpointer user_data,
                                 DevboxArchiveReport *report,
                                 GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
