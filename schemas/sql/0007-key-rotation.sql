-- A new HMAC key of the teacher keys (design 9): which deliveries still name teachers by keys of an older one, and whom the
-- deliveries that wait for a confirmation named. Written by `instroomctl key rotate`.

-- A partition whose teachers were renamed. Below `below` and from `from_position` on, positions of deliveries whose key lists
-- stay as they are, in old keys: their rejected teachers have no row, so only the log could say their new ones.
create table register.key_rotation (
  topic         text   not null,          -- raw topic
  partition     int    not null,
  new_key_id    int    not null,
  old_key_id    int    not null,
  from_position bigint not null,
  below         bigint not null,
  teachers      bigint not null,          -- rows renamed
  started_at    timestamptz not null,
  at            timestamptz not null default now(),
  who           text   not null,
  retired_at    timestamptz,              -- nothing can bring an old key back
  primary key (topic, partition, new_key_id)
);

-- Of a delivery that waits (state 2) and was judged with an older key: the teachers it named, in the present key. null: as
-- key_list says.
alter table register.delivery add column waiting_key_list uuid;

grant select on register.key_rotation to instroom_writer, instroom_reader;
