/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"

G_BEGIN_DECLS

/* The commands of an agent: those that run, and for a while those that ended. Of the thread of its launcher. */
typedef struct _DevboxProcessTable DevboxProcessTable;

DevboxProcessTable *devbox_process_table_new (DevboxLauncher *launcher); /* which must stay as long */
/* Forgets the commands; those that run go on until the launcher goes, and are told to who started them. */
void devbox_process_table_free (DevboxProcessTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxProcessTable, devbox_process_table_free)

/* How long a command is remembered: whether somebody waits for its end, or will ask for it by its identifier. */
typedef enum
{
  DEVBOX_PROCESS_FOREGROUND, /* 30 s */
  DEVBOX_PROCESS_BACKGROUND, /* 4 h */
  DEVBOX_PROCESS_N_ORIGINS,
} DevboxProcessOrigin;

/* How long the ended ones stay. */
void devbox_process_table_set_retention (DevboxProcessTable *self, DevboxProcessOrigin origin, guint milliseconds);
/* How many may run, and how many ended ones of each origin stay at most; 1,000 by default. */
void devbox_process_table_set_max_processes (DevboxProcessTable *self, guint processes);
/* What the ended ones may take, in bytes: the output of the oldest goes to the file first, and is dropped first. */
void devbox_process_table_set_max_ended_output (DevboxProcessTable *self, gsize in_memory, guint64 in_file);

/* As devbox_launcher_start (); NULL with RATE_LIMITED when too many run (then done is not called, but destroy is). */
DevboxServerCommand *devbox_process_table_start (DevboxProcessTable *self,
                                                 DevboxProcessOrigin origin,
                                                 const DevboxCommandSpec *spec,
                                                 DevboxCommandFunc done,
                                                 gpointer user_data,
                                                 GDestroyNotify destroy,
                                                 GError **error);

/* Borrowed; NULL when there is none, or it is forgotten. Of several that had the same pid, the newest. */
DevboxServerCommand *devbox_process_table_lookup_pid (DevboxProcessTable *self, GPid pid);
DevboxServerCommand *devbox_process_table_lookup_id (DevboxProcessTable *self, const char *id);
/* 8 characters; NULL when it is forgotten. */
const char *devbox_process_table_get_id (DevboxProcessTable *self, DevboxServerCommand *command);

typedef void (*DevboxProcessFunc) (DevboxServerCommand *command,
                                   const char *id,
                                   DevboxProcessOrigin origin,
                                   gpointer user_data);
/* The newest first. */
void devbox_process_table_foreach (DevboxProcessTable *self, DevboxProcessFunc func, gpointer user_data);

G_END_DECLS
