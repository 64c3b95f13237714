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
#include <time.h>
#include <unistd.h>

#define FORKED_WITHOUT_EXEC 0x40 /* PF_FORKNOEXEC of the kernel */
#define MAX_FORGETFUL_MS 40

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

/* Of stat: the fields 4, 9, 22 and 34 */
typedef struct
{
  pid_t parent;
  unsigned int flags;
  unsigned long long start;
  unsigned long long caught; /* signals */
} ProcessStatus;

/* The second field, the name, may hold anything. FALSE: no such process. */
static bool
read_status (pid_t pid, ProcessStatus *status)
{
  char path[64];
  char line[1024];
  const char *end;
  ssize_t size;
  int fd;

  snprintf (path, sizeof path, "/proc/%d/stat", (int) pid);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;

  size = read (fd, line, sizeof line - 1);
  close (fd);
  if (size <= 0)
    return false;

  line[size] = '\0';
  end = strrchr (line, ')');
  return end != NULL
         && sscanf (end + 1,
                    " %*c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu"
                    " %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu",
                    &status->parent, &status->flags, &status->start, &status->caught)
                == 4;
}

/* -1: no such process */
static pid_t
read_parent (pid_t pid)
{
  ProcessStatus status;

  return read_status (pid, &status) ? status.parent : -1;
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

/* A child of our own keeps its number until we reap it. Any other may have been reaped by its parent and its number
 * given away, so it is held by a descriptor while its parent is looked at. FALSE: it is not the one that was found. */
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

/* Calls visit () for every process there is, in ascending order of their numbers, for a kernel without
 * CONFIG_PROC_CHILDREN. Few names are taken at a time, where readdir () takes a thousand: a process that keeps forking
 * and exiting is another one before a long list has been gone through. */
static void
scan (void (*visit) (const Process *process, void *data), void *data)
{
  int processes = open ("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  _Alignas(struct dirent64) char names[sizeof (struct dirent64)]; /* holds at least one */
  ssize_t size;

  if (processes < 0)
    return;

  while ((size = getdents64 (processes, names, sizeof names)) > 0)
    {
      const struct dirent64 *entry;

      for (ssize_t offset = 0; offset < size; offset += entry->d_reclen)
        {
          Process process;

          entry = (const struct dirent64 *) (const void *) (names + offset);
          process.pid = isdigit ((unsigned char) entry->d_name[0]) ? atoi (entry->d_name) : 0;
          process.parent = process.pid > 0 ? read_parent (process.pid) : -1;
          if (process.parent > 0)
            visit (&process, data);
        }
    }

  close (processes);
}

static bool
process_list_contains (const ProcessList *list, pid_t pid)
{
  for (size_t i = list->length; i > 0; i--)
    {
      if (list->items[i - 1].pid == pid)
        return true;
    }

  return false;
}

typedef struct
{
  ProcessList ours;
  bool (*spare) (pid_t pid);
} Hunt;

static bool
is_spared (const Process *process, bool (*spare) (pid_t pid))
{
  return spare != NULL && process->parent == getpid () && spare (process->pid);
}

/* Killed on sight: one that forks and exits all the time always has the highest number, and is caught up with. */
static void
hunt_visit (const Process *process, void *data)
{
  Hunt *hunt = data;

  if (process->parent != getpid () && !process_list_contains (&hunt->ours, process->parent))
    return;
  if (is_spared (process, hunt->spare))
    return;

  process_list_append (&hunt->ours, process->pid, process->parent);
  deliver (process, SIGKILL);
}

/* Each is killed as soon as it was found, before its children are looked for: after that it forks no more, and what it
 * forked before is either still below it or has become a child of ours, for the next pass. */
static void
kill_found (bool (*spare) (pid_t pid))
{
  ProcessList found = { 0 };
  size_t killed = 0;
  size_t expanded = 0;

  append_children (&found, getpid ());
  for (;;)
    {
      for (; killed < found.length; killed++)
        {
          Process *process = &found.items[killed];

          if (is_spared (process, spare) || !deliver (process, SIGKILL))
            process->pid = 0;
        }

      while (expanded < found.length && found.items[expanded].pid == 0)
        expanded++;
      if (expanded == found.length)
        break;

      append_children (&found, found.items[expanded++].pid);
    }

  free (found.items);
}

void
devbox_launcher_tree_kill (bool (*spare) (pid_t pid))
{
  Hunt hunt = { .spare = spare };

  if (has_children_file ())
    {
      kill_found (spare);
      return;
    }

  scan (hunt_visit, &hunt);
  free (hunt.ours.items);
}

static void
append_visit (const Process *process, void *data)
{
  process_list_append (data, process->pid, process->parent);
}

static void
append_children_from (ProcessList *list, pid_t pid, const ProcessList *all)
{
  for (size_t i = 0; i < all->length; i++)
    {
      if (all->items[i].parent == pid)
        process_list_append (list, all->items[i].pid, pid);
    }
}

/* Appends what is below parent, level by level, but for what skip () names and all that is below that. */
static void
find_below (ProcessList *found, pid_t parent, bool (*skip) (const Process *process))
{
  ProcessList all = { 0 };
  bool by_scan = !has_children_file ();
  size_t next = found->length;

  if (by_scan)
    scan (append_visit, &all);

  for (;;)
    {
      size_t kept = found->length;

      if (by_scan)
        append_children_from (found, parent, &all);
      else
        append_children (found, parent);

      for (size_t i = kept; skip != NULL && i < found->length; i++)
        {
          if (!skip (&found->items[i]))
            found->items[kept++] = found->items[i];
        }
      if (skip != NULL)
        found->length = kept;

      if (next == found->length)
        break;
      parent = found->items[next++].pid;
    }

  free (all.items);
}

/* All are found before the first one is told, since one that ends would hide its children. */
void
devbox_launcher_tree_signal (int signum)
{
  ProcessList found = { 0 };

  find_below (&found, getpid (), NULL);
  for (size_t i = 0; i < found.length; i++)
    deliver (&found.items[i], signum);

  free (found.items);
}

/* Who was there when the last bytes were fed, and since when: a number alone may be given away. */
typedef struct
{
  pid_t pid;
  unsigned long long start;
} Mark;

static Mark *marks;
static size_t n_marks;

void
devbox_launcher_tree_mark (pid_t command)
{
  ProcessList found = { 0 };
  Mark *larger;

  find_below (&found, getpid (), NULL);
  n_marks = 0;
  larger = found.length > 0 ? reallocarray (marks, found.length, sizeof *marks) : NULL;
  if (larger != NULL)
    {
      marks = larger;
      for (size_t i = 0; i < found.length; i++)
        {
          pid_t pid = found.items[i].pid;
          ProcessStatus status;

          if (pid != command && read_status (pid, &status))
            marks[n_marks++] = (Mark){ .pid = pid, .start = status.start };
        }
    }

  free (found.items);
}

static bool
is_marked (const Process *process)
{
  ProcessStatus status;

  for (size_t i = 0; i < n_marks; i++)
    {
      if (marks[i].pid == process->pid)
        return read_status (process->pid, &status) && status.start == marks[i].start;
    }

  return false;
}

/* Children of one parent, which stand together, the youngest first: the last part of a pipeline must not see its input
 * end before its own signal, and end well. */
static void
deliver_to_siblings (const Process *siblings, size_t n_siblings, pid_t except, int signum)
{
  for (size_t i = n_siblings; i > 0; i--)
    {
      if (siblings[i - 1].pid != except)
        deliver (&siblings[i - 1], signum);
    }
}

/* Between fork () and exec () what is to become a program has the handlers of its shell, which forgets the signal. A
 * subshell with a trap looks the same. */
static bool
may_forget (const Process *process, int signum)
{
  ProcessStatus status;

  return read_status (process->pid, &status) && (status.flags & FORKED_WITHOUT_EXEC)
         && (status.caught & 1ULL << (signum - 1));
}

/* What the marked ones are not, once nobody forgets the signal: or at last, whoever does. */
static void
find_to_interrupt (ProcessList *found, pid_t command, int signum)
{
  for (int patience = signum == SIGKILL ? 0 : MAX_FORGETFUL_MS; patience >= 0; patience--)
    {
      bool may_wait = false;

      found->length = 0;
      find_below (found, getpid (), is_marked);
      for (size_t i = 0; i < found->length; i++)
        may_wait |= found->items[i].pid != command && may_forget (&found->items[i], signum);
      if (!may_wait)
        return;
      if (patience > 0)
        nanosleep (&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
    }
}

/* A shell that waits for a program takes its own signal for an interrupt where the program then dies of it: so parents
 * come before their children, and the shell before all. What it was about to start then either starts no more, or is
 * found. */
void
devbox_launcher_tree_interrupt (pid_t command, int command_signum, int signum)
{
  ProcessList found = { 0 };
  size_t end;

  if (command > 0 && command_signum != 0)
    kill (command, command_signum);
  find_to_interrupt (&found, command, signum);
  for (size_t begin = 0; begin < found.length; begin = end)
    {
      for (end = begin + 1; end < found.length && found.items[end].parent == found.items[begin].parent; end++)
        ;
      deliver_to_siblings (&found.items[begin], end - begin, command, signum);
    }

  free (found.items);
}
