/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-launcher-helper-private.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

typedef struct
{
  pid_t pid;
  pid_t parent;
} Process;

typedef struct
{
  Process *items;
  size_t length;
  size_t allocated;
} ProcessList;

static bool force_scan;

void
devbox_launcher_tree_force_scan (void)
{
  force_scan = true;
}

/* Without memory a pass sees less; the next one tries again. */
static void
process_list_append (ProcessList *list, pid_t pid, pid_t parent)
{
  if (list->length == list->allocated)
    {
      size_t allocated = list->allocated > 0 ? list->allocated * 2 : 64;
      Process *items = reallocarray (list->items, allocated, sizeof *items);

      if (items == NULL)
        return;

      list->items = items;
      list->allocated = allocated;
    }

  list->items[list->length++] = (Process){ .pid = pid, .parent = parent };
}

/* The fourth field of stat; the second one, the name, may hold anything. -1: no such process. */
static pid_t
read_parent (pid_t pid)
{
  char path[64];
  char line[512];
  const char *end;
  ssize_t size;
  char state;
  int parent;
  int fd;

  snprintf (path, sizeof path, "/proc/%d/stat", (int) pid);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;

  size = read (fd, line, sizeof line - 1);
  close (fd);
  if (size <= 0)
    return -1;

  line[size] = '\0';
  end = strrchr (line, ')');
  if (end == NULL || sscanf (end + 1, " %c %d", &state, &parent) != 2)
    return -1;

  return parent;
}

static bool
append_children_of_thread (ProcessList *list, pid_t pid, const char *thread)
{
  char path[64];
  char numbers[4096];
  pid_t child = 0;
  ssize_t size;
  int fd;

  snprintf (path, sizeof path, "/proc/%d/task/%.16s/children", (int) pid, thread);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;

  while ((size = read (fd, numbers, sizeof numbers)) > 0)
    {
      for (ssize_t i = 0; i < size; i++)
        {
          if (isdigit ((unsigned char) numbers[i]))
            {
              child = child * 10 + (numbers[i] - '0');
            }
          else if (child > 0)
            {
              process_list_append (list, child, pid);
              child = 0;
            }
        }
    }

  close (fd);
  return true;
}

/* Children hang on the thread that forked them. */
static void
append_children (ProcessList *list, pid_t pid)
{
  char path[64];
  struct dirent *entry;
  DIR *threads;

  snprintf (path, sizeof path, "/proc/%d/task", (int) pid);
  threads = opendir (path);
  if (threads == NULL)
    return;

  while ((entry = readdir (threads)) != NULL)
    {
      if (isdigit ((unsigned char) entry->d_name[0]))
        append_children_of_thread (list, pid, entry->d_name);
    }

  closedir (threads);
}

static bool
has_children_file (void)
{
  char path[64];

  if (force_scan)
    return false;

  snprintf (path, sizeof path, "/proc/%d/task/%d/children", (int) getpid (), (int) getpid ());
  return access (path, R_OK) == 0;
}

/* A child of our own keeps its number until we reap it. Any other may have been reaped by its parent and its number given away, so it is held by a
 * descriptor while its parent is looked at. FALSE: it is not the process that was found. */
static bool
deliver (const Process *process, int signum)
{
  pid_t self = getpid ();
  pid_t parent;
  int pidfd;

  if (process->parent == self)
    {
      kill (process->pid, signum);
      return true;
    }

  pidfd = pidfd_open (process->pid, 0);
  if (pidfd < 0 && errno == ESRCH)
    return false;

  parent = read_parent (process->pid);
  if (parent != process->parent && parent != self)
    {
      if (pidfd >= 0)
        close (pidfd);
      return false;
    }

  if (pidfd < 0 || pidfd_send_signal (pidfd, signum, NULL, 0) != 0)
    kill (process->pid, signum);
  if (pidfd >= 0)
    close (pidfd);

  return true;
}

typedef struct
{
  ProcessList found;
  ProcessList all; /* only where there is no children file */
  bool scan;
  bool (*spare) (pid_t pid);
} Walk;

static bool
is_spared (const Walk *walk, pid_t pid)
{
  return walk->spare != NULL && walk->spare (pid);
}

/* Every process there is, for a kernel without CONFIG_PROC_CHILDREN. The numbers come in ascending order, so that a process that keeps forking and exiting is
 * caught up with, if it is killed on sight. */
static void
scan_all (Walk *walk, bool kill_on_sight)
{
  DIR *processes = opendir ("/proc");
  pid_t self = getpid ();
  struct dirent *entry;

  if (processes == NULL)
    return;

  while ((entry = readdir (processes)) != NULL)
    {
      pid_t pid = isdigit ((unsigned char) entry->d_name[0]) ? atoi (entry->d_name) : 0;
      pid_t parent = pid > 0 ? read_parent (pid) : -1;

      if (kill_on_sight && parent == self && !is_spared (walk, pid))
        kill (pid, SIGKILL);
      if (parent > 0)
        process_list_append (&walk->all, pid, parent);
    }

  closedir (processes);
}

static void
walk_begin (Walk *walk, bool (*spare) (pid_t pid), bool kill_on_sight)
{
  *walk = (Walk){ .scan = !has_children_file (), .spare = spare };
  if (walk->scan)
    scan_all (walk, kill_on_sight);
}

static void
walk_end (Walk *walk)
{
  free (walk->found.items);
  free (walk->all.items);
}

static void
walk_expand (Walk *walk, pid_t pid)
{
  size_t from = walk->found.length;
  size_t kept = from;

  if (walk->scan)
    {
      for (size_t i = 0; i < walk->all.length; i++)
        {
          if (walk->all.items[i].parent == pid)
            process_list_append (&walk->found, walk->all.items[i].pid, pid);
        }
    }
  else
    {
      append_children (&walk->found, pid);
    }

  if (pid != getpid ())
    return;

  for (size_t i = from; i < walk->found.length; i++)
    {
      if (!is_spared (walk, walk->found.items[i].pid))
        walk->found.items[kept++] = walk->found.items[i];
    }
  walk->found.length = kept;
}

/* Each is killed as soon as it was found, before its children are looked for: after that it forks no more, and what it forked before is
 * either still below it or has become a child of ours, for the next pass. */
void
devbox_launcher_tree_kill (bool (*spare) (pid_t pid))
{
  size_t killed = 0;
  size_t expanded = 0;
  Walk walk;

  walk_begin (&walk, spare, true);
  walk_expand (&walk, getpid ());

  for (;;)
    {
      for (; killed < walk.found.length; killed++)
        {
          if (!deliver (&walk.found.items[killed], SIGKILL))
            walk.found.items[killed].pid = 0;
        }

      while (expanded < walk.found.length && walk.found.items[expanded].pid == 0)
        expanded++;
      if (expanded == walk.found.length)
        break;

      walk_expand (&walk, walk.found.items[expanded++].pid);
    }

  walk_end (&walk);
}

/* All are found before the first one is told, since one that ends would hide its children. */
void
devbox_launcher_tree_signal (int signum)
{
  Walk walk;

  walk_begin (&walk, NULL, false);
  walk_expand (&walk, getpid ());
  for (size_t i = 0; i < walk.found.length; i++)
    walk_expand (&walk, walk.found.items[i].pid);

  for (size_t i = 0; i < walk.found.length; i++)
    deliver (&walk.found.items[i], signum);

  walk_end (&walk);
}
