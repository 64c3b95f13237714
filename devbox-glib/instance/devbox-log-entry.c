/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-entry-private.h"

#include "devbox-enum-types.h"

#include <string.h>

/**
 * DevboxLogLevel:
 * @DEVBOX_LOG_LEVEL_STDOUT: written to the standard output
 * @DEVBOX_LOG_LEVEL_STDERR: written to the standard error
 * @DEVBOX_LOG_LEVEL_SYSTEM: said by the agent, such as which commands a session was asked to run
 *
 * Where a [class@LogEntry] comes from.
 *
 * Since: 1.0
 */

/**
 * DevboxLogEntry:
 *
 * A line of the log of a process or a session, or a piece of what a command writes.
 *
 * An entry never changes, and can be read from any thread. See [class@LogReader] for where they come from.
 *
 * Since: 1.0
 */
struct _DevboxLogEntry
{
  GObject parent_instance;

  DevboxLogLevel level;
  char *text;
  GBytes *bytes;
  GDateTime *time;
  gint64 sequence;
  guint64 n_missed;
};

G_DEFINE_FINAL_TYPE (DevboxLogEntry, devbox_log_entry, G_TYPE_OBJECT)

enum
{
  PROP_LEVEL = 1,
  PROP_TEXT,
  PROP_BYTES,
  PROP_TIME,
  PROP_SEQUENCE,
  PROP_N_MISSED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_log_entry_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxLogEntry *self = DEVBOX_LOG_ENTRY (object);

  switch (property_id)
    {
    case PROP_LEVEL:
      g_value_set_enum (value, self->level);
      break;
    case PROP_TEXT:
      g_value_set_string (value, self->text);
      break;
    case PROP_BYTES:
      g_value_set_boxed (value, self->bytes);
      break;
    case PROP_TIME:
      g_value_set_boxed (value, self->time);
      break;
    case PROP_SEQUENCE:
      g_value_set_int64 (value, self->sequence);
      break;
    case PROP_N_MISSED:
      g_value_set_uint64 (value, self->n_missed);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_log_entry_finalize (GObject *object)
{
  DevboxLogEntry *self = DEVBOX_LOG_ENTRY (object);

  g_free (self->text);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->time, g_date_time_unref);

  G_OBJECT_CLASS (devbox_log_entry_parent_class)->finalize (object);
}

static void
devbox_log_entry_class_init (DevboxLogEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_log_entry_get_property;
  object_class->finalize = devbox_log_entry_finalize;

  /**
   * DevboxLogEntry:level:
   *
   * Where the entry comes from.
   *
   * Since: 1.0
   */
  properties[PROP_LEVEL]
      = g_param_spec_enum ("level", NULL, NULL, DEVBOX_TYPE_LOG_LEVEL, DEVBOX_LOG_LEVEL_STDOUT, flags);

  /**
   * DevboxLogEntry:text:
   *
   * The line with its line break, as text: valid UTF-8, with U+FFFD for what was none.
   *
   * Since: 1.0
   */
  properties[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);

  /**
   * DevboxLogEntry:bytes:
   *
   * The line with its line break, byte for byte where the agent tells that.
   *
   * Since: 1.0
   */
  properties[PROP_BYTES] = g_param_spec_boxed ("bytes", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * DevboxLogEntry:time:
   *
   * When the line was written, by the clock of the devbox; %NULL if the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_TIME] = g_param_spec_boxed ("time", NULL, NULL, G_TYPE_DATE_TIME, flags);

  /**
   * DevboxLogEntry:sequence:
   *
   * The number of the entry, one more than that of the entry before it; -1 if the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_SEQUENCE]
      = g_param_spec_int64 ("sequence", NULL, NULL, DEVBOX_LOG_NO_SEQUENCE, G_MAXINT64, DEVBOX_LOG_NO_SEQUENCE, flags);

  /**
   * DevboxLogEntry:n-missed:
   *
   * How many entries just before this one are missing: the agent no longer had them when they could be sent.
   *
   * Since: 1.0
   */
  properties[PROP_N_MISSED] = g_param_spec_uint64 ("n-missed", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_log_entry_init (DevboxLogEntry *self)
{
  self->sequence = DEVBOX_LOG_NO_SEQUENCE;
}

DevboxLogEntry *
devbox_log_entry_new (const DevboxLogLine *line)
{
  DevboxLogEntry *self = g_object_new (DEVBOX_TYPE_LOG_ENTRY, NULL);

  self->level = line->level;
  self->text = g_strdup (line->text);
  self->bytes = line->bytes != NULL ? g_bytes_ref (line->bytes) : g_bytes_new (self->text, strlen (self->text));
  self->time = line->time != NULL ? g_date_time_ref (line->time) : NULL;
  self->sequence = line->sequence;

  return self;
}

gsize
devbox_log_entry_get_size (DevboxLogEntry *self)
{
  return sizeof *self + strlen (self->text) + g_bytes_get_size (self->bytes);
}

void
devbox_log_entry_set_n_missed (DevboxLogEntry *self, guint64 n_missed)
{
  self->n_missed = n_missed;
}

gboolean
devbox_log_level_from_string (const char *name, DevboxLogLevel *level)
{
  static const char *const names[] = {
    [DEVBOX_LOG_LEVEL_STDOUT] = "stdout",
    [DEVBOX_LOG_LEVEL_STDERR] = "stderr",
    [DEVBOX_LOG_LEVEL_SYSTEM] = "system",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (strcmp (names[i], name) == 0)
        {
          *level = i;
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * devbox_log_entry_get_level:
 * @self: an entry
 *
 * Gets where the entry comes from.
 *
 * Returns: the level
 *
 * Since: 1.0
 */
DevboxLogLevel
devbox_log_entry_get_level (DevboxLogEntry *self)
{
  g_return_val_if_fail (DEVBOX_IS_LOG_ENTRY (self), DEVBOX_LOG_LEVEL_STDOUT);

  return self->level;
}

/**
 * devbox_log_entry_get_text:
 * @self: an entry
 *
 * Gets the line with its line break, as text.
 *
 * The text is valid UTF-8: U+FFFD stands for every byte that was not part of a character, and for NUL. The last line of
 * a log may have no line break, and a very long one comes in several entries.
 *
 * Returns: (transfer none): the text
 *
 * Since: 1.0
 */
const char *
devbox_log_entry_get_text (DevboxLogEntry *self)
{
  g_return_val_if_fail (DEVBOX_IS_LOG_ENTRY (self), NULL);

  return self->text;
}

/**
 * devbox_log_entry_get_bytes:
 * @self: an entry
 *
 * Gets the line with its line break, byte for byte where the agent tells that.
 *
 * In Python the result is a `bytes` object.
 *
 * Returns: (transfer none): the bytes
 *
 * Since: 1.0
 */
GBytes *
devbox_log_entry_get_bytes (DevboxLogEntry *self)
{
  g_return_val_if_fail (DEVBOX_IS_LOG_ENTRY (self), NULL);

  return self->bytes;
}

/**
 * devbox_log_entry_get_time:
 * @self: an entry
 *
 * Gets when the line was written, by the clock of the devbox.
 *
 * Returns: (transfer none) (nullable): the time, or %NULL if the agent did not tell
 *
 * Since: 1.0
 */
GDateTime *
devbox_log_entry_get_time (DevboxLogEntry *self)
{
  g_return_val_if_fail (DEVBOX_IS_LOG_ENTRY (self), NULL);

  return self->time;
}

/**
 * devbox_log_entry_get_sequence:
 * @self: an entry
 *
 * Gets the number of the entry, which is one more than that of the entry before it, of whatever level.
 *
 * Returns: the number, or -1 if the agent did not tell
 *
 * Since: 1.0
 */
gint64
devbox_log_entry_get_sequence (DevboxLogEntry *self)
{
  g_return_val_if_fail (DEVBOX_IS_LOG_ENTRY (self), DEVBOX_LOG_NO_SEQUENCE);

  return self->sequence;
}

/**
 * devbox_log_entry_get_n_missed:
 * @self: an entry
 *
 * Gets how many entries just before this one are missing.
 *
 * That happens when the program, or the network, was so slow that the agent no longer had them when they could be sent.
 *
 * Returns: the number, mostly 0
 *
 * Since: 1.0
 */
guint64
devbox_log_entry_get_n_missed (DevboxLogEntry *self)
{
  g_return_val_if_fail (DEVBOX_IS_LOG_ENTRY (self), 0);

  return self->n_missed;
}
