/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The words of a command line, by the rules of a POSIX shell for quotes, backslashes and comments. Nothing is expanded,
 * and nothing else has a meaning: operators and line breaks only part words, the former not even that. There may be
 * none. VALIDATION_ERROR for a quote that is not closed. */
GStrv devbox_shell_words_split (const char *line, GError **error);

G_END_DECLS
