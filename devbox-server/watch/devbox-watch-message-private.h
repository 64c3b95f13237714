/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-watcher-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* The texts of `/ws` in the classic dialect (docs/wire.md, "Watching"): reading what a client asks for, writing what it
 * is told. */

typedef struct
{
  gboolean is_watch; /* else unwatch */
  char *sent_path;   /* as it came, for the answer */
  char *path;        /* relative to the workspace, "" for itself, without "." and double slashes */
  DevboxTreeWatchFlags flags;
  gboolean renames;
} DevboxWatchRequest;

/* VALIDATION_ERROR tells what is wrong; then `sent_path` is set if there was one. */
gboolean devbox_watch_request_parse (DevboxWatchRequest *self,
                                     const char *text,
                                     gsize size,
                                     DevboxWorkspace *workspace,
                                     GError **error);
void devbox_watch_request_clear (DevboxWatchRequest *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxWatchRequest, devbox_watch_request_clear)
/* Whether the text is one of the current dialect: it has an `action`. */
gboolean devbox_watch_request_is_current (const char *text, gsize size);

/* All transfer full. */
GString *devbox_watch_format_done (gboolean is_watch, const char *sent_path);
GString *
devbox_watch_format_refusal (gboolean is_watch, const char *sent_path, const GError *error); /* sent_path may be NULL */
/* kind: "add", "change", "unlink" or "rename", which alone has an old path. */
GString *devbox_watch_format_change (const char *kind,
                                     const DevboxTreeEvent *event,
                                     const char *path,
                                     const char *old_path,
                                     guint64 sequence);
GString *devbox_watch_format_overflow (const char *path, gint64 time);

G_END_DECLS
