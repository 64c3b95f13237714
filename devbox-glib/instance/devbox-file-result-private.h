/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-result.h"

G_BEGIN_DECLS

DevboxFileResult *devbox_file_result_new (const char *path, guint64 n_replacements);
DevboxFileResult *devbox_file_result_new_skipped (const char *path, const char *message); /* or NULL */
/* Takes the error, a DevboxError. */
DevboxFileResult *devbox_file_result_new_error (const char *path, GError *error);

G_END_DECLS
