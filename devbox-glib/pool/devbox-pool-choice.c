/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-connection-group-private.h"

static gboolean
is_sound (DevboxPoolMember *member, gint64 limit)
{
  return member->status == DEVBOX_MEMBER_IDLE && member->last_proof_awake >= limit;
}

static guint
find_least_used (GPtrArray *members, gint64 limit)
{
  guint best = members->len;
  guint64 least = G_MAXUINT64;

  for (guint i = 0; i < members->len; i++)
    {
      DevboxPoolMember *member = g_ptr_array_index (members, i);
      guint64 n_uses = devbox_connection_get_n_uses (member->connection);

      if (n_uses < least && is_sound (member, limit))
        {
          best = i;
          least = n_uses;
        }
    }

  return best;
}

/* The first one at or after `start`, going round. */
static guint
find_from (GPtrArray *members, gint64 limit, guint start)
{
  for (guint i = 0; i < members->len; i++)
    {
      guint index = (start + i) % members->len;

      if (is_sound (g_ptr_array_index (members, index), limit))
        return index;
    }

  return members->len;
}

static guint
find_random (GPtrArray *members, gint64 limit)
{
  guint n_sound = 0;
  guint chosen = members->len;

  for (guint i = 0; i < members->len; i++)
    {
      if (is_sound (g_ptr_array_index (members, i), limit) && g_random_int_range (0, (gint32) ++n_sound) == 0)
        chosen = i;
    }

  return chosen;
}

DevboxPoolMember *
devbox_pool_choose_sound (DevboxConnectionGroup *group, const DevboxPoolSettings *settings)
{
  gint64 limit = devbox_pool_member_get_limit_of_trust (group, settings);
  guint index;

  switch (settings->strategy)
    {
    case DEVBOX_POOL_STRATEGY_ROUND_ROBIN:
      index = find_from (group->members, limit, group->last_chosen + 1);
      break;
    case DEVBOX_POOL_STRATEGY_RANDOM:
      index = find_random (group->members, limit);
      break;
    case DEVBOX_POOL_STRATEGY_LEAST_USED:
    default:
      index = find_least_used (group->members, limit);
      break;
    }

  if (index == group->members->len)
    return NULL;

  group->last_chosen = index;

  return g_ptr_array_index (group->members, index);
}

/* The one that was idle for the shortest time is the likeliest to be there still. */
DevboxPoolMember *
devbox_pool_choose_doubtful (DevboxConnectionGroup *group)
{
  DevboxPoolMember *best = NULL;

  for (guint i = 0; i < group->members->len; i++)
    {
      DevboxPoolMember *member = g_ptr_array_index (group->members, i);

      if (member->status == DEVBOX_MEMBER_IDLE && (best == NULL || member->last_proof > best->last_proof))
        best = member;
    }

  return best;
}
