/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-authentication-private.h"

#include "devbox-enum-types.h"
#include "devbox-error-private.h"
#include "devbox-secret-private.h"

#include <glib/gi18n-lib.h>

/* What the object and the one who waits for it share; it outlives either. */
typedef struct
{
  gatomicrefcount ref_count;
  GCancellable *cancellable; /* the authenticator's: that of the call is released where the call was made */

  GMutex mutex;
  GCond cond;
  gboolean has_ended;
  gboolean was_cancelled;
  char *authorization;
  GError *error;
  GMainContext *context; /* of the one who waits, unless he blocks */
} State;

/**
 * DevboxAuthentication:
 *
 * One question to a [iface@Devbox.Authenticator]: what is the platform told about who calls?
 *
 * The authenticator ends it with [method@Devbox.Authentication.complete] or [method@Devbox.Authentication.fail], in any
 * thread. Only the first of them counts. When the last reference goes without an end, the call fails.
 *
 * Since: 1.0
 */
struct _DevboxAuthentication
{
  GObject parent_instance;

  State *state;
  char *base_url;
  DevboxAuthorizationForm form;
};

G_DEFINE_FINAL_TYPE (DevboxAuthentication, devbox_authentication, G_TYPE_OBJECT)

enum
{
  PROP_BASE_URL = 1,
  PROP_FORM,
  PROP_CANCELLABLE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* State */

static State *
state_new (void)
{
  State *self = g_new0 (State, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);

  return self;
}

static State *
state_ref (State *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
state_unref (gpointer data)
{
  State *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_object_unref (self->cancellable);
  devbox_secret_free (self->authorization);
  g_clear_error (&self->error);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

/* Takes both. FALSE: it had ended before. */
static gboolean
state_end (State *self, char *authorization, GError *error)
{
  g_autoptr (GMainContext) context = NULL;
  gboolean is_end;

  g_mutex_lock (&self->mutex);
  is_end = !self->has_ended;
  if (is_end)
    {
      self->has_ended = TRUE;
      self->authorization = g_steal_pointer (&authorization);
      self->error = g_steal_pointer (&error);
      context = g_steal_pointer (&self->context);
      g_cond_broadcast (&self->cond);
    }
  g_mutex_unlock (&self->mutex);

  if (context != NULL)
    g_main_context_wakeup (context);

  devbox_secret_free (authorization);
  g_clear_error (&error);

  return is_end;
}

/* Nobody waits any longer, which an authenticator that still looks is told. Takes the error. */
static void
state_give_up (State *self, GError *error)
{
  if (state_end (self, NULL, error))
    g_cancellable_cancel (self->cancellable);
}

static gboolean
state_has_ended (State *self)
{
  gboolean has_ended;

  g_mutex_lock (&self->mutex);
  has_ended = self->has_ended;
  g_mutex_unlock (&self->mutex);

  return has_ended;
}

static GError *
new_cancelled_error (void)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Operation was cancelled"));
}

static GError *
new_timeout_error (void)
{
  return devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, NULL, "%s", _ ("The authenticator did not end in time"));
}

/* The group */

struct _DevboxAuthenticationGroup
{
  GMutex mutex;
  GPtrArray *states; /* of those under way; NULL: it is closed */
};

DevboxAuthenticationGroup *
devbox_authentication_group_new (void)
{
  DevboxAuthenticationGroup *self = g_new0 (DevboxAuthenticationGroup, 1);

  g_mutex_init (&self->mutex);
  self->states = g_ptr_array_new_with_free_func (state_unref);

  return self;
}

void
devbox_authentication_group_free (DevboxAuthenticationGroup *self)
{
  g_clear_pointer (&self->states, g_ptr_array_unref);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
devbox_authentication_group_close (DevboxAuthenticationGroup *self)
{
  g_autoptr (GPtrArray) states = NULL;

  g_mutex_lock (&self->mutex);
  states = g_steal_pointer (&self->states);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; states != NULL && i < states->len; i++)
    state_give_up (states->pdata[i], devbox_error_new_closed (NULL));
}

/* FALSE: it is closed. */
static gboolean
group_add (DevboxAuthenticationGroup *self, State *state)
{
  gboolean is_open;

  g_mutex_lock (&self->mutex);
  is_open = self->states != NULL;
  if (is_open)
    g_ptr_array_add (self->states, state_ref (state));
  g_mutex_unlock (&self->mutex);

  return is_open;
}

static void
group_remove (DevboxAuthenticationGroup *self, State *state)
{
  g_mutex_lock (&self->mutex);
  if (self->states != NULL)
    g_ptr_array_remove_fast (self->states, state);
  g_mutex_unlock (&self->mutex);
}

static void
mark_cancelled (GCancellable *cancellable, gpointer data)
{
  State *self = data;

  g_mutex_lock (&self->mutex);
  self->was_cancelled = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* The object */

static void
devbox_authentication_dispose (GObject *object)
{
  DevboxAuthentication *self = DEVBOX_AUTHENTICATION (object);

  state_end (self->state, NULL,
             devbox_error_new (DEVBOX_ERROR_AUTHENTICATION_FAILED, NULL, "%s",
                               _ ("The authenticator ended without a result")));

  G_OBJECT_CLASS (devbox_authentication_parent_class)->dispose (object);
}

static void
devbox_authentication_finalize (GObject *object)
{
  DevboxAuthentication *self = DEVBOX_AUTHENTICATION (object);

  state_unref (self->state);
  g_free (self->base_url);

  G_OBJECT_CLASS (devbox_authentication_parent_class)->finalize (object);
}

static void
devbox_authentication_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxAuthentication *self = DEVBOX_AUTHENTICATION (object);

  switch (property_id)
    {
    case PROP_BASE_URL:
      g_value_set_string (value, self->base_url);
      break;
    case PROP_FORM:
      g_value_set_enum (value, self->form);
      break;
    case PROP_CANCELLABLE:
      g_value_set_object (value, devbox_authentication_get_cancellable (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_authentication_class_init (DevboxAuthenticationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = devbox_authentication_dispose;
  object_class->finalize = devbox_authentication_finalize;
  object_class->get_property = devbox_authentication_get_property;

  /**
   * DevboxAuthentication:base-url:
   *
   * The address of the platform that the answer is sent to.
   *
   * Since: 1.0
   */
  properties[PROP_BASE_URL]
      = g_param_spec_string ("base-url", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxAuthentication:form:
   *
   * The form that the platform expects.
   *
   * Since: 1.0
   */
  properties[PROP_FORM]
      = g_param_spec_enum ("form", NULL, NULL, DEVBOX_TYPE_AUTHORIZATION_FORM, DEVBOX_AUTHORIZATION_FORM_PLAIN,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxAuthentication:cancellable:
   *
   * Is cancelled when the call that asks is, when its time is over, and when its client is closed.
   *
   * Since: 1.0
   */
  properties[PROP_CANCELLABLE]
      = g_param_spec_object ("cancellable", NULL, NULL, G_TYPE_CANCELLABLE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
devbox_authentication_init (DevboxAuthentication *self)
{
  self->state = state_new ();
}

static void
ask (State **state,
     DevboxAuthenticationGroup *group,
     DevboxAuthenticator *authenticator,
     const char *base_url,
     DevboxAuthorizationForm form)
{
  g_autoptr (DevboxAuthentication) run = g_object_new (DEVBOX_TYPE_AUTHENTICATION, NULL);

  run->base_url = g_strdup (base_url);
  run->form = form;
  *state = state_ref (run->state);

  /* An authenticator may take its time in there. */
  if (group_add (group, run->state))
    devbox_authenticator_authenticate (authenticator, run);
  else
    state_give_up (run->state, devbox_error_new_closed (NULL));
}

/**
 * devbox_authentication_get_base_url:
 * @self: an authentication
 *
 * Gets the address of the platform that the answer is sent to.
 *
 * Returns: the address, such as `https://devbox.example.org`
 *
 * Since: 1.0
 */
const char *
devbox_authentication_get_base_url (DevboxAuthentication *self)
{
  g_return_val_if_fail (DEVBOX_IS_AUTHENTICATION (self), NULL);

  return self->base_url;
}

/**
 * devbox_authentication_get_form:
 * @self: an authentication
 *
 * Gets the form that the platform expects.
 *
 * Returns: the form that the client is set to
 *
 * Since: 1.0
 */
DevboxAuthorizationForm
devbox_authentication_get_form (DevboxAuthentication *self)
{
  g_return_val_if_fail (DEVBOX_IS_AUTHENTICATION (self), DEVBOX_AUTHORIZATION_FORM_PLAIN);

  return self->form;
}

/**
 * devbox_authentication_get_cancellable:
 * @self: an authentication
 *
 * Gets what tells the authenticator that the call was cancelled, that its time is over, or that its client was closed.
 *
 * Returns: (transfer none): the cancellable
 *
 * Since: 1.0
 */
GCancellable *
devbox_authentication_get_cancellable (DevboxAuthentication *self)
{
  g_return_val_if_fail (DEVBOX_IS_AUTHENTICATION (self), NULL);

  return self->state->cancellable;
}

static gboolean
is_header_value (const char *text)
{
  const char *c = text;

  while (g_ascii_isprint (*c))
    c++;

  return *c == '\0' && text[0] != '\0' && text[0] != ' ' && c[-1] != ' ';
}

/**
 * devbox_authentication_complete:
 * @self: an authentication
 * @authorization: the whole value of the `Authorization` header, in printable ASCII
 *
 * Says what the platform is told.
 *
 * What cannot stand in a header makes the call fail with %DEVBOX_ERROR_VALIDATION_ERROR.
 *
 * Since: 1.0
 */
void
devbox_authentication_complete (DevboxAuthentication *self, const char *authorization)
{
  g_return_if_fail (DEVBOX_IS_AUTHENTICATION (self));
  g_return_if_fail (authorization != NULL);

  if (is_header_value (authorization))
    state_end (self->state, g_strdup (authorization), NULL);
  else
    state_end (self->state, NULL,
               devbox_error_new (DEVBOX_ERROR_VALIDATION_ERROR, NULL, "%s",
                                 _ ("The authenticator gave a value that cannot stand in a header")));
}

/**
 * devbox_authentication_fail:
 * @self: an authentication
 * @error: what went wrong
 *
 * Says that the platform cannot be told.
 *
 * The call ends with the error when it is a [error@Devbox.Error] or %G_IO_ERROR_CANCELLED, and otherwise with
 * %DEVBOX_ERROR_AUTHENTICATION_FAILED, its message, and the error as the cause.
 *
 * Since: 1.0
 */
void
devbox_authentication_fail (DevboxAuthentication *self, const GError *error)
{
  g_return_if_fail (DEVBOX_IS_AUTHENTICATION (self));
  g_return_if_fail (error != NULL);

  if (error->domain == DEVBOX_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    state_end (self->state, NULL, g_error_copy (error));
  else
    state_end (self->state, NULL,
               devbox_error_new (DEVBOX_ERROR_AUTHENTICATION_FAILED, &(DevboxErrorDetails){ .cause = error }, "%s",
                                 error->message));
}

/* Those who wait */

char *
devbox_authentication_wait (DevboxAuthenticationGroup *group,
                            DevboxAuthenticator *authenticator,
                            const char *base_url,
                            DevboxAuthorizationForm form,
                            gint64 deadline,
                            GCancellable *cancellable,
                            GError **error)
{
  State *state;
  gulong handler;
  char *authorization;

  ask (&state, group, authenticator, base_url, form);
  handler = cancellable != NULL ? g_cancellable_connect (cancellable, G_CALLBACK (mark_cancelled), state, NULL) : 0;

  g_mutex_lock (&state->mutex);
  while (!state->has_ended && !state->was_cancelled)
    {
      if (deadline == 0)
        g_cond_wait (&state->cond, &state->mutex);
      else if (!g_cond_wait_until (&state->cond, &state->mutex, deadline))
        break;
    }
  g_mutex_unlock (&state->mutex);

  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, handler);
  state_give_up (state, state->was_cancelled ? new_cancelled_error () : new_timeout_error ());
  group_remove (group, state);

  authorization = g_steal_pointer (&state->authorization);
  if (state->error != NULL)
    g_propagate_error (error, g_steal_pointer (&state->error));
  state_unref (state);

  return authorization;
}

/* A source of the context in which somebody waits. */
typedef struct
{
  GSource parent;

  DevboxAuthenticationGroup *group;
  State *state;
  GCancellable *cancellable;
  DevboxAuthenticationDone done;
  gpointer data;
} Waiter;

/* The group may go with this. */
static void
tell (DevboxAuthenticationGroup *group, State *state, DevboxAuthenticationDone done, gpointer data)
{
  group_remove (group, state);
  done (g_steal_pointer (&state->authorization), g_steal_pointer (&state->error), data);
}

/* It has ended, was cancelled, or its time has passed: an end that has come already stays. */
static gboolean
waiter_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  Waiter *self = (Waiter *) source;
  DevboxAuthenticationDone done = g_steal_pointer (&self->done);

  state_give_up (self->state,
                 g_cancellable_is_cancelled (self->cancellable) ? new_cancelled_error () : new_timeout_error ());
  tell (self->group, self->state, done, self->data);

  return G_SOURCE_REMOVE;
}

/* Also when the context goes before the end has come. */
static void
waiter_finalize (GSource *source)
{
  Waiter *self = (Waiter *) source;

  if (self->done != NULL)
    {
      state_give_up (self->state, new_cancelled_error ());
      tell (self->group, self->state, self->done, self->data);
    }
  state_unref (self->state);
  g_clear_object (&self->cancellable);
}

static gboolean
waiter_prepare (GSource *source, int *timeout)
{
  Waiter *self = (Waiter *) source;

  *timeout = -1;
  return state_has_ended (self->state);
}

static GSourceFuncs waiter_funcs = { waiter_prepare, NULL, waiter_dispatch, waiter_finalize, NULL, NULL };

/* What happens to a child source makes its parent ready. */
static gboolean
ignore (GCancellable *cancellable, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
devbox_authentication_start (DevboxAuthenticationGroup *group,
                             DevboxAuthenticator *authenticator,
                             const char *base_url,
                             DevboxAuthorizationForm form,
                             gint64 deadline,
                             GCancellable *cancellable,
                             DevboxAuthenticationDone done,
                             gpointer data)
{
  State *state;
  Waiter *waiter;
  GSource *source;
  g_autoptr (GMainContext) context = NULL;

  ask (&state, group, authenticator, base_url, form);
  if (state_has_ended (state))
    {
      tell (group, state, done, data);
      state_unref (state);
      return;
    }

  context = g_main_context_ref_thread_default ();
  source = g_source_new (&waiter_funcs, sizeof (Waiter));
  g_source_set_static_name (source, "[devbox] authentication");
  waiter = (Waiter *) source;
  waiter->group = group;
  waiter->state = state_ref (state);
  waiter->done = done;
  waiter->data = data;
  if (deadline != 0)
    g_source_set_ready_time (source, deadline);
  if (cancellable != NULL)
    {
      GSource *cancelled = g_cancellable_source_new (cancellable);

      waiter->cancellable = g_object_ref (cancellable);
      g_source_set_callback (cancelled, G_SOURCE_FUNC (ignore), NULL, NULL);
      g_source_add_child_source (source, cancelled);
      g_source_unref (cancelled);
    }
  g_source_attach (source, context);
  g_source_unref (source);

  /* From here on an end that comes wakes it up. */
  g_mutex_lock (&state->mutex);
  if (state->has_ended)
    g_main_context_wakeup (context);
  else
    state->context = g_steal_pointer (&context);
  g_mutex_unlock (&state->mutex);
  state_unref (state);
}
