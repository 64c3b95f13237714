/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "calls.h"

G_BEGIN_DECLS

/* From now on calls have this form. */
void calls_begin (gboolean is_async);
void calls_end (void);
/* Those of the functions that have these forms and were not called, or NULL. */
char *calls_find_missing (const char *symbols);

/* Before there are other threads: libraries look at the environment. */
void calls_listen_as_proxy (void);
void calls_stop_proxy (void);

G_END_DECLS
