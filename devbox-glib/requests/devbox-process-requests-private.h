/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-process-private.h"

G_BEGIN_DECLS

/* Starts a command in the background. Result: a DevboxProcess. */
DevboxRequest *devbox_spawn_request_new (DevboxAgentHandle *handle, DevboxCommand *command, GError **error);

/* Result: a GListStore of DevboxProcess. */
DevboxRequest *devbox_list_processes_request_new (DevboxAgentHandle *handle);

/* The newest process with that pid, in all that either dialect tells. Result: a DevboxProcess. */
DevboxRequest *devbox_process_status_request_new (DevboxAgentHandle *handle, int pid, GError **error);

/* How much to ask. */
typedef enum
{
  DEVBOX_PROCESS_QUESTION_ALL,   /* that either dialect tells */
  DEVBOX_PROCESS_QUESTION_STATE, /* no more than whether and how it has ended */
  DEVBOX_PROCESS_QUESTION_END,   /* again and again, ever more seldom, until it has ended; no deadline */
} DevboxProcessQuestion;

/* Updates the process. Result: what DevboxProcessAnswer has, as a pointer; never NULL. */
typedef enum
{
  DEVBOX_PROCESS_ANSWER_DONE = 1 << 0,
  DEVBOX_PROCESS_ANSWER_RUNS = 1 << 1,
  DEVBOX_PROCESS_ANSWER_TELLS_END = 1 << 2, /* the agent ends the log of a process that has ended */
} DevboxProcessAnswer;

DevboxRequest *
devbox_process_refresh_request_new (DevboxProcess *process, DevboxProcessQuestion question, GError **error);

/* Result: TRUE. The process is asked for its state afterwards. */
DevboxRequest *devbox_process_signal_request_new (DevboxProcess *process, int signal_num, GError **error);

G_END_DECLS
