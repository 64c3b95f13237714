/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-shell-session-private.h"

G_BEGIN_DECLS

/* The sessions of an agent: those that are active, and for a while those that have ended. Of the thread of its
 * launcher. */
typedef struct _DevboxSessionTable DevboxSessionTable;

DevboxSessionTable *devbox_session_table_new (DevboxLauncher *launcher); /* which must stay as long */
void devbox_session_table_free (DevboxSessionTable *self);               /* ends all sessions */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxSessionTable, devbox_session_table_free)

/* How many may be active, and how many ended ones are remembered; 100 by default. */
void devbox_session_table_set_max_sessions (DevboxSessionTable *self, guint sessions);
/* How long the ended ones stay; 4 h by default. */
void devbox_session_table_set_retention (DevboxSessionTable *self, guint milliseconds);

/* As devbox_shell_session_new (); transfer none. NULL with RATE_LIMITED when too many are active; then only destroy is
 * called. */
DevboxShellSession *devbox_session_table_create (DevboxSessionTable *self,
                                                 const char *program,
                                                 const DevboxCommandSpec *spec,
                                                 JsonObject *variables,
                                                 DevboxShellFunc ready,
                                                 gpointer user_data,
                                                 GDestroyNotify destroy,
                                                 GError **error);
DevboxShellSession *devbox_session_table_lookup (DevboxSessionTable *self, const char *id); /* transfer none, or NULL */
/* It did not come to be. */
void devbox_session_table_forget (DevboxSessionTable *self, DevboxShellSession *session);
/* The newest first. */
void devbox_session_table_foreach (DevboxSessionTable *self, DevboxShellEndedFunc func, gpointer user_data);

G_END_DECLS
