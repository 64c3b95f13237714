/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-list-private.h"

#include "devbox-client.h"
#include "devbox-enum-types.h"
#include "devbox-instance-private.h"
#include "devbox-instance-status-private.h"
#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * DevboxInstanceList:
 *
 * The devboxes of a platform, as [method@Client.list_instances_async] found them: a list model of [class@Instance].
 *
 * [method@InstanceList.refresh_async] brings it up to date: a devbox that is still there keeps its instance, whose
 * properties change, and its place; those that are gone are removed, and new ones are put in where the platform has
 * them. Nothing else is told in [signal@Gio.ListModel::items-changed], so that a view keeps its rows and what is
 * selected in them.
 *
 * The list shows what its filters, [property@InstanceList:status] and [property@InstanceList:runtime], let through at
 * the last refresh. A devbox that is paused by its instance, say, stays in a list of running ones until the next.
 *
 * A list is to be used in one thread: it changes, and tells of it, in the main context that was the thread-default one
 * when it was made. A refresh may be asked for in any thread.
 *
 * Since: 1.0
 */
struct _DevboxInstanceList
{
  GObject parent_instance;

  DevboxClient *client;
  DevboxInstanceStatus status;
  char *runtime;

  GMainContext *context;
  GPtrArray *instances;
  gint64 info_time; /* when it was like this, in monotonic time */
  gboolean is_changing;
};

enum
{
  PROP_CLIENT = 1,
  PROP_STATUS,
  PROP_RUNTIME,
  PROP_ITEM_TYPE,
  PROP_N_ITEMS,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static GType
get_item_type (GListModel *list)
{
  return DEVBOX_TYPE_INSTANCE;
}

static guint
get_n_items (GListModel *list)
{
  return DEVBOX_INSTANCE_LIST (list)->instances->len;
}

static gpointer
get_item (GListModel *list, guint position)
{
  DevboxInstanceList *self = DEVBOX_INSTANCE_LIST (list);

  return position < self->instances->len ? g_object_ref (self->instances->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxInstanceList,
                               devbox_instance_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
devbox_instance_list_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxInstanceList *self = DEVBOX_INSTANCE_LIST (object);

  switch (property_id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    case PROP_STATUS:
      g_value_set_enum (value, self->status);
      break;
    case PROP_RUNTIME:
      g_value_set_string (value, self->runtime);
      break;
    case PROP_ITEM_TYPE:
      g_value_set_gtype (value, DEVBOX_TYPE_INSTANCE);
      break;
    case PROP_N_ITEMS:
      g_value_set_uint (value, self->instances->len);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_instance_list_finalize (GObject *object)
{
  DevboxInstanceList *self = DEVBOX_INSTANCE_LIST (object);

  g_clear_object (&self->client);
  g_free (self->runtime);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_ptr_array_unref (self->instances);

  G_OBJECT_CLASS (devbox_instance_list_parent_class)->finalize (object);
}

static void
devbox_instance_list_class_init (DevboxInstanceListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = devbox_instance_list_get_property;
  object_class->finalize = devbox_instance_list_finalize;

  /**
   * DevboxInstanceList:client:
   *
   * The client that the list was made by.
   *
   * Since: 1.0
   */
  properties[PROP_CLIENT]
      = g_param_spec_object ("client", NULL, NULL, DEVBOX_TYPE_CLIENT, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstanceList:status:
   *
   * The state that the devboxes in the list are in; %DEVBOX_INSTANCE_STATUS_UNKNOWN if any will do.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS]
      = g_param_spec_enum ("status", NULL, NULL, DEVBOX_TYPE_INSTANCE_STATUS, DEVBOX_INSTANCE_STATUS_UNKNOWN,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstanceList:runtime:
   *
   * What the devboxes in the list were made from; %NULL if anything will do.
   *
   * Since: 1.0
   */
  properties[PROP_RUNTIME]
      = g_param_spec_string ("runtime", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstanceList:item-type:
   *
   * The type of what is in the list: that of [class@Instance].
   *
   * Since: 1.0
   */
  properties[PROP_ITEM_TYPE]
      = g_param_spec_gtype ("item-type", NULL, NULL, G_TYPE_OBJECT, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstanceList:n-items:
   *
   * How many devboxes there are in the list.
   *
   * Since: 1.0
   */
  properties[PROP_N_ITEMS]
      = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_instance_list_init (DevboxInstanceList *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->instances = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
index_by_name (GPtrArray *instances, GHashTable *by_name)
{
  for (guint i = 0; i < instances->len; i++)
    g_hash_table_insert (by_name, (gpointer) devbox_instance_get_name (instances->pdata[i]), instances->pdata[i]);
}

/* A name may have come to another devbox in the meantime. */
static gboolean
is_same_devbox (DevboxInstance *instance, DevboxInstanceInfo *info)
{
  g_autofree char *uid = devbox_instance_dup_uid (instance);
  const char *other_uid = devbox_instance_info_get_uid (info);

  return uid == NULL || other_uid == NULL || g_str_equal (uid, other_uid);
}

/* What the list shall hold, in the order of the platform: the instances that it has of them, brought up to date, and
 * new ones. */
static GPtrArray *
find_instances (DevboxInstanceList *self, GListModel *infos, gint64 info_time)
{
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *instances = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_infos = g_list_model_get_n_items (infos);

  index_by_name (self->instances, by_name);
  for (guint i = 0; i < n_infos; i++)
    {
      g_autoptr (DevboxInstanceInfo) info = g_list_model_get_item (infos, i);
      const char *name = devbox_instance_info_get_name (info);
      DevboxInstance *instance = g_hash_table_lookup (by_name, name);

      if (!g_hash_table_add (seen, g_strdup (name)))
        continue;

      if (instance != NULL && is_same_devbox (instance, info))
        {
          devbox_instance_apply_info (instance, info, info_time);
          g_ptr_array_add (instances, g_object_ref (instance));
        }
      else
        g_ptr_array_add (instances, devbox_instance_new_for_info (self->client, info, self->context, info_time));
    }

  return instances;
}

static GHashTable *
make_set (GPtrArray *instances)
{
  GHashTable *set = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < instances->len; i++)
    g_hash_table_add (set, instances->pdata[i]);

  return set;
}

static void
remove_others (DevboxInstanceList *self, GHashTable *wanted)
{
  guint end = self->instances->len;

  while (end > 0)
    {
      guint begin = end;

      while (begin > 0 && !g_hash_table_contains (wanted, self->instances->pdata[begin - 1]))
        begin--;
      if (begin < end)
        {
          g_ptr_array_remove_range (self->instances, begin, end - begin);
          g_list_model_items_changed (G_LIST_MODEL (self), begin, end - begin, 0);
        }
      end = MAX (begin, 1) - 1;
    }
}

/* Each run of new ones comes after what stands before it at the platform. */
static void
insert_others (DevboxInstanceList *self, GPtrArray *wanted)
{
  g_autoptr (GHashTable) present = make_set (self->instances);
  guint place = 0;

  for (guint i = 0; i < wanted->len;)
    {
      guint n_new = 0;

      while (i + n_new < wanted->len && !g_hash_table_contains (present, wanted->pdata[i + n_new]))
        {
          g_ptr_array_insert (self->instances, (int) (place + n_new), g_object_ref (wanted->pdata[i + n_new]));
          n_new++;
        }
      if (n_new > 0)
        g_list_model_items_changed (G_LIST_MODEL (self), place, 0, n_new);

      i += n_new;
      place += n_new;
      if (i < wanted->len)
        {
          g_ptr_array_find (self->instances, wanted->pdata[i], &place);
          place++;
          i++;
        }
    }
}

static void
change_instances (DevboxInstanceList *self, GPtrArray *wanted)
{
  g_autoptr (GHashTable) set = make_set (wanted);
  guint n_before = self->instances->len;

  remove_others (self, set);
  insert_others (self, wanted);
  if (self->instances->len != n_before)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

/* On its way to the context of the list. */
typedef struct
{
  DevboxInstanceList *self;
  GListModel *infos;
  gint64 info_time;
} News;

static void apply_later (News *news);

static void
news_free (gpointer data)
{
  News *news = data;

  g_object_unref (news->self);
  g_object_unref (news->infos);
  g_free (news);
}

static void
apply_news (DevboxInstanceList *self, GListModel *infos, gint64 info_time)
{
  g_autoptr (GPtrArray) wanted = NULL;

  self->is_changing = TRUE;
  self->info_time = info_time;
  wanted = find_instances (self, infos, info_time);
  change_instances (self, wanted);
  self->is_changing = FALSE;
}

static News *
news_new (DevboxInstanceList *self, GListModel *infos, gint64 info_time)
{
  News *news = g_new0 (News, 1);

  news->self = g_object_ref (self);
  news->infos = g_object_ref (infos);
  news->info_time = info_time;

  return news;
}

static gboolean
apply_in_context (gpointer data)
{
  const News *news = data;

  if (news->self->is_changing)
    /* Somebody who was told of one change asked for the next. */
    apply_later (news_new (news->self, news->infos, news->info_time));
  else if (news->info_time >= news->self->info_time)
    apply_news (news->self, news->infos, news->info_time);

  return G_SOURCE_REMOVE;
}

/* Takes the news. */
static void
apply_later (News *news)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "[devbox] list");
  g_source_set_callback (source, apply_in_context, news, news_free);
  g_source_attach (source, news->self->context);
}

void
devbox_instance_list_apply (DevboxInstanceList *self, GListModel *infos, gint64 info_time)
{
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, apply_in_context, news_new (self, infos, info_time),
                              news_free);
}

DevboxInstanceList *
devbox_instance_list_fill (DevboxInstanceList *self, GListModel *infos)
{
  if (infos == NULL)
    return NULL;

  apply_news (self, infos, g_get_monotonic_time ());
  g_object_unref (infos);

  return g_object_ref (self);
}

DevboxInstanceList *
devbox_instance_list_new (DevboxClient *client, DevboxInstanceStatus status, const char *runtime)
{
  DevboxInstanceList *self = g_object_new (DEVBOX_TYPE_INSTANCE_LIST, NULL);

  self->client = g_object_ref (client);
  self->status = status;
  self->runtime = g_strdup (runtime);

  return self;
}

DevboxRequest *
devbox_instance_list_request_new (DevboxInstanceList *self, GError **error)
{
  const char *status
      = self->status != DEVBOX_INSTANCE_STATUS_UNKNOWN ? devbox_instance_status_to_string (self->status) : NULL;

  return devbox_list_instances_request_new (status, self->runtime, error);
}

/**
 * devbox_instance_list_get_client:
 * @self: a list of devboxes
 *
 * Gets the client that the list was made by.
 *
 * Returns: (transfer none): the client
 *
 * Since: 1.0
 */
DevboxClient *
devbox_instance_list_get_client (DevboxInstanceList *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_LIST (self), NULL);

  return self->client;
}

/**
 * devbox_instance_list_get_status:
 * @self: a list of devboxes
 *
 * Gets the state that the devboxes in the list are in.
 *
 * Returns: the state, or %DEVBOX_INSTANCE_STATUS_UNKNOWN if any will do
 *
 * Since: 1.0
 */
DevboxInstanceStatus
devbox_instance_list_get_status (DevboxInstanceList *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_LIST (self), DEVBOX_INSTANCE_STATUS_UNKNOWN);

  return self->status;
}

/**
 * devbox_instance_list_get_runtime:
 * @self: a list of devboxes
 *
 * Gets what the devboxes in the list were made from.
 *
 * Returns: (transfer none) (nullable): the name of a runtime, or %NULL if anything will do
 *
 * Since: 1.0
 */
const char *
devbox_instance_list_get_runtime (DevboxInstanceList *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_LIST (self), NULL);

  return self->runtime;
}

static void
apply_refresh (gpointer source, gpointer result, gint64 start_time)
{
  devbox_instance_list_apply (source, result, start_time);
}

/**
 * devbox_instance_list_refresh_async:
 * @self: a list of devboxes
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the list is up to date
 * @user_data: what to give to @callback
 *
 * Brings the list, and the instances in it, up to date.
 *
 * Asked for in another thread than that of the list, it ends when the platform has answered; the list changes in its
 * own main context.
 *
 * Since: 1.0
 */
void
devbox_instance_list_refresh_async (DevboxInstanceList *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE_LIST (self));
  g_return_if_fail (self->client != NULL);

  request = devbox_instance_list_request_new (self, &error);
  devbox_platform_operation_async (self->client, self, devbox_instance_list_refresh_async, apply_refresh, request,
                                   error, cancellable, callback, user_data);
}

/**
 * devbox_instance_list_refresh_finish:
 * @self: a list of devboxes
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@InstanceList.refresh_async].
 *
 * Errors: none of its own; see [class@Client] for those that can meet any call. The list stays as it was then.
 *
 * Returns: %TRUE if the list is up to date, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_list_refresh_finish (DevboxInstanceList *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_LIST (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_list_refresh_sync:
 * @self: a list of devboxes
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Brings the list, and the instances in it, up to date, and waits until that is done.
 *
 * See [method@InstanceList.refresh_async], and [method@InstanceList.refresh_finish] for the errors.
 *
 * Returns: %TRUE if the list is up to date, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_list_refresh_sync (DevboxInstanceList *self, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE_LIST (self), FALSE);
  g_return_val_if_fail (self->client != NULL, FALSE); /* bindings can make one that lists nothing */

  request = devbox_instance_list_request_new (self, &cause);

  return devbox_platform_operation_drop_object (
      devbox_platform_operation_sync (self->client, self, apply_refresh, request, cause, cancellable, error));
}
