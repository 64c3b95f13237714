/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-store-database-private.h"

#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 0x44764278 /* "DvBx" */
#define SCHEMA_VERSION 1

#define BUSY_MS 5000 /* somebody looks at it with a program of his own */

#define TABLES                                                                                                         \
  "CREATE TABLE boxes (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, record TEXT NOT NULL) STRICT;"                \
  "CREATE TABLE releases (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, record TEXT NOT NULL) STRICT;"             \
  "CREATE TABLE users (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, record TEXT NOT NULL) STRICT;"                \
  "CREATE TABLE samples (box INTEGER NOT NULL, time INTEGER NOT NULL, cpu REAL NOT NULL, memory REAL NOT NULL,"        \
  " bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL, disk_used INTEGER NOT NULL, disk_total INTEGER NOT NULL,"   \
  " PRIMARY KEY (box, time)) STRICT, WITHOUT ROWID;"

/* Three of each table: put, delete, load. */
enum
{
  PUT,
  DELETE,
  LOAD,
  N_OF_TABLE
};

#define OF_TABLE(index, name)                                                                                          \
  [N_OF_TABLE * (index) + PUT] = "INSERT INTO " name " (key, record) VALUES (?1, ?2)"                                  \
                                 " ON CONFLICT (key) DO UPDATE SET record = excluded.record",                          \
                          [N_OF_TABLE * (index) + DELETE] = "DELETE FROM " name " WHERE key = ?1",                     \
                          [N_OF_TABLE * (index) + LOAD] = "SELECT key, record FROM " name " ORDER BY id"

static const char *const statements[] = {
  OF_TABLE (DEVBOX_STORE_BOXES, "boxes"),
  OF_TABLE (DEVBOX_STORE_RELEASES, "releases"),
  OF_TABLE (DEVBOX_STORE_USERS, "users"),
  [DEVBOX_STORE_ADD_SAMPLE]
  = "INSERT OR REPLACE INTO samples SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM boxes WHERE key = ?1",
  [DEVBOX_STORE_DELETE_SAMPLES] = "DELETE FROM samples WHERE box = (SELECT id FROM boxes WHERE key = ?1)",
  /* Each box is sought, so that those which do not run are found without reading everything. */
  [DEVBOX_STORE_PURGE_SAMPLES] = "DELETE FROM samples WHERE (box, time) IN"
                                 " (SELECT box, time FROM boxes CROSS JOIN samples"
                                 " WHERE box = id AND time < ?1 LIMIT ?2)",
  [DEVBOX_STORE_READ_SAMPLES] = "SELECT time, cpu, memory, bytes_in, bytes_out, disk_used, disk_total FROM samples"
                                " WHERE box = (SELECT id FROM boxes WHERE key = ?1) AND time BETWEEN ?2 AND ?3"
                                " ORDER BY time",
};
G_STATIC_ASSERT (G_N_ELEMENTS (statements) == DEVBOX_STORE_N_STATEMENTS);

struct _DevboxStoreDatabase
{
  sqlite3 *connection;
  char *path;
  sqlite3_stmt *statements[DEVBOX_STORE_N_STATEMENTS];
};

/* What the last call on the file that failed left in errno; sqlite3_system_errno () knows it in some cases only. */
static int
get_file_errno (sqlite3 *connection, int which)
{
  sqlite3_file *file = NULL;
  int file_errno = 0;

  if (sqlite3_file_control (connection, "main", which, &file) == SQLITE_OK && file != NULL && file->pMethods != NULL)
    file->pMethods->xFileControl (file, SQLITE_FCNTL_LAST_ERRNO, &file_errno);

  return file_errno;
}

/* A limit of file size and a quota are no different from a disk that is full. */
static gboolean
is_full (int saved_errno)
{
  return saved_errno == ENOSPC || saved_errno == EDQUOT || saved_errno == EFBIG;
}

static gboolean
disk_is_full (sqlite3 *connection)
{
  int reason = sqlite3_extended_errcode (connection);

  if ((reason & 0xff) == SQLITE_IOERR)
    return reason == SQLITE_IOERR_SHMSIZE /* which grows as it is opened */
           || is_full (get_file_errno (connection, SQLITE_FCNTL_FILE_POINTER))
           || is_full (get_file_errno (connection, SQLITE_FCNTL_JOURNAL_POINTER));

  return (reason & 0xff) == SQLITE_FULL;
}

gboolean
devbox_store_database_fail (DevboxStoreDatabase *self, GError **error)
{
  if (disk_is_full (self->connection))
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DISK_FULL,
                 _ ("The disk is full: “%s” cannot take what the platform has to remember"), self->path);
  else if ((sqlite3_errcode (self->connection) & 0xff) == SQLITE_BUSY)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE,
                 _ ("Another program writes to “%s”; try again when it has ended"), self->path);
  else
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                 /* Translators: the path of a database, and SQLite's own message */
                 _ ("Cannot use “%s”: %s"), self->path, sqlite3_errmsg (self->connection));

  return FALSE;
}

/* What a person can do about a file that is not, or no longer, a database of the platform. */
static gboolean
refuse (DevboxStoreDatabase *self, const char *problem, GError **error)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
               /* Translators: the path of a database, and what is wrong with it */
               _ ("“%s” %s; it was left as it is. Put a good copy in its place, or move it and its -wal file away to "
                  "begin with an empty one"),
               self->path, problem);

  return FALSE;
}

static gboolean
refuse_damaged (DevboxStoreDatabase *self, const char *detail, GError **error)
{
  /* Translators: %s is SQLite's own message */
  g_autofree char *problem = g_strdup_printf (_ ("is damaged (%s)"), detail);

  return refuse (self, problem, error);
}

static gboolean
execute (DevboxStoreDatabase *self, const char *sql, GError **error)
{
  return sqlite3_exec (self->connection, sql, NULL, NULL, NULL) == SQLITE_OK
         || devbox_store_database_fail (self, error);
}

static gboolean
is_unreadable (DevboxStoreDatabase *self)
{
  int reason = sqlite3_errcode (self->connection) & 0xff;

  return reason == SQLITE_CORRUPT || reason == SQLITE_NOTADB || reason == SQLITE_ERROR || reason == SQLITE_FORMAT;
}

/* The one value that a query gives. */
static gboolean
query (DevboxStoreDatabase *self, const char *sql, char **text, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gboolean found = sqlite3_prepare_v2 (self->connection, sql, -1, &statement, NULL) == SQLITE_OK
                   && sqlite3_step (statement) == SQLITE_ROW;

  if (found)
    *text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  else if (is_unreadable (self))
    refuse_damaged (self, sqlite3_errmsg (self->connection), error);
  else
    devbox_store_database_fail (self, error);
  sqlite3_finalize (statement);

  return found;
}

static gboolean
query_int (DevboxStoreDatabase *self, const char *sql, gint64 *number, GError **error)
{
  g_autofree char *text = NULL;

  if (!query (self, sql, &text, error))
    return FALSE;

  *number = text != NULL ? g_ascii_strtoll (text, NULL, 10) : 0;

  return TRUE;
}

/* The tables of records only: they are small, and without samples all would still be there. */
static gboolean
check_records (DevboxStoreDatabase *self, GError **error)
{
  static const char *const checks[]
      = { "PRAGMA quick_check(boxes)", "PRAGMA quick_check(releases)", "PRAGMA quick_check(users)" };

  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    {
      g_autofree char *verdict = NULL;

      if (!query (self, checks[i], &verdict, error))
        return FALSE;
      if (g_strcmp0 (verdict, "ok") != 0)
        return refuse_damaged (self, verdict, error);
    }

  return TRUE;
}

/* Nothing is written here. */
static gboolean
examine (DevboxStoreDatabase *self, gboolean *is_new, GError **error)
{
  gint64 n_objects, application_id, version;

  if (!query_int (self, "SELECT count(*) FROM sqlite_schema", &n_objects, error)
      || !query_int (self, "PRAGMA application_id", &application_id, error)
      || !query_int (self, "PRAGMA user_version", &version, error))
    return FALSE;

  *is_new = n_objects == 0 && application_id == 0 && version == 0;
  if (*is_new)
    return TRUE;

  if (application_id != APPLICATION_ID)
    return refuse (self, _ ("belongs to another program"), error);
  if (version > SCHEMA_VERSION)
    return refuse (self, _ ("was written by a newer version of the platform"), error);
  if (version < SCHEMA_VERSION)
    return refuse_damaged (self, "user_version", error);

  return check_records (self, error);
}

static gboolean
make_tables (DevboxStoreDatabase *self, GError **error)
{
  g_autofree char *marks
      = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, SCHEMA_VERSION);

  if (execute (self, "BEGIN IMMEDIATE", error) && execute (self, TABLES, error) && execute (self, marks, error)
      && execute (self, "COMMIT", error))
    return TRUE;

  devbox_store_database_roll_back (self);

  return FALSE;
}

static gboolean
prepare_statements (DevboxStoreDatabase *self, GError **error)
{
  for (guint i = 0; i < DEVBOX_STORE_N_STATEMENTS; i++)
    {
      if (sqlite3_prepare_v3 (self->connection, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &self->statements[i],
                              NULL)
          != SQLITE_OK)
        return devbox_store_database_fail (self, error);
    }

  return TRUE;
}

/* SQLite gives its other files the mode of this one. */
static gboolean
make_file (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  struct stat status;
  gboolean made = fd >= 0 && fstat (fd, &status) == 0;

  if (made && !S_ISREG (status.st_mode))
    {
      made = FALSE;
      errno = EINVAL;
    }
  if (made && (status.st_mode & 07777) != 0600)
    made = fchmod (fd, 0600) == 0;
  if (!made)
    devbox_wire_set_file_error (error, errno, _ ("Cannot open “%s”"), path);
  if (fd >= 0)
    close (fd);

  return made;
}

static gboolean
open_connection (DevboxStoreDatabase *self, GError **error)
{
  if (sqlite3_open_v2 (self->path, &self->connection,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                       NULL)
      != SQLITE_OK)
    return devbox_store_database_fail (self, error);

  sqlite3_busy_timeout (self->connection, BUSY_MS);
  sqlite3_db_config (self->connection, SQLITE_DBCONFIG_LOOKASIDE, NULL, 128, 128);
  sqlite3_db_config (self->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  /* Until it is known to be ours, not even what waits in its log is moved. */
  sqlite3_db_config (self->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);

  return TRUE;
}

static gboolean
set_up (DevboxStoreDatabase *self, GError **error)
{
  gboolean is_new;

  if (!make_file (self->path, error) || !open_connection (self, error) || !examine (self, &is_new, error))
    return FALSE;

  sqlite3_db_config (self->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);

  return execute (self,
                  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -512;"
                  "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON",
                  error)
         && (!is_new || make_tables (self, error)) && prepare_statements (self, error);
}

DevboxStoreDatabase *
devbox_store_database_open (const char *path, GError **error)
{
  g_autoptr (DevboxStoreDatabase) self = g_new0 (DevboxStoreDatabase, 1);

  self->path = g_strdup (path);
  if (!set_up (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
devbox_store_database_close (DevboxStoreDatabase *self)
{
  for (guint i = 0; i < DEVBOX_STORE_N_STATEMENTS; i++)
    sqlite3_finalize (self->statements[i]);
  sqlite3_close (self->connection);
  g_free (self->path);
  g_free (self);
}

sqlite3_stmt *
devbox_store_database_get_statement (DevboxStoreDatabase *self, DevboxStoreStatement statement)
{
  return self->statements[statement];
}

gboolean
devbox_store_database_run (DevboxStoreDatabase *self, sqlite3_stmt *statement, GError **error)
{
  gboolean done = sqlite3_step (statement) == SQLITE_DONE || devbox_store_database_fail (self, error);

  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);

  return done;
}

int
devbox_store_database_get_n_changes (DevboxStoreDatabase *self)
{
  return sqlite3_changes (self->connection);
}

gboolean
devbox_store_database_begin (DevboxStoreDatabase *self, GError **error)
{
  return execute (self, "BEGIN IMMEDIATE", error);
}

gboolean
devbox_store_database_commit (DevboxStoreDatabase *self, GError **error)
{
  return execute (self, "COMMIT", error);
}

void
devbox_store_database_roll_back (DevboxStoreDatabase *self)
{
  /* Some failures have done so. */
  if (!sqlite3_get_autocommit (self->connection))
    sqlite3_exec (self->connection, "ROLLBACK", NULL, NULL, NULL);
}

void
devbox_store_database_set_durable (DevboxStoreDatabase *self, gboolean durable)
{
  sqlite3_exec (self->connection, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", NULL, NULL,
                NULL);
}

gboolean
devbox_store_database_put (DevboxStoreDatabase *self,
                           DevboxStoreTable table,
                           const char *key,
                           const char *record,
                           GError **error)
{
  sqlite3_stmt *statement = self->statements[N_OF_TABLE * table + PUT];

  sqlite3_bind_text (statement, 1, key, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 2, record, -1, SQLITE_STATIC);

  return devbox_store_database_run (self, statement, error);
}

static gboolean
run_with_key (DevboxStoreDatabase *self, guint index, const char *key, GError **error)
{
  sqlite3_bind_text (self->statements[index], 1, key, -1, SQLITE_STATIC);

  return devbox_store_database_run (self, self->statements[index], error);
}

gboolean
devbox_store_database_delete (DevboxStoreDatabase *self, DevboxStoreTable table, const char *key, GError **error)
{
  return (table != DEVBOX_STORE_BOXES || run_with_key (self, DEVBOX_STORE_DELETE_SAMPLES, key, error))
         && run_with_key (self, N_OF_TABLE * table + DELETE, key, error);
}

gboolean
devbox_store_database_load (DevboxStoreDatabase *self,
                            DevboxStoreTable table,
                            DevboxStoreRowFunc func,
                            gpointer user_data,
                            GError **error)
{
  sqlite3_stmt *statement = self->statements[N_OF_TABLE * table + LOAD];
  gboolean loaded = TRUE;
  int result;

  while (loaded && (result = sqlite3_step (statement)) == SQLITE_ROW)
    {
      const char *key = (const char *) sqlite3_column_text (statement, 0);
      const char *record = (const char *) sqlite3_column_text (statement, 1);

      loaded = func (key, record, sqlite3_column_bytes (statement, 1), user_data, error);
    }
  if (loaded && result != SQLITE_DONE)
    loaded = devbox_store_database_fail (self, error);
  sqlite3_reset (statement);

  return loaded;
}
