/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-cgroup-private.h"
#include "devbox-box-process-private.h"

G_BEGIN_DECLS

#define ALL_ABILITIES 0x3f
#define WAIT_MS 10000

typedef struct
{
  DevboxSandboxKind kind;
  DevboxBoxCgroupAbilities forbidden;
} BoxCase;

typedef struct
{
  DevboxSandbox *sandbox;
  DevboxBoxProcess *process;
  char *uid;
  char *folder;
  GStrv cgroups;
  int socket_fd;
  gboolean shares_network;
  guint cpu;
  gboolean has_ended;
  char *reason;
  gboolean is_frozen;
  GError *error;
} BoxFixture;

enum
{
  WITH_CGROUPS = 1 << 0,
  WITHOUT_CGROUPS = 1 << 1,
  WITH_BUBBLEWRAP = 1 << 2,
  WITHOUT_BUBBLEWRAP = 1 << 3,
  ALL_WAYS = 0xf,
};

/* The program that stands in for devbox-server: it does what the test has put into the workspace. */
extern char *box_fixture_agent;

/* Each test in each wanted way in which a machine lets a box be held. */
void box_fixture_add (const char *name, void (*func) (BoxFixture *, gconstpointer), guint wanted);
int box_fixture_run (int argc, char *argv[], void (*add_tests) (void));

/* Runs a shell script as the box; cpu 1000, memory 256 MiB. */
void box_fixture_start (BoxFixture *fixture, const char *script);
void box_fixture_start_with (BoxFixture *fixture, const char *script, guint memory);
void box_fixture_on_frozen (DevboxBoxProcess *process, const GError *error, gpointer fixture);
void box_fixture_assert_nothing_is_left (BoxFixture *fixture);

/* In the workspace. */
char *box_fixture_file (BoxFixture *fixture, const char *name);
gboolean box_fixture_has_file (BoxFixture *fixture, const char *name);
char *box_fixture_read_file (BoxFixture *fixture, const char *name);

void box_fixture_remove_folder (const char *folder);
/* Whether bubblewrap runs at all, which it does not in every container. */
gboolean box_fixture_can_sandbox (void);
void box_fixture_run_main_loop_for (guint ms);
gboolean box_fixture_on_tick (gpointer user_data);

/* Runs the main loop until condition. */
#define wait_until(condition)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    gint64 deadline = g_get_monotonic_time () + WAIT_MS * 1000;                                                        \
    guint tick = g_timeout_add (2, box_fixture_on_tick, NULL);                                                         \
                                                                                                                       \
    while (!(condition))                                                                                               \
      {                                                                                                                \
        g_assert_cmpint (g_get_monotonic_time (), <, deadline);                                                        \
        g_main_context_iteration (NULL, TRUE);                                                                         \
      }                                                                                                                \
    g_source_remove (tick);                                                                                            \
  }                                                                                                                    \
  G_STMT_END

G_END_DECLS
