/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* Files whose name or whose content has a text in it. The result is a GStrv. */
DevboxRequest *devbox_find_files_request_new (const char *directory, const char *pattern, GError **error);
DevboxRequest *devbox_grep_files_request_new (const char *directory, const char *text, GError **error);

/* The result is a GListStore of DevboxFileResult. */
DevboxRequest *
devbox_replace_text_request_new (const char *const *paths, const char *from, const char *to, GError **error);

G_END_DECLS
