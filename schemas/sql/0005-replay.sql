-- Replay (design 6): what an operator planned, what was published of it, and what it changed in the ledger.

-- A delivery's standing outcomes after a replay. Written by the writer, one row an attempt that was entered, also when it
-- changed nothing: a second message of that attempt is known by it.
create table register.replay_change (
  position          bigint not null,      -- delivery.position
  attempt           int    not null,
  job               uuid   not null,
  replay_position   bigint not null,      -- of the Replay message
  reference_version bytea  not null,
  lines             int    not null,      -- decided anew
  before            int[]  not null,      -- the seven counts of the delivery, in the order of delivery's columns
  after             int[]  not null,
  changed_at        timestamptz not null default now(),
  primary key (position, attempt)
);
create index replay_change_job on register.replay_change (job);
create index replay_change_replay on register.replay_change (replay_position);

-- A plan of an operator. Everything that decides what its messages say is fixed before the first is published, so that a
-- job that is resumed repeats itself exactly.
create table register.replay_job (
  id             uuid    primary key,
  planned_at     timestamptz not null default now(),
  planned_by     text    not null,
  scope          text    not null,        -- as asked, in words
  reference      text    not null check (reference in ('current', 'original')),
  state          text    not null check (state in ('planned', 'running', 'paused', 'published', 'cancelled')),
  reason         text,                    -- given at the start
  deliveries     int     not null,
  lines          int     not null,
  foreseen       int[]   not null         -- lines by outcome as the dry run saw them, in the order of delivery's columns
);

create table register.replay_item (
  job               uuid   not null references register.replay_job deferrable initially deferred,
  position          bigint not null,      -- delivery.position
  attempt           int    not null,
  reference_version bytea  not null,
  records           int[]  not null,      -- record numbers in scope, rising
  published_at      timestamptz,          -- when Kafka had acknowledged it; null: not known to be in the log
  primary key (job, position),
  unique (position, attempt)
);

-- Who did what with a job, and why.
create table register.replay_event (
  job  uuid        not null references register.replay_job deferrable initially deferred,
  at   timestamptz not null default now(),
  who  text        not null,
  what text        not null,              -- plan, start, resume, pause, cancel, stop, published, result
  note text        not null default ''    -- reason, or counts
);
create index replay_event_job on register.replay_event (job, at);

-- What an operator decided about a message in quarantine; it never goes from its topic.
create table register.quarantine_decision (
  topic     text   not null,              -- quarantine topic
  partition int    not null,
  "offset"  bigint not null,
  at        timestamptz not null default now(),
  who       text   not null,
  decision  text   not null check (decision in ('discard')),
  reason    text   not null,
  position  bigint,                       -- of the raw message, when it is of this register
  primary key (topic, partition, "offset")
);
create index quarantine_decision_position on register.quarantine_decision (position);

-- A partition whose chain of verdicts could not go on: those from from_verdict up to to_verdict do not count, and the raw
-- messages from next_raw on were judged again.
create table register.refill (
  topic        text   not null,           -- raw topic
  partition    int    not null,
  at           timestamptz not null default now(),
  who          text   not null,
  reason       text   not null,
  next_raw     bigint not null,
  from_verdict bigint not null,
  to_verdict   bigint not null
);

grant select, insert, update, delete on register.replay_change to instroom_writer;
grant select on register.replay_change, register.replay_job, register.replay_item, register.replay_event,
  register.quarantine_decision, register.refill to instroom_reader, instroom_writer;
