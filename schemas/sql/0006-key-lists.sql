-- A list of teacher keys is a key list, not a list of names: the tables said `names`, where nobody's name stands.
--
--   was                          is
--   register.names               register.key_list
--   register.delivery.names      register.delivery.key_list
--   register.board.pending_names register.board.pending_key_list
--
-- Upgrade order: stop the writers, migrate, start the new writers. Gateways and validators of the release before go on
-- meanwhile: what a gateway reads under the old names, it still finds (see the end). A writer or an instroomctl of the
-- release before does not work on this register.

alter table register.names rename to key_list;
alter index register.names_pkey rename to key_list_pkey;
alter table register.delivery rename column names to key_list;
alter table register.board rename column pending_names to pending_key_list;

-- The view of 0002 in the new words; its columns are the same.
create or replace view register.leraar as
  select t.board, t.key, lpad(t.bsn::text, 9, '0') as bsn,
         case t.status when 1 then 'ACTIEF' when 2 then 'INGETROKKEN' when 3 then 'VERVALLEN' end as status,
         greatest(t.sequence, coalesce(p.sequence, 0)) as volgnummer,
         t.lapsed_on as vervallen_per, t.since, t.targets, t.content,
         split_part(person, E'\x1f', 1)  as geslachtsnaam,
         split_part(person, E'\x1f', 2)  as voorvoegsel,
         split_part(person, E'\x1f', 3)  as voornamen,
         split_part(person, E'\x1f', 4)  as geslacht,
         split_part(person, E'\x1f', 5)  as geboortedatum,
         split_part(person, E'\x1f', 6)  as straat,
         split_part(person, E'\x1f', 7)  as huisnummer,
         split_part(person, E'\x1f', 8)  as toevoeging,
         split_part(person, E'\x1f', 9)  as postcode,
         split_part(person, E'\x1f', 10) as plaats,
         split_part(person, E'\x1f', 11) as land,
         split_part(person, E'\x1f', 12) as adresregel1,
         split_part(person, E'\x1f', 13) as adresregel2,
         split_part(person, E'\x1f', 14) as adresregel3
  from (select *, split_part(content, E'\x1e', 1) as person from register.teacher) t
  left join (select b.board, b.pending_sequence as sequence, k as key
             from register.board b
             join register.key_list l on l.board = b.board and l.digest = b.pending_key_list
             cross join lateral register.pending_keys(l.keys, b.pending_members) k) p
    on p.board = t.board and p.key = t.key;

-- For the stand of a gateway of the release before, which reads the pending list by its old names. A later migration,
-- of a release before which no such gateway can be, takes both away.
create view register.names as select board, digest, keys from register.key_list;
comment on view register.names is 'register.key_list under its old name: teacher keys, nobody''s name';
grant select on register.names to instroom_reader;
alter table register.board add column pending_names uuid generated always as (pending_key_list) stored;
comment on column register.board.pending_names is 'pending_key_list under its old name';
