/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-watcher-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* What crosses a watch socket, read and written. */

typedef struct
{
  gboolean unwatch;
  char *path; /* bytes, as it was sent */
  char *key;  /* below the workspace, "" for itself, "." and empty components taken out */
  gboolean recursive;
  gboolean dot_files;
  gboolean renames;
} DevboxWatchRequest;

typedef enum
{
  DEVBOX_WATCH_MESSAGE_WATCH,  /* or unwatch */
  DEVBOX_WATCH_MESSAGE_ACTION, /* of the current dialect */
  DEVBOX_WATCH_MESSAGE_INVALID,
} DevboxWatchMessageKind;

/* Even an invalid one has its type and path in request, if they could be read. */
DevboxWatchMessageKind devbox_watch_request_parse (DevboxWatchRequest *request,
                                                   DevboxWorkspace *workspace,
                                                   const char *data,
                                                   gsize size,
                                                   GError **error);
void devbox_watch_request_clear (DevboxWatchRequest *request);

void devbox_watch_message_append_reply (GString *out, gboolean unwatch, const char *path);
/* path NULL: of a message that could not be read. */
void devbox_watch_message_append_error (GString *out, gboolean unwatch, const char *path, const GError *error);
/* The same in the form of the current dialect. */
void devbox_watch_message_append_status (GString *out, guint status, const char *message);
void devbox_watch_message_append_event (GString *out,
                                        const char *type,
                                        const char *path,
                                        const char *old_path,
                                        gboolean is_dir,
                                        gint64 time,
                                        guint64 sequence);
/* type: "overflow" or "ended" */
void
devbox_watch_message_append_notice (GString *out, const char *type, const char *path, gint64 time, guint64 sequence);

G_END_DECLS
