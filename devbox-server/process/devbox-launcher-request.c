/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-launcher-request-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-packet-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

G_STATIC_ASSERT ((int) DEVBOX_LAUNCHER_N_DESCRIPTORS <= DEVBOX_PACKET_MAX_DESCRIPTORS);
G_STATIC_ASSERT (DEVBOX_LAUNCHER_N_SLOTS <= DEVBOX_PACKET_MAX_DESCRIPTORS);

void
devbox_launcher_ends_clear (DevboxLauncherEnds *self)
{
  devbox_auto_descriptor_clear (&self->control);
  devbox_auto_descriptor_clear (&self->input);
  devbox_auto_descriptor_clear (&self->output);
  devbox_auto_descriptor_clear (&self->error_output);
}

/* The command's ends, which go to the helper. */
typedef struct
{
  int control;
  int strings;
  int input;
  int output;
  int error_output;
} TheirEnds;

static void
their_ends_clear (TheirEnds *self)
{
  devbox_auto_descriptor_clear (&self->control);
  devbox_auto_descriptor_clear (&self->strings);
  devbox_auto_descriptor_clear (&self->input);
  devbox_auto_descriptor_clear (&self->output);
  devbox_auto_descriptor_clear (&self->error_output);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TheirEnds, their_ends_clear)

/* FALSE with errno. */
static gboolean
write_strings (const GByteArray *strings, int *fd)
{
  gsize written = 0;

  *fd = memfd_create ("devbox-command", MFD_CLOEXEC);
  if (*fd < 0)
    return FALSE;

  while (written < strings->len)
    {
      gssize n = write (*fd, strings->data + written, strings->len - written);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        written += n;
    }

  return TRUE;
}

static gboolean
open_control (int *ours, int *theirs)
{
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return FALSE;

  *ours = pair[0];
  *theirs = pair[1];
  return TRUE;
}

static gboolean
open_pipe (int *reader, int *writer, int *ours)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) != 0)
    return FALSE;

  *reader = ends[0];
  *writer = ends[1];
  return fcntl (*ours, F_SETFL, O_NONBLOCK) == 0;
}

int
devbox_launcher_request_send (DevboxLauncherRequest *request,
                              int helper_socket,
                              const GByteArray *strings,
                              gboolean with_input,
                              int folder_fd,
                              DevboxLauncherEnds *ends)
{
  g_auto (DevboxLauncherEnds) ours = DEVBOX_LAUNCHER_ENDS_INIT;
  g_auto (TheirEnds) theirs = { -1, -1, -1, -1, -1 };
  int fds[DEVBOX_LAUNCHER_N_DESCRIPTORS];
  gsize n_fds = DEVBOX_LAUNCHER_N_REQUIRED;

  if (!open_control (&ours.control, &theirs.control) || !write_strings (strings, &theirs.strings)
      || !open_pipe (&ours.output, &theirs.output, &ours.output)
      || !open_pipe (&ours.error_output, &theirs.error_output, &ours.error_output)
      || (with_input && !open_pipe (&theirs.input, &ours.input, &ours.input)))
    return errno;

  request->strings_size = strings->len;
  request->flags &= DEVBOX_LAUNCHER_IS_FED;
  fds[DEVBOX_LAUNCHER_CONTROL] = theirs.control;
  fds[DEVBOX_LAUNCHER_STRINGS] = theirs.strings;
  fds[DEVBOX_LAUNCHER_STDOUT] = theirs.output;
  fds[DEVBOX_LAUNCHER_STDERR] = theirs.error_output;
  if (with_input)
    {
      request->flags |= DEVBOX_LAUNCHER_HAS_STDIN;
      fds[n_fds++] = theirs.input;
    }
  if (folder_fd >= 0)
    {
      request->flags |= DEVBOX_LAUNCHER_HAS_FOLDER;
      fds[n_fds++] = folder_fd;
    }

  if (!devbox_packet_send (helper_socket, request, sizeof *request, fds, n_fds))
    return errno;

  *ends = ours;
  ours = (DevboxLauncherEnds) DEVBOX_LAUNCHER_ENDS_INIT;
  return 0;
}
