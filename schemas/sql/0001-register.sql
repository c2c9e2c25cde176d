-- The register: what boards delivered, the ledger of deliveries, and where the writer of each partition stands.
-- Applied by `instroomctl migrate` as the owner. Forward only: a released file is never changed.
--
-- Physical design (ARCHITECTURE.md, "Decisions"): one row a teacher; its content is one text with separators
-- US and RS (common/model/content.h), shown to SQL users by the views leraar and benoeming. What repeats from night to
-- night (who was named, what each line looked like) is stored once under its digest. A night in which nothing changed
-- writes one delivery row and one board row a board, and no teacher row.

create schema register;

-- Where the writer of one partition stands (design 5). Rows are made by `instroomctl migrate`, one a partition.
create table register.cursor (
  topic         text     not null,           -- the raw topic: its number is the generation
  partition     int      not null,
  next_raw      bigint   not null default 0,
  next_verdict  bigint   not null default 0,
  tip           uuid     not null default '00000000-0000-0000-0000-000000000000',
  digest        uuid     not null default '00000000-0000-0000-0000-000000000000', -- of the last raw message applied
  key_id        int,                         -- of the HMAC key whose teacher keys the register holds; null before the first
  parked        text,                        -- why the partition waits for an operator; null: it does not
  moved_at      timestamptz not null default now(),
  primary key (topic, partition)
) with (fillfactor = 50);

-- A board as a whole. Sequences here are 0 before the first.
create table register.board (
  board             int    primary key,
  partition         int    not null,
  sequence_max      bigint not null default 0, -- highest volgnummer of a delivery that is not a proef (LR-K04)
  sequence_full     bigint not null default 0, -- highest volgnummer of a completed VOLLEDIG (specification 7.1)
  teachers          int    not null default 0, -- rows in teacher
  active            int    not null default 0, -- of them ACTIEF
  disowned          int    not null default 0, -- rows in disowned
  -- The unchanged, design 5.3(b): members of the key list pending_names have at least sequence pending_sequence.
  pending_sequence  bigint not null default 0,
  pending_names     uuid,                      -- digest in names; null: nothing pending
  pending_members   bytea                      -- bit i (lowest first) = key i of the list is a member
) with (fillfactor = 50);

-- One teacher of one board (specification 6). Its volgnummer is greatest(sequence, pending_sequence when a pending member):
-- every reader goes through the view leraar or the writer.
create table register.teacher (
  board     int      not null,
  key       uuid     not null,    -- keyed HMAC of the BSN
  bsn       int      not null,
  status    smallint not null,    -- 1 ACTIEF, 2 INGETROKKEN, 3 VERVALLEN
  sequence  bigint   not null,
  since     bigint   not null,    -- delivery.position that made this content or status
  lapsed_on int,                  -- vervallen_per, JJJJMMDD
  hash      uuid,                 -- keyed hash of content; null when INGETROKKEN
  content   text,                 -- null when INGETROKKEN
  targets   text,
  primary key (board, key)
) with (fillfactor = 90);
alter table register.teacher alter column content set compression lz4;

-- What a teacher row was before it changed. An INTREKKING empties content here too (specification 12).
create table register.teacher_history (
  board     int      not null,
  key       uuid     not null,
  status    smallint not null,
  sequence  bigint   not null,
  since     bigint   not null,    -- delivery.position, from
  until     bigint   not null,    -- delivery.position, to
  lapsed_on int,
  hash      uuid,
  content   text,
  targets   text
);
create index teacher_history_key on register.teacher_history (board, key);
alter table register.teacher_history alter column content set compression lz4;

-- Teachers whose accepted content could not be stored: UNCHANGED verdicts of them are not believed (design 5).
create table register.disowned (
  board int    not null,
  key   uuid   not null,
  since bigint not null,          -- position
  primary key (board, key)
);

-- Stored once, named by digest. names: teacher keys, 16 bytes each, rising. feedback: feedback-1.avsc as a bare datum.
create table register.names (
  board  int   not null,
  digest uuid  not null,
  keys   bytea not null,
  primary key (board, digest)
);
create table register.feedback (
  board  int   not null,
  digest uuid  not null,
  body   bytea not null,
  primary key (board, digest)
);
alter table register.names alter column keys set storage external;
alter table register.feedback alter column body set compression lz4;

-- The ledger: one row a delivery, by (board, delivery_id, fingerprint). position tells where it stands in the log:
-- generation << 52 | partition << 40 | raw offset, so that the same log makes the same numbers.
create table register.delivery (
  position          bigint   primary key,
  board             int      not null,
  delivery_id       text     not null,
  fingerprint       bytea    not null,
  kind              smallint not null,      -- 1 VOLLEDIG, 2 MUTATIE, 3 INTREKKING
  dry_run           boolean  not null,
  sequence          bigint   not null,
  extraction_date   int      not null,
  received_on       int      not null,
  reference_version bytea    not null,
  attempt           int      not null default 0, -- the last attempt entered: 0 the delivery, then its replays
  state             smallint not null,      -- 1 verwerkt, 2 wacht_op_bevestiging
  lines             int      not null,
  nieuw             int      not null,
  gewijzigd         int      not null,
  ongewijzigd       int      not null,
  verouderd         int      not null,
  afgekeurd         int      not null,
  ingetrokken       int      not null,
  quarantaine       int      not null,
  absent            int      not null,      -- n, ontbrekend (specification 7.1)
  active            int      not null,      -- m, actief
  lapsed            int      not null,      -- vervallen
  notices           smallint not null,      -- bits: 1 LR-K04, 2 LR-K05, 4 LR-K06, 8 LR-R06, 16 LR-K10
  unreadable_lines  int      not null,
  names             uuid     not null,      -- digest of the readable teachers' keys; the empty list's digest when none
  feedback          uuid,                   -- null when the body could not be read
  outcomes          bytea    not null,      -- outcome per group, run-length coded (common/protocol/outcomes.h)
  committed_at      timestamptz not null default now()
);
create index delivery_id on register.delivery (board, delivery_id);
create index delivery_waits on register.delivery (board) where state = 2;

-- How many lines of a delivery have a code (lines of LR-R01, LR-R08 and LR-T01 included).
create table register.finding (
  position bigint   not null,
  rule     smallint not null,               -- common/model/rule.h
  lines    int      not null,
  primary key (position, rule)
);
create index finding_rule on register.finding (rule, position);

-- A confirmation and what came of it (specification 7.3).
create table register.confirmation (
  position    bigint  primary key,
  request_id  uuid    not null,
  board       int     not null,
  delivery_id text    not null,
  executed    boolean not null,
  lapsed      int     not null
);
create index confirmation_request on register.confirmation (request_id);

-- Raw messages without readable headers (design 4: FOREIGN): kept in the quarantine topic, counted here.
create table register.foreign_message (
  position bigint primary key
);

-- Contact persons come with the header; the latest holds, earlier ones are kept (specification 2).
create table register.contact (
  board    int    not null,
  since    bigint not null,                 -- position
  name     text   not null,
  phone    text   not null,
  email    text   not null,
  primary key (board, since)
);

-- The six tables of specification 9 as imported, whole files; and which combinations were published to the reference topic.
create table register.reference_table (
  name        text        primary key,         -- besturen.csv ..
  version     bytea       not null,            -- SHA-256 of the file
  body        bytea       not null,
  rows        int         not null,
  imported_at timestamptz not null default now()
);
create table register.reference_snapshot (
  version      bytea       primary key,
  published_at timestamptz not null default now()
);
