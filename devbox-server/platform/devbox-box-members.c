/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-members-private.h"

#include "devbox-sandbox-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

static void
append_member (GArray *members, GPid pid)
{
  DevboxBoxMember member = { .pid = pid };

  if (devbox_process_stat_read (pid, &member.stat))
    g_array_append_val (members, member);
}

/* Children hang on the thread that forked them. FALSE: this kernel does not tell. */
static gboolean
append_children (GArray *members, GPid pid)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%d/task", pid);
  g_autoptr (GDir) threads = g_dir_open (folder, 0, NULL);
  gboolean is_told = threads == NULL; /* it is gone */
  const char *thread;

  while (threads != NULL && (thread = g_dir_read_name (threads)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, thread, "children", NULL);
      g_autofree char *text = NULL;
      g_auto (GStrv) numbers = NULL;

      if (!g_file_get_contents (path, &text, NULL, NULL))
        continue;

      is_told = TRUE;
      numbers = g_strsplit (text, " ", -1);
      for (guint i = 0; numbers[i] != NULL; i++)
        {
          if (*numbers[i] != '\0')
            append_member (members, atoi (numbers[i]));
        }
    }

  return is_told;
}

static GArray *
find_all (void)
{
  GArray *members = g_array_new (FALSE, FALSE, sizeof (DevboxBoxMember));
  g_autoptr (GDir) processes = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while (processes != NULL && (name = g_dir_read_name (processes)) != NULL)
    {
      if (g_ascii_isdigit (*name))
        append_member (members, atoi (name));
    }

  return members;
}

static void
append_children_from (GArray *members, GPid pid, const GArray *all)
{
  for (guint i = 0; i < all->len; i++)
    {
      const DevboxBoxMember *member = &g_array_index (all, DevboxBoxMember, i);

      if (member->stat.parent == pid)
        g_array_append_vals (members, member, 1);
    }
}

GArray *
devbox_box_members_find_below (GPid root)
{
  GArray *members = g_array_new (FALSE, FALSE, sizeof (DevboxBoxMember));
  g_autoptr (GArray) all = NULL;

  append_member (members, root);
  for (guint i = 0; i < members->len; i++)
    {
      GPid pid = g_array_index (members, DevboxBoxMember, i).pid;

      if (all == NULL && !append_children (members, pid))
        all = find_all ();
      if (all != NULL)
        append_children_from (members, pid, all);
    }

  return members;
}

static gboolean
is_marked (GPid pid, GHashTable *uids)
{
  static const char mark[] = DEVBOX_SANDBOX_MARK "=";
  g_autofree char *path = g_strdup_printf ("/proc/%d/environ", pid);
  g_autofree char *environment = NULL;
  gsize length;

  if (!g_file_get_contents (path, &environment, &length, NULL))
    return FALSE;

  for (const char *variable = environment; variable < environment + length; variable += strlen (variable) + 1)
    {
      if (g_str_has_prefix (variable, mark) && g_hash_table_contains (uids, variable + strlen (mark)))
        return TRUE;
    }

  return FALSE;
}

GArray *
devbox_box_members_find_marked (const char *const *uids)
{
  g_autoptr (GHashTable) set = g_hash_table_new (g_str_hash, g_str_equal);
  GArray *members = find_all ();

  for (guint i = 0; uids[i] != NULL; i++)
    g_hash_table_add (set, (gpointer) uids[i]);

  for (guint i = members->len; i > 0; i--)
    {
      if (!is_marked (g_array_index (members, DevboxBoxMember, i - 1).pid, set))
        g_array_remove_index_fast (members, i - 1);
    }

  return members;
}

gboolean
devbox_box_member_lives (const DevboxBoxMember *self)
{
  DevboxProcessStat stat;

  return devbox_process_stat_read (self->pid, &stat) && stat.start == self->stat.start && stat.state != 'Z'
         && stat.state != 'X';
}

gboolean
devbox_box_member_signal (const DevboxBoxMember *self, int signum)
{
  int fd = pidfd_open (self->pid, 0);
  gboolean sent;

  if (fd < 0)
    return errno != ESRCH && devbox_box_member_lives (self) && kill (self->pid, signum) == 0;

  sent = devbox_box_member_lives (self) && pidfd_send_signal (fd, signum, NULL, 0) == 0;
  g_close (fd, NULL);
  return sent;
}

guint
devbox_box_members_count_tasks_of_user (void)
{
  g_autoptr (GDir) processes = g_dir_open ("/proc", 0, NULL);
  guint n_tasks = 0;
  const char *name;

  while (processes != NULL && (name = g_dir_read_name (processes)) != NULL)
    {
      g_autofree char *folder = g_build_filename ("/proc", name, "task", NULL);
      struct stat info;

      /* A folder has a link for each folder in it, for itself and from its parent. */
      if (g_ascii_isdigit (*name) && stat (folder, &info) == 0 && info.st_uid == getuid () && info.st_nlink > 2)
        n_tasks += info.st_nlink - 2;
    }

  return n_tasks;
}
