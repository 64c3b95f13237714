/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is kept of one devbox of the local platform ("box"). Plain data: whoever has one may change it; what counts is
 * what was handed to the store. */

#define DEVBOX_BOX_UID_LENGTH 16
#define DEVBOX_BOX_MAX_NAME 63 /* as of a label of a host; also of runtimes and tags */
#define DEVBOX_BOX_MIN_CPU 100 /* millicores */
#define DEVBOX_BOX_MAX_CPU 64000
#define DEVBOX_BOX_MIN_MEMORY 102 /* MiB: a tenth of a GiB */
#define DEVBOX_BOX_MAX_MEMORY (512 * 1024)
#define DEVBOX_BOX_MAX_PORTS 32
#define DEVBOX_BOX_MAX_COMMAND (8 * 1024) /* as JSON it goes into one packet to the box */
#define DEVBOX_RELEASE_MAX_DESCRIPTION (4 * 1024)

/* What a box is meant to be; written to the store before anything is done about it. */
typedef enum
{
  DEVBOX_BOX_GOAL_RUNNING,
  DEVBOX_BOX_GOAL_PAUSED,
  DEVBOX_BOX_GOAL_SHUTDOWN,
  DEVBOX_BOX_GOAL_DELETED,
} DevboxBoxGoal;

/* A port of programs in the box, beside the agent's own. */
typedef struct
{
  guint16 number;
  guint16 outer;  /* where the platform listened for it last, at the box's address; 0: nowhere yet */
  char *name;     /* "port-8080" unless the user named it */
  char *protocol; /* "HTTP", "GRPC", "WS" or "TCP" */
} DevboxBoxPort;

typedef struct
{
  char *uid;   /* 16 hexadecimal characters */
  char *owner; /* the namespace, "ns-alice" */
  char *name;
  char *runtime;
  guint cpu;             /* millicores */
  guint memory;          /* MiB */
  GPtrArray *ports;      /* of DevboxBoxPort */
  GStrv environment;     /* NAME=value, of commands */
  char *startup_command; /* run at each start, or NULL */
  char *release;         /* uid of the release that its folder came from, or NULL: from the template */
  gboolean shares_network;

  DevboxBoxGoal goal;
  gboolean is_provisioned; /* its folder is complete */
  char *reason;            /* why it is in error, or NULL */
  gint64 created;          /* µs of the epoch */

  char *token;        /* of its agent, secret */
  char *address;      /* 127.x.y.z */
  guint16 agent_port; /* 3000, unless that was taken; 0: not bound yet */
  GStrv cgroups;      /* absolute folders that were made for it, to be removed after a crash; NULL: none */

  char *idempotency_key; /* of its creation, or NULL */
  char *request_digest;  /* of the body of its creation, with the key */
} DevboxBoxRecord;

DevboxBoxPort *devbox_box_port_new (guint16 number, const char *name, const char *protocol);
DevboxBoxPort *devbox_box_port_copy (const DevboxBoxPort *self);
void devbox_box_port_free (DevboxBoxPort *self);

/* An empty one with a new uid, token and address, drawn at random (the address from 127.1.0.1 to 127.254.255.254). */
DevboxBoxRecord *devbox_box_record_new (void);
DevboxBoxRecord *devbox_box_record_copy (const DevboxBoxRecord *self);
void devbox_box_record_free (DevboxBoxRecord *self); /* wipes the token */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxBoxRecord, devbox_box_record_free)

/* Whether all members are there and within their limits: VALIDATION_ERROR, which names the member. */
gboolean devbox_box_record_check (const DevboxBoxRecord *self, GError **error);
/* As the store keeps it. Reading checks every member; an unknown one is ignored. */
char *devbox_box_record_to_json (const DevboxBoxRecord *self);
DevboxBoxRecord *devbox_box_record_from_json (const char *json, gsize size, GError **error);

/* The rules of single members, for whoever reads a request. */
gboolean devbox_box_name_is_valid (const char *name); /* an RFC 1123 label; those of users, too */
gboolean devbox_box_uid_is_valid (const char *uid);
gboolean devbox_box_protocol_is_valid (const char *protocol);
gboolean devbox_box_variable_is_valid (const char *variable); /* NAME=value */
gboolean devbox_release_tag_is_valid (const char *tag);

/* A snapshot of the workspace of a box. It outlives the box. */
typedef struct
{
  char *uid;
  char *owner;
  char *box_name;
  char *tag;
  char *description;
  char *runtime; /* what a box made of it has */
  gint64 created;
  gboolean is_complete; /* its folder stands in releases/ */
  char *reason;         /* why it could not be made, or NULL */
} DevboxReleaseRecord;

DevboxReleaseRecord *devbox_release_record_new (void); /* an empty one with a new uid, made now */
DevboxReleaseRecord *devbox_release_record_copy (const DevboxReleaseRecord *self);
void devbox_release_record_free (DevboxReleaseRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxReleaseRecord, devbox_release_record_free)

gboolean devbox_release_record_check (const DevboxReleaseRecord *self, GError **error);
char *devbox_release_record_to_json (const DevboxReleaseRecord *self);
DevboxReleaseRecord *devbox_release_record_from_json (const char *json, gsize size, GError **error);

/* Somebody with a namespace. The token is not kept, only its digest. */
typedef struct
{
  char *name;         /* an RFC 1123 label; the namespace is "ns-" + name */
  char *token_digest; /* SHA-256, hexadecimal; tokens have 256 random bits */
  gint64 created;
} DevboxUserRecord;

DevboxUserRecord *devbox_user_record_copy (const DevboxUserRecord *self);
void devbox_user_record_free (DevboxUserRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxUserRecord, devbox_user_record_free)

gboolean devbox_user_record_check (const DevboxUserRecord *self, GError **error);
char *devbox_user_record_to_json (const DevboxUserRecord *self);
DevboxUserRecord *devbox_user_record_from_json (const char *json, gsize size, GError **error);

/* How much a box used, at one time or over one step. */
typedef struct
{
  gint64 time;      /* ms of the epoch */
  double cpu;       /* percent of its limit */
  double memory;    /* percent of its limit */
  guint64 bytes_in; /* since its creation */
  guint64 bytes_out;
  guint64 disk_used; /* bytes */
  guint64 disk_total;
} DevboxBoxSample;

G_END_DECLS
