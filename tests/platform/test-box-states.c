/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-members-private.h"
#include "devbox-box-process-private.h"
#include "devbox-box-protocol-private.h"
#include "devbox-box-table-inner-private.h"
#include "store-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Boxes with a real store and real processes, asked for one thing after the other while their agents, the disk and the
 * platform fail. The agent is this same program, which behaves as a link in the data folder says. */

#define BEHAVIOUR_LINK "../../../behaviour" /* from a workspace */
#define N_BOXES 6
#define N_STEPS 80
#define QUICK_USEC (4 * G_USEC_PER_SEC)
#define N_SLOW_ROUNDS 100
#define WAIT_USEC (45 * G_USEC_PER_SEC)
#define KILL_MS 5000
#define MAX_STARTING 4

/* The agent */

static const char *const behaviours[] = { "serve", "exit", "refuse", "mute", "die", "babble", "insist" };
#define N_QUICK_BEHAVIOURS (G_N_ELEMENTS (behaviours) - 1) /* what insists takes 10 s to be stopped */

static void
say (int fd, const char *json)
{
  g_assert_true (devbox_box_protocol_send (fd, json, strlen (json), -1, NULL));
}

static void
obey (int fd, const char *behaviour, JsonObject *order)
{
  const char *type = json_object_get_string_member (order, "type");

  if (strcmp (type, "stop") == 0 && strcmp (behaviour, "insist") != 0)
    exit (0);
  else if (strcmp (type, "count") == 0)
    say (fd, "{\"type\":\"counted\",\"bytesIn\":1,\"bytesOut\":2}");
  else if (strcmp (type, "start") == 0 && strcmp (behaviour, "refuse") == 0)
    say (fd, "{\"type\":\"failed\",\"error\":\"It does not want to\"}");
  else if (strcmp (type, "start") == 0 && strcmp (behaviour, "mute") != 0)
    say (fd, "{\"type\":\"ready\"}");
}

static int
run_agent (int fd)
{
  g_autofree char *behaviour = g_file_read_link (BEHAVIOUR_LINK, NULL);
  gboolean dies = strcmp (behaviour, "die") == 0;

  if (strcmp (behaviour, "exit") == 0)
    return 3;
  if (strcmp (behaviour, "babble") == 0)
    say (fd, "{\"type\":\"hello\"}");

  for (;;)
    {
      struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
      g_autoptr (JsonObject) order = NULL;
      int passed = -1;

      if (poll (&poll_fd, 1, dies ? 30 : -1) == 0)
        return 4;
      order = devbox_box_protocol_receive (fd, &passed, NULL);
      if (passed >= 0)
        close (passed);
      if (order == NULL)
        return 0;
      obey (fd, behaviour, order);
    }
}

/* The platform */

typedef struct
{
  StoreFixture store;
  DevboxBoxHost host;
  DevboxBoxTable *table;
  guint n_descriptors;
  guint n_created;
  GPtrArray *requests;
  GPtrArray *uids; /* of all boxes that ever were */
  gboolean is_retired;
} Fixture;

typedef struct
{
  Fixture *fixture;
  DevboxBoxGoal goal;
  gboolean is_change; /* of the record, not of the goal */
  guint n_told;
  int code; /* of the error; -1: none */
} Request;

static void
set_behaviour (Fixture *fixture, const char *behaviour)
{
  g_autofree char *path = store_fixture_get_path (&fixture->store, "behaviour");
  g_autofree char *new_path = store_fixture_get_path (&fixture->store, "behaviour.new");

  g_assert_cmpint (symlink (behaviour, new_path), ==, 0);
  g_assert_cmpint (g_rename (new_path, path), ==, 0);
}

/* As a full disk does, it fails the store, and folders that are being made. */
static void
fill_disk (gboolean is_full)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = is_full ? 0 : limit.rlim_max;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static void
open_platform (Fixture *fixture)
{
  DevboxBoxHost *host = &fixture->host;
  g_autofree char *agent = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GError) error = NULL;

  store_fixture_open (&fixture->store);
  host->folder = g_strdup (fixture->store.folder);
  host->folder_fd = open (host->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  host->store = fixture->store.store;
  host->sandbox = devbox_sandbox_new (DEVBOX_SANDBOX_NONE, agent, &error);
  g_assert_no_error (error);
  host->workers = devbox_workers_new (2, 100);
  host->slow_workers = devbox_workers_new (2, 100);
  host->templates = devbox_template_set_new ();
  host->releases = devbox_release_table_new (host->store, host->slow_workers, host->folder, &error);
  g_assert_no_error (error);
  fixture->table = devbox_box_table_new (host, &error);
  g_assert_no_error (error);
}

static void
close_platform (Fixture *fixture)
{
  DevboxBoxHost *host = &fixture->host;

  g_clear_pointer (&fixture->table, devbox_box_table_free);
  g_assert_true (devbox_box_process_wait_for_all (KILL_MS));
  devbox_workers_free (host->workers);
  devbox_workers_free (host->slow_workers);
  devbox_release_table_free (host->releases);
  store_fixture_close (&fixture->store);
  devbox_template_set_free (host->templates);
  devbox_sandbox_free (host->sandbox);
  g_close (host->folder_fd, NULL);
  g_free (host->folder);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->n_descriptors = count_descriptors ();
  fixture->requests = g_ptr_array_new_with_free_func (g_free);
  fixture->uids = g_ptr_array_new_with_free_func (g_free);
  store_fixture_set_up (&fixture->store, NULL);
  store_fixture_close (&fixture->store);
  set_behaviour (fixture, "serve");
  open_platform (fixture);
}

static gboolean
is_empty (Fixture *fixture, const char *name)
{
  g_autofree char *path = store_fixture_get_path (&fixture->store, name);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  return g_dir_read_name (dir) == NULL;
}

static void
assert_no_process_is_left (Fixture *fixture)
{
  g_autoptr (GArray) members = NULL;

  g_ptr_array_add (fixture->uids, NULL);
  members = devbox_box_members_find_marked ((const char *const *) fixture->uids->pdata);
  g_ptr_array_set_size (fixture->uids, fixture->uids->len - 1);
  for (guint i = 0; i < members->len; i++)
    g_assert_false (devbox_box_member_lives (&g_array_index (members, DevboxBoxMember, i)));
}

static void
assert_all_were_told (Fixture *fixture)
{
  for (guint i = 0; i < fixture->requests->len; i++)
    g_assert_cmpuint (((Request *) fixture->requests->pdata[i])->n_told, ==, 1);
  g_ptr_array_set_size (fixture->requests, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  close_platform (fixture);
  assert_all_were_told (fixture);
  assert_no_process_is_left (fixture);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (count_descriptors (), ==, fixture->n_descriptors);

  store_fixture_tear_down (&fixture->store, NULL);
  g_ptr_array_unref (fixture->requests);
  g_ptr_array_unref (fixture->uids);
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

#define wait_until(condition)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    gint64 wait_end = g_get_monotonic_time () + WAIT_USEC;                                                             \
    guint wait_tick = g_timeout_add (2, on_tick, NULL);                                                                \
    while (!(condition))                                                                                               \
      {                                                                                                                \
        g_assert_cmpint (g_get_monotonic_time (), <, wait_end);                                                        \
        g_main_context_iteration (NULL, TRUE);                                                                         \
      }                                                                                                                \
    g_source_remove (wait_tick);                                                                                       \
  }                                                                                                                    \
  G_STMT_END

static void
run_for (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  wait_until (g_get_monotonic_time () >= end);
}

/* Requests */

static char *
get_marker (Fixture *fixture, const DevboxBoxRecord *record)
{
  return g_build_filename (fixture->store.folder, "boxes", record->uid, "workspace", "marker", NULL);
}

/* Whoever was told that it runs may have put something there. */
static void
put_marker (Fixture *fixture, const DevboxBoxRecord *record)
{
  g_autofree char *path = get_marker (fixture, record);
  int fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

static gboolean
has_marker (Fixture *fixture, const DevboxBoxRecord *record)
{
  g_autofree char *path = get_marker (fixture, record);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
assert_reached (Fixture *fixture, DevboxBox *box, DevboxBoxGoal goal)
{
  static const DevboxBoxStatus statuses[] = { DEVBOX_BOX_RUNNING, DEVBOX_BOX_STOPPED, DEVBOX_BOX_SHUT_DOWN };
  const DevboxBoxRecord *record = devbox_box_get_record (box);

  if (goal == DEVBOX_BOX_GOAL_DELETED)
    {
      DevboxBox *other = devbox_box_table_lookup (fixture->table, record->owner, record->name, NULL);

      g_assert_true (other != box);
      return;
    }

  g_assert_cmpint (record->goal, ==, goal);
  g_assert_cmpint (devbox_box_get_status (box), ==, statuses[goal]);
  g_assert_null (devbox_box_get_reason (box));
  if (goal == DEVBOX_BOX_GOAL_RUNNING)
    {
      g_assert_true (record->is_provisioned);
      g_assert_cmpuint (record->agent_port, !=, 0);
      put_marker (fixture, record);
    }
}

static void
on_told (DevboxBox *box, const GError *error, gpointer user_data)
{
  Request *request = user_data;

  request->n_told++;
  request->code = error != NULL ? error->code : -1;
  if (error != NULL)
    g_assert_true (error->domain == DEVBOX_WIRE_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  else if (!request->is_change)
    assert_reached (request->fixture, box, request->goal);
}

static Request *
request_new (Fixture *fixture, DevboxBoxGoal goal, gboolean is_change)
{
  Request *request = g_new0 (Request, 1);

  request->fixture = fixture;
  request->goal = goal;
  request->is_change = is_change;
  g_ptr_array_add (fixture->requests, request);

  return request;
}

static Request *
ask (Fixture *fixture, DevboxBox *box, DevboxBoxGoal goal, gboolean restart)
{
  Request *request = request_new (fixture, goal, FALSE);

  devbox_box_set_goal (box, goal, restart, on_told, request);
  return request;
}

static void
on_created (DevboxBox *box, gboolean is_new, const GError *error, gpointer user_data)
{
  Request *request = user_data;

  g_assert_true ((box == NULL) == (error != NULL));
  request->n_told++;
  request->code = error != NULL ? error->code : -1;
}

static Request *
create (Fixture *fixture)
{
  Request *request = request_new (fixture, DEVBOX_BOX_GOAL_RUNNING, TRUE);
  DevboxBoxRecord *record = devbox_box_record_new ();

  record->owner = g_strdup ("ns-admin");
  record->name = g_strdup_printf ("box-%u", g_test_rand_int_range (0, N_BOXES));
  record->runtime = g_strdup ("bash");
  record->cpu = 1000;
  record->memory = 512;
  record->created = g_get_real_time ();
  if (g_test_rand_bit ())
    {
      record->idempotency_key = g_strdup_printf ("key-%u", fixture->n_created / 2);
      record->request_digest = g_strdup_printf ("digest-%u", fixture->n_created / 3);
    }
  fixture->n_created++;
  g_ptr_array_add (fixture->uids, g_strdup (record->uid));
  devbox_box_table_create (fixture->table, record, on_created, request);

  return request;
}

static void
change_ports (Fixture *fixture, DevboxBox *box)
{
  g_autoptr (GPtrArray) ports = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_port_free);

  for (int i = g_test_rand_int_range (0, 4); i > 0; i--)
    g_ptr_array_add (ports, devbox_box_port_new (8000 + i, NULL, "HTTP"));
  devbox_box_update (box, g_test_rand_bit () ? 500 : 0, 0, ports, on_told,
                     request_new (fixture, DEVBOX_BOX_GOAL_RUNNING, TRUE));
}

static DevboxBox *
draw_box (Fixture *fixture)
{
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (fixture->table, NULL);

  return boxes->len > 0 ? devbox_box_ref (boxes->pdata[g_test_rand_int_range (0, boxes->len)]) : NULL;
}

static void
step_box (Fixture *fixture, DevboxBox *box, int draw)
{
  if (draw < 20)
    ask (fixture, box, DEVBOX_BOX_GOAL_RUNNING, FALSE);
  else if (draw < 35)
    ask (fixture, box, DEVBOX_BOX_GOAL_RUNNING, TRUE);
  else if (draw < 50)
    ask (fixture, box, DEVBOX_BOX_GOAL_PAUSED, FALSE);
  else if (draw < 62)
    ask (fixture, box, DEVBOX_BOX_GOAL_SHUTDOWN, FALSE);
  else if (draw < 68)
    ask (fixture, box, DEVBOX_BOX_GOAL_DELETED, FALSE);
  else if (draw < 74)
    change_ports (fixture, box);
  else
    devbox_box_set_startup_command (box, g_test_rand_bit () ? "true" : "", on_told,
                                    request_new (fixture, DEVBOX_BOX_GOAL_RUNNING, TRUE));
}

static void
step (Fixture *fixture)
{
  g_autoptr (DevboxBox) box = draw_box (fixture);
  int draw = g_test_rand_int_range (0, 100);
  guint n_behaviours = g_test_slow () ? G_N_ELEMENTS (behaviours) : N_QUICK_BEHAVIOURS;

  if (box == NULL || draw >= 95)
    create (fixture);
  else if (draw < 77)
    step_box (fixture, box, draw);
  else if (draw < 85)
    set_behaviour (fixture, behaviours[g_test_rand_int_range (0, n_behaviours)]);
  else if (draw < 89)
    set_behaviour (fixture, "serve");
  else
    fill_disk (draw < 91);

  if (g_test_rand_bit ())
    run_for (g_test_rand_int_range (0, 20));
}

/* What each comes to when nothing fails any more */

static gboolean
is_there (Fixture *fixture, DevboxBox *box)
{
  const DevboxBoxRecord *record = devbox_box_get_record (box);

  return devbox_box_table_lookup (fixture->table, record->owner, record->name, NULL) == box
         && record->goal != DEVBOX_BOX_GOAL_DELETED;
}

static void
reach (Fixture *fixture, DevboxBox *box, DevboxBoxGoal goal, gboolean restart)
{
  gboolean is_reached = FALSE;

  /* What failed before may be told still. */
  for (guint i = 0; is_there (fixture, box) && !is_reached; i++)
    {
      Request *request = ask (fixture, box, goal, restart);

      g_assert_cmpuint (i, <, 3);
      wait_until (request->n_told > 0);
      is_reached = request->code < 0;
    }
}

static gboolean
is_any_being_deleted (Fixture *fixture)
{
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (fixture->table, NULL);
  gboolean is_any = FALSE;

  for (guint i = 0; i < boxes->len; i++)
    is_any |= devbox_box_get_record (boxes->pdata[i])->goal == DEVBOX_BOX_GOAL_DELETED;

  return is_any;
}

static void
assert_stored (Fixture *fixture)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) boxes = NULL;

  wait_until (!is_any_being_deleted (fixture));
  run_for (20);
  boxes = devbox_box_table_list (fixture->table, NULL);
  records = load_boxes (&fixture->store);
  g_assert_cmpuint (records->len, ==, boxes->len);
  for (guint i = 0; i < records->len; i++)
    {
      const DevboxBoxRecord *stored = records->pdata[i];
      DevboxBox *box = devbox_box_table_lookup (fixture->table, stored->owner, stored->name, NULL);
      const DevboxBoxRecord *record = devbox_box_get_record (box);

      g_assert_cmpstr (stored->uid, ==, record->uid);
      g_assert_cmpint (stored->goal, ==, record->goal);
      g_assert_cmpint (stored->is_provisioned, ==, record->is_provisioned);
      g_assert_cmpuint (stored->cpu, ==, record->cpu);
      g_assert_cmpuint (stored->ports->len, ==, record->ports->len);
      g_assert_cmpstr (stored->startup_command, ==, record->startup_command);
    }
}

static void
settle (Fixture *fixture)
{
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (fixture->table, NULL);

  fill_disk (FALSE);
  set_behaviour (fixture, "serve");
  for (guint i = 0; i < boxes->len; i++)
    {
      gboolean was_used = has_marker (fixture, devbox_box_get_record (boxes->pdata[i]));

      reach (fixture, boxes->pdata[i], DEVBOX_BOX_GOAL_RUNNING, TRUE);
      if (!is_there (fixture, boxes->pdata[i]))
        continue;
      g_assert_true (!was_used || has_marker (fixture, devbox_box_get_record (boxes->pdata[i])));
      reach (fixture, boxes->pdata[i], g_test_rand_int_range (0, DEVBOX_BOX_GOAL_DELETED), FALSE);
    }

  g_clear_pointer (&boxes, g_ptr_array_unref);
  assert_stored (fixture);
}

/* 1 or 0 */
static guint
count_boxes (Fixture *fixture, DevboxBox *box)
{
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (fixture->table, NULL);

  return g_ptr_array_find (boxes, box, NULL);
}

static void
on_retired (gpointer user_data)
{
  ((Fixture *) user_data)->is_retired = TRUE;
}

/* The uids of those that are being deleted. */
static GHashTable *
collect_deleted (Fixture *fixture)
{
  GHashTable *uids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (fixture->table, NULL);

  for (guint i = 0; i < boxes->len; i++)
    {
      const DevboxBoxRecord *record = devbox_box_get_record (boxes->pdata[i]);

      if (record->goal == DEVBOX_BOX_GOAL_DELETED)
        g_hash_table_add (uids, g_strdup (record->uid));
    }

  return uids;
}

/* Each goes on as it was meant to be. On a full disk a folder goes before the record can be written: such a box, when
 * the platform ends just then, is there again without its folder, and can be deleted again. */
static void
restart (Fixture *fixture)
{
  g_autoptr (GHashTable) deleted = collect_deleted (fixture);
  g_autoptr (GPtrArray) boxes = NULL;

  fill_disk (FALSE);
  set_behaviour (fixture, "serve");
  close_platform (fixture);
  assert_all_were_told (fixture);
  assert_no_process_is_left (fixture);

  open_platform (fixture);
  boxes = devbox_box_table_list (fixture->table, NULL);
  for (guint i = 0; i < boxes->len; i++)
    {
      DevboxBox *box = boxes->pdata[i];
      DevboxBoxGoal goal = devbox_box_get_record (box)->goal;

      if (goal != DEVBOX_BOX_GOAL_DELETED && g_hash_table_contains (deleted, devbox_box_get_record (box)->uid))
        {
          ask (fixture, box, DEVBOX_BOX_GOAL_DELETED, FALSE);
          wait_until (count_boxes (fixture, box) == 0);
        }
      else if (goal == DEVBOX_BOX_GOAL_RUNNING)
        wait_until (devbox_box_get_status (box) == DEVBOX_BOX_RUNNING);
      else if (goal == DEVBOX_BOX_GOAL_DELETED)
        wait_until (count_boxes (fixture, box) == 0);
      else
        assert_reached (fixture, box, goal);
    }
}

static void
retire (Fixture *fixture)
{
  fixture->is_retired = FALSE;
  devbox_box_table_retire (fixture->table, on_retired, fixture);
  wait_until (fixture->is_retired);
}

static void
test_random (Fixture *fixture, gconstpointer data)
{
  gint64 end = g_get_monotonic_time () + QUICK_USEC;

  for (guint round = 0; g_test_slow () ? round < N_SLOW_ROUNDS : g_get_monotonic_time () < end; round++)
    {
      for (guint i = 0; i < N_STEPS; i++)
        step (fixture);
      if (g_test_rand_bit ())
        settle (fixture);
      if (g_test_rand_bit ())
        retire (fixture);
      restart (fixture);
    }
}

static void
delete_all (Fixture *fixture)
{
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (fixture->table, NULL);

  for (guint i = 0; i < boxes->len; i++)
    ask (fixture, boxes->pdata[i], DEVBOX_BOX_GOAL_DELETED, FALSE);
  wait_until (devbox_box_table_get_n_boxes (fixture->table) == 0);
  wait_until (is_empty (fixture, "trash"));
  g_assert_true (is_empty (fixture, "boxes"));
  g_assert_true (is_empty (fixture, "incoming"));
  assert_no_process_is_left (fixture);
  assert_stored (fixture);
}

static guint
count_status (Fixture *fixture, DevboxBoxStatus status)
{
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (fixture->table, NULL);
  guint n = 0;

  for (guint i = 0; i < boxes->len; i++)
    n += devbox_box_get_status (boxes->pdata[i]) == status;

  return n;
}

/* However much failed, as many may start at a time as before. */
static void
test_slots (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 4 * N_STEPS; i++)
    step (fixture);
  fill_disk (FALSE);
  delete_all (fixture);

  set_behaviour (fixture, "mute");
  while (devbox_box_table_get_n_boxes (fixture->table) < N_BOXES)
    create (fixture);
  wait_until (count_status (fixture, DEVBOX_BOX_CREATING) == MAX_STARTING);
  run_for (100);
  g_assert_cmpuint (count_status (fixture, DEVBOX_BOX_CREATING), ==, MAX_STARTING);
  g_assert_cmpuint (count_status (fixture, DEVBOX_BOX_PENDING), ==, N_BOXES - MAX_STARTING);
  delete_all (fixture);
}

/* What does not want to stop has no say in it. */
static void
test_deletion_of_stopping (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBox) box = NULL;
  gint64 begin;

  set_behaviour (fixture, "insist");
  create (fixture);
  box = draw_box (fixture);
  wait_until (devbox_box_get_status (box) == DEVBOX_BOX_RUNNING);

  ask (fixture, box, DEVBOX_BOX_GOAL_SHUTDOWN, FALSE);
  run_for (50);
  begin = g_get_monotonic_time ();
  delete_all (fixture);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
}

/* Nobody is told that a box runs whose folder would be made anew at the next start. */
static void
test_unwritten_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBox) box = NULL;

  close_platform (fixture);
  store_fixture_execute (&fixture->store,
                         "CREATE TRIGGER full BEFORE UPDATE ON boxes"
                         " WHEN NEW.record LIKE '%\"isProvisioned\":true%' BEGIN SELECT RAISE (ABORT, 'full'); END");
  open_platform (fixture);

  create (fixture);
  box = draw_box (fixture);
  wait_until (devbox_box_get_status (box) == DEVBOX_BOX_ERROR);
  put_marker (fixture, devbox_box_get_record (box));
  run_for (200);
  g_assert_cmpint (devbox_box_get_status (box), ==, DEVBOX_BOX_ERROR);

  /* The running platform tries again; its end is not held up by that. */
  retire (fixture);
  close_platform (fixture);
  store_fixture_execute (&fixture->store, "DROP TRIGGER full");
  open_platform (fixture);
  delete_all (fixture);
}

/* A start that comes right behind a restart does not make it a start. */
static void
test_restart_and_start (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBox) box = NULL;

  create (fixture);
  box = draw_box (fixture);
  wait_until (devbox_box_get_status (box) == DEVBOX_BOX_RUNNING);

  ask (fixture, box, DEVBOX_BOX_GOAL_RUNNING, TRUE);
  ask (fixture, box, DEVBOX_BOX_GOAL_RUNNING, FALSE);
  wait_until (devbox_box_get_status (box) != DEVBOX_BOX_RUNNING);
  wait_until (devbox_box_get_status (box) == DEVBOX_BOX_RUNNING);
  delete_all (fixture);
}

/* What cannot be made does not hold up the end of the platform until it would be tried again. */
static void
test_end_while_provisioning (Fixture *fixture, gconstpointer data)
{
  gint64 begin;

  for (guint i = 0; i < N_BOXES; i++)
    create (fixture);
  wait_until (count_status (fixture, DEVBOX_BOX_CREATING) > 0);
  fill_disk (TRUE);
  begin = g_get_monotonic_time ();
  retire (fixture);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
  fill_disk (FALSE);
}

/* GLib keeps descriptors for its loop, and for watching children. */
static void
open_descriptors_of_glib (void)
{
  g_source_unref (g_child_watch_source_new (1));
  g_main_context_iteration (NULL, FALSE);
}

int
main (int argc, char *argv[])
{
  const char *socket = argc == 2 && g_str_has_prefix (argv[1], "--box-socket=") ? strchr (argv[1], '=') + 1 : NULL;

  if (socket != NULL)
    return run_agent (atoi (socket));

  g_test_init (&argc, &argv, NULL);
  open_descriptors_of_glib ();
  signal (SIGXFSZ, SIG_IGN);
  g_test_add ("/box/random", Fixture, NULL, set_up, test_random, tear_down);
  g_test_add ("/box/slots", Fixture, NULL, set_up, test_slots, tear_down);
  g_test_add ("/box/deletion-of-one-that-is-stopped", Fixture, NULL, set_up, test_deletion_of_stopping, tear_down);
  g_test_add ("/box/folder-that-is-not-written-down", Fixture, NULL, set_up, test_unwritten_folder, tear_down);
  g_test_add ("/box/restart-and-start", Fixture, NULL, set_up, test_restart_and_start, tear_down);
  g_test_add ("/box/end-while-provisioning", Fixture, NULL, set_up, test_end_while_provisioning, tear_down);

  return g_test_run ();
}
