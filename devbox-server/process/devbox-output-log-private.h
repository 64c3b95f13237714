/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-output-budget-private.h"
#include "devbox-output-spill-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a command or a session wrote. Recent bytes are in memory, older ones in a file that the logs of an agent share,
 * up to a limit. Any number of readers follow it, each at its own pace: who is slow stalls nobody and costs nothing,
 * and who is overtaken learns so, since its offset or line lies before the first that is left.
 * Reference counted; all calls from the thread of its context. */
typedef struct _DevboxOutputLog DevboxOutputLog;

/* Each stream is addressed by the offset of its bytes, from 0 on for its whole life. */
typedef enum
{
  DEVBOX_OUTPUT_STDOUT,
  DEVBOX_OUTPUT_STDERR,
  DEVBOX_OUTPUT_SYSTEM, /* notes of the agent itself */
  DEVBOX_OUTPUT_N_STREAMS,
} DevboxOutputStream;

typedef enum
{
  DEVBOX_OUTPUT_KEEP_FIRST, /* what comes beyond the limit is dropped */
  DEVBOX_OUTPUT_KEEP_LAST,  /* the oldest goes: the first offset moves on */
} DevboxOutputRetention;

typedef struct
{
  DevboxOutputRetention retention;
  gsize limit; /* bytes of each stream, in memory and in the file together; from a launcher, 0: its own */
  guint
      max_lines; /* of all streams together, of which the last are kept; 0: lines are not counted, and there are none */
} DevboxOutputPolicy;

/* context: where readers are told. */
DevboxOutputLog *devbox_output_log_new (const DevboxOutputPolicy *policy,
                                        GMainContext *context,
                                        DevboxOutputBudget *budget,
                                        DevboxOutputSpill *spill);
DevboxOutputLog *devbox_output_log_ref (DevboxOutputLog *self);
void devbox_output_log_unref (DevboxOutputLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxOutputLog, devbox_output_log_unref)

/* The writer. What is appended after the end is ignored. */
void devbox_output_log_append (DevboxOutputLog *self, DevboxOutputStream stream, const void *data, gsize size);
/* A last line that has no end becomes a line. */
void devbox_output_log_end (DevboxOutputLog *self);
gboolean devbox_output_log_has_ended (DevboxOutputLog *self);

/* Bytes. What is left of a stream is [first offset, end offset). */
guint64 devbox_output_log_get_first_offset (DevboxOutputLog *self, DevboxOutputStream stream);
guint64 devbox_output_log_get_end_offset (DevboxOutputLog *self, DevboxOutputStream stream);
/* Something of it was dropped, at its beginning or at its end. */
gboolean devbox_output_log_is_truncated (DevboxOutputLog *self, DevboxOutputStream stream);
/* How many bytes from offset on were copied: less than size at the end of what is there, or 0 before the first offset.
 */
gsize
devbox_output_log_read (DevboxOutputLog *self, DevboxOutputStream stream, guint64 offset, void *buffer, gsize size);

/* Lines of all streams, in the order in which they ended. Their numbers count from 1 and never come again; those left
 * are [first line, next line). The oldest go when there are too many, or when bytes of them are gone. */
#define DEVBOX_OUTPUT_MAX_LINE (64 * 1024) /* a longer one is split */

typedef struct
{
  guint64 sequence;
  DevboxOutputStream stream;
  gint64 time; /* real, µs, of its end; to the millisecond */
  guint64 offset;
  gsize size; /* with its "\n", which the parts of a split line and an unfinished last one lack */
} DevboxOutputLine;

guint64 devbox_output_log_get_first_line (DevboxOutputLog *self);
guint64 devbox_output_log_get_next_line (DevboxOutputLog *self);
/* Fills in line, and text if it is not NULL (from its beginning; any bytes, not only UTF-8). FALSE: there is no such
 * line (any more, or yet). Cheap for one after the other. */
gboolean devbox_output_log_read_line (DevboxOutputLog *self, guint64 sequence, DevboxOutputLine *line, GString *text);

/* Readers are told from the main loop, at most once a turn, that something was appended or the log has ended; not of
 * what was there before. The function may remove any reader, add others, append, and let go of the log. */
typedef struct _DevboxOutputReader DevboxOutputReader;
typedef void (*DevboxOutputReaderFunc) (DevboxOutputLog *self, gpointer user_data);

/* Keeps no reference: the reader must be removed before it lets go of the log. */
DevboxOutputReader *
devbox_output_log_add_reader (DevboxOutputLog *self, DevboxOutputReaderFunc func, gpointer user_data);
void devbox_output_log_remove_reader (DevboxOutputLog *self, DevboxOutputReader *reader);

/* To give memory and room back, in bytes; all but the first two once it has ended. */
gsize devbox_output_log_get_memory (DevboxOutputLog *self);
guint64 devbox_output_log_get_size_in_file (DevboxOutputLog *self);
/* Moves all bytes to the file; FALSE: some had to stay in memory. */
gboolean devbox_output_log_spill (DevboxOutputLog *self);
/* Drops all, as a gap, now or once nobody holds it any more. */
void devbox_output_log_discard (DevboxOutputLog *self);
/* For as long as someone who sends it returns to the main loop meanwhile. */
void devbox_output_log_hold (DevboxOutputLog *self);
void devbox_output_log_release (DevboxOutputLog *self);

G_END_DECLS
