/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-subscriptions-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-log-message-private.h"
#include "devbox-main-turn-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

#define MAX_SUBSCRIPTIONS 128

#define SHARE (4 * 1024) /* bytes that are looked at before it is the next subscription's turn */
#define WORK_A_LINE 64   /* beside its bytes */

struct _DevboxLogSubscriptions
{
  DevboxWatchQueue *queue;
  DevboxLogFinder *finder;
  GHashTable *subscriptions; /* "process:identifier" → Subscription */
  GQueue due;                /* those that may have something to send, in turn */
  GSource *more;             /* while there is more to do in the next turn of the main loop */
  GString *text;             /* of a line */
};

typedef struct
{
  DevboxLogSubscriptions *set;
  DevboxLogOwner owner;
  char *id;
  char *name;
  guint levels;
  gint64 created;
  DevboxOutputLog *log;
  DevboxOutputReader *reader;
  guint64 next;      /* line */
  guint64 first_new; /* what comes before is history */
  GList due_link;
  gboolean is_due;
} Subscription;

static void
subscription_free (gpointer data)
{
  Subscription *self = data;

  if (self->is_due)
    g_queue_unlink (&self->set->due, &self->due_link);
  devbox_output_log_remove_reader (self->log, self->reader);
  devbox_output_log_unref (self->log);
  g_free (self->id);
  g_free (self->name);
  g_free (self);
}

DevboxLogSubscriptions *
devbox_log_subscriptions_new (DevboxWatchQueue *queue, DevboxLogFinder *finder)
{
  DevboxLogSubscriptions *self = g_new0 (DevboxLogSubscriptions, 1);

  self->queue = queue;
  self->finder = devbox_log_finder_ref (finder);
  self->subscriptions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, subscription_free);
  g_queue_init (&self->due);
  self->text = g_string_new (NULL);

  return self;
}

void
devbox_log_subscriptions_free (DevboxLogSubscriptions *self)
{
  devbox_clear_source (&self->more);
  g_hash_table_unref (self->subscriptions);
  devbox_log_finder_unref (self->finder);
  g_string_free (self->text, TRUE);
  g_free (self);
}

static void
make_due (Subscription *self)
{
  if (self->is_due)
    return;

  self->is_due = TRUE;
  g_queue_push_tail_link (&self->set->due, &self->due_link);
}

static void
send_gap (Subscription *self)
{
  guint64 first = MAX (devbox_output_log_get_first_line (self->log), self->next + 1);

  devbox_watch_queue_push_event (self->set->queue,
                                 devbox_log_format_gap (self->owner, self->id, self->next, first - self->next));
  self->next = first;
}

/* What it cost. */
static gsize
send_line (Subscription *self)
{
  GString *text = self->set->text;
  DevboxOutputLine line;

  if (!devbox_output_log_read_line (self->log, self->next, &line, text))
    {
      send_gap (self);
      return WORK_A_LINE;
    }

  if ((self->levels & (1 << line.stream)) != 0)
    devbox_watch_queue_push_event (
        self->set->queue, devbox_log_format_line (self->owner, self->id, &line, text, line.sequence < self->first_new));
  self->next++;

  return text->len + WORK_A_LINE;
}

/* The subscription may be gone afterwards. */
static void
send_share (Subscription *self)
{
  DevboxLogSubscriptions *set = self->set;
  gsize work = 0;

  while (self->next < devbox_output_log_get_next_line (self->log))
    {
      if (work >= SHARE || !devbox_watch_queue_has_room (set->queue))
        {
          make_due (self);
          return;
        }
      work += send_line (self);
    }

  if (devbox_output_log_has_ended (self->log))
    {
      devbox_watch_queue_push_answer (set->queue, devbox_log_format_ended (self->owner, self->id));
      g_hash_table_remove (set->subscriptions, self->name);
    }
}

static gboolean
on_more (gpointer user_data)
{
  DevboxLogSubscriptions *self = user_data;

  devbox_clear_source (&self->more);
  devbox_log_subscriptions_continue (self);

  return G_SOURCE_REMOVE;
}

static void
continue_in_next_turn (DevboxLogSubscriptions *self)
{
  self->more = g_idle_source_new ();
  g_source_set_priority (self->more, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->more, "[devbox-server] log subscriptions");
  g_source_set_callback (self->more, on_more, self, NULL);
  g_source_attach (self->more, g_main_context_get_thread_default ());
}

void
devbox_log_subscriptions_continue (DevboxLogSubscriptions *self)
{
  gboolean is_over = FALSE;

  if (self->more != NULL)
    return;

  while (!is_over && !g_queue_is_empty (&self->due) && devbox_watch_queue_has_room (self->queue))
    {
      GList *link = g_queue_pop_head_link (&self->due);
      Subscription *subscription = link->data;

      subscription->is_due = FALSE;
      send_share (subscription);
      is_over = devbox_main_turn_is_over ();
    }

  if (is_over && !g_queue_is_empty (&self->due))
    continue_in_next_turn (self);
}

static void
on_output (DevboxOutputLog *log, gpointer user_data)
{
  Subscription *self = user_data;

  make_due (self);
  devbox_log_subscriptions_continue (self->set);
}

static char *
make_name (const DevboxLogRequest *request)
{
  return g_strconcat (devbox_log_owner_to_string (request->owner), ":", request->target_id, NULL);
}

static DevboxOutputLog *
find_log (DevboxLogSubscriptions *self, const DevboxLogRequest *request, GError **error)
{
  DevboxOutputLog *log = devbox_log_finder_find (self->finder, request->owner, request->target_id);

  if (log == NULL && request->owner == DEVBOX_LOG_PROCESS)
    g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_PROCESS_NOT_FOUND, _ ("There is no such process"));
  else if (log == NULL)
    g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SESSION_NOT_FOUND, _ ("There is no such session"));

  return log;
}

static void
start (DevboxLogSubscriptions *self, const DevboxLogRequest *request, DevboxOutputLog *log)
{
  Subscription *subscription = g_new0 (Subscription, 1);
  guint64 first = devbox_output_log_get_first_line (log);

  subscription->set = self;
  subscription->owner = request->owner;
  subscription->id = g_strdup (request->target_id);
  subscription->name = make_name (request);
  subscription->levels = request->levels;
  subscription->created = g_get_real_time ();
  subscription->due_link.data = subscription;
  subscription->log = devbox_output_log_ref (log);
  subscription->reader = devbox_output_log_add_reader (log, on_output, subscription);
  subscription->first_new = devbox_output_log_get_next_line (log);
  subscription->next = subscription->first_new - MIN (subscription->first_new - first, request->tail);
  g_hash_table_insert (self->subscriptions, subscription->name, subscription);

  devbox_watch_queue_push_answer (self->queue,
                                  devbox_log_format_subscribed (request->owner, request->target_id, request->levels));
  make_due (subscription);
  devbox_log_subscriptions_continue (self);
}

static gboolean
subscribe (DevboxLogSubscriptions *self, const DevboxLogRequest *request, GError **error)
{
  g_autofree char *name = make_name (request);
  DevboxOutputLog *log;

  if (g_hash_table_contains (self->subscriptions, name))
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                           _ ("This connection follows that log already"));
      return FALSE;
    }
  if (g_hash_table_size (self->subscriptions) >= MAX_SUBSCRIPTIONS)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED, _ ("A connection follows at most %d logs"),
                   MAX_SUBSCRIPTIONS);
      return FALSE;
    }

  log = find_log (self, request, error);
  if (log == NULL)
    return FALSE;

  start (self, request, log);
  return TRUE;
}

static gboolean
unsubscribe (DevboxLogSubscriptions *self, const DevboxLogRequest *request, GError **error)
{
  g_autofree char *name = make_name (request);

  if (!g_hash_table_remove (self->subscriptions, name))
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_NOT_FOUND,
                           _ ("This connection does not follow that log"));
      return FALSE;
    }

  devbox_watch_queue_push_answer (self->queue, devbox_log_format_unsubscribed (request->owner, request->target_id));
  return TRUE;
}

static void
list (DevboxLogSubscriptions *self)
{
  GString *text = devbox_log_list_begin ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Subscription *subscription = value;

      devbox_log_list_append (text, subscription->owner, subscription->id, subscription->levels, subscription->created);
    }
  devbox_log_list_end (text);
  devbox_watch_queue_push_answer (self->queue, text);
}

static gboolean
carry_out (DevboxLogSubscriptions *self, const DevboxLogRequest *request, GError **error)
{
  switch (request->action)
    {
    case DEVBOX_LOG_SUBSCRIBE:
      return subscribe (self, request, error);
    case DEVBOX_LOG_UNSUBSCRIBE:
      return unsubscribe (self, request, error);
    case DEVBOX_LOG_LIST:
      list (self);
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

void
devbox_log_subscriptions_handle (DevboxLogSubscriptions *self, const char *text, gsize size)
{
  g_auto (DevboxLogRequest) request = { 0 };
  g_autoptr (GError) error = NULL;

  if (!devbox_log_request_parse (&request, text, size, &error) || !carry_out (self, &request, &error))
    devbox_watch_queue_push_answer (self->queue, devbox_log_format_failure (error));
}
