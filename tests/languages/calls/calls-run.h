/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "calls.h"

G_BEGIN_DECLS

/* From now on calls have this form. */
void calls_begin (gboolean is_async);
void calls_end (void);
/* Those of the functions that have these forms and were not called, or NULL. */
char *calls_find_missing (const char *symbols);

G_END_DECLS
