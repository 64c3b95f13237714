/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* What the agent and its launcher helper say to each other. Plain C, since the helper knows no GLib. All sockets are
 * SOCK_SEQPACKET pairs, one structure a packet. */

#define DEVBOX_LAUNCHER_PROTOCOL 2 /* an agent may meet a helper that was upgraded under it */
#define DEVBOX_LAUNCHER_REQUEST_FD 3

/* Agent to helper: start a command. Descriptors come with it, in the order of DevboxLauncherDescriptor, the optional
 * ones only with their flag. */
typedef struct
{
  uint32_t protocol;
  uint32_t flags; /* of DEVBOX_LAUNCHER_HAS_ */
  uint32_t timeout_ms;
  uint32_t n_arguments;
  uint32_t n_environment;
  uint32_t has_folder; /* a folder to change to stands behind the environment */
  uint64_t open_files; /* soft limit of RLIMIT_NOFILE for the command, 0: as it is */
  uint64_t strings_size;
} DevboxLauncherRequest;

#define DEVBOX_LAUNCHER_HAS_STDIN (1u << 0)
#define DEVBOX_LAUNCHER_HAS_FOLDER (1u << 1)
#define DEVBOX_LAUNCHER_IS_FED (1u << 2) /* stdin is a pipe that the supervisor writes to, as it is told */

typedef enum
{
  DEVBOX_LAUNCHER_CONTROL, /* the supervisor's end of the command's control socket */
  DEVBOX_LAUNCHER_STRINGS, /* a file: arguments, environment and folder, each closed by a NUL; too large for a packet */
  DEVBOX_LAUNCHER_STDOUT,
  DEVBOX_LAUNCHER_STDERR,
  DEVBOX_LAUNCHER_N_REQUIRED,
  DEVBOX_LAUNCHER_N_DESCRIPTORS = DEVBOX_LAUNCHER_N_REQUIRED + 2, /* then stdin, then the folder */
} DevboxLauncherDescriptor;

/* To the agent over the control socket, whose end means that nothing of the command is left. All come from the
 * supervisor, in this order; the helper tells of a failure where it could make none. */
typedef enum
{
  DEVBOX_LAUNCHER_SUPERVISED = 1,
  DEVBOX_LAUNCHER_STARTED,
  DEVBOX_LAUNCHER_FAILED,
  DEVBOX_LAUNCHER_EXITED, /* the command itself; descendants may go on */
} DevboxLauncherEventType;

typedef enum
{
  DEVBOX_LAUNCHER_STAGE_PREPARE, /* the launcher's own work: fork, memory, descriptors */
  DEVBOX_LAUNCHER_STAGE_FOLDER,
  DEVBOX_LAUNCHER_STAGE_EXEC,
} DevboxLauncherStage;

typedef struct
{
  uint32_t type;
  int32_t pid;        /* SUPERVISED: the supervisor; STARTED: the command */
  int32_t status;     /* EXITED: as wait () has it; FAILED: errno */
  uint32_t stage;     /* FAILED */
  uint32_t timed_out; /* EXITED */
  int64_t time;       /* STARTED, EXITED: monotonic, µs */
  int64_t user_time;  /* EXITED, µs */
  int64_t system_time;
  int64_t max_resident; /* EXITED, KiB */
} DevboxLauncherEvent;

/* Agent to supervisor */
typedef enum
{
  DEVBOX_LAUNCHER_SIGNAL = 1, /* to the command and every descendant; SIGKILL means: until nothing is left */
  /* Closes n_closed slots from `slot` on, puts the descriptors that came with the order there, and writes the bytes to
   * the command's stdin. The command may open what is in a slot below /proc/PID/fd of its supervisor: nothing that it
   * runs inherits that. */
  DEVBOX_LAUNCHER_FEED,
  /* signum to the descendants that came since a slot was last filled, command_signum to the command itself */
  DEVBOX_LAUNCHER_INTERRUPT,
} DevboxLauncherOrderType;

#define DEVBOX_LAUNCHER_FIRST_SLOT 64 /* its descriptor; the others follow */
#define DEVBOX_LAUNCHER_N_SLOTS 8
#define DEVBOX_LAUNCHER_MAX_BYTES 1024

/* Without the bytes that are not there */
typedef struct
{
  uint32_t type;
  int32_t signum;
  int32_t command_signum; /* 0: none */
  uint32_t slot;
  uint32_t n_closed;
  uint32_t n_bytes;
  char bytes[DEVBOX_LAUNCHER_MAX_BYTES];
} DevboxLauncherOrder;
