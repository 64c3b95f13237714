/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../workspace/workspace-fixture.h"
#include "devbox-store-private.h"

G_BEGIN_DECLS

/* A folder with a store in it. */
typedef struct
{
  char *folder;
  DevboxStore *store;
} StoreFixture;

void store_fixture_set_up (StoreFixture *self, gconstpointer data);
void store_fixture_tear_down (StoreFixture *self, gconstpointer data);
void store_fixture_close (StoreFixture *self);
void store_fixture_open (StoreFixture *self);
void store_fixture_reopen (StoreFixture *self);
char *store_fixture_get_path (StoreFixture *self, const char *name);
/* Runs SQL on the database of a store that is closed. */
void store_fixture_execute (StoreFixture *self, const char *sql);

/* With every member set, all of them from the number. */
DevboxBoxRecord *make_box (guint number);
void assert_equal_boxes (const DevboxBoxRecord *a, const DevboxBoxRecord *b);
DevboxReleaseRecord *make_release (guint number);
DevboxUserRecord *make_user (guint number);

/* What a put or delete was told; iterates the context until then. */
typedef struct
{
  guint n_told;
  GError *error; /* the last one */
} Verdict;

void verdict_set (const GError *error, gpointer verdict); /* a DevboxStoreFunc */
void verdict_wait (Verdict *self, guint n_told);
void verdict_clear (Verdict *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Verdict, verdict_clear)

/* Blocks until it is told; fails the test on an error. */
void put_box (StoreFixture *fixture, const DevboxBoxRecord *record);
void delete_box (StoreFixture *fixture, const char *uid);
GPtrArray *load_boxes (StoreFixture *fixture);

G_END_DECLS
