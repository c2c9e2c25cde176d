-- What an operator asks (instroomctl findings, deliveries, coverage, audit): the indexes behind it, and the same for SQL users.

-- The newest delivery of each board, and a board's deliveries page by page.
create index delivery_board on register.delivery (board, position);
create index confirmation_delivery on register.confirmation (board, delivery_id);
create index access_at on register.access (at);
create index replay_event_at on register.replay_event (at);

-- A rule's number holds its letter and its two digits (common/model/rule.h).
create function register.rule_code(rule int) returns text
language sql immutable strict parallel safe as $$
  select 'LR-' || chr(rule / 256) || lpad((rule % 256)::text, 2, '0')
$$;

-- How many lines of which delivery have which code.
create view register.bevinding as
  select f.position, d.board, d.delivery_id, d.received_on, d.dry_run, register.rule_code(f.rule) as code, f.lines
  from register.finding f join register.delivery d on d.position = f.position;

-- Boards of the reference tables as imported, and the sectors of their schools. Names may hold the ; of CSV, so columns behind
-- one are counted from the end.
create view register.bestuur as
  select split_part(line, ';', 1)::int as board,
         split_part(line, ';', -2)::int as geldig_van,
         nullif(split_part(line, ';', -1), '')::int as geldig_tot
  from register.reference_table,
       string_to_table(convert_from(body, 'UTF8'), E'\n') with ordinality as x(line, n)
  where name = 'besturen.csv' and n > 1 and line ~ '^[0-9]{5};';

create view register.bestuur_sector as
  select distinct b.board, s.sector
  from (select split_part(line, ';', 1)::int as board, split_part(line, ';', 2) as brin
        from register.reference_table,
             string_to_table(convert_from(body, 'UTF8'), E'\n') with ordinality as x(line, n)
        where name = 'bestuur_school.csv' and n > 1 and line ~ '^[0-9]{5};') b
  join (select split_part(line, ';', 1) as brin, split_part(line, ';', -4) as sector
        from register.reference_table,
             string_to_table(convert_from(body, 'UTF8'), E'\n') with ordinality as x(line, n)
        where name = 'scholen.csv' and n > 1 and line <> '') s on s.brin = b.brin;

grant select on register.bevinding, register.bestuur, register.bestuur_sector to instroom_reader, instroom_writer;
grant execute on function register.rule_code(int) to instroom_reader, instroom_writer;
