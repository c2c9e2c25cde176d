-- What SQL users read: plain columns, the effective volgnummer, one row an appointment.

create function register.pending_keys(keys bytea, members bytea) returns setof uuid
language sql immutable strict parallel safe as $$
  select encode(substring(keys from 16 * i + 1 for 16), 'hex')::uuid
  from generate_series(0, length(keys) / 16 - 1) i
  where get_bit(members, i) = 1
$$;

create view register.leraar as
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
             join register.names n on n.board = b.board and n.digest = b.pending_names
             cross join lateral register.pending_keys(n.keys, b.pending_members) k) p
    on p.board = t.board and p.key = t.key;

create view register.benoeming as
  select l.board, l.key, l.bsn, l.status, l.volgnummer, l.vervallen_per, a.nr,
         split_part(a.line, E'\x1f', 1) as benoemingssleutel,
         split_part(a.line, E'\x1f', 2) as brin,
         split_part(a.line, E'\x1f', 3) as vestiging,
         split_part(a.line, E'\x1f', 4) as begin_arbeidsovereenkomst,
         split_part(a.line, E'\x1f', 5) as einde_arbeidsovereenkomst,
         split_part(a.line, E'\x1f', 6) as begin_benoeming,
         split_part(a.line, E'\x1f', 7) as einde_benoeming,
         split_part(a.line, E'\x1f', 8) as benoemingsgrondslag,
         split_part(a.line, E'\x1f', 9) as onderwijsterrein,
         case substr(l.targets, a.nr::int, 1) when 'R' then 'REGISTER' when 'V' then 'VOORPORTAAL' end as doel
  from register.leraar l
  cross join lateral (select line, ordinality - 1 as nr
                      from string_to_table(l.content, E'\x1e') with ordinality as x(line, ordinality)
                      where ordinality > 1) a;
