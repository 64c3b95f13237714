/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "../workspace/workspace-fixture.h"
#include "devbox-path-walk-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel and our own walk say the same of every path, and neither lets one out. The first byte of the input chooses
 * what is done. */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static WorkspaceFixture fixture;

static void
tear_down (void)
{
  workspace_fixture_tear_down (&fixture);
}

static void
set_up (void)
{
  workspace_fixture_set_up (&fixture, &workspace_modes[0]);
  atexit (tear_down);

  workspace_fixture_make_folder (&fixture, "a/b/c");
  workspace_fixture_put (&fixture, "f", "content");
  workspace_fixture_put (&fixture, "a/f", "content");
  workspace_fixture_put (&fixture, "a/b/f", "content");
  workspace_fixture_link (&fixture, "a/b", "l");
  workspace_fixture_link (&fixture, "a/b/", "s");
  workspace_fixture_link (&fixture, "f", "k");
  workspace_fixture_link (&fixture, "nowhere", "n");
  workspace_fixture_link (&fixture, "..", "a/u");
  workspace_fixture_link (&fixture, "../..", "a/b/u");
  workspace_fixture_link (&fixture, "../../l/./u//k", "a/b/k");
  workspace_fixture_link (&fixture, "..", "u");
  workspace_fixture_link (&fixture, "../outside", "o");
  workspace_fixture_link (&fixture, "../inside/f", "i");
  workspace_fixture_link (&fixture, "/", "r");
  workspace_fixture_link (&fixture, "o/../o", "x");
  workspace_fixture_link (&fixture, "x/../y", "y");
}

/* What came of an attempt: an error, or what was reached. */
typedef struct
{
  int code; /* -1: none */
  dev_t device;
  ino_t inode;
  char *name;
  gboolean exists;
} Outcome;

static void
outcome_clear (Outcome *self)
{
  g_free (self->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
note_error (Outcome *outcome, const GError *error)
{
  g_assert_true (error->domain == DEVBOX_WIRE_ERROR);
  outcome->code = error->code;
}

static void
note_place (Outcome *outcome, int fd)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  char place[PATH_MAX + 1] = "";
  gsize length = strlen (fixture.inside);
  struct stat status;

  g_assert_cmpint (readlink (link, place, PATH_MAX), >, 0);
  g_assert_true (g_str_has_prefix (place, fixture.inside) && (place[length] == '/' || place[length] == '\0'));

  g_assert_cmpint (fstat (fd, &status), ==, 0);
  outcome->code = -1;
  outcome->device = status.st_dev;
  outcome->inode = status.st_ino;
}

static void
try_open (const char *path, int flags, Outcome *outcome)
{
  g_autoptr (GError) error = NULL;
  int fd = devbox_workspace_open (fixture.workspace, path, flags, &error);

  if (fd < 0)
    {
      note_error (outcome, error);
      return;
    }

  note_place (outcome, fd);
  close (fd);
}

static void
try_open_parent (const char *path, Outcome *outcome)
{
  g_autoptr (GError) error = NULL;
  int fd = devbox_workspace_open_parent (fixture.workspace, path, FALSE, &outcome->name, &error);

  if (fd < 0)
    {
      note_error (outcome, error);
      return;
    }

  g_assert_null (strchr (outcome->name, '/'));
  note_place (outcome, fd);
  close (fd);
}

static void
try_write_target (const char *path, Outcome *outcome)
{
  g_autoptr (GError) error = NULL;
  g_auto (DevboxWriteTarget) target = { 0 };

  if (!devbox_workspace_open_write_target (fixture.workspace, path, FALSE, &target, &error))
    {
      note_error (outcome, error);
      return;
    }

  g_assert_null (strchr (target.name, '/'));
  note_place (outcome, target.folder_fd);
  outcome->name = g_strdup (target.name);
  outcome->exists = target.exists;
}

/* Only the walk makes folders; they are taken away again. */
static void
try_make_parents (const char *path, DevboxPathWalkFlags flags, Outcome *outcome)
{
  g_autoptr (GPtrArray) made = devbox_made_folders_new ();
  int root_fd = devbox_workspace_get_fd (fixture.workspace);
  int fd = devbox_path_walk_open_parent (root_fd, path, flags | DEVBOX_PATH_WALK_MAKE_PARENTS, made, &outcome->name);

  outcome->code = errno;
  if (fd >= 0)
    {
      g_assert_null (strchr (outcome->name, '/'));
      note_place (outcome, fd);
      close (fd);
    }
  /* A folder that was made is another one the next time. */
  if (made->len > 0)
    outcome->inode = 0;
  devbox_made_folders_remove (made);
}

static void
try_one (guint operation, const char *path, gboolean force_walk, Outcome *outcome)
{
  static const int flags[] = { O_RDONLY,
                               O_PATH,
                               O_PATH | O_NOFOLLOW,
                               O_RDONLY | O_DIRECTORY,
                               O_RDONLY | O_NOFOLLOW,
                               O_PATH | O_NOFOLLOW | O_DIRECTORY };

  devbox_workspace_set_force_walk (fixture.workspace, force_walk);
  operation %= G_N_ELEMENTS (flags) + 4;
  if (operation < G_N_ELEMENTS (flags))
    try_open (path, flags[operation], outcome);
  else if (operation == G_N_ELEMENTS (flags))
    try_open_parent (path, outcome);
  else if (operation == G_N_ELEMENTS (flags) + 1)
    try_write_target (path, outcome);
  else if (operation == G_N_ELEMENTS (flags) + 2)
    try_make_parents (path, DEVBOX_PATH_WALK_NONE, outcome);
  else
    try_make_parents (path, DEVBOX_PATH_WALK_FOLLOW_LAST, outcome);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_auto (Outcome) by_kernel = { 0 };
  g_auto (Outcome) by_walk = { 0 };
  g_autofree char *path = NULL;

  if (size == 0)
    return 0;
  if (fixture.workspace == NULL)
    set_up ();

  path = g_strndup ((const char *) data + 1, size - 1);
  try_one (data[0], path, FALSE, &by_kernel);
  try_one (data[0], path, TRUE, &by_walk);

  g_assert_cmpint (by_walk.code, ==, by_kernel.code);
  g_assert_cmpuint (by_walk.device, ==, by_kernel.device);
  g_assert_cmpuint (by_walk.inode, ==, by_kernel.inode);
  g_assert_cmpstr (by_walk.name, ==, by_kernel.name);
  g_assert_cmpint (by_walk.exists, ==, by_kernel.exists);

  return 0;
}
