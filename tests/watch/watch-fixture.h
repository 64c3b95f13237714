/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-watcher-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* A folder to work in, a watcher of it, and what a watch of it told. */
typedef struct
{
  char *path;    /* the folder that is watched */
  char *outside; /* a folder beside it */
  int fd;
  DevboxTreeWatcher *watcher;
} Fixture;

typedef struct
{
  Fixture *fixture;
  DevboxTreeWatch *watch;
  char *path;
  gboolean ready;
  GError *error;
  GPtrArray *log;    /* "created a/b", "renamed a b", … */
  GHashTable *known; /* what somebody who follows the events believes to exist */
  guint n_overflows;
  guint n_batches;
  gboolean ended;
  gboolean cancel_at_event;
  gint64 event_time; /* monotonic, of the last batch */
} Watch;

void fixture_set_up (Fixture *fixture, gconstpointer kind);
void fixture_tear_down (Fixture *fixture, gconstpointer kind);

Watch *fixture_watch (Fixture *fixture, const char *path, DevboxTreeWatchFlags flags); /* asserts that it stands */
Watch *fixture_watch_unready (Fixture *fixture, const char *path, DevboxTreeWatchFlags flags);
void watch_wait_ready (Watch *watch);
void watch_free (Watch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Watch, watch_free)

gboolean watch_has (Watch *watch, const char *line);
guint watch_count (Watch *watch, const char *line);
void watch_expect (Watch *watch, const char *line); /* waits for it */
void watch_clear (Watch *watch);
void watch_settle (Watch *watch);              /* until all that was done has been told */
void watch_expect_true_picture (Watch *watch); /* waits until known is what is on the disk */

/* Paths are below the fixture's folder. */
void make_folders (Fixture *fixture, const char *path);
void write_file (Fixture *fixture, const char *path, const char *content);
void append_file (Fixture *fixture, const char *path, const char *content);
void rename_file (Fixture *fixture, const char *from, const char *to);
void remove_file (Fixture *fixture, const char *path);
void remove_tree (const char *path);
char *below (Fixture *fixture, const char *path);

/* The default context, until what is true or 10 s are over. */
#define wait_until(what)                                                                                               \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    gint64 wait_end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;                                                   \
    while (!(what))                                                                                                    \
      {                                                                                                                \
        g_assert_cmpint (g_get_monotonic_time (), <, wait_end);                                                        \
        wait_turn ();                                                                                                  \
      }                                                                                                                \
  }                                                                                                                    \
  G_STMT_END
void wait_turn (void);
void wait_ms (guint ms);

guint count_threads (const char *name);
guint count_descriptors (void);
gsize get_resident_size (void); /* bytes */
gboolean keeps_freed_memory (void);

G_END_DECLS
