/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-wire-error-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* What a replacement came to in one file. */
typedef enum
{
  DEVBOX_TEXT_REPLACE_SUCCESS,
  DEVBOX_TEXT_REPLACE_SKIPPED, /* nothing to replace, or no text */
  DEVBOX_TEXT_REPLACE_ERROR,
} DevboxTextReplaceStatus;

typedef struct
{
  DevboxTextReplaceStatus status;
  guint64 n_replacements; /* of a success */
  char *reason;           /* of an error, and of what was skipped for no text; else NULL */
  DevboxWireCode code;    /* of an error */
} DevboxTextReplaceResult;

#define DEVBOX_TEXT_REPLACE_MAX_FILES 10000

/* Replaces `from` by `to` in each file that is UTF-8 without NUL, by a file that takes its place at once (see
 * DevboxFileReplacement) and has at most max_size bytes (-1: any). Memory does not grow with a file. Returns an array
 * of DevboxTextReplaceResult, one for each file. VALIDATION_ERROR for an empty `from` or too many files,
 * PATH_TRAVERSAL_DETECTED when one of them lies outside: then no file was changed. When cancelled
 * (G_IO_ERROR_CANCELLED) the first ones may have been. */
GArray *devbox_text_replace (DevboxWorkspace *workspace,
                             const char *const *files,
                             const char *from,
                             const char *to,
                             goffset max_size,
                             GCancellable *cancellable,
                             GError **error);

G_END_DECLS
