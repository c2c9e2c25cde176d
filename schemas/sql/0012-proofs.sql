-- What `instroomctl verify --repair` put right: who, why, and rows by table. Written in the transaction that did it.
create table register.repair (
  at        timestamptz not null default now(),
  who       text        not null,
  board     int,                         -- null: rows of no board
  topic     text,                        -- raw topic, partition and where its cursor stood
  partition int,
  next_raw  bigint,
  reason    text        not null,
  changes   text        not null
);
create index repair_at on register.repair (at);

grant select on register.repair to instroom_reader, instroom_writer;
