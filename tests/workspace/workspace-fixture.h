/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-wire-error-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* A temporary folder with two in it: the workspace, and "outside", which nothing may touch. */
typedef struct
{
  char *base;
  char *inside;
  char *outside;
  DevboxWorkspace *workspace;
} WorkspaceFixture;

/* What a test function gets: how paths are resolved and temporary files are made. */
typedef struct
{
  gboolean force_walk;
  gboolean force_named;
} WorkspaceMode;

/* The first two differ in how paths are resolved alone. */
extern const WorkspaceMode workspace_modes[4];

void workspace_fixture_set_up (WorkspaceFixture *self, const WorkspaceMode *mode);
void workspace_fixture_tear_down (WorkspaceFixture *self);
/* The same in a base that is there already, and stays. */
void workspace_fixture_set_up_in (WorkspaceFixture *self, const WorkspaceMode *mode);
void workspace_fixture_clear (WorkspaceFixture *self);

/* Adds the test once for each of the first n_modes modes, with the fixture. */
typedef void (*WorkspaceTestFunc) (WorkspaceFixture *fixture, gconstpointer mode);
void workspace_test_add (const char *path, WorkspaceTestFunc func, guint n_modes);

/* The functions below take paths relative to the workspace, and look at it without the code under test. */
void workspace_fixture_put (WorkspaceFixture *self, const char *path, const char *content);
void workspace_fixture_make_folder (WorkspaceFixture *self, const char *path);
void workspace_fixture_link (WorkspaceFixture *self, const char *target, const char *path);
char *workspace_fixture_get (WorkspaceFixture *self, const char *path, gsize *size); /* NULL: it is not there */
void workspace_fixture_stat (WorkspaceFixture *self, const char *path, struct stat *status);
/* All names below the workspace, sorted, as "a a/b c". */
char *workspace_fixture_list (WorkspaceFixture *self);
void workspace_fixture_assert_list (WorkspaceFixture *self, const char *expected);

/* A mount namespace of our own, as root, or in a user namespace where those are allowed; FALSE: neither. */
gboolean workspace_enter_mount_namespace (void);
void mount_small (const char *path, const char *options); /* a tmpfs */

void remove_tree (const char *path);
guint count_descriptors (void);

#define assert_wire_error(error, expected)                                                                             \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_assert_nonnull (error);                                                                                          \
    g_assert_true ((error)->domain == DEVBOX_WIRE_ERROR);                                                              \
    g_assert_cmpstr (devbox_wire_code_to_string ((error)->code), ==, devbox_wire_code_to_string (expected));           \
  }                                                                                                                    \
  G_STMT_END

G_END_DECLS
