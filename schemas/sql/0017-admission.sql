-- As whom, and on what basis, a delivery or a confirmation was let in (specification 15): what the gateway decided once, kept
-- beside the ledger for as long as that. The writer adds a row with the delivery and can neither change nor delete one. What
-- was accepted before this release, and an operator's own confirmation, has none.
create table register.admission (
  position    bigint primary key,           -- of the delivery, or of the confirmation
  board       int    not null,
  service     text   not null,              -- leveren or bevestigen
  basis       text   not null,              -- eigen, machtiging, keten or beheer
  version     bigint,                       -- of the access data; null: there were none
  party       text,                         -- KVK:.., RSIN:.. or OIN:..; null: no party is known
  sender      text,                         -- which credential: token:NAME, credential:NAME, jwt:.., oin:..
  trace_id    text,                         -- of the request, as its sender gave it
  accepted_at timestamptz                   -- when the log had it
);
create index admission_board on register.admission (board, position);

grant select, insert on register.admission to instroom_writer;
grant select on register.admission to instroom_reader;

-- A reading of personal data over HTTP: as whom.
alter table register.access
  add column sender   text,
  add column party    text,
  add column basis    text,
  add column version  bigint,
  add column trace_id text;
