-- Raw messages that Kafka lost before they were judged, and without which a partition goes on (design 6). Written by
-- `instroomctl loss accept` before it has any effect: the verdicts that pass over them stand in the log.
create table register.loss (
  topic          text   not null,         -- raw topic
  partition      int    not null,
  from_raw       bigint not null,
  below_raw      bigint not null,
  from_position  bigint not null,         -- the same two as positions of deliveries
  below_position bigint not null,
  at             timestamptz not null default now(),
  who            text   not null,
  reason         text   not null,
  what           text   not null,         -- what Kafka says of them
  deliveries     int    not null,         -- of them known, so their lines are quarantaine
  lines          bigint not null,
  primary key (topic, partition, from_raw)
);
create index loss_position on register.loss (from_position, below_position);

grant select on register.loss to instroom_writer, instroom_reader;
